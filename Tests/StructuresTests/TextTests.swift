// Look-up of byte strings against plain search.

import Bytes
import Structures
import RandomInputs
import Testing

@Suite struct TextTests {
    /// Short strings over few letters, so that beginnings and duplicates are common.
    private static func text(_ random: inout Seeded) -> [UInt8] {
        let letters = Array("abAB\u{80}\0".utf8)
        return (0..<Int.random(in: 0...14, using: &random)).map { _ in
            letters.randomElement(using: &random)!
        }
    }

    private static func folded(_ text: [UInt8]) -> [UInt8] { text.map(\.asciiLowercased) }

    @Test func `exact look-up agrees with a dictionary through inserts and removals`() {
        var random = Seeded(for: "text index against a dictionary")
        for _ in 0..<5 {
            var store = TextStore()
            var index = TextIndex(seed: random.next())
            var model: [[UInt8]: UInt32] = [:]
            for step in 0..<3000 {
                let text = Self.text(&random)
                if Int.random(in: 0..<5, using: &random) > 1 {
                    index.insert(store.add(text.span), UInt32(step), in: store)
                    model[text] = UInt32(step)
                } else {
                    index.remove(text.span, in: store)
                    model[text] = nil
                }
                let probe = Self.text(&random)
                #expect(index.find(probe.span, in: store) == model[probe])
                #expect(index.count == model.count)
            }
            for (text, value) in model {
                #expect(index.find(text.span, in: store) == value)
            }
        }
    }

    @Test func `exact look-up without regard to case folds letters and nothing else`() {
        var random = Seeded(for: "folded text index")
        var store = TextStore()
        var index = TextIndex(seed: random.next())
        var model: [[UInt8]: UInt32] = [:]
        for step in 0..<500 {
            let text = (0..<Int.random(in: 0...20, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            index.insert(store.addFolded(text.span), UInt32(step), in: store)
            model[Self.folded(text)] = UInt32(step)
            let probe = text.map { byte in
                byte.asciiLowercased >= 0x61 && byte.asciiLowercased <= 0x7A
                    && Bool.random(using: &random)
                    ? byte ^ 0x20 : byte
            }
            #expect(index.find(probe.span, in: store, folded: true) == UInt32(step))
            var other = probe
            if !other.isEmpty { other[0] = other[0] &+ 1 }
            #expect(
                index.find(other.span, in: store, folded: true) == model[Self.folded(other)])
        }
    }

    @Test(arguments: [false, true])
    func `the longest beginning is found as a search through all finds it`(isFolded: Bool) {
        var random = Seeded(for: "beginning tree against plain search, folded \(isFolded)")
        for _ in 0..<5 {
            var store = TextStore()
            var tree = BeginningTree()
            var model: [[UInt8]: UInt32] = [:]
            for step in 0..<1500 {
                let text = isFolded ? Self.folded(Self.text(&random)) : Self.text(&random)
                if Int.random(in: 0..<5, using: &random) > 1 {
                    tree.insert(store.add(text.span), UInt32(step), in: store)
                    model[text] = UInt32(step)
                } else {
                    tree.remove(text.span, in: store)
                    model[text] = nil
                }
                #expect(tree.count == model.count)
                #expect(tree.nodeCount <= max(0, 2 * tree.count))
                let probe = Self.text(&random)
                let seen = isFolded ? Self.folded(probe) : probe
                let wanted = (0...seen.count).reversed().lazy
                    .compactMap { model[Array(seen.prefix($0))] }.first
                #expect(tree.longestMatch(probe.span, in: store, folded: isFolded) == wanted)
                let start = Int.random(in: 0...probe.count, using: &random)
                var forward: [UInt32] = []
                tree.forEachMatch(probe.span, from: start, in: store, folded: isFolded) {
                    forward.append($0)
                }
                let rest = seen[start...]
                #expect(
                    forward == (0...rest.count).compactMap { model[Array(rest.prefix($0))] })
                var backward: [UInt32] = []
                tree.forEachMatch(
                    probe.span, from: start - 1, backward: true, in: store, folded: isFolded
                ) { backward.append($0) }
                let before = seen[..<start].reversed()
                #expect(
                    backward == (0...before.count).compactMap { model[Array(before.prefix($0))] })
            }
            for text in model.keys { tree.remove(text.span, in: store) }
            #expect(tree.count == 0 && tree.nodeCount == 0)
        }
    }

    @Test func `texts can be kept with their bytes in the opposite order`() {
        var store = TextStore()
        let range = store.addReversed(Array("aBc/".utf8).span, folded: false)
        let folded = store.addReversed(Array("aBc/".utf8).span, folded: true)
        let empty: [UInt8] = []
        let none = store.addReversed(empty.span, folded: true)
        let text = { (span: Span<UInt8>) in
            String(decoding: (0..<span.count).map { span[$0] }, as: UTF8.self)
        }
        #expect(text(store[range]) == "/cBa" && text(store[folded]) == "/cba")
        #expect(none.count == 0 && store.count == 8)
    }

    @Test func `a hundred thousand strings are each compared with one or two`() {
        var random = Seeded(for: "large text index")
        var store = TextStore()
        var index = TextIndex(seed: random.next())
        for number in 0..<100_000 {
            index.insert(
                store.add(Array("key-\(number).example".utf8).span), UInt32(number), in: store)
        }
        var compared = 0
        for number in 0..<100_000 {
            compared += index.comparisons(Array("key-\(number).example".utf8).span)
        }
        #expect(compared < 100_200, "nearly every look-up compares one string")
        #expect(index.find(Array("key-77777.example".utf8).span, in: store) == 77_777)
        #expect(index.find(Array("key-100000.example".utf8).span, in: store) == nil)
    }

    @Test func `a list keeps its order through growth and removal`() {
        var list = FlatList<Int>()
        for number in 0..<100 { list.append(number) }
        list.remove(at: 0)
        list.remove(at: 98)
        list[0] = 7
        #expect(list.count == 98 && list[0] == 7 && list[97] == 98)
        list.removeLast()
        #expect(list.append([1, 2, 3].span) == 97)
        #expect(list.span.count == 100 && list.span[99] == 3)
        list.removeAll()
        #expect(list.count == 0)
    }
}
