// How samples become keys, compared with haproxy's own tables.

import Addresses
import ReferenceHAProxy
import Samples
import Testing

@testable import StickTables

/// A literal expression and the sample it gives.
private struct Literal: Sendable {
    let text: String
    let type: SampleType
    let make: @Sendable (inout SampleScratch) -> Sample

    static func string(_ text: String) -> Literal {
        Literal(text: "str(\(text))", type: .string) { $0.copy(Array(text.utf8).span)! }
    }

    static func binary(_ bytes: [UInt8]) -> Literal {
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return Literal(text: "bin(\(digits))", type: .binary) {
            $0.copy(bytes.span, as: .binary)!
        }
    }

    static func integer(_ value: Int64) -> Literal {
        Literal(text: "int(\(value))", type: .integer) { _ in .integer(value) }
    }

    static func address(_ text: String) -> Literal {
        let address = IPAddress(text)!
        let name = address.family == .v4 ? "ipv4" : "ipv6"
        return Literal(text: "\(name)(\(text))", type: address.family == .v4 ? .ipv4 : .ipv6) { _ in
            .address(address)
        }
    }

    static let all: [Literal] = [
        .string("abc"), .string(""), .string("1.2.3.4"), .string("::1"), .string("12x"),
        .string("x"), .string("abcdefghij"), .string("::ffff:1.2.3.4"), .string("a=b"),
        .integer(5), .integer(-1), .integer(4_294_967_297), .address("1.2.3.4"),
        .address("::ffff:1.2.3.4"), .address("::1.2.3.4"), .address("2002:102:304::1"),
        .address("2001:db8::1"), .binary([0x61, 0x62, 0x63, 0, 0x64, 0x65, 0x66]),
        .binary([1, 2]), .binary([1, 2, 3, 4, 5, 6, 7, 8]), .binary([0, 1]),
        Literal(text: "bool(true)", type: .boolean) { _ in .boolean(true) },
        Literal(text: "method", type: .method) { $0.copy(Array("GET".utf8).span, as: .method)! },
    ]
}

private let types = [
    "ip", "ipv6", "integer", "string len 5", "binary len 4", "string", "binary",
]

/// What a table of a type gets from a literal, as `show table` writes it; nil for no entry.
private func shown(_ literal: Literal, as type: StickKeyType) -> String? {
    var scratch = SampleScratch()
    var sample = literal.make(&scratch)
    guard type.convert(&sample, in: &scratch) else { return nil }
    let span = scratch.bytes(of: sample)
    let key = (0..<span.count).map { span[$0] }
    #expect(type.isFixed ? key.count == type.longestKey : key.count <= type.longestKey)
    var text: [UInt8] = []
    StickTableText.append(key: key, type, to: &text)
    return String(decoding: text, as: UTF8.self)
}

