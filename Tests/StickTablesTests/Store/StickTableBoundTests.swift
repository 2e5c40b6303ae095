// Bounds of large tables, and several threads at once.

import Foundation
import RandomInputs
import Testing

@testable import StickTables

/// Debug builds are slow: they fill a smaller table.
#if DEBUG
    private let manyAddresses = 300_000
#else
    private let manyAddresses = 1_000_000
#endif

@Suite struct StickTableBoundTests {
    @Test func `a million addresses stay within the memory that was declared`() throws {
        let declaration = "type ip size \(manyAddresses) expire 5m store gpc0,http_req_rate(10s)"
        let table = try table(declaration)
        #expect(table.configuration.bytesPerEntry == 64)
        let declared = manyAddresses * 64
        // Every byte that entries will ever take is reserved now, shards with a margin.
        #expect(table.reservedBytes >= declared && table.reservedBytes < declared * 12 / 10)
        let updates = [StickUpdate.add(to: .requestRate)]
        for number in 0..<manyAddresses {
            let change = table.change(
                addressKey(number * 7919).bytes, updates.span, now: UInt64(number / 1000))
            if change?.isNew != true { Issue.record("address \(number)") }
        }
        // No shard was full before the table was.
        #expect(table.count == manyAddresses)
        #expect(table.evictionCount == 0 && table.failureCount == 0)
        for number in manyAddresses..<manyAddresses + 1000 {
            addressKey(number * 7919).change(table, now: 1001)
        }
        #expect(table.count == manyAddresses && table.evictionCount == 1000)
        // Shards drop their own oldest: all of the first half are older than all of the second.
        let isThere = { (number: Int) in
            addressKey(number * 7919).isIn(table, now: 1001)
        }
        #expect((manyAddresses / 2..<manyAddresses + 1000).allSatisfy(isThere))
    }

    @Test func `entries in use fill a table to the last place, from whatever shard`() throws {
        let table = try table("type ip size 5000 store gpc0", seed: 7)
        #expect(table.shardCount == 4)
        var held: [StickReference] = []
        for number in 0..<5000 {
            addressKey(number).change(table, now: 1)
        }
        for number in 5000..<10_000 {
            let reference = addressKey(number).track(table, now: 2)
            held.append(try #require(reference))
            #expect(table.count == 5000)
        }
        #expect(addressKey(1).track(table, now: 3) == nil)
        #expect(table.failureCount == 1 && table.evictionCount == 5000)
        // One place anywhere is enough.
        table.release(held.removeLast(), now: 4)
        #expect(addressKey(1).change(table, now: 5))
        #expect(table.count == 5000)
        for reference in held { table.release(reference, now: 6) }
        var cursor = StickCursor()
        var removed = 0
        while let piece = table.removeEntries(&cursor, now: 6) { removed += piece }
        #expect(removed == 5000 && table.count == 0)
    }

    @Test func `a table that refuses takes what expired elsewhere`() throws {
        let table = try table("type ip size 5000 nopurge expire 10 store gpc0", seed: 7)
        var made = 0
        for number in 0..<6000 {
            if addressKey(number).change(table, now: 1) { made += 1 }
        }
        #expect(made == 5000 && table.count == 5000 && table.failureCount == 1000)
        for number in 10_000..<15_000 {
            #expect(addressKey(number).change(table, now: 20))
        }
        #expect(table.count <= 5000 && table.evictionCount == 0)
    }

    @Test func `expired entries go in bounded pieces`() throws {
        let table = try table("type ip size 100000 expire 10 store gpc0")
        for number in 0..<5000 { addressKey(number).change(table, now: 1) }
        #expect(table.removeExpired(now: 10) == 0)
        let first = table.removeExpired(1000, now: 11)
        #expect(first >= 1000 && first < 1064 && table.count == 5000 - first)
        #expect(table.allEntries(now: 11).isEmpty)
        while table.removeExpired(1000, now: 11) > 0 {}
        #expect(table.count == 0)
    }

    @Test func `counts of two threads add up`() async throws {
        let table = try table(
            "type ip size 4096 expire 1m store gpc0,gpc1,conn_cur,bytes_in_cnt,http_req_rate(1d)")
        let rounds = 20_000
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<2 {
                group.addTask { work(on: table, rounds, thread) }
            }
        }
        let entries = table.allEntries(now: 5000)
        let sum = { (type: StickDataType) in
            entries.flatMap(\.values).filter { $0.type == type }.map(\.value).reduce(0, +)
        }
        #expect(sum(.gpc0) == Int64(2 * rounds) && sum(.gpc1) == Int64(2 * rounds))
        #expect(sum(.requestRate) == Int64(2 * rounds))
        #expect(sum(.bytesInCount) == Int64(2 * rounds) << 20 && sum(.currentConnections) == 0)
        #expect(entries.count == 1000 && entries.allSatisfy { $0.facts.useCount == 0 })
    }

    @Test func `two threads at a full table hold its bound`() async throws {
        let table = try table("type ip size 4096 expire 50 store gpc0,conn_cur")
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<2 {
                group.addTask {
                    for number in 0..<20_000 {
                        let key = addressKey(number &* 2 &+ thread)
                        let now = UInt64(number / 100)
                        let update = [StickUpdate.add(to: .currentConnections)]
                        guard let reference = table.track(key.bytes, update.span, now: now) else {
                            continue
                        }
                        if number % 64 == 0 { table.removeExpired(64, now: now) }
                        let end = [StickUpdate.subtract(from: .currentConnections)]
                        table.release(reference, end.span, now: now)
                        if table.count > 4096 { Issue.record("\(table.count) entries") }
                    }
                }
            }
        }
        while table.removeExpired(now: 100_000) > 0 {}
        #expect(table.count == 0)
    }
}

private func work(on table: StickTable, _ rounds: Int, _ thread: Int) {
    var random = Seeded(UInt64(thread + 1), for: "counts of two threads add up")
    // Each of a thousand keys at least once.
    for round in 0..<rounds {
        let number = round < 1000 ? round : Int.random(in: 0..<1000, using: &random)
        let key = addressKey(number)
        let now = UInt64(1000 + round / 100)
        let begin = [StickUpdate.add(to: .currentConnections), .add(to: .gpc0)]
        guard let reference = table.track(key.bytes, begin.span, now: now) else {
            Issue.record("no room")
            return
        }
        let middle = [StickUpdate.add(to: .gpc1), .add(to: .requestRate)]
        _ = table.change(at: reference, middle.span, now: now)
        let end = [
            StickUpdate.add(1 << 20, to: .bytesInCount), .subtract(from: .currentConnections),
        ]
        table.release(reference, end.span, now: now)
    }
}
