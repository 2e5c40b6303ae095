// Metrics by a reader that takes nothing but the text format 0.0.4, and the HTTP around them.

import Addresses
import Foundation
import Kernel
import RandomInputs
import Testing

@testable import VRRPDaemon

/// Reads the text format of Prometheus, and stops at whatever is not of it.
struct MetricsReader {
    struct Sample: Equatable {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    struct Violation: Error, CustomStringConvertible {
        let description: String
    }

    private(set) var samples: [Sample] = []
    private(set) var types: [String: String] = [:]
    private var helped: Set<String> = []
    private var closed: Set<String> = []
    private var current = ""
    private var seen: Set<String> = []

    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Violation(description: "no line feed at the end") }
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            try read(String(line))
        }
    }

    private mutating func read(_ line: String) throws {
        if line.hasPrefix("# HELP ") || line.hasPrefix("# TYPE ") {
            return try readComment(line)
        }
        guard !line.hasPrefix("#") else { throw Violation(description: "comment: \(line)") }
        var rest = Substring(line)
        let name = String(rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
        rest = rest.dropFirst(name.count)
        guard name == current, types[name] != nil else {
            throw Violation(description: "sample outside of its metric: \(line)")
        }
        var labels: [String: String] = [:]
        if rest.first == "{" { labels = try readLabels(&rest) }
        guard rest.first == " " else { throw Violation(description: "no blank: \(line)") }
        let number = rest.dropFirst()
        guard let value = Double(number), !number.contains(" "), value.isFinite else {
            throw Violation(description: "no number: \(line)")
        }
        if types[name] == "counter" {
            guard name.hasSuffix("_total"), value >= 0 else {
                throw Violation(description: "no counter: \(line)")
            }
        }
        let identity = name + labels.sorted { $0.key < $1.key }.description
        guard seen.insert(identity).inserted else { throw Violation(description: "twice: \(line)") }
        samples.append(Sample(name: name, labels: labels, value: value))
    }

    private mutating func readComment(_ line: String) throws {
        let words = line.split(separator: " ", maxSplits: 3).map(String.init)
        guard words.count == 4 else { throw Violation(description: "short comment: \(line)") }
        let name = words[2]
        if words[1] == "HELP" {
            guard helped.insert(name).inserted else {
                throw Violation(description: "two metrics of one name: \(name)")
            }
            closed.insert(current)
            current = name
        } else {
            guard name == current, types[name] == nil, ["counter", "gauge"].contains(words[3])
            else { throw Violation(description: "type: \(line)") }
            types[name] = words[3]
        }
        guard !closed.contains(name) else { throw Violation(description: "again: \(name)") }
    }

    private func readLabels(_ rest: inout Substring) throws -> [String: String] {
        var labels: [String: String] = [:]
        repeat {
            rest = rest.dropFirst()
            let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            rest = rest.dropFirst(name.count)
            guard !name.isEmpty, rest.hasPrefix("=\"") else {
                throw Violation(description: "label: \(rest)")
            }
            rest = rest.dropFirst(2)
            var value = String.UnicodeScalarView()
            var scalars = rest.unicodeScalars
            scanning: while true {
                switch scalars.popFirst() {
                case "\""?: break scanning
                case "\\"?:
                    switch scalars.popFirst() {
                    case "n"?: value.append("\n")
                    case "\\"?: value.append("\\")
                    case "\""?: value.append("\"")
                    default: throw Violation(description: "escape: \(rest)")
                    }
                case let scalar?: value.append(scalar)
                case nil: throw Violation(description: "open label: \(rest)")
                }
            }
            rest = Substring(scalars)
            guard labels.updateValue(String(value), forKey: String(name)) == nil else {
                throw Violation(description: "label twice: \(name)")
            }
        } while rest.first == ","
        guard rest.first == "}" else { throw Violation(description: "labels: \(rest)") }
        rest = rest.dropFirst()
        return labels
    }
}

