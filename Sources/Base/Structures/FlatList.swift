// A growing list of plain values in one block. It grows only where it is written, on the control
// path; readers index it without a uniqueness check.

/// Owns any number of elements of a trivial type, in order.
@safe @frozen
public struct FlatList<Element: BitwiseCopyable>: ~Copyable {
    @usableFromInline var room: FixedArray<Element>
    /// How many elements there are.
    @inlinable public var count: Int { used }
    /// As `count`, to be changed.
    @usableFromInline var used: Int

    /// An empty list with room for `capacity` elements.
    @inlinable
    public init(capacity: Int = 0) {
        room = FixedArray(zeroed: capacity)
        used = 0
    }

    /// The element at `index`; traps when out of range.
    @inlinable
    public subscript(index: Int) -> Element {
        @inline(__always)
        get {
            precondition(index >= 0 && index < count)
            return room[index]
        }
        set {
            precondition(index >= 0 && index < count)
            room[index] = newValue
        }
    }

    /// All elements, in order.
    @inlinable
    public var span: Span<Element> {
        @_lifetime(borrow self)
        get { room.span.extracting(0..<count) }
    }

    /// Bytes reserved for elements.
    public var reservedBytes: Int { room.count * MemoryLayout<Element>.stride }

    /// Adds an element behind the last; amortised O(1).
    @inlinable
    public mutating func append(_ element: Element) {
        if count == room.count { grow(to: max(8, count * 2)) }
        room[count] = element
        used += 1
    }

    /// Adds all elements of a span behind the last and returns the index of the first.
    @inlinable
    @discardableResult
    public mutating func append(_ elements: Span<Element>) -> Int {
        let first = count
        if count + elements.count > room.count {
            grow(to: max(room.count * 2, count + elements.count))
        }
        room.copy(elements, at: first)
        used += elements.count
        return first
    }

    /// Removes the element at `index` and moves those behind it forward; O(n).
    @inlinable
    public mutating func remove(at index: Int) {
        precondition(index >= 0 && index < count)
        for place in index..<(count - 1) { room[place] = room[place + 1] }
        used -= 1
    }

    /// Removes the last element.
    @inlinable
    public mutating func removeLast() {
        precondition(count > 0)
        used -= 1
    }

    /// Removes all elements and keeps the room.
    @inlinable
    public mutating func removeAll() {
        used = 0
    }

    @inlinable
    mutating func grow(to capacity: Int) {
        var larger = FixedArray<Element>(zeroed: capacity)
        larger.copy(room.span.extracting(0..<count), at: 0)
        room = larger
    }
}

extension FlatList: Sendable where Element: Sendable {}
