// A path-compressed binary tree of bit prefixes: networks of IPv4 (`UInt32`) and of IPv6
// (`UInt128`). A node is a prefix that is kept, or the point where two of them part, so that there
// are fewer than two nodes for each prefix.

/// Prefixes of `Key`, each with a number that its user gives meaning to.
@frozen
public struct PrefixTree<Key: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable>:
    ~Copyable, Sendable
{
    /// A prefix and the subtrees of the longer ones that begin with it.
    ///
    /// Bits of `key` behind `length` are zero. `none` stands for no child and no value.
    @usableFromInline
    struct Node: BitwiseCopyable, Sendable {
        @usableFromInline var key: Key
        @usableFromInline var value: UInt32
        @usableFromInline var zero: UInt32
        @usableFromInline var one: UInt32
        @usableFromInline var length: UInt8

        @usableFromInline
        init(key: Key, length: Int, value: UInt32) {
            self.key = key
            self.length = UInt8(length)
            self.value = value
            zero = Node.none
            one = Node.none
        }

        @usableFromInline static var none: UInt32 { .max }
    }

    @usableFromInline var nodes: FlatList<Node>
    /// The first of the nodes that are free, linked through `zero`.
    @usableFromInline var free: UInt32
    @usableFromInline var root: UInt32
    /// How many prefixes are kept.
    @inlinable public var count: Int { kept }
    /// As `count`, to be changed.
    @usableFromInline var kept: Int

    /// A tree without prefixes.
    @inlinable
    public init() {
        nodes = FlatList()
        free = .max
        root = .max
        kept = 0
        inUse = 0
    }

    /// How many nodes there are, for tests of the memory bound.
    @inlinable public var nodeCount: Int { inUse }
    /// As `nodeCount`, to be changed.
    @usableFromInline var inUse: Int

    /// The value of the longest prefix that `key` begins with, or nil.
    ///
    /// Visits at most one node for each bit of the key.
    @inlinable
    public func longestMatch(_ key: Key) -> UInt32? {
        var found = Node.none
        var place = root
        while place != Node.none {
            let node = nodes[Int(place)]
            if (node.key ^ key) & Self.mask(Int(node.length)) != 0 { break }
            if node.value != Node.none { found = node.value }
            if node.length == UInt8(Key.bitWidth) { break }
            place = Self.bit(Int(node.length), of: key) ? node.one : node.zero
        }
        return found == Node.none ? nil : found
    }

    /// The value of the shortest prefix that `key` begins with, or nil.
    @inlinable
    public func shortestMatch(_ key: Key) -> UInt32? {
        var place = root
        while place != Node.none {
            let node = nodes[Int(place)]
            if (node.key ^ key) & Self.mask(Int(node.length)) != 0 { return nil }
            if node.value != Node.none { return node.value }
            if node.length == UInt8(Key.bitWidth) { return nil }
            place = Self.bit(Int(node.length), of: key) ? node.one : node.zero
        }
        return nil
    }

    /// How many nodes a look-up of `key` visits.
    public func steps(for key: Key) -> Int {
        var place = root
        var count = 0
        while place != Node.none {
            let node = nodes[Int(place)]
            count += 1
            if (node.key ^ key) & Self.mask(Int(node.length)) != 0 { break }
            if node.length == UInt8(Key.bitWidth) { break }
            place = Self.bit(Int(node.length), of: key) ? node.one : node.zero
        }
        return count
    }

    /// The value of exactly this prefix; nil when it is not kept. Setting nil removes it.
    ///
    /// Bits of the key behind the length are of no matter. The value `.max` is not allowed.
    @inlinable
    public subscript(key: Key, length: Int) -> UInt32? {
        get {
            let wanted = key & Self.mask(length)
            let place = find(wanted, length).place
            guard place != Node.none else { return nil }
            let value = nodes[Int(place)].value
            return value == Node.none ? nil : value
        }
        set {
            precondition(length >= 0 && length <= Key.bitWidth)
            if let newValue {
                precondition(newValue != Node.none)
                insert(key & Self.mask(length), length, newValue)
            } else {
                remove(key & Self.mask(length), length)
            }
        }
    }

    @inlinable @inline(__always)
    static func mask(_ length: Int) -> Key {
        length == 0 ? 0 : ~0 << Key(Key.bitWidth - length)
    }

    @inlinable @inline(__always)
    static func bit(_ index: Int, of key: Key) -> Bool {
        key >> Key(Key.bitWidth - 1 - index) & 1 != 0
    }
}