@Suite struct MetricsTests {
    @Test func `a strict reader takes every line, whatever names hold`() throws {
        let bytes = MetricsText.bytes(of: sampleStatus())
        let reader = try MetricsReader(String(decoding: bytes, as: UTF8.self))
        let states = reader.samples.filter { $0.name == "martlet_vrrp_instance_state" }
        #expect(states.count == 4 * hostileNames.count)
        #expect(Set(states.compactMap { $0.labels["instance"] }) == Set(hostileNames))
        for name in hostileNames {
            #expect(states.filter { $0.labels["instance"] == name }.map(\.value).sum == 1)
        }
        #expect(
            !reader.types.isEmpty && reader.types.keys.allSatisfy { $0.hasPrefix("martlet_vrrp_") })
    }

    @Test func `values are those of the status, in base units`() throws {
        let bytes = MetricsText.bytes(of: sampleStatus())
        let reader = try MetricsReader(String(decoding: bytes, as: UTF8.self))
        func value(_ name: String, _ labels: [String: String]) -> Double? {
            reader.samples.first { $0.name == "martlet_vrrp_\(name)" && $0.labels == labels }?.value
        }
        #expect(value("adverts_sent_total", ["instance": "plain"]) == 1000)
        #expect(value("split_seconds_total", ["instance": "plain"]) == 2.5)
        #expect(value("rejected_total", ["instance": "plain"]) == 3)
        let reason = ["instance": "plain", "reason": "auth_data"]
        #expect(value("rejected_by_reason_total", reason) == 2)
        #expect(value("instance_addresses_set", ["instance": "plain"]) == 5)
        #expect(value("instance_last_advert_age_seconds", ["instance": "plain"]) == nil)
        let age = value("instance_last_advert_age_seconds", ["instance": "two words"])
        #expect(age == 0.012345678)
        #expect(value("tracker_good", ["kind": "script", "name": "plain"]) == 0)
        #expect(value("tracker_good", ["kind": "script", "name": ""]) == nil)
        #expect(value("build_info", ["version": "1.2.3"]) == 1)
        #expect(value("start_time_seconds", [:]) == 1_795_782_000)
    }

    @Test func `a daemon without anything has metrics too`() throws {
        let bytes = MetricsText.bytes(of: DaemonStatus())
        #expect(throws: Never.self) { try MetricsReader(String(decoding: bytes, as: UTF8.self)) }
    }

    @Test(arguments: [
        ("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", MetricsRequest.metrics(wantsBody: true)),
        ("GET /metrics?name=x HTTP/1.0\r\n\r\n", .metrics(wantsBody: true)),
        ("GET /metrics HTTP/1.1\n\n", .metrics(wantsBody: true)),
        ("HEAD /metrics HTTP/1.1\r\n\r\n", .metrics(wantsBody: false)),
        ("GET / HTTP/1.1\r\n\r\n", .unknownTarget),
        ("GET /metrics/ HTTP/1.1\r\n\r\n", .unknownTarget),
        ("POST /metrics HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", .unknownMethod),
        ("get /metrics HTTP/1.1\r\n\r\n", .unknownMethod),
        ("GET  /metrics HTTP/1.1\r\n", .malformed), ("GET /metrics\r\n", .malformed),
        ("GET /metrics HTTP/2.0\r\n", .malformed), ("\u{16}\u{3}\u{1}", .malformed),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .malformed), ("\r\n", .malformed),
    ])
    func `requests are read`(text: String, expected: MetricsRequest) {
        let bytes = Array(text.utf8)
        #expect(MetricsRequest(bytes.span) == expected)
        // Before the end nothing but a mistake is known, at every split.
        for end in 0..<bytes.count {
            let part = Array(bytes[..<end])
            let early = MetricsRequest(part.span)
            #expect(early == nil || early == expected, "after \(end) bytes")
        }
    }

    @Test func `no bytes trap the reader`() {
        var random = Seeded(for: "metrics requests")
        let whole = Array("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
        for _ in 0..<20_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1 where bytes.count > 1: bytes.remove(at: index)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
                }
            }
            MetricsRequest.exercise(bytes.span)
        }
    }

    @Test func `scrapers are answered over HTTP`() throws {
        let bench = try LoopBench()
        let server = MetricsServer(loop: bench.loop, provider: sampleStatus)
        defer { server.close() }
        let bound = try server.listen(at: IPSocketAddress(.loopbackV4, port: 0))
        let port = try #require(bound?.port)
        let answers = try bench.serve { () -> [String] in
            [
                "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /x HTTP/1.1\r\n\r\n",
                "PUT /metrics HTTP/1.1\r\n\r\nbody", "nonsense\r\n",
                "GET /metrics HTTP/1.1\r\nX: " + String(repeating: "x", count: 20_000),
            ].map { request in
                guard let client = RawClient(port: port) else { return "no connection" }
                client.send(request)
                return client.read()
            }
        }
        let metrics = MetricsText.bytes(of: sampleStatus())
        #expect(answers[0].hasPrefix("HTTP/1.1 200 OK\r\nDate: "))
        #expect(
            answers[0].contains("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
        #expect(answers[0].contains("\r\nContent-Length: \(metrics.count)\r\n"))
        #expect(answers[0].utf8.elementsEqual(answers[1].utf8 + metrics))
        #expect(answers[1].hasSuffix("\r\n\r\n"))
        #expect(answers[2].hasPrefix("HTTP/1.1 404 "))
        #expect(
            answers[3].hasPrefix("HTTP/1.1 405 ") && answers[3].contains("Allow: GET, HEAD\r\n"))
        #expect(answers[4].hasPrefix("HTTP/1.1 400 "))
        #expect(answers[5].hasPrefix("HTTP/1.1 431 "))
    }

    @Test func `a refusal bears the date of its own time`() throws {
        func second() -> Int64 { Clock.calendarMicroseconds() / 1_000_000 }
        let start = second()
        let bench = try LoopBench()
        let server = MetricsServer(loop: bench.loop, provider: sampleStatus)
        defer { server.close() }
        let bound = try server.listen(at: IPSocketAddress(.loopbackV4, port: 0))
        let port = try #require(bound?.port)
        // The server may have been made in the second after the start.
        while second() < start + 2 { CurrentProcess.sleep(milliseconds: 20) }
        let answer = try bench.serve { () -> String in
            guard let client = RawClient(port: port) else { return "no connection" }
            client.send("GET /metrics HTTP/1.1\r\nX: " + String(repeating: "x", count: 20_000))
            return client.read()
        }
        #expect(answer.hasPrefix("HTTP/1.1 431 "))
        for early in [start, start + 1] {
            #expect(!answer.contains(MetricsRequest.date(early)), "\(answer)")
        }
    }

    @Test func `dates are those of HTTP`() {
        #expect(MetricsRequest.date(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    }
}

extension [Double] {
    fileprivate var sum: Double { reduce(0, +) }
}
