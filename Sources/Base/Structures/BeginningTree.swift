// Look-up of byte strings by their beginnings: a path-compressed tree that parts at bits, so that a
// node has two children whatever bytes occur. A look-up compares each byte of the text once. Trees
// of strings that are kept backward find the endings of texts.

import Bytes

/// Byte strings of which those that a text begins with are wanted.
@frozen
public struct BeginningTree: ~Copyable, Sendable {
    /// A beginning of `bitCount` bits of `text`, kept when `value` is not `none`.
    @usableFromInline
    struct Node: BitwiseCopyable, Sendable {
        @usableFromInline var text: UInt32
        @usableFromInline var bitCount: UInt32
        @usableFromInline var value: UInt32
        @usableFromInline var zero: UInt32
        @usableFromInline var one: UInt32

        @usableFromInline
        init(text: UInt32, bitCount: Int, value: UInt32) {
            self.text = text
            self.bitCount = UInt32(bitCount)
            self.value = value
            zero = Node.none
            one = Node.none
        }

        @usableFromInline static var none: UInt32 { .max }
    }

    @usableFromInline var nodes: FlatList<Node>
    @usableFromInline var root: UInt32
    private var free: UInt32
    /// How many strings are kept.
    public private(set) var count: Int
    /// How many nodes there are, for tests of the memory bound.
    public private(set) var nodeCount: Int

    /// A tree without strings.
    public init() {
        nodes = FlatList()
        root = .max
        free = .max
        count = 0
        nodeCount = 0
    }

    /// The value of the longest kept string that `text` begins with, or nil.
    ///
    /// Letters may be compared without regard to case when the kept strings were folded.
    @inlinable
    public func longestMatch(
        _ text: Span<UInt8>, in store: borrowing TextStore, folded: Bool = false
    ) -> UInt32? {
        var found = Node.none
        forEachMatch(text, from: 0, in: store, folded: folded) { found = $0 }
        return found == Node.none ? nil : found
    }

    /// Hands `body` the value of each kept string that stands in `text` from `start` on, the
    /// shortest first; with `backward`, each whose bytes stand there read towards the text's start.
    ///
    /// Letters may be compared without regard to case when the kept strings were folded.
    @inlinable @inline(__always)
    public func forEachMatch(
        _ text: Span<UInt8>, from start: Int, backward: Bool = false,
        in store: borrowing TextStore, folded: Bool = false, _ body: (_ value: UInt32) -> Void
    ) {
        let step = backward ? -1 : 1
        let count = backward ? start &+ 1 : text.count &- start
        precondition(count >= 0 && count <= text.count)
        var place = root
        var compared = 0
        while place != Node.none {
            let node = nodes[Int(place)]
            let bits = Int(node.bitCount)
            if bits > count &* 8 { return }
            let own = store[TextRange(start: node.text, count: (node.bitCount &+ 7) >> 3)]
            while compared &+ 8 <= bits {
                let index = compared >> 3
                if own[index] != Self.byte(text, start &+ index &* step, folded) { return }
                compared &+= 8
            }
            if bits & 7 != 0 {
                let index = bits >> 3
                let different = own[index] ^ Self.byte(text, start &+ index &* step, folded)
                if different >> UInt8(8 &- bits & 7) != 0 { return }
            }
            if node.value != Node.none { body(node.value) }
            if bits == count &* 8 { return }
            let next = Self.byte(text, start &+ (bits >> 3) &* step, folded)
            place = next >> UInt8(7 &- bits & 7) & 1 != 0 ? node.one : node.zero
        }
    }

    @inlinable @inline(__always)
    static func byte(_ text: Span<UInt8>, _ index: Int, _ folded: Bool) -> UInt8 {
        folded ? text[index].asciiLowercased : text[index]
    }

    @inlinable @inline(__always)
    static func bit(_ text: Span<UInt8>, _ index: Int, _ folded: Bool) -> Bool {
        byte(text, index >> 3, folded) >> UInt8(7 &- index & 7) & 1 != 0
    }
}

extension BeginningTree {
    /// Gives the string at `text` of the store a value, in the place of the one it had.
    public mutating func insert(_ text: TextRange, _ value: UInt32, in store: borrowing TextStore) {
        precondition(value != Node.none && text.count < UInt32.max / 8)
        let key = store[text]
        let length = key.count * 8
        var parent = Node.none
        var place = root
        while place != Node.none {
            let node = nodes[Int(place)]
            let own = Int(node.bitCount)
            let shared = sharedBits(key, with: node, in: store)
            if shared < own {
                part(place, from: parent, at: shared, text, value, in: store)
                return
            }
            if own == length {
                if node.value == Node.none { count += 1 }
                nodes[Int(place)].value = value
                nodes[Int(place)].text = text.start
                return
            }
            parent = place
            place = Self.bit(key, own, false) ? node.one : node.zero
        }
        let leaf = make(Node(text: text.start, bitCount: length, value: value))
        link(leaf, below: parent, key)
        count += 1
    }

