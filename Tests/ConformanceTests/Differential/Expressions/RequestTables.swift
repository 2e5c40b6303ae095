// Expressions about requests: chapter 7.3.6 of the configuration manual, and bodies.

extension ExpressionTable {
    static let requestTables = [fields, cookies, targets, bodies, credentials, captures]

    private static let fields = ExpressionTable(
        name: "fields",
        expressions: [
            "req.hdr(x)", "req.hdr(x,1)", "req.hdr(x,2)", "req.hdr(x,-1)", "req.hdr(x,-2)",
            "req.hdr(x,9)", "req.hdr(X)", "hdr(x)", "hdr(x,1)", "hdr(x,-3)", "req.fhdr(x)",
            "req.fhdr(x,1)", "req.fhdr(x,2)", "req.fhdr(x,-1)", "req.hdr_cnt(x)", "hdr_cnt(x)",
            "req.fhdr_cnt(x)", "req.hdr_cnt", "req.fhdr_cnt", "hdr_cnt", "req.hdr", "req.hdr()",
            "req.fhdr", "req.fhdr(,1)", "hdr", "hdr()", "hdr_val", "req.hdr_ip", "req.hdr_ip(x)",
            "req.hdr_ip(x,1)", "hdr_ip(x)", "hdr_ip(x,-1)", "req.hdr_val(x)", "hdr_val(x)",
            "hdr_val(x,1)", "req.hdr_names", "req.hdr_names(:)", "req.hdrs", "req.hdrs,length",
            "req.hdrs_bin", "req.hdr(host)", "req.hdr(none)", "req.hdr(x),length",
            "req.fhdr(x),lower", "req.fhdr(x),field(2,b)", "req.ver", "req_ver", "req.proto_http",
            "http_first_req", "method", "req.fhdr(x),url_dec", "req.hdr(x),hex",
            "req.hdr(connection)", "req.fhdr(te)",
        ],
        inputs: [
            .request("no field"), .request("one value", ["X: a"]),
            .request("an empty value", ["X:"]), .request("blanks alone", ["X:   \t "]),
            .request("values between commas", ["X: a, b ,c"]),
            .request("empty values", ["X: ,a,,b,"]), .request("several lines", ["X: a", "x: b,c"]),
            .request("lines apart", ["X: a", "Y: z", "X: b"]),
            .request("quotes", ["X: \"a,b\",\"c\\\"d,e\",f"]),
            .request("an open quote", ["X: \"a,b"]), .request("quotes inside", ["X: a\"b,c\"d,e"]),
            .request("a number", ["X: 42"]), .request("a number and more", ["X: 12abc"]),
            .request("a negative number", ["X: -7"]), .request("several numbers", ["X: 1,2,3"]),
            .request("an address", ["X: 192.0.2.1"]),
            .request("addresses", ["X: 192.0.2.1, 198.51.100.2"]),
            .request("an address and a port", ["X: 192.0.2.1:8080"]),
            .request("IPv6", ["X: 2001:db8::1"]), .request("mapped", ["X: ::ffff:192.0.2.1"]),
            .request("brackets", ["X: [2001:db8::1]"]), .request("no address", ["X: 192.0.2.256"]),
            .request("a short address", ["X: 10.1"]),
            .request("an address with zeros", ["X: 010.1.2.3"]),
            .request("percents", ["X: a%20b%2Cc%zz%"]), .request("plus signs", ["X: a+b"]),
            .request("bytes above 127", ["X: caf\u{E9}\u{FF}"]), .request("tabs", ["X:\ta\tb\t"]),
            .request("semicolons", ["X: a;q=1, b;q=\"x;y\""]),
            .request("a value of 300 bytes", ["X: " + String(repeating: "v", count: 300)]),
            .request("a value of 4000 bytes", ["X: " + String(repeating: "w,", count: 2000)]),
            .request("sixty lines", (0..<60).map { "X: \($0)" }),
            .request("connection options", ["Connection: keep-alive, x", "TE: trailers", "X: 1"]),
            .request("HTTP/1.0", line: "GET / HTTP/1.0", host: nil, ["X: 1"]),
            .request("HTTP/1.0 kept", line: "GET / HTTP/1.0", ["X: 1", "Connection: keep-alive"]),
            .request("POST", line: "POST / HTTP/1.1", ["X: a"], body: "hello"),
            .request("PATCH", line: "PATCH / HTTP/1.1", ["X: a"]),
            .request("names of other letters", ["x-A: 1", "X: 2", "XX: 3"]),
        ])

