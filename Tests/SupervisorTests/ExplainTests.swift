// `martlet explain` as its users see it: texts, JSON, exit statuses.

import Foundation
import Testing

@testable import Supervisor

@Suite struct ExplainTests {
    private static let text = """
        defaults
            mode http
            timeout client 5s
            timeout server 5s
            timeout connect 5s
            timeout tarpit 9s
        frontend web
            bind 127.0.0.1:8001
            acl api path_beg /api
            http-request track-sc0 src table clients
            http-request deny if { path /no } or { sc0_http_req_cnt gt 9 }
            http-request tarpit if { path /slow }
            http-request set-var(txn.a) path,upper
            http-response set-header X-Status "%[status] %[var(txn.a)]"
            http-after-response del-header Server
            use_backend api if api
            use_backend %[path,word(1,/)] if !{ path / }
            default_backend rest
        backend clients
            stick-table type ip size 100 store http_req_cnt
        backend api
            http-request set-path /v1%[path]
            use-server two unless METH_GET
            server one 127.0.0.1:8011
            server two 127.0.0.1:8012
            server three 127.0.0.1:8013 disabled
            server four 127.0.0.1:8014 backup
            server five 127.0.0.1:8015 weight 0
        backend rest
            stick on src table clients
            http-request add-header X-Time "%{+X}Ts %[rand(9)]"
            server only 127.0.0.1:8021
        frontend relay
            mode tcp
            bind 127.0.0.1:8002
            tcp-request inspect-delay 20ms
            tcp-request content reject unless { req.payload(0,1) -m bin 42 }
            default_backend raw
        backend raw
            mode tcp
            server raw 127.0.0.1:8031

        """

    /// Runs `martlet explain` on the configuration, in a folder of its own.
    private func explain(_ words: [String], files: [String: String] = [:]) throws -> ProgramRun {
        let program = try Programs.requireMartlet()
        var run: ProgramRun?
        try withDirectory { folder in
            try write(Self.text, to: folder + "/a.cfg")
            for (name, content) in files { try write(content, to: folder + "/" + name) }
            run = try ProgramRun(
                program, ["explain", "-f", "a.cfg"] + words, directory: folder)
        }
        return try #require(run)
    }

