// Numbers drawn at random: fast, and the same for the same seed. Not for secrets.

/// A source of random numbers (xoshiro256**, public domain).
public struct RandomNumbers: RandomNumberGenerator, Sendable {
    private var a, b, c, d: UInt64

    /// A source whose numbers follow from a seed.
    public init(seed: UInt64) {
        // SplitMix64 spreads the seed, so that no state is all zeros.
        var state = seed
        func mixed() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word &>> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word &>> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word &>> 31)
        }
        a = mixed()
        b = mixed()
        c = mixed()
        d = mixed()
    }

    /// A source with a seed of the system's.
    public static func seededBySystem() -> RandomNumbers {
        var system = SystemRandomNumberGenerator()
        var numbers = RandomNumbers(seed: system.next())
        // One word of seed has too few values for identifiers: the whole state is drawn.
        numbers.a ^= system.next()
        numbers.b ^= system.next()
        numbers.c ^= system.next()
        numbers.d |= 1
        return numbers
    }

    /// The next number.
    public mutating func next() -> UInt64 {
        let product = b &* 5
        let result = (product &<< 7 | product &>> 57) &* 9
        let shifted = b &<< 17
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= shifted
        d = d &<< 45 | d &>> 19
        return result
    }
}
