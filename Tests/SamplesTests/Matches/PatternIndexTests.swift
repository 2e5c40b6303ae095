// Indexes against comparison with every pattern, and what look-up costs in comparisons.

import Addresses
import Samples
import Structures
import Testing

@Suite struct PatternIndexTests {
    /// Whether one pattern matches, written as plainly as can be.
    private static func matches(_ text: [UInt8], _ pattern: [UInt8], _ method: MatchMethod) -> Bool
    {
        let part = { (delimiters: Set<UInt8>) -> Bool in
            var core = pattern[...]
            while let first = core.first, delimiters.contains(first) { core.removeFirst() }
            while let last = core.last, delimiters.contains(last) { core.removeLast() }
            if core.isEmpty { return text.last.map(delimiters.contains) ?? true }
            for start in text.indices where start + core.count <= text.count {
                let end = start + core.count
                let begins = start == 0 || delimiters.contains(text[start - 1])
                let ends = end == text.count || delimiters.contains(text[end])
                if begins && ends && text[start..<end].elementsEqual(core) { return true }
            }
            return false
        }
        return switch method {
        case .str, .bin: text == pattern
        case .beg: text.starts(with: pattern)
        case .end: text.reversed().starts(with: pattern.reversed())
        case .sub:
            (0...text.count).contains { text[$0...].starts(with: pattern) }
        case .dir: part(Set("/?".utf8))
        case .dom: part(Set("/?.:".utf8))
        default: false
        }
    }

    private static func text(_ random: inout Seeded) -> [UInt8] {
        let letters = Array("aAb/.:?".utf8)
        return (0..<Int.random(in: 0...9, using: &random)).map { _ in
            letters.randomElement(using: &random)!
        }
    }

    @Test(arguments: [MatchMethod.str, .bin, .beg, .end, .sub, .dir, .dom])
    func `texts match as comparison with each pattern says, through inserts and removals`(
        _ method: MatchMethod
    ) {
        var random = Seeded(for: "pattern index, \(method)")
        for _ in 0..<8 {
            var index = PatternIndex(method: method)
            var model: [UInt32: (text: [UInt8], ignoresCase: Bool)] = [:]
            var scratch = RegularExpressionScratch()
            for _ in 0..<400 {
                let number = UInt32.random(in: 0..<40, using: &random)
                if model[number] == nil {
                    let text = Self.text(&random)
                    let ignoresCase = Bool.random(using: &random) && method != .bin
                    index.insert(number, Pattern(.text(text), ignoresCase: ignoresCase))
                    model[number] = (text, ignoresCase)
                } else {
                    index.remove(number)
                    model[number] = nil
                }
                #expect(index.count == model.count)
                let probe = Self.text(&random)
                let folded = probe.map(\.asciiSmall)
                let wanted = model.filter { _, pattern in
                    pattern.ignoresCase
                        ? Self.matches(folded, pattern.text.map(\.asciiSmall), method)
                        : Self.matches(probe, pattern.text, method)
                }
                let found = index.find(probe.span, &scratch)
                #expect((found == nil) == wanted.isEmpty, "\(shown(probe)) in \(model)")
                if let found { #expect(wanted[found] != nil) }
            }
        }
    }

    @Test func `addresses match the longest network, or a mask with gaps`() throws {
        var random = Seeded(for: "pattern index, ip")
        for _ in 0..<8 {
            var index = PatternIndex(method: .ip)
            var model: [UInt32: (address: UInt32, mask: UInt32)] = [:]
            for _ in 0..<300 {
                let number = UInt32.random(in: 0..<60, using: &random)
                if model[number] == nil {
                    let address = UInt32.random(in: 0..<16, using: &random) << 26
                    let hasGap = UInt8.random(in: 0..<5, using: &random) == 0
                    let mask: UInt32 =
                        hasGap ? 0x3C00_0000 : ~0 << UInt32.random(in: 26...31, using: &random)
                    index.insert(number, Pattern(.networkV4(address, mask: mask)))
                    model[number] = (address & mask, mask)
                } else {
                    index.remove(number)
                    model[number] = nil
                }
                let probe = UInt32.random(in: 0..<16, using: &random) << 26 | 5
                let matching = model.filter { probe & $0.value.mask == $0.value.address }
                let found = index.find(IPAddress(v4: probe))
                #expect((found == nil) == matching.isEmpty)
                let inTree = matching.values.filter { $0.mask != 0x3C00_0000 }
                if let found, let longest = inTree.map(\.mask).max() {
                    #expect(model[found]?.mask == longest)
                }
                let mapped = IPAddress(v6High: 0, low: 0xFFFF_0000_0000 | UInt64(probe))
                #expect(index.find(mapped) == found)
            }
        }
    }

    @Test func `of equal keys the first is found, and the next when it goes`() {
        var scratch = RegularExpressionScratch()
        for method in [MatchMethod.str, .beg] {
            var index = PatternIndex(method: method)
            let key = Array("key".utf8)
            for number: UInt32 in [4, 2, 7] { index.insert(number, Pattern(.text(key))) }
            for (gone, wanted) in [(2, 4), (4, 7), (7, nil)] as [(UInt32, UInt32?)] {
                index.remove(gone)
                let found = index.find(key.span, &scratch)
                #expect(found == wanted)
            }
        }
    }

    @Test func `a hundred thousand texts are loaded and found with one comparison each`() throws {
        let lines = (0..<100_000).map { "host-\($0).example.org" }
        let store = PatternStore { _ in .bytes(Array(lines.joined(separator: "\n").utf8)) }
        let view = try store.map("hosts", .str, values: .string, use: "test")
        var scratch = RegularExpressionScratch()
        view.table.read { index in
            #expect(index.count == 100_000 && index.listCount == 0)
            let found = index.find(Array("host-99999.example.org".utf8).span, &scratch)
            #expect(found == 99_999)
            let missing = index.find(Array("host-100000.example.org".utf8).span, &scratch)
            #expect(missing == nil)
        }
    }
}

private func shown(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
