// Random numbers that a failing test can name: everything follows from the printed seed.

/// A small reproducible generator (xorshift*).
struct Seeded {
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

    mutating func next(below limit: Int) -> Int {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return Int((state &* 0x2545_F491_4F6C_DD1D) >> 33) % limit
    }

    /// One random change of some bytes at or behind `start`.
    mutating func mutate(_ bytes: inout [UInt8], from start: Int = 0) {
        guard start < bytes.count else { return bytes.append(UInt8(next(below: 256))) }
        let place = start + next(below: bytes.count - start)
        switch next(below: 5) {
        case 0: bytes[place] = UInt8(next(below: 256))
        case 1: bytes[place] = UInt8(next(below: 4))
        case 2: bytes[place] = bytes[place] &+ (next(below: 2) == 0 ? 1 : 255)
        case 3: bytes.remove(at: place)
        default: bytes.insert(UInt8(next(below: 256)), at: place)
        }
    }
}

extension Array where Element == UInt8 {
    /// The bytes of a range as text.
    func text(_ range: Range<Int>?) -> String? {
        range.map { String(decoding: self[$0], as: UTF8.self) }
    }
}
