// Slots named by index and generation. A handle of a slot that has been freed, or freed and used
// again, is recognised, which is how a late event for a recycled connection is dropped.

/// Names one slot of a ``Slab``: an index and the generation the slot had when it was filled.
@frozen
public struct Handle: Equatable, Sendable {
    public var index: UInt32
    public var generation: UInt32

    @inlinable @inline(__always)
    public init(index: UInt32, generation: UInt32) {
        self.index = index
        self.generation = generation
    }

    /// The handle no slot ever has.
    @inlinable @inline(__always)
    public static var none: Handle { Handle(index: .max, generation: .max) }

    @inlinable @inline(__always)
    public var isNone: Bool { index == .max }

    /// Both halves in one word, index low, for an event's user data.
    @inlinable @inline(__always)
    public var word: UInt64 { UInt64(generation) &<< 32 | UInt64(index) }

    @inlinable @inline(__always)
    public init(word: UInt64) {
        index = UInt32(truncatingIfNeeded: word)
        generation = UInt32(truncatingIfNeeded: word &>> 32)
    }
}

/// A flat table of slots with checked handles. Every access checks bounds and generation.
///
/// Memory for `capacity` slots is reserved at once and touched only when slots are first used.
@frozen
@safe
public struct Slab<Element: ~Copyable>: ~Copyable {
    @usableFromInline let base: UnsafeMutablePointer<Element>
    @usableFromInline let generations: UnsafeMutablePointer<UInt32>
    public let capacity: Int
    @usableFromInline var free: [UInt32]
    @usableFromInline var used: UInt32

    public init(capacity: Int) {
        precondition(capacity > 0 && capacity < Int(UInt32.max))
        // Safety: both blocks are owned by this value and freed in `deinit`.
        unsafe base = .allocate(capacity: capacity)
        unsafe generations = .allocate(capacity: capacity)
        self.capacity = capacity
        free = []
        used = 0
    }

    deinit {
        // Odd generations mark live slots.
        for index in 0..<Int(used) where unsafe generations[index] & 1 == 1 {
            // Safety: a live slot is initialised.
            unsafe (base + index).deinitialize(count: 1)
        }
        unsafe base.deallocate()
        unsafe generations.deallocate()
    }

    /// Number of live slots.
    @inlinable @inline(__always)
    public var count: Int { Int(used) &- free.count }

    @inlinable @inline(__always)
    public var isFull: Bool { free.isEmpty && Int(used) == capacity }

    /// One past the highest index ever used: the bound for a scan with ``handle(at:)``.
    @inlinable @inline(__always)
    public var highWater: Int { Int(used) }

    /// Fills a free slot; nil, and the element dropped, when the slab is full.
    @inlinable
    public mutating func insert(_ element: consuming Element) -> Handle? {
        let index: UInt32
        if let recycled = free.popLast() {
            index = recycled
        } else {
            guard Int(used) < capacity else { return nil }
            index = used
            used &+= 1
            // Safety: the index is below the capacity; first use of this slot.
            unsafe generations[Int(index)] = 0
        }
        // Safety: the slot is free, hence uninitialised; its even generation becomes odd.
        unsafe generations[Int(index)] &+= 1
        unsafe (base + Int(index)).initialize(to: element)
        return unsafe Handle(index: index, generation: generations[Int(index)])
    }

    /// Empties the slot, running the element's deinitialiser. Traps on a stale handle.
    @inlinable
    public mutating func remove(_ handle: Handle) {
        precondition(isLive(handle), "stale handle")
        // Safety: live means initialised; the generation change makes every other handle stale.
        unsafe (base + Int(handle.index)).deinitialize(count: 1)
        unsafe generations[Int(handle.index)] &+= 1
        free.append(handle.index)
    }

    /// Whether the handle still names what it named when it was made.
    @inlinable @inline(__always)
    public func isLive(_ handle: Handle) -> Bool {
        // Safety: the index is compared with `used`, which never exceeds the capacity.
        handle.index < used && (unsafe generations[Int(handle.index)]) == handle.generation
    }

    /// The live slot at an index, for scans.
    @inlinable @inline(__always)
    public func handle(at index: Int) -> Handle? {
        guard index >= 0 && index < Int(used) else { return nil }
        // Safety: the index is below `used`.
        let generation = unsafe generations[index]
        guard generation & 1 == 1 else { return nil }
        return Handle(index: UInt32(truncatingIfNeeded: index), generation: generation)
    }

    /// The element of a live slot. Traps on a stale handle.
    @inlinable
    public subscript(_ handle: Handle) -> Element {
        @inline(__always)
        unsafeAddress {
            precondition(isLive(handle), "stale handle")
            // Safety: live means in bounds and initialised.
            return unsafe UnsafePointer(base + Int(handle.index))
        }
        @inline(__always)
        unsafeMutableAddress {
            precondition(isLive(handle), "stale handle")
            // Safety: live means in bounds and initialised; `self` is held exclusively.
            return unsafe base + Int(handle.index)
        }
    }
}
