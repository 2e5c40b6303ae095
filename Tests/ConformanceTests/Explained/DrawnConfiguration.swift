// Configurations drawn at random from all families of rules, as text. What depends on the past of a
// process is left out, but for what depends on the client's address, as each client has its own.

/// Draws configurations and requests; equal seeds give equal draws.
struct Draw {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// The next number below a bound.
    mutating func number(_ bound: Int) -> Int {
        // SplitMix64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) >> 33) % bound
    }

    /// One of some things.
    mutating func one<Thing>(_ things: [Thing]) -> Thing { things[number(things.count)] }

    /// True so many times out of 100.
    mutating func chance(_ percent: Int) -> Bool { number(100) < percent }
}

/// A configuration with frontends `f0`..., backends `b0`... and servers `b0s0`...
struct DrawnConfiguration {
    /// The frontends: name and mode.
    static let frontends = [("f0", "http"), ("f1", "http"), ("f2", "http"), ("t0", "tcp")]
    /// Backends in `mode http`.
    static let backends = ["b0", "b1", "b2", "b3"]
    /// Backends in `mode tcp`.
    static let relays = ["r0", "r1"]
    /// Servers of each backend.
    static let servers = 3

    /// The text.
    private(set) var text = ""
    private var draw: Draw
    private let folder: String

    /// Draws a configuration whose origins are in `folder`.
    init(seed: UInt64, folder: String, ports: [UInt16]) {
        draw = Draw(seed: seed)
        self.folder = folder
        text = """
            global
                log stdout format raw local0
            defaults
                mode http
                log global
                timeout client 5s
                timeout server 5s
                timeout connect 5s
                timeout tarpit 5ms
                log-format "%[fc_src]:%[fc_src_port]|%f|%b|%s|%ts|end"
            backend sources
                stick-table type ip size 1k store gpc0,http_req_cnt,conn_cnt
            backend kept
                stick-table type ip size 1k

            """
        for (index, (name, mode)) in Self.frontends.enumerated() {
            frontend(name, mode, ports[index])
        }
        for name in Self.backends { backend(name, "http") }
        for name in Self.relays { backend(name, "tcp") }
    }

    // MARK: Sections

    private mutating func line(_ words: String) { text += "    " + words + "\n" }

    private mutating func maybe(_ percent: Int, _ words: String) {
        if draw.chance(percent) { line(words) }
    }

    private mutating func frontend(_ name: String, _ mode: String, _ port: UInt16) {
        text += "frontend \(name)\n"
        line("mode \(mode)")
        line("bind 127.0.0.1:\(port)")
        for number in 0..<4 {
            line("acl a\(number) " + criterion(mode))
            if draw.chance(30) { line("acl a\(number) " + criterion(mode)) }
        }
        maybe(30, "tcp-request connection track-sc0 src table sources")
        maybe(10, "tcp-request connection reject if { src 127.0.0.3 }")
        maybe(20, "tcp-request connection accept if { src 127.0.0.0/30 }")
        maybe(40, "tcp-request session set-var(sess.s) str(x)")
        maybe(10, "tcp-request session reject if { src 127.0.0.5 }")
        if mode == "tcp" {
            // Whether a relay's bytes have come when it begins is chance: they are waited for.
            line("tcp-request inspect-delay 200ms")
            line("tcp-request content set-var(sess.n) req.len if { req.len gt 0 }")
        } else {
            maybe(50, "tcp-request inspect-delay 20ms")
        }
        if draw.chance(40) { contents(mode) }
        if mode == "tcp" {
            for relay in Self.relays { maybe(60, "use_backend \(relay) " + condition(mode)) }
            line("default_backend \(draw.one(Self.relays))")
            return
        }
        maybe(20, "monitor-uri /mon")
        maybe(10, "monitor fail " + condition(mode))
        maybe(30, "unique-id-format \"%[path]-%[method]\"")
        maybe(20, "unique-id-header X-UID")
        options()
        line("declare capture request len 20")
        line("declare capture response len 20")
        maybe(30, "capture request header Host len 8")
        maybe(30, "capture response header X-Server len 8")
        maybe(10, "capture cookie c len 10")
        rules(of: "frontend")
        for backend in Self.backends { maybe(50, "use_backend \(backend) " + condition(mode)) }
        maybe(40, "use_backend %[req.hdr(x-b)] " + condition(mode))
        maybe(20, "use_backend b%[url_param(q)] if { url_param(q) -m found }")
        maybe(90, "default_backend \(draw.one(Self.backends))")
    }

