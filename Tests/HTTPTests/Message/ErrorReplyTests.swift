// Built-in replies and the files that replace them.

import Bytes
import HTTPCases
import Testing

@testable import HTTP

@Suite struct ErrorReplyTests {
    @Test func `every built-in reply is a valid response with the length it says`() throws {
        for index in StandardReply.statuses.indices {
            let status = StandardReply.statuses[index]
            let text = try #require(StandardReply.bytes(status))
            let bytes = Array("\(text)".utf8)
            let parsed = Parsed(response: bytes)
            #expect(parsed.result == .complete, "\(status)")
            #expect(Int(parsed.head.status) == status)
            let body = bytes.count - Int(parsed.head.length)
            #expect(parsed.head.framing == .length(UInt64(body)), "\(status)")
            let reply = try #require(ErrorReply.standard(status))
            #expect(reply.status == status && reply.body.count == body)
            #expect(reply.closes == parsed.head.facts.contains(.saidClose))
        }
        #expect(StandardReply.bytes(418) == nil && ErrorReply.standard(418) == nil)
    }

    @Test func `has a reply for every status a fault is answered with`() {
        for fault in HTTPFault.allCases {
            #expect(ErrorReply.standard(fault.status) != nil, "\(fault)")
            #expect(!"\(fault.reason)".isEmpty)
        }
        #expect(ErrorReply.standard(502) != nil)
    }

    @Test func `reads a file written by hand`() throws {
        let file =
            "HTTP/1.0 503 Gone fishing\nCache-Control: no-cache\nConnection: close\nX:  y \n\nbye\n"
        let reply = try ErrorReply(parsing: latin1(file))
        #expect(reply.status == 503 && reply.closes)
        let head = "HTTP/1.1 503 Gone fishing\r\ncache-control: no-cache\r\nx: y\r\n"
        #expect(String(decoding: reply.head, as: UTF8.self) == head)
        #expect(String(decoding: reply.body, as: UTF8.self) == "bye\n")
        #expect(reply.lengthOffset == head.utf8.count)
    }

    @Test func `remembers where the length stands`() throws {
        let reply = try ErrorReply(
            parsing: latin1("HTTP/1.1 404 x\r\nA: b\r\nContent-Length: 1\r\nC: d\r\n\r\ny"))
        let front = reply.head[..<reply.lengthOffset]
        #expect(String(decoding: front, as: UTF8.self) == "HTTP/1.1 404 x\r\na: b\r\n")
    }

    @Test func `an empty file is silence`() throws {
        let reply = try ErrorReply(parsing: [])
        #expect(reply.isSilent && reply.closes && reply.head.isEmpty)
    }

    @Test(arguments: [
        ("HTTP/2 503 x\r\n\r\n", ErrorReply.Mistake.badStatusLine),
        ("503 x\r\n\r\n", .badStatusLine),
        ("HTTP/1.1 99 x\r\n\r\n", .badStatusLine),
        ("HTTP/1.1 5031 x\r\n\r\n", .badStatusLine),
        ("<html></html>", .badStatusLine),
        ("HTTP/1.1 503 x\r\nfoo\r\n\r\n", .badField(line: 2)),
        ("HTTP/1.1 503 x\r\nA: b\r\nX y: foo\r\n\r\n", .badField(line: 3)),
        ("HTTP/1.1 503 x\r\nContent-Length: two\r\n\r\n", .badField(line: 2)),
        ("HTTP/1.1 503 x\r\nA: b\r\n", .noEmptyLine),
        ("HTTP/1.1 503 x\r\nContent-Length: 5\r\n\r\nabc", .wrongLength(said: 5, found: 3)),
        ("HTTP/1.1 503 x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", .transferEncoding),
    ])
    func `refuses a file that is no response`(_ row: (String, ErrorReply.Mistake)) {
        #expect(throws: row.1) { try ErrorReply(parsing: latin1(row.0)) }
    }
}
