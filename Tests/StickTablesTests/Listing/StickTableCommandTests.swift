// The admin commands, word for word beside haproxy's.

import Foundation
import ReferenceHAProxy
import RandomInputs
import Testing

@testable import StickTables

/// The tables of the comparison, as their sections declare them.
private let declarations: [(name: String, text: String)] = [
    (
        "a",
        "type ip size 1m expire 30s store http_fail_rate(7s),http_fail_cnt,bytes_out_rate(9s),"
            + "bytes_out_cnt,bytes_in_rate(8s),bytes_in_cnt,http_err_rate(6s),http_err_cnt,"
            + "http_req_rate(5s),http_req_cnt,sess_rate(4s),sess_cnt,conn_cur,conn_rate(3s),"
            + "conn_cnt,gpc1_rate(2s),gpc1,gpc0_rate(1s),gpc0,gpt0,server_key,server_id"
    ),
    ("arr", "type ip size 5 store gpt(2),gpc_rate(2,10s),gpc(3),server_name"),
    ("v6", "type ipv6 size 5"), ("int", "type integer size 5 expire 10s store gpc0"),
    ("str", "type string len 5 size 5 expire 10s store gpc0"),
    ("bin", "type binary len 4 size 5 expire 10s store gpc0"),
    ("tiny", "type ip size 3 nopurge store gpc0"),
    ("evict", "type ip size 3 expire 1h store gpc0"),
]

/// Commands both answer alike, one after the other.
private let script = """
    show table
    set table a key 1.2.3.4
    show table a
    set table a key 1.2.3.4 data.gpc0 5 data.gpc0_rate 7 data.conn_cur 3 data.server_id -5
    set table a key 1.2.3.4 data.bytes_in_cnt 99999999999 data.conn_cnt 4294967297
    show table a
    set table a key 1.2.3.5 data.bytes_in_cnt -5 data.conn_cnt -5 data.http_req_rate 99999999999
    show table a key 1.2.3.4
    show table a key 9.9.9.9
    show table a key
    show table nope
    show table a data.gpc0 gt 4
    show table a data.gpc0 gt 5
    show table a data.gpc0_rate gt 3
    show table a data.gpc0 gt
    show table a data.gpc0
    show table a data.foo gt 4
    show table a data.gpc0 zz 4
    show table a data.gpc0 gt x
    show table a data.gpc0 gt 4x
    show table a data.conn_cnt eq 9223372036854775808
    show table a data.gpc0 gt 4 data.conn_cur eq 3
    show table a data.gpc0 gt 4 data.conn_cur eq 4
    show table a data.gpc0 gt 4 data.conn_cur eq 3 data.gpc0 eq 5 data.gpc0 ne 7
    show table a data.gpc0 gt 4 data.conn_cur eq 3 data.gpc0 eq 5 data.gpc0 ne 7 data.gpc0 lt 9
    show table a data.gpc0 le 5 data.gpc0 ge 5 data.gpc0 lt 6
    show table a data.bytes_in_cnt lt 0
    show table a data.conn_cnt lt 0
    show table a data.server_id lt 0
    show table a data.server_key eq 1
    show table a data.gpc1 ge 0 foo
    show table a data.gpc1 ge 0 data.gpc1
    show table a foo
    show table arr data.gpc0 eq 1
    show table arr
    set table arr key 1.1.1.1 data.gpc 5 data.gpc_rate 7 data.gpt 8
    show table arr
    show table arr data.gpt eq 8
    show table arr data.gpc_rate eq 0
    set table arr key 1.1.1.1 data.gpc0 5
    set table a key 1.2.3.4 data.gpc0 x
    set table a key 1.2.3.4 data.gpc0
    set table a key 1.2.3.4 data.gpc0 9223372036854775808
    set table a key 1.2.3.4 data.nope 5
    set table a key 1.2.3.4 foo 1
    set table a foo
    set table
    set table nope key 1.2.3.4
    set table v6 key ::1
    set table v6 key 1.2.3.4
    set table v6 key ::ffff:1.2.3.4
    set table v6 key ::5.6.7.8
    show table v6
    set table int key 5
    set table int key 4294967295
    set table int key 4294967296
    set table int key -1
    set table int key x
    set table int key 007
    set table int key
    show table int
    show table int key 5
    set table str key abcdefgh data.gpc0 2
    set table str key ab\\ c
    set table str key a=b
    show table str
    show table str key abcdefzzz
    set table bin key abcd
    show table bin key abcd
    clear table bin key abcd
    set table tiny key 1.1.1.1
    set table tiny key 1.1.1.2 data.gpc0 1
    set table tiny key 1.1.1.3 data.gpc0 1
    set table tiny key 1.1.1.4
    show table tiny
    clear table tiny key 1.1.1.1
    clear table tiny key 1.1.1.9
    show table tiny
    clear table tiny data.gpc0 eq 0
    show table tiny
    clear table tiny data.gpc0 eq 1
    show table tiny
    clear table a foo
    clear table a key
    clear table nope
    clear table
    clear table a
    show table a
    """

