// Requests and what is none, against written values and against haproxy.

import HTTP
import Testing

@testable import Inspection

@Suite struct HTTPRequestStartTests {
    /// Bytes, our answer, and whether haproxy says something else on purpose.
    static let rows: [(text: String, answer: Inspected<Bool>, differs: Bool)] = [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", .value(true), false),
        ("DELETE /x HTTP/1.0\r\n\r\n", .value(true), false),
        ("\r\nGET / HTTP/1.0\r\n\r\n", .value(true), false),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", .value(true), false),
        ("FOO / HTTP/1.0\r\n\r\nrest", .value(true), false),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .value(true), false),
        ("GET / HTTP/1.1\r\nHost: x\r\n", .needsMore, false),
        ("GET / HT", .needsMore, false),
        ("G", .needsMore, false),
        ("PRI * HT", .needsMore, false),
        ("\r\n", .needsMore, false),
        ("", .needsMore, false),
        ("G\0ET", .other, false),
        ("(GET", .other, false),
        ("SSH-2.0-x\r\n", .other, false),
        ("EHLO x\r\n", .other, false),
        ("HTTP/1.1 200 OK\r\n\r\n", .other, false),
        ("\u{16}\u{3}\u{1}", .other, false),
        (" GET / HTTP/1.0\r\n\r\n", .other, false),
        ("GET / HTTP/1.0\r\nx\r\n\r\n", .other, false),
        ("GET / HTTP/1.0\r\nBad Header: x\r\n\r\n", .other, false),
        ("GET /\u{1} HTTP/1.0\r\n\r\n", .other, false),
        ("GET / HTTP/1.0\r\nContent-Length: x\r\n\r\n", .other, false),
        ("get / http/1.0\r\n\r\n", .other, false),
        ("GET /\r\n\r\n", .other, true),
        ("GET / FTP/1.0\r\n\r\n", .other, true),
        ("GET\t/\tHTTP/1.0\r\n\r\n", .other, true),
        ("GET / HTTP/1.1\n\n", .other, true),
        ("GET / HTTP/9.9\r\n\r\n", .other, true),
    ]

    @Test func `knows requests as haproxy does, but for what we never accept`() throws {
        let haproxy = try ReferenceStreams(["req.proto_http"])
        for row in Self.rows {
            let bytes = Array(row.text.utf8)
            #expect(look(bytes) == row.answer, "\(row.text)")
            guard let haproxy, !bytes.isEmpty else { continue }
            let isTheirs = number(haproxy.values(bytes)[0]) == 1
            #expect(isTheirs == (row.answer == .value(true) || row.differs), "\(row.text)")
        }
    }

    @Test func `may be asked again with more bytes`() {
        let bytes = Array("GET /index HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n".utf8)
        var table = FieldTable(capacity: 8)
        var head = MessageHead()
        for count in 0...bytes.count {
            let answer = HTTPRequestStart.isThere(
                bytes.span.extracting(0..<count), into: &table, head: &head)
            #expect(answer == (count < bytes.count ? .needsMore : .value(true)), "\(count)")
        }
    }

    private func look(_ bytes: [UInt8]) -> Inspected<Bool> {
        var table = FieldTable(capacity: 8)
        var head = MessageHead()
        return HTTPRequestStart.isThere(bytes.span, into: &table, head: &head)
    }
}
