// Timers by the million: six wheels of 64 slots, one tick a millisecond, entries named by index.
// Setting, moving and cancelling cost O(1) and allocate nothing. A deadline that moves later is
// only noted: the entry is linked again when its old slot comes up.

/// A hierarchical timer wheel over entries `0 ..< capacity`.
///
/// Level *n* holds deadlines that differ from the wheel's clock first in bits `6n ..< 6n + 6`:
/// ```
/// level   0: 64 slots of 1 ms      level 3: 64 slots of 4.4 min
/// level   1: 64 slots of 64 ms     level 4: 64 slots of 4.7 h
/// level   2: 64 slots of 4.1 s     level 5: 64 slots of 12.4 days (later deadlines wait there)
/// ```
/// Time is a number of milliseconds that never goes back. Use: `advance(to:limit:)`, then
/// `popExpired()` until it answers nil; entries may be set and cancelled in between.
@safe @frozen
public struct TimerWheel: ~Copyable {
    /// One entry: 16 bytes, all zero while the timer is off.
    @frozen @usableFromInline
    struct Entry: BitwiseCopyable {
        /// When it is due.
        @usableFromInline var deadline: UInt64
        /// The following entry of the slot, plus one; 0 ends the list.
        @usableFromInline var next: UInt32
        /// 0: off. Top bit set: first of that slot. Otherwise the entry before, plus one.
        @usableFromInline var previous: UInt32
    }

    @usableFromInline static var levels: Int { 6 }
    @usableFromInline static var expiredSlot: Int { 6 * 64 }
    @usableFromInline static var headMark: UInt32 { 0x8000_0000 }

    @usableFromInline var entries: FixedArray<Entry>
    /// First entry of each slot, plus one; the last element lists the expired ones.
    @usableFromInline var heads: InlineArray<385, UInt32>
    /// Last entry of the expired list, plus one, so that expiry keeps its order.
    @usableFromInline var expiredTail: UInt32
    /// Which slots of each level hold entries; the last word tells whether any has expired.
    @usableFromInline var occupied: InlineArray<7, UInt64>
    /// The time up to which slots have been emptied; deadlines not after it are expired.
    @usableFromInline var clock: UInt64
    /// The slot being emptied when `advance` ran into its limit.
    @usableFromInline var unfinishedSlot: Int?
    /// How many timers are on.
    @inlinable public var count: Int { armed }
    @usableFromInline var armed: Int

    /// A wheel with every timer off, starting at `now` (milliseconds).
    public init(capacity: Int, now: UInt64) {
        precondition(capacity >= 0 && capacity < Int(Self.headMark))
        entries = FixedArray(zeroed: capacity)
        heads = InlineArray(repeating: 0)
        expiredTail = 0
        occupied = InlineArray(repeating: 0)
        clock = now
        unfinishedSlot = nil
        armed = 0
    }

    /// How many entries there are.
    public var capacity: Int { entries.count }

    /// Whether the timer of `index` is on.
    @inlinable
    public func isSet(_ index: UInt32) -> Bool { entries[Int(index)].previous != 0 }

    /// When the timer of `index` is due, or nil while it is off.
    @inlinable
    public func deadline(of index: UInt32) -> UInt64? {
        isSet(index) ? entries[Int(index)].deadline : nil
    }

    /// Turns the timer of `index` on, or moves it. One store when it moves later.
    ///
    /// A deadline that has passed is delivered by the next `popExpired()`.
    @inlinable
    public mutating func set(_ index: UInt32, deadline: UInt64) {
        let position = Int(index)
        if entries[position].previous != 0 {
            if deadline >= entries[position].deadline {
                entries[position].deadline = deadline
                return
            }
            unlink(index)
        }
        entries[position].deadline = deadline
        link(index)
    }

    /// Turns the timer of `index` off; nothing happens if it is off already.
    @inlinable
    public mutating func cancel(_ index: UInt32) {
        if entries[Int(index)].previous != 0 { unlink(index) }
    }

    /// A time no later than the first deadline, or nil when no timer is on. May be in the past.
    ///
    /// It is exact within 64 ms of the clock and the start of the first occupied slot beyond.
    ///
    /// It changes nothing: what only reads would be given a copy of the wheel.
    @inlinable
    public mutating func nextDeadline() -> UInt64? {
        if occupied[Self.levels] != 0 || unfinishedSlot != nil { return clock }
        return firstOccupied()?.start
    }