    @Test func `a request that a server gets is told from rule to rule`() throws {
        let run = try explain(
            ["--url", "/api/x", "--source", "192.0.2.7", "--response", "answer"],
            files: ["answer": "HTTP/1.1 404 Gone\r\nServer: s\r\nContent-Length: 2\r\n\r\nno"])
        #expect(run.end == .exited(0))
        #expect(
            run.output == """
                frontend web
                a.cfg:10: http-request track-sc0 src table clients
                    tracks '192.0.2.7' in table clients
                    ran; the next rule follows
                a.cfg:11: http-request deny if { path /no } or { sc0_http_req_cnt gt 9 }
                    - path /no gives '/api/x'
                    - sc0_http_req_cnt gt 9 gives '1'
                    condition does not hold
                a.cfg:12: http-request tarpit if { path /slow }
                    - path /slow gives '/api/x'
                    condition does not hold
                a.cfg:13: http-request set-var(txn.a) path,upper
                    variable txn.a becomes '/API/X'
                    ran; the next rule follows
                a.cfg:16: use_backend api if api
                    + api: path_beg /api gives '/api/x'
                    condition holds
                    ran; the list ends here
                backend api: chosen by a rule
                a.cfg:22: http-request set-path /v1%[path]
                    target becomes /v1/api/x
                    ran; the next rule follows
                a.cfg:23: use-server two unless METH_GET
                    + METH_GET: method GET HEAD gives 'GET'
                    condition does not hold
                servers of api, balance roundrobin:
                    + one
                    + two
                    - three: disabled
                    - four: a backup
                    - five: without weight, or drained
                server one at 127.0.0.1:8011
                the server answers: HTTP/1.1 404 Gone
                a.cfg:14: http-response set-header X-Status %[status] %[var(txn.a)]
                    field added: x-status: 404 /API/X
                    ran; the next rule follows
                a.cfg:15: http-after-response del-header Server
                    field removed: Server: s
                    ran; the next rule follows
                => backend api, server one (candidates: one, two)
                the server gets:
                    GET /v1/api/x HTTP/1.1
                    host: localhost
                the client gets, from the server:
                    HTTP/1.1 404 Gone
                    content-length: 2
                    x-status: 404 /API/X
                    
                    no
                not known without a live process:
                    stick tables are taken to be empty
                    servers that the configuration does not disable are taken to be up and idle
                    'balance roundrobin' is at its start: a live process may be at any of the \
                candidates

                """)
    }

    @Test(arguments: [
        (["--url", "/no"], "=> reply with status 403", "the client gets, from the proxy:"),
        (["--url", "/slow"], "=> reply with status 500 after 9000 ms", "HTTP/1.1 500 "),
        (
            ["--url", "/api", "--method", "PUT"], "=> backend api, server two",
            "- one: not asked for"
        ),
        (["--url", "/other"], "=> backend rest, server only", "    names 'other'"),
        (["--url", "/"], "=> backend rest, server only", "'127.0.0.1' goes into table clients"),
        (["--url", "/"], "=> backend rest, server only", "    times, random numbers and facts"),
        (["--url", "/ a"], "=> reply with status 400", "the proxy replies with status 400"),
        (["--raw", "half"], "=> waits for more bytes", "frontend web"),
        (["--raw", "two"], "=> backend rest, server only", "only the first request is explained"),
        (["--raw", "short"], "=> backend rest, server only", "the request's body is not complete"),
        (
            ["--frontend", "relay", "--raw", "half"], "=> the connection is closed without a reply",
            "- req.payload(0,1) -m bin 42 gives 'G'"
        ),
        (
            ["--frontend", "relay", "--raw", "bytes"], "=> backend raw, server raw",
            "the server is taken to say nothing"
        ),
    ])
    func `ends and their reasons are told`(words: [String], end: String, reason: String) throws {
        let run = try explain(
            words,
            files: [
                "half": "GET / HTTP/1.1\r\n", "bytes": "BC",
                "two": "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
                "short": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
            ])
        #expect(run.end == .exited(0), "\(run.error)")
        #expect(run.output.contains(end), "\(run.output)")
        #expect(run.output.contains(reason), "\(run.output)")
    }

    @Test func `the README's example is what is printed`() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let readme = try String(contentsOfFile: "/\(root)/README.md", encoding: .utf8)
        let shown = try #require(readme.components(separatedBy: "```text\n").dropFirst().first)
        let lines = try #require(shown.components(separatedBy: "```").first)
        let run = try ProgramRun(
            try Programs.requireMartlet(),
            [
                "explain", "-f", "conf/examples/rules.cfg", "--url", "/admin", "--source",
                "198.51.100.9",
            ], directory: "/\(root)")
        #expect(run.output.hasPrefix(lines), "\(run.output)")
    }

    @Test func `JSON says the same`() throws {
        let run = try explain(["--url", "/api/x", "--json"])
        let found = try JSONSerialization.jsonObject(with: Data(run.output.utf8))
        let answer = try #require(found as? [String: Any])
        let outcome = try #require(answer["outcome"] as? [String: Any])
        #expect(outcome["kind"] as? String == "forwarded")
        #expect(outcome["servers"] as? [String] == ["one", "two"])
        #expect((answer["server"] as? [String: Any])?["address"] as? String == "127.0.0.1:8011")
        #expect(answer["author"] as? String == "server")
        #expect((answer["head"] as? String)?.hasPrefix("GET /v1/api/x HTTP/1.1\r\n") == true)
        #expect((answer["reply"] as? String)?.contains("x-status: 200 /API/X\r\n") == true)
        let events = try #require(answer["events"] as? [[String: Any]])
        let lines = events.filter { $0["event"] as? String == "rule" }.map { $0["line"] as? Int }
        #expect(lines == [10, 11, 12, 13, 16, 22, 23, 14, 15])
        let test = events.first { $0["acl"] as? String == "api" }
        #expect(test?["value"] as? String == "/api/x" && test?["matches"] as? Bool == true)
        // One sample is read for both.
        let path = events.first { $0["criterion"] as? String == "path /no" }
        #expect(path?["expression"] as? String == "path")
        #expect(test?["expression"] as? String == "path")
        let variable = events.first { $0["event"] as? String == "variable" }
        #expect(variable?["name"] as? String == "txn.a")
        let names = (answer["assumptions"] as? [[String: Any]])?.map { $0["name"] as? String }
        #expect(names == ["tables", "servers", "turn", "response"])
    }

    @Test func `help and mistakes`() throws {
        let help = try explain(["--help"])
        #expect(help.end == .exited(0) && help.output.contains("--response <file>"))
        #expect(help.output.contains("stand-ins"))
        for (words, message) in [
            (["--frontend", "wen"], "did you mean 'web'?"), (["--what", "x"], "unknown option"),
            (["--url"], "expects an argument"), (["--raw", "none"], "cannot read 'none'"),
            (["--response", "none"], "cannot read 'none'"),
            (["--source", "x"], "expects an address"),
        ] {
            let run = try explain(words)
            #expect(run.end == .exited(1) && run.error.contains(message), "\(words): \(run.error)")
        }
    }
}
