// What rules make of requests, where that is not what haproxy makes of them, or where there is no
// haproxy of that version to compare with. The rest is compared in the conformance tests.

import Proxy
import Testing

@Suite struct RequestTests {
    @Test func `fields that frame the body are not to be changed`() throws {
        for rule in [
            "del-header content-length", "set-header Content-Length 2",
            "add-header content-length 7", "set-header transfer-encoding chunked",
            "replace-header content-length .* 9", "del-header content -m beg",
        ] {
            let loaded = Loaded(listen("http-request \(rule)"))
            // Nothing silent, where the name is known when the file is read.
            #expect(
                rule.contains("-m")
                    || loaded.messages.contains { $0.contains("stays as it is") }, "\(rule)")
            let seen = try loaded.explain(
                get(fields: "Content-Length: 3\r\n", method: "POST") + "abc")
            #expect(seen.values("content-length") == ["3"], "\(rule)\n\(seen.head)")
            #expect(seen.values("transfer-encoding") == [], "\(rule)")
        }
    }

    @Test func `bytes that are no UTF-8 stay what they are in words`() throws {
        for (rule, value) in [
            (#"set-header x %[str(\xe9t\xff),hex]"#, "E974FF"),
            (#"set-header x yes if { str(\xe9) -m str \xe9 }"#, "yes"),
            (#"set-header x yes if { str(a\xe9) -m reg ^a\xe9$ }"#, "yes"),
            (#"set-header x yes if { str(\xc3\xa9) -m str é }"#, "yes"),
        ] {
            let seen = try Loaded(listen("http-request \(rule)")).explain(get())
            #expect(seen.values("x") == [value], "\(rule)")
        }
    }

    @Test func `an explanation tells of edits that need each other's room`() throws {
        let rules = (1...5).map { "http-request replace-header X-Long ^(.*)$ \\1\($0)" }
        let fill = String(repeating: "a", count: 7000)
        let seen = try Loaded(listen(rules.joined(separator: "\n"))).explain(
            get(fields: "X-Long: \(fill)\r\n"))
        #expect(seen.values("x-long") == [fill + "12345"])
    }

    @Test func `what a target cannot hold is encoded`() throws {
        for (rule, line) in [
            ("set-path \"/a b\"", "GET /a%20b?query HTTP/1.1"),
            ("set-path /%[str(a%0a%09%7f),url_dec]", "GET /a%0A%09%7F?query HTTP/1.1"),
            ("set-query \"a b\"", "GET /path?a%20b HTTP/1.1"),
            ("set-uri \"/x y\"", "GET /x%20y HTTP/1.1"),
            ("replace-path ^(.*)$ \"\\1 z\"", "GET /path%20z?query HTTP/1.1"),
        ] {
            let seen = try Loaded(listen("http-request \(rule)")).explain(get())
            #expect(seen.requestLine.lowercased() == line.lowercased(), "\(rule)")
        }
    }

    @Test(arguments: [
        "set-method \"a b\"", "set-method %[req.hdr(none)]", "set-uri %[req.hdr(none)]",
        "set-method CONNECT", "set-pathq %[req.hdr(none)]",
    ])
    func `a request line that cannot be is an internal error`(rule: String) throws {
        let seen = try Loaded(listen("http-request \(rule)")).explain(get())
        #expect(seen.outcome == .replied(status: 500))
        // Without strictness the rule is passed over, until its list ends.
        let lenient = try Loaded(
            listen("http-request strict-mode off\n http-request \(rule)")
        ).explain(get())
        #expect(lenient.requestLine == "GET /path?query HTTP/1.1")
        let strict = try Loaded(
            listen(
                "http-request strict-mode off\n http-request strict-mode on\n"
                    + " http-request \(rule)")
        ).explain(get())
        #expect(strict.outcome == .replied(status: 500))
    }

    @Test func `a changed HEAD ends its client's connection`() throws {
        let origin = get(method: "HEAD")
        let seen = try Loaded(listen("http-request set-method GET")).explain(origin)
        #expect(seen.requestLine == "GET /path?query HTTP/1.1")
        let denied = try Loaded(
            listen("http-request set-method HEAD\n http-request deny")
        ).explain(get())
        #expect(denied.answer.contains("connection: close\r\n"))
    }

    @Test func `Connection made by rules is obeyed`() throws {
        let closing = try Loaded(listen("http-request set-header Connection close")).explain(get())
        #expect(closing.values("connection") == ["close"])
        let named = try Loaded(
            listen("http-request set-header Connection \"x-a, keep-alive\"")
        ).explain(get())
        #expect(named.values("connection") == ["x-a, keep-alive"])
        let nothing = try Loaded(
            listen("http-request set-header Connection keep-alive")
        ).explain(get())
        #expect(nothing.values("connection") == [])
    }

    @Test func `an upgrade whose field is taken out is none`() throws {
        let upgrade =
            "Connection: upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        let asked = try Loaded(listen("")).explain(get(fields: upgrade))
        #expect(asked.values("connection") == ["upgrade"])
        let declined = try Loaded(
            listen("http-request del-header Upgrade")
        ).explain(get(fields: upgrade))
        #expect(declined.values("upgrade") == [] && declined.values("connection") == [])
    }

    @Test func `quotes in realms are quoted`() throws {
        let seen = try Loaded(
            listen("http-request auth realm \"my \\\"own\\\"\"")
        ).explain(get())
        #expect(seen.outcome == .replied(status: 401))
        #expect(seen.answer.contains("www-authenticate: Basic realm=\"my \\\"own\\\"\"\r\n"))
    }

    @Test func `replies without a body say no length`() throws {
        for status in [204, 304] {
            let seen = try Loaded(
                listen("http-request return status \(status)")
            ).explain(get())
            #expect(!seen.answer.contains("content-length"), "\(status)")
        }
    }

    @Test func `a reply that does not fit a buffer is an internal error`() throws {
        let large = String(repeating: "%[req.hdr(x)]", count: 5)
        let seen = try Loaded(
            listen("http-request return content-type a/b lf-string \"\(large)\"")
        ).explain(get(fields: "x: \(String(repeating: "a", count: 4000))\r\n"))
        #expect(seen.outcome == .replied(status: 500))
    }

    @Test func `redirects keep a query where they are told to`() throws {
        for (location, target, expected) in [
            ("/a", "/p?q=1", "/a?q=1"), ("/a?b", "/p?q=1", "/a?b&q=1"), ("/a", "/p", "/a"),
            ("/a", "/p?", "/a"),
        ] {
            let seen = try Loaded(
                listen("http-request redirect location \(location) keep-query")
            ).explain(get(target))
            #expect(seen.answer.contains("location: \(expected)\r\n"), "\(seen.answer)")
        }
    }

    @Test func `cookies of redirects can be formats`() throws {
        let seen = try Loaded(
            listen("http-request redirect location / set-cookie-fmt \"a=%[path]\"")
        ).explain(get())
        #expect(seen.answer.contains("set-cookie: a=/path\r\n"))
    }

    @Test func `pauses end`() throws {
        let seen = try Loaded(
            listen(
                "http-request pause 20ms\n http-request pause int(10)\n"
                    + " http-request pause str(x)\n http-request return status 201")
        ).explain(get())
        #expect(seen.outcome == .replied(status: 201))
    }

    @Test func `the tarpit answers after its time`() throws {
        let seen = try Loaded(
            listen("http-request tarpit deny_status 429")
        ).explain(get())
        #expect(seen.outcome == .tarpitted(status: 429, milliseconds: 10))
        let set = try Loaded(
            listen("http-request set-timeout tarpit 50ms\n http-request tarpit")
        ).explain(get())
        #expect(set.outcome == .tarpitted(status: 500, milliseconds: 50))
    }

    @Test func `settings of a stream are seen by later rules`() throws {
        let seen = try Loaded(
            listen(
                """
                http-request set-timeout server 1s
                        http-request set-timeout tunnel int(2000)
                        http-request set-timeout client str(x)
                        http-request set-retries 1
                        http-request set-nice 5
                        http-request set-priority-class int(5000)
                        http-request set-priority-offset int(-3)
                        http-request set-bc-mark 0x10
                        http-request set-bc-tos 16
                        http-request set-fc-mark 0x10
                        http-request set-fc-tos 16
                        http-request set-mark 1
                        http-request set-tos 1
                        http-request wait-for-handshake
                        http-request disable-l7-retry
                        http-request set-header x "%[cur_server_timeout] %[cur_tunnel_timeout]"
                """)
        ).explain(get())
        #expect(seen.values("x") == ["1000 2000"])
    }

    @Test func `addresses can be replaced, or their ports alone`() throws {
        let seen = try Loaded(
            listen(
                """
                http-request set-src hdr(x-src)
                        http-request set-src-port int(77)
                        http-request set-dst hdr(none)
                        http-request set-dst-port int(88)
                        http-request set-header x "%[src]:%[src_port] %[dst]:%[dst_port]"
                """)
        ).explain(get(fields: "x-src: 2001:db8::1\r\n"))
        #expect(seen.values("x") == ["2001:db8::1:77 192.0.2.2:88"])
    }

    @Test func `variables of the process are worked out when the configuration is read`() throws {
        let text =
            "global\n set-var proc.a str(x),upper\n set-var proc.n int(4),add(3)\n"
            + " set-var-fmt proc.f \"%[var(proc.a)]-%[var(proc.n)]\"\n"
            + " tune.vars.global-max-size 100k\n tune.vars.proc-max-size 100k\n"
            + " tune.vars.sess-max-size 10k\n tune.vars.txn-max-size 10k\n"
            + " tune.vars.reqres-max-size 5k\n tune.http.cookielen 10\n"
        let seen = try Loaded(
            listen("http-request set-header x %[var(proc.f)]", sections: text)
        ).explain(get())
        #expect(seen.values("x") == ["X-7"])
        for line in ["set-var txn.a int(1)", "set-var proc.a path", "set-var-fmt proc.a %[src]"] {
            #expect(Loaded("global\n \(line)\n").configuration == nil, "\(line)")
        }
    }

    @Test func `a section of errors may stand behind the rule that names it`() throws {
        let seen = try Loaded(
            listen("http-request return status 404 errorfiles later")
                + "http-errors later\n errorfile 404 404.http\n"
        ).explain(get())
        #expect(seen.answer.hasPrefix("HTTP/1.1 404 Not Here\r\nx-file: a\r\n"))
    }

    @Test func `a backend's replies go before its frontend's, whatever made them`() throws {
        let text =
            "frontend f\n bind 127.0.0.1:1\n mode http\n default_backend b\n"
            + " http-error status 403 content-type a/b string front\n"
            + "backend b\n mode http\n errorloc303 403 /back\n http-request deny\n"
        let seen = try Loaded(text).explain(get())
        #expect(seen.answer.contains("location: /back\r\n"))
        let other = try Loaded(
            text.replacing(
                "errorloc303 403 /back", with: "http-error status 404 default-errorfiles")
        ).explain(get())
        #expect(other.answer.hasSuffix("front"))
    }

    @Test func `restrictions of names fit what rules have made`() throws {
        let text = "option http-restrict-req-hdr-names delete\n http-request set-header x_a b"
        let seen = try Loaded(listen(text)).explain(get(fields: "y.z: 1\r\nz-1: 2\r\n"))
        #expect(seen.values("x_a") == [] && seen.values("y.z") == [])
        #expect(seen.values("z-1") == ["2"])
    }
}
