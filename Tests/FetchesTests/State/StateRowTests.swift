// Rows of internal states, connections and contents: arguments, places, and that none is missing.

import ReferenceHAProxy
import Testing

@testable import Fetches
@testable import Proxy

@Suite struct StateRowTests {
    /// A frontend, a backend with a server, and a line in each that asks an expression.
    private static func text(
        _ expression: String, rule: String = "http-request set-var(txn.x)", inBackend: Bool = false
    ) -> String {
        let line = " \(rule) \(expression)\n"
        return """
            defaults
             mode http
             timeout client 1s
             timeout server 1s
             timeout connect 1s
            frontend f
             bind 127.0.0.1:8001
            \(inBackend ? "" : line)
             default_backend b
            backend b
            \(inBackend ? line : "")
             server s1 127.0.0.1:1

            """
    }

    private static func check(_ text: String, isTaken: Bool, _ comment: String) throws {
        let loaded = Loaded(text)
        #expect((loaded.configuration != nil) == isTaken, "\(comment)\n\(loaded.messages)")
        if ReferenceProcess.program != nil {
            #expect(try ReferenceProcess.takes(text) == isTaken, "haproxy: \(comment)")
        }
    }

    @Test(arguments: [
        "be_conn", "be_conn(f)", "be_conn(zz)", "be_conn()", "nbsrv", "fe_conn(b)", "fe_conn(zz)",
        "srv_conn", "srv_conn()", "srv_conn(s1)", "srv_conn(b/zz)", "srv_conn(zz/s1)", "fc_rtt(s)",
        "fc_rtt(1)", "date(a)", "date(1,m)", "date(1h)", "rand(a)", "uuid(3)", "uuid(a)",
        "bin(41424)", "bin(zz)", "bin(+1)", "bin()", "bin", "bool(maybe)", "bool", "int(a)",
        "int(1,2)", "int(0x10)", "int", "ipv4(300.1.1.1)", "ipv4(::1)", "ipv6(1.2.3.4)", "ipv6(x)",
        "var(zz)", "var(zz.a)", "hostname(1)", "src(1)", "always_true(1)", "bc_src", "srv_id",
        "srv_name", "bc_err", "req.payload(0)", "req.payload(a,b)", "req.payload_lv(0,0)",
        "req.payload_lv(0,1,x)", "req.payload_lv(0,1,-2)", "res.payload(0,1)", "res.len",
        "distcc_body(DOT)", "distcc_body(DOTIX)", "distcc_param()", "internal.htx_blk.size(-1)",
        "internal.htx_blk.size(foo)", "internal.htx_blk.size", "wait_end(1)", "last_rule_file(1)",
        "res.ssl_hello_type", "cur_server_timeout(1)", "stopping(1)",
    ])
    func `expressions with mistakes are refused`(_ expression: String) throws {
        try Self.check(Self.text(expression), isTaken: false, expression)
    }

    @Test(arguments: [
        "be_conn(b)", "srv_conn(b/s1)", "fe_conn", "fe_conn(f)", "fc_rtt", "fc_rtt(ms)",
        "fc_rtt(us)", "date", "date(-5)", "date(1,ms)", "rand", "rand(0)", "rand(-1)", "uuid",
        "uuid(4)", "bool(TRUE)", "meth(FOO)", "meth()", "str()", "str", "env(A)", "env()",
        "var(txn.a,)", "var(txn.a,def)", "req.payload_lv(0,1,+2)", "req.payload_lv(0,1,-1)",
        "req.payload_lv(0,2,0)", "req.payload_lv(0,9,0)", "payload(0,1)", "distcc_param(DOTI,0)",
        "distcc_param(DOTI,-1)", "req.rdp_cookie()", "req.rdp_cookie(a)", "avg_queue(b)", "int(-5)",
        "ipv6(::1.2.3.4)", "internal.htx_blk.type(first)", "rand(4294967296)",
    ])
    func `expressions without mistakes are taken`(_ expression: String) throws {
        try Self.check(Self.text(expression), isTaken: true, expression)
    }