/// A table whose clock stands, as an operator sees it.
private final class Console {
    let tables: [StickTable]
    var now: UInt64 = 1000

    init(_ declarations: [(name: String, text: String)] = declarations) throws {
        tables = try declarations.map { try table($0.text, name: $0.name) }
    }

    func answer(_ line: String) -> String {
        // The words of the script, with a backslash before blanks that are part of one.
        let words = line.replacingOccurrences(of: "\\ ", with: "\u{1}").split(separator: " ")
            .map { $0.replacingOccurrences(of: "\u{1}", with: " ") }
        let verb: StickTableCommand.Verb =
            words[0] == "show" ? .show : words[0] == "set" ? .set : .clear
        // HAProxy lists the table that was declared last first.
        let order = Array(tables.reversed())
        do throws(StickCommandRefusal) {
            var command = try StickTableCommand(verb, Array(words.dropFirst(2)), tables: order)
            var text: [UInt8] = []
            while command.run(now: now, into: &text) {}
            return String(decoding: text, as: UTF8.self)
        } catch {
            return error.text
        }
    }
}

/// The lines of an answer without what differs by nature: pointers, times and the order.
private func comparable(_ answer: String) -> [String] {
    answer.split(separator: "\n").map { line in
        var words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        if words[0].hasPrefix("0x") && words[0].hasSuffix(":") { words[0] = "0x:" }
        return words.map { word in
            guard word.hasPrefix("exp="), let left = Int(word.dropFirst(4)) else { return word }
            // Both show what is left of seconds, if anything is.
            return left == 0 ? word : "exp=\((left + 9999) / 10_000)"
        }.joined(separator: " ")
    }.sorted()
}

@Suite struct StickTableCommandTests {
    private func reference() throws -> ReferenceProcess {
        try ReferenceProcess(ready: "admin") { folder in
            """
            global
            stats socket \(folder)/admin level admin
            defaults
            mode http
            timeout client 10s
            timeout server 10s
            timeout connect 1s
            frontend f
            bind unix@\(folder)/s
            http-request track-sc0 url_param(k),url_dec table keys
            http-request return status 200
            backend keys
            stick-table type string len 300 size 1k store gpc0,http_req_cnt,http_req_rate(1s)

            """
                + declarations.map { "backend \($0.name)\nstick-table \($0.text)\n" }.joined()
        }
    }

    @Test func `haproxy gives the same answers`() throws {
        guard ReferenceProcess.program != nil else {
            print("haproxy is not installed: answers are compared with written ones only")
            return
        }
        let process = try reference()
        let console = try Console()
        for line in script.split(separator: "\n").map(String.init) {
            var their = process.exchange(line + "\n", with: "admin")
            // The table of the other test, which is declared there only.
            their = their.split(separator: "\n").filter { !$0.hasPrefix("# table: keys,") }
                .joined(separator: "\n")
            #expect(comparable(console.answer(line)) == comparable(their), "\(line)")
        }
    }