    /// Removes a string; nothing happens when it is not kept. The store must still hold it.
    public mutating func remove(_ key: Span<UInt8>, in store: borrowing TextStore) {
        let length = key.count * 8
        var grandparent = Node.none
        var parent = Node.none
        var place = root
        while place != Node.none {
            let node = nodes[Int(place)]
            let own = Int(node.bitCount)
            if own > length || sharedBits(key, with: node, in: store) < own { return }
            if own == length { break }
            grandparent = parent
            parent = place
            place = Self.bit(key, own, false) ? node.one : node.zero
        }
        guard place != Node.none, nodes[Int(place)].value != Node.none else { return }
        nodes[Int(place)].value = Node.none
        count -= 1
        let node = nodes[Int(place)]
        if node.zero != Node.none && node.one != Node.none { return }
        let child = node.zero == Node.none ? node.one : node.zero
        link(child, below: parent, key)
        discard(place)
        // A fork that is left with one side is of no more use.
        guard child == Node.none, parent != Node.none else { return }
        let fork = nodes[Int(parent)]
        guard fork.value == Node.none else { return }
        let rest = fork.zero == Node.none ? fork.one : fork.zero
        link(rest, below: grandparent, key)
        discard(parent)
    }

    /// The value of exactly this string; nil when it is not kept.
    public func value(_ key: Span<UInt8>, in store: borrowing TextStore) -> UInt32? {
        let length = key.count * 8
        var place = root
        while place != Node.none {
            let node = nodes[Int(place)]
            let own = Int(node.bitCount)
            if own > length || sharedBits(key, with: node, in: store) < own { return nil }
            if own == length { return node.value == Node.none ? nil : node.value }
            place = Self.bit(key, own, false) ? node.one : node.zero
        }
        return nil
    }

    /// Removes the string at `text` of the store; nothing happens when it is not kept.
    public mutating func remove(_ text: TextRange, in store: borrowing TextStore) {
        remove(store[text], in: store)
    }

    /// How many bits the key shares with a node, the node's own length at most.
    private func sharedBits(
        _ key: Span<UInt8>, with node: Node, in store: borrowing TextStore
    ) -> Int {
        let limit = min(Int(node.bitCount), key.count * 8)
        let own = store[TextRange(start: node.text, count: (node.bitCount + 7) / 8)]
        var index = 0
        while index * 8 < limit {
            let different = own[index] ^ key[index]
            if different != 0 { return min(limit, index * 8 + different.leadingZeroBitCount) }
            index += 1
        }
        return limit
    }

    /// Puts the new string above `place`, or a node without a value above both.
    private mutating func part(
        _ place: UInt32, from parent: UInt32, at shared: Int, _ text: TextRange, _ value: UInt32,
        in store: borrowing TextStore
    ) {
        let key = store[text]
        let node = nodes[Int(place)]
        let older = store[TextRange(start: node.text, count: (node.bitCount + 7) / 8)]
        count += 1
        if shared == key.count * 8 {
            let above = make(Node(text: text.start, bitCount: shared, value: value))
            link(above, below: parent, key)
            link(place, below: above, older)
            return
        }
        let fork = make(Node(text: text.start, bitCount: shared, value: Node.none))
        let leaf = make(Node(text: text.start, bitCount: key.count * 8, value: value))
        link(fork, below: parent, key)
        link(place, below: fork, older)
        link(leaf, below: fork, key)
    }

    /// Makes `child` the subtree of `parent` on the side of `key`.
    private mutating func link(_ child: UInt32, below parent: UInt32, _ key: Span<UInt8>) {
        if parent == Node.none {
            root = child
        } else if Self.bit(key, Int(nodes[Int(parent)].bitCount), false) {
            nodes[Int(parent)].one = child
        } else {
            nodes[Int(parent)].zero = child
        }
    }

    private mutating func make(_ node: Node) -> UInt32 {
        nodeCount += 1
        if free != Node.none {
            let place = free
            free = nodes[Int(place)].zero
            nodes[Int(place)] = node
            return place
        }
        nodes.append(node)
        return UInt32(nodes.count - 1)
    }

    private mutating func discard(_ place: UInt32) {
        nodeCount -= 1
        nodes[Int(place)].zero = free
        free = place
    }
}
