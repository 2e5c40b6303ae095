// Expressions about stick counters: what each request of a sequence finds.

extension ExpressionTable {
    static let counterTables = [tracked, sources, arrays]

    private static let stored =
        "gpc0,gpc1,gpc0_rate(1h),gpc1_rate(1h),gpt0,conn_cnt,conn_cur,conn_rate(1h),sess_cnt,"
        + "sess_rate(1h),http_req_cnt,http_req_rate(1h),http_err_cnt,http_err_rate(1h),"
        + "http_fail_cnt,http_fail_rate(1h),bytes_in_rate(1h),bytes_out_rate(1h),bytes_in_cnt,"
        + "bytes_out_cnt"

    private static let tracked = ExpressionTable(
        name: "tracked",
        setup: [
            "stick-table type string size 100 expire 1h store \(stored)",
            "http-request track-sc0 req.hdr(key)",
            "http-request track-sc1 req.hdr(key) table small",
            "http-request sc-inc-gpc0(0) if { req.hdr(bump) 1 }",
            "http-request sc-set-gpt0(0) req.hdr(tag) if { req.hdr(tag) -m found }",
        ],
        sections: """
            backend small
                stick-table type string size 100 expire 1h store gpc0,http_req_cnt
            backend elsewhere
                stick-table type string size 100 expire 1h store gpc0,http_req_cnt

            """,
        expressions: names(of: [
            "conn_cnt", "conn_cur", "conn_rate", "sess_cnt", "sess_rate", "http_req_cnt",
            "http_req_rate", "http_err_cnt", "http_err_rate", "http_fail_cnt", "http_fail_rate",
            "get_gpc0", "get_gpc1", "gpc0_rate", "gpc1_rate", "get_gpt0", "kbytes_in", "kbytes_out",
            "tracked", "trackers", "inc_gpc0", "inc_gpc1", "clr_gpc0", "clr_gpc1",
        ]) + [
            "sc0_bytes_in_rate,bool", "sc_bytes_in_rate(0),bool", "sc1_bytes_in_rate",
            "sc0_bytes_out_rate,bool", "sc_bytes_out_rate(0),bool", "sc1_bytes_out_rate",
            "sc2_bytes_in_rate", "sc2_bytes_out_rate", "sc0_http_req_cnt(elsewhere)",
            "sc0_get_gpc0(small)", "sc_get_gpc0(0,small)", "table_cnt(tracked)", "table_avl(small)",
            "req.hdr(key),in_table(tracked)", "req.hdr(key),in_table(elsewhere)",
            "req.hdr(key),table_http_req_cnt(tracked)", "req.hdr(key),table_gpt0(tracked)",
            "req.hdr(key),table_trackers(tracked)", "req.hdr(none),table_http_req_cnt(tracked)",
        ],
        inputs: [
            .request("the first", ["Key: a"]), .request("again", ["Key: a"]),
            .request("another key", ["Key: b", "Bump: 1"]), .request("no key"),
            .request("a tag", ["Key: a", "Tag: 77"]), .request("an empty key", ["Key:"]),
            .request("bumped", ["Key: a", "Bump: 1"]),
            .request("a long key", ["Key: " + String(repeating: "k", count: 200)]),
        ])

    /// The names of what a counter tells, of three counters and by number. Kilobytes are counted
    /// in each program's own way.
    private static func names(of facts: [String]) -> [String] {
        facts.flatMap { fact in
            let rest = fact.hasPrefix("kbytes") ? ",div(1000)" : ""
            return (0...2).flatMap { ["sc\($0)_\(fact)\(rest)", "sc_\(fact)(\($0))\(rest)"] }
        }
    }

