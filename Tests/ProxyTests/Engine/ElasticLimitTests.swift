// Limits that follow the backend's load (`minconn`, `fullconn`) and servers that start slowly
// (`slowstart`), as the order of a backend keeps them and as clients see them.

import Addresses
import Kernel
@testable import Proxy
import Structures
import Testing

/// An order over servers of one backend, without an engine.
private final class Ordered {
    var order = BackendOrder()

    var isElastic: Bool { order.isElastic }
    var servers: [ServerOrder] { order.servers }
    var queued: Int { order.queued }

    init(
        _ servers: [ServerConfiguration], _ algorithm: String = "roundrobin",
        fullConnections: Int = 1
    ) {
        var proxy = ProxyConfiguration(name: "web", capability: .backend)
        proxy.servers = servers
        proxy.balance = [algorithm]
        _ = order.adopt(proxy, fullConnections: fullConnections, nowSeconds: 0) {
            ServerLive(name: $0, ordinal: $1, identity: UInt32($1), workers: 1)
        }
    }

    /// What a stream gets under a load at a time.
    func assign(load: Int = 0, at milliseconds: UInt64 = 0) -> Assignment {
        if order.isElastic { order.follow(load: load, now: milliseconds) }
        return order.assign()
    }

    /// How many streams fit under a load; their places are given back.
    func room(load: Int, at milliseconds: UInt64 = 0) -> Int {
        var count = 0
        while count < 1000, case .server(0) = assign(load: load, at: milliseconds) { count += 1 }
        for _ in 0..<count { _ = order.release(0) }
        return count
    }

    /// Takes a server away and back.
    func bounce(_ ordinal: Int) {
        _ = order.change(ordinal, nowSeconds: 1) { $0.admin = .forcedMaintenance }
        _ = order.change(ordinal, nowSeconds: 2) { $0.admin = [] }
    }
}

@Suite struct ElasticLimitTests {
    private func server(
        _ name: String, _ change: (inout ServerConfiguration) -> Void
    ) -> ServerConfiguration {
        var server = ServerConfiguration(
            name: name, place: SourcePlace(), hostText: "127.0.0.1", address: RawSocketAddress())
        change(&server)
        return server
    }

    @Test func `a limit with minconn follows the load up to fullconn`() {
        let ordered = Ordered(
            [
                server("s") {
                    $0.minConnections = 10
                    $0.maxConnections = 50
                }
            ], fullConnections: 100)
        #expect(ordered.room(load: 1) == 10)
        #expect(ordered.room(load: 20) == 10)
        #expect(ordered.room(load: 50) == 25)
        #expect(ordered.room(load: 99) == 49)
        #expect(ordered.room(load: 100) == 50)
        #expect(ordered.room(load: 5000) == 50)
        #expect(ordered.room(load: 1) == 10)
    }

    @Test func `a limit without minconn stands still`() {
        let ordered = Ordered([server("s") { $0.maxConnections = 7 }], fullConnections: 100)
        #expect(!ordered.isElastic)
        #expect(ordered.room(load: 0) == 7)
        #expect(ordered.room(load: 1000) == 7)
    }

    @Test func `who waits is served before who comes when the limit grows`() {
        let ordered = Ordered(
            [
                server("s") {
                    $0.minConnections = 1
                    $0.maxConnections = 4
                }
            ], fullConnections: 4)
        #expect(ordered.assign(load: 1) == .server(0))
        #expect(ordered.assign(load: 1) == .full)
        let first = QueuedStream(worker: 0, stream: Handle(word: 1), ordinal: -1)
        _ = ordered.order.enqueue(first)
        // Room for a second one by now, which is not the newcomer's.
        #expect(ordered.assign(load: 2) == .full)
        _ = ordered.order.enqueue(QueuedStream(worker: 0, stream: Handle(word: 2), ordinal: -1))
        let served = ordered.order.serveWaiting()
        #expect(served.map(\.stream) == [first.stream])
        #expect(ordered.servers[0].served == 2)
        #expect(ordered.queued == 1)
    }

