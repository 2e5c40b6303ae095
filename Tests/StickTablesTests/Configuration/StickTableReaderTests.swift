// Declarations of tables: what they mean, what is wrong with them, and what haproxy says to both.

import Foundation
import ReferenceHAProxy
import Samples
import RandomInputs
import Testing

@testable import StickTables

/// A declaration that both refuse, or that only one of them does for a reason.
struct Refused: Sendable, CustomStringConvertible {
    let text: String
    /// The wrong word, or nothing when something is missing at the end.
    let part: String
    let message: String
    var suggestion: String?
    /// Why haproxy 2.6 takes it.
    var taken: String?

    var description: String { text }
}

private let refused: [Refused] = [
    Refused(
        text: "type ip size 1k store conn_rate", part: "conn_rate", message: "'conn_rate(10s)'"),
    Refused(text: "type ip size 1k store conn_rate()", part: "", message: "a period is missing"),
    Refused(
        text: "type ip size 1k store conn_rate(0)", part: "0", message: "at least 1 millisecond",
        taken: "a rate without a period"),
    Refused(text: "type ip size 1k store conn_rate(30d)", part: "30d", message: "2147483647"),
    Refused(text: "type ip size 1k store conn_rate(-1)", part: "-1", message: "with a unit"),
    Refused(text: "type ip size 1k store conn_rate(10x)", part: "10x", message: "with a unit"),
    Refused(
        text: "type ip size 1k store conn_rate(10s,3)", part: "conn_rate(10s,3)",
        message: "takes a period", taken: "arguments that are too many"),
    Refused(
        text: "type ip size 1k store gpc0,conn_rate(10s", part: "(10s", message: "never closed"),
    Refused(
        text: "type ip size 1k store conn_rate(10s)x", part: "x", message: "comma",
        taken: "text behind the parenthesis"),
    Refused(text: "type ip size 1k store conn_cnt(3)", part: "conn_cnt(3)", message: "no argument"),
    Refused(text: "type ip size 1k store conn_cnt()", part: "conn_cnt()", message: "no argument"),
    Refused(
        text: "type ip size 1k store gpc0,gpc(3)", part: "gpc(3)", message: "'gpc' and 'gpc0'"),
    Refused(
        text: "type ip size 1k store gpc(3),gpc1", part: "gpc1", message: "'gpc1' and 'gpc'"),
    Refused(
        text: "type ip size 1k store gpc(3) store gpc0", part: "gpc0", message: "'gpc0' and 'gpc'"),
    Refused(
        text: "type ip size 1k store gpc_rate(3,3s),gpc0_rate(3s)", part: "gpc0_rate(3s)",
        message: "'gpc0_rate' and 'gpc_rate'"),
    Refused(text: "type ip size 1k store gpt(3),gpt0", part: "gpt0", message: "'gpt0' and 'gpt'"),
    Refused(text: "type ip size 1k store gpt(0)", part: "0", message: "1 to 100"),
    Refused(text: "type ip size 1k store gpt(101)", part: "101", message: "1 to 100"),
    Refused(text: "type ip size 1k store gpt(-1)", part: "-1", message: "1 to 100"),
    Refused(text: "type ip size 1k store gpt(x)", part: "x", message: "1 to 100"),
    Refused(
        text: "type ip size 1k store gpt(2x)", part: "2x", message: "1 to 100",
        taken: "what follows a number"),
    Refused(text: "type ip size 1k store gpt", part: "gpt", message: "'gpt(2)'"),
    Refused(text: "type ip size 1k store gpc_rate", part: "gpc_rate", message: "gpc_rate(2,10s)"),
    Refused(
        text: "type ip size 1k store gpc_rate(3)", part: "gpc_rate(3)", message: "gpc_rate(2,10s)"),
    Refused(text: "type ip size 1k store gpc_rate(3,)", part: "", message: "a period is missing"),
    Refused(text: "type ip size 1k store gpc_rate(,3s)", part: "", message: "1 to 100"),
    Refused(
        text: "type ip size 1k store gpc_rate(3,3s,4)", part: "gpc_rate(3,3s,4)", message: "takes",
        taken: "arguments that are too many"),
    Refused(text: "type ip size 1k store gpc_rate(0,3s)", part: "0", message: "1 to 100"),
    Refused(text: "type ip size 1k store gpc0 gpc1", part: "gpc1", message: "behind 'store'"),
    Refused(text: "type ip size 1k store ,gpc1", part: "", message: "a data type is missing"),
    Refused(text: "type ip size 1k store gpc0,,gpc1", part: "", message: "data type is missing"),
    Refused(
        text: "type ip size 1k store gpc0,http_req_rat(3s)", part: "http_req_rat",
        message: "unknown data type", suggestion: "http_req_rate"),
    Refused(
        text: "type ip size 1k store GPC0", part: "GPC0", message: "unknown data type"),
    Refused(text: "type ip size 0", part: "0", message: "1 to 4294967295"),
    Refused(text: "type ip size 4g", part: "4g", message: "1 to 4294967295"),
    Refused(text: "type ip size 1kk", part: "1kk", message: "(k, m, g)"),
    Refused(text: "type ip size x", part: "x", message: "(k, m, g)"),
    Refused(text: "type ip size -1", part: "-1", message: "(k, m, g)"),
    Refused(text: "type ip", part: "", message: "needs a size"),
    Refused(text: "size 1k", part: "", message: "needs a type"),
    Refused(text: "type ip size", part: "", message: "'size' expects"),
    Refused(text: "type", part: "", message: "'type' expects"),
    Refused(text: "type integer len 4 size 1k", part: "len", message: "unknown argument"),
    Refused(text: "type string len 0 size 1k", part: "0", message: "1 to 1048576"),
    Refused(
        text: "type string len -1 size 1k", part: "-1", message: "1 to 1048576",
        taken: "a length below 0"),
    Refused(
        text: "type string len 20x size 1k", part: "20x", message: "1 to 1048576",
        taken: "what follows a number"),
    Refused(
        text: "type string len 2147483647 size 1k", part: "2147483647", message: "1 to 1048576",
        taken: "any length"),
    Refused(
        text: "type string len 1048576 size 3g", part: "", message: "can address",
        taken: "any product of length and size"),
    Refused(text: "type string len size 1k", part: "size", message: "1 to 1048576"),
    Refused(text: "type binary len 0 size 1k", part: "0", message: "1 to 1048576"),
    Refused(
        text: "type strin size 1k", part: "strin", message: "unknown type", suggestion: "string"),
    Refused(text: "type ip size 1k expire", part: "", message: "'expire' expects"),
    Refused(text: "type ip size 1k expire 25d", part: "25d", message: "24.8"),
    Refused(text: "type ip size 1k expire 10x", part: "10x", message: "with a unit"),
    Refused(text: "type ip size 1k srvkey foo", part: "foo", message: "'name' or 'addr'"),
    Refused(text: "type ip size 1k srvkey", part: "", message: "'srvkey' expects"),
    Refused(text: "type ip size 1k peers", part: "", message: "'peers' expects"),
    Refused(
        text: "type ip size 1k exipre 5s", part: "exipre", message: "unknown argument",
        suggestion: "expire"),
    Refused(text: "type ip size 1k brates-factor 0", part: "0", message: "1 to 1024"),
    Refused(text: "type ip size 1k brates-factor 1025", part: "1025", message: "1 to 1024"),
    Refused(text: "type ip size 1k write-to", part: "", message: "'write-to' expects"),
]

