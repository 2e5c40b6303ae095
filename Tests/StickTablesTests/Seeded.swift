// A small generator for property tests: the seed is printed, and the same seed replays a run.

/// SplitMix64 from a seed.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    /// Starts from `seed` and prints it, so that a failing run can be replayed.
    init(_ seed: UInt64 = .random(in: 0 ... .max), for test: String) {
        state = seed
        print("\(test): seed \(seed)")
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
