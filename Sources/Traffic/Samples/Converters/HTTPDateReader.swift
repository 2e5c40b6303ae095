// The three forms of dates in HTTP (RFC 9110 §5.6.7).

import Bytes

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` and
/// `Sun Nov  6 08:49:37 1994`.
struct HTTPDateReader {
    private var position = 0

    /// Seconds since 1970, or nil when the text is none of the three.
    static func seconds(_ text: Span<UInt8>) -> Int64? {
        var reader = HTTPDateReader()
        return reader.read(text)
    }

    private mutating func read(_ text: Span<UInt8>) -> Int64? {
        let letters = self.letters(text)
        var day: Int?
        var month: Int?
        var year: Int?
        var clock: Int?
        if letters == 3 && skip(0x20, text) {
            month = self.month(text)
            guard skip(0x20, text) else { return nil }
            _ = skip(0x20, text)
            day = number(text, 1...2)
            guard skip(0x20, text) else { return nil }
            clock = self.clock(text)
            guard skip(0x20, text) else { return nil }
            year = number(text, 4...4)
        } else {
            guard letters >= 3, skip(0x2C, text), skip(0x20, text) else { return nil }
            day = number(text, 2...2)
            let separator: UInt8 = letters == 3 ? 0x20 : 0x2D
            guard skip(separator, text) else { return nil }
            month = self.month(text)
            guard skip(separator, text) else { return nil }
            year = letters == 3 ? number(text, 4...4) : number(text, 2...2)
            if letters > 3, let short = year { year = short + (short < 70 ? 2000 : 1900) }
            guard skip(0x20, text) else { return nil }
            clock = self.clock(text)
            guard skip(0x20, text), skip(0x47, text), skip(0x4D, text), skip(0x54, text) else {
                return nil
            }
        }
        guard position == text.count, let day, (1...31).contains(day), let month, let year,
            year > 0, let clock
        else { return nil }
        return Int64(CivilTime.days(year, month, day)) * 86_400 + Int64(clock)
    }

    private mutating func skip(_ byte: UInt8, _ text: Span<UInt8>) -> Bool {
        guard position < text.count, text[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func letters(_ text: Span<UInt8>) -> Int {
        let start = position
        while position < text.count, text[position] | 0x20 >= 0x61, text[position] | 0x20 <= 0x7A {
            position += 1
        }
        return position - start
    }

    private mutating func number(_ text: Span<UInt8>, _ digits: ClosedRange<Int>) -> Int? {
        var value = 0
        var count = 0
        while position < text.count, count < digits.upperBound, text[position] >= 0x30,
            text[position] <= 0x39
        {
            value = value * 10 + Int(text[position] - 0x30)
            position += 1
            count += 1
        }
        return digits.contains(count) ? value : nil
    }

    private mutating func month(_ text: Span<UInt8>) -> Int? {
        let start = position
        guard letters(text) == 3 else { return nil }
        let name = text.extracting(start..<position)
        for month in 1...12 where isWord(name, CivilTime.name(ofMonth: month)) { return month }
        return nil
    }

    private mutating func clock(_ text: Span<UInt8>) -> Int? {
        guard let hour = number(text, 2...2), hour < 24, skip(0x3A, text),
            let minute = number(text, 2...2), minute < 60, skip(0x3A, text),
            let second = number(text, 2...2), second <= 60
        else { return nil }
        return hour * 3600 + minute * 60 + second
    }
}
