// The tables: families of expressions and the messages they are asked of.

/// A family of questions and the requests they are asked of.
struct Table: Sendable, CustomStringConvertible {
    let description: String
    let questions: Questions
    let requests: [String]

    static let all = [fields, cookies, targets, bodies, credentials, responses]

    /// A request with some field lines.
    static func request(
        _ fields: String..., line: String = "GET /p?q=1 HTTP/1.1", host: String? = "h",
        body: String = ""
    ) -> String {
        var text = line + "\r\n"
        if let host { text += "Host: \(host)\r\n" }
        for field in fields { text += field + "\r\n" }
        return text + "\r\n" + body
    }

    private static let fields = Table(
        description: "fields",
        questions: Questions(
            expressions: [
                "req.hdr(x)", "req.hdr(x,1)", "req.hdr(x,2)", "req.hdr(x,-1)", "req.hdr(x,-2)",
                "req.fhdr(x)", "req.fhdr(x,1)", "req.fhdr(x,-2)", "req.hdr_cnt(x)",
                "req.fhdr_cnt(x)", "req.hdr_cnt", "req.fhdr_cnt", "req.hdr_ip(x)",
                "req.hdr_ip(x,1)", "hdr(x)", "hdr_cnt(x)", "hdr_ip(x)", "req.hdr_names",
                "req.hdr_names(:)", "req.hdrs", "req.hdrs_bin", "req.fhdr(connection)",
                "req.hdr(connection)", "req.hdr(connection,1)", "req.hdr_cnt(connection)",
                "req.hdr(te)", "req.hdr(upgrade)",
            ],
            conditions: [
                "hdr(x) -m found", "req.hdr(x) b", "hdr_beg(x) a", "req.hdr(x) -m beg a",
                "hdr_ip(x) 1.2.3.4", "hdr_ip(x) 1.2.3.0/24", "hdr_cnt(x) 2", "hdr_sub(x) b",
                "hdr_dom(x) b", "hdr_len(x) 1", "hdr_end(x) c", "hdr_reg(x) ^b$", "hdr_dir(x) a",
                "hdr(connection) -i upgrade", "hdr(connection) -m found",
                "req.fhdr(x) -m sub a,b", "hdr(x,2) b", "req.hdr_cnt gt 2", "hdr() b",
            ]),
        requests: [
            request("X: 1.2.3.4"), request("X: 01.02.03.04"), request("X: 1.2.3.4:80"),
            request("X: 1.2.3.4:"), request("X: 1.2.3.4:99999"), request("X: 1.2.3.4:8x"),
            request("X: ::1"), request("X: 1.2.3.4.5"), request("X: 256.1.1.1"),
            request("X: ::ffff:1.2.3.4"), request("X: 1.2.3.4, foo"), request("X: foo, 1.2.3.4"),
            request("X: a", "X: b,c"), request("X: a,"), request("X: ,a"),
            request("X: \"a,b\",c"), request("X: a", "X:"), request("X: a, b , c"), request("X:"),
            request("Connection: close"), request("Connection: close, X-Foo", "X-Foo: a"),
            request("Connection: foo , keep-alive,bar"), request("Connection: foo,   bar"),
            request("Connection: close", "Connection: foo"), request("TE: gzip, trailers"),
            request("Keep-Alive: 300", "Proxy-Connection: keep-alive"),
            request(
                "Connection: Upgrade", "Upgrade: websocket",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
            request("X: " + String(repeating: "a", count: 300)),
            request("X: " + String(repeating: "b", count: 400)),
        ])

    private static let cookies = Table(
        description: "cookies",
        questions: Questions(
            expressions: [
                "req.cook(a)", "cook(a)", "req.cook_cnt(a)", "req.cook_cnt", "cook_cnt(b)",
                "req.cook_val(a)", "cook_val(a)", "cookie(a)", "req.cook", "req.cook(b)",
            ],
            conditions: [
                "cook(a) 2", "cook_beg(a) x", "req.cook(a) -m found", "cook_val(a) 2",
                "cook_cnt(a) 2", "req.cook 2", "cook(b) -m found", "req.cook() 2",
            ]),
        requests: [
            request("Cookie: a=1"), request("Cookie: a=1; b=2; a=2"), request("Cookie: a="),
            request("Cookie: a=1", "Cookie: a=2"), request("Cookie:  a = 1 ; b = 2"),
            request("Cookie: aa=1; a=2x"), request("Cookie: A=1"), request("Cookie: $a=1; b=2"),
            request("Cookie: a=x=y"), request("Cookie: ;;a=1"), request("Cookie:"), request(),
        ])

    private static let targets = Table(
        description: "targets",
        questions: Questions(
            expressions: [
                "path", "pathq", "query", "query,length", "url", "base", "baseq", "base32",
                "url32", "url_ip", "url_port", "urlp(a)", "urlp(b)", "url_param(a)", "urlp",
                "urlp_val(a)", "urlp(a,;)", "urlp(a,)", "urlp(,?)", "urlp_val(a,)", "urlp(A)",
                "req.ver", "req_ver", "http_first_req",
                "capture.req.method", "capture.req.uri", "capture.req.ver", "capture.res.ver",
                "method,lower",
            ],
            conditions: [
                "path /p", "path_beg /p", "path_dir p", "path_end p", "path_len 2", "path_sub p",
                "path_reg ^/p", "path_dom p", "url_beg http", "urlp(a) 2", "urlp_val(a) 2",
                "urlp_beg(a) x", "urlp 2", "base_beg h", "base_dom h", "path -m found",
                "query -m found", "method GET", "method get POST", "method PURGE", "req_ver 1.1",
                "req.ver 1.0", "http_first_req", "req.hdr -m found", "hdr() -m found",
                "HTTP_1.1", "METH_GET", "HTTP_URL_ABS", "HTTP_URL_STAR", "HTTP_URL_SLASH",
                "url_ip 1.2.3.4",
            ]),
        requests: [
            "/p", "/p?q=1", "/p?", "/", "/p?a=1&a=2", "/p?a=1;b=2&a=x", "/p;a=5?a=6", "/p/q/r?a",
            "/p?a=", "/p?aa=1&a=2", "/p?=3&a=2", "/p?a=1=2", "//p", "/p?a?b=2",
        ].map { request(line: "GET \($0) HTTP/1.1") } + [
            request(line: "GET http://h/p?a=2 HTTP/1.1"), request(line: "GET http://h/ HTTP/1.1"),
            request(line: "GET http://1.2.3.4:81/p HTTP/1.1", host: "1.2.3.4:81"),
            request(line: "GET https://1.2.3.4/ HTTP/1.1", host: "1.2.3.4"),
            request(line: "OPTIONS * HTTP/1.1"),
            request(line: "PURGE /p HTTP/1.1"), request(line: "GET /p HTTP/1.0", host: nil),
            request(line: "GET /p HTTP/1.1", host: "H.Example:80"),
        ])

    private static let bodies = Table(
        description: "bodies",
        questions: Questions(
            expressions: [
                "req.body", "req.body_len", "req.body_size", "req.body_param(a)",
                "req.body_param", "req.body_param(b)",
            ],
            conditions: [
                "req.body_param(a) -m str 2", "req.body_param -m str 2", "req.body -m found",
                "req.body_len 3", "HTTP_CONTENT",
            ]),
        requests: [
            request("Content-Length: 3", line: "POST /p HTTP/1.1", body: "a=2"),
            request("Content-Length: 11", line: "POST /p HTTP/1.1", body: "a=1&b=2&a=2"),
            request("Content-Length: 7", line: "PUT /p HTTP/1.1", body: "a;b&c=2"),
            request(
                "Transfer-Encoding: chunked", line: "POST /p HTTP/1.1",
                body: "3\r\na=1\r\n4\r\n&a=2\r\n0\r\n\r\n"),
            request(
                "Transfer-Encoding: chunked", line: "POST /p HTTP/1.1", body: "0\r\n\r\n"),
            request(),
        ])

    /// Plain passwords, and `opensesame` under SHA-256 and MD5.
    private static let lists = """
        userlist l
         group g1 users u,v
         group g2
         user u insecure-password p groups g2
         user v insecure-password q
         user c password $5$rounds=1000$abc$CsK.O.GY2RweFpjo5DtsmPKGqxENiZkWRkYKrQWhoX3
         user m password $1$salt$Jwf8jVFl2Zyz.hL.NUqjW/ groups g2

        """

    private static let credentials = Table(
        description: "credentials",
        questions: Questions(
            sections: lists,
            expressions: [
                "http_auth(l)", "http_auth_group(l)", "http_auth_user", "http_auth_pass",
                "http_auth_type", "http_auth_bearer",
            ],
            conditions: [
                "http_auth(l)", "http_auth_group(l) g1", "http_auth_group(l) g2",
                "http_auth_group(l) g1 g2", "http_auth_user u", "http_auth_bearer tok",
            ]),
        requests: ([
            "u:p", "u:x", "v:q", "c:opensesame", "c:opensesam", "m:opensesame", "m:", "n", "u:p:q",
            ":p", "x:y", "",
        ].map { request("Authorization: Basic \(base64($0))") }
            + [
                request("Authorization: BASIC \(base64("u:p"))"),
                request("Authorization: Basic  \(base64("u:p"))"),
                request("Authorization: Basic"), request("Authorization: Basic !!!!"),
                request("Authorization: Bearer tok"), request("Authorization: bearer tok"),
                request("Authorization: Digest x"), request(),
            ]))

    private static let responses = Table(
        description: "responses",
        questions: Questions(
            expressions: [
                "status", "res.hdr(x)", "res.hdr(x,1)", "res.hdr(x,-2)", "res.fhdr(x)", "shdr(x)",
                "res.hdr_cnt(x)", "shdr_cnt(x)", "res.fhdr_cnt(x)", "res.hdr_ip(n)", "shdr_ip(n)",
                "res.hdr_val(i)", "shdr_val(i)", "res.hdr(none)", "hdr(x)", "res.cook(a)",
                "scook(a)", "res.cook_cnt(a)", "scook_cnt(b)", "res.cook_val(a)", "scook_val(a)",
                "cookie(a)", "res.ver", "resp_ver", "capture.req.uri", "capture.req.method",
                "capture.res.ver", "method,lower", "res.body",
            ],
            conditions: [
                "status 503", "status 500:599", "shdr(x) b", "res.hdr(x) a", "shdr_beg(x) b",
                "shdr_cnt(x) 3", "scook(a) 1", "scook_beg(b) x", "scook(none) -m found",
                "resp_ver 1.1", "res.cook(a) 2", "shdr_ip(n) 1.2.3.0/24", "shdr_val(i) gt 3",
            ],
            reply: """
                HTTP/1.1 503 Busy\r
                X: a, b\r
                X: c\r
                N: 1.2.3.4\r
                I: 5\r
                Set-Cookie: a=1; Path=/; HttpOnly\r
                Set-Cookie: a=2\r
                Set-Cookie: b=x\r
                Content-Length: 4\r
                \r
                busy
                """),
        requests: [request(), request(line: "GET http://h/x?y HTTP/1.1")])

    private static func base64(_ text: String) -> String {
        var bits = 0
        var count = 0
        var digits = ""
        let alphabet = Array(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        for byte in text.utf8 {
            bits = bits << 8 | Int(byte)
            count += 8
            while count >= 6 {
                count -= 6
                digits.append(alphabet[bits >> count & 63])
            }
        }
        if count > 0 { digits.append(alphabet[bits << (6 - count) & 63]) }
        while digits.count % 4 != 0 { digits.append("=") }
        return digits
    }
}
