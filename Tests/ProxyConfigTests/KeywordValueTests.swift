// Keywords that only set one value, and the value they set.

import Proxy
import ProxyConfig
import Testing

@Suite struct KeywordValueTests {
    @Test(
        arguments: [
            ("gid 7", \GlobalConfiguration.groupID.number, 7),
            ("maxconnrate 11", \.maxConnectionRate, 11), ("maxsessrate 12", \.maxSessionRate, 12),
            ("maxpipes 13", \.maxPipes, 13),
            ("close-spread-time 2s", \.closeSpreadMilliseconds, 2000),
            ("close-spread-time infinite", \.closeSpreadMilliseconds, .max),
            ("tune.http.logurilen 2000", \.tuning.logURIBytes, 2000),
            ("tune.maxpollevents 14", \.tuning.maxPollEvents, 14),
            ("tune.maxrewrite 1500", \.tuning.maxRewriteBytes, 1500),
            ("tune.pipesize 64k", \.tuning.pipeBytes, 65536),
            ("tune.rcvbuf.client 1k", \.tuning.receiveBufferClientBytes, 1024),
            ("tune.rcvbuf.server 2k", \.tuning.receiveBufferServerBytes, 2048),
            ("tune.sndbuf.client 3k", \.tuning.sendBufferClientBytes, 3072),
            ("tune.sndbuf.server 4k", \.tuning.sendBufferServerBytes, 4096),
            ("tune.runqueue-depth 15", \.tuning.runQueueDepth, 15),
        ] as [(String, KeyPath<GlobalConfiguration, Int> & Sendable, Int)])
    func `a global keyword sets its value`(
        _ line: String, _ field: KeyPath<GlobalConfiguration, Int> & Sendable, _ value: Int
    ) throws {
        let loaded = Loading.global(line)
        #expect(loaded.messages == [])
        let configuration = try #require(loaded.configuration)
        #expect(configuration.global[keyPath: field] == value)
    }

    @Test(arguments: [
        ("option accept-unsafe-violations-in-http-request", ProxyOptions.acceptUnsafeRequest),
        ("option accept-invalid-http-request", .acceptUnsafeRequest),
        ("option disable-h2-upgrade", .disableH2Upgrade), ("option http-no-delay", .httpNoDelay),
        ("option idle-close-on-response", .idleCloseOnResponse),
        ("option contstats", .continuousStats), ("option socket-stats", .socketStats),
        ("option independent-streams", .independentStreams),
        ("option splice-request", .spliceRequest), ("option splice-response", .spliceResponse),
    ])
    func `an option of frontends sets its bit, and no takes it back`(
        _ line: String, _ option: ProxyOptions
    ) throws {
        for (text, isSet) in [(line, true), ("\(line)\n no \(line)", false)] {
            let loaded = Loading.frontend(" mode http\n \(text)")
            let proxy = try #require(loaded.configuration?.proxies.first, "\(loaded.messages)")
            #expect(proxy.options.contains(option) == isSet, "\(text)")
        }
    }

    @Test(arguments: [
        ("option accept-unsafe-violations-in-http-response", ProxyOptions.acceptUnsafeResponse),
        ("option accept-invalid-http-response", .acceptUnsafeResponse),
    ])
    func `an option of backends sets its bit`(_ line: String, _ option: ProxyOptions) throws {
        let loaded = Loading.backend(" mode http\n \(line)")
        let proxy = try #require(loaded.configuration?.proxies.first, "\(loaded.messages)")
        #expect(proxy.options.contains(option))
    }

