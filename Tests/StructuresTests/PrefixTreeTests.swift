// The prefix tree against a search through all prefixes, and what it costs.

import Structures
import RandomInputs
import Testing

@Suite struct PrefixTreeTests {
    private struct Kept<Key: FixedWidthInteger & UnsignedInteger> {
        var key: Key
        var length: Int
        var value: UInt32
    }

    private static func mask<Key: FixedWidthInteger & UnsignedInteger>(
        _ key: Key, _ length: Int
    ) -> Key {
        length == 0 ? 0 : (key >> Key(Key.bitWidth - length)) << Key(Key.bitWidth - length)
    }

    /// Inserts and removes at random and compares every kind of look-up with a plain search.
    private func compare<
        Key: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable
    >(_ key: Key.Type, pool: [Key], random: inout Seeded) {
        var tree = PrefixTree<Key>()
        var model: [Kept<Key>] = []
        for step in 0..<600 {
            let length = Int.random(in: 0...Key.bitWidth, using: &random)
            let key = Self.mask(pool.randomElement(using: &random)!, length)
            let place = model.firstIndex { $0.key == key && $0.length == length }
            if Int.random(in: 0..<3, using: &random) > 0 {
                tree[key, length] = UInt32(step)
                if let place { model.remove(at: place) }
                model.append(Kept(key: key, length: length, value: UInt32(step)))
            } else if let any = model.randomElement(using: &random) {
                tree[any.key, any.length] = nil
                model.removeAll { $0.key == any.key && $0.length == any.length }
            }
            #expect(tree.count == model.count)
            #expect(tree.nodeCount <= max(0, 2 * tree.count - 1))
            let probe = pool.randomElement(using: &random)! ^ (Bool.random() ? 1 : 0)
            let matching = model.filter { Self.mask(probe, $0.length) == $0.key }
            #expect(
                tree.longestMatch(probe) == matching.max { $0.length < $1.length }?.value)
            #expect(
                tree.shortestMatch(probe) == matching.min { $0.length < $1.length }?.value)
            if let any = model.randomElement(using: &random) {
                #expect(tree[any.key, any.length] == any.value)
            }
        }
        for kept in model { tree[kept.key, kept.length] = nil }
        #expect(tree.count == 0 && tree.nodeCount == 0)
    }

    @Test func `IPv4 prefixes are found as a search through all of them finds them`() {
        var random = Seeded(for: "IPv4 prefix tree against plain search")
        for _ in 0..<6 {
            let pool = (0..<40).map { _ in UInt32.random(in: 0...UInt32.max, using: &random) }
            compare(UInt32.self, pool: pool + pool.map { $0 ^ 0x10 }, random: &random)
        }
    }

    @Test func `IPv6 prefixes are found as a search through all of them finds them`() {
        var random = Seeded(for: "IPv6 prefix tree against plain search")
        for _ in 0..<6 {
            let pool = (0..<40).map { _ in UInt128.random(in: 0...UInt128.max, using: &random) }
            compare(UInt128.self, pool: pool + pool.map { $0 ^ 0x10 }, random: &random)
        }
    }

    @Test func `a hundred thousand prefixes need two nodes each and few steps`() {
        var random = Seeded(for: "large prefix tree")
        var tree = PrefixTree<UInt32>()
        for index in 0..<100_000 {
            let length = Int.random(in: 8...32, using: &random)
            tree[UInt32.random(in: 0...UInt32.max, using: &random), length] = UInt32(index)
        }
        #expect(tree.count > 50_000 && tree.nodeCount < 2 * tree.count)
        for _ in 0..<1000 {
            #expect(tree.steps(for: .random(in: 0...UInt32.max, using: &random)) <= 33)
        }
    }

    @Test func `a prefix of no bits matches everything and gives way to longer ones`() {
        var tree = PrefixTree<UInt32>()
        #expect(tree.longestMatch(7) == nil)
        tree[0, 0] = 1
        tree[0x0A00_0000, 8] = 2
        #expect(tree.longestMatch(0x0A01_0203) == 2)
        #expect(tree.shortestMatch(0x0A01_0203) == 1)
        #expect(tree.longestMatch(0x0B00_0000) == 1)
        tree[0, 0] = nil
        #expect(tree.longestMatch(0x0B00_0000) == nil)
        #expect(tree[0x0AFF_0000, 8] == 2)
    }
}