extension PrefixTree {
    /// A node's place and those above it; `none` where there is none.
    @usableFromInline
    struct Found {
        @usableFromInline var place: UInt32
        @usableFromInline var parent: UInt32
        @usableFromInline var grandparent: UInt32

        @usableFromInline
        init(place: UInt32) {
            self.place = place
            parent = .max
            grandparent = .max
        }
    }

    @inlinable
    func find(_ key: Key, _ length: Int) -> Found {
        var found = Found(place: root)
        while found.place != Node.none {
            let node = nodes[Int(found.place)]
            let own = Int(node.length)
            if own > length || (node.key ^ key) & Self.mask(own) != 0 { break }
            if own == length { return found }
            found.grandparent = found.parent
            found.parent = found.place
            found.place = Self.bit(own, of: key) ? node.one : node.zero
        }
        found.place = Node.none
        return found
    }

    @inlinable
    mutating func insert(_ key: Key, _ length: Int, _ value: UInt32) {
        var parent = Node.none
        var place = root
        while place != Node.none {
            let node = nodes[Int(place)]
            let own = Int(node.length)
            let shared = min((node.key ^ key).leadingZeroBitCount, own, length)
            if shared < own {
                part(place, from: parent, at: shared, key, length, value)
                return
            }
            if own == length {
                if node.value == Node.none { kept += 1 }
                nodes[Int(place)].value = value
                return
            }
            parent = place
            place = Self.bit(own, of: key) ? node.one : node.zero
        }
        let leaf = make(Node(key: key, length: length, value: value))
        link(leaf, below: parent, key)
        kept += 1
    }

    /// Puts the new prefix above `place`, or a node without a value above both.
    @inlinable
    mutating func part(
        _ place: UInt32, from parent: UInt32, at shared: Int, _ key: Key, _ length: Int,
        _ value: UInt32
    ) {
        let older = nodes[Int(place)].key
        kept += 1
        if shared == length {
            let above = make(Node(key: key, length: length, value: value))
            link(above, below: parent, key)
            link(place, below: above, older)
            return
        }
        let fork = make(Node(key: key & Self.mask(shared), length: shared, value: Node.none))
        let leaf = make(Node(key: key, length: length, value: value))
        link(fork, below: parent, key)
        link(place, below: fork, older)
        link(leaf, below: fork, key)
    }

    @inlinable
    mutating func remove(_ key: Key, _ length: Int) {
        let found = find(key, length)
        guard found.place != Node.none, nodes[Int(found.place)].value != Node.none else { return }
        nodes[Int(found.place)].value = Node.none
        kept -= 1
        let node = nodes[Int(found.place)]
        if node.zero != Node.none && node.one != Node.none { return }
        let child = node.zero == Node.none ? node.one : node.zero
        link(child, below: found.parent, key)
        discard(found.place)
        // A fork that is left with one side is of no more use.
        guard child == Node.none, found.parent != Node.none else { return }
        let fork = nodes[Int(found.parent)]
        guard fork.value == Node.none else { return }
        let rest = fork.zero == Node.none ? fork.one : fork.zero
        link(rest, below: found.grandparent, fork.key)
        discard(found.parent)
    }

    /// Makes `child` the subtree of `parent` on the side of `key`.
    @inlinable
    mutating func link(_ child: UInt32, below parent: UInt32, _ key: Key) {
        if parent == Node.none {
            root = child
        } else if Self.bit(Int(nodes[Int(parent)].length), of: key) {
            nodes[Int(parent)].one = child
        } else {
            nodes[Int(parent)].zero = child
        }
    }

    @inlinable
    mutating func make(_ node: Node) -> UInt32 {
        inUse += 1
        if free != Node.none {
            let place = free
            free = nodes[Int(place)].zero
            nodes[Int(place)] = node
            return place
        }
        nodes.append(node)
        return UInt32(nodes.count - 1)
    }

    @inlinable
    mutating func discard(_ place: UInt32) {
        inUse -= 1
        nodes[Int(place)].zero = free
        free = place
    }
}
