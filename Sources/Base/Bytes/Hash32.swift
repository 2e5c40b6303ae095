// The 32-bit hashes of HAProxy's `hash-type` and converters, bit-exact: SDBM, DJB2, WT6, CRC32 and
// CRC32C, and the avalanche that spreads their results.

/// Hashes of bytes into 32 bits; none of them resists an attacker.
public enum Hash32 {
    /// SDBM: `hash * 65599 + byte`.
    public static func sdbm(_ input: Span<UInt8>) -> UInt32 {
        var sum: UInt32 = 0
        for index in 0..<input.count {
            sum = UInt32(input[index]) &+ sum << 6 &+ sum << 16 &- sum
        }
        return sum
    }

    /// SDBM of bytes that are taken for numbers from -128 to 127. Bytes in two pieces are hashed by
    /// giving the sum of the first, which begins with 0, to the second.
    public static func signedSDBM(_ input: Span<UInt8>, continuing start: UInt32) -> UInt32 {
        var sum = start
        for index in 0..<input.count {
            let byte = UInt32(bitPattern: Int32(Int8(bitPattern: input[index])))
            sum = byte &+ sum << 6 &+ sum << 16 &- sum
        }
        return sum
    }

    /// DJB2: `hash * 33 + byte` from 5381.
    public static func djb2(_ input: Span<UInt8>) -> UInt32 {
        var sum: UInt32 = 5381
        for index in 0..<input.count { sum = sum << 5 &+ sum &+ UInt32(input[index]) }
        return sum
    }

    /// WT6: two words that choose each other's rotations.
    public static func wt6(_ input: Span<UInt8>) -> UInt32 {
        var first: UInt32 = 0xA53C_965A
        var second: UInt32 = 0x5CA6_953A
        var steps: (UInt32, UInt32) = (6, 18)
        for index in 0..<input.count {
            let byte = UInt32(input[index])
            first = ~(first ^ byte)
            second = ~(second &+ byte)
            (first, second) = (rotated(second, steps.0), rotated(first, steps.1))
            let step = (first >> 16 ^ second) & 0xFFFF
            steps = (step & 31, step >> 11)
        }
        return first ^ second
    }

    /// CRC-32 of Ethernet, gzip and PNG.
    public static func crc32(_ input: Span<UInt8>) -> UInt32 {
        crc(input, ethernetTable.span)
    }

    /// CRC-32C, Castagnoli's polynomial (RFC 4960 appendix B).
    public static func crc32c(_ input: Span<UInt8>) -> UInt32 {
        crc(input, castagnoliTable.span)
    }

    /// Bob Jenkins's full avalanche, then a multiplication that spreads the result over the range.
    public static func avalanche(_ value: UInt32) -> UInt32 {
        var value = value
        value = (value &+ 0x7ED5_5D16) &+ value << 12
        value = (value ^ 0xC761_C23C) ^ value >> 19
        value = (value &+ 0x1656_67B1) &+ value << 5
        value = (value &+ 0xD3A2_646C) ^ value << 9
        value = (value &+ 0xFD70_46C5) &+ value << 3
        value = (value ^ 0xB55A_4F09) ^ value >> 16
        return value &* 3_221_225_473
    }

    private static func rotated(_ value: UInt32, _ bits: UInt32) -> UInt32 {
        value &<< bits | value &>> (32 &- bits)
    }

    /// A span of the table, which by value would be copied.
    private static func crc(_ input: Span<UInt8>, _ table: Span<UInt32>) -> UInt32 {
        var sum = UInt32.max
        for index in 0..<input.count {
            sum = sum >> 8 ^ table[Int((sum ^ UInt32(input[index])) & 0xFF)]
        }
        return ~sum
    }

    private static let ethernetTable = table(0xEDB8_8320)
    private static let castagnoliTable = table(0x82F6_3B78)

    private static func table(_ polynomial: UInt32) -> InlineArray<256, UInt32> {
        var table = InlineArray<256, UInt32>(repeating: 0)
        for index in 0..<256 {
            var value = UInt32(index)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1 }
            table[index] = value
        }
        return table
    }
}