/// Declarations that both take, by what the newer manual adds to 2.6.
private let taken = [
    "type ip size 1k store gpc0,conn_rate(10s)", "type ip size 1k store conn_rate(1us)",
    "type ip size 1k store gpc(3),gpc0_rate(3s)", "type ip size 1k store gpc_rate(3,3s),gpc0",
    "type ip size 1k store gpt(1)", "type ip size 1k store gpt(100)", "type ip size 1k store gpc1,",
    "type ip size 1k store gpc0,gpc0", "type ip size 1k store conn_cnt store conn_cur",
    "type ip size 1k store", "type ip size 1k store server_id,server_key",
    "type ip size 1k store server_name", "type ip size 1k size 2k", "type ip size 3g",
    "type ip size 1", "type string size 1k", "type string len 1 size 1k",
    "type string len 20000 size 1k", "type binary len 4 size 1k", "type ip size 1k expire 0",
    "type ip size 1k expire 1us",
    "type ip size 1k expire 24d", "type ip size 1k nopurge expire 1s",
    "type ip size 1k srvkey addr srvkey name", "type ip type ipv6 size 1k",
    "type integer size 1m",
    "type ip size 1k store bytes_in_cnt,bytes_in_rate(1s),bytes_out_cnt,bytes_out_rate(1s),"
        + "http_fail_cnt,http_fail_rate(3),gpc1_rate(1s),sess_cnt,sess_rate(2s),http_req_cnt,"
        + "http_req_rate(1m),http_err_cnt,http_err_rate(1h),conn_cur,gpt0",
]

private func read(_ text: String) throws(ExpressionMistake) -> ReadStickTable {
    try StickTableReader.read(text.split(separator: " ").map(String.init), name: "t")
}

@Suite struct StickTableReaderTests {
    @Test(arguments: refused) func `mistakes are found where they are`(_ entry: Refused) {
        let mistake = #expect(throws: ExpressionMistake.self) { try read(entry.text) }
        guard let mistake else { return }
        let words = entry.text.split(separator: " ")
        let place = mistake.word < words.count ? Array(words[mistake.word].utf8) : []
        let end = mistake.offset + mistake.length
        #expect(end <= place.count)
        let part = String(decoding: place[mistake.offset..<end], as: UTF8.self)
        #expect(part == entry.part, "\(mistake)")
        #expect(mistake.text.contains(entry.message), "\(mistake.text)")
        #expect(mistake.suggestion == entry.suggestion)
    }

