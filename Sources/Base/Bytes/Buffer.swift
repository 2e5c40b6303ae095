// A pooled byte buffer with one owner. Bytes live in `head ..< tail` of a fixed block; appending
// writes at the tail, consuming advances the head. Buffers are moved between the two sides of a
// stream, never copied.

/// A fixed-capacity byte buffer with a single owner.
///
/// A buffer without storage (`Buffer.none`) has a capacity of zero. Storage comes from a
/// ``BufferPool`` and goes back to it through ``BufferPool/give(_:)``; a buffer that is dropped
/// instead frees its block.
@frozen
@safe
public struct Buffer: ~Copyable {
    @usableFromInline var base: UnsafeMutablePointer<UInt8>?
    /// Size of the block in bytes.
    @usableFromInline var blockBytes: Int
    @usableFromInline var head: Int
    @usableFromInline var tail: Int

    /// A buffer without storage.
    @inlinable @inline(__always)
    public init() {
        // Safety: without a block nothing is read or written; the capacity is 0.
        unsafe base = nil
        blockBytes = 0
        head = 0
        tail = 0
    }

    /// Allocates a block of `capacity` bytes outside any pool.
    @inlinable
    public init(capacity: Int) {
        precondition(capacity > 0)
        // Safety: the buffer owns the block and gives it back once.
        unsafe base = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        blockBytes = capacity
        head = 0
        tail = 0
    }

    @inlinable
    deinit {
        // Safety: `base` is owned by this value alone and is freed once, here.
        if let base = unsafe base { unsafe base.deallocate() }
    }

    /// Size of the block in bytes; zero without a block.
    @inlinable @inline(__always)
    public var capacity: Int { blockBytes }

    /// Whether the buffer owns a block.
    @inlinable @inline(__always)
    public var hasStorage: Bool { capacity != 0 }

    /// Number of bytes held.
    @inlinable @inline(__always)
    public var count: Int { tail &- head }

    @inlinable @inline(__always)
    public var isEmpty: Bool { head == tail }

    /// Bytes that fit behind the tail without compaction.
    @inlinable @inline(__always)
    public var room: Int { capacity &- tail }

    /// Bytes that fit after compaction.
    @inlinable @inline(__always)
    public var freeCount: Int { capacity &- (tail &- head) }

    /// The bytes held, in order.
    @inlinable
    public var span: Span<UInt8> {
        @_lifetime(borrow self)
        @inline(__always)
        get {
            // Safety: `head ..< tail` is inside the block and initialised; the span's lifetime is
            // tied to the borrow of this buffer.
            let bytes = unsafe UnsafeBufferPointer(
                start: base.map { unsafe UnsafePointer($0 + head) }, count: tail &- head)
            let span = unsafe Span(_unsafeElements: bytes)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The start of the held bytes, for system calls only.
    ///
    /// Safety: valid for `count` bytes until the buffer is next changed or dropped.
    @inlinable @inline(__always)
    public var unsafeStart: UnsafeMutablePointer<UInt8>? {
        // Safety: `head` is inside the block.
        unsafe base.map { unsafe $0 + head }
    }

    /// The start of the free room behind the tail, for system calls only.
    ///
    /// Safety: valid for `room` bytes until the buffer is next changed or dropped.
    @inlinable @inline(__always)
    public var unsafeRoom: UnsafeMutablePointer<UInt8>? {
        // Safety: `tail` is inside the block or one past its end.
        unsafe base.map { unsafe $0 + tail }
    }

    /// Records that `count` bytes were written into the room behind the tail.
    @inlinable @inline(__always)
    public mutating func advanceTail(_ count: Int) {
        precondition(count >= 0 && count <= capacity &- tail)
        tail &+= count
    }

    /// Drops `count` bytes from the front.
    @inlinable @inline(__always)
    public mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= tail &- head)
        head &+= count
        if head == tail {
            head = 0
            tail = 0
        }
    }

    /// Drops `count` bytes from the end.
    @inlinable @inline(__always)
    public mutating func dropLast(_ count: Int) {
        precondition(count >= 0 && count <= tail &- head)
        tail &-= count
    }

    /// Whether nothing was dropped from the front of what was appended.
    @inlinable @inline(__always)
    public var isWhole: Bool { head == 0 }

    /// Holds the first `count` bytes of the block again, which were dropped from the front; nothing
    /// may have been appended since.
    @inlinable @inline(__always)
    public mutating func restore(_ count: Int) {
        precondition(count >= tail && count <= capacity)
        head = 0
        tail = count
    }

    /// Forgets all bytes; the block stays.
    @inlinable @inline(__always)
    public mutating func removeAll() {
        head = 0
        tail = 0
    }

    /// Moves the held bytes to the front of the block.
    @inlinable
    public mutating func compact() {
        guard head > 0, let base = unsafe base else { return }
        let held = count
        // Safety: both ranges are inside the block; `update` allows overlap.
        unsafe base.update(from: base + head, count: held)
        head = 0
        tail = held
    }

