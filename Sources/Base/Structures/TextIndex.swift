// Exact look-up of byte strings: open addressing with linear probing over a seeded hash, and
// backward-shift removal, so that there are no tombstones. The strings live in a `TextStore` of
// the user's. A seed for each index keeps chosen strings from colliding.

import Bytes

/// Finds the number that belongs to a byte string.
@frozen
public struct TextIndex: ~Copyable, Sendable {
    @usableFromInline
    struct Slot: BitwiseCopyable, Sendable {
        @usableFromInline var hash: UInt32
        @usableFromInline var value: UInt32
        @usableFromInline var text: TextRange

        @usableFromInline
        init(hash: UInt32, value: UInt32, text: TextRange) {
            self.hash = hash
            self.value = value
            self.text = text
        }
    }

    /// Slots whose hash is zero are empty; there is a power of two of them, half used at most.
    @usableFromInline var slots: FixedArray<Slot>
    @usableFromInline let seed: UInt64
    /// How many strings are kept.
    public private(set) var count: Int
    /// A bit for each length, modulo 64, that a kept string has or had.
    @usableFromInline var lengths: UInt64 = 0

    /// An index without strings.
    public init(seed: UInt64 = .random(in: 0 ... .max)) {
        slots = FixedArray(zeroed: 16)
        self.seed = seed
        count = 0
    }

    /// The value of `text`, or nil. Letters may be compared without regard to case when the kept
    /// strings were folded.
    @inlinable
    public func find(_ text: Span<UInt8>, in store: borrowing TextStore, folded: Bool = false)
        -> UInt32?
    {
        // Most texts are of no kept length, which saves their hash.
        if lengths & (1 << (UInt64(truncatingIfNeeded: text.count) & 63)) == 0 { return nil }
        guard let place = place(of: text, in: store, folded: folded) else { return nil }
        return slots[place].value
    }

    /// How many strings a look-up of `text` is compared with in full.
    public func comparisons(_ text: Span<UInt8>) -> Int {
        let hash = Self.hash(text, seed: seed, folded: false)
        var place = Int(hash) & (slots.count - 1)
        var count = 0
        while slots[place].hash != 0 {
            if slots[place].hash == hash && slots[place].text.count == text.count { count += 1 }
            place = (place + 1) & (slots.count - 1)
        }
        return count
    }

    /// Gives the string at `text` of the store a value, in the place of the one it had.
    public mutating func insert(_ text: TextRange, _ value: UInt32, in store: borrowing TextStore) {
        if let place = place(of: store[text], in: store, folded: false) {
            slots[place].value = value
            return
        }
        if (count + 1) * 2 > slots.count { grow() }
        lengths |= 1 << (UInt64(text.count) & 63)
        let hash = Self.hash(store[text], seed: seed, folded: false)
        put(Slot(hash: hash, value: value, text: text))
        count += 1
    }

    /// Removes a string; nothing happens when it is not kept.
    public mutating func remove(_ text: Span<UInt8>, in store: borrowing TextStore) {
        guard var hole = place(of: text, in: store, folded: false) else { return }
        let mask = slots.count - 1
        var place = (hole + 1) & mask
        while slots[place].hash != 0 {
            let home = Int(slots[place].hash) & mask
            if (place - home) & mask >= (place - hole) & mask {
                slots[hole] = slots[place]
                hole = place
            }
            place = (place + 1) & mask
        }
        slots[hole] = Slot(hash: 0, value: 0, text: .empty)
        count -= 1
    }

    /// Removes the string at `text` of the store; nothing happens when it is not kept.
    public mutating func remove(_ text: TextRange, in store: borrowing TextStore) {
        remove(store[text], in: store)
    }

    @inlinable
    func place(of text: Span<UInt8>, in store: borrowing TextStore, folded: Bool) -> Int? {
        let hash = Self.hash(text, seed: seed, folded: folded)
        var place = Int(hash) & (slots.count &- 1)
        while slots[place].hash != 0 {
            let slot = slots[place]
            if slot.hash == hash && Int(slot.text.count) == text.count
                && Self.equal(store[slot.text], text, folded: folded)
            {
                return place
            }
            place = (place &+ 1) & (slots.count &- 1)
        }
        return nil
    }

    private mutating func put(_ slot: Slot) {
        var place = Int(slot.hash) & (slots.count - 1)
        while slots[place].hash != 0 { place = (place + 1) & (slots.count - 1) }
        slots[place] = slot
    }

    private mutating func grow() {
        let older = slots.count
        var larger = FixedArray<Slot>(zeroed: older * 2)
        swap(&larger, &slots)
        for index in 0..<older where larger[index].hash != 0 { put(larger[index]) }
    }

    @inlinable
    static func equal(_ kept: Span<UInt8>, _ text: Span<UInt8>, folded: Bool) -> Bool {
        var index = 0
        while index &+ 8 <= text.count {
            let word = text.load64(index)
            if kept.load64(index) != (folded ? word.asciiLowercased : word) { return false }
            index &+= 8
        }
        while index < text.count {
            let byte = folded ? text[index].asciiLowercased : text[index]
            if kept[index] != byte { return false }
            index &+= 1
        }
        return true
    }

    /// Never zero. Eight bytes at a time, each mixed by one multiplication to twice the width.
    @inlinable
    static func hash(_ text: Span<UInt8>, seed: UInt64, folded: Bool) -> UInt32 {
        var state = seed ^ UInt64(truncatingIfNeeded: text.count) &* 0x9E37_79B9_7F4A_7C15
        var index = 0
        while index &+ 8 <= text.count {
            let word = text.load64(index)
            state = mix(state ^ (folded ? word.asciiLowercased : word))
            index &+= 8
        }
        var rest: UInt64 = 0
        if index > 0 {
            // The last eight bytes, some of which were mixed already.
            if index < text.count { rest = text.load64(text.count &- 8) }
            if folded { rest = rest.asciiLowercased }
            index = text.count
        }
        var shift: UInt64 = 0
        while index < text.count {
            let byte = folded ? text[index].asciiLowercased : text[index]
            rest |= UInt64(byte) &<< shift
            shift &+= 8
            index &+= 1
        }
        state = mix(mix(state ^ rest) ^ seed)
        return UInt32(truncatingIfNeeded: state >> 32) | 1 << 31
    }

    @inlinable @inline(__always)
    static func mix(_ value: UInt64) -> UInt64 {
        let product = (value ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
        return product.high ^ product.low
    }
}
