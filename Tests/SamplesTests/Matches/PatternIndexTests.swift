// Indexes against comparison with every pattern, and what look-up costs in comparisons.

import Addresses
import Bytes
import Samples
import Structures
import RandomInputs
import Testing

@Suite struct PatternIndexTests {
    /// Whether one pattern matches, written as plainly as can be.
    private static func matches(_ text: [UInt8], _ pattern: [UInt8], _ method: MatchMethod) -> Bool
    {
        let part = { (delimiters: Set<UInt8>) -> Bool in
            var core = pattern[...]
            while let first = core.first, delimiters.contains(first) { core.removeFirst() }
            while let last = core.last, delimiters.contains(last) { core.removeLast() }
            if core.isEmpty { return false }
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
            var model: [UInt32: (text: [UInt8], ignoresCase: Bool, age: Int)] = [:]
            var scratch = RegularExpressionScratch()
            for step in 0..<400 {
                let number = UInt32.random(in: 0..<40, using: &random)
                if model[number] == nil {
                    let text = Self.text(&random)
                    let ignoresCase = Bool.random(using: &random) && method != .bin
                    index.insert(number, Pattern(.text(text), ignoresCase: ignoresCase))
                    model[number] = (text, ignoresCase, step)
                } else {
                    index.remove(number)
                    model[number] = nil
                }
                #expect(index.count == model.count)
                let probe = Self.text(&random)
                let folded = probe.map(\.asciiLowercased)
                let wanted = model.filter { _, pattern in
                    pattern.ignoresCase
                        ? Self.matches(folded, pattern.text.map(\.asciiLowercased), method)
                        : Self.matches(probe, pattern.text, method)
                }
                let found = index.find(probe.span, &scratch)
                #expect((found == nil) == wanted.isEmpty, "\(shown(probe)) in \(model)")
                guard let found else { continue }
                #expect(wanted[found] != nil)
                let canMatch = index.canMatch(byteCount: probe.count)
                #expect(canMatch, "\(shown(probe)) in \(model)")
                // The longest beginning is found, and of whole texts those with regard to case.
                guard ![.str, .beg].contains(method) else { continue }
                let oldest = wanted.min { $0.value.age < $1.value.age }
                #expect(found == oldest?.key, "\(shown(probe)) in \(model)")
            }
        }
    }

    @Test func `lengths that no text can have are known`() {
        let lengths = { (method: MatchMethod) -> [Int] in
            var index = PatternIndex(method: method)
            index.insert(0, Pattern(.text(Array("/ab/".utf8))))
            index.insert(1, Pattern(.text(Array(repeating: 0x61, count: 200))))
            return [0, 3, 4, 5, 62, 63, 64, 200].filter { index.canMatch(byteCount: $0) }
        }
        #expect(lengths(.str) == [4, 63, 64, 200])
        #expect(lengths(.bin) == [4, 63, 64, 200])
        #expect(lengths(.method) == [4, 63, 64, 200])
        #expect(lengths(.beg) == [4, 5, 62, 63, 64, 200])
        #expect(lengths(.sub) == [4, 5, 62, 63, 64, 200])
        #expect(lengths(.dom) == [0, 3, 4, 5, 62, 63, 64, 200])
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
        for method in [MatchMethod.str, .beg, .end, .sub, .dir, .dom] {
            var index = PatternIndex(method: method)
            let key = Array("key".utf8)
            for number: UInt32 in 10..<30 {
                index.insert(number, Pattern(.text(Array("other\(number)".utf8))))
            }
            for number: UInt32 in [4, 2, 7] { index.insert(number, Pattern(.text(key))) }
            for (gone, wanted) in [(2, 4), (4, 7), (7, nil)] as [(UInt32, UInt32?)] {
                index.remove(gone)
                let found = index.find(key.span, &scratch)
                #expect(found == wanted)
            }
        }
    }

    @Test func `keys that occur many times are taken in and out in no time`() {
        var scratch = RegularExpressionScratch()
        var index = PatternIndex(method: .str)
        let key = Array("key".utf8)
        for number: UInt32 in 0..<100_000 { index.insert(number, Pattern(.text(key))) }
        for number: UInt32 in 1..<50_000 { index.remove(number) }
        let first = index.find(key.span, &scratch)
        #expect(first == 0)
        index.remove(0)
        for number: UInt32 in (50_001..<100_000).reversed() { index.remove(number) }
        let last = index.find(key.span, &scratch)
        #expect(last == 50_000 && index.count == 1)
        index.remove(50_000)
        let none = index.find(key.span, &scratch)
        #expect(none == nil)
    }

    @Test func `patterns with very many parts are found, too`() {
        var scratch = RegularExpressionScratch()
        var index = PatternIndex(method: .dom)
        let long = (0..<70).map { "p\($0)" }.joined(separator: ".")
        let middle = (0..<64).map { "q\($0)" }.joined(separator: "..")
        index.insert(0, Pattern(.text(Array(long.utf8))))
        index.insert(1, Pattern(.text(Array(middle.utf8)), ignoresCase: true))
        index.insert(2, Pattern(.text(Array("..".utf8))))
        for number: UInt32 in 3..<40 {
            index.insert(number, Pattern(.text(Array("x\(number).y".utf8))))
        }
        for (text, wanted) in [
            ("a.\(long).b", 0), ("a.\(long)b", nil), (middle.uppercased(), 1), ("a.", nil),
            ("", nil),
            ("www.x7.y/x8.y", 7), ("x8.y.x7.y", 7), ("x8..y", nil), ("x9.y.", 9), (".", nil),
        ] as [(String, UInt32?)] {
            let found = index.find(Array(text.utf8).span, &scratch)
            #expect(found == wanted, "\(text)")
        }
        #expect(index.listCount == 1)
    }

    @Test(arguments: [MatchMethod.str, .beg, .end, .sub, .dir, .dom])
    func `a hundred thousand texts are loaded and none is compared one by one`(
        _ method: MatchMethod
    ) throws {
        let lines = (0..<100_000).map { "host-\($0).example.org" }
        let store = PatternStore { _ in .bytes(Array(lines.joined(separator: "\n").utf8)) }
        let view = try store.map("hosts", method, values: .string, use: "test")
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
