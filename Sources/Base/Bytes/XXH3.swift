// XXH3 with 64 bits (XXH3 specification 0.1.1): three ways for short inputs, stripes of 64 bytes
// for long ones. Bit-exact with the reference, seeds included.

/// Hashes by XXH3.
public enum XXH3 {
    /// The 64-bit hash of `input`.
    public static func hash(_ input: Span<UInt8>, seed: UInt64 = 0) -> UInt64 {
        switch input.count {
        case 0...16: upTo16(input, defaultSecret.span, seed)
        case 17...128: upTo128(input, defaultSecret.span, seed)
        case 129...240: upTo240(input, defaultSecret.span, seed)
        default: long(input, seed)
        }
    }

    private static func upTo16(
        _ input: Span<UInt8>, _ secret: Span<UInt8>, _ seed: UInt64
    ) -> UInt64 {
        let count = input.count
        if count > 8 {
            let low = input.load64(0) ^ ((secret.load64(24) ^ secret.load64(32)) &+ seed)
            let high = input.load64(count - 8) ^ ((secret.load64(40) ^ secret.load64(48)) &- seed)
            return avalanche(
                UInt64(count) &+ low.byteSwapped &+ high &+ folded(low, high))
        }
        if count >= 4 {
            let seed = seed ^ UInt64(UInt32(truncatingIfNeeded: seed).byteSwapped) << 32
            let joined = UInt64(load32(input, count - 4)) &+ UInt64(load32(input, 0)) << 32
            let keyed = joined ^ ((secret.load64(8) ^ secret.load64(16)) &- seed)
            return mixed(keyed, UInt64(count))
        }
        if count > 0 {
            let joined =
                UInt32(input[0]) << 16 | UInt32(input[count >> 1]) << 24
                | UInt32(input[count - 1]) | UInt32(count) << 8
            let key = UInt64(load32(secret, 0) ^ load32(secret, 4)) &+ seed
            return XXH64.avalanche(UInt64(joined) ^ key)
        }
        return XXH64.avalanche(seed ^ secret.load64(56) ^ secret.load64(64))
    }

    private static func upTo128(
        _ input: Span<UInt8>, _ secret: Span<UInt8>, _ seed: UInt64
    ) -> UInt64 {
        var sum = UInt64(input.count) &* XXH64.prime1
        var round = (input.count - 1) / 32
        while round >= 0 {
            sum &+= mix16(input, round * 16, secret, round * 32, seed)
            sum &+= mix16(input, input.count - round * 16 - 16, secret, round * 32 + 16, seed)
            round -= 1
        }
        return avalanche(sum)
    }

    private static func upTo240(
        _ input: Span<UInt8>, _ secret: Span<UInt8>, _ seed: UInt64
    ) -> UInt64 {
        var sum = UInt64(input.count) &* XXH64.prime1
        for round in 0..<8 { sum &+= mix16(input, round * 16, secret, round * 16, seed) }
        sum = avalanche(sum)
        for round in 8..<input.count / 16 {
            sum &+= mix16(input, round * 16, secret, (round - 8) * 16 + 3, seed)
        }
        sum &+= mix16(input, input.count - 16, secret, 136 - 17, seed)
        return avalanche(sum)
    }

    private static func long(_ input: Span<UInt8>, _ seed: UInt64) -> UInt64 {
        var secret = defaultSecret
        if seed != 0 {
            for place in 0..<12 {
                let low = defaultSecret.span.load64(place * 16) &+ seed
                let high = defaultSecret.span.load64(place * 16 + 8) &- seed
                for byte in 0..<8 {
                    secret[place * 16 + byte] = UInt8(truncatingIfNeeded: low >> UInt64(byte * 8))
                    secret[place * 16 + 8 + byte] = UInt8(
                        truncatingIfNeeded: high >> UInt64(byte * 8))
                }
            }
        }
        var lanes: InlineArray<8, UInt64> = [
            UInt64(XXH32.prime3), XXH64.prime1, XXH64.prime2, XXH64.prime3, XXH64.prime4,
            UInt64(XXH32.prime2), XXH64.prime5, UInt64(XXH32.prime1),
        ]
        let stripes = (input.count - 1) / 64
        for stripe in 0..<stripes {
            accumulate(&lanes, input, stripe * 64, secret.span, stripe % 16 * 8)
            if stripe % 16 == 15 { scramble(&lanes, secret.span) }
        }
        accumulate(&lanes, input, input.count - 64, secret.span, 192 - 64 - 7)
        var sum = UInt64(input.count) &* XXH64.prime1
        for pair in 0..<4 {
            sum &+= folded(
                lanes[pair * 2] ^ secret.span.load64(11 + pair * 16),
                lanes[pair * 2 + 1] ^ secret.span.load64(19 + pair * 16))
        }
        return avalanche(sum)
    }

