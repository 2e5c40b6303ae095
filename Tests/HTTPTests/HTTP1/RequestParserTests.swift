// The request parser on messages as they should be.

import Testing

@testable import HTTP

@Suite struct RequestParserTests {
    @Test func `parses a plain request`() {
        let request = Parsed(request: "GET /a?b=c HTTP/1.1\r\nHost: example.org:8080\r\n\r\n")
        #expect(request.result == .complete)
        #expect(request.head.method == .get)
        #expect(request.head.form == .origin)
        #expect(request.head.minorVersion == 1)
        #expect(request.text(request.head.targetRange) == "/a?b=c")
        #expect(request.text(request.head.pathRange(in: request.bytes.span)) == "/a")
        #expect(request.head.queryRange(in: request.bytes.span).map(request.text) == "b=c")
        #expect(request.head.framing == .none)
        #expect(request.head.keepsAlive)
        #expect(request.head.length == UInt32(request.bytes.count))
        #expect(request.lines.map(\.known) == [.host])
        #expect(request.head.hostIndex == 0)
    }

    @Test func `skips empty lines before a request and counts them into its head`() {
        let request = Parsed(request: "\r\n\r\nGET / HTTP/1.0\r\n\r\n")
        #expect(request.result == .complete)
        #expect(request.head.length == 22)
        #expect(request.head.startLine == 4)
        #expect(!request.head.keepsAlive)
    }

    @Test(arguments: KnownField.allCases)
    func `knows a field by its name in any case`(_ field: KnownField) {
        guard field != .unlisted else { return }
        for name in ["\(field.name)", "\(field.name)".uppercased()] {
            let bytes = Array(name.utf8)
            #expect(KnownField.identify(bytes.span, at: 0, length: bytes.count) == field)
            let padded = bytes + Array(": value\r\n".utf8)
            #expect(KnownField.identify(padded.span, at: 0, length: bytes.count) == field)
        }
    }

    @Test func `takes blanks around a value away`() {
        let request = Parsed(
            request: "GET / HTTP/1.1\r\nHost:a\r\nX: \t b c\t \r\nEmpty:\r\n\r\n")
        #expect(request.result == .complete)
        #expect(request.lines.map { request.text($0.value) } == ["a", "b c", ""])
        #expect(request.lines.map { $0.flags.contains(.canonical) } == [false, false, false])
    }

    @Test func `removes what Connection nominates and keeps end-to-end fields`() {
        let request = Parsed(
            request: """
                GET / HTTP/1.1\r\nHost: a\r\nFoo: 1\r\nConnection: close, foo, host, cookie\r
                Cookie: c\r\nfoO: 2\r\nKeep-Alive: 3\r\nTE: trailers\r\n\r\n
                """)
        #expect(request.result == .complete)
        #expect(request.kept == ["host", "cookie"])
        #expect(!request.head.keepsAlive)
        #expect(request.head.facts.contains(.acceptsTrailers))
    }
}