    @Test(arguments: [
        "be_conn", "nbsrv", "srv_conn(s1)", "be_name", "be_id", "be_server_timeout", "queue()",
        "cur_server_timeout", "avg_queue", "connslots", "be_conn_free", "be_sess_rate",
    ])
    func `a backend's rules mean their own backend`(_ expression: String) throws {
        try Self.check(Self.text(expression, inBackend: true), isTaken: true, expression)
    }

    @Test(
        arguments: [
            ("tcp-request connection set-var(sess.x)", "src", true),
            ("tcp-request connection set-var(sess.x)", "dst_port", true),
            ("tcp-request connection set-var(sess.x)", "be_conn(b)", true),
            ("tcp-request connection set-var(sess.x)", "req.len", false),
            ("tcp-request session set-var(sess.x)", "so_name", true),
            ("tcp-request session set-var(sess.x)", "req.proto_http", false),
            ("tcp-request session set-var(sess.x)", "payload(0,1)", false),
            ("tcp-request session set-var(sess.x)", "distcc_param(DOTI)", false),
            ("tcp-request content set-var(sess.x)", "req.ssl_sni", true),
            ("tcp-request content set-var(sess.x)", "payload(0,1)", true),
            ("tcp-request content set-var(sess.x)", "res.payload(0,1)", false),
            ("tcp-request content set-var(sess.x)", "bc_dst", false),
            ("http-response set-var(txn.x)", "srv_name", true),
            ("http-response set-var(txn.x)", "bc_src", true),
            ("http-response set-var(txn.x)", "payload(0,1)", true),
            ("http-response set-var(txn.x)", "internal.htx.data", true),
            ("http-response set-var(txn.x)", "req.len", false),
            ("http-response set-var(txn.x)", "req.ssl_sni", false),
            ("http-response set-var(txn.x)", "req.rdp_cookie_cnt", false),
        ] as [(String, String, Bool)])
    func `expressions stand where haproxy lets them`(
        _ rule: String, _ expression: String, _ isTaken: Bool
    ) throws {
        try Self.check(
            Self.text(expression, rule: rule), isTaken: isTaken, "\(rule) \(expression)")
    }

    @Test(arguments: [
        ("be_conn(bb)", "there is no backend 'bb'; did you mean 'b'?"),
        ("be_conn", "'f' is no backend: the name of one is needed here"),
        ("srv_conn(b/s2)", "backend 'b' has no server 's2'; did you mean 's1'?"),
        ("srv_conn()", "expects a server's name"),
        ("uuid(5)", "expects version 4 or 7"),
        ("date(0,min)", "expects s, ms or us"),
        ("fc_rtt(s)", "expects ms or us"),
        ("bin(4x)", "'4x' is no pair of hexadecimal digits"),
        ("bool(yes)", "expects true, false, 1 or 0"),
        ("ipv4(1.2.3)", "expects an IPv4 address"),
        ("req.payload(-1,2)", "expects a number from 0 on"),
        ("req.payload_lv(4,2,-7)", "an offset before the first byte is no place for bytes"),
        ("acl(nosuch)", "no ACL is named 'nosuch'"),
        ("acl(!)", "expects the name of an access list"),
        ("acl(or)", "expects the name of an access list"),
        ("distcc_param(ARG)", "expects a token of exactly four characters"),
        ("internal.htx_blk.type(last)", "expects a number from 0 on, head, tail or first"),
        ("ssl_fc_sni", "TLS listeners are not built yet"),
        ("ssl_c_s_dn(cn)", "TLS listeners are not built yet"),
        ("fc_pp_authority", "the PROXY protocol is not built yet"),
        ("fc_rcvd_proxy", "the PROXY protocol is not built yet"),
        ("51d.all(x)", "device databases of vendors are not part of this program"),
        ("srv_con(b/s1)", "did you mean 'srv_conn'?"),
    ])
    func `mistakes are told`(_ expression: String, _ words: String) {
        let loaded = Loaded(Self.text(expression))
        #expect(loaded.configuration == nil)
        #expect(loaded.messages.contains { $0.contains(words) }, "\(loaded.messages)")
    }

