// Requests that are read out of a relay's first bytes.

import Addresses
import Proxy
import Testing

@Suite struct RelayTests {
    private static let text = """
        defaults
         mode tcp
         timeout client 5s
         timeout server 5s
         timeout connect 5s
        frontend f
         bind 127.0.0.1:8001
         tcp-request inspect-delay 50ms
         tcp-request content reject if { path /bad }
         tcp-request content reject if { method DELETE }
         tcp-request content accept if { req.hdr(host) -m found }
         use_backend a if { path_beg /a }
         use_backend b if { req.hdr(host) -i beta } or { req.ver 1.0 }
         default_backend d
        backend a
         server s 127.0.0.1:1
        backend b
         server s 127.0.0.1:1
        backend d
         server s 127.0.0.1:1

        """

    @Test(arguments: [
        ("GET /a/x HTTP/1.1\r\nHost: h\r\n\r\n", "a"),
        ("GET /b HTTP/1.1\r\nHost: beta\r\n\r\n", "b"),
        ("GET /bad HTTP/1.1\r\nHost: h\r\n\r\n", nil),
        ("DELETE /x HTTP/1.1\r\nHost: h\r\n\r\n", nil),
        ("GET /x HTTP/1.0\r\n\r\n", "b"),
        ("GET /x HTTP/1.1\r\n\r\n", "d"),
        ("not http at all\r\n", "d"),
        ("GET /a HTTP/1.1\r\nHos", "d"),
        ("\u{1}\u{2}\u{3}", "d"),
    ])
    func `a relay's first bytes are read as a request`(_ bytes: String, _ backend: String?) throws {
        let explanation = try Explainer.explain(
            ExplainedRequest(
                bytes: Array(bytes.utf8),
                source: IPSocketAddress(IPAddress("127.0.0.1")!, port: 1234),
                destination: IPSocketAddress(IPAddress("127.0.0.1")!, port: 8001), frontend: "f"),
            under: try Loaded(Self.text).required)
        switch try #require(explanation).outcome {
        case .forwarded(let name, _): #expect(name == backend, "\(bytes)")
        case let other: #expect(backend == nil && other == .closed, "\(bytes): \(other)")
        }
    }
}
