// Stick tables in traffic, seen from outside: the same configuration and the same requests for
// martlet and for haproxy, whose answers and tables must be the same.

import Glibc
import Testing

@Suite(.serialized) struct StickTableTests {
    /// A program that serves a configuration, and what it is asked.
    private final class Served {
        let program: StartedProgram
        let folder: String
        let port: Int

        init(_ path: String, _ folder: String, _ text: String) throws {
            port = try Listener.freePort()
            self.folder = folder
            let port = port
            try write(
                """
                global
                 stats socket \(folder)/cli level admin
                defaults
                 mode http
                 timeout client 5s
                 timeout server 5s
                 timeout connect 5s
                 timeout http-request 5s

                """
                    + text.replacing("PORT", with: "\(port)").replacing("FOLDER", with: folder),
                to: folder + "/cfg")
            program = try StartedProgram(path, ["-db", "-f", folder + "/cfg"])
            let isThere = eventually { Client(port: port) != nil || !program.isRunning }
            try #require(isThere && program.isRunning, "\(program.errorSoFar())")
            // Those that only looked have left traces; this one comes behind them.
            let last = Client(port: port)
            last?.endSending()
            _ = last?.readToEnd()
            let isForgotten = eventually {
                _ = cli("clear table f")
                return entries("f").isEmpty
            }
            try #require(isForgotten)
        }

        func cli(_ command: String) -> String {
            let client = Client(path: folder + "/cli")
            client?.send(command + "\n")
            return client?.readToEnd() ?? "no answer"
        }

        /// The words that one connection gets between `<` and `>`, request by request; with no
        /// trace left of it in what counts at that moment.
        func ask(_ requests: [(target: String, fields: String)]) -> [String] {
            let text = answers(requests)
            _ = entries("f")
            let status = text.split(separator: " ").dropFirst().first.map(String.init) ?? "none"
            let words = text.split(separator: "<").dropFirst().compactMap {
                $0.split(separator: ">", omittingEmptySubsequences: false).first.map(String.init)
            }
            return words.isEmpty || words[0].hasPrefix("html") ? [status] : words
        }

        /// All that one connection gets, which is closed then.
        private func answers(_ requests: [(target: String, fields: String)]) -> String {
            guard let client = Client(port: port) else { return "- refused" }
            for (index, request) in requests.enumerated() {
                let isLast = index == requests.count - 1
                client.send(
                    "GET \(request.target) HTTP/1.1\r\nHost: h\r\n\(request.fields)"
                        + (isLast ? "Connection: close\r\n" : "") + "\r\n")
            }
            return client.readToEnd()
        }

        /// The entries of a table without what differs from run to run, once nobody uses them.
        func entries(_ table: String) -> [String] {
            var lines: [Substring] = []
            _ = eventually {
                lines = cli("show table \(table)").split(separator: "\n")
                    .filter { $0.contains("key=") }
                // Several may use one at a time.
                return lines.allSatisfy { $0.contains(" use=0 ") }
            }
            let shown = lines.map { line in
                line.split(separator: " ").dropFirst()
                    .filter { !$0.hasPrefix("exp=") && !$0.hasPrefix("bytes_") }
                    .joined(separator: " ")
            }
            return shown.sorted()
        }
    }

    /// Runs a conversation with martlet and with haproxy; both must say the same.
    private func compare(
        _ configuration: String, expecting expected: [String], _ talk: (Served) -> [String]
    ) throws {
        let programs = [try Programs.requireMartlet()] + (Programs.haproxy.map { [$0] } ?? [])
        for program in programs {
            try withDirectory { folder in
                let served = try Served(program, folder, configuration)
                let said = talk(served)
                #expect(said == expected, "\(program)")
            }
        }
    }

    private static let answer =
        "http-request return content-type text/plain lf-string"

    @Test func `a client that asks too often is turned away`() throws {
        try compare(
            """
            frontend f
             bind 127.0.0.1:PORT
             stick-table type ip size 10 expire 1m store http_req_rate(1m),http_err_cnt
             http-request track-sc0 src
             http-request deny if { sc_http_req_rate(0) gt 3 }
             \(Self.answer) "<%[sc0_http_req_rate],%[src_http_req_rate],%[src,table_http_req_rate]>"

            """,
            expecting: [
                "1,1,1", "2,2,2", "3,3,3", "403", "403",
                "key=127.0.0.1 use=0 http_req_rate(60000)=5 http_err_cnt=2",
            ]
        ) { served in
            (0..<5).flatMap { _ in served.ask([("/", "")]) } + served.entries("f")
        }
    }