    private mutating func backend(_ name: String, _ mode: String) {
        text += "backend \(name)\n"
        line("mode \(mode)")
        line("balance first")
        for number in 0..<3 { line("acl a\(number) " + criterion(mode)) }
        if draw.chance(30) { contents(mode) }
        if mode == "http" {
            options()
            maybe(20, "http-send-name-header X-Name")
            if draw.chance(15) {
                line("retry-on 404 500")
                line("retries 2")
            }
            rules(of: "backend")
        }
        maybe(30, "stick on src table kept")
        maybe(10, "stick match src table kept")
        maybe(10, "stick store-request src table kept")
        maybe(10, "stick store-response src table kept")
        maybe(20, "tcp-response inspect-delay 20ms")
        maybe(20, "tcp-response content set-var(sess.s) str(z)")
        maybe(10, "tcp-response content reject if { src 127.0.0.9 }")
        maybe(10, "tcp-response content accept if { res.len gt 4 }")
        for number in 0..<Self.servers {
            maybe(30, "use-server \(name)s\(number) " + condition(mode))
        }
        maybe(10, "use-server \(name)s%[req.len,mod(3)] " + condition(mode))
        let rotation = draw.number(Self.servers)
        for number in 0..<Self.servers {
            let state = draw.one(["", "", "", "", " disabled", " backup", " weight 0"])
            let own = (number + rotation) % Self.servers
            line("server \(name)s\(own) unix@\(folder)/\(name)s\(own)\(state)")
        }
    }

    private mutating func options() {
        maybe(15, "option forwardfor")
        maybe(10, "option originalto")
        maybe(10, "option forwarded")
        maybe(10, "option httpclose")
        maybe(10, "option http-server-close")
        maybe(10, "option http-buffer-request")
        maybe(
            10, "option http-restrict-req-hdr-names " + draw.one(["preserve", "delete", "reject"]))
        maybe(10, "http-error status 403 content-type text/plain lf-string \"no %[path]\"")
        maybe(10, "errorloc303 503 /busy")
    }

    private mutating func rules(of section: String) {
        for _ in 0..<draw.number(8) { line("http-request " + request()) }
        let side = section == "frontend" ? "client" : "server"
        maybe(20, "http-request set-timeout \(side) 4s " + condition("http"))
        if side == "client" { maybe(20, "http-request capture req.hdr(user-agent) len 10") }
        maybe(20, "redirect \(redirect()) " + condition("http"))
        for _ in 0..<draw.number(5) { line("http-response " + response()) }
        for _ in 0..<draw.number(4) { line("http-after-response " + afterResponse()) }
    }

    private mutating func contents(_ mode: String) {
        for _ in 0..<1 + draw.number(3) {
            let action = draw.one([
                "accept", "set-var(sess.s) str(y)", "set-var(txn.v) src", "reject",
                "track-sc1 src table sources", "sc-inc-gpc0(1)",
            ])
            // Rejects are kept rare.
            let rare = action == "reject" ? "{ src 127.0.0.7 } " : ""
            line("tcp-request content \(action) " + condition(mode, first: rare))
        }
    }

    // MARK: Conditions

    private mutating func condition(_ mode: String, first: String = "") -> String {
        var words = draw.chance(80) || !first.isEmpty ? "if \(first)" : "unless "
        for index in 0...draw.number(3) {
            if index > 0 || !first.isEmpty && draw.chance(50) {
                words += first.isEmpty ? draw.one(["or ", "|| ", "", ""]) : ""
            }
            words += draw.chance(25) ? "!" : ""
            if mode == "http" && draw.chance(10) {
                words += draw.one(["METH_GET ", "HTTP_1.1 ", "TRUE ", "HTTP_URL_ABS "])
            } else {
                words += draw.chance(60) ? "a\(draw.number(3)) " : "{ \(criterion(mode)) } "
            }
        }
        return words
    }

