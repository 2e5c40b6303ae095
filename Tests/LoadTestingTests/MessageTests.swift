// Requests as the origin reads them, answers as the generator reads them; any split of the input
// must give the same result.

import Testing

@testable import LoadTesting

@Suite struct MessageTests {
    static func request(_ text: String) -> OriginRequest.Result {
        OriginRequest.read(Array(text.utf8).span)
    }

    @Test func `a request head tells where the next request begins`() throws {
        let text =
            "\r\nPOST /echo?x HTTP/1.1\r\nhost: a\r\nContent-Length: 12 \r\n"
            + "Expect: 100-continue\r\nAccept: text/html, */*\r\n\r\n"
        guard case .head(let request) = Self.request(text + "hello") else {
            Issue.record("no head was found")
            return
        }
        #expect(request.headBytes == text.utf8.count)
        #expect(request.body == .length(12))
        #expect(request.keepsAlive && request.expectsContinue && request.acceptsHTML)
        let bytes = Array(text.utf8)
        for length in 0..<bytes.count {
            #expect(OriginRequest.read(Array(bytes[..<length]).span) == .incomplete)
        }
    }

    @Test func `persistence follows version and Connection`() {
        func keepsAlive(_ text: String) -> Bool? {
            guard case .head(let request) = Self.request(text) else { return nil }
            return request.keepsAlive
        }
        #expect(keepsAlive("GET / HTTP/1.1\n\n") == true)
        #expect(keepsAlive("GET / HTTP/1.0\r\n\r\n") == false)
        #expect(keepsAlive("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n") == true)
        #expect(keepsAlive("GET / HTTP/1.1\r\nconnection: Close\r\n\r\n") == false)
    }

    @Test func `a malformed request is told from an incomplete one`() {
        #expect(Self.request("GET\r\n\r\n") == .malformed)
        #expect(Self.request("GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n") == .malformed)
    }

    @Test(arguments: [
        ("/", OriginScript.name), ("/anything/else", .name), ("/10k", .bytes(10_000)),
        ("/bytes/123?x=/close", .bytes(123)), ("/bytes/x", .name), ("/delay/20", .delay(20)),
        ("http://h:1/status/503", .status(503)), ("/status/42", .name), ("/close", .close),
        ("/truncate/9", .truncate(9)), ("/stream/3", .stream(3)), ("*", .name), ("", .name),
    ])
    func `a path chooses the script`(target: String, script: OriginScript) {
        #expect(OriginScript.of(target: Array(target.utf8).span) == script)
    }

    struct Answer: Sendable {
        let text: String
        let outcome: ResponseReader.Outcome
        let status: Int
        let bodyBytes: Int
        let keepsAlive: Bool
    }

    static let answers = [
        Answer(
            text: "HTTP/1.1 200 OK\r\nX-Origin: a\r\nContent-Length: 5\r\n\r\nhello",
            outcome: .complete, status: 200, bodyBytes: 5, keepsAlive: true),
        Answer(
            text: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            outcome: .complete, status: 200, bodyBytes: 0, keepsAlive: true),
        Answer(
            text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "5;x=y\r\nhello\r\n00A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n",
            outcome: .complete, status: 200, bodyBytes: 15, keepsAlive: true),
        Answer(
            text: "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", outcome: .complete,
            status: 304, bodyBytes: 0, keepsAlive: true),
        Answer(
            text: "HTTP/1.0 200 OK\r\n\r\nhello", outcome: .needsMore, status: 200, bodyBytes: 5,
            keepsAlive: false),
        Answer(
            text: "HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
            outcome: .complete, status: 503, bodyBytes: 1, keepsAlive: false),
    ]

    @Test(arguments: answers)
    func `an answer is read the same however it is split`(answer: Answer) {
        let bytes = Array(answer.text.utf8)
        for split in 0...bytes.count {
            var reader = ResponseReader()
            var at = 0
            var outcome = reader.read(Array(bytes[..<split]).span, at: &at)
            if outcome == .needsMore { outcome = reader.read(bytes.span, at: &at) }
            #expect(outcome == answer.outcome, "split at \(split)")
            #expect(reader.status == answer.status, "split at \(split)")
            #expect(reader.bodyBytes == answer.bodyBytes, "split at \(split)")
            #expect(reader.keepsAlive == answer.keepsAlive, "split at \(split)")
        }
    }

    @Test func `an answer without a length is whole when the connection ends`() {
        var reader = ResponseReader()
        var at = 0
        _ = reader.read(Array("HTTP/1.1 200 OK\r\n\r\nabc".utf8).span, at: &at)
        #expect(reader.isCompleteAtEnd)
        var early = ResponseReader()
        at = 0
        _ = early.read(Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc".utf8).span, at: &at)
        #expect(!early.isCompleteAtEnd)
    }

    @Test(arguments: ["x", "5x", "\r\n", "5\r\nhelloX", "fffffffffffffffff\r\n"])
    func `a malformed chunk is refused`(text: String) {
        var walker = ChunkWalker()
        var at = 0
        let bytes = Array(text.utf8)
        var piece = walker.next(bytes.span, at: &at)
        while case .data = piece { piece = walker.next(bytes.span, at: &at) }
        let isExtension = text == "5x"
        #expect(piece == (isExtension ? .needsMore : .malformed))
    }

    @Test func `a target needs an address, not a name`() throws {
        let form = LoadTarget.RequestForm()
        let target = try #require(LoadTarget(url: "http://127.0.0.1:81/a/b", form: form))
        #expect(
            String(decoding: target.request, as: UTF8.self)
                == "GET /a/b HTTP/1.1\r\nHost: 127.0.0.1:81\r\n\r\n")
        #expect(LoadTarget(url: "http://127.0.0.1", form: form)?.address.port == 80)
        #expect(LoadTarget(url: "http://unix@/run/x", form: form) != nil)
        #expect(LoadTarget(url: "http://example.org/", form: form) == nil)
        #expect(LoadTarget(url: "ftp://127.0.0.1/", form: form) == nil)
    }
}