    private static let cookies = ExpressionTable(
        name: "cookies",
        expressions: [
            "req.cook(a)", "req.cook(b)", "cook(a)", "cookie(a)", "req.cook", "cook",
            "req.cook_cnt(a)", "cook_cnt(a)", "req.cook_cnt", "cook_cnt", "req.cook_val(a)",
            "cook_val(b)", "cook_val(a)", "req.cook(A)", "req.cook(none)", "req.cook(a),length",
            "req.hdr(cookie)", "req.fhdr(cookie)", "req.cook_cnt(none)", "cookie(b)",
            "cookie(none)",
        ],
        inputs: [
            .request("no cookie"), .request("one cookie", ["Cookie: a=1"]),
            .request("two cookies", ["Cookie: a=1; b=2"]),
            .request("the same twice", ["Cookie: a=1; b=2; a=3"]),
            .request("two lines", ["Cookie: a=1", "Cookie: a=2; b=x"]),
            .request("an empty value", ["Cookie: a=; b=1"]),
            .request("no sign", ["Cookie: a; b=1"]),
            .request("quotes", ["Cookie: a=\"1;2\"; b=2"]), .request("commas", ["Cookie: a=1,b=2"]),
            .request("signs in the value", ["Cookie: a=x=y==; b=2"]),
            .request("blanks", ["Cookie:   a = 1 ;  b  =  2  "]),
            .request("longer names", ["Cookie: aa=1; xa=2; a=3"]),
            .request("letters", ["Cookie: A=1; a=2"]),
            .request("semicolons", ["Cookie: ;;a=1;;b=2;"]),
            .request("dollars", ["Cookie: $Version=1; a=1; $Path=/; b=2"]),
            .request("an empty line", ["Cookie:"]), .request("numbers", ["Cookie: a=12x; b=-5"]),
            .request("no blank", ["Cookie: a=1;b=2"]),
            .request("long", ["Cookie: b=\(String(repeating: "z", count: 2000)); a=1"]),
        ])