    private mutating func criterion(_ mode: String) -> String {
        if mode == "tcp" {
            return draw.one([
                "req.len gt 4", "req.payload(0,1) -m str a", "src 127.0.0.0/27", "always_false",
                "req.payload(0,2) -m sub b", "var(sess.s) -m str x", "always_true",
                "src_conn_cnt(sources) gt 0", "req.proto_http", "nbsrv(r0) ge 2",
            ])
        }
        return draw.one([
            "path_beg /a", "path /x /a", "path_end .php", "path_reg ^/[a-c]+$", "path_sub x",
            "path_dir api", "path -m len 2:6", "path,length gt 4", "path,lower -m beg /api",
            "url_param(q) -m found", "url_param(q) 1 2", "query -m found", "url_sub q=",
            "hdr(x-a) -i ONE two", "req.hdr_cnt(x-a) gt 1", "hdr_dom(host) example.org",
            "hdr(host) -m end .org", "hdr_sub(user-agent) -i CURL", "req.hdr(x-b) -m found",
            "method GET HEAD", "method POST", "req.ver 1.1",
            "src 127.0.0.0/27", "src -f \(folder)/nets", "src -n 127.0.0.9 127.0.0.11",
            "hdr(host) -i -f \(folder)/hosts", "path,map_beg(\(folder)/paths,none) -m str api",
            "hdr(host),map(\(folder)/names) -m found", "always_true", "always_false",
            "cook(c) -m str v", "req.cook_cnt(c) eq 1", "var(txn.v) -m found",
            "var(sess.s) -m str x", "var(txn.n) -m int gt 3", "req.body_len gt 2",
            "sc0_tracked", "sc0_http_req_cnt gt 0", "src_get_gpc0(sources) gt 0",
            "src,table_conn_cnt(sources) gt 0", "nbsrv(b1) ge 2", "be_name b0", "fe_name f0",
            "str(abc),map_sub(\(folder)/paths) -m found", "base_beg example.org/a",
            "req.fhdr(x-a) -m sub ,", "rand(1) eq 0", "capture.req.hdr(0) -m found",
        ])
    }

    private mutating func format() -> String {
        draw.one([
            "%[path]", "\"<%[src]>\"", "x%[req.hdr(x-a)]", "%[var(txn.v)]", "%[method]-%HV",
            "%[path,map_beg(\(folder)/paths,none)]", "%[url_param(q),upper]", "plain",
            "\"two words\"", "%[hdr(host),lower,field(1,.)]", "%[var(sess.s)]%[var(req.r)]",
            "%[capture.req.hdr(0)]", "%[path,length]", "%[src,ipmask(24)]", "%{+Q}[path]",
            "%[str(a),concat(-,txn.v,+)]", "%[req.cook(c),hex]", "%[path,crc32(1)]", "%f/%b",
            "%[dst]:%[dst_port]", "%[sc0_http_req_cnt]", "%[base32]", "%[req.body,sha1,hex]",
            "%[unique-id]", "%[req.hdr_names]",
        ])
    }

    private mutating func responseFormat() -> String {
        draw.one([
            "%[status]", "%[res.hdr(x-server)]", "%[var(txn.v)]", "%s", "plain", "%[var(res.w)]",
            "%[res.hdr(server),upper]", "%[capture.req.hdr(0)]", "%[src]", "\"a b\"",
            "%[res.hdr_cnt(x-many)]", "%[capture.res.hdr(0)]", "%[res.cook(d)]", "%[srv_name]",
        ])
    }

    private mutating func header() -> String {
        draw.one(["X-A", "X-B", "X-C", "Cookie", "X-Long"])
    }

    private mutating func status() -> Int { draw.one([200, 403, 404, 410, 429, 500, 503]) }

    private mutating func redirect() -> String {
        let code = draw.one(["", " code 301", " code 303", " code 307", " code 308"])
        let kind = draw.one([
            "location /moved", "prefix /new", "scheme https", "location /l?%[path]",
            "prefix http://other drop-query", "location / set-cookie a=b",
        ])
        return kind + code
    }

    // MARK: Rules

