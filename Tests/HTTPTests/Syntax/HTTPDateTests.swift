// Dates in fields, against known moments and against day-by-day counting.

import Bytes
import Testing

@testable import HTTP

@Suite struct HTTPDateTests {
    @Test(
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] as [(Int64, String)])
    func `writes a moment`(_ row: (Int64, String)) {
        var buffer = Buffer(capacity: 64)
        let isWritten = HTTPDate.append(secondsSince1970: row.0, to: &buffer)
        #expect(isWritten)
        #expect(contents(buffer) == row.1 && row.1.utf8.count == HTTPDate.length)
    }

    @Test func `refuses moments without four-digit year and full buffers`() {
        var buffer = Buffer(capacity: 64)
        let isEarlyWritten = HTTPDate.append(secondsSince1970: -1, to: &buffer)
        let isLateWritten = HTTPDate.append(secondsSince1970: 253_402_300_800, to: &buffer)
        var small = Buffer(capacity: 28)
        let isCrammed = HTTPDate.append(secondsSince1970: 0, to: &small)
        #expect(!isEarlyWritten && !isLateWritten && !isCrammed)
        #expect(contents(buffer) == "" && contents(small) == "")
    }

    @Test func `counts days as the calendar does for 400 years`() {
        var year = 1970
        var month = 1
        var day = 1
        let days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        for number in 0..<146_097 {
            let date = CivilDate(day: number)
            guard date.year == year, date.month == month, date.day == day else {
                Issue.record("day \(number): \(date)")
                return
            }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            day += 1
            if day > days[month - 1] + (month == 2 && isLeap ? 1 : 0) {
                day = 1
                month += 1
                if month > 12 { (month, year) = (1, year + 1) }
            }
        }
    }
}
