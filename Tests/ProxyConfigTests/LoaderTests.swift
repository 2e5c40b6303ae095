// Whole configurations and what is built from them.

import Addresses
import ConfigLanguage
import Foundation
import Kernel
import Proxy
import ProxyConfig
import Testing

@Suite struct LoaderTests {
    @Test func `a whole configuration becomes values`() throws {
        let loaded = Loading.load(
            """
            global
                nbthread 4
                maxconn 4000
                log 127.0.0.1 len 200 format rfc5424 local3 info err
                user nobody
                stats socket /run/x.sock mode 660 user root level admin expose-fd listeners
                stats timeout 30s
                tune.bufsize 32k
                cpu-map auto:1/1-2 4-5
            global
                description my own box
                hard-stop-after 30s

            defaults web
                mode http
                log global
                option httplog
                option dontlognull
                timeout connect 5s
                timeout client 1m
                timeout server 500us
                retries 5

            frontend www from web
                bind :80,[::1]:81 name "web port" maxconn 500 interface lo
                bind 127.0.0.1:8000-8009 v4v6 backlog 7 tcp-ut 2s
                option forwardfor except 10.0.0.0/8 header X-Client if-none
                maxconn 2000
                default_backend app

            backend app from web
                balance leastconn
                option redispatch 2
                default-server weight 10 maxconn 50 source 10.0.0.1 interface eth0
                server a 192.0.2.1:8000 weight 20
                server b 192.0.2.2 backup disabled
                server c localhost:+100
                server d /run/app.sock

            """)
        #expect(loaded.messages == [])
        let configuration = try #require(loaded.configuration)
        let global = configuration.global
        #expect(global.threads == 4 && global.maxConnections == 4000)
        #expect(global.userID == 65534 && global.userName == "nobody")
        #expect(global.describedAs == "my own box" && global.hardStopAfterMilliseconds == 30_000)
        #expect(global.statsTimeoutMilliseconds == 30_000 && global.tuning.bufferBytes == 32768)
        #expect(global.coresOfThread == [1: [4], 2: [5]])
        let log = try #require(global.logs.first)
        #expect(log.maxBytes == 200 && log.format == "rfc5424" && log.facility == 19)
        #expect(log.maxLevel == 6 && log.minLevel == 3)
        guard case .datagram(let target) = log.target else { throw Missing() }
        #expect(target.socketAddress?.description == "127.0.0.1:514")
        let socket = try #require(global.statsSockets.first)
        #expect(socket.level == .admin && socket.exposesListeners)
        #expect(socket.bind.mode == 0o660 && socket.bind.userID == 0)
        #expect(socket.bind.target?.description == "/run/x.sock")

        let www = configuration.proxies[0]
        #expect(www.name == "www" && www.mode == .http && www.id == 2)
        #expect(
            www.binds.map { $0.target?.description } == ["*:80", "[::1]:81", "127.0.0.1:8000-8009"])
        #expect(www.binds.map(\.addressText) == ["*:80", "[::1]:81", "127.0.0.1:8000-8009"])
        #expect(www.binds.map(\.name) == ["web port", "web port", nil])
        #expect(www.binds.map(\.id) == [1, 2, 3] && www.binds[0].maxConnections == 500)
        #expect(www.binds[2].isV6Only == false && www.binds[2].backlog == 7)
        #expect(www.binds[2].tcpUserTimeoutMilliseconds == 2000)
        #expect(www.options.isSuperset(of: [.httpLog, .dontLogNull]))
        #expect(www.timeouts.client == 60_000 && www.maxConnections == 2000)
        #expect(www.forwardFor?.name == "X-Client" && www.forwardFor?.onlyIfMissing == true)
        #expect(www.forwardFor?.exceptNetwork == "10.0.0.0/8")
        #expect(www.defaultBackend == 1)

