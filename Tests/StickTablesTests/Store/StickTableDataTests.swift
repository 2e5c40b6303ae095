// What updates do to each kind of data.

import Samples
import Testing

@testable import StickTables

@Suite struct StickTableDataTests {
    @Test func `numbers start again behind the largest, and stop at 0`() throws {
        let table = try table("type integer size 9 store gpc0,bytes_in_cnt,conn_cur,server_id")
        table.change("1", [.set(.gpc0, to: Int64(UInt32.max))], now: 1)
        #expect(table.change("1", [.add(2, to: .gpc0)], now: 1)?.after == 1)
        table.change("1", [.set(.bytesInCount, to: -1)], now: 1)
        #expect(table.change("1", [.add(2, to: .bytesInCount)], now: 1)?.after == 1)
        #expect(table.change("1", [.subtract(5, from: .bytesInCount)], now: 1)?.after == 0)
        #expect(table.change("1", [.subtract(from: .currentConnections)], now: 1)?.after == 0)
        #expect(table.change("1", [.set(.serverID, to: -5)], now: 1)?.after == -5)
        #expect(table.change("1", [.add(-5, to: .gpc0)], now: 1)?.after == 1)
        #expect(table.change("1", [.add(.max, to: .gpc0)], now: 1)?.after == 0)
    }

    @Test func `an update tells what was before`() throws {
        let table = try table("type integer size 9 store gpc0,gpc0_rate(1s)")
        let updates = [StickUpdate.add(2, to: .gpc0), .add(2, to: .gpc0Rate)]
        table.change("1", updates, now: 1)
        let change = try #require(table.change("1", updates, now: 1))
        #expect(!change.isNew && change.before == 2 && change.after == 4)
        let cleared = try #require(table.change("1", [.set(.gpc0, to: 0)], now: 1))
        #expect(cleared.before == 4 && cleared.after == 0)
        #expect(table.value(.gpc0Rate, "1", now: 1) == 4)
        let absent = try #require(table.change("1", [.add(to: .gpt0), .add(to: .gpc0)], now: 1))
        #expect(absent.before == nil && absent.after == nil)
        #expect(table.value(.gpc0, "1", now: 1) == 1)
    }

