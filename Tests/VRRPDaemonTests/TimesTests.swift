// Pure pieces that reckon with time: the budget of log lines, and times of reloads.

import Testing

@testable import VRRPDaemon

@Suite struct TimesTests {
    @Test func `a budget lets a burst through, then one line for each pause, and counts the rest`()
    {
        var budget = LogBudget(burst: 3, refillNanoseconds: 100)
        let allowed = (0..<6).map { _ in budget.take(at: 1000).isAllowed }
        #expect(allowed == [true, true, true, false, false, false])
        #expect(!budget.take(at: 1050).isAllowed)
        let next = budget.take(at: 1100)
        #expect(next.isAllowed && next.suppressed == 4)
        #expect(!budget.take(at: 1199).isAllowed)
        // A long quiet time earns no more than the burst.
        let later = (0..<5).map { _ in budget.take(at: 1_000_000) }
        #expect(later.map(\.isAllowed) == [true, true, true, false, false])
        #expect(later[0].suppressed == 1 && later[1].suppressed == 0)
    }

    @Test(arguments: [
        ("00:00:00", 0, false), ("23:59:59", 86399, false), ("12:30:05Z", 45005, true),
    ])
    func `a time of the day is read`(_ line: String, _ second: Int, _ isUTC: Bool) throws {
        let time = try #require(ReloadTime(line))
        #expect(time.second == second && time.isUTC == isUTC && time.day == nil)
    }

    @Test func `a day may stand before it, with two or four digits of the year`() throws {
        for line in ["26-11-27 01:02:03Z", "2026-11-27 01:02:03Z"] {
            let time = try #require(ReloadTime(line))
            let day = try #require(time.day)
            #expect(day == (2026, 11, 27) && time.second == 3723)
            // 2026-11-27 01:02:03 UTC.
            #expect(time.next(after: 0, offset: 3600) == 1_795_741_323)
            #expect(time.next(after: 1_795_741_323, offset: 0) == nil)
        }
        let local = try #require(ReloadTime("2026-11-27 01:02:03"))
        #expect(local.next(after: 0, offset: 3600) == 1_795_737_723)
    }

    @Test(arguments: [
        "", "1:2:3", "24:00:00", "12:60:00", "12:00:60", "12:00", "12:00:00 Z", "12:00:00z",
        "2026-13-01 00:00:00", "2026-00-01 00:00:00", "2026-01-32 00:00:00", "026-01-01 00:00:00",
        "2026-01-01", "2026-01-01  00:00:00", "+1:00:00", "12:00:00 2026-01-01", "١٢:00:00",
    ])
    func `what is no time is refused`(_ line: String) {
        #expect(ReloadTime(line) == nil)
    }

    @Test func `without a day it is the next time the clock shows it`() throws {
        let noon = try #require(ReloadTime("12:00:00Z"))
        #expect(noon.next(after: 0, offset: 0) == 43200)
        #expect(noon.next(after: 43199, offset: 0) == 43200)
        #expect(noon.next(after: 43200, offset: 0) == 129_600)
        // Two hours east of UTC it is noon at ten.
        let local = try #require(ReloadTime("12:00:00"))
        #expect(local.next(after: 0, offset: 7200) == 36000)
        #expect(local.next(after: 36000, offset: 7200) == 122_400)
        #expect(local.next(after: 86399, offset: -7200) == 136_800)
    }
}