    @Test func `a server that comes back takes its limit over the time of slowstart`() {
        let ordered = Ordered([
            server("s") {
                $0.maxConnections = 40
                $0.slowStartMilliseconds = 10_000
            }
        ])
        #expect(ordered.room(load: 1) == 40, "not at the start")
        ordered.bounce(0)
        let begin = ordered.servers[0].risingSince
        #expect(ordered.servers[0].isRising)
        #expect(ordered.room(load: 1, at: begin) == 1)
        #expect(ordered.room(load: 1, at: begin + 2500) == 10)
        #expect(ordered.room(load: 1, at: begin + 9999) == 39)
        #expect(ordered.room(load: 1, at: begin + 10_000) == 40)
        #expect(!ordered.servers[0].isRising)
        #expect(!ordered.isElastic)
    }

    @Test(arguments: ["roundrobin", "leastconn", "random(1)"])
    func `a server that comes back takes its share in sixteenths`(_ algorithm: String) {
        let ordered = Ordered(
            [server("old") { _ in }, server("new") { $0.slowStartMilliseconds = 16_000 }],
            algorithm)
        ordered.bounce(1)
        let begin = ordered.servers[1].risingSince
        func share(at milliseconds: UInt64) -> Int {
            var counts = [0, 0]
            for _ in 0..<1700 {
                if case .server(let ordinal) = ordered.assign(load: 1, at: milliseconds) {
                    counts[ordinal] += 1
                }
            }
            for ordinal in 0...1 {
                for _ in 0..<counts[ordinal] { _ = ordered.order.release(ordinal) }
            }
            return counts[1]
        }
        // One of seventeen, then nine of twenty-five, then half.
        #expect((70...130).contains(share(at: begin)))
        #expect(ordered.servers[1].effectiveWeight == 1)
        #expect((550...675).contains(share(at: begin + 8000)))
        #expect((780...920).contains(share(at: begin + 16_000)))
        #expect(ordered.servers[1].sixteenths == 16)
    }

    @Test func `a fixed order knows no shares, only the limit grows`() {
        let ordered = Ordered(
            [server("a") { _ in }, server("b") { $0.slowStartMilliseconds = 16_000 }], "static-rr")
        ordered.bounce(1)
        let begin = ordered.servers[1].risingSince
        let turns = (0..<8).map { _ in ordered.assign(load: 1, at: begin) }
        #expect(turns.filter { $0 == .server(1) }.count == 4)
    }

    @Test func `a server that leaves again forgets its slow start`() {
        let ordered = Ordered([server("s") { $0.slowStartMilliseconds = 60_000 }])
        ordered.bounce(0)
        #expect(ordered.servers[0].isRising)
        _ = ordered.order.change(0, nowSeconds: 3) { $0.admin = .forcedMaintenance }
        #expect(!ordered.servers[0].isRising)
        #expect(ordered.servers[0].effectiveWeight == 1)
        // Draining is not being away.
        _ = ordered.order.change(0, nowSeconds: 4) { $0.admin = [] }
        ordered.order.follow(load: 0, now: ordered.servers[0].risingSince + 60_000)
        _ = ordered.order.change(0, nowSeconds: 5) { $0.admin = .forcedDrain }
        _ = ordered.order.change(0, nowSeconds: 6) { $0.admin = [] }
        #expect(!ordered.servers[0].isRising)
    }

    @Test func `weights are kept in proportion where parts of them are told`() {
        let ordered = Ordered([
            server("a") { $0.weight = 30 },
            server("b") {
                $0.weight = 10
                $0.slowStartMilliseconds = 1000
            },
        ])
        var counts = [0, 0]
        for _ in 0..<400 {
            if case .server(let ordinal) = ordered.assign(load: 1) { counts[ordinal] += 1 }
        }
        #expect(counts == [300, 100])
        _ = ordered.order.change(0, nowSeconds: 1) { $0.weight = 256 }
        #expect(ordered.servers[0].effectiveWeight == 256)
    }

    @Test func `fullconn is a tenth of the frontends' limits where it is not given`() {
        var configuration = Configuration()
        configuration.global.maxConnections = 700
        var front = ProxyConfiguration(name: "f", capability: .frontend)
        front.defaultBackend = 1
        front.maxConnections = 301
        let back = ProxyConfiguration(name: "b", capability: .backend)
        var listen = ProxyConfiguration(name: "l", capability: .listen)
        configuration.proxies = [front, back, listen]
        #expect(configuration.fullConnections(of: 1) == 31)
        #expect(configuration.fullConnections(of: 2) == 70)
        listen.fullConnections = 5
        configuration.proxies[2] = listen
        #expect(configuration.fullConnections(of: 2) == 5)
        configuration.proxies = [back]
        #expect(configuration.fullConnections(of: 0) == 1)
    }
}
