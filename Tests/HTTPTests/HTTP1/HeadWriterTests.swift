// Heads on their way out: what is kept, how it is spelled, what is repaired.

import Bytes
import HTTPCases
import RandomInputs
import Testing

@testable import HTTP

@Suite struct HeadWriterTests {
    @Test func `writes a request with small names and without fields of this hop`() {
        let written = rewritten(
            request: """
                GET /x HTTP/1.1\r\nHost: A\r\nX-ONE_two: V W\r\nConnection: close, foo\r\nFOO: 1\r
                Accept-Encoding-With-A-Long-Name: gzip\r\nKeep-Alive: 1\r\nTE: trailers\r
                Proxy-Connection: x\r\nETag:"q"  \r\n\r\n
                """)
        #expect(
            written == """
                GET /x HTTP/1.1\r\nhost: A\r\nx-one_two: V W\r
                accept-encoding-with-a-long-name: gzip\r\netag: "q"\r\n
                """)
    }

    @Test(arguments: [
        ("HTTP/1.0", "HTTP/1.0"), ("HTTP/1.1", "HTTP/1.1"), ("HTTP/1.7", "HTTP/1.1"),
    ])
    func `keeps HTTP/1.0 and makes the rest 1.1`(_ versions: (String, String)) {
        #expect(
            rewritten(request: "GET / \(versions.0)\r\nHost: a\r\n\r\n")
                == "GET / \(versions.1)\r\nhost: a\r\n")
    }

    @Test func `writes a repeated length once and as one number`() {
        #expect(
            rewritten(request: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 007, 7\r\n\r\n")
                == "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 7\r\n")
        #expect(
            rewritten(
                request:
                    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\ncontent-length: 7\r\n\r\n")
                == "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 7\r\n")
    }

    @Test func `drops a length beside chunked and closes afterwards`() {
        let parsed = Parsed(
            request:
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        #expect(parsed.kept == ["host", "transfer-encoding"])
        #expect(parsed.head.facts.contains(.mustClose) && !parsed.head.keepsAlive)
        let tolerated = Parsed(request: parsed.bytes, policy: .keepAfterRepair)
        #expect(tolerated.head.keepsAlive)
    }

    @Test func `keeps Upgrade where it may be granted and only there`() {
        let asked = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n"
        #expect(rewritten(request: asked) == "GET / HTTP/1.1\r\nhost: a\r\nupgrade: foo\r\n")
        for refused in [
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: foo\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n",
        ] {
            #expect(rewritten(request: refused) == "GET / HTTP/1.1\r\nhost: a\r\n")
        }
        let old = "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n"
        #expect(rewritten(request: old) == "GET / HTTP/1.0\r\n")
    }

    @Test func `writes a response and completes its status line`() {
        #expect(
            rewritten(response: "HTTP/1.1 204\r\nServer: x\r\nContent-Length: 3\r\n\r\n")
                == "HTTP/1.1 204 \r\nserver: x\r\n")
        #expect(
            rewritten(response: "HTTP/1.0 200 All Right\r\nSet-Cookie: A=B\r\n\r\n")
                == "HTTP/1.0 200 All Right\r\nset-cookie: A=B\r\n")
        #expect(
            rewritten(response: "HTTP/1.2 404 \r\nConnection: x\r\nX: 1\r\n\r\n")
                == "HTTP/1.1 404 \r\n")
    }

    @Test func `forwards what the relaxing option lets through as it was spelled`() {
        #expect(
            rewritten(
                request: "GET / RTSP/1.0\r\nHost: a\r\nB@d: x\r\n\r\n", policy: .unsafeViolations)
                == "GET / RTSP/1.0\r\nhost: a\r\n")
        #expect(
            rewritten(request: "GET /old\r\n", policy: .unsafeViolations)
                == "GET /old HTTP/1.0\r\n")
    }

    @Test func `writes nothing where there may be no room`() {
        let parsed = Parsed(request: "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        var table = FieldTable(capacity: 10)
        var head = MessageHead()
        _ = HTTP1.parseRequest(parsed.bytes.span, into: &table, head: &head)
        for capacity in [1, 20, 40, 64] {
            var buffer = Buffer(capacity: capacity)
            let isWritten = HTTP1.appendRequestHead(
                head, table, from: parsed.bytes.span, to: &buffer)
            #expect(!isWritten)
            #expect(contents(buffer) == "")
        }
    }

    @Test func `copies any mixture of kept and dropped lines`() {
        var random = Seeded.fresh()
        for _ in 0..<300 {
            var input = "GET / HTTP/1.1\r\nHost: a\r\n"
            var expected = "GET / HTTP/1.1\r\nhost: a\r\n"
            for index in 0..<random.next(below: 20) {
                let name =
                    "X-" + String(repeating: "Ab", count: random.next(below: 12)) + "\(index)"
                let value = String(repeating: "v", count: random.next(below: 40))
                switch random.next(below: 4) {
                case 0: input += "Keep-Alive: \(value)\r\n"
                case 1:
                    input += "\(name):\(value) \r\n"
                    expected += "\(name.lowercased()): \(value)\r\n"
                default:
                    input += "\(name): \(value)\r\n"
                    expected += "\(name.lowercased()): \(value)\r\n"
                }
            }
            #expect(rewritten(request: input + "\r\n") == expected, "seed \(random.seed)")
        }
    }

    private func rewritten(request text: String, policy: HTTP1.Policy = []) -> String {
        let bytes = latin1(text)
        var table = FieldTable(capacity: 100)
        var head = MessageHead()
        let result = HTTP1.parseRequest(bytes.span, policy: policy, into: &table, head: &head)
        #expect(result == .complete)
        var buffer = Buffer(capacity: 4096)
        let isWritten = HTTP1.appendRequestHead(head, table, from: bytes.span, to: &buffer)
        #expect(isWritten)
        return contents(buffer)
    }

    private func rewritten(response text: String) -> String {
        let bytes = latin1(text)
        var table = FieldTable(capacity: 100)
        var head = MessageHead()
        let result = HTTP1.parseResponse(bytes.span, to: .get, into: &table, head: &head)
        #expect(result == .complete)
        var buffer = Buffer(capacity: 4096)
        let isWritten = HTTP1.appendResponseHead(head, table, from: bytes.span, to: &buffer)
        #expect(isWritten)
        return contents(buffer)
    }
}
