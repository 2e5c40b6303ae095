// Expressions about the proxy itself: chapter 7.3.2 of the configuration manual, and constants.

extension ExpressionTable {
    static let stateTables = [constants, states, variables]

    private static let constants = ExpressionTable(
        name: "constants",
        expressions: [
            "always_true", "always_false", "bool(1)", "bool(0)", "bool(true)", "bool(false)",
            "int(0)", "int(-5)", "int(9223372036854775807)",
            "str()", "str(abc)", "str(a\\ b)", "str('a,b')", "str(\"it's\")", "str(%5B)",
            "bin(00ff7f)", "bin(AB)", "bin(6d6172)", "ipv4(192.0.2.1)", "ipv4(0.0.0.0)",
            "ipv4(255.255.255.255)", "ipv6(2001:db8::1)", "ipv6(::)", "ipv6(::ffff:1.2.3.4)",
            "meth(GET)", "meth(post)", "meth(CONNECT)", "env(MARTLET_TEST_ASKED_VARIABLE)",
            "env(MARTLET_TEST_EMPTY)", "env(MARTLET_TEST_NONE)",
            "env(MARTLET_TEST_ASKED_VARIABLE),length", "nbproc", "stopping", "wait_end",
            "last_rule_line", "last_rule_file", "proc", "proc,add(1)", "str(a),concat(b)",
            "int(5),mul(3),sub(1)",
            "bool(1),not", "ipv4(192.0.2.77),ipmask(24)", "bin(414243),bytes(1,1)",
            "str(a b c),word(2,' ')", "int(1),iif(yes,no)", "str(1234),bytes(2)", "bin(0102),hex",
            "meth(GET),lower", "ipv6(2001:db8::1),ipmask(8,32)", "int(60),http_date",
            "str(abc),sha1,hex", "fc_http_major", "so_name", "fe_defbe", "so_name,length",
            "fe_name", "fe_name,length", "fe_name,upper", "internal.strm.is_htx",
        ],
        inputs: [
            .request("anything"), .request("another", line: "POST / HTTP/1.1", body: "x"),
            .request("HTTP/1.0", line: "GET / HTTP/1.0", host: nil),
        ])

    private static let states = ExpressionTable(
        name: "states",
        setup: ["timeout client 21s", "maxconn 300", "default_backend several"],
        sections: """
            frontend idle
                timeout client 5s
            backend several
                timeout server 22s
                timeout tunnel 23s
                fullconn 70
                server one 127.0.0.1:9 weight 5 maxconn 10
                server two 127.0.0.1:9 weight 10 maxconn 20 maxqueue 5
                server three 127.0.0.1:9 weight 20 disabled
                server four 127.0.0.1:9 backup
            backend none
            backend unlimited
                server only 127.0.0.1:9 weight 0
            backend table
                stick-table type string size 50 store gpc0
            backend numbers
                stick-table type integer size 7

            """,
        expressions: [
            "nbsrv(several)", "nbsrv(none)", "nbsrv(unlimited)", "connslots(several)",
            "connslots(none)", "connslots(unlimited)", "avg_queue(several)", "avg_queue(none)",
            "avg_queue(unlimited)", "queue(several)", "queue(none)", "queue(unlimited)",
            "be_conn(several)", "be_conn(none)", "be_conn(unlimited)", "be_conn_free(several)",
            "be_conn_free(none)", "be_conn_free(unlimited)", "be_sess_rate(several)",
            "be_sess_rate(none)", "be_sess_rate(unlimited)", "fe_conn(states)",
            "fe_conn", "fe_conn(states),add(1)", "fe_sess_rate(idle)", "fe_req_rate(idle)",
            "fe_req_rate(idle),add(1)", "fe_sess_rate(idle),add(2)", "fe_conn(idle)",
            "srv_conn(several/one)", "srv_conn(several/two)", "srv_conn(several/four)",
            "srv_conn_free(several/one)", "srv_conn_free(several/two)",
            "srv_conn_free(several/four)", "srv_is_up(several/one)", "srv_is_up(several/three)",
            "srv_is_up(several/four)", "srv_queue(several/one)", "srv_queue(several/two)",
            "srv_queue(several/three)", "srv_sess_rate(several/one)", "srv_sess_rate(several/two)",
            "srv_sess_rate(several/three)", "srv_weight(several/one)", "srv_weight(several/two)",
            "srv_weight(several/three)", "srv_weight(unlimited/only)", "srv_uweight(several/one)",
            "srv_uweight(several/two)", "srv_uweight(several/three)", "srv_iweight(several/one)",
            "srv_iweight(several/two)", "srv_iweight(several/three)", "table_avl(table)",
            "table_avl(numbers)", "table_avl(table),add(1)", "table_cnt(table)",
            "table_cnt(numbers)", "table_cnt(table),add(1)", "prio_class", "prio_offset",
            "prio_class,add(1)", "prio_offset,add(1)", "prio_class,mul(2)", "prio_offset,mul(2)",
            "fe_client_timeout", "fe_client_timeout,div(1000)", "fe_client_timeout,bool",
            "fe_id,bool", "so_id,bool", "fe_defbe",
            "fe_defbe,length", "fe_defbe,upper", "http_first_req",
        ],
        inputs: [
            .request("anything"), .request("another", line: "POST / HTTP/1.1", body: "x"),
            .request("a third", line: "HEAD / HTTP/1.1"),
        ])

    private static let variables = ExpressionTable(
        name: "variables",
        setup: [
            "tcp-request session set-var(sess.s) int(5)", "http-request set-var(txn.i) int(-7)",
            "http-request set-var(txn.s) req.hdr(x)", "http-request set-var(txn.b) bin(00ff)",
            "http-request set-var(txn.a) ipv4(192.0.2.1)", "http-request set-var(txn.t) bool(1)",
            "http-request set-var(txn.m) method", "http-request set-var(req.r) str(request)",
            "http-request set-var(res.r) str(response)", "http-request set-var(proc.p) int(1)",
            "http-request set-var-fmt(txn.f) \"%[method] %[path]\"",
            "http-request set-var(txn.u) int(1)", "http-request unset-var(txn.u)",
            "http-request set-var(txn.six) ipv6(2001:db8::1)",
        ],
        expressions: [
            "var(sess.s)", "var(txn.i)", "var(txn.s)", "var(txn.b)", "var(txn.a)", "var(txn.t)",
            "var(txn.m)", "var(req.r)", "var(res.r)", "var(proc.p)", "var(txn.f)", "var(txn.u)",
            "var(txn.none)", "var(txn.none,default)", "var(txn.none,'a b')", "var(txn.i,5)",
            "var(txn.six)", "var(txn.i),add(1)", "var(txn.s),upper", "var(txn.b),hex",
            "var(txn.a),ipmask(16)", "var(txn.t),not", "var(txn.i),hex", "var(txn.a),hex",
            "var(txn.s),length", "var(txn.none),length", "int(3),add(txn.i)", "int(3),mul(sess.s)",
            "str(a),concat(-,txn.s,-)", "str(x),strcmp(txn.s)", "str(z),set-var(txn.z),upper",
            "var(txn.z)", "int(3),sub(txn.none)", "str(a),concat(<,txn.i,>)",
            "str(a),concat(,txn.none)", "var(txn.six),hex",
        ],
        inputs: [
            .request("no field"), .request("text", ["X: abc"]), .request("a number", ["X: 12"]),
            .request("empty", ["X:"]),
            .request("POST", line: "POST /x HTTP/1.1", ["X: x"], body: ""),
        ])
}
