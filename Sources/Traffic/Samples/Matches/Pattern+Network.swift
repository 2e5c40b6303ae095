// Networks as patterns: `address`, `address/bits` and, for IPv4, `address/mask` with a mask that
// may have gaps. IPv4 addresses may be shortened as `inet_aton` allows, or be host names, unless
// names may not be resolved.

import Addresses

extension Pattern {
    /// Reads an address with an optional mask.
    static func network(_ text: [UInt8], _ options: PatternOptions) throws(PatternMistake) -> Value
    {
        let slash = text.firstIndex(of: 0x2F)
        let host = Array(text[..<(slash ?? text.count)])
        let mask = slash.map { Array(text[($0 + 1)...]) }
        if let address = IPAddress(text: host.span), address.family == .v6 {
            let bits = UInt128(address.high) << 64 | UInt128(address.low)
            guard let mask else { return .networkV6(bits, length: 128) }
            if let length = count(mask, atMost: 128) { return .networkV6(bits, length: length) }
            throw wrong(text, from: (slash ?? 0) + 1, "has no mask length from 0 to 128")
        }
        guard let bits = v4(host, options) else {
            throw wrong(text, from: 0, "is not a valid IPv4 or IPv6 address")
        }
        guard let mask else { return .networkV4(bits, mask: ~0) }
        if let length = count(mask, atMost: 32) {
            return .networkV4(bits, mask: length == 0 ? 0 : ~0 << UInt32(32 - length))
        }
        if let address = IPAddress(text: mask.span), address.family == .v4 {
            return .networkV4(bits, mask: UInt32(truncatingIfNeeded: address.low))
        }
        throw wrong(text, from: (slash ?? 0) + 1, "has no mask length from 0 to 32 and no mask")
    }

    private static func v4(_ host: [UInt8], _ options: PatternOptions) -> UInt32? {
        if let address = IPAddress(text: host.span) {
            return UInt32(truncatingIfNeeded: address.low)
        }
        guard let resolve = options.resolve, !host.isEmpty else { return nil }
        if let bits = shortened(host) { return bits }
        guard let address = resolve(shown(host)), address.family == .v4 else { return nil }
        return UInt32(truncatingIfNeeded: address.low)
    }

    /// One to four numbers, the last filling the bytes that are left; decimal, octal behind `0`, or
    /// hexadecimal behind `0x`.
    static func shortened(_ text: [UInt8]) -> UInt32? {
        let parts = text.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard parts.count <= 4 else { return nil }
        var bits: UInt64 = 0
        for (index, part) in parts.enumerated() {
            let width = index == parts.count - 1 ? 8 * (5 - parts.count) : 8
            guard let number = radixNumber(part), number < 1 << UInt64(width) else { return nil }
            bits = bits << UInt64(width) | number
        }
        return UInt32(truncatingIfNeeded: bits)
    }

    private static func radixNumber(_ text: ArraySlice<UInt8>) -> UInt64? {
        var digits = text
        var radix: UInt64 = 10
        if digits.first == 0x30 && digits.count > 1 {
            digits = digits.dropFirst()
            radix = 8
            if digits.first == 0x78 || digits.first == 0x58 {
                digits = digits.dropFirst()
                radix = 16
            }
        }
        guard !digits.isEmpty, digits.count <= 11 else { return nil }
        var value: UInt64 = 0
        for byte in digits {
            guard let digit = hexadecimalValue(byte), UInt64(digit) < radix else { return nil }
            value = value * radix + UInt64(digit)
        }
        return value
    }

    private static func count(_ text: [UInt8], atMost limit: Int64) -> Int? {
        guard text.first != 0x2D, text.count <= 3, let value = integer(text[...]), value <= limit
        else { return nil }
        return Int(value)
    }

    private static func wrong(_ text: [UInt8], from start: Int, _ what: String) -> PatternMistake {
        PatternMistake(text: "'\(shown(text))' \(what)", range: start..<text.count)
    }
}
