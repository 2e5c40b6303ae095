// Requests drawn at random, for the configurations of `DrawnConfiguration`.

/// A client's bytes.
struct DrawnRequest {
    /// What the client sends.
    let bytes: [UInt8]
    /// Whether its response has no body.
    let isHead: Bool

    /// Draws a request for a frontend of a mode.
    init(_ draw: inout Draw, _ mode: String) {
        if mode == "tcp" {
            let text = draw.one([
                "abcdef", "a", "bbb", "xyz", "GET /a HTTP/1.1\r\n\r\n", "\u{1}\u{2}",
            ])
            bytes = Array(text.utf8)
            isHead = false
            return
        }
        let method = draw.one(["GET", "GET", "GET", "HEAD", "POST", "PUT", "OPTIONS", "BREW"])
        let target = draw.one([
            "/", "/a", "/a/b", "/x", "/x.php", "/api/v1", "//dup//x", "/c?q=1", "/c?q=2&z=y",
            "/mon", "/abc", "/a%2fb?b=2&a=1", "/ab", "http://www.example.org/abs?q=3", "/a?",
        ])
        let version = draw.chance(10) ? "1.0" : "1.1"
        var text = "\(method) \(target) HTTP/\(version)\r\n"
        let host =
            target.hasPrefix("http")
            ? "www.example.org"
            : draw.one([
                "example.org", "www.example.org", "other.net", "WWW.Example.Org", "a.b:8080",
            ])
        text += "Host: \(host)\r\n"
        for _ in 0..<draw.number(5) {
            text += draw.one([
                "X-A: one\r\n", "X-A: two, three\r\n", "x-a: foo\r\nX-A: bar\r\n", "X-B: b1\r\n",
                "X-B: b9\r\n", "Cookie: c=v; d=w\r\n", "User-Agent: curl/8\r\n", "x_under: y\r\n",
                "X-Src: 192.0.2.9\r\n", "Accept: */*\r\n", "X-Long: foo boo zoo\r\n",
                "Cookie: c=x\r\n", "X-Forwarded-For: 10.0.0.1\r\n",
            ])
        }
        if draw.chance(15) { text += "Connection: close\r\n" }
        if draw.chance(2) { text += "bad header\r\n" }
        switch method {
        case "POST", "PUT":
            if draw.chance(30) && version == "1.1" {
                text += "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
            } else {
                let body = draw.one(["", "a", "abcd", "q=1&r=2"])
                text += "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
            }
        default: text += "\r\n"
        }
        bytes = Array(text.utf8)
        isHead = method == "HEAD"
    }
}
