// Fetches of internal states and of the client's connection: the same values as haproxy.

import Addresses
import Foundation
import ReferenceHAProxy
import Testing

@testable import Proxy

/// Expressions that are asked of one HTTP request each.
struct StateQuestions {
    /// The configuration: each expression has a path.
    ///
    /// - Parameter digits: values are given as hexadecimal digits.
    static func configuration(_ expressions: [String], digits: Bool = false) -> String {
        var text = """
            global
             nbthread 1
            defaults
             mode http
             timeout client 10s
             timeout server 11s
             timeout connect 3s
             timeout tunnel 1h
            frontend f
             bind 127.0.0.1:PORT-f name web
             acl yes always_true
             acl no always_false
             http-request set-var(txn.set) int(7)

            """
        for (index, expression) in expressions.enumerated() {
            text += " http-request set-var(txn.x) \(expression) if { path /\(index) }\n"
            text += " http-request return status 200 content-type text/plain lf-string "
            text +=
                "\"%[var(txn.x)\(digits ? ",hex" : "")]\" if { path /\(index) } { var(txn.x) -m found }\n"
        }
        return text + """
             http-request return status 204
             default_backend b
            backend b
             id 77
             server s1 127.0.0.1:1 weight 5 maxconn 7
             server s2 127.0.0.1:1 weight 3 maxconn 7 maxqueue 4 backup
            backend c
             server c1 127.0.0.1:1 weight 5 maxconn 7 maxqueue 3 id 50
             server c2 127.0.0.1:1 weight 3 maxconn 7 maxqueue 4 disabled
             server c3 127.0.0.1:1 weight 0 maxconn 5 maxqueue 4
             server c4 127.0.0.1:1 weight 2 maxconn 5 maxqueue 4 backup
            backend d
             server d1 127.0.0.1:1 backup maxconn 3
             server d2 127.0.0.1:1 backup maxconn 4
            backend e
             option allbackups
             server e1 127.0.0.1:1 backup maxconn 3
             server e2 127.0.0.1:1 backup maxconn 4
            backend g
             server g1 127.0.0.1:1 disabled

            """
    }

    /// What somebody who serves the configuration answers; nil where there is no value.
    static func answers(_ expressions: [String], of server: some Serving) throws -> [String?] {
        try expressions.indices.map { index in
            try Client.get("/\(index)", server.port("f"), body: "hello")
        }
    }
}

@Suite struct StateValueTests {
    private static let known = """
        src dst dst_is_local src_is_local dst_conn so_id so_name fe_id fe_name fe_client_timeout
        fe_defbe fc_http_major fc_err fc_err_str fc_src fc_dst fc_src_is_local fc_dst_is_local
        fc_unacked fc_retrans fc_lost fc_sacked fc_fackets fc_reordering fc_rtt last_rule_file
        last_rule_line prio_class prio_offset proc nbproc thread stopping rand(1) rand(0) hostname
        wait_end cpu_calls be_conn(b) be_conn_free(b) be_conn_free(c) be_conn_free(d) be_conn_free(e)
        be_conn_free(g) connslots(b) connslots(c) connslots(d) nbsrv(b) nbsrv(c) nbsrv(d) nbsrv(e)
        nbsrv(g) queue(b) avg_queue(b) avg_queue(g) srv_conn(b/s1) srv_conn_free(b/s1)
        srv_is_up(b/s1) srv_is_up(c/c2) srv_iweight(b/s1) srv_uweight(b/s1) srv_weight(b/s1)
        srv_weight(c/c2) srv_weight(c/c3) srv_queue(b/s1) srv_sess_rate(b/s1) be_sess_rate(b)
        bin(414243) bin(00ff7f) ipv4(1.2.3.4) ipv6(::1) ipv6(::ffff:1.2.3.4) meth(GET)
        env(NO_SUCH_VARIABLE) fe_conn fe_conn(f) req.payload(0,4) req.payload_lv(0,1)
        payload(0,4) req.proto_http req_proto_http req.rdp_cookie req.rdp_cookie_cnt rdp_cookie_cnt
        req.ssl_sni req.ssl_hello_type req.ssl_ver distcc_param(ARGC) internal.strm.is_htx
        internal.htx.has_eom internal.htx.nbblks internal.htx.data internal.htx.free
        internal.htx.free_data internal.htx.size internal.htx.used internal.htx_blk.size(0)
        internal.htx_blk.size(1) internal.htx_blk.type(0) internal.htx_blk.type(1)
        internal.htx_blk.hdrname(1) internal.htx_blk.hdrval(1) internal.htx_blk.start_line(0)
        internal.htx_blk.start_line(head) internal.htx_blk.start_line(1) internal.htx_blk.data(1)
        internal.htx_blk.type(first) internal.htx_blk.type(tail) internal.htx_blk.data(tail)
        internal.htx_blk.type(99) internal.htx_blk.size(99) req.len req_len var(txn.nope)
        var(txn.nope,default) var(txn.nope,) var(txn.set,default) str str() str(x) int(5) int(-5)
        bool(TRUE) bool(0) always_true always_false
        """.split(whereSeparator: \.isWhitespace).map(String.init)

