// Samples that a list of rules has asked for and will ask for again: most conditions of a list read
// the same few parts of a head. They hold until an action may have changed something.

import Samples
import Synchronization

/// The samples of one run of a list. Each expression whose samples may be kept has its place, which
/// it may share with others: the first that comes has it.
struct KeptSamples: ~Copyable {
    /// How many samples are kept at most.
    static let places = 8
    /// The most bytes of a sample that is kept.
    static let mostBytes = 256

    /// The numbers of the expressions that have the places.
    private var numbers = InlineArray<8, Int32>(repeating: -1)
    private var samples = InlineArray<8, Sample>(repeating: .integer(0))
    /// A bit for each place that is taken.
    private var taken: UInt8 = 0
    /// A bit for each for which a sample was read that cannot be kept.
    private var refused: UInt8 = 0
    /// A bit for each: whether there is no further value behind the kept one.
    private var lone: UInt8 = 0
    /// A bit for each: whether there is a value.
    private var present: UInt8 = 0
    /// Never used. What holds an atomic is lent by its address; a struct of plain parts would be
    /// copied for each look-up.
    private let pin = Atomic<UInt8>(0)

    /// Whether some expression has a place.
    @inline(__always)
    func isTaken(_ place: Int) -> Bool { taken & Self.bit(place) != 0 }

    /// Whether it is not worth while to read a sample for a place: another has it, or such a sample
    /// could not be kept.
    @inline(__always)
    func isClosed(_ place: Int) -> Bool { (taken | refused) & Self.bit(place) != 0 }

    /// A sample was read for a place that cannot be kept.
    @inline(__always)
    mutating func refuse(_ place: Int) { refused |= Self.bit(place) }

    /// Whether the sample at a place is that of an expression; there is none at place -1.
    @inline(__always)
    func knows(_ number: Int32, at place: Int) -> Bool {
        place >= 0 && taken & Self.bit(place) != 0 && numbers[place] == number
    }

    /// The first value; nil when there is none.
    @inline(__always)
    func sample(_ place: Int) -> Sample? {
        // Through the span: the list is not copied for one of its places.
        present & Self.bit(place) != 0 ? samples.span[place] : nil
    }

    /// Whether nothing follows the first value.
    @inline(__always)
    func isLone(_ place: Int) -> Bool { lone & Self.bit(place) != 0 }

    /// Keeps the first value, or that there is none; false where another has the place.
    @inline(__always)
    mutating func keep(_ sample: Sample?, of number: Int32, at place: Int, isLone: Bool) -> Bool {
        let bit = Self.bit(place)
        if taken & bit != 0 { return false }
        taken |= bit
        numbers[place] = number
        lone = isLone ? lone | bit : lone & ~bit
        if let sample {
            samples[place] = sample
            present |= bit
        } else {
            present &= ~bit
        }
        return true
    }

    /// Nothing follows a kept value.
    @inline(__always)
    mutating func noteLone(_ place: Int) { lone |= Self.bit(place) }

    /// An action may have changed something.
    @inline(__always)
    mutating func forget() {
        taken = 0
        refused = 0
    }

    @inline(__always)
    private static func bit(_ place: Int) -> UInt8 { 1 &<< UInt8(truncatingIfNeeded: place) }
}