    private static let targets = ExpressionTable(
        name: "targets",
        setup: ["option accept-invalid-http-request"],
        expressions: [
            "url", "path", "pathq", "query", "base", "baseq", "base32", "url32", "url_ip",
            "url_port",
            "url_param(a)", "url_param(b)", "urlp(a)", "urlp(c)", "url_param(a,;)", "urlp(a,;)",
            "urlp(a,?)", "url_param", "urlp", "urlp_val(a)", "urlp_val(b)", "urlp_val(none)",
            "method", "hdr(host)", "path,length", "path,lower", "path,field(2,/)",
            "path,url_dec", "query,url_dec(1)", "url,bytes(1,4)", "base,sdbm", "path,crc32",
            "base32,hex", "url_param(none)", "url_param(q)", "req.ver", "pathq,length",
            "url_param(a),url_dec", "meth(GET)",
        ],
        inputs: [
            .request("plain", line: "GET / HTTP/1.1"),
            .request("path", line: "GET /a/b.html HTTP/1.1"),
            .request("query", line: "GET /a?b=c&a=1 HTTP/1.1"),
            .request("empty query", line: "GET /a? HTTP/1.1"),
            .request("several marks", line: "GET /a?b?a=1?c=2 HTTP/1.1"),
            .request("path parameters", line: "GET /a;a=1;b=2?c=3;a=4 HTTP/1.1"),
            .request("parameters", line: "GET /?a=&b&=c&a=2&aa=3&c=x=y HTTP/1.1"),
            .request("ampersands", line: "GET /?&&a=1&& HTTP/1.1"),
            .request("encoded", line: "GET /%41%2f?a=%20x%26y&b=+ HTTP/1.1"),
            .request("encoded name", line: "GET /?%61=1 HTTP/1.1"),
            .request("numbers", line: "GET /?a=-12&b=5x HTTP/1.1"),
            .request("absolute", line: "GET http://h/a?a=1 HTTP/1.1"),
            // Empty paths are `/` here and in HAProxy 3.2: http/empty-path.vtc.
            .request("absolute root", line: "GET http://h/ HTTP/1.1"),
            .request("absolute with a mark", line: "GET http://h/?a=1 HTTP/1.1"),
            .request(
                "address and port", line: "GET http://192.0.2.1:8080/x HTTP/1.1",
                host: "192.0.2.1:8080"),
            .request("address", line: "GET https://192.0.2.1/x HTTP/1.1", host: "192.0.2.1"),
            .request("user", line: "GET http://u:p@h/x HTTP/1.1", host: "h"),
            .request("star", line: "OPTIONS * HTTP/1.1"),
            .request("double slashes", line: "GET //a//b HTTP/1.1"),
            .request("dots", line: "GET /a/../b/./c HTTP/1.1"),
            .request("fragment", line: "GET /a?b#c HTTP/1.1"),
            .request("capitals", line: "GET /A/B?A=1 HTTP/1.1", host: "EXAMPLE.test"),
            .request("host with port", line: "GET /a HTTP/1.1", host: "example.test:8080"),
            .request("no host", line: "GET /a HTTP/1.0", host: nil),
            .request("empty host", line: "GET /a HTTP/1.1", host: ""),
            .request("bytes above 127", line: "GET /caf\u{E9}?a=\u{FF} HTTP/1.1"),
            .request("quotes", line: "GET /\"a\"?a=\"b\" HTTP/1.1"),
            .request("long", line: "GET /\(String(repeating: "l", count: 3000))?a=1 HTTP/1.1"),
            .request(
                "long query", line: "GET /?\(String(repeating: "b=2&", count: 700))a=1 HTTP/1.1"),
            .request("HEAD", line: "HEAD /a HTTP/1.1"),
            .request("DELETE", line: "DELETE /a HTTP/1.1"),
            .request("PUT", line: "PUT /a HTTP/1.1", body: ""),
            .request("TRACE", line: "TRACE /a HTTP/1.1"),
        ])

    private static let bodies = ExpressionTable(
        name: "bodies",
        setup: ["option http-buffer-request"],
        expressions: [
            "req.body", "req.body_len", "req.body_size", "req.body_param(a)", "req.body_param(b)",
            "req.body_param", "req.body_param(none)", "req.body,length", "req.body,bytes(2,3)",
            "req.body,json_query('$.a')", "req.body,json_query('$.n.b[1]')", "req.body,crc32c",
            "req.body,hex", "req.body_param(a),length", "req.body,base64",
        ],
        inputs: [
            .request("no body"), .request("empty", line: "POST / HTTP/1.1", body: ""),
            .request("text", line: "POST / HTTP/1.1", body: "hello world"),
            .request("form", line: "POST / HTTP/1.1", body: "a=1&b=2&a=3"),
            .request("empty parameters", line: "POST / HTTP/1.1", body: "&&a=&b&=x"),
            .request("encoded", line: "POST / HTTP/1.1", body: "a=%41+%20&b=\u{E9}"),
            .request("JSON", line: "POST / HTTP/1.1", body: "{\"a\":\"x\",\"n\":{\"b\":[1,2]}}"),
            .request("bytes", line: "PUT / HTTP/1.1", body: "\0\u{1}\u{FF}\r\n\0"),
            .request(
                "chunked", line: "POST / HTTP/1.1", ["Transfer-Encoding: chunked"],
                body: "3\r\na=1\r\n4\r\n&b=2\r\n0\r\n\r\n"),
            .request(
                "chunked and empty", line: "POST / HTTP/1.1", ["Transfer-Encoding: chunked"],
                body: "0\r\nX: y\r\n\r\n"),
            .request(
                "long", line: "POST / HTTP/1.1",
                body: String(repeating: "0123456789", count: 300) + "&a=end"),
        ])