    private static let sources = ExpressionTable(
        name: "sources-of-requests", isOnTCP: true,
        setup: [
            "tcp-request connection track-sc0 src table sources",
            "http-request sc-inc-gpc0(0)", "http-request set-var(txn.port) src_port",
        ],
        sections: """
            backend sources
                stick-table type ip size 100 expire 1h store \(stored),gpc(2),gpc_rate(2,1h),gpt(2)
            backend networks
                stick-table type ip size 100 expire 1h store conn_cnt,gpc0
            backend others
                stick-table type ipv6 size 100 expire 1h store gpc0

            """.replacing("gpc0,gpc1,gpc0_rate(1h),gpc1_rate(1h),gpt0,", with: "")
                .replacing("conn_cnt,gpc0", with: "conn_cnt,gpc0,gpt0,gpc1"),
        expressions: [
            "src_conn_cnt", "src_conn_cur", "src_conn_rate", "src_sess_cnt", "src_sess_rate",
            "src_http_req_cnt", "src_http_req_rate", "src_http_err_cnt", "src_http_err_rate",
            "src_http_fail_cnt", "src_http_fail_rate",
        ].flatMap { ["\($0)(sources)", "\($0)(networks)", "\($0)(others)"] } + [
            "src_kbytes_in(sources),div(1000)", "src_kbytes_in(networks)", "src_kbytes_in(others)",
            "src_kbytes_out(sources),div(1000)", "src_kbytes_out(networks)",
            "src_kbytes_out(others)", "src_get_gpc0(sources)", "src_get_gpc0(networks)",
            "src_get_gpc0(others)",
            "src_get_gpc1(networks)", "src_get_gpc1(sources)", "src_get_gpc1(others)",
            "src_gpc0_rate(sources)", "src_gpc0_rate(networks)", "src_gpc0_rate(others)",
            "src_gpc1_rate(sources)", "src_gpc1_rate(networks)", "src_gpc1_rate(others)",
            "src_get_gpt0(sources)", "src_get_gpt0(networks)", "src_get_gpt0(others)",
            "src_inc_gpc0(networks)", "src_inc_gpc0(others)", "src_inc_gpc0(sources)",
            "src_inc_gpc1(networks)", "src_inc_gpc1(others)", "src_inc_gpc1(sources)",
            "src_clr_gpc0(networks)", "src_clr_gpc0(others)", "src_clr_gpc0(sources)",
            "src_clr_gpc1(networks)", "src_clr_gpc1(others)", "src_clr_gpc1(sources)",
            "src_updt_conn_cnt(networks)", "src_updt_conn_cnt(others)",
            "src_updt_conn_cnt(sources)", "src_bytes_in_rate(sources),bool",
            "src_bytes_in_rate(networks)", "src_bytes_in_rate(others)",
            "src_bytes_out_rate(sources),bool", "src_bytes_out_rate(networks)",
            "src_bytes_out_rate(others)", "src_get_gpc(0,sources)", "src_get_gpc(1,sources)",
            "src_get_gpc(5,sources)", "src_inc_gpc(0,sources)", "src_inc_gpc(1,sources)",
            "src_inc_gpc(5,sources)", "src_clr_gpc(0,sources)", "src_clr_gpc(1,sources)",
            "src_clr_gpc(5,sources)", "src_gpc_rate(0,sources)", "src_gpc_rate(1,sources)",
            "src_gpc_rate(5,sources)", "src_get_gpt(0,sources)", "src_get_gpt(1,sources)",
            "src_get_gpt(5,sources)", "src,table_conn_cnt(sources)", "src,in_table(networks)",
            "table_cnt(sources)", "sc0_conn_cnt", "sc0_conn_cur", "src", "src_port,sub(txn.port)",
            "src_is_local", "dst", "dst_is_local", "dst_port,bool", "dst_conn,bool", "fc_src",
            "fc_src_port,sub(txn.port)", "fc_src_is_local", "fc_dst", "fc_dst_is_local",
            "fc_dst_port,bool", "src,ipmask(8)", "src,hex", "fc_err", "fc_err_str",
            "fc_http_major", "base32+src,hex",
            "url32+src,hex", "req.hdr(port),sub(txn.port)", "so_id,bool", "src,concat(:x)",
            "dst,ipmask(16)", "fc_rtt(us),bool", "fc_rttvar(us),bool", "fc_unacked",
            "fc_sacked", "fc_retrans", "fc_fackets", "fc_lost", "fc_reordering,bool",
        ],
        inputs: [
            .request("one address"),
            Input(
                description: "another address",
                request: Input.request("", line: "POST / HTTP/1.1", body: "x").request, host: 2),
            .request("the first again", line: "GET /x HTTP/1.1"),
            Input(
                description: "a third", request: Input.request("", host: "other").request, host: 200
            ),
        ])

    private static let arrays = ExpressionTable(
        name: "arrays",
        setup: [
            "stick-table type integer size 10 expire 1h store gpc(3),gpc_rate(3,1h),gpt(3)",
            "http-request track-sc0 req.hdr(key)", "http-request sc-inc-gpc(2,0)",
            "http-request sc-set-gpt(1,0) req.hdr(tag) if { req.hdr(tag) -m found }",
        ],
        expressions: ["get_gpc", "inc_gpc", "clr_gpc", "gpc_rate", "get_gpt"].flatMap { fact in
            [0, 1, 2, 3, 99].map { "sc_\(fact)(\($0),0)" } + ["sc_\(fact)(0,1)"]
        } + [
            "sc_get_gpc(2,0,arrays)", "req.hdr(key),table_gpc(2,arrays)",
            "req.hdr(key),table_gpt(1,arrays)", "req.hdr(key),table_gpc_rate(2,arrays)",
        ],
        inputs: [
            .request("the first", ["Key: 1"]), .request("a tag", ["Key: 1", "Tag: 4294967295"]),
            .request("another key", ["Key: 2"]), .request("no key"),
        ])
}
