// The values of one scope: a slot for each variable, and the bytes of texts in one block. Memory is
// taken when the first variable is set and kept for the next life of the scope.

import Structures

/// The variables of one session, one transaction, one request or response, or the process.
public struct VariableValues: ~Copyable, Sendable {
    /// What a set variable is charged beside its bytes.
    public static let slotBytes = MemoryLayout<Slot>.stride

    struct Slot: BitwiseCopyable, Sendable {
        var isSet = false
        var sample = Sample.boolean(false)
        /// Where the bytes of a text are, and how many fit there.
        var start: UInt32 = 0
        var room: UInt32 = 0

        /// How many bytes of the block are in use.
        var byteCount: Int { isSet && sample.type.isBytes ? sample.byteCount : 0 }
        var charge: Int { isSet ? VariableValues.slotBytes + byteCount : 0 }
    }

    /// How many slots are made at once: as many as there were names.
    private let expected: Int
    private var slots = FlatList<Slot>()
    private var bytes = FlatList<UInt8>()
    /// Bytes that are charged for the values: those of texts, and a slot for each.
    public private(set) var chargedBytes = 0

    /// No values, and room for `count` variables once one is set.
    ///
    /// Variables with higher numbers, which were named later, are not set either; room for them is
    /// made when they are.
    public init(count: Int) {
        expected = count
    }

    /// Forgets all values and keeps the memory.
    public mutating func reset() {
        if chargedBytes == 0 && bytes.count == 0 { return }
        slots.removeAll()
        bytes.removeAll()
        chargedBytes = 0
    }

    /// Whether a variable has a value.
    public func isSet(_ slot: UInt32) -> Bool {
        Int(slot) < slots.count && slots[Int(slot)].isSet
    }

    /// A variable's value with its bytes copied into `scratch`; nil when it has none.
    public func value(of slot: UInt32, into scratch: inout SampleScratch) -> Sample? {
        guard isSet(slot) else { return nil }
        let kept = slots[Int(slot)]
        guard kept.sample.type.isBytes else { return kept.sample }
        return scratch.copy(text(of: kept), as: kept.sample.type)
    }

    /// A variable's value without its bytes, for comparisons of numbers; nil when it has none.
    func peek(_ slot: UInt32) -> Sample? { isSet(slot) ? slots[Int(slot)].sample : nil }

    /// By how much the charge would grow if a variable were set to a sample; may be negative.
    func charge(of sample: Sample, for slot: UInt32) -> Int {
        let old = Int(slot) < slots.count ? slots[Int(slot)].charge : 0
        return Slot(isSet: true, sample: sample).charge - old
    }

    /// Sets a variable to a copy of a sample of `scratch`.
    mutating func set(_ slot: UInt32, to sample: Sample, in scratch: borrowing SampleScratch) {
        precondition(Int(slot) < VariableNames.countLimit, "no name has a number like this")
        while slots.count < max(expected, Int(slot) + 1) { slots.append(Slot()) }
        chargedBytes += charge(of: sample, for: slot)
        if sample.type.isBytes {
            // What is being replaced is not worth keeping while room is made.
            slots[Int(slot)].isSet = false
            keep(scratch.bytes(of: sample), for: Int(slot))
        }
        slots[Int(slot)].isSet = true
        slots[Int(slot)].sample = sample
        slots[Int(slot)].sample.flags = []
    }

    /// Forgets a variable's value.
    mutating func unset(_ slot: UInt32) {
        guard isSet(slot) else { return }
        chargedBytes -= slots[Int(slot)].charge
        slots[Int(slot)].isSet = false
    }

    @_lifetime(borrow self)
    private func text(of slot: Slot) -> Span<UInt8> {
        let start = Int(slot.start)
        return bytes.span.extracting(start..<start + slot.sample.byteCount)
    }

    private mutating func keep(_ text: Span<UInt8>, for slot: Int) {
        if text.count <= Int(slots[slot].room) {
            let start = Int(slots[slot].start)
            for index in 0..<text.count { bytes[start + index] = text[index] }
            return
        }
        packTexts(before: text.count)
        slots[slot].room = UInt32(text.count)
        slots[slot].start = UInt32(bytes.append(text))
    }

    /// Moves texts together when more than half of the block is given up, so that the block is
    /// about twice what the texts need.
    private mutating func packTexts(before more: Int) {
        var live = 0
        for index in 0..<slots.count { live += slots[index].byteCount }
        if bytes.count < 1024 || bytes.count < 2 * live { return }
        var packed = FlatList<UInt8>(capacity: live + more)
        for index in 0..<slots.count {
            let count = slots[index].byteCount
            let start = count > 0 ? packed.append(text(of: slots[index])) : 0
            slots[index].start = UInt32(start)
            slots[index].room = UInt32(count)
        }
        bytes = packed
    }
}
