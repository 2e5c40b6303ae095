// Samples that a list of rules has asked for and will ask for again: most conditions of a list read
// the same few parts of a head. They hold until an action may have changed something.

import Samples

/// The samples of one run of a list, by the number of their expressions.
struct KeptSamples {
    /// The most expressions whose samples are kept.
    static let most = 6
    /// The most bytes of a sample that is kept.
    static let mostBytes = 256

    private var count = 0
    private var numbers = InlineArray<6, Int>(repeating: -1)
    private var samples = InlineArray<6, Sample>(repeating: .integer(0))
    /// A bit for each: whether there is no further value behind the kept one.
    private var lone: UInt8 = 0
    /// A bit for each: whether there is a value.
    private var present: UInt8 = 0

    /// Where the samples of an expression are; nil when none are kept.
    @inline(__always)
    func find(_ number: Int) -> Int? {
        for place in 0..<count where numbers[place] == number { return place }
        return nil
    }

    /// The first value; nil when there is none.
    @inline(__always)
    func sample(_ place: Int) -> Sample? {
        // Through the span: the list is not copied for one of its places.
        present & (1 << UInt8(place)) != 0 ? samples.span[place] : nil
    }

    /// Whether nothing follows the first value.
    @inline(__always)
    func isLone(_ place: Int) -> Bool { lone & (1 << UInt8(place)) != 0 }

    /// Keeps the first value, or that there is none; where it is kept, nil when there is no room.
    @inline(__always)
    mutating func keep(_ sample: Sample?, of number: Int, isLone: Bool) -> Int? {
        guard count < Self.most else { return nil }
        let place = count
        count &+= 1
        numbers[place] = number
        let bit: UInt8 = 1 << UInt8(place)
        lone = isLone ? lone | bit : lone & ~bit
        if let sample {
            samples[place] = sample
            present |= bit
        } else {
            present &= ~bit
        }
        return place
    }

    /// Nothing follows a kept value.
    @inline(__always)
    mutating func noteLone(_ place: Int) { lone |= 1 << UInt8(place) }

    /// An action may have changed something.
    @inline(__always)
    mutating func forget() { count = 0 }
}
