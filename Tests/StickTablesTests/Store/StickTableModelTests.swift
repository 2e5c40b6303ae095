// Tables against a simple model, with a clock that the test turns.

import RandomInputs
import Testing

@testable import StickTables

/// What a table of one shard should do, by a dictionary and linear searches.
private struct Model {
    struct Entry {
        var touched: UInt64
        /// Orders touches within one millisecond.
        var order: Int
        var uses = 0
        var count: Int64 = 0
        var tag: Int64 = 0
        var bytes: Int64 = 0
    }

    let size: Int
    let expire: UInt64
    let refuses: Bool
    var entries: [String: Entry] = [:]
    var touches = 0
    var failures = 0

    mutating func forgetExpired(_ now: UInt64) {
        if expire == 0 { return }
        entries = entries.filter { $0.value.uses > 0 || now < $0.value.touched + expire }
    }

    mutating func touch(_ key: String, _ now: UInt64) {
        touches += 1
        entries[key]!.touched = now
        entries[key]!.order = touches
    }

    /// Finds or makes an entry; false when that cannot be.
    mutating func make(_ key: String, _ now: UInt64) -> Bool {
        forgetExpired(now)
        if entries[key] == nil {
            if entries.count == size {
                let oldest = entries.filter { $0.value.uses == 0 }
                    .min { $0.value.order < $1.value.order }
                guard !refuses, let oldest else {
                    failures += 1
                    return false
                }
                entries[oldest.key] = nil
            }
            entries[key] = Entry(touched: now, order: 0)
        }
        touch(key, now)
        return true
    }
}

@Suite struct StickTableModelTests {
    @Test(arguments: [
        "type string len 5 size 20 expire 50", "type string len 5 size 20", "type integer size 1",
        "type string len 5 size 20 expire 50 nopurge", "type integer size 300 expire 400",
    ])
    func `a table does what its model does`(_ declaration: String) throws {
        var random = Seeded(for: "a table does what its model does")
        for _ in 0..<10 { try compare(declaration, &random) }
    }

    private func compare(_ declaration: String, _ random: inout Seeded) throws {
        let table = try table(declaration + " store gpc0,gpt(2),bytes_in_cnt,conn_cur")
        let configuration = table.configuration
        var model = Model(
            size: configuration.size, expire: UInt64(configuration.expireMilliseconds),
            refuses: configuration.refusesWhenFull)
        var now: UInt64 = 10
        var held: [(key: String, reference: StickReference)] = []
        let keys = 0..<max(4, configuration.size * 2)
        for _ in 0..<1500 {
            now += .random(in: 0...3, using: &random)
            if Int.random(in: 0..<50, using: &random) == 0 {
                now += .random(in: 0...UInt64(configuration.expireMilliseconds), using: &random)
            }
            let key = "\(Int.random(in: keys, using: &random))"
            switch Int.random(in: 0..<12, using: &random) {
            case 0...3:
                let isMade = model.make(key, now)
                let change = table.change(
                    key, [.add(3, to: .gpc0), .set(.gpt, index: 1, to: Int64(now))], now: now)
                try #require((change != nil) == isMade)
                if !isMade { continue }
                #expect(change?.before == model.entries[key]!.count)
                model.entries[key]!.count += 3
                model.entries[key]!.tag = Int64(now)
                #expect(change?.after == model.entries[key]!.count)
            case 4...5:
                let isMade = model.make(key, now)
                let reference = table.track(key, [.add(to: .currentConnections)], now: now)
                try #require((reference != nil) == isMade)
                guard let reference else { continue }
                model.entries[key]!.uses += 1
                held.append((key, reference))
            case 6...8 where !held.isEmpty:
                let place = Int.random(in: held.indices, using: &random)
                let (key, reference) = held.remove(at: place)
                table.release(reference, [.subtract(from: .currentConnections)], now: now)
                model.touch(key, now)
                model.entries[key]!.uses -= 1
            case 9 where !held.isEmpty:
                let (key, reference) = held.randomElement(using: &random)!
                let update = [StickUpdate.add(1 << 33, to: .bytesInCount)]
                let change = table.change(at: reference, update.span, now: now)
                model.touch(key, now)
                model.entries[key]!.bytes += 1 << 33
                #expect(change?.after == model.entries[key]!.bytes)
            case 10:
                model.forgetExpired(now)
                if let reference = table.find(key, now: now) {
                    let removal = table.remove(reference, now: now)
                    let isUsed = model.entries[key]!.uses > 0
                    #expect(isUsed ? removal == .inUse : removal == .removed)
                    if !isUsed { model.entries[key] = nil }
                } else {
                    #expect(model.entries[key] == nil)
                }
            default:
                let change = table.touch(key, now: now)
                let isThere = isThere(key, in: &model, now)
                #expect((change != nil) == isThere)
            }
            check(table, &model, key, now)
        }
        #expect(table.failureCount == model.failures)
        for (_, reference) in held {
            table.release(reference, [.subtract(from: .currentConnections)], now: now)
        }
        #expect(table.allEntries(now: now).allSatisfy { $0.facts.useCount == 0 })
        if configuration.expireMilliseconds > 0 {
            table.removeExpired(.max, now: now + UInt64(configuration.expireMilliseconds))
            #expect(table.count == 0)
        }
    }

