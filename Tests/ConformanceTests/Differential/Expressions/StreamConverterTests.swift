// Converters that ask how the stream stands or tell somebody: `when` against what HAProxy 3.2
// answers (Debian's 2.6 does not know it), `debug` beside Debian's.

import Foundation
import ReferenceHAProxy
import Testing

@Suite(.serialized, .enabled(if: Program.martletServes, "martlet does not serve yet"))
struct StreamConverterTests {
    /// A request and what is logged of it.
    private struct Case {
        let path: String
        /// Status, the conditions that hold when the line is logged, those in the rules of the
        /// response, and those in the rules after it.
        let line: String
    }

    /// As HAProxy 3.2.26 logs them: `e`rror, `n`ormal, `f`orwarded, `p`rocessed, `t`oapplet,
    /// `s`topping, and `a` for the access list.
    private static let cases: [Case] = [
        Case(path: "/fine", line: "200 [nfp] [nfp] [nfp]"),
        Case(path: "/broken", line: "500 [efpa] [efpa] [efpa]"),
        Case(path: "/hangup", line: "502 [efp] [] [efp]"),
        Case(path: "/return", line: "200 [n] [] [n]"),
        Case(path: "/return-503", line: "503 [e] [] [e]"),
        Case(path: "/deny", line: "403 [e] [] [e]"),
        Case(path: "/redirect", line: "302 [n] [] [n]"),
        Case(path: "/refused", line: "503 [efp] [] [efp]"),
        Case(path: "/empty", line: "503 [e] [] [e]"),
    ]

    private static let facts = [
        "error", "normal", "forwarded", "processed", "toapplet", "stopping",
    ]

    /// All conditions as a text of their first letters, put into a variable or shown.
    private static func rules(_ step: String, _ name: String) -> String {
        var lines = ["\(step) set-var(txn.\(name)) str()"]
        let letters = facts.map { ($0, String($0.prefix(1))) } + [("acl,begins", "a")]
        for (fact, letter) in letters {
            lines.append("\(step) set-var(txn.hit) str(\(letter)),when(\(fact))")
            lines.append("\(step) set-var(txn.\(name)) var(txn.\(name)),concat(,txn.hit)")
            lines.append("\(step) unset-var(txn.hit)")
            // What a negation gives must be the opposite.
            lines.append("\(step) set-var(txn.hit) str(!),when(\(fact)),when(!\(fact))")
            lines.append("\(step) set-var(txn.\(name)) var(txn.\(name)),concat(,txn.hit)")
        }
        return lines.map { "    \($0)\n" }.joined()
    }

    private static func configuration(_ folder: String) -> String {
        let shown = (facts + ["acl,begins"]).map { "%[str(\($0.prefix(1))),when(\($0))]" }.joined()
        return """
            defaults
                mode http
                timeout client 5s
                timeout connect 5s
                timeout server 5s
                retries 0
                option dontlognull
            frontend f
                bind unix@\(folder)/f
                log \(folder)/lines format raw local0
                log-format "%ST [\(shown)] [%[var(txn.r)]] [%[var(txn.a)]]"
                acl begins var(txn.path) -m beg /b
                http-request set-var(txn.path) path
                http-request return status 200 if { path /return }
                http-request return status 503 if { path /return-503 }
                http-request deny if { path /deny }
                http-request redirect location / if { path /redirect }
            \(rules("http-response", "r"))\(rules("http-after-response", "a"))\
                use_backend refused if { path /refused }
                use_backend empty if { path /empty }
                default_backend origin
            backend origin
                server s unix@\(folder)/origin
            backend refused
                server s unix@\(folder)/nobody
            backend empty

            """
    }

