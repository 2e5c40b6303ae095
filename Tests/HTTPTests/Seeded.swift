// Random numbers that a failing test can name: everything follows from the printed seed.

/// A small reproducible generator (xorshift*).
struct Seeded: RandomNumberGenerator {
    /// What to construct it with to see the same numbers again.
    let seed: UInt64
    private var state: UInt64

    init(_ seed: UInt64) {
        self.seed = seed
        state = seed | 1
    }

    /// A generator with a new seed, which is printed.
    static func fresh(_ place: String = #function) -> Seeded {
        let seed = UInt64.random(in: 1...UInt64.max)
        print("seed of \(place): \(seed)")
        return Seeded(seed)
    }

    /// A generator whose seed follows from a name.
    init(_ name: String) {
        self.init(name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
    }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }

    mutating func next(below limit: Int) -> Int { Int(next() >> 33) % limit }
}