    @Test func `a defaults section's rules name the backends of servers`() {
        let rules = { (expression: String) in
            """
            defaults d
             mode http
             timeout client 1s
             timeout server 1s
             timeout connect 1s
             http-request set-var(txn.x) \(expression)
            frontend f from d
             bind 127.0.0.1:8001

            """
        }
        #expect(Loaded(rules("fe_conn")).configuration != nil)
        let loaded = Loaded(rules("srv_conn(s1)"))
        #expect(loaded.messages.contains { $0.contains("needs the name of its backend") })
    }

    @Test func `what is asked of a client is asked of no process`() {
        // Expressions of the configuration's own lines have no stream.
        #expect(!ExpressionPlace.process.allows(.client))
        for name in ["src", "dst", "so_id", "fe_name", "be_name", "srv_name", "req.len"] {
            let needs = FetchCatalog.all[name]?.needs ?? []
            #expect(!needs.isEmpty && !ExpressionPlace.process.allows(needs), "\(name)")
        }
        for name in ["date", "rand", "uuid", "env", "hostname", "always_true"] {
            #expect(FetchCatalog.all[name]?.needs == [], "\(name)")
        }
        for name in ["nbsrv", "fe_conn", "srv_conn", "table_cnt", "stopping", "wait_end", "acl"] {
            let needs = FetchCatalog.all[name]?.needs ?? []
            #expect(ExpressionPlace.process.allows(needs), "\(name)")
            #expect(!ExpressionPlace.start.allows(needs), "\(name)")
        }
    }

