// Junk for routers: random bytes behind a good IP header, and good adverts with a few bytes changed
// whose checksum is made right for none of them.

import Addresses
import LoadTesting

/// Endless junk, the same for the same seed.
public struct RandomFrames: Sendable {
    /// What tests repeat.
    public static let seed: UInt64 = 20_26_11

    private var random: SeededRandom
    private let good: CraftedAdvert

    /// Junk for an instance: half of it random, half of it mutated adverts of that instance.
    public init(seed: UInt64, like good: CraftedAdvert = CraftedAdvert()) {
        random = SeededRandom(seed: seed)
        self.good = good
    }

    /// The next frame.
    public mutating func next() -> [UInt8] {
        Bool.random(using: &random) ? nextRandom() : nextMutated()
    }

    /// Random bytes as the message.
    public mutating func nextRandom() -> [UInt8] {
        let count = Int.random(in: 0...120, using: &random)
        let message = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        return CraftedAdvert.frame(message, good.source, good.destination)
    }

    /// A good advert in which one to four bytes behind the IP header were changed, or some cut off.
    /// The checksum stays that of the original, so nothing of it may count.
    public mutating func nextMutated() -> [UInt8] {
        var message = good.message
        let original = message
        while message == original {
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<message.count, using: &random)
                message[index] = UInt8.random(in: 0...255, using: &random)
            }
            if Int.random(in: 0..<4, using: &random) == 0 {
                message.removeLast(Int.random(in: 1..<message.count - 4, using: &random))
            }
            // Two changes may cancel out in the sum; such an advert would be a good one.
            if CraftedAdvert.isSound(message, good) {
                message = original
            }
        }
        return CraftedAdvert.frame(message, good.source, good.destination)
    }
}
