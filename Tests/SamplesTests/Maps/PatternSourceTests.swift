// Lists of patterns: files, sharing, and changes at run time as workers see them.

import Addresses
import Samples
import RandomInputs
import Testing

@Suite struct PatternSourceTests {
    private func store(_ files: [String: String]) -> PatternStore {
        PatternStore { path in files[path].map { .bytes(Array($0.utf8)) } ?? .missing }
    }

    private func value(_ view: PatternView, _ key: String) -> String? {
        var scratch = RegularExpressionScratch()
        return view.table.read { index in
            guard let found = index.find(Array(key.utf8).span, &scratch) else { return nil }
            let bytes = index.text(of: found)
            return String(decoding: (0..<bytes.count).map { bytes[$0] }, as: UTF8.self)
        }
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func `keys end at the first blank and values keep the blanks inside`() throws {
        let store = store([
            "m": "# comment\n   2.22.246.0/23    United Kingdom      \r\n\nkey\tvalue\nbare\n"
        ])
        let view = try store.map("m", .str, values: .string, use: "test")
        #expect(value(view, "2.22.246.0/23") == "United Kingdom")
        #expect(value(view, "key") == "value" && value(view, "bare") == "")
        #expect(value(view, "# comment") == nil)
        let networks = try #require(throws: PatternStoreMistake.self) {
            try store.map("m", .ip, values: .string, use: "test")
        }
        #expect(
            networks.text.contains("'key' is not a valid IPv4 or IPv6 address at line 4 of 'm'"))
        let numbers = try #require(throws: PatternStoreMistake.self) {
            try store.map("m", .str, values: .integer, use: "test")
        }
        #expect(numbers.text.contains("the value 'United Kingdom' is not a number at line 2"))
    }

    @Test func `names with and without prefixes mean one list, virtual ones another`() throws {
        let store = store(["m": "a b"])
        let first = try store.open("m", isMap: true, use: "test")
        #expect(try store.open("file@m", isMap: true, use: "test") === first)
        #expect(try store.open("opt@m", isMap: true, use: "test") === first)
        #expect(try store.open("virt@m", isMap: true, use: "test") !== first)
        #expect(throws: PatternStoreMistake.self) {
            try store.open("m", isMap: false, use: "test")
        }
        store.finishLoading()
        #expect(store.find("#0") === first && store.find("#1")?.name == "virt@m")
        #expect(store.find("file@m") === first && store.find("#7") == nil)
    }

    @Test func `changes are seen when they are published, by all views`() throws {
        let store = store(["m": "a 1\nb 2"])
        let exact = try store.map("m", .str, values: .string, use: "test")
        let beginning = try store.map("m", .beg, values: .string, use: "test")
        let source = try #require(store.find("m"))
        try source.add(key: bytes("c"), value: bytes("3"))
        try source.set(key: bytes("a"), value: bytes("10"))
        try source.remove(key: bytes("b"))
        #expect(value(exact, "c") == nil && value(exact, "a") == "1" && value(exact, "b") == "2")
        #expect(store.publish())
        for _ in 0..<2 {
            #expect(value(exact, "c") == "3" && value(exact, "a") == "10")
            #expect(value(exact, "b") == nil && value(beginning, "cc") == "3")
            #expect(value(beginning, "bb") == nil)
            store.settle()
        }
        #expect(!store.publish())
        #expect(throws: PatternChangeRefusal.noEntry) { try source.remove(key: bytes("b")) }
        #expect(throws: PatternChangeRefusal.needsValue) {
            try source.add(key: bytes("d"), value: nil)
        }
        let shown = source.entries().map { String(decoding: $0.key, as: UTF8.self) }
        #expect(shown == ["a", "c"])
        try source.set(id: source.entries()[1].id, value: bytes("33"))
        _ = store.publish()
        #expect(value(exact, "c") == "33")
    }

    @Test(arguments: [3, PatternSource.shortLimit + 1])
    func `changes of short lists do not wait for workers, those of long ones do`(
        _ count: Int
    ) throws {
        let isShort = count <= PatternSource.shortLimit
        let store = store(["m": (1...count).map { "k\($0) v\($0)" }.joined(separator: "\n")])
        let view = try store.map("m", .str, values: .string, use: "test")
        let source = try #require(store.find("m"))
        try source.set(key: bytes("k1"), value: bytes("first"))
        #expect(store.publish())
        for step in 0..<(2 * PatternSource.renewalLimit) {
            try source.set(key: bytes("k1"), value: bytes("\(step)"))
            try source.remove(key: bytes(step == 0 ? "k2" : "new"))
            try source.add(key: bytes("new"), value: bytes("\(step)"))
            _ = store.publish()
            let isSeen = isShort && step < PatternSource.renewalLimit
            #expect((value(view, "k1") == "\(step)") == isSeen)
            #expect((value(view, "new") == "\(step)") == isSeen)
            #expect((value(view, "k2") == nil) == isShort)
        }
        // Sides were made anew since workers were asked to turn, so they turn once more.
        store.settle()
        #expect(source.isSettling == isShort)
        store.settle()
        _ = store.publish()
        let last = "\(2 * PatternSource.renewalLimit - 1)"
        #expect(value(view, "k1") == last && value(view, "new") == last)
        #expect(value(view, "k2") == nil && value(view, "k3") == "v3")
    }

    @Test func `numbers of removed entries are used again while changes go on`() throws {
        let store = store(["m": (1...600).map { "k\($0) v" }.joined(separator: "\n")])
        let view = try store.map("m", .str, values: .string, use: "test")
        let source = try #require(store.find("m"))
        var expressions = RegularExpressionScratch()
        for step in 0..<5000 {
            // A change comes before those that were published have settled, each time.
            try source.add(key: bytes("new \(step)"), value: bytes("v"))
            _ = store.publish()
            if step > 0 { try source.remove(key: bytes("new \(step - 1)")) }
            store.settle()
        }
        _ = store.publish()
        #expect(source.count == 601 && value(view, "new 4999") == "v")
        let number = view.table.read { $0.find(bytes("new 4999").span, &expressions) }
        #expect(try #require(number) < 700)
    }

    @Test func `a prepared version is seen as a whole when it is committed`() throws {
        let store = store(["m": "a 1\nb 2"])
        let view = try store.map("m", .str, values: .string, use: "test")
        let source = try #require(store.find("m"))
        #expect(throws: PatternChangeRefusal.noVersion) {
            try source.add(key: bytes("x"), value: bytes("9"), version: 1)
        }
        let version = source.prepare()
        #expect(version == 1)
        try source.add(key: bytes("x"), value: bytes("9"), version: version)
        try source.add(key: bytes("a"), value: bytes("8"), version: version)
        #expect(source.count == 4 && source.entries(version: version).count == 2)
        _ = store.publish()
        #expect(value(view, "x") == nil && value(view, "a") == "1")
        try source.commit(version: version)
        _ = store.publish()
        store.settle()
        #expect(value(view, "x") == "9" && value(view, "a") == "8" && value(view, "b") == nil)
        #expect(source.count == 2 && source.currentVersion == 1)
        #expect(throws: PatternChangeRefusal.noVersion) { try source.commit(version: 1) }
        try source.clear()
        _ = store.publish()
        #expect(value(view, "x") == nil && source.count == 0)
    }

    @Test func `a key that stands many times is added and removed in no time`() throws {
        let store = store(["m": String(repeating: "a 1\n", count: 50_000)])
        let view = try store.map("m", .str, values: .string, use: "test")
        let source = try #require(store.find("m"))
        #expect(source.count == 50_000 && value(view, "a") == "1")
        for step in 0..<2 {
            if step == 0 { try source.remove(key: bytes("a")) } else { try source.clear() }
            #expect(source.find(key: bytes("a")).isEmpty && source.count == 0)
            _ = store.publish()
            store.settle()
            #expect(value(view, "a") == nil)
            for _ in 0..<50_000 { try source.add(key: bytes("a"), value: bytes("2")) }
            _ = store.publish()
            store.settle()
            #expect(value(view, "a") == "2" && source.find(key: bytes("a")).count == 50_000)
        }
    }

    @Test func `a change that one view cannot take changes none`() throws {
        let store = store(["m": "1.2.3.4 1"])
        _ = try store.map("m", .ip, values: .integer, use: "test")
        let text = try store.map("m", .str, values: .string, use: "test")
        let source = try #require(store.find("m"))
        #expect(throws: PatternChangeRefusal.self) {
            try source.add(key: bytes("x"), value: bytes("1"))
        }
        #expect(throws: PatternChangeRefusal.self) {
            try source.set(key: bytes("1.2.3.4"), value: bytes("x"))
        }
        #expect(!store.publish() && value(text, "1.2.3.4") == "1" && source.count == 1)
    }

    @Test func `random changes agree with a dictionary while sides settle late`() throws {
        var random = Seeded(for: "pattern source against a dictionary")
        let store = store(["m": (0..<50).map { "k\($0) v\($0)" }.joined(separator: "\n")])
        let view = try store.map("m", .str, values: .string, use: "test")
        let source = try #require(store.find("m"))
        var model = Dictionary(uniqueKeysWithValues: (0..<50).map { ("k\($0)", "v\($0)") })
        for step in 0..<3000 {
            let key = "k\(Int.random(in: 0..<60, using: &random))"
            let wanted = "w\(step)" + String(repeating: "x", count: step % 50)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<3 where model[key] == nil:
                try source.add(key: bytes(key), value: bytes(wanted))
                model[key] = wanted
            case 3..<6 where model[key] != nil:
                try source.set(key: bytes(key), value: bytes(wanted))
                model[key] = wanted
            case 6..<8 where model[key] != nil:
                try source.remove(key: bytes(key))
                model[key] = nil
            case 8:
                if source.publish() {
                    for key in (0..<60).map({ "k\($0)" }) {
                        #expect(value(view, key) == model[key])
                    }
                }
            default: source.settle()
            }
            if step % 500 == 499 {
                let version = source.prepare()
                for (key, value) in model {
                    try source.add(key: bytes(key), value: bytes(value), version: version)
                }
                try source.commit(version: version)
            }
            #expect(source.count == model.count)
        }
    }
}
