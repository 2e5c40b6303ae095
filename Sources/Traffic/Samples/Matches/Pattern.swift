// One pattern of an access list or one key of a map, read from its text (configuration manual:
// matching integers, strings, regular expressions, data blocks, addresses). Control path.

import Addresses

/// Why a text is no pattern, and which part of it is wrong.
public struct PatternMistake: Error, Hashable, Sendable {
    /// What is wrong; begins with the offending text.
    public let text: String
    /// The wrong bytes of the pattern's text.
    public let range: Range<Int>
}

/// How patterns are read.
public struct PatternOptions: Sendable {
    /// Letters are compared without regard to case (`-i`).
    public var ignoresCase = false
    /// Numbers are versions such as `3.1`, the major part in the high 16 bits.
    public var readsVersions = false
    /// Expressions capture groups, for replacements.
    public var captures = false
    /// Gives a host name its IPv4 address; absent where names may not be resolved (`-n`), which
    /// forbids shortened addresses too.
    public var resolve: (@Sendable (_ name: String) -> IPAddress?)?

    /// Options from their parts.
    public init(
        ignoresCase: Bool = false, readsVersions: Bool = false, captures: Bool = false,
        resolve: (@Sendable (_ name: String) -> IPAddress?)? = nil
    ) {
        self.ignoresCase = ignoresCase
        self.readsVersions = readsVersions
        self.captures = captures
        self.resolve = resolve
    }
}

/// A pattern in the form in which it is compared.
public struct Pattern: Sendable {
    /// What is compared with.
    public enum Value: Sendable {
        /// Nothing; the method takes no patterns.
        case none
        /// Bytes.
        case text([UInt8])
        /// Numbers from one bound to another, both inside; nil is no bound.
        case range(Int64?, Int64?)
        /// An IPv4 address and the bits of it that count, which may have gaps.
        case networkV4(UInt32, mask: UInt32)
        /// An IPv6 address and how many of its leading bits count.
        case networkV6(UInt128, length: Int)
        /// An expression.
        case expression(RegularExpression)
    }

    /// What is compared with.
    public let value: Value
    /// Whether letters are compared without regard to case.
    public let ignoresCase: Bool

    /// A pattern from a value that is known.
    public init(_ value: Value, ignoresCase: Bool = false) {
        self.value = value
        self.ignoresCase = ignoresCase
    }

    /// Reads a pattern as a method wants it.
    public init(
        _ text: [UInt8], for method: MatchMethod, _ options: PatternOptions = PatternOptions()
    ) throws(PatternMistake) {
        ignoresCase = options.ignoresCase
        switch method {
        case .found, .bool: value = .none
        case .int, .len: value = try Self.range(text, readsVersions: options.readsVersions)
        case .ip: value = try Self.network(text, options)
        case .bin: value = .text(try Self.hexadecimal(text))
        case .str, .beg, .sub, .dir, .dom, .end, .method, .group: value = .text(text)
        case .reg:
            do {
                value = .expression(
                    try RegularExpression(
                        text, ignoresCase: options.ignoresCase, captures: options.captures))
            } catch {
                let start = min(max(error.offset - 1, 0), text.count)
                throw PatternMistake(
                    text: "'\(shown(text))' is no regular expression: \(error.text)",
                    range: start..<text.count)
            }
        }
    }

    // A range has one separator, the first colon or dash; either bound may be left out.
    private static func range(
        _ text: [UInt8], readsVersions: Bool
    ) throws(PatternMistake) -> Value {
        let isSeparator = { (byte: UInt8) in
            byte == 0x3A || (byte == 0x2D && !readsVersions)
        }
        guard let separator = text.firstIndex(where: isSeparator) else {
            let number = try number(text, 0..<text.count, readsVersions)
            return .range(number, number)
        }
        let low = 0..<separator
        let high = (separator + 1)..<text.count
        if low.isEmpty && high.isEmpty {
            throw PatternMistake(
                text: "'\(shown(text))' has no bounds; a range is min:max, min: or :max",
                range: 0..<text.count)
        }
        let minimum = low.isEmpty ? nil : try number(text, low, readsVersions)
        let maximum = high.isEmpty ? nil : try number(text, high, readsVersions)
        if let minimum, let maximum, minimum > maximum {
            throw PatternMistake(
                text: "'\(shown(text))' is an empty range: its lower bound is the larger one",
                range: 0..<text.count)
        }
        return .range(minimum, maximum)
    }

    private static func number(
        _ text: [UInt8], _ range: Range<Int>, _ readsVersions: Bool
    ) throws(PatternMistake) -> Int64 {
        let digits = text[range]
        if let value = readsVersions ? version(digits) : integer(digits) { return value }
        let kind = readsVersions ? "a version number" : "a number"
        throw PatternMistake(text: "'\(shown(Array(digits)))' is not \(kind)", range: range)
    }

    /// Digits, perhaps behind a minus sign; nil when anything else is there or it is too large.
    static func integer(_ text: ArraySlice<UInt8>) -> Int64? {
        let isNegative = text.first == 0x2D
        let digits = isNegative ? text.dropFirst() : text
        guard !digits.isEmpty else { return nil }
        var value: Int64 = 0
        for byte in digits {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let digit = Int64(byte - 0x30)
            let (sum, overflows) =
                isNegative
                ? product.subtractingReportingOverflow(digit)
                : product.addingReportingOverflow(digit)
            if isTooLarge || overflows { return nil }
            value = sum
        }
        return value
    }

    /// `major` or `major.minor`, both below 65536.
    static func version(_ text: ArraySlice<UInt8>) -> Int64? {
        let dot = text.firstIndex(of: 0x2E) ?? text.endIndex
        guard let major = integer(text[..<dot]), major >= 0, major < 65536 else { return nil }
        if dot == text.endIndex { return major << 16 }
        guard let minor = integer(text[(dot + 1)...]), minor >= 0, minor < 65536 else {
            return nil
        }
        return major << 16 | minor
    }

    private static func hexadecimal(_ text: [UInt8]) throws(PatternMistake) -> [UInt8] {
        var bytes: [UInt8] = []
        var high: UInt8?
        for (index, byte) in text.enumerated() {
            guard let digit = hexadecimalValue(byte) else {
                throw PatternMistake(
                    text: "'\(shown([byte]))' is not a hexadecimal digit",
                    range: index..<index + 1)
            }
            if let left = high { bytes.append(left << 4 | digit) }
            high = high == nil ? digit : nil
        }
        guard high == nil else {
            throw PatternMistake(
                text: "'\(shown(text))' has an odd number of hexadecimal digits",
                range: text.count - 1..<text.count)
        }
        return bytes
    }
}

/// Bytes of the configuration as text for a message.
func shown(_ bytes: [UInt8]) -> String { String(anyBytes: bytes) }
