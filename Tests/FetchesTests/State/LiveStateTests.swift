// Fetches of what changes while a process runs: queues, rates, weights, rules that ended, logs.

import Foundation
import ReferenceHAProxy
import Testing

@testable import Proxy

@Suite struct LiveStateTests {
    private static let defaults = """
        defaults
         mode http
         timeout client 10s
         timeout server 10s
         timeout connect 5s
         timeout queue 10s

        """

    /// A page of `name=value` lines at `/state`.
    private static func page(_ expressions: [String]) -> String {
        var text = ""
        for (index, expression) in expressions.enumerated() {
            text += " http-request set-var(txn.v\(index)) \(expression) if { path /state }\n"
        }
        let values = expressions.indices.map { "%[var(txn.v\($0))]" }.joined(separator: " ")
        return text
            + " http-request return status 200 content-type text/plain lf-string \"\(values)\""
            + " if { path /state }\n"
    }

    private static func servers(_ text: String) throws -> [any Serving] {
        guard ReferenceProcess.program != nil else { return [try RunningText(text)] }
        return [try RunningText(text), try RunningReference(text)]
    }

    @Test func `queues and free places are counted`() throws {
        let echo = try Echo()
        let page = Self.page([
            "queue(b)", "avg_queue(b)", "srv_conn(b/s1)", "srv_conn(b/s2)", "srv_queue(b/s1)",
            "be_conn(b)", "be_conn_free(b)", "srv_conn_free(b/s1)", "connslots(b)", "fe_conn",
        ])
        let text =
            Self.defaults + """
                frontend f
                 bind 127.0.0.1:PORT-f
                \(page)
                 default_backend b
                backend b
                 server s1 127.0.0.1:\(echo.port) maxconn 1 maxqueue 10
                 server s2 127.0.0.1:\(echo.port) maxconn 1 maxqueue 10

                """
        for server in try Self.servers(text) {
            echo.isSilent.isOn = true
            let before = try Client.get("/state", server.port("f"))
            #expect(before == "0 0 0 0 0 0 2 1 22 1", "\(server)")
            var clients: [Client] = []
            for _ in 0..<5 {
                let client = try Client(server.port("f"))
                client.send(Array("GET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
                clients.append(client)
            }
            // Two are served; three wait for two servers.
            let isThere = try eventually {
                try Client.get("/state", server.port("f")) == "3 2 1 1 0 5 0 0 20 6"
            }
            let after = try Client.get("/state", server.port("f")) ?? ""
            #expect(isThere, "\(server) \(after)")
            echo.isSilent.isOn = false
        }
    }

    @Test func `rates follow what comes`() throws {
        let echo = try Echo()
        let page = Self.page([
            "fe_sess_rate(x)", "fe_req_rate(x)", "be_sess_rate(b)", "srv_sess_rate(b/s)",
        ])
        let text =
            Self.defaults + """
                frontend f
                 bind 127.0.0.1:PORT-f
                 http-request deny deny_status 400 if { fe_sess_rate(x) gt 1000 }
                \(page)
                frontend x
                 bind 127.0.0.1:PORT-x
                 default_backend b
                backend b
                 server s 127.0.0.1:\(echo.port)

                """
        for server in try Self.servers(text) {
            #expect(try Client.get("/state", server.port("f")) == "0 0 0 0", "\(server)")
            // Two requests on each of five connections.
            for _ in 0..<5 {
                let client = try Client(server.port("x"))
                for _ in 0..<2 {
                    client.send(Array("GET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
                    _ = client.receive()
                }
            }
            let seen = try #require(try Client.get("/state", server.port("f")))
            let rates = seen.split(separator: " ").compactMap { Int($0) }
            // A second's border may have passed meanwhile, which takes a part away.
            #expect((2...5).contains(rates[0]), "\(server) \(seen)")
            #expect((rates[0]...10).contains(rates[1]), "\(server) \(seen)")
            #expect((1...10).contains(rates[2]) && rates[3] <= rates[2], "\(server) \(seen)")
            let isOver = try eventually {
                try Client.get("/state", server.port("f")) == "0 0 0 0"
            }
            #expect(isOver, "\(server)")
        }
    }

    @Test func `weights and states of servers are those in force`() throws {
        let page = Self.page([
            "srv_weight(b/s)", "srv_uweight(b/s)", "srv_iweight(b/s)", "srv_is_up(b/s)",
            "nbsrv(b)",
        ])
        let text =
            Self.defaults + """
                frontend f
                 bind 127.0.0.1:PORT-f
                \(page)
                backend b
                 server s 127.0.0.1:1 weight 10
                 server t 127.0.0.1:1

                """
        let running = try RunningText(text)
        let live = running.engine.live.backend("b")
        func state() throws -> String? { try Client.get("/state", running.port("f")) }
        #expect(try state() == "10 10 10 1 2")
        running.engine.change(0, of: live) { $0.weight = 4 }
        #expect(try state() == "4 4 10 1 2")
        running.engine.change(0, of: live) { $0.admin.enterMaintenance() }
        #expect(try state() == "4 4 10 0 1")
        running.engine.change(0, of: live) { $0.admin = .forcedDrain }
        #expect(try state() == "4 4 10 1 1")
    }

    @Test func `the rule that ended a list is told, and what the log can know`() throws {
        let echo = try Echo()
        let text =
            Self.defaults + """
                frontend f
                 bind 127.0.0.1:PORT-f
                 log 127.0.0.1:1 local0
                 log-format "%[last_rule_line] %[last_rule_file] %[last_entity] %[srv_name] %[srv_id] %[be_name] %[be_id] %[bc_dst] %[bc_reused] %[txn.sess_term_state] %[txn.conn_retries] %[bc_err] %[bc_nb_streams] %[bc_settings_streams_limit] %[bc_glitches] %[bs.id] %[bs.aborted] %[res.timer.hdr,div(10000)]"
                 http-request deny if { path /denied }
                 http-request allow if { path /allowed }
                 http-request set-var(txn.x) int(1)
                 default_backend b
                 use_backend gone if { path /gone }
                backend b
                 id 30
                 http-response return status 200 content-type text/plain string ok if { status 200 }
                 server s 127.0.0.1:\(echo.port) id 9
                backend gone
                 retries 0
                 server g 127.0.0.1:1

                """
        let running = try RunningText(text)
        // The echo's answer is a request, which is no response.
        for path in ["/denied", "/allowed", "/gone"] { _ = try Client.get(path, running.port("f")) }
        #expect(eventually { running.log.all.count == 3 })
        let lines = running.log.all
        #expect(lines.first == "11 t.cfg t.cfg:11 - - f 1 - - PR 0 - - - - - 0 0", "\(lines)")
        #expect(lines[1].hasPrefix("12 t.cfg t.cfg:12 s 9 b 30 127.0.0.1 - PH 0 - "), "\(lines)")
        #expect(lines[2].hasPrefix("- - - g 1 gone "), "\(lines)")
        #expect(lines[2].contains(" SC 0 46 "), "\(lines)")
    }

    @Test func `facts of the server's connection are there for its response`() throws {
        let expressions = [
            "bc_dst", "bc_dst_port", "bc_src", "bc_err", "bc_err_str", "bc_err_name",
            "bc_http_major", "bc_reused", "srv_name", "srv_id", "be_name", "be_id", "bs.id",
            "be_server_timeout", "be_tunnel_timeout", "cur_server_timeout", "cur_tunnel_timeout",
            "bc_rtt(us),div(10000000)", "bc_rttvar,div(10000)", "bc_src_port,div(65536)",
            "internal.htx.nbblks", "res.len", "internal.htx_blk.start_line(0)", "fc_rtt,div(10000)",
            "bs.debug_str(16),length,div(100)", "bs.rst_code", "bc.timer.connect,div(10000)",
        ]
        var text = Self.defaults + "frontend f\n bind 127.0.0.1:PORT-f\n default_backend b\n"
        text += "backend b\n id 5\n timeout tunnel 7s\n"
        for (index, expression) in expressions.enumerated() {
            text += " http-response set-var(txn.v\(index)) \(expression)\n"
        }
        let values = expressions.indices.map { "%[var(txn.v\($0))]" }.joined(separator: ";")
        text += " http-response return status 200 content-type text/plain lf-string \"\(values)\"\n"
        let origin = try RunningText(
            Self.defaults + "frontend origin\n bind 127.0.0.1:PORT-origin\n"
                + " http-request return status 204\n")
        let port = origin.port("origin")
        text += " server s 127.0.0.1:\(port) id 4\n"
        let running = try RunningText(text)
        let answer = try #require(try Client.get("/", running.port("f")))
        let expected = [
            "127.0.0.1", "\(port)", "127.0.0.1", "0", "Success", "", "1", "0", "s", "4", "b", "5",
            "1", "10000", "7000", "10000", "7000", "0", "0", "0",
        ]
        let found = answer.split(separator: ";", omittingEmptySubsequences: false).map(String.init)
        #expect(Array(found.prefix(expected.count)) == expected)
        #expect(found[22] == "HTTP/1.1 204 No Content", "\(found)")
        #expect(found[20] == "2" && found[21] == "42", "\(found)")
        #expect(found[23...] == ["0", "0", "", "0"], "\(found)")
    }

    @Test func `timeouts that rules have set are the present ones`() throws {
        let page = Self.page([
            "be_server_timeout", "be_tunnel_timeout", "cur_server_timeout", "cur_tunnel_timeout",
            "fe_client_timeout", "prio_class", "prio_offset", "be_name", "be_conn", "nbsrv",
        ])
        let text =
            Self.defaults + """
                listen f
                 bind 127.0.0.1:PORT-f
                 timeout tunnel 1h
                 http-request set-timeout server 3s
                 http-request set-timeout tunnel 2s
                 http-request set-priority-class int(-5)
                 http-request set-priority-offset int(70)
                \(page)
                 server s 127.0.0.1:1

                """
        for server in try Self.servers(text) {
            let answer = try Client.get("/state", server.port("f"))
            // Differs: HAProxy 2.6 knows the server's timeout once it connects.
            #expect(
                answer == "10000 3600000 3000 2000 10000 -5 70 f 0 1"
                    || server is RunningReference
                        && answer?.hasSuffix("2000 10000 -5 70 f 0 1") == true,
                "\(server) \(answer ?? "")")
        }
    }

    @Test func `a rule that waits is told`() throws {
        let text =
            Self.defaults + """
                frontend f
                 bind 127.0.0.1:PORT-f
                 log 127.0.0.1:1 local0
                 log-format "%[waiting_entity] %[last_rule_line]"
                 http-request wait-for-body time 1m if METH_POST
                frontend g
                 bind 127.0.0.1:PORT-g
                 http-request return status 200

                """
        let running = try RunningText(text)
        let client = try Client(running.port("f"))
        client.send(Array("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n".utf8))
        // The worker has come to the request when it has answered some that came later: of what is
        // ready in one turn, the later may be served first.
        for _ in 0..<3 { _ = try Client.get("/", running.port("g")) }
        client.reset()
        #expect(eventually { running.log.all.contains("t.cfg:11 -") })
    }

    @Test func `work is measured where somebody asks`() throws {
        let echo = try Echo()
        let text =
            Self.defaults + """
                frontend f
                 bind 127.0.0.1:PORT-f
                 log 127.0.0.1:1 local0
                 log-format "%[cpu_calls] %[cpu_ns_tot] %[cpu_ns_avg] %[lat_ns_tot] %[lat_ns_avg]"
                 default_backend b
                backend b
                 server s 127.0.0.1:\(echo.port)

                """
        let running = try RunningText(text)
        #expect(running.engine.configuration.measuresStreams)
        _ = try Client.get("/", running.port("f"))
        #expect(eventually { !running.log.all.isEmpty })
        let figures = running.log.all[0].split(separator: " ").compactMap { Int($0) }
        #expect(figures.count == 5 && figures[0] >= 2 && figures[1] > 0, "\(figures)")
        #expect(figures[2] == figures[1] / figures[0] && figures[4] == figures[3] / figures[0])
        let other = try RunningText(Self.defaults + "frontend f\n bind 127.0.0.1:PORT-f\n")
        #expect(!other.engine.configuration.measuresStreams)
    }

    @Test(arguments: [
        ("5\r\nhello\r\n0\r\n\r\n", "hello HTX_BLK_DATA 1"),
        ("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde HTX_BLK_DATA 1"),
        ("0\r\n\r\n", " HTX_BLK_EOH 1"),
    ])
    func `chunked bodies are blocks without their framing`(
        _ body: String, _ expected: String
    ) throws {
        let text =
            Self.defaults + """
                frontend f
                 bind 127.0.0.1:PORT-f
                 option http-buffer-request
                 http-request set-var(txn.d) internal.htx_blk.data(tail)
                 http-request set-var(txn.t) internal.htx_blk.type(tail)
                 http-request set-var(txn.e) internal.htx.has_eom
                 http-request return status 200 content-type text/plain lf-string "%[var(txn.d)] %[var(txn.t)] %[var(txn.e)]"

                """
        let running = try RunningText(text)
        let client = try Client(running.port("f"))
        let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        client.send(Array((head + body).utf8))
        let answer = String(decoding: client.receive(), as: UTF8.self)
        #expect(answer.hasSuffix("\r\n\r\n" + expected), "\(answer)")
    }

    @Test func `log lines may ask the access lists of their frontend`() throws {
        let text =
            Self.defaults + """
                frontend f
                 bind 127.0.0.1:PORT-f
                 log 127.0.0.1:1 local0
                 log-format "%[acl(here)] %[acl(!here,TRUE)] %[acl(there)]"
                 acl here var(txn.x) -m found
                 http-request set-var(txn.x) int(1) if { path /here }
                 http-request return status 204
                 acl there always_false

                """
        let running = try RunningText(text)
        _ = try Client.get("/here", running.port("f"))
        _ = try Client.get("/there", running.port("f"))
        #expect(eventually { running.log.all.count == 2 })
        #expect(running.log.all == ["1 0 0", "0 1 0"])
        let wrong = Loaded(
            text.replacing("acl(there)", with: "acl(ther)").replacing("PORT-f", with: "1"))
        #expect(
            wrong.messages.contains { $0.contains("did you mean 'there'?") }, "\(wrong.messages)")
    }

    @Test func `access lists may use each other, but not without end`() throws {
        let text =
            Self.defaults + """
                frontend f
                 bind 127.0.0.1:PORT-f
                 acl a acl(b)
                 acl b acl(c,!d)
                 acl c path -m beg /
                 acl d path /d
                 acl loop acl(loop)
                 http-request return status 200 content-type text/plain string a if { path /a } a
                 http-request return status 200 content-type text/plain string d if { path /d } a
                 http-request return status 200 content-type text/plain string d if { path /d } !a
                 http-request return status 200 content-type text/plain string l if { path /l } !loop

                """
        let running = try RunningText(text)
        #expect(try Client.get("/a", running.port("f")) == "a")
        #expect(try Client.get("/d", running.port("f")) == "d")
        #expect(try Client.get("/l", running.port("f")) == "l")
    }
}