    private static func accumulate(
        _ lanes: inout InlineArray<8, UInt64>, _ input: Span<UInt8>, _ start: Int,
        _ secret: Span<UInt8>, _ key: Int
    ) {
        for lane in 0..<8 {
            let value = input.load64(start + lane * 8)
            let keyed = value ^ secret.load64(key + lane * 8)
            lanes[lane ^ 1] &+= value
            lanes[lane] &+= (keyed & 0xFFFF_FFFF) &* (keyed >> 32)
        }
    }

    private static func scramble(
        _ lanes: inout InlineArray<8, UInt64>, _ secret: Span<UInt8>
    ) {
        for lane in 0..<8 {
            let value = lanes[lane] ^ lanes[lane] >> 47 ^ secret.load64(128 + lane * 8)
            lanes[lane] = value &* UInt64(XXH32.prime1)
        }
    }

    private static func mix16(
        _ input: Span<UInt8>, _ start: Int, _ secret: Span<UInt8>, _ key: Int, _ seed: UInt64
    ) -> UInt64 {
        folded(
            input.load64(start) ^ (secret.load64(key) &+ seed),
            input.load64(start + 8) ^ (secret.load64(key + 8) &- seed))
    }

    /// The two halves of a 128-bit product, folded by exclusive or.
    private static func folded(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    private static func avalanche(_ value: UInt64) -> UInt64 {
        var value = value
        value ^= value >> 37
        value &*= 0x1656_6791_9E37_79F9
        return value ^ value >> 32
    }

    private static func mixed(_ value: UInt64, _ count: UInt64) -> UInt64 {
        var value = value
        value ^= (value << 49 | value >> 15) ^ (value << 24 | value >> 40)
        value &*= 0x9FB2_1C65_1E98_DF25
        value ^= (value >> 35) &+ count
        value &*= 0x9FB2_1C65_1E98_DF25
        return value ^ value >> 28
    }
}

/// The specification's default secret.
private let defaultSecret: InlineArray<192, UInt8> = [
    0xB8, 0xFE, 0x6C, 0x39, 0x23, 0xA4, 0x4B, 0xBE, 0x7C, 0x01, 0x81, 0x2C,
    0xF7, 0x21, 0xAD, 0x1C, 0xDE, 0xD4, 0x6D, 0xE9, 0x83, 0x90, 0x97, 0xDB,
    0x72, 0x40, 0xA4, 0xA4, 0xB7, 0xB3, 0x67, 0x1F, 0xCB, 0x79, 0xE6, 0x4E,
    0xCC, 0xC0, 0xE5, 0x78, 0x82, 0x5A, 0xD0, 0x7D, 0xCC, 0xFF, 0x72, 0x21,
    0xB8, 0x08, 0x46, 0x74, 0xF7, 0x43, 0x24, 0x8E, 0xE0, 0x35, 0x90, 0xE6,
    0x81, 0x3A, 0x26, 0x4C, 0x3C, 0x28, 0x52, 0xBB, 0x91, 0xC3, 0x00, 0xCB,
    0x88, 0xD0, 0x65, 0x8B, 0x1B, 0x53, 0x2E, 0xA3, 0x71, 0x64, 0x48, 0x97,
    0xA2, 0x0D, 0xF9, 0x4E, 0x38, 0x19, 0xEF, 0x46, 0xA9, 0xDE, 0xAC, 0xD8,
    0xA8, 0xFA, 0x76, 0x3F, 0xE3, 0x9C, 0x34, 0x3F, 0xF9, 0xDC, 0xBB, 0xC7,
    0xC7, 0x0B, 0x4F, 0x1D, 0x8A, 0x51, 0xE0, 0x4B, 0xCD, 0xB4, 0x59, 0x31,
    0xC8, 0x9F, 0x7E, 0xC9, 0xD9, 0x78, 0x73, 0x64, 0xEA, 0xC5, 0xAC, 0x83,
    0x34, 0xD3, 0xEB, 0xC3, 0xC5, 0x81, 0xA0, 0xFF, 0xFA, 0x13, 0x63, 0xEB,
    0x17, 0x0D, 0xDD, 0x51, 0xB7, 0xF0, 0xDA, 0x49, 0xD3, 0x16, 0x55, 0x26,
    0x29, 0xD4, 0x68, 0x9E, 0x2B, 0x16, 0xBE, 0x58, 0x7D, 0x47, 0xA1, 0xFC,
    0x8F, 0xF8, 0xB8, 0xD1, 0x7A, 0xD0, 0x31, 0xCE, 0x45, 0xCB, 0x3A, 0x8F,
    0x95, 0x16, 0x04, 0x28, 0xAF, 0xD7, 0xFB, 0xCA, 0xBB, 0x4B, 0x40, 0x7E,
]