        let app = configuration.proxies[1]
        #expect(app.balance == ["leastconn"] && app.redispatchAfter == 2 && app.retries == 5)
        #expect(app.timeouts.server == 1 && app.timeouts.connect == 5000)
        #expect(
            app.servers.map(\.name) == ["a", "b", "c", "d"]
                && app.servers.map(\.id) == [1, 2, 3, 4])
        #expect(app.servers.map(\.weight) == [20, 10, 10, 10])
        #expect(app.servers[0].address.socketAddress?.description == "192.0.2.1:8000")
        #expect(
            app.servers[0].source?.interface == "eth0" && app.servers[0].hostText == "192.0.2.1")
        #expect(
            app.servers[1].isBackup && app.servers[1].isDisabled && app.servers[1].usesClientPort)
        #expect(app.servers[2].portOffset == 100)
        #expect(app.servers[2].address.socketAddress?.description == "127.0.0.1:0")
        #expect(app.servers[3].address.socketAddress?.description == "/run/app.sock")
        #expect(!app.servers[3].usesClientPort)
    }

    @Test func `Debian's own configuration of haproxy loads without a word`() {
        let loaded = Loading.load(
            """
            global
            \tlog /dev/log\tlocal0
            \tlog /dev/log\tlocal1 notice
            \tchroot /var/lib/haproxy
            \tstats socket /run/haproxy/admin.sock mode 660 level admin
            \tstats timeout 30s
            \tuser root
            \tgroup root
            \tdaemon

            \t# Default SSL material locations
            \tca-base /etc/ssl/certs
            \tcrt-base /etc/ssl/private
            \tssl-default-bind-ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256
            \tssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384
            \tssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets

            defaults
            \tlog\tglobal
            \tmode\thttp
            \toption\thttplog
            \toption\tdontlognull
                    timeout connect 5000
                    timeout client  50000
                    timeout server  50000
            \terrorfile 503 /etc/errors/503.http

            """)
        #expect(loaded.messages == [] && loaded.configuration != nil)
        #expect(!loaded.loaded.hasListeners)
    }

    @Test func `several globals, the test tool's before the user's, add up`() throws {
        let loaded = Loading.load(
            """
                global
            \tstats socket "/tmp/vtc.x/h1/stats.sock" level admin mode 600
                stats socket "fd@${cli}" level admin
                global
                .if feature(THREAD)
                    thread-groups 1
                .endif
                defaults
                    mode http
                    timeout connect 5s
                    timeout client 5s
                    timeout server 5s
                frontend fe
                    bind "fd@${fe}"
                    default_backend be
                backend be
                    server s1 127.0.0.1:9000

            """, environment: ["cli": "7", "fe": "7"])
        #expect(loaded.messages == [])
        let configuration = try #require(loaded.configuration)
        #expect(configuration.global.statsSockets.map(\.level) == [.admin, .admin])
        #expect(configuration.global.statsSockets[1].bind.target == .descriptor(7))
        #expect(configuration.proxies[0].binds[0].target == .descriptor(7))
        #expect(configuration.proxies[0].binds[0].addressText == "fd@7")
    }

    @Test func `settings come from the last defaults section, or the one named`() throws {
        let loaded = Loading.load(
            """
            defaults
             timeout client 1s
             retries 1
            frontend a
             bind :1
            defaults second
             timeout client 2s
            frontend b
             bind :2
            defaults third from second
             maxconn 7
            frontend c
             bind :3
            frontend d from second
             bind :4

            """)
        let proxies = try #require(loaded.configuration).proxies
        #expect(proxies.map(\.timeouts.client) == [1000, 2000, 2000, 2000])
        #expect(proxies.map(\.retries) == [1, 3, 3, 3])
        #expect(proxies.map(\.maxConnections) == [0, 0, 7, 0])
        // One is named where another had it as the last.
        #expect(loaded.messages.map { $0.contains("'second'") } == [true])
    }

    @Test func `files of errors may stand behind who uses them, and once`() throws {
        let sets = """
            http-errors site
             errorfile 503 503.http

            """
        let users = """
            defaults
             timeout client 1s
             errorfiles site
            frontend f
             bind :1
             errorfile 503 empty.http
            frontend g
             bind :2

            """
        let loaded = Loading.load(users + sets)
        #expect(loaded.messages == [])
        let proxies = try #require(loaded.configuration).proxies
        #expect(proxies[0].errorReplies[503] == [])
        #expect(proxies[1].errorReplies[503]?.starts(with: "HTTP/1.0 503 Busy".utf8) == true)
        let twice = Loading.load(sets + users + sets).messages
        #expect(twice.count == 1 && twice[0].contains("'site' already exists"), "\(twice)")
        let missing = Loading.load(
            users.replacing("errorfiles site", with: "errorfiles sit") + sets)
        #expect(missing.messages.count == 1)
        #expect(missing.messages[0].contains("'http-errors' section"))
    }

    @Test func `the first inspect-delay of a section holds`() throws {
        let loaded = Loading.load(
            """
            defaults base
             timeout client 1s
             tcp-request inspect-delay 3s
            frontend f from base
             bind :1
             tcp-request inspect-delay 1s
            frontend g from base
             bind :2
             tcp-request inspect-delay 4s

            """)
        #expect(loaded.messages.count == 2, "\(loaded.messages)")
        #expect(loaded.messages.allSatisfy { $0.contains("it was defined before") })
        let proxies = try #require(loaded.configuration).proxies
        #expect(proxies.map(\.inspectDelay) == [3000, 3000])
        let unnamed = Loading.load("defaults\n tcp-request inspect-delay 3s\n").messages
        #expect(unnamed.count == 1 && unnamed[0].contains("without a name"), "\(unnamed)")
    }

    @Test func `files of errors are read once and answer each status`() throws {
        let loaded = Loading.load(
            """
            http-errors site
             errorfile 503 503.http
             errorfile 500 empty.http
            defaults
             timeout client 1s
             errorfile 404 503.http
            frontend f
             bind :1
             errorfiles site 503
            frontend g
             bind :2
             errorfiles site

            """)
        #expect(loaded.messages == [])
        let proxies = try #require(loaded.configuration).proxies
        #expect(proxies[0].errorReplies.keys.sorted() == [404, 503])
        #expect(proxies[1].errorReplies.keys.sorted() == [404, 500, 503])
        #expect(proxies[1].errorReplies[500] == [])
        #expect(proxies[0].errorReplies[503]?.starts(with: "HTTP/1.0 503 Busy".utf8) == true)
        #expect(
            Loading.frontend(" errorfile 500 bad.http").messages == [
                "[ALERT] : parsing [t.cfg:7] : 'errorfile' in frontend 'f' : 'bad.http' does not begin with "
                    + "the head of an HTTP response."
            ])
    }

    @Test func `unix-bind applies to every UNIX listener that says nothing itself`() throws {
        let loaded = Loading.load(
            """
            global
             unix-bind prefix /run/m mode 600 user nobody
             stats socket /s
            defaults
             timeout client 1s
            frontend f
             bind /a.sock
             bind /b.sock mode 777
             bind :1

            """)
        let configuration = try #require(loaded.configuration)
        let binds = configuration.proxies[0].binds
        #expect(binds.map { $0.target?.description } == ["/run/m/a.sock", "/run/m/b.sock", "*:1"])
        #expect(binds.map(\.mode) == [0o600, 0o777, nil])
        #expect(binds.map(\.userID) == [65534, 65534, nil])
        #expect(configuration.global.statsSockets[0].bind.target?.description == "/run/m/s")
    }

    @Test func `options replace each other and can be taken back`() throws {
        let loaded = Loading.frontend(
            """
             mode http
             option httpclose
             option http-server-close
             option logasap
             no option logasap
             option tcpka
             default option splice-auto
             log 127.0.0.1 local0
             no log
             log 127.0.0.1:99 local1
             option httplog clf
            """)
        let proxy = try #require(loaded.configuration).proxies[0]
        #expect(loaded.messages == [])
        #expect(proxy.options.contains(.httpServerClose) && !proxy.options.contains(.httpClose))
        #expect(!proxy.options.contains(.logASAP) && !proxy.options.contains(.spliceAuto))
        #expect(proxy.options.isSuperset(of: [.clientTCPKeepAlive, .httpLog, .clfLog]))
        #expect(proxy.logs.map(\.facility) == [17])
    }

    @Test func `log formats can build on the standard ones and are checked`() throws {
        let loaded = Loading.frontend(
            """
             log 127.0.0.1 local0
             log-format "${HAPROXY_TCP_LOG_FMT} branch=${HAPROXY_BRANCH}"
            """)
        #expect(loaded.messages == [])
        let format = try #require(loaded.configuration?.proxies[0].logFormat).text
        #expect(format.hasPrefix("%ci:%cp [%t]") && format.hasSuffix(" branch=3.5"))
        let wrong = Loading.frontend(" log 127.0.0.1 local0\n log-format %nonsense")
        #expect(wrong.configuration == nil)
        try #require(wrong.messages.count == 1)
        #expect(
            wrong.messages[0].hasPrefix(
                "[ALERT] : parsing [t.cfg:8] : frontend 'f' : there is no alias '%nonsense'"))
    }

    @Test func `mistakes are all told, each with its line and what was meant`() {
        let loaded = Loading.load(
            """
            defaults
             timeout client 1s
             timeout cliet 5s
             option htplog
            frontend f
             bidn :80
             bind :80 nmae x
             default_backend aip
            backend api
             balance leastcon
             timeout server 1s
             timeout connect 1s
             server s 127.0.0.1:1 wieght 3
             option tcp-check

            """)
        #expect(loaded.configuration == nil)
        #expect(
            loaded.messages == [
                "[ALERT] : parsing [t.cfg:3] : 'timeout' in defaults section expects 'client', "
                    + "'client-fin', 'connect', 'server', 'server-fin', 'queue', 'check', 'tunnel', "
                    + "'http-request', 'http-keep-alive', 'tarpit' or 'client-hs', found 'cliet'; "
                    + "did you mean 'client'?",
                "[ALERT] : parsing [t.cfg:4] : unknown keyword 'option htplog' in 'defaults' section; "
                    + "did you mean 'option httplog'?",
                "[ALERT] : parsing [t.cfg:6] : unknown keyword 'bidn' in 'frontend' section; "
                    + "did you mean 'bind'?",
                "[ALERT] : parsing [t.cfg:7] : 'bind :80' : unknown keyword 'nmae'; did you mean 'name'?",
                "[ALERT] : parsing [t.cfg:10] : 'balance' in backend 'api' expects an algorithm, "
                    + "found 'leastcon'; did you mean 'leastconn'?",
                "[ALERT] : parsing [t.cfg:13] : 'server api/s' : unknown keyword 'wieght'; "
                    + "did you mean 'weight'?",
                "[ALERT] : parsing [t.cfg:14] : 'option tcp-check' in backend 'api' is not supported yet",
            ])
        #expect(
            loaded.loaded.lines(processID: 5).suffix(2) == [
                "[ALERT]    (5) : config : Error(s) found in configuration file : t.cfg",
                "[ALERT]    (5) : config : Fatal errors found in configuration.",
            ])
    }

    @Test func `a backend nobody has is told with the nearest name`() {
        let loaded = Loading.load(
            Loading.timeouts + "frontend f\n bind :1\n default_backend aip\nbackend api\n")
        #expect(
            loaded.messages == [
                "[ALERT] : parsing [t.cfg:7] : Proxy 'f': unable to find required default_backend: 'aip'; "
                    + "did you mean 'api'?"
            ])
    }

    @Test func `no two objects of any kind have the same guid`() {
        let one = "backend a\n guid x\n server s 127.0.0.1:1 guid y\n"
        #expect(!Loading.load(Loading.timeouts + one).messages.contains { $0.contains("guid") })
        for twin in ["guid x", "server t 127.0.0.1:1 guid y", "server t 127.0.0.1:1 guid x"] {
            let loaded = Loading.load(Loading.timeouts + one + "backend b\n \(twin)\n")
            #expect(loaded.messages.contains { $0.contains("is used twice") }, "\(twin)")
        }
    }

    @Test(arguments: ["peers p", "resolvers r", "mailers m", "cache c", "program p"])
    func `sections that do not work yet are refused once and passed over`(header: String) {
        let loaded = Loading.load("\(header)\n foo\n bar baz\nglobal\n maxconn 3\n")
        let name = header.prefix { $0 != " " }
        #expect(
            loaded.messages == [
                "[ALERT] : parsing [t.cfg:1] : section '\(name)' is not supported yet"
            ])
    }

    @Test func `numbers are given in order around those that were chosen`() throws {
        let loaded = Loading.load(
            Loading.timeouts
                + "listen a\n bind :1\n bind :2 id 1\n bind :3\n server x 127.0.0.1:1\n"
                + " server y 127.0.0.1:1 id 1\nlisten b\n id 1\n bind :4\nlisten c\n bind :5\n")
        let proxies = try #require(loaded.configuration).proxies
        #expect(proxies.map(\.id) == [2, 1, 4])
        #expect(proxies[0].binds.map(\.id) == [2, 1, 4])
        #expect(proxies[0].servers.map(\.id) == [2, 1])
    }

    @Test func `what has a number of its own advances the count`() throws {
        let loaded = Loading.load(
            Loading.timeouts
                + "backend a\n id 50\n server s 127.0.0.1:1 id 99\n server t 127.0.0.1:1\n"
                + " server u 127.0.0.1:1 id 5\n server v 127.0.0.1:1\n server w 127.0.0.1:1\n"
                + "backend b\nlisten c\n bind :1 id 30\n bind :2\n bind :3 id 3\n bind :4\n"
                + "backend d\n id 4\nbackend e\n")
        let proxies = try #require(loaded.configuration).proxies
        #expect(proxies.map(\.id) == [50, 2, 3, 4, 5])
        #expect(proxies[0].servers.map(\.id) == [99, 2, 5, 4, 6])
        #expect(proxies[2].binds.map(\.id) == [30, 2, 3, 4])
    }

    @Test func `a server whose name resolves later starts in maintenance`() throws {
        let loaded = Loading.backend(" server s nowhere.test:80 init-addr libc,none")
        let server = try #require(loaded.configuration?.proxies[0].servers.first)
        #expect(server.isDisabled && server.address.family == 0)
        #expect(loaded.messages.count == 1 && loaded.messages[0].hasPrefix("[WARNING]"))
        let silent = Loading.backend(" server s nowhere.test:80 init-addr none")
        #expect(silent.messages == [] && silent.configuration != nil)
    }

    @Test func `default-path decides where relative files begin`() {
        let loaded = ConfigurationLoader.load(
            files: [
                ConfigurationFile(
                    name: "conf/t.cfg",
                    bytes: Array(
                        "global\n default-path config\ndefaults\n errorfile 503 503.http\n".utf8))
            ], environment: Environment(), facts: Loading.facts, surroundings: Loading.surroundings)
        #expect(loaded.diagnostics.entries.isEmpty)
    }

    @Test func `any bytes load or are refused without a trap`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("ProxyConfig mutation seed: \(seed)")
        var generator = Generator(state: seed)
        let lines = VerdictTests.same.flatMap { $0.split(separator: "\n").map(String.init) }
        for _ in 0..<400 {
            let text = (0..<(2 + generator.next() % 12)).map { _ in
                var line = Array(lines[Int(generator.next() % UInt64(lines.count))].utf8)
                if generator.next() % 3 == 0, !line.isEmpty {
                    line[Int(generator.next() % UInt64(line.count))] = UInt8(
                        32 + generator.next() % 95)
                }
                return String(decoding: line, as: UTF8.self)
            }
            let loaded = Loading.load(text.joined(separator: "\n") + "\n")
            #expect(
                (loaded.configuration == nil) == loaded.loaded.diagnostics.hasAlerts, "seed \(seed)"
            )
        }
    }

    private struct Missing: Error {}

    private struct Generator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
    }

    @Test func `a section of defaults that is named and used as the last one is warned of`() {
        let named = "defaults d\n timeout client 1s\nfrontend f from d\n bind :8001\n"
        let twice = named + "frontend g\n bind :8002\nfrontend h\n bind :8003\n"
        let warnings = { (line: Int, way: String) in
            "[WARNING] : parsing [t.cfg:\(line)] : defaults section 'd' (t.cfg:1) is named \(way), "
                + "too, or end with a section of defaults that no proxy names."
        }
        let here = "by another proxy and used here because it is the last one: name it here"
        #expect(Loading.load(twice).messages == [warnings(5, here), warnings(7, here)])
        let later = "defaults d\n timeout client 1s\nfrontend g\n bind :8002\n"
        let there = "here and used by another proxy because it is the last one: name it there"
        #expect(
            Loading.load(later + "frontend f from d\n bind :8001\n").messages
                == [warnings(5, there)])
        let apart = named + "defaults\n timeout client 1s\nfrontend g\n bind :8002\n"
        #expect(Loading.load(apart).messages == [])
    }
}