    /// Moves the clock to `now` and what is due to the expired list, touching at most `limit`
    /// entries.
    ///
    /// Answers false when the limit was reached: call again after delivering what has expired.
    public mutating func advance(to now: UInt64, limit: Int) -> Bool {
        var budget = limit
        while true {
            let slot: Int
            if let unfinished = unfinishedSlot {
                slot = unfinished
            } else if let first = firstOccupied(), first.start <= now {
                clock = max(clock, first.start)
                slot = first.slot
            } else {
                clock = max(clock, now)
                return true
            }
            unfinishedSlot = slot
            while heads[slot] != 0 {
                if budget <= 0 { return false }
                budget -= 1
                let index = heads[slot] &- 1
                unlink(index)
                link(index)
            }
            unfinishedSlot = nil
        }
    }

    /// Takes one expired entry off the list, earliest first, and turns its timer off.
    @inlinable
    public mutating func popExpired() -> UInt32? {
        while heads[Self.expiredSlot] != 0 {
            let index = heads[Self.expiredSlot] &- 1
            unlink(index)
            if entries[Int(index)].deadline <= clock { return index }
            link(index)
        }
        return nil
    }

    // MARK: Slots

    /// The earliest occupied slot of the wheels and the time at which it begins.
    @inlinable
    func firstOccupied() -> (slot: Int, start: UInt64)? {
        var level = 0
        while level < Self.levels {
            let bitmap = occupied[level]
            if bitmap != 0 {
                let shift = UInt64(level &* 6)
                let turn = clock &>> shift
                let here = turn & 63
                let rotated = (bitmap &>> here) | (bitmap &<< ((64 &- here) & 63))
                let distance = UInt64(rotated.trailingZeroBitCount)
                let slot = level &* 64 &+ Int((here &+ distance) & 63)
                return (slot, (turn &+ distance) &<< shift)
            }
            level &+= 1
        }
        return nil
    }

    /// The slot for a deadline, by the highest bit in which it differs from the clock.
    @inlinable
    func slot(for deadline: UInt64) -> Int {
        if deadline <= clock { return Self.expiredSlot }
        let difference = deadline ^ clock
        let level = (63 &- difference.leadingZeroBitCount) / 6
        if level < Self.levels &- 1 {
            return level &* 64 &+ Int((deadline &>> UInt64(level &* 6)) & 63)
        }
        let top = UInt64((Self.levels &- 1) &* 6)
        let turn = clock &>> top
        let distance = min((deadline &>> top) &- turn, 63)
        return (Self.levels &- 1) &* 64 &+ Int((turn &+ distance) & 63)
    }

    @inlinable
    mutating func link(_ index: UInt32) {
        let slot = slot(for: entries[Int(index)].deadline)
        let name = index &+ 1
        armed &+= 1
        if slot == Self.expiredSlot {
            appendExpired(index)
            return
        }
        let first = heads[slot]
        if first != 0 { entries[Int(first &- 1)].previous = name }
        entries[Int(index)].next = first
        entries[Int(index)].previous = Self.headMark | UInt32(truncatingIfNeeded: slot)
        heads[slot] = name
        occupied[slot &>> 6] |= 1 &<< UInt64(slot & 63)
    }

    @inlinable
    mutating func appendExpired(_ index: UInt32) {
        let name = index &+ 1
        entries[Int(index)].next = 0
        if expiredTail == 0 {
            heads[Self.expiredSlot] = name
            entries[Int(index)].previous =
                Self.headMark | UInt32(truncatingIfNeeded: Self.expiredSlot)
            occupied[Self.levels] = 1
        } else {
            entries[Int(expiredTail &- 1)].next = name
            entries[Int(index)].previous = expiredTail
        }
        expiredTail = name
    }

    @inlinable
    mutating func unlink(_ index: UInt32) {
        let next = entries[Int(index)].next
        let previous = entries[Int(index)].previous
        assert(previous != 0)
        armed &-= 1
        entries[Int(index)].previous = 0
        if next != 0 { entries[Int(next &- 1)].previous = previous }
        if expiredTail == index &+ 1 {
            expiredTail = previous & Self.headMark != 0 ? 0 : previous
        }
        if previous & Self.headMark == 0 {
            entries[Int(previous &- 1)].next = next
            return
        }
        let slot = Int(previous & ~Self.headMark)
        heads[slot] = next
        if next == 0 { occupied[slot &>> 6] &= ~(1 &<< UInt64(slot & 63)) }
    }
}