    @Test func `server-template makes servers that differ in their names`() throws {
        let loaded = Loading.backend(
            " default-server maxconn 9\n server-template web 2-4 127.0.0.1:81 weight 7 id 40\n"
                + " server z localhost:1\n server-template q 2 unix@/run/q backup")
        let servers = try #require(
            loaded.configuration?.proxies.first?.servers, "\(loaded.messages)")
        #expect(servers.map(\.name) == ["web2", "web3", "web4", "z", "q1", "q2"])
        #expect(servers.prefix(3).allSatisfy { $0.weight == 7 && $0.maxConnections == 9 })
        #expect(servers.prefix(3).allSatisfy { $0.address.port == 81 && $0.hostName == nil })
        #expect(servers.map(\.isBackup) == [false, false, false, false, true, true])
        #expect(servers[0].id == 40 && Set(servers.map(\.id)).count == 6)
        #expect(servers[3].hostName == "localhost")
    }

    @Test(arguments: ["s 3 127.0.0.1:80 foo", "s 70000 127.0.0.1:80", "s 3 127.0.0.1:80 guid g"])
    func `a mistake in a server-template is said once`(_ line: String) {
        let loaded = Loading.backend(" server-template \(line)")
        #expect(loaded.configuration == nil)
        #expect(loaded.messages.filter { !$0.contains("rror") }.count == 1, "\(loaded.messages)")
    }

    @Test(
        arguments: [
            ("retry-on none", []), ("retries 2", .connectionFailure),
            ("retry-on conn-failure 0rtt-rejected", [.connectionFailure, .earlyDataRejected]),
            ("retry-on 503\n retry-on empty-response", .emptyResponse),
            (
                "retry-on 401 403 404 408 421 425 429 500 501 502 503 504",
                RetryCauses(rawValue: 0xFFF00)
            ),
            (
                "retry-on all-retryable-errors junk-response response-timeout",
                RetryCauses(rawValue: 0xE8000 | 31)
            ),
        ] as [(String, RetryCauses)])
    func `retry-on names failures, and the last line holds`(
        _ lines: String, _ causes: RetryCauses
    ) throws {
        let loaded = Loading.backend(" mode http\n \(lines)")
        let proxy = try #require(loaded.configuration?.proxies.first, "\(loaded.messages)")
        #expect(proxy.retryOn == causes)
    }

    @Test func `every status that can be retried has a bit of its own`() {
        let all = RetryCauses.statuses.map { RetryCauses.status($0) }
        #expect(Set(all.map(\.rawValue)).count == 12)
        #expect(RetryCauses.status(200) == [] && RetryCauses.status(505) == [])
        #expect(all.allSatisfy { RetryCauses.afterSending.contains($0) })
        #expect(
            RetryCauses.afterSending.isDisjoint(with: [.connectionFailure, .earlyDataRejected]))
    }

    @Test func `options of servers and of bind lines set their values`() throws {
        let backend = Loading.backend(
            " default-server tfo\n server a 127.0.0.1:1 max-reuse 5 no-tfo")
        let server = try #require(
            backend.configuration?.proxies.first?.servers.first, "\(backend.messages)")
        #expect(server.maxReuse == 5 && !server.usesFastOpen)
        let limits = Loading.backend(
            " server a 127.0.0.1:1 minconn 5 maxconn 9 slowstart 7s\n"
                + " server b 127.0.0.1:1 minconn 5\n server c 127.0.0.1:1 minconn 5 maxconn 3")
        let limited = try #require(
            limits.configuration?.proxies.first?.servers, "\(limits.messages)")
        #expect(limited.map(\.minConnections) == [5, 5, 5])
        #expect(limited.map(\.maxConnections) == [9, 5, 5])
        #expect(limited.map(\.slowStartMilliseconds) == [7000, 0, 0])
        let frontend = Loading.frontend(" bind /run/x.sock gid 9 guid-prefix edge")
        let bind = try #require(
            frontend.configuration?.proxies.first?.binds.last, "\(frontend.messages)")
        #expect(bind.groupID == 9 && bind.guid == "edge")
    }
}

extension Optional where Wrapped: BinaryInteger {
    /// The number; -1 when there is none.
    fileprivate var number: Int { map { Int($0) } ?? -1 }
}