    @Test func `sessions are counted once and requests one by one`() throws {
        try compare(
            """
            frontend f
             bind 127.0.0.1:PORT
             stick-table type ip size 10 store conn_cnt,conn_cur,sess_cnt,http_req_cnt,http_err_cnt
             tcp-request connection track-sc0 src
             tcp-request content track-sc1 req.hdr(x-key) table keys
             tcp-request content reject if { path /gone }
             http-request track-sc2 path table keys if { path_beg /c }
             \(Self.answer) "<%[sc0_conn_cnt] %[sc0_conn_cur] %[sc0_sess_cnt] %[sc0_http_req_cnt] \
            %[sc1_http_req_cnt] %[sc_conn_cnt(2)] %[sc_tracked(1)] %[sc2_tracked] \
            %[sc0_trackers] %[sc_get_gpt(0,2)]>"
            backend keys
             stick-table type string len 8 size 10 store conn_cnt,http_req_cnt,gpt(2)

            """,
            expecting: [
                "1 1 1 1 1  1 0 1 ", "1 1 1 2 2  1 0 1 ", "1 1 1 3 1 1 1 1 1 0",
                "2 1 2 4   0 0 1 ", "none",
                "key=127.0.0.1 use=0 conn_cnt=3 conn_cur=0 sess_cnt=3 http_req_cnt=4 http_err_cnt=0",
                "key=/c use=0 conn_cnt=1 http_req_cnt=1 gpt0=0 gpt1=0",
                "key=k use=0 conn_cnt=2 http_req_cnt=2 gpt0=0 gpt1=0",
                "key=l use=0 conn_cnt=1 http_req_cnt=1 gpt0=0 gpt1=0",
            ]
        ) { served in
            served.ask([("/a", "X-Key: k\r\n"), ("/b", "X-Key: k\r\n"), ("/c", "X-Key: l\r\n")])
                + served.ask([("/a", "")]) + served.ask([("/gone", "")]) + served.entries("f")
                + served.entries("keys")
        }
    }

    @Test func `counters and tags are changed by rules, samples and commands`() throws {
        try compare(
            """
            frontend f
             bind 127.0.0.1:PORT
             stick-table type ip size 10 store gpc0,gpc1,gpt0,gpc0_rate(1m)
             http-request track-sc0 src
             http-request sc-inc-gpc0(0) if { path /inc }
             http-request sc-inc-gpc1(0)
             http-request sc-set-gpt0(0) int(7),add(1) if { path /tag }
             http-request set-var(txn.c) sc0_clr_gpc0 if { path /clear }
             http-request set-var(txn.i) src_inc_gpc0 if { path /source }
             \(Self.answer) "<%[sc0_get_gpc0] %[sc_get_gpc1(0)] %[sc0_get_gpt0] %[var(txn.c)]\
            %[var(txn.i)] %[sc0_gpc0_rate] %[src,in_table] %[str(10.0.0.1),in_table(f)] \
            %[table_cnt] %[table_avl(f)] %[str(10.0.0.1),table_gpc0(f)]>"

            """,
            expecting: [
                "1 1 0  1 1 0 1 9 0", "2 2 0  2 1 0 1 9 0", "2 3 8  2 1 0 1 9 0",
                "0 4 8 2 2 1 0 1 9 0", "1 5 8 1 3 1 0 1 9 0", "\n", "41 6 8  4 1 0 1 9 0", "\n",
                "0 1 0  0 1 0 1 9 0",
            ]
        ) { served in
            var said: [String] = []
            for path in ["/inc", "/inc", "/tag", "/clear", "/source"] {
                said += served.ask([(path, "")])
            }
            said.append(served.cli("set table f key 127.0.0.1 data.gpc0 40"))
            said += served.ask([("/inc", "")])
            said.append(served.cli("clear table f key 127.0.0.1"))
            return said + served.ask([("/", "")])
        }
    }

    @Test func `entries nobody touches expire`() throws {
        try compare(
            """
            frontend f
             bind 127.0.0.1:PORT
             stick-table type ip size 10 expire 2s store http_req_cnt
             http-request track-sc0 src
             \(Self.answer) "<%[sc0_http_req_cnt] %[str(1.2.3.4),table_expire(f,5)]>"

            """,
            expecting: ["1 5", "2 5", "1 5"]
        ) { served in
            var said = served.ask([("/", "")]) + served.ask([("/", "")])
            _ = eventually { served.entries("f").isEmpty }
            said += served.ask([("/", "")])
            return said
        }
    }