    @Test func `conditions of when`() throws {
        var inbox: DatagramInbox?
        var origin: AnsweringOrigin?
        let proxy = try RunningProxy(.martlet) { folder in
            inbox = DatagramInbox(path: folder + "/lines")
            origin = AnsweringOrigin(path: folder + "/origin") { request in
                if request.startLine.contains("/hangup") { return Array("oops\r\n\r\n".utf8) }
                let status = request.startLine.contains("/broken") ? 500 : 200
                return Array("HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n".utf8)
            }
            return Self.configuration(folder)
        }
        for entry in Self.cases {
            let client = KeptClient { proxy.connect("f") }
            _ = client.answer(to: Array("GET \(entry.path) HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
            let line = (inbox?.next() ?? "").filter { $0 != "-" && $0 != "\n" }
            #expect(line == entry.line, "\(entry.path)")
        }
        withExtendedLifetime(origin) {}
    }

    // MARK: Reports and captures

    private static let reports = """
        http-request set-var(txn.q) str(),debug(empty,stdout)
        http-request set-var(txn.q) req.hdr(x),debug(field,stderr)
        http-request set-var(txn.q) req.hdr(none),debug(none,stdout)
        http-request set-var(txn.q) bin(41ff0042),debug(bytes,stdout)
        http-request set-var(txn.q) int(-5),debug(,stdout)
        http-request set-var(txn.q) bool(1),debug(bool,stdout)
        http-request set-var(txn.q) method,debug(method,stdout)
        http-request set-var(txn.q) ipv4(192.0.2.1),debug(four,stdout)
        http-request set-var(txn.q) ipv6(2001:db8::1),debug(six,stdout)
        http-request set-var(txn.q) req.hdr(long),debug(long,stdout)
        http-request set-var(txn.q) str(kept),debug(ring)
        http-request set-var(txn.q) str(kept),debug(named,buf0)
        http-request set-var(txn.q) str(kept),debug(other,mine)
        http-request set-var(txn.q) req.hdr(long),debug(short,cut)
        """

    /// What `debug` wrote to the process's streams and to its rings, times left out.
    private static func reported(_ program: Program) throws -> [String] {
        let proxy = try RunningProxy(program) { folder in
            """
            global
                stats socket unix@\(folder)/admin level admin
            ring mine
                format short
            ring cut
                format raw
                maxlen 40
            defaults
                mode http
                timeout client 5s
            frontend f
                bind unix@\(folder)/f
                \(reports.replacing("\n", with: "\n    "))
                http-request return status 200

            """
        }
        let long = String(repeating: "long", count: 1000)
        let request = "GET / HTTP/1.1\r\nHost: h\r\nX: a\tb \u{E9}\r\nLong: \(long)\r\n\r\n"
        let answer = KeptClient { proxy.connect("f") }.answer(to: Array(request.utf8))
        #expect(answer?.status == 200)
        var lines = proxy.log.split(separator: "\n").filter { $0.contains("[debug]") }
            .map(String.init)
        for ring in ["buf0", "mine", "cut"] {
            let socket = try #require(proxy.connect("admin"))
            socket.send(Array("show events \(ring)\n".utf8))
            var bytes: [UInt8] = []
            while case .bytes(let more) = socket.receive(milliseconds: 5000) { bytes += more }
            let text = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            lines += text.map { "\(ring): " + $0.replacing(#/20[0-9-]+T[^ ]+[ ]/#, with: "") }
        }
        return lines
    }

    @Test(.enabled(if: Program.haproxyIsThere, "haproxy is not installed"))
    func `debug reports alike to streams and rings`() throws {
        let expected = try Self.reported(.haproxy)
        #expect(expected.count == 13, "\(expected)")
        #expect(try Self.reported(.martlet) == expected)
    }

    /// Captures wherever rules may stand; connections and sessions have none.
    private static func captured(_ program: Program) throws -> String? {
        var inbox: DatagramInbox?
        let proxy = try RunningProxy(program) { folder in
            inbox = DatagramInbox(path: folder + "/lines")
            return """
                defaults
                    mode http
                    timeout client 5s
                    timeout connect 5s
                    timeout server 5s
                    retries 0
                    option dontlognull
                frontend f
                    bind unix@\(folder)/f
                    log \(folder)/lines format raw local0
                    declare capture request len 10
                    declare capture request len 10
                    declare capture response len 10
                    log-format "%hr|%hs %[var(sess.c)] %[var(sess.s)] %[var(txn.t)] \
                %[var(txn.h)] %[var(txn.x)] %[var(txn.b)] %[var(txn.a)] %[capture.req.hdr(0)] \
                %[str(line),capture-req(1)] %[capture.req.hdr(1)] %[capture.res.hdr(0)]"
                    tcp-request connection set-var(sess.c) str(connection),capture-req(0)
                    tcp-request session set-var(sess.s) str(session),capture-req(0)
                    tcp-request content set-var(txn.t) str(content),capture-req(0)
                    http-request set-var(txn.h) str(request),capture-res(0)
                    http-request set-var(txn.x) str(no-slot),capture-res(1)
                    http-after-response set-var(txn.a) str(after-response),capture-res(0)
                    default_backend b
                backend b
                    http-request set-var(txn.b) str(backend),capture-req(0)
                    server s unix@\(folder)/nobody

                """
        }
        let client = KeptClient { proxy.connect("f") }
        _ = client.answer(to: Array("GET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
        return inbox?.next()
    }

    @Test(.enabled(if: Program.haproxyIsThere, "haproxy is not installed"))
    func `texts are captured alike wherever rules stand`() throws {
        let expected = try #require(try Self.captured(.haproxy))
        #expect(try Self.captured(.martlet) == expected)
    }
}