    private mutating func request() -> String {
        // Verdicts end most lists if they are not rare.
        if draw.chance(12) {
            let verdict = draw.one([
                "deny deny_status \(status())", "deny", "tarpit deny_status 429", "reject",
                "return status \(status()) content-type text/plain lf-string \"\(returned())\"",
                "return status 204 hdr X-Ret \(format())", "redirect \(redirect())",
                "auth realm here", "allow", "tarpit status 418 content-type a/b string tea",
            ])
            return "\(verdict) " + condition("http", first: draw.one(["", "{ path_sub x } "]))
        }
        let action = draw.one([
            "set-header \(header()) \(format())", "add-header \(header()) \(format())",
            "set-header \(header()) \(format())", "set-header Host www.%[path,length].org",
            "del-header \(header())", "del-header x- -m beg", "del-header ^X-[AB]$ -m reg",
            "replace-header \(header()) (.*)o(.*) \\2-\\1",
            "replace-value \(header()) ([a-z]+) <\\1>",
            "set-path /p%[path]", "replace-path ^/a(.*) /b\\1", "replace-path (.*)x /y\\1",
            "set-query q=%[path,length]", "set-pathq /pq?z=%[url_param(q)]",
            "replace-pathq (.*) \\1&more=1", "replace-uri ^/(.*) /u/\\1", "set-uri /uri%[path]",
            "set-var(txn.v) path", "set-var(txn.v) req.hdr(x-a)", "set-var(txn.n) path,length",
            "set-var(req.r) str(req)", "set-var(sess.s) url_param(q)",
            "set-var-fmt(txn.v) \(format())", "unset-var(txn.v)", "unset-var(sess.s)",
            "set-var(txn.v,ifnotexists) src", "normalize-uri path-merge-slashes",
            "normalize-uri query-sort-by-name", "normalize-uri percent-to-uppercase",
            "capture req.hdr(user-agent) id 0", "capture path id 0",
            "track-sc1 src table sources", "sc-inc-gpc0(0)", "sc-inc-gpc0(1)",
            "early-hint Link <%[path]>", "set-nice 5",
            "wait-for-body time 20ms at-least 2", "strict-mode off", "set-priority-class int(3)",
            "set-src hdr(x-src)", "set-dst-port int(77)", "set-src-port int(99)",
        ])
        if draw.chance(10) { return "set-method PUT unless METH_HEAD " }
        return draw.chance(40) ? action : "\(action) " + condition("http")
    }

    private mutating func returned() -> String {
        draw.one(["at %[path]", "for %[src]", "%[method] %[var(txn.v)]", "nothing"])
    }

    private mutating func responseCondition() -> String {
        let criterion = draw.one([
            "status 200", "status ge 400", "status 300:399", "res.hdr(x-server) -m found",
            "res.hdr(x-many) -m sub b", "res.hdr_cnt(x-many) gt 1", "var(txn.v) -m found",
            "src 127.0.0.0/27", "res.cook(d) -m found", "always_true",
        ])
        return draw.one(["if ", "unless ", "if !"]) + "{ \(criterion) }"
    }

    private mutating func response() -> String {
        if draw.chance(10) {
            let verdict = draw.one([
                "deny", "deny deny_status \(status())", "redirect location /r%[status]", "allow",
                "return status 200 content-type text/plain lf-string \"%[status]\"",
            ])
            return "\(verdict) " + responseCondition()
        }
        let action = draw.one([
            "set-header X-R \(responseFormat())", "add-header X-Server \(responseFormat())",
            "del-header Server", "del-header x- -m beg", "replace-header X-Many (.*)b(.*) \\2\\1",
            "replace-value X-Many ([a-z]) <\\1>", "set-status \(status())",
            "set-status 299 reason \"Nearly Good\"", "set-var(txn.v) status",
            "set-var(res.w) res.hdr(server)", "set-var-fmt(res.w) \(responseFormat())",
            "unset-var(txn.v)", "capture res.hdr(server) id 0", "track-sc2 src table sources",
            "sc-inc-gpc0(0)", "strict-mode on", "set-header Connection close",
            "replace-header Location (.*) http://front\\1", "add-header Set-Cookie \"e=1; path=/\"",
        ])
        return draw.chance(50) ? action : "\(action) " + responseCondition()
    }

    private mutating func afterResponse() -> String {
        if draw.chance(10) { return "allow " + responseCondition() }
        let action = draw.one([
            "set-header X-After \(responseFormat())", "add-header X-R \(responseFormat())",
            "del-header X-Server", "replace-header Server (.*) <\\1>", "set-status 298",
            "set-var(txn.v) res.hdr(x-r)", "unset-var(txn.v)", "replace-value X-Many b c",
            "set-header Location /after", "set-header Cache-Control no-store",
        ])
        return draw.chance(50) ? action : "\(action) " + responseCondition()
    }
}
