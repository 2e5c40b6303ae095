// The number in a tracked file, read as keepalived reads it (measured with 2.2.7): white space, a
// sign, then decimal digits, octal ones behind `0` or hexadecimal ones behind `0x`; what follows
// is not looked at, and no digits at all are 0.

/// Reads the number of a tracked file.
public enum TrackedNumber {
    /// Bytes of the file that are looked at.
    public static let longestText = 128

    /// The number at the beginning of the text; nil when it is beyond 32 bits, which keepalived
    /// ignores: the last value stays.
    public static func parse(_ bytes: Span<UInt8>) -> Int32? {
        var index = 0
        while index < bytes.count && isSpace(bytes[index]) { index += 1 }
        var isNegative = false
        if index < bytes.count && (bytes[index] == 0x2B || bytes[index] == 0x2D) {
            isNegative = bytes[index] == 0x2D
            index += 1
        }
        var base: Int64 = 10
        if index < bytes.count && bytes[index] == 0x30 {
            base = 8
            let hasX = index + 2 < bytes.count && bytes[index + 1] | 0x20 == 0x78
            if hasX && digit(bytes[index + 2]) < 16 {
                base = 16
                index += 2
            }
        }
        var value: Int64 = 0
        while index < bytes.count {
            let next = Int64(digit(bytes[index]))
            if next >= base { break }
            value = value * base + next
            if value > 1 << 31 { return nil }
            index += 1
        }
        return Int32(exactly: isNegative ? -value : value)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (byte >= 9 && byte <= 13) }

    /// The value of a digit in any base up to 16; 255 for none.
    private static func digit(_ byte: UInt8) -> UInt8 {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: 255
        }
    }

    /// What a fuzzer calls: reads any bytes and checks what must hold for every input.
    public static func exercise(_ input: Span<UInt8>) {
        guard let value = parse(input) else { return }
        let again = Array("\(value)\n".utf8)
        precondition(parse(again.span) == value, "a number that was read is read again")
    }
}