    @Test func `haproxy writes keys of all bytes the same way`() throws {
        guard ReferenceProcess.program != nil else {
            print("haproxy is not installed: keys are compared with written ones only")
            return
        }
        let process = try reference()
        let table = try table(
            "type string len 300 size 1k store gpc0,http_req_cnt,http_req_rate(1s)", name: "keys")
        for start in stride(from: 1, to: 256, by: 15) {
            let bytes = (start..<start + 15).map { UInt8($0) }
            let query = bytes.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            _ = process.exchange("GET /?k=z\(query) HTTP/1.0\r\n\r\n", with: "s")
            let updates = [StickUpdate.add(to: .requestCount), .add(to: .requestRate)]
            _ = table.change(([0x7A] + bytes).span, updates.span, now: 1)
        }
        var ours: [UInt8] = []
        StickTableText.appendHeader(table, to: &ours)
        for entry in table.allEntries(now: 1) { StickTableText.append(entry, of: table, to: &ours) }
        var their = process.exchange("show table keys\n", with: "admin")
        // The last client may be known to have gone a little later.
        for _ in 0..<500 where their.contains("use=1") {
            usleep(10_000)
            their = process.exchange("show table keys\n", with: "admin")
        }
        #expect(comparable(String(decoding: ours, as: UTF8.self)) == comparable(their))
        #expect(comparable(their).count == 18)
    }

    @Test func `haproxy's rates fade as ours do`() throws {
        guard ReferenceProcess.program != nil else {
            print("haproxy is not installed: rates are compared with computed ones only")
            return
        }
        let process = try reference()
        // A machine that stalls for a second starts anew: all requests are to be in one period.
        for attempt in 0..<5 where try compareRates(process, key: "x\(attempt)") { return }
        print("the machine is too slow to compare rates")
    }

    /// Watches a burst of requests fade; false when it took too long to send.
    private func compareRates(_ process: ReferenceProcess, key: String) throws -> Bool {
        let start = Milliseconds.now
        var first: ClosedRange<UInt64> = start...start
        for round in 0..<50 {
            let before = Milliseconds.now
            _ = process.exchange("GET /?k=\(key) HTTP/1.0\r\n\r\n", with: "s")
            if round == 0 { first = before...Milliseconds.now }
        }
        if Milliseconds.now - first.lowerBound > 900 { return false }
        var seen: Set<Int64> = []
        while Milliseconds.now < first.upperBound + 2050 {
            let before = Milliseconds.now
            let answer = process.exchange("show table keys key \(key)\n", with: "admin")
            let after = Milliseconds.now
            let text = answer.components(separatedBy: "http_req_rate(1000)=").last ?? ""
            let their = try #require(Int64(text.prefix { $0.isNumber }), "\(answer)")
            // HAProxy reads its clock once a turn: it may be a few milliseconds old.
            let greatest = rate(from: first.upperBound, at: before - 5)
            let least = rate(from: first.lowerBound - 5, at: after + 5)
            #expect((least - 1...greatest + 1).contains(their), "\(after - start) ms")
            seen.insert(their)
            usleep(40_000)
        }
        #expect(seen.count > 1)
        return true
    }

    /// What is left of fifty events.
    private func rate(from began: UInt64, at now: UInt64) -> Int64 {
        var rate = StickRate()
        rate.add(50, period: 1000, now: began)
        return Int64(rate.total(period: 1000, now: now))
    }