@Suite struct StickKeyTests {
    @Test func `haproxy makes the same keys`() throws {
        guard ReferenceProcess.program != nil else {
            print("haproxy is not installed: keys are compared with written ones only")
            return
        }
        var rules = ""
        var tables = ""
        for (row, type) in types.enumerated() {
            let keyType = try table("type \(type) size 9").configuration.keyType
            for (column, literal) in Literal.all.enumerated() where keyType.takes(literal.type) {
                let name = "t\(row)_\(column)"
                rules += "http-request track-sc0 \"\(literal.text)\" table \(name) "
                rules += "if { path /\(row)_\(column) }\n"
                tables += "backend \(name)\nstick-table type \(type) size 9 store conn_cnt\n"
            }
        }
        let process = try ReferenceProcess(ready: "s") { folder in
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
            \(rules)
            http-request return status 200
            \(tables)
            """
        }
        for (row, type) in types.enumerated() {
            let keyType = try table("type \(type) size 9").configuration.keyType
            for (column, literal) in Literal.all.enumerated() where keyType.takes(literal.type) {
                _ = process.exchange("GET /\(row)_\(column) HTTP/1.0\r\n\r\n", with: "s")
                let answer = process.exchange("show table t\(row)_\(column)\n", with: "admin")
                let line = answer.split(separator: "\n").dropFirst().first
                let their = line.map { line in
                    String(
                        line.components(separatedBy: "key=")[1].components(separatedBy: " use=")[0])
                }
                let ours = shown(literal, as: keyType)
                // From 2.7 on, IPv4 addresses are found in more kinds of IPv6 addresses.
                let isNewer =
                    keyType == .ipv4
                    && ["ipv6(::1.2.3.4)", "ipv6(2002:102:304::1)"]
                        .contains(literal.text)
                if isNewer {
                    #expect(ours == "1.2.3.4")
                } else {
                    #expect(ours == their, "\(type) from \(literal.text)")
                }
            }
        }
    }

    @Test func `types of samples that haproxy refuses are refused`() {
        let takes: [(StickKeyType, [SampleType])] = [
            (.ipv4, [.ipv4, .ipv6, .address, .integer, .string]),
            (.ipv6, [.ipv4, .ipv6, .address, .integer, .string]),
            (.integer, [.integer, .boolean, .ipv4, .address, .string]),
            (
                .string(length: 4),
                [.integer, .boolean, .ipv4, .ipv6, .address, .string, .binary, .method]
            ),
            (
                .binary(length: 4),
                [.integer, .boolean, .ipv4, .ipv6, .address, .string, .binary, .method]
            ),
        ]
        for (key, samples) in takes {
            for type in SampleType.allCases where type != .any && type != .same {
                #expect(key.takes(type) == samples.contains(type), "\(key) \(type)")
            }
        }
    }

    @Test func `written keys hold`() {
        let written: [(Literal, StickKeyType, String?)] = [
            (.string("abcdef"), .string(length: 5), "abcde"),
            (.string(""), .string(length: 5), ""),
            (.string("ab"), .binary(length: 3), "616200"),
            (.string("abcd"), .binary(length: 3), "616263"),
            (.address("1.2.3.4"), .ipv6, "::ffff:1.2.3.4"),
            (.address("2001:db8::1"), .ipv4, nil),
            (.address("::ffff:1.2.3.4"), .ipv4, "1.2.3.4"),
            (.integer(-1), .integer, "4294967295"),
            (.string("x"), .ipv6, nil),
        ]
        for (literal, type, expected) in written {
            #expect(shown(literal, as: type) == expected, "\(literal.text) \(type)")
        }
    }

    @Test func `short keys are values, long ones are spans`() throws {
        let table = try table("type string len 3000 size 9 store gpc0")
        let long = String(repeating: "k", count: 2999)
        table.change(long, [.add(to: .gpc0)], now: 1)
        table.change(long + "l", [.add(2, to: .gpc0)], now: 1)
        table.change(long + "lm", [.add(3, to: .gpc0)], now: 1)
        #expect(table.value(.gpc0, long, now: 1) == 1)
        #expect(table.value(.gpc0, long + "l", now: 1) == 5 && table.count == 2)
        let tooLong = StickKey(copying: table.key(long).span)
        #expect(tooLong == nil)
        let copied = StickKey(copying: table.key("abc").span)
        let short = try #require(copied)
        #expect(short.array == Array("abc".utf8))
        short.change(table, now: 1)
        var scratch = SampleScratch()
        let reference = try #require(table.find("abc", now: 1))
        let sample = try #require(table.key(at: reference, into: &scratch))
        #expect(sample.type == .string && sample.byteCount == 3)
    }

    @Test func `keys come back as samples of the table's type`() throws {
        var scratch = SampleScratch()
        for (declaration, text) in [
            ("ip", "1.2.3.4"), ("ipv6", "2001:db8::1"), ("integer", "77"), ("string", "text"),
        ] {
            let table = try table("type \(declaration) size 9")
            let reference = try #require(table.change(text, now: 1)).reference
            var sample = try #require(table.key(at: reference, into: &scratch))
            #expect(sample.type == table.configuration.keyType.sampleType)
            let isText = scratch.cast(&sample, to: .string)
            #expect(isText)
            let span = scratch.bytes(of: sample)
            #expect((0..<span.count).map { span[$0] } == Array(text.utf8))
        }
    }

    @Test func `addresses are keys of both kinds of tables`() throws {
        let mapped = try #require(StickKey(IPAddress("1.2.3.4")!, for: .ipv6))
        #expect(mapped.count == 16)
        #expect(mapped.array == Array(repeating: 0, count: 10) + [255, 255, 1, 2, 3, 4])
        let inner = try #require(StickKey(IPAddress("::ffff:1.2.3.4")!, for: .ipv4))
        #expect(inner.array == [1, 2, 3, 4])
        #expect(StickKey(IPAddress("2001:db8::1")!, for: .ipv4) == nil)
        #expect(StickKey(IPAddress("1.2.3.4")!, for: .integer) == nil)
    }
}