    @Test func `internal states and connections are what haproxy says`() throws {
        guard ReferenceProcess.program != nil else {
            print("haproxy is not installed: nothing to compare with")
            return
        }
        let text = StateQuestions.configuration(Self.known, digits: true)
        let ours = try StateQuestions.answers(Self.known, of: RunningText(text))
        let theirs = try StateQuestions.answers(Self.known, of: RunningReference(text))
        for (index, expression) in Self.known.enumerated() {
            #expect(ours[index] == theirs[index], "\(expression)")
        }
    }

    /// What only newer versions have, or what cannot be the same twice.
    @Test(
        arguments: [
            // HAProxy 2.6 makes OPTIONS of methods it does not know.
            ("meth(PURGE)", "PURGE"), ("meth()", ""), ("act_conn", "1"), ("quic_enabled", "0"),
            ("term_events", "-"), ("fc_err_name", ""),
            ("fc_glitches", "0"), ("fc_nb_streams", "1"), ("fc_settings_streams_limit", "1"),
            ("fs.id", "1"), ("fs.aborted", "0"), ("fs.rst_code", nil), ("bytes_out", "0"),
            ("txn.conn_retries", "0"), ("txn.redispatched", "0"), ("txn.sess_term_state", "--"),
            ("bc_be_queue", "0"), ("bc_srv_queue", "0"), ("cur_client_timeout", "10000"),
            ("last_entity", nil), ("waiting_entity", nil), ("fc.timer.handshake", "0"),
            ("req.timer.queue", "-1"), ("bc.timer.connect", "-1"), ("res.timer.hdr", "-1"),
            ("acl(yes)", "1"), ("acl(no)", "0"), ("acl(!no)", "1"), ("acl(yes,!no)", "1"),
            ("acl(yes,no)", "0"), ("acl(TRUE)", "1"), ("acl(METH_POST,!METH_GET)", "1"),
            ("uptime,div(1000)", "0"),
            ("lat_ns_avg,div(1000000000)", "0"), ("cpu_ns_avg,div(1000000000)", "0"),
            ("cpu_ns_tot,div(1000000000)", "0"), ("lat_ns_tot,div(1000000000)", "0"),
            ("fc_rttvar(us),div(10000000)", "0"), ("fc_rtt(us),div(10000000)", "0"),
            ("req.timer.hdr,div(10000)", "0"), ("req.timer.idle,div(10000)", "0"),
            ("fc.timer.total", "0"), ("txn.timer.total", "0"),
            ("txn.timer.user", "0"), ("res.timer.data", "-1"), ("fs.debug_str(8),length", "15"),
        ] as [(String, String?)])
    func `values that newer versions have`(_ expression: String, _ expected: String?) throws {
        let text = StateQuestions.configuration([expression])
        #expect(try StateQuestions.answers([expression], of: RunningText(text)) == [expected])
    }

    @Test func `dates and ports are those of the exchange`() throws {
        let expressions = [
            "date", "date(10)", "date(0,ms)", "date(0,us)", "accept_date(us)", "request_date(us)",
            "accept_date", "request_date(ms)", "src_port", "dst_port", "fc_src_port", "fc_dst_port",
            "pid", "date_us", "date(-5,us)",
        ]
        let running = try RunningText(StateQuestions.configuration(expressions))
        var before = timespec()
        clock_gettime(CLOCK_REALTIME, &before)
        let answers = try StateQuestions.answers(expressions, of: running).map {
            Int($0 ?? "") ?? 0
        }
        let second = before.tv_sec
        for (index, scale) in [
            (0, 1), (1, 1), (2, 1000), (3, 1_000_000), (4, 1_000_000),
            (5, 1_000_000), (6, 1), (7, 1000), (14, 1_000_000),
        ] {
            let offset = index == 1 ? 10 : 0
            let seconds = answers[index] / scale - offset
            #expect((second - 1...second + 30).contains(seconds), "\(expressions[index])")
        }
        #expect(answers[9] == Int(running.port("f")) && answers[11] == answers[9])
        #expect(answers[8] > 1023 && answers[10] > 1023)
        #expect(answers[12] == Int(getpid()))
        #expect((0..<1_000_000).contains(answers[13]))
    }

    @Test func `random numbers and identifiers differ and keep their form`() throws {
        let expressions = ["rand", "rand(100)", "uuid", "uuid(4)", "uuid(7)"]
        let running = try RunningText(StateQuestions.configuration(expressions))
        var seen: [Set<String>] = [[], [], [], [], []]
        for _ in 0..<40 {
            let answers = try StateQuestions.answers(expressions, of: running)
            for (index, answer) in answers.enumerated() { seen[index].insert(answer ?? "") }
            #expect((0...Int(UInt32.max)).contains(Int(answers[0]!)!))
            #expect((0..<100).contains(Int(answers[1]!)!))
            for index in 2...4 {
                let version = index == 4 ? "7" : "4"
                let form = try Regex(
                    "[0-9a-f]{8}-[0-9a-f]{4}-\(version)[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
                #expect(try form.wholeMatch(in: answers[index]!) != nil, "\(answers[index]!)")
            }
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            let milliseconds = Int(answers[4]!.replacing("-", with: "").prefix(12), radix: 16)!
            #expect(abs(milliseconds - now.tv_sec * 1000) < 10_000)
        }
        #expect(seen[0].count == 40 && seen[2].count == 40 && seen[4].count == 40)
        #expect(seen[1].count > 10)
    }
}