    /// Whether a key has an entry, which is touched then.
    private func isThere(_ key: String, in model: inout Model, _ now: UInt64) -> Bool {
        model.forgetExpired(now)
        if model.entries[key] == nil { return false }
        model.touch(key, now)
        return true
    }

    private func check(_ table: StickTable, _ model: inout Model, _ key: String, _ now: UInt64) {
        model.forgetExpired(now)
        #expect(table.count <= table.configuration.size)
        let entry = model.entries[key]
        #expect(table.value(.gpc0, key, now: now) == entry?.count)
        #expect(table.value(.gpt, key, index: 1, now: now) == entry?.tag)
        #expect(table.value(.bytesInCount, key, now: now) == entry?.bytes)
        #expect(table.value(.currentConnections, key, now: now) == entry.map { Int64($0.uses) })
        let facts = table.facts(key, now: now)
        #expect(facts?.useCount == entry?.uses)
        #expect(facts?.idleMilliseconds == entry.map { Int(now - $0.touched) })
        if now % 16 == 0 {
            let all = table.allEntries(now: now)
            #expect(Set(all.map(\.key)) == Set(model.entries.keys.map { table.key($0) }))
            #expect(all.count == model.entries.count)
        }
    }

    @Test func `references to entries that went are recognised`() throws {
        let table = try table("type integer size 1 expire 10 store gpc0")
        let none: [StickUpdate] = []
        let first = try #require(table.change("1", now: 0)).reference
        #expect(table.value(of: .gpc0, at: first, now: 0) == 0)
        let second = try #require(table.change("2", now: 1)).reference
        #expect(first.slot == second.slot && first != second)
        #expect(table.value(of: .gpc0, at: first, now: 1) == nil)
        #expect(table.facts(at: first, now: 1) == nil)
        let change = table.change(at: first, none.span, now: 1)
        #expect(change == nil)
        #expect(!table.retain(first, now: 1) && table.retain(second, now: 1))
        #expect(table.remove(first, now: 1) == .absent && table.remove(second, now: 1) == .inUse)
        #expect(table.reference(word: second.word, now: 1) == second)
        #expect(table.reference(word: first.word, now: 1) == nil)
        #expect(table.reference(word: .max, now: 1) == nil)
        // In use, it outlives its time, and nothing else comes in.
        #expect(table.change("3", now: 100) == nil && table.failureCount == 1)
        #expect(table.value(.gpc0, "2", now: 100) == 0)
        table.release(second, now: 100)
        #expect(table.value(.gpc0, "2", now: 109) == 0)
        #expect(table.value(.gpc0, "2", now: 110) == nil)
        #expect(!table.retain(second, now: 110))
        #expect(table.change("3", now: 110)?.isNew == true)
    }

    @Test func `the entry touched least recently makes room`() throws {
        let table = try table("type integer size 3 store gpc0")
        for key in ["1", "2", "3", "1"] { table.change(key, now: 5) }
        table.change("4", now: 5)
        #expect(table.evictionCount == 1 && table.count == 3)
        #expect(table.find("2", now: 5) == nil)
        // To look at an entry is not to touch it.
        _ = table.value(.gpc0, "3", now: 6)
        table.change("5", now: 6)
        #expect(table.find("3", now: 6) == nil && table.find("1", now: 6) != nil)
    }
}
