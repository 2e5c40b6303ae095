// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7), from and to seconds since 1970. Pure: the
// caller brings the clock.

import Bytes

/// Dates in HTTP fields.
public enum HTTPDate {
    /// Bytes of an IMF-fixdate.
    public static let length = 29

    /// Appends the IMF-fixdate of a moment; false when there is no room or the year is not
    /// 1970 to 9999.
    public static func append(
        secondsSince1970 seconds: Int64, to buffer: inout Buffer
    ) -> Bool {
        guard seconds >= 0, seconds < 253_402_300_800, buffer.room >= length else {
            return false
        }
        let day = Int(seconds / 86_400)
        let second = Int(seconds % 86_400)
        let date = CivilDate(day: day)
        buffer.append(weekdays[(day + 4) % 7])
        buffer.append(", ")
        appendTwo(date.day, to: &buffer)
        buffer.append(months[date.month - 1])
        appendTwo(date.year / 100, to: &buffer)
        appendTwo(date.year % 100, to: &buffer)
        buffer.append(0x20)
        appendTwo(second / 3600, to: &buffer)
        buffer.append(Byte.colon)
        appendTwo(second / 60 % 60, to: &buffer)
        buffer.append(Byte.colon)
        appendTwo(second % 60, to: &buffer)
        return buffer.append(" GMT")
    }

    private static func appendTwo(_ value: Int, to buffer: inout Buffer) {
        buffer.append(Byte.zero + UInt8(truncatingIfNeeded: value / 10))
        buffer.append(Byte.zero + UInt8(truncatingIfNeeded: value % 10))
    }

    private static let weekdays: InlineArray<7, StaticString> = [
        "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat",
    ]
    private static let months: InlineArray<12, StaticString> = [
        " Jan ", " Feb ", " Mar ", " Apr ", " May ", " Jun ", " Jul ", " Aug ", " Sep ", " Oct ",
        " Nov ", " Dec ",
    ]
}

/// A day of the proleptic Gregorian calendar.
struct CivilDate: Equatable {
    var year: Int
    /// 1 to 12.
    var month: Int
    /// 1 to 31.
    var day: Int

    /// The date `day` days after 1 January 1970, not before it.
    ///
    /// Years are counted from March, so that the leap day is the last of its year.
    init(day: Int) {
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        self.day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}
