// Random numbers that a failing test can name: everything follows from the printed seed.

/// A small reproducible generator (SplitMix64).
public struct Seeded: RandomNumberGenerator, Sendable {
    /// What to construct it with to see the same numbers again.
    public let seed: UInt64
    private var state: UInt64

    /// Starts from `seed` and prints it, so that a failing run can be replayed.
    public init(_ seed: UInt64 = .random(in: 0 ... .max), for test: String) {
        self.init(seed: seed)
        print("\(test): seed \(seed)")
    }

    /// A generator with a new seed, which is printed.
    public static func fresh(_ place: String = #function) -> Seeded { Seeded(for: place) }

    /// A generator whose seed follows from a name.
    public init(_ name: String) {
        self.init(
            seed: name.utf8.reduce(0xCBF2_9CE4_8422_2325) {
                ($0 ^ UInt64($1)) &* 0x100_0000_01B3
            })
    }

    private init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to `limit`, which is not among them.
    public mutating func next(below limit: Int) -> Int { Int(next() >> 33) % limit }
}
