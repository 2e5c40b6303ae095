// Expressions about answers: the part of chapter 7.3.6 of the configuration manual with `res.`.

extension ExpressionTable {
    static let responseTables = [answers, bodies, relayed]

    private static let answers = ExpressionTable(
        name: "answers", kind: .response,
        setup: [
            "log global", "log-format \"%HM\"", "capture response header X len 5",
            "capture request header Host len 9", "declare capture response len 4",
            "http-request set-var(txn.path) path",
        ],
        expressions: [
            "status", "res.hdr(x)", "res.hdr(x,1)", "res.hdr(x,2)", "res.hdr(x,-1)",
            "res.hdr(x,-2)", "shdr(x)", "shdr(x,1)", "res.fhdr(x)", "res.fhdr(x,1)",
            "res.fhdr(x,-1)", "res.hdr_cnt(x)", "shdr_cnt(x)", "res.hdr_cnt", "res.fhdr_cnt(x)",
            "res.fhdr_cnt", "res.hdr_ip(x)", "res.hdr_ip(x,1)", "shdr_ip(x)", "res.hdr_val(x)",
            "shdr_val(x)", "res.hdr_names", "res.hdr_names(|)", "res.hdrs", "res.hdrs_bin",
            "res.ver", "resp_ver", "capture.res.ver", "capture.res.hdr(0)", "capture.res.hdr(1)",
            "capture.req.uri", "capture.req.method", "capture.req.hdr(0)", "res.cook(a)",
            "res.cook", "scook(a)", "scook(b)", "res.cook_cnt(a)", "res.cook_cnt", "scook_cnt(a)",
            "res.cook_val(a)", "scook_val(b)", "cookie(a)",
            "var(txn.path)", "http_first_req", "status,div(100)", "res.hdr(x),length",
            "res.fhdr(set-cookie)", "res.fhdr(set-cookie,1)",
            "fe_name", "be_name", "srv_name", "be_id", "srv_id", "method",
        ],
        inputs: [
            .reply("no field", []), .reply("one value", ["X: a"]),
            .reply("values", ["X: a, b ,c", "X: d"]), .reply("an empty value", ["X:"]),
            .reply("empty values", ["X: ,,a,"]), .reply("quotes", ["X: \"a,b\", c"]),
            .reply("a number", ["X: 42"]), .reply("an address", ["X: 192.0.2.1, 2001:db8::1"]),
            .reply("IPv6", ["X: 2001:db8::1"]),
            .reply("cookies", ["Set-Cookie: a=1; Path=/; HttpOnly", "Set-Cookie: b=2; Secure"]),
            .reply("the same cookie twice", ["Set-Cookie: a=1", "Set-Cookie: a=2"]),
            .reply("an empty cookie", ["Set-Cookie: a=; Max-Age=0"]),
            .reply(
                "a cookie of commas", ["Set-Cookie: a=x,y; Expires=Wed, 09 Jun 2021 10:18:14 GMT"]),
            .reply("a cookie without sign", ["Set-Cookie: a"]),
            .reply("a cookie with quotes", ["Set-Cookie: a=\"1\"; b=5"]),
            .reply("404", line: "HTTP/1.1 404 Not Here", ["X: 1"], body: ""),
            .reply("no reason", line: "HTTP/1.1 299", ["X: 1"]),
            .reply("500", line: "HTTP/1.1 500 Oh", ["X: abcdefgh"]),
            .reply("HTTP/1.0", line: "HTTP/1.0 200 OK", ["Connection: keep-alive", "X: 1"]),
            .reply("bytes above 127", ["X: \u{E9}\u{FF}"]),
            .reply("long", ["X: " + String(repeating: "w", count: 3000)]),
            .reply("many", (0..<50).map { "X: \($0)" }),
            .reply(
                "chunked", ["Transfer-Encoding: chunked"], body: "2\r\nok\r\n0\r\n\r\n"),
        ])

    /// What is known of a connection to a server with an address and a port.
    private static let relayed = ExpressionTable(
        name: "connected", kind: .response, server: "127.0.0.1:PORT",
        setup: ["http-response set-var(txn.port) bc_src_port"],
        expressions: [
            "bc_src", "bc_src,ipmask(8)", "bc_dst", "bc_dst,hex", "bc_src_port,sub(txn.port)",
            "bc_src_port,bool", "bc_dst_port,bool", "bc_dst_port,hex,length", "bc_http_major",
            "bc_http_major,add(1)", "bc_err", "bc_err,bool", "bc_err_str", "bc_err_str,length",
            "be_server_timeout", "be_server_timeout,div(1000)", "be_tunnel_timeout",
            "cur_server_timeout", "cur_server_timeout,bool", "cur_tunnel_timeout", "srv_id",
            "srv_name", "srv_name,upper", "be_name", "be_name,length", "be_id,bool",
            "srv_conn(connected-o/s),bool", "srv_queue(connected-o/s)", "src", "dst",
            "fc_src", "fc_dst", "src_port", "dst_port", "src_is_local", "dst_is_local",
        ],
        inputs: [
            .request("anything"), .request("another", line: "POST / HTTP/1.1", body: "x"),
            .request("HTTP/1.0", line: "GET / HTTP/1.0", host: nil),
        ])

    private static let bodies = ExpressionTable(
        name: "answered-bodies", kind: .response,
        setup: ["http-response wait-for-body time 2s"],
        expressions: [
            "res.body", "res.body_len", "res.body_size", "res.body,length", "res.body,bytes(1,2)",
            "res.body,json_query('$.a')", "res.body,hex",
        ],
        inputs: [
            .reply("short", []), .reply("empty", [], body: ""),
            .reply("JSON", ["Content-Type: application/json"], body: "{\"a\":\"b\"}"),
            .reply("bytes", [], body: "\0\r\n\u{FF}"),
            .reply("long", [], body: String(repeating: "0123456789", count: 300)),
            .reply(
                "chunked", ["Transfer-Encoding: chunked"],
                body: "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
        ])
}