    /// Removes `length` bytes that begin `offset` bytes after the front.
    ///
    /// The bytes before the gap move: framing pieces are removed close to the front.
    @inlinable
    public mutating func remove(at offset: Int, length: Int) {
        precondition(offset >= 0 && length >= 0 && offset <= count && length <= count &- offset)
        guard length > 0, let base = unsafe base else { return }
        // Safety: source and destination are inside `head ..< tail`; `update` allows overlap.
        unsafe (base + (head &+ length)).update(from: base + head, count: offset)
        head &+= length
        if head == tail {
            head = 0
            tail = 0
        }
    }

    /// Takes the contents away, leaving a buffer without storage.
    @inlinable @inline(__always)
    public mutating func take() -> Buffer {
        var taken = Buffer()
        swap(&taken, &self)
        return taken
    }
}

extension Buffer {
    /// Appends one byte; false when there is no room.
    @inlinable @inline(__always) @discardableResult
    public mutating func append(_ byte: UInt8) -> Bool {
        guard tail < capacity, let base = unsafe base else { return false }
        // Safety: `tail` is inside the block.
        unsafe base[tail] = byte
        tail &+= 1
        return true
    }

    /// Appends all bytes of `span`; false, and nothing appended, when there is no room.
    @inlinable @inline(__always) @discardableResult
    public mutating func append(_ span: Span<UInt8>) -> Bool {
        let length = span.count
        guard length <= capacity &- tail else { return false }
        guard length > 0, let base = unsafe base else { return true }
        // Safety: `length` bytes fit behind the tail; the source is a live span and cannot overlap
        // this uniquely owned block while it is being mutated.
        unsafe span.withUnsafeBufferPointer { source in
            unsafe (base + tail).update(from: source.baseAddress!, count: length)
        }
        tail &+= length
        return true
    }

    /// Appends the end of a line, CRLF; false, and nothing appended, when there is no room.
    @inlinable @inline(__always) @discardableResult
    public mutating func appendLineEnd() -> Bool {
        guard capacity &- tail >= 2, let base = unsafe base else { return false }
        // Safety: two bytes fit behind the tail.
        unsafe base[tail] = 0x0D
        unsafe base[tail &+ 1] = 0x0A
        tail &+= 2
        return true
    }

    /// Appends a literal; false, and nothing appended, when there is no room.
    @inlinable @inline(__always) @discardableResult
    public mutating func append(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard length <= capacity &- tail else { return false }
        guard length > 0, let base = unsafe base else { return true }
        // Safety: a static string's bytes live for ever and are `length` long.
        unsafe (base + tail).update(from: text.utf8Start, count: length)
        tail &+= length
        return true
    }

    /// Appends the bytes of an array; false, and nothing appended, when there is no room.
    @inlinable @discardableResult
    public mutating func append(_ bytes: [UInt8]) -> Bool {
        append(bytes.span)
    }

    /// Appends `value` in decimal; false, and nothing appended, when there is no room.
    @inlinable @discardableResult
    public mutating func append(decimal value: UInt64) -> Bool {
        var digits = 1
        var rest = value
        while rest >= 10 {
            rest /= 10
            digits &+= 1
        }
        guard digits <= capacity &- tail, let base = unsafe base else { return false }
        rest = value
        var index = tail &+ digits
        repeat {
            index &-= 1
            // Safety: `index` runs down inside the `digits` bytes reserved above.
            unsafe base[index] = UInt8(truncatingIfNeeded: 48 &+ rest % 10)
            rest /= 10
        } while index > tail
        tail &+= digits
        return true
    }

    /// Appends `value` in decimal with a leading minus where negative.
    @inlinable @discardableResult
    public mutating func append(decimal value: Int) -> Bool {
        if value >= 0 { return append(decimal: UInt64(value)) }
        return append(45) && append(decimal: UInt64(value.magnitude))
    }

    /// Appends `value` in lower-case hexadecimal without leading zeros.
    @inlinable @discardableResult
    public mutating func append(hexadecimal value: UInt64) -> Bool {
        let digits = max(1, (67 &- value.leadingZeroBitCount) / 4)
        guard digits <= capacity &- tail, let base = unsafe base else { return false }
        for position in 0..<digits {
            let nibble = UInt8(
                truncatingIfNeeded: (value &>> UInt64(4 &* (digits &- 1 &- position))) & 15)
            // Safety: `position` is below `digits`, which fit behind the tail.
            unsafe base[tail &+ position] = nibble < 10 ? 48 &+ nibble : 87 &+ nibble
        }
        tail &+= digits
        return true
    }

    /// Overwrites the byte at `index` counted from the front.
    @inlinable @inline(__always)
    public mutating func set(_ byte: UInt8, at index: Int) {
        precondition(index >= 0 && index < tail &- head)
        // Safety: the precondition keeps the index inside the held bytes.
        unsafe base.unsafelyUnwrapped[head &+ index] = byte
    }
}
