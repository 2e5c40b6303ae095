// Numbers as the configuration writes them: integers, times (us ms s m h d) and sizes (k m g).
// configuration manual: 2.5 Time format, 2.6 Size format.

/// Reads numbers with units.
public enum Units {
    /// Why a text is no number of the wanted kind.
    public enum Mistake: Error, Hashable, Sendable {
        /// Nothing was written.
        case empty
        /// A character that is neither a digit nor a unit.
        case unexpected(Character)
        /// More than the kind can hold.
        case tooLarge
    }

    /// The unit of a time that was written without one.
    public enum TimeUnit: Int, Sendable {
        /// One millionth of a second.
        case microseconds = 1
        /// One thousandth of a second, what nearly every keyword takes.
        case milliseconds = 1000
        /// One second.
        case seconds = 1_000_000
    }

    /// The longest time a keyword takes, about 24.8 days.
    public static let longestMilliseconds = Int(Int32.max)

    /// A time in milliseconds; a fraction of a millisecond counts as a whole one.
    public static func milliseconds(
        _ text: String, unit: TimeUnit = .milliseconds
    ) -> Result<Int, Mistake> {
        time(text, unit: unit).flatMap { microseconds in
            let whole = microseconds / 1000 + (microseconds % 1000 == 0 ? 0 : 1)
            return whole > longestMilliseconds ? .failure(.tooLarge) : .success(whole)
        }
    }

    /// A time in seconds; a fraction of a second counts as a whole one.
    public static func seconds(_ text: String, unit: TimeUnit = .seconds) -> Result<Int, Mistake> {
        time(text, unit: unit).flatMap { microseconds in
            let whole = microseconds / 1_000_000 + (microseconds % 1_000_000 == 0 ? 0 : 1)
            return whole > longestMilliseconds ? .failure(.tooLarge) : .success(whole)
        }
    }

    /// A size in bytes, below 2^53.
    public static func size(_ text: String) -> Result<Int, Mistake> {
        let bytes = Array(text.utf8)
        return digits(bytes).flatMap { number, end in
            let shift: Int
            switch end < bytes.count ? bytes[end] | 0x20 : 0 {
            case 0: shift = 0
            case 0x6B: shift = 10
            case 0x6D: shift = 20
            case 0x67: shift = 30
            default: return .failure(.unexpected(character(bytes, end)))
            }
            let next = end + (shift == 0 ? 0 : 1)
            if next < bytes.count { return .failure(.unexpected(character(bytes, next))) }
            return number > (1 << 53) >> shift ? .failure(.tooLarge) : .success(number << shift)
        }
    }

    /// A whole number with an optional sign, filling the text.
    public static func integer(_ text: String) -> Result<Int, Mistake> {
        let isNegative = text.utf8.first == 0x2D
        let isSigned = isNegative || text.utf8.first == 0x2B
        let bytes = Array(isSigned ? text.utf8.dropFirst() : text.utf8[...])
        return digits(bytes).flatMap { number, end in
            if end < bytes.count { return .failure(.unexpected(character(bytes, end))) }
            return .success(isNegative ? -number : number)
        }
    }

    /// A time in microseconds.
    private static func time(_ text: String, unit: TimeUnit) -> Result<Int, Mistake> {
        let bytes = Array(text.utf8)
        return digits(bytes).flatMap { number, end in
            let factor: Int
            switch bytes[end...] {
            case []: factor = unit.rawValue
            case [0x75, 0x73]: factor = 1
            case [0x6D, 0x73]: factor = 1000
            case [0x73]: factor = 1_000_000
            case [0x6D]: factor = 60_000_000
            case [0x68]: factor = 3_600_000_000
            case [0x64]: factor = 86_400_000_000
            default: return .failure(.unexpected(unexpectedInUnit(bytes, end)))
            }
            let (product, overflow) = number.multipliedReportingOverflow(by: factor)
            return overflow ? .failure(.tooLarge) : .success(product)
        }
    }

    /// The digits at the front and where they end.
    private static func digits(_ bytes: [UInt8]) -> Result<(Int, Int), Mistake> {
        var number = 0
        var end = 0
        while end < bytes.count, bytes[end] >= 0x30, bytes[end] <= 0x39 {
            let (tens, first) = number.multipliedReportingOverflow(by: 10)
            let (sum, second) = tens.addingReportingOverflow(Int(bytes[end] - 0x30))
            if first || second { return .failure(.tooLarge) }
            number = sum
            end += 1
        }
        if bytes.isEmpty { return .failure(.empty) }
        if end == 0 { return .failure(.unexpected(character(bytes, 0))) }
        return .success((number, end))
    }

    /// The first character that no unit explains, looking behind a unit that is right so far.
    private static func unexpectedInUnit(_ bytes: [UInt8], _ end: Int) -> Character {
        let isUnit = [0x75, 0x6D, 0x73, 0x68, 0x64].contains(Int(bytes[end]))
        return character(bytes, isUnit && end + 1 < bytes.count ? end + 1 : end)
    }

    private static func character(_ bytes: [UInt8], _ index: Int) -> Character {
        String(decoding: bytes[index...], as: UTF8.self).first ?? "?"
    }
}
