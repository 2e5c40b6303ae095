// XXH32 and XXH64 (xxHash specification 0.1.1), bit-exact with the reference, seeds included.

/// Hashes by XXH32.
public enum XXH32 {
    static let prime1: UInt32 = 0x9E37_79B1
    static let prime2: UInt32 = 0x85EB_CA77
    static let prime3: UInt32 = 0xC2B2_AE3D
    static let prime4: UInt32 = 0x27D4_EB2F
    static let prime5: UInt32 = 0x1656_67B1

    /// The 32-bit hash of `input`.
    public static func hash(_ input: Span<UInt8>, seed: UInt32 = 0) -> UInt32 {
        var index = 0
        var sum = seed &+ prime5
        if input.count >= 16 {
            var lanes: InlineArray<4, UInt32> = [
                seed &+ prime1 &+ prime2, seed &+ prime2, seed, seed &- prime1,
            ]
            while index <= input.count - 16 {
                for lane in 0..<4 {
                    let value = lanes[lane] &+ load32(input, index + lane * 4) &* prime2
                    lanes[lane] = rotated(value, 13) &* prime1
                }
                index += 16
            }
            sum =
                rotated(lanes[0], 1) &+ rotated(lanes[1], 7) &+ rotated(lanes[2], 12)
                &+ rotated(lanes[3], 18)
        }
        sum &+= UInt32(truncatingIfNeeded: input.count)
        while index <= input.count - 4 {
            sum = rotated(sum &+ load32(input, index) &* prime3, 17) &* prime4
            index += 4
        }
        while index < input.count {
            sum = rotated(sum &+ UInt32(input[index]) &* prime5, 11) &* prime1
            index += 1
        }
        sum = (sum ^ sum >> 15) &* prime2
        sum = (sum ^ sum >> 13) &* prime3
        return sum ^ sum >> 16
    }

    private static func rotated(_ value: UInt32, _ bits: UInt32) -> UInt32 {
        value << bits | value >> (32 - bits)
    }
}

/// Hashes by XXH64.
public enum XXH64 {
    static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

    /// The 64-bit hash of `input`.
    public static func hash(_ input: Span<UInt8>, seed: UInt64 = 0) -> UInt64 {
        var index = 0
        var sum = seed &+ prime5
        if input.count >= 32 {
            var lanes: InlineArray<4, UInt64> = [
                seed &+ prime1 &+ prime2, seed &+ prime2, seed, seed &- prime1,
            ]
            while index <= input.count - 32 {
                for lane in 0..<4 {
                    lanes[lane] = round(lanes[lane], input.load64(index + lane * 8))
                }
                index += 32
            }
            sum =
                rotated(lanes[0], 1) &+ rotated(lanes[1], 7) &+ rotated(lanes[2], 12)
                &+ rotated(lanes[3], 18)
            for lane in 0..<4 { sum = (sum ^ round(0, lanes[lane])) &* prime1 &+ prime4 }
        }
        sum &+= UInt64(input.count)
        while index <= input.count - 8 {
            sum = rotated(sum ^ round(0, input.load64(index)), 27) &* prime1 &+ prime4
            index += 8
        }
        if index <= input.count - 4 {
            sum = rotated(sum ^ UInt64(load32(input, index)) &* prime1, 23) &* prime2 &+ prime3
            index += 4
        }
        while index < input.count {
            sum = rotated(sum ^ UInt64(input[index]) &* prime5, 11) &* prime1
            index += 1
        }
        return avalanche(sum)
    }

    static func avalanche(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ value >> 33) &* prime2
        value = (value ^ value >> 29) &* prime3
        return value ^ value >> 32
    }

    private static func round(_ sum: UInt64, _ value: UInt64) -> UInt64 {
        rotated(sum &+ value &* prime2, 31) &* prime1
    }

    private static func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 {
        value << bits | value >> (64 - bits)
    }
}

/// The four bytes at `index` as a little-endian word.
func load32(_ bytes: Span<UInt8>, _ index: Int) -> UInt32 {
    UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2]) << 16
        | UInt32(bytes[index + 3]) << 24
}
