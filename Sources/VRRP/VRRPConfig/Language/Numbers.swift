// Numbers as keepalived reads them, and durations.

/// Reads numbers.
enum Numbers {
    /// A number without sign: decimal, octal with `0`, hexadecimal with `0x`.
    static func unsigned(_ text: some StringProtocol) -> UInt64? {
        if text.hasPrefix("0x") || text.hasPrefix("0X") {
            return isDigits(text.dropFirst(2), radix: 16)
                ? UInt64(text.dropFirst(2), radix: 16) : nil
        }
        let radix = text.count > 1 && text.hasPrefix("0") ? 8 : 10
        return isDigits(text, radix: radix) ? UInt64(text, radix: radix) : nil
    }

    /// A decimal number with an optional sign.
    static func integer(_ text: some StringProtocol) -> Int? {
        let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
        return isDigits(digits, radix: 10) ? Int(text) : nil
    }

    /// Digits with an optional fraction, times a unit, rounded to the nearest whole.
    ///
    /// - Parameter unit: what 1 is, such as 1_000_000_000 for seconds in nanoseconds.
    static func decimal(_ text: some StringProtocol, unit: UInt64) -> UInt64? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? parts[1] : ""
        guard !parts[0].isEmpty || !fraction.isEmpty, fraction.utf8.count <= 18,
            parts[0].isEmpty || isDigits(parts[0], radix: 10),
            fraction.isEmpty || isDigits(fraction, radix: 10),
            let whole = parts[0].isEmpty ? 0 : UInt64(parts[0])
        else { return nil }
        let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        // Digit by digit, so that no fraction overflows.
        var rest: UInt64 = 0
        var scale = unit
        var remainder: UInt64 = 0
        for byte in fraction.utf8 {
            let digit = UInt64(byte - 0x30)
            rest += scale / 10 * digit
            remainder = scale % 10
            if scale % 10 != 0 { rest += remainder * digit / 10 }
            scale /= 10
        }
        let (sum, carried) = product.addingReportingOverflow(rest)
        return carried ? nil : sum
    }

    /// A duration in nanoseconds: seconds, or a number with `us`, `ms`, `s`, `min` or `h`.
    static func duration(_ text: some StringProtocol) -> UInt64? {
        let digits = text.prefix { $0.isNumber || $0 == "." }
        switch text[digits.endIndex...] {
        case "", "s": return decimal(digits, unit: 1_000_000_000)
        case "us": return decimal(digits, unit: 1000)
        case "ms": return decimal(digits, unit: 1_000_000)
        case "min": return decimal(digits, unit: 60_000_000_000)
        case "h": return decimal(digits, unit: 3_600_000_000_000)
        default: return nil
        }
    }

    /// Nanoseconds as seconds with as few digits as needed.
    static func seconds(_ nanoseconds: UInt64) -> String {
        scaled(nanoseconds, unit: 1_000_000_000, digits: 9)
    }

    /// Nanoseconds as milliseconds with as few digits as needed.
    static func milliseconds(_ nanoseconds: UInt64) -> String {
        scaled(nanoseconds, unit: 1_000_000, digits: 6)
    }

    private static func scaled(_ value: UInt64, unit: UInt64, digits: Int) -> String {
        guard value % unit != 0 else { return String(value / unit) }
        var fraction = String(value % unit)
        fraction = String(repeating: "0", count: digits - fraction.utf8.count) + fraction
        while fraction.hasSuffix("0") { fraction.removeLast() }
        return "\(value / unit).\(fraction)"
    }

    private static func isDigits(_ text: some StringProtocol, radix: Int) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                Character(Unicode.Scalar(byte)).hexDigitValue.map { $0 < radix } ?? false
            }
    }
}
