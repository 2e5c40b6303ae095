// Ordinary traffic, of which nothing may differ but for a named reason: every kind of request body
// with every kind of response, and the ways connections are kept, closed, reused and switched.

import Foundation

/// One client connection's worth of traffic.
struct NormalExchange: CustomStringConvertible {
    var description: String
    /// Sent one after the other.
    var pieces: [String]
    /// What the origin answers, one for each request on its connection.
    var answers: [String]
    /// Whether the answer has no body whatever it says: to HEAD, and a granted CONNECT.
    var toHead = false
    /// Final responses to wait for.
    var expected = 1
    /// Whether the origin closes after an answer.
    var closes = false
    /// Whether the client ends its sending direction.
    var endsSending = false
    /// Why haproxy and martlet differ here, beginning with the RFC section.
    var differs: String?

    /// Whether haproxy may lose a request because an end comes before it.
    var races: Bool { closes || (endsSending && expected > 1) }
}

extension NormalExchange {
    /// All exchanges.
    static let all: [NormalExchange] = products + connections + switches + oddities

    private static let requests: [(String, [String], toHead: Bool)] = [
        (
            "GET", ["GET /a?b=c HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nCookie: x=y; z=1\r\n\r\n"],
            false
        ),
        ("HEAD", ["HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n"], true),
        ("OPTIONS", ["OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"], false),
        ("DELETE", ["DELETE /a HTTP/1.1\r\nHost: a\r\n\r\n"], false),
        ("PROPFIND", ["PROPFIND /a HTTP/1.1\r\nHost: a\r\nDepth: 1\r\n\r\n"], false),
        ("POST 5 bytes", ["POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"], false),
        (
            "POST body in a second piece",
            ["POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", "he", "llo"], false
        ),
        ("POST nothing", ["POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"], false),
        (
            "PUT 60 kB",
            ["PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n" + filler(60000)], false
        ),
        (
            "POST chunked",
            [
                "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                "5\r\nhello\r\n", "6\r\n world\r\n0\r\n\r\n",
            ], false
        ),
        (
            "PATCH one chunk of 40 kB",
            [
                "PATCH /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                "9c40\r\n" + filler(40000) + "\r\n0\r\n\r\n",
            ], false
        ),
        ("GET 1.0", ["GET /a HTTP/1.0\r\nHost: a\r\n\r\n"], false),
        (
            "GET 1.0 keep-alive", ["GET /a HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"],
            false
        ),
        ("GET close", ["GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"], false),
    ]