    @Test func `entries in use are not removed`() throws {
        let console = try Console()
        let table = console.tables[0]
        let held = try #require(table.track("1.1.1.1", [.add(to: .currentConnections)], now: 1000))
        table.change("1.1.1.2", now: 1000)
        #expect(
            console.answer("clear table a key 1.1.1.1") == "Entry currently in use, cannot remove\n"
        )
        #expect(console.answer("clear table a") == "")
        #expect(table.count == 1)
        console.now = 40_000
        #expect(console.answer("show table a data.conn_cur eq 1").contains("use=1 exp=0 "))
        table.release(held, now: 40_000)
        #expect(console.answer("show table a").contains("key=1.1.1.1 use=0 exp=30000 "))
        console.now = 70_000
        #expect(
            console.answer("show table a") == "# table: a, type: ip, size:1048576, used:0\n")
    }

    @Test func `entries are named by the number in front of them`() throws {
        let console = try Console()
        _ = console.answer("set table a key 1.1.1.1 data.gpc0 7")
        let line = console.answer("show table a").split(separator: "\n")[1]
        let pointer = line.prefix { $0 != ":" }
        let shown = console.answer("show table a ptr \(pointer)")
        #expect(shown.hasSuffix(line + "\n"))
        #expect(console.answer("set table a ptr \(pointer) data.gpc0 8") == "")
        #expect(console.answer("show table a").contains("gpc0=8"))
        #expect(console.answer("clear table a ptr \(pointer)") == "")
        #expect(console.answer("show table a ptr \(pointer)") == "")
        #expect(console.answer("show table a ptr 7") == "Pointer expected (0xffff notation)\n")
    }

    @Test func `elements of arrays are named by their index`() throws {
        let console = try Console()
        #expect(
            console.answer("set table arr key 1.1.1.1 data.gpc[2] 5 data.gpc_rate[1] 9") == "")
        let shown = console.answer("show table arr data.gpc[2] eq 5 data.gpc_rate[1] gt 8")
        #expect(
            shown.hasSuffix(
                "key=1.1.1.1 use=0 exp=0 server_key=- gpt0=0 gpt1=0 gpc0=0 gpc1=0 gpc2=5 "
                    + "gpc0_rate(10000)=0 gpc1_rate(10000)=9\n"))
        for word in ["gpc[", "gpc[]", "gpc[x]", "gpc[1]x", "gpc[-1]", "gpc[9999]", "server_key[1]"]
        {
            #expect(
                console.answer("set table arr key 1.1.1.1 data.\(word) 5") == "Unknown data type\n")
        }
        #expect(
            console.answer("set table arr key 1.1.1.1 data.gpc[3] 5")
                == "Data type not stored in this table\n")
        #expect(console.answer("set table a key 1.1.1.1 data.gpc0[1] 5") == "Unknown data type\n")
    }

    @Test func `nothing is done by halves`() throws {
        let console = try Console()
        // HAProxy empties the table, and makes entries before it looks at what comes behind.
        _ = console.answer("set table a key 1.1.1.1")
        #expect(console.answer("set table a").hasPrefix("Required arguments"))
        #expect(console.tables[0].count == 1)
        #expect(console.answer("set table a key 2.2.2.2 data.nope 1") == "Unknown data type\n")
        #expect(
            console.answer("set table a key 2.2.2.2 data.server_key 5")
                == "Require a valid integer value to store\n")
        #expect(console.answer("set table a key 1.1.3") == "Invalid key\n")
        #expect(console.answer("set table a key localhost") == "Invalid key\n")
        #expect(console.answer("set table int key 12x") == "Invalid key\n")
        #expect(console.answer("show table a key 1.1.1.x") == "Invalid key\n")
        #expect(console.tables[0].count == 1)
    }

    @Test func `names of servers are shown, and cannot break lines`() throws {
        let console = try Console()
        let table = console.tables[0]
        for (key, name) in [("1.1.1.1", "s1"), ("1.1.1.2", "10.0.0.1:80"), ("1.1.1.3", "a\nb c")] {
            let number = try #require(table.serverNumber(name))
            table.change(key, [.set(.serverKey, to: number)], now: 1000)
        }
        let text = console.answer("show table a")
        #expect(text.contains("server_key=s1 ") && text.contains("server_key=10.0.0.1:80 "))
        #expect(text.contains("server_key=a\\nb\\ c "))
    }

    @Test func `an entry that stays is seen exactly once while others come and go`() throws {
        var random = Seeded(for: "an entry that stays is seen exactly once")
        let table = try table("type ip size 4096 expire 1m store gpc0")
        for number in 0..<3000 {
            addressKey(number).change(table, now: 1)
        }
        let kept = (0..<500).map { addressKey($0).track(table, now: 1)! }
        var seen: [[UInt8]: Int] = [:]
        var cursor = StickCursor()
        var next = 3000
        while let piece = table.entries(&cursor, limit: 16, now: 2) {
            #expect(piece.count <= 16)
            for entry in piece { seen[entry.key, default: 0] += 1 }
            for _ in 0..<20 {
                next += 1
                addressKey(next).change(table, now: 2)
                let key = addressKey(.random(in: 500..<3000, using: &random))
                if let gone = table.find(key.bytes, now: 2) { _ = table.remove(gone, now: 2) }
            }
        }
        for (number, reference) in kept.enumerated() {
            #expect(seen[addressKey(number).array] == 1)
            table.release(reference, now: 3)
        }
    }
}

/// The clock that both processes read.
private enum Milliseconds {
    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    }
}