    @Test func `clients go back to the server that a table remembers`() throws {
        try compare(
            """
            frontend f
             bind 127.0.0.1:PORT
             stick-table type ip size 10
             default_backend b
            backend b
             balance roundrobin
             stick-table type string len 8 size 10
             stick on req.hdr(x-user) if { req.hdr(x-user) -m found }
             stick match req.hdr(x-ticket) table tickets
             stick store-response res.hdr(x-ticket) table tickets
             server one unix@FOLDER/one
             server two unix@FOLDER/two id 20
            backend tickets
             stick-table type string len 8 size 10
            frontend one
             bind unix@FOLDER/one
             http-request return content-type text/plain string "<one>" hdr X-Ticket t1
            frontend two
             bind unix@FOLDER/two
             http-request return content-type text/plain string "<two>" hdr X-Ticket t2

            """,
            expecting: [
                "one", "two", "one", "two", "two", "one", "two", "two", "one", "two",
                "key=a use=0 server_id=1 server_key=one", "key=b use=0 server_id=20 server_key=two",
                "key=t1 use=0 server_id=1 server_key=one",
                "key=t2 use=0 server_id=20 server_key=two",
            ]
        ) { served in
            var said: [String] = []
            for user in ["a", "b", "a", "b", "b", "a"] {
                said += served.ask([("/", "X-User: \(user)\r\n")])
            }
            for ticket in ["t2", "t2", "t1", "t2"] {
                said += served.ask([("/", "X-Ticket: \(ticket)\r\n")])
            }
            return said + served.entries("b") + served.entries("tickets")
        }
    }

    @Test func `relays are led by their clients' addresses`() throws {
        try compare(
            """
            frontend f
             bind 127.0.0.1:PORT
             mode tcp
             stick-table type ip size 10 store conn_cnt,conn_cur,http_req_cnt
             tcp-request content track-sc2 src
             default_backend b
            backend b
             mode tcp
             balance roundrobin
             stick-table type ip size 10
             stick match src
             stick store-request src
             server none unix@FOLDER/one weight 2 non-stick
             server two unix@FOLDER/two
            frontend one
             bind unix@FOLDER/one
             http-request return content-type text/plain string "<one>"
            frontend two
             bind unix@FOLDER/two
             http-request return content-type text/plain string "<two>"

            """,
            expecting: [
                "two", "two", "two", "key=127.0.0.1 use=0 server_id=2 server_key=two",
                "key=127.0.0.1 use=0 conn_cur=0 http_req_cnt=0",
            ]
        ) { served in
            // The server that is not stored comes first or second, and is left again.
            for _ in 0..<3 where served.entries("b").isEmpty { _ = served.ask([("/", "")]) }
            let said = (0..<3).flatMap { _ in served.ask([("/", "")]) } + served.entries("b")
            // How many there were before depends on whose turn it was.
            let counted = served.entries("f").map {
                $0.split(separator: " ").filter { !$0.hasPrefix("conn_cnt") }
                    .joined(separator: " ")
            }
            return said + counted
        }
    }

    @Test(arguments: [
        ("http-request track-sc3 src", "is beyond 'tune.stick-counters'"),
        ("http-request track-sc0 src table none", "there is no stick table 'none'"),
        ("http-request track-sc0 bool(true) table ips", "has keys of type ip"),
        ("http-request sc-inc-gpc(100,0)", "expects an index from 0 to 99"),
        ("http-request sc-inc-gpc0(7)", "expects a counter from 0 to 2"),
        ("stick on src table none", "there is no stick table 'none'"),
        ("http-request set-var(txn.a) sc_conn_cnt(9)", "a counter from 0 to 2"),
        ("http-request set-var(txn.a) src,table_gpc0", "has no stick table"),
        ("stick-table type ip size 1 peers p", "not supported yet"),
        ("stick-table type ip", "a stick table needs a size"),
    ])
    func `mistakes are refused and say what is wrong`(_ line: String, _ text: String) throws {
        let martlet = try Programs.requireMartlet()
        try withDirectory { folder in
            try write(
                """
                listen l
                 bind \(folder)/a
                 mode http
                 timeout client 1s
                 timeout server 1s
                 timeout connect 1s
                 server s 127.0.0.1:1
                 \(line)
                backend ips
                 stick-table type ip size 10

                """, to: folder + "/cfg")
            let run = try ProgramRun(martlet, ["-c", "-f", folder + "/cfg"])
            #expect(run.end == .exited(1) && run.error.contains(text), "\(run.error)")
        }
    }

    @Test func `as many counters as are asked for can be used`() throws {
        let martlet = try Programs.requireMartlet()
        try withDirectory { folder in
            try write(
                """
                global
                 tune.stick-counters 12
                frontend f
                 bind \(folder)/a
                 mode http
                 timeout client 1s
                 stick-table type ip size 10
                 http-request track-sc11 src if { sc_conn_cnt(10) 1 }

                """, to: folder + "/cfg")
            let run = try ProgramRun(martlet, ["-c", "-f", folder + "/cfg"])
            #expect(run.end == .exited(0), "\(run.error)")
        }
    }
}