    private static let responses: [(String, String, closes: Bool)] = [
        ("200 with length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: o\r\n\r\nok", false),
        ("404 empty", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", false),
        (
            "200 of 100 kB", "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + filler(100_000),
            false
        ),
        (
            "chunked",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            false
        ),
        (
            "chunked with trailers",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n1\r\na\r\n0\r\nX-Sum: 7\r\n\r\n",
            false
        ),
        ("until close", "HTTP/1.1 200 OK\r\nContent-Type: t\r\n\r\nuntil close", true),
        ("204", "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", false),
        ("304", "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 9\r\n\r\n", false),
        ("close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", true),
        ("1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", true),
    ]

    /// Every request with every response.
    private static let products: [NormalExchange] = requests.flatMap { request in
        responses.compactMap { response -> NormalExchange? in
            // A body for HEAD would be the origin's mistake, not traffic.
            var answer = response.1
            if request.toHead, let end = answer.range(of: "\r\n\r\n") {
                answer = String(answer[..<end.upperBound])
            }
            let isOld = request.0.hasPrefix("GET 1.0") && response.0.hasPrefix("chunked")
            return NormalExchange(
                description: "\(request.0) → \(response.0)", pieces: request.1, answers: [answer],
                toHead: request.toHead, closes: response.closes,
                differs: isOld
                    ? "RFC 9112 §6.1: an HTTP/1.0 client is never sent transfer codings" : nil)
        }
    }

    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    private static func get(_ path: String, _ more: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: a\r\n\(more)\r\n"
    }

    private static let connections: [NormalExchange] = [
        NormalExchange(
            description: "three pipelined requests",
            pieces: [get("/1") + get("/2") + get("/3")], answers: [ok], expected: 3),
        NormalExchange(
            description: "pipelined requests with bodies",
            pieces: [
                "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                    + "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
                    + get("/3")
            ], answers: [ok], expected: 3),
        NormalExchange(
            description: "pipelined requests, the second closes",
            pieces: [get("/1") + get("/2", "Connection: close\r\n") + get("/3")], answers: [ok],
            expected: 2),
        NormalExchange(
            description: "empty lines between requests",
            pieces: [get("/1") + "\r\n\r\n" + get("/2")], answers: [ok], expected: 2),
        NormalExchange(
            description: "different answers to pipelined requests",
            pieces: [get("/1") + get("/2")],
            answers: [
                ok, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nz\r\n0\r\n\r\n",
            ], expected: 2),
        NormalExchange(
            description: "a head byte by byte", pieces: get("/slow").map(String.init), answers: [ok]
        ),
        NormalExchange(
            description: "a request of 14 kB",
            pieces: [get("/" + filler(9000), "X: " + filler(5000) + "\r\n")], answers: [ok]),
        NormalExchange(
            description: "90 field lines",
            pieces: [get("/", (0..<89).map { "x-\($0): \($0)\r\n" }.joined())], answers: [ok]),
        NormalExchange(
            description: "client ends sending after its request", pieces: [get("/")],
            answers: [ok], endsSending: true),
        NormalExchange(
            description: "client ends sending after two requests", pieces: [get("/1") + get("/2")],
            answers: [ok], expected: 2, endsSending: true),
        NormalExchange(
            description: "early hints",
            pieces: [get("/")],
            answers: ["HTTP/1.1 103 Early Hints\r\nLink: </s.css>\r\n\r\n" + ok]),
        NormalExchange(
            description: "two interim responses",
            pieces: [get("/")],
            answers: ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + ok]),
        NormalExchange(
            description: "server that answers and closes without saying so", pieces: [get("/")],
            answers: [ok], closes: true),
        NormalExchange(
            description: "server that closes in the middle of a body", pieces: [get("/")],
            answers: ["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive!"], closes: true),
        NormalExchange(
            description: "server that closes in the middle of a chunk", pieces: [get("/")],
            answers: ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"],
            closes: true),
        NormalExchange(
            description: "server that closes without a word", pieces: [get("/")], answers: [""],
            closes: true),
        NormalExchange(
            description: "server that closes in its head", pieces: [get("/")],
            answers: ["HTTP/1.1 200 OK\r\nConte"], closes: true),
        NormalExchange(
            description: "HTTP/1.0 answer without length", pieces: [get("/")],
            answers: ["HTTP/1.0 200 OK\r\n\r\nold"], closes: true),
        NormalExchange(
            description: "HTTP/1.0 answer that keeps alive", pieces: [get("/")],
            answers: ["HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"]),
        NormalExchange(
            description: "chunked answer in many pieces", pieces: [get("/")],
            answers: [
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + String(repeating: "1\r\nx\r\n", count: 3000) + "0\r\n\r\n"
            ]),
        NormalExchange(
            description: "many cookies", pieces: [get("/")],
            answers: [
                "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n"
            ]),
    ]

    private static let switches: [NormalExchange] = [
        NormalExchange(
            description: "upgrade granted",
            pieces: [get("/", "Connection: Upgrade\r\nUpgrade: echo\r\n")],
            answers: [
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"
            ]),
        NormalExchange(
            description: "upgrade declined",
            pieces: [get("/", "Connection: Upgrade\r\nUpgrade: echo\r\n")], answers: [ok]),
        NormalExchange(
            description: "CONNECT granted",
            pieces: ["CONNECT a:8443 HTTP/1.1\r\nHost: a:8443\r\n\r\n"],
            answers: ["HTTP/1.1 200 Connected\r\nX: y\r\n\r\n"], toHead: true),
        NormalExchange(
            description: "CONNECT declined",
            pieces: ["CONNECT a:8443 HTTP/1.1\r\nHost: a:8443\r\n\r\n"],
            answers: ["HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"]),
    ]

    private static let oddities: [NormalExchange] = [
        NormalExchange(
            description: "absolute form",
            pieces: ["GET http://a/x HTTP/1.1\r\nHost: a\r\n\r\n"], answers: [ok]),
        NormalExchange(
            description: "absolute form without path",
            pieces: ["GET http://a HTTP/1.1\r\nHost: a\r\n\r\n"], answers: [ok],
            differs: "RFC 9110 §4.2.3: an empty path is /, as newer HAProxy writes it"),
        NormalExchange(
            description: "expects 100 and sends at once",
            pieces: [
                "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab"
            ], answers: ["HTTP/1.1 100 Continue\r\n\r\n" + ok]),
        NormalExchange(
            description: "later minor version",
            pieces: ["GET / HTTP/1.7\r\nHost: a\r\n\r\n"], answers: [ok]),
        NormalExchange(
            description: "bytes above 127 in values",
            pieces: [get("/", "X: caf\u{E9}\r\n")],
            answers: ["HTTP/1.1 200 D'accord \u{E9}\r\nY: \u{FF}\r\nContent-Length: 0\r\n\r\n"]),
        NormalExchange(
            description: "blanks around values and empty values",
            pieces: [get("/", "X:  a \t\r\nY:\r\n")], answers: [ok]),
        NormalExchange(
            description: "repeated fields keep their order",
            pieces: [get("/", "Accept: a\r\nX: 1\r\nAccept: b\r\n")], answers: [ok]),
    ]

    private static func filler(_ count: Int) -> String {
        String(repeating: "0123456789", count: count / 10)
    }
}