    @Test func `haproxy refuses the same declarations`() throws {
        guard ReferenceProcess.program != nil else {
            print("haproxy is not installed: verdicts are compared with written ones only")
            return
        }
        for entry in refused where !entry.text.contains("brates-factor") {
            #expect(try isRefused([entry.text]) == (entry.taken == nil), "\(entry.text)")
        }
        #expect(try !isRefused(taken))
    }

    @Test(arguments: taken) func `what haproxy takes is taken`(_ text: String) throws {
        _ = try read(text)
    }

    private func isRefused(_ declarations: [String]) throws -> Bool {
        let folder = try ReferenceProcess.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var lines = "defaults\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n"
        lines += "frontend f\n bind unix@\(folder)/s\n"
        for (number, declaration) in declarations.enumerated() {
            lines += "backend b\(number)\n stick-table \(declaration)\n"
        }
        try lines.write(toFile: folder + "/cfg", atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: ReferenceProcess.program!)
        process.arguments = ["-c", "-f", folder + "/cfg"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus != 0
    }

    @Test func `all arguments are understood`() throws {
        let read = try read(
            "type string len 48 size 2k expire 5m nopurge recv-only write-to other srvkey addr "
                + "brates-factor 10 peers mine store gpc(4),gpc_rate(4,1m) store glitch_cnt,"
                + "glitch_rate(10s),bytes_out_rate(1s)")
        let table = read.configuration
        #expect(table.name == "t" && table.keyType == .string(length: 48) && table.size == 2048)
        #expect(table.expireMilliseconds == 300_000 && table.refusesWhenFull)
        #expect(table.receivesOnly && table.writeTo == "other" && table.peers == "mine")
        #expect(table.serverKey == .address && table.bytesRateFactor == 10)
        #expect(
            table.data == [
                StickStoredData(.gpc, count: 4),
                StickStoredData(.gpcRate, count: 4, periodMilliseconds: 60_000),
                StickStoredData(.glitchCount),
                StickStoredData(.glitchRate, periodMilliseconds: 10_000),
                StickStoredData(.bytesOutRate, periodMilliseconds: 1000),
            ])
        #expect(read.warnings.isEmpty)
    }

    @Test func `lengths and addresses have the manual's defaults`() throws {
        // 32 with the byte that ends it.
        #expect(try read("type string size 1").configuration.keyType == .string(length: 31))
        #expect(try read("type binary size 1").configuration.keyType == .binary(length: 32))
        #expect(try read("type ipv4 size 1").configuration.keyType == .ipv4)
        #expect(try read("type ip size 1").configuration.keyType == .ipv4)
        let table = try read("type ip size 1").configuration
        #expect(table.expireMilliseconds == 0 && !table.refusesWhenFull && table.data.isEmpty)
        #expect(table.serverKey == .name && table.bytesRateFactor == 1 && table.peers == nil)
    }

    @Test func `what is stored twice is said, and stays as it was`() throws {
        let read = try read("type ip size 1 store conn_rate(1s),conn_rate(2s)")
        #expect(
            read.configuration.data == [StickStoredData(.connectionRate, periodMilliseconds: 1000)])
        #expect(read.warnings.map(\.text) == ["'conn_rate' is stored already; this is ignored"])
        #expect(read.warnings[0].word == 5 && read.warnings[0].offset == 14)
    }

    @Test func `nopurge without expire is doubtful`() throws {
        #expect(try read("type ip size 1 nopurge").warnings.count == 1)
        #expect(try read("type ip size 1 nopurge expire 1s").warnings.isEmpty)
    }

    @Test func `tables of peers take no peers`() {
        let words = ["type", "ip", "size", "1", "peers", "x"]
        #expect(throws: ExpressionMistake.self) {
            try StickTableReader.read(words, name: "t", inPeersSection: true)
        }
    }

    @Test func `every data type is known by its name`() {
        for type in StickDataType.allCases {
            #expect(StickDataType(name: type.name) == type)
        }
        #expect(StickDataType(name: "server_name") == .serverKey)
        #expect(StickDataType(name: "") == nil)
        #expect(Set(StickDataType.allCases.map(\.name)).count == 27)
    }

    @Test func `arbitrary bytes are read without a trap`() {
        var random = Seeded(for: "arbitrary bytes are read without a trap")
        let corpus =
            refused.map(\.text) + taken + [
                "t key 1.2.3.4 data.gpc[1] 5 data.http_req_rate 7",
                "t data.gpc gt 3 data.gpc[1] eq 0",
                "t ptr 0x10000000000", "t key abc", "t key 12 data.gpc[99] -1",
            ]
        for text in corpus { exerciseStickTables(Array(text.utf8).span) }
        for _ in 0..<2000 {
            var bytes = Array(corpus.randomElement(using: &random)!.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0...bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0 where place < bytes.count:
                    bytes[place] = .random(in: 0...255, using: &random)
                case 1 where place < bytes.count: bytes.remove(at: place)
                default:
                    bytes.insert(
                        Array("(),.[]09 xkm".utf8).randomElement(using: &random)!, at: place)
                }
            }
            exerciseStickTables(bytes.span)
        }
    }
}
