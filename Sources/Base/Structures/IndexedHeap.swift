// A binary min-heap whose elements are small numbers, so that any of them can be moved or taken
// out in O(log n). Equal keys leave in the order in which they came.

/// A heap over the elements `0 ..< capacity`, each in it at most once, smallest key first.
@safe @frozen
public struct IndexedHeap: ~Copyable, Sendable {
    @frozen @usableFromInline
    struct Node: BitwiseCopyable, Sendable {
        @usableFromInline var key: UInt64
        /// Grows with each insertion: first come, first served among equal keys.
        @usableFromInline var ticket: UInt64
        @usableFromInline var element: UInt32

        @inlinable @inline(__always)
        init(key: UInt64, ticket: UInt64, element: UInt32) {
            self.key = key
            self.ticket = ticket
            self.element = element
        }

        @inlinable @inline(__always)
        func precedes(_ node: Node) -> Bool {
            key != node.key ? key < node.key : ticket < node.ticket
        }
    }

    @usableFromInline var nodes: FixedArray<Node>
    /// The place of each element in `nodes`, plus one; 0 while it is out.
    @usableFromInline var places: FixedArray<UInt32>
    @usableFromInline var used: Int
    @usableFromInline var tickets: UInt64

    /// An empty heap for the elements `0 ..< capacity`.
    public init(capacity: Int) {
        nodes = FixedArray(zeroed: capacity)
        places = FixedArray(zeroed: capacity)
        used = 0
        tickets = 0
    }

    /// How many elements are in the heap.
    @inlinable public var count: Int { used }

    /// Whether `element` is in the heap.
    @inlinable
    public func contains(_ element: Int) -> Bool { places[element] != 0 }

    /// The element with the smallest key and that key, or nil when the heap is empty.
    @inlinable
    public var first: (element: Int, key: UInt64)? {
        used == 0 ? nil : (Int(nodes[0].element), nodes[0].key)
    }

    /// The element that would be first if the first one were out.
    @inlinable
    public var second: (element: Int, key: UInt64)? {
        if used < 2 { return nil }
        let place = used > 2 && nodes[2].precedes(nodes[1]) ? 2 : 1
        return (Int(nodes[place].element), nodes[place].key)
    }

    /// The key of `element`, or nil while it is out.
    @inlinable
    public func key(of element: Int) -> UInt64? {
        places[element] == 0 ? nil : nodes[Int(places[element]) &- 1].key
    }

    /// Puts `element` in, behind all elements of the same key; moves it if it is in already.
    @inlinable
    public mutating func set(_ element: Int, key: UInt64) {
        tickets &+= 1
        let node = Node(key: key, ticket: tickets, element: UInt32(truncatingIfNeeded: element))
        if places[element] == 0 {
            used += 1
            rise(node, from: used &- 1)
            return
        }
        replace(at: Int(places[element]) &- 1, with: node)
    }

    /// Takes `element` out; nothing happens if it is out already.
    @inlinable
    public mutating func remove(_ element: Int) {
        let place = Int(places[element]) &- 1
        if place < 0 { return }
        places[element] = 0
        used &-= 1
        if place < used {
            let last = nodes[used]
            replace(at: place, with: last)
        }
    }

    @inlinable
    mutating func replace(at place: Int, with node: Node) {
        if place > 0 && node.precedes(nodes[(place &- 1) / 2]) {
            rise(node, from: place)
        } else {
            sink(node, from: place)
        }
    }

    @inlinable
    mutating func rise(_ node: Node, from start: Int) {
        var place = start
        while place > 0 {
            let parent = (place &- 1) / 2
            if !node.precedes(nodes[parent]) { break }
            put(nodes[parent], at: place)
            place = parent
        }
        put(node, at: place)
    }

    @inlinable
    mutating func sink(_ node: Node, from start: Int) {
        var place = start
        while true {
            var child = 2 &* place &+ 1
            if child >= used { break }
            if child &+ 1 < used && nodes[child &+ 1].precedes(nodes[child]) { child &+= 1 }
            if !nodes[child].precedes(node) { break }
            put(nodes[child], at: place)
            place = child
        }
        put(node, at: place)
    }

    @inlinable @inline(__always)
    mutating func put(_ node: Node, at place: Int) {
        nodes[place] = node
        places[Int(node.element)] = UInt32(truncatingIfNeeded: place &+ 1)
    }
}