    private static let credentials = ExpressionTable(
        name: "credentials",
        sections: """
            userlist staff
                group admins users tiger,lion
                group readers users cat
                user tiger password $1$salt$ez2vlPGdaLYkJam5pWs/Y1
                user lion password $5$salt5$6OevEakyh/KPk/9uuCIwLoaw5dVXDtJWfhB0Fm6c5I7
                user cat insecure-password meow
                user dog insecure-password woof
            userlist guests
                user guest insecure-password guest

            """,
        expressions: [
            "http_auth(staff)", "http_auth(guests)", "http_auth_group(staff)",
            "http_auth_group(guests)", "http_auth_user", "http_auth_pass", "http_auth_type",
            "http_auth_bearer", "http_auth_bearer(x-token)", "http_auth_user,lower",
            "http_auth_pass,length", "http_auth_group(staff),length",
        ],
        inputs: [
            .request("none"),
            .request("tiger", ["Authorization: Basic dGlnZXI6c2VjcmV0"]),
            .request("lion", ["Authorization: Basic bGlvbjpzZWNyZXQ="]),
            .request("cat", ["Authorization: Basic Y2F0Om1lb3c="]),
            .request("dog", ["Authorization: Basic ZG9nOndvb2Y="]),
            .request("guest", ["Authorization: Basic Z3Vlc3Q6Z3Vlc3Q="]),
            .request("wrong", ["Authorization: Basic Y2F0OndvdWY="]),
            .request("no colon", ["Authorization: Basic Y2F0"]),
            .request("nothing behind the colon", ["Authorization: Basic Y2F0Og=="]),
            .request("no base64", ["Authorization: Basic ***"]),
            .request("no credentials", ["Authorization: Basic"]),
            .request("small letters", ["Authorization: basic Y2F0Om1lb3c="]),
            .request("several blanks", ["Authorization: Basic   Y2F0Om1lb3c="]),
            .request("bearer", ["Authorization: Bearer abc.def"]),
            .request("another field", ["X-Token: Bearer ghi", "Authorization: Bearer abc"]),
            .request("digest", ["Authorization: Digest username=\"cat\""]),
            .request("proxy's", ["Proxy-Authorization: Basic Y2F0Om1lb3c="]),
            .request("two", ["Authorization: Basic Y2F0Om1lb3c=", "Authorization: Bearer x"]),
        ])

    private static let captures = ExpressionTable(
        name: "captures",
        setup: [
            "log global", "log-format \"%HM %ID\"", "unique-id-format \"%[path]-%[req.hdr(x)]\"",
            "capture request header X len 5", "capture request header Host len 20",
            "declare capture request len 8", "http-request capture path id 2",
            "http-request set-uri /other?o=1 if { req.hdr(y) 1 }",
            "http-request set-method OPTIONS if { req.hdr(y) 1 }",
        ],
        expressions: [
            "capture.req.hdr(0)", "capture.req.hdr(1)", "capture.req.hdr(2)", "capture.req.hdr(3)",
            "capture.req.method", "capture.req.uri", "capture.req.ver", "capture.res.ver",
            "unique-id", "capture.req.uri,length", "capture.req.hdr(0),upper", "url", "path",
            "method",
        ],
        inputs: [
            .request("no field"), .request("a short value", ["X: abc"]),
            .request("a long value", ["X: abcdefgh"]), .request("two lines", ["X: a", "X: b"]),
            .request("commas", ["X: a,b"]), .request("empty", ["X:"]),
            .request("rewritten", ["X: a", "Y: 1"]),
            .request("absolute", line: "GET http://h/long/path/name?q HTTP/1.1", ["X: a"]),
            .request("HTTP/1.0", line: "POST / HTTP/1.0", host: nil, ["Y: 1"], body: "x"),
            .request("a method of its own", line: "BREW / HTTP/1.1", ["Y: 1"]),
        ])
}
