// Slots and the handles that name them: what is stale is recognised, whatever happened since.

import Structures
import RandomInputs
import Testing

@Suite struct SlabTests {
    @Test func `a handle of a freed slot is stale, also when the slot is used again`() throws {
        var slab = Slab<Int>(capacity: 4)
        let first = try slab.filled(1)
        slab.remove(first)
        check(!slab.isLive(first))
        #expect(slab.handle(at: Int(first.index)) == nil)
        let second = try slab.filled(2)
        check(second.index == first.index && second.generation != first.generation)
        check(!slab.isLive(first) && slab.isLive(second))
        #expect(slab.handle(at: Int(second.index)) == second)
        #expect(slab[second] == 2)
    }

    @Test func `a full slab takes nothing more and drops what it was given`() throws {
        let probe = Probe()
        var slab = Slab<Counted>(capacity: 2)
        let first = try slab.filled(Counted(probe))
        let second = slab.insert(Counted(probe))
        check(second != nil && slab.isFull && slab.count == 2)
        let third = slab.insert(Counted(probe))
        check(third == nil && probe.alive == 2)
        slab.remove(first)
        check(!slab.isFull && probe.alive == 1)
        let fourth = slab.insert(Counted(probe))
        #expect(fourth?.index == first.index)
    }

    @Test func `what is still in a slab ends with it, once`() throws {
        let probe = Probe()
        do {
            var slab = Slab<Counted>(capacity: 8)
            for _ in 0..<5 { _ = slab.insert(Counted(probe)) }
            let removed = try slab.live(at: 2)
            slab.remove(removed)
            check(probe.alive == 4 && slab.count == 4)
        }
        #expect(probe.alive == 0)
    }

    @Test func `no slot has the handle that is none, and handles survive the word`() {
        var slab = Slab<Int>(capacity: 3)
        check(!slab.isLive(.none) && Handle.none.isNone)
        let handle = slab.insert(5) ?? .none
        #expect(Handle(word: handle.word) == handle)
        let odd = Handle(index: 0xFFFF_FFFE, generation: 0x8000_0001)
        #expect(Handle(word: odd.word) == odd)
        check(!slab.isLive(odd))
        check(slab.handle(at: -1) == nil && slab.handle(at: 1) == nil)
        #expect(slab.handle(at: 3) == nil)
    }

    @Test func `any mix of insertions and removals agrees with a dictionary`() {
        var random = Seeded(for: "slab against a dictionary")
        for _ in 0..<50 {
            let capacity = Int.random(in: 1...40, using: &random)
            var slab = Slab<UInt64>(capacity: capacity)
            var model: [UInt64: UInt64] = [:]
            var stale: [Handle] = []
            for _ in 0..<400 {
                if Bool.random(using: &random) {
                    let value = UInt64.random(in: 0 ... .max, using: &random)
                    let handle = slab.insert(value)
                    #expect((handle == nil) == (model.count == capacity))
                    if let handle { model[handle.word] = value }
                } else if let (word, _) = model.randomElement(using: &random) {
                    slab.remove(Handle(word: word))
                    model[word] = nil
                    stale.append(Handle(word: word))
                }
                if let (word, value) = model.randomElement(using: &random) {
                    #expect(slab[Handle(word: word)] == value)
                    slab[Handle(word: word)] = value &+ 1
                    model[word] = value &+ 1
                }
                #expect(slab.count == model.count)
                #expect(slab.isFull == (model.count == capacity))
            }
            for handle in stale { check(!slab.isLive(handle)) }
            var seen: Set<UInt64> = []
            for index in 0..<slab.highWater {
                if let handle = slab.handle(at: index) { seen.insert(handle.word) }
            }
            #expect(seen == Set(model.keys))
        }
    }
}

extension Slab where Element: ~Copyable {
    /// A handle of the element just put in.
    fileprivate mutating func filled(_ element: consuming Element) throws -> Handle {
        let handle = insert(element)
        return try #require(handle)
    }

    fileprivate func live(at index: Int) throws -> Handle {
        let handle = handle(at: index)
        return try #require(handle)
    }
}

/// Counts living elements.
private final class Probe {
    var alive = 0
}

private struct Counted: ~Copyable {
    private let probe: Probe
    init(_ probe: Probe) {
        self.probe = probe
        probe.alive += 1
    }
    deinit { probe.alive -= 1 }
}

/// Expects a condition over values that cannot be copied, which the macro cannot take apart.
func check(
    _ holds: Bool, _ comment: Comment? = nil, at place: SourceLocation = #_sourceLocation
) {
    #expect(holds, comment, sourceLocation: place)
}