    @Test func `single counters are the first of an array`() throws {
        let table = try table("type integer size 9 store gpc(3),gpc_rate(2,1s),gpt(2)")
        let updates: [StickUpdate] = [
            .add(to: .gpc0), .add(2, to: .gpc1), .add(3, to: .gpc, index: 2),
            .add(4, to: .gpc0Rate), .add(5, to: .gpc1Rate), .set(.gpt0, to: 6),
            .add(7, to: .gpc, index: 3), .add(to: .gpc, index: 300),
        ]
        table.change("1", updates, now: 1)
        #expect((0...3).map { table.value(.gpc, "1", index: $0, now: 1) } == [1, 2, 3, nil])
        #expect((0...2).map { table.value(.gpcRate, "1", index: $0, now: 1) } == [4, 5, nil])
        #expect((0...1).map { table.value(.gpt, "1", index: $0, now: 1) } == [6, 0])
        #expect(table.value(.gpc1, "1", now: 1) == 2 && table.value(.gpt0, "1", now: 1) == 6)
        #expect(table.value(.gpc, "1", index: -1, now: 1) == nil)
        #expect(
            table.stores(.gpc1) && !table.stores(.gpc, index: 3) && !table.stores(.gpc0, index: 1))
        #expect(table.elementCount(of: .gpc) == 3 && table.elementCount(of: .gpc0) == 0)
        #expect(table.periodMilliseconds(of: .gpcRate) == 1000)
    }

    @Test func `single counters are not arrays`() throws {
        let table = try table("type integer size 9 store gpc0")
        #expect(!table.stores(.gpc))
        #expect(table.change("1", [.add(to: .gpc)], now: 1)?.after == nil)
    }

    @Test func `rates of bytes count blocks`() throws {
        let table = try table(
            "type integer size 9 brates-factor 1000 store bytes_in_rate(1s),http_req_rate(1s)")
        table.change("1", [.add(2001, to: .bytesInRate), .add(7, to: .requestRate)], now: 1)
        #expect(table.value(.bytesInRate, "1", now: 1) == 2000)
        #expect(table.value(.requestRate, "1", now: 1) == 7)
        table.change("1", [.add(5_000_000_000_000, to: .bytesInRate)], now: 1)
        #expect(table.value(.bytesInRate, "1", now: 1) == 4_294_967_295_000)
        table.change("1", [.set(.bytesInRate, to: 9000)], now: 1)
        #expect(table.value(.bytesInRate, "1", now: 1) == 9000)
    }

    @Test func `small shares fill blocks together`() throws {
        let table = try table(
            "type integer size 9 brates-factor 1000 store bytes_in_rate(1m),bytes_out_rate(1m)")
        for _ in 1...10 {
            table.change("1", [.add(444, to: .bytesInRate), .add(1, to: .bytesOutRate)], now: 1)
        }
        #expect(table.value(.bytesInRate, "1", now: 1) == 4000)
        #expect(table.value(.bytesOutRate, "1", now: 1) == 0)
        table.change("1", [.set(.bytesInRate, to: 1000), .add(600, to: .bytesInRate)], now: 1)
        #expect(table.value(.bytesInRate, "1", now: 1) == 1000)
        table.change("1", [.add(400, to: .bytesInRate)], now: 1)
        #expect(table.value(.bytesInRate, "1", now: 1) == 2000)
    }

    @Test func `a rate that is set holds for a period and fades`() throws {
        let table = try table("type integer size 9 store http_req_rate(1s)")
        table.change("1", [.set(.requestRate, to: 1000)], now: 10_000)
        #expect(table.value(.requestRate, "1", now: 10_999) == 1000)
        #expect(table.value(.requestRate, "1", now: 11_500) == 500)
        table.change("1", [.subtract(5, from: .requestRate)], now: 11_500)
        #expect(table.value(.requestRate, "1", now: 11_500) == 500)
    }

    @Test func `data of an entry does not show in the next one of its place`() throws {
        let table = try table("type integer size 1 store gpc0,http_req_rate(1m),server_key")
        let name = try #require(table.serverNumber("s1"))
        table.change(
            "1", [.add(to: .gpc0), .add(to: .requestRate), .set(.serverKey, to: name)], now: 1)
        table.change("2", now: 1)
        let entry = try #require(table.allEntries(now: 1).first)
        #expect(entry.values.map(\.value) == [0, 0, 0])
    }

    @Test func `stick rules find what they stored`() throws {
        let table = try table("type string len 8 size 9 expire 100 store server_id,server_key")
        #expect(table.match("client", now: 1) == nil)
        let name = try #require(table.serverNumber("10.0.0.1:80"))
        #expect(table.serverNumber("10.0.0.1:80") == name)
        table.change("client", now: 1)
        let empty = try #require(table.match("client", now: 1))
        #expect(empty.id == nil && empty.key == nil)
        table.change("client", [.set(.serverID, to: 4), .set(.serverKey, to: name)], now: 1)
        let server = try #require(table.match("client", now: 90))
        #expect(server.id == 4 && server.key == name)
        var scratch = SampleScratch()
        let sample = try #require(table.serverNames.name(of: name, into: &scratch))
        let text = scratch.bytes(of: sample)
        #expect((0..<text.count).map { text[$0] } == Array("10.0.0.1:80".utf8))
        // A match touches.
        #expect(table.find("client", now: 150) != nil)
        #expect(table.serverNames.name(of: 0) == nil && table.serverNames.name(of: 2) == nil)
        #expect(table.serverNumber("") == nil)
        #expect(table.serverNumber(String(repeating: "a", count: 1025)) == nil)
    }
}