    @Test func `every name of the manuals is a row`() {
        let names = """
            51d.all accept_date acl act_conn always_false always_true avg_queue bc.timer.connect
            bc_be_queue bc_dst bc_dst_port bc_err bc_err_name bc_err_str bc_glitches
            bc_http_major bc_nb_streams bc_reused bc_rtt bc_rttvar bc_settings_streams_limit
            bc_src bc_src_port bc_srv_queue be_conn be_conn_free be_id be_name be_server_timeout
            be_sess_rate be_tunnel_timeout bin bool bs.aborted bs.debug_str bs.id bs.rst_code
            bytes_in bytes_out connslots cpu_calls cpu_ns_avg cpu_ns_tot cur_client_timeout
            cur_server_timeout cur_tunnel_timeout date date_us distcc_body distcc_param dst
            dst_conn dst_is_local dst_port env fc.timer.handshake fc.timer.total fc_dst
            fc_dst_is_local fc_dst_port fc_err fc_err_name fc_err_str fc_fackets fc_glitches
            fc_http_major fc_lost fc_nb_streams fc_pp_authority fc_pp_tlv fc_pp_unique_id
            fc_rcvd_proxy fc_reordering fc_retrans fc_rtt fc_rttvar fc_sacked
            fc_settings_streams_limit fc_src fc_src_is_local fc_src_port fc_unacked fcgi.docroot
            fcgi.index fe_client_timeout fe_conn fe_defbe fe_id fe_name fe_req_rate fe_sess_rate
            fs.aborted fs.debug_str fs.id fs.rst_code hostname int internal.htx.data
            internal.htx.free internal.htx.free_data internal.htx.has_eom internal.htx.nbblks
            internal.htx.size internal.htx.used internal.htx_blk.data internal.htx_blk.hdrname
            internal.htx_blk.hdrval internal.htx_blk.size internal.htx_blk.start_line
            internal.htx_blk.type internal.strm.is_htx ipv4 ipv6 last_entity last_rule_file
            last_rule_line lat_ns_avg lat_ns_tot meth nbproc nbsrv payload payload_lv pid
            prio_class prio_offset proc queue quic_enabled rand rdp_cookie rdp_cookie_cnt
            rep_ssl_hello_type req.len req.payload req.payload_lv req.proto_http req.rdp_cookie
            req.rdp_cookie_cnt req.ssl_alpn req.ssl_cipherlist req.ssl_ec_ext req.ssl_hello_type
            req.ssl_keyshare_groups req.ssl_sigalgs req.ssl_sni req.ssl_st_ext
            req.ssl_supported_groups req.ssl_ver req.timer.hdr req.timer.idle req.timer.queue
            req.timer.tq req_len req_proto_http req_ssl_hello_type req_ssl_sni req_ssl_ver
            request_date res.len res.payload res.payload_lv res.ssl_hello_type res.timer.data
            res.timer.hdr so_id so_name src src_is_local src_port srv_conn srv_conn_free srv_id
            srv_is_up srv_iweight srv_name srv_queue srv_sess_rate srv_uweight srv_weight ssl_bc
            ssl_bc_alg_keysize ssl_bc_alpn ssl_bc_cipher ssl_bc_client_early_traffic_secret
            ssl_bc_client_handshake_traffic_secret ssl_bc_client_random
            ssl_bc_client_traffic_secret_0 ssl_bc_curve ssl_bc_early_exporter_secret ssl_bc_err
            ssl_bc_err_str ssl_bc_exporter_secret ssl_bc_is_resumed ssl_bc_npn ssl_bc_protocol
            ssl_bc_server_handshake_traffic_secret ssl_bc_server_random
            ssl_bc_server_traffic_secret_0 ssl_bc_session_id ssl_bc_session_key ssl_bc_sni
            ssl_bc_unique_id ssl_bc_use_keysize ssl_c_ca_err ssl_c_ca_err_depth ssl_c_chain_der
            ssl_c_der ssl_c_err ssl_c_i_dn ssl_c_key_alg ssl_c_notafter ssl_c_notbefore
            ssl_c_r_dn ssl_c_s_dn ssl_c_san ssl_c_serial ssl_c_sha1 ssl_c_sig_alg ssl_c_used
            ssl_c_verify ssl_c_version ssl_f_der ssl_f_i_dn ssl_f_key_alg ssl_f_notafter
            ssl_f_notbefore ssl_f_s_dn ssl_f_serial ssl_f_sha1 ssl_f_sig_alg ssl_f_version ssl_fc
            ssl_fc_alg_keysize ssl_fc_alpn ssl_fc_cipher ssl_fc_cipherlist_bin
            ssl_fc_cipherlist_hex ssl_fc_cipherlist_str ssl_fc_cipherlist_xxh
            ssl_fc_client_early_traffic_secret ssl_fc_client_handshake_traffic_secret
            ssl_fc_client_random ssl_fc_client_traffic_secret_0 ssl_fc_curve
            ssl_fc_early_exporter_secret ssl_fc_early_rcvd ssl_fc_ecformats_bin ssl_fc_eclist_bin
            ssl_fc_err ssl_fc_err_str ssl_fc_exporter_secret ssl_fc_extlist_bin ssl_fc_has_crt
            ssl_fc_has_early ssl_fc_has_sni ssl_fc_is_resumed ssl_fc_npn ssl_fc_protocol
            ssl_fc_protocol_hello_id ssl_fc_server_handshake_traffic_secret ssl_fc_server_random
            ssl_fc_server_traffic_secret_0 ssl_fc_session_id ssl_fc_session_key
            ssl_fc_sigalgs_bin ssl_fc_sni ssl_fc_supported_versions_bin ssl_fc_unique_id
            ssl_fc_use_keysize ssl_s_chain_der ssl_s_der ssl_s_i_dn ssl_s_key_alg ssl_s_notafter
            ssl_s_notbefore ssl_s_s_dn ssl_s_serial ssl_s_sha1 ssl_s_sig_alg ssl_s_version
            stopping str term_events thread txn.conn_retries txn.id32 txn.redispatched
            txn.sess_term_state txn.timer.total txn.timer.user uptime uuid var wait_end
            waiting_entity
            """
        for name in names.split(whereSeparator: \.isWhitespace).map(String.init) {
            #expect(FetchCatalog.all[name] != nil, "\(name)")
        }
    }

    @Test func `every row has a sentence and says its status`() {
        for row in FetchCatalog.all.families.flatMap(\.rows) {
            #expect(row.sentence.hasSuffix("."), "\(row.name)")
            #expect(row.sentence.utf8.count < 120, "\(row.name)")
        }
    }
}
