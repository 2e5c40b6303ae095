// Servers that refuse, servers taken out of service, and connections to servers used again.

import FreePorts
import Glibc
import Kernel
@testable import Proxy
import Synchronization
import Testing

extension EngineTests {
    @Suite struct ServerTests {
        /// A port where nobody listens.
        private func closedPort() throws -> UInt16 {
            UInt16(try FreePorts.take())
        }

        // MARK: Retries

        @Test func `a server that refuses is tried again as often as retries says`() throws {
            let running = try RunningEngine(
                Setup.http([Setup.server("s", try closedPort())]) {
                    $0.retries = 2
                    // The pause between two tries is as long as the connect timeout, at most 1 s.
                    $0.timeouts.connect = 30
                })
            let client = try Peer(to: running.port())
            #expect(client.get()?.status == 503)
            #expect(
                eventually {
                    running.log.all == [
                        .init(ending: "SC", status: 503, retries: 2, wasRedispatched: false)
                    ]
                })
            let counters = running.backend().counters
            #expect(counters.value(.retries) == 2 && counters.value(.connectionErrors) == 1)
            #expect(counters.value(.redispatches) == 0)
            #expect(running.order("s").served == 0)
        }

        @Test func `with redispatch another server answers, bodies included`() throws {
            let origin = try TestOrigin.http { request, peer, _ in
                peer.answer("\(request.body.count)")
            }
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([
                    Setup.server("dead", try closedPort()), Setup.server("live", origin.port),
                ]) {
                    $0.options.insert(.redispatch)
                    $0.redispatchAfter = 1
                    $0.timeouts.connect = 30
                })
            for round in 0..<6 {
                let client = try Peer(to: running.port())
                let body = String(repeating: "b", count: 20_000 + round)
                client.send(
                    "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: \(body.count)\r\n\r\n\(body)")
                #expect(client.readResponse()?.text == "\(body.count)")
            }
            // The server that took over keeps its place in the order, so the dead one may be
            // chosen first each time.
            #expect(
                eventually {
                    let redispatched = running.log.all.filter(\.wasRedispatched).count
                    return running.log.all.count == 6 && redispatched >= 3
                        && running.backend().counters.value(.redispatches) == UInt64(redispatched)
                })
        }

        /// A backend of three servers that refuse, one request, and how often each was tried: as
        /// HAProxy 2.6 does.
        struct Tries: CustomTestStringConvertible {
            var balance: String
            /// The number of `option redispatch`; nil without the option.
            var interval: Int?
            var retries: Int
            var expected: [UInt64]
            var testDescription: String {
                let option = interval.map { "redispatch \($0)" } ?? "no redispatch"
                return "\(balance), retries \(retries), \(option)"
            }
        }

        @Test(arguments: [
            Tries(balance: "roundrobin", interval: nil, retries: 3, expected: [4, 0, 0]),
            Tries(balance: "roundrobin", interval: -1, retries: 3, expected: [2, 1, 1]),
            Tries(balance: "roundrobin", interval: 2, retries: 3, expected: [2, 1, 1]),
            Tries(balance: "roundrobin", interval: -1, retries: 1, expected: [1, 1, 0]),
            Tries(balance: "static-rr", interval: -1, retries: 3, expected: [2, 1, 1]),
            Tries(balance: "roundrobin", interval: 1, retries: 5, expected: [2, 2, 2]),
            Tries(balance: "leastconn", interval: -2, retries: 3, expected: [2, 1, 1]),
            Tries(balance: "first", interval: nil, retries: 3, expected: [4, 0, 0]),
            Tries(balance: "first", interval: -1, retries: 3, expected: [2, 2, 0]),
            Tries(balance: "first", interval: 2, retries: 5, expected: [3, 3, 0]),
        ])
        func `each server is tried as often as retries and redispatch say`(_ row: Tries) throws {
            let running = try RunningEngine(
                Setup.http(
                    try (0..<3).map { Setup.server("s\($0)", try closedPort()) }
                ) {
                    $0.balance = [row.balance]
                    $0.retries = row.retries
                    $0.redispatchAfter = row.interval ?? 0
                    if row.interval != nil { $0.options.insert(.redispatch) }
                    $0.timeouts.connect = 20
                })
            let client = try Peer(to: running.port())
            #expect(client.get()?.status == 503)
            let tries = (0..<3).map { running.server("s\($0)").counters.value(.connects) }
            #expect(tries == row.expected)
            let counters = running.backend().counters
            let moves = counters.value(.redispatches)
            #expect(counters.value(.retries) + moves == UInt64(row.retries))
            #expect((moves > 0) == (row.interval != nil))
        }

        @Test func `backups take a retry where all of them are used, as the interval says`() throws
        {
            for interval in [-1, 1] {
                let running = try RunningEngine(
                    Setup.http(
                        try (0..<3).map { number in
                            Setup.server("s\(number)", try closedPort()) {
                                $0.isBackup = number > 0
                            }
                        }
                    ) {
                        $0.options.formUnion([.redispatch, .allBackups])
                        $0.redispatchAfter = interval
                        $0.timeouts.connect = 20
                    })
                running.change("s0") { $0.admin = .forcedMaintenance }
                let client = try Peer(to: running.port())
                #expect(client.get()?.status == 503)
                let tries = (0..<3).map { running.server("s\($0)").counters.value(.connects) }
                #expect(tries == (interval == 1 ? [0, 2, 2] : [0, 3, 1]))
            }
        }

        @Test func `a redispatch that finds the same server is a retry, after a pause`() throws {
            let running = try RunningEngine(
                Setup.http([
                    Setup.server("s", try closedPort()),
                    Setup.server("away", try closedPort()) { $0.isDisabled = true },
                ]) {
                    $0.options.insert(.redispatch)
                    $0.redispatchAfter = 1
                    $0.retries = 2
                    $0.timeouts.connect = 40
                })
            let client = try Peer(to: running.port())
            let begun = Clock.monotonic().milliseconds
            #expect(client.get()?.status == 503)
            #expect(Clock.monotonic().milliseconds - begun >= 78)
            #expect(running.backend().counters.value(.redispatches) == 0)
            #expect(running.backend().counters.value(.retries) == 2)
            #expect(eventually { running.log.all.map(\.wasRedispatched) == [false] })
        }

        @Test func `a TCP client whose server refuses is let go`() throws {
            let running = try RunningEngine(
                Setup.tcp([Setup.server("s", try closedPort())]) {
                    $0.retries = 1
                    $0.timeouts.connect = 30
                })
            let client = try Peer(to: running.port())
            #expect(client.readToEnd().bytes.isEmpty)
            #expect(eventually { running.log.endings == ["SC"] })
        }

        // MARK: States

        @Test func `no usable server means 503 at once, and a kept connection`() throws {
            let origin = try TestOrigin.text("x")
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port) { $0.isDisabled = true }]))
            let client = try Peer(to: running.port())
            #expect(client.get()?.status == 503)
            running.change("s") { $0.admin = [] }
            #expect(client.get()?.text == "x")
            running.change("s") { $0.isUp = false }
            #expect(client.get()?.status == 503)
            #expect(eventually { running.log.endings == ["SC", "--", "SC"] })
        }

        @Test(arguments: ["weight", "drain", "maintenance"])
        func `a server taken out at run time finishes what it has and gets nothing new`(
            way: String
        ) throws {
            let release = Gate()
            let first = try TestOrigin.http { request, peer, _ in
                if request.path == "/held" { release.wait() }
                return peer.answer("first")
            }
            let second = try TestOrigin.text("second")
            defer { for origin in [first, second] { origin.stop() } }
            defer { release.open() }
            let running = try RunningEngine(
                Setup.http([
                    Setup.server("first", first.port), Setup.server("second", second.port),
                ]))
            let held = try Peer(to: running.port())
            held.send("GET /held HTTP/1.1\r\nHost: test\r\n\r\n")
            try #require(eventually { first.requests.load(ordering: .relaxed) == 1 })
            running.change("first") { server in
                switch way {
                case "weight": server.weight = 0
                case "drain": server.admin = .forcedDrain
                default: server.admin = .forcedMaintenance
                }
            }
            for _ in 0..<6 {
                let client = try Peer(to: running.port())
                #expect(client.get()?.text == "second")
            }
            release.open()
            #expect(held.readResponse()?.text == "first")
            running.change("first") { server in
                server.weight = 1
                server.admin = []
            }
            var seen: Set<String> = []
            for _ in 0..<4 { seen.insert(try Peer(to: running.port()).get()?.text ?? "") }
            #expect(seen == ["first", "second"])
        }

        @Test func `backups answer when no other server is left, and only then`() throws {
            let first = try TestOrigin.text("first")
            let backup = try TestOrigin.text("backup")
            defer { for origin in [first, backup] { origin.stop() } }
            let running = try RunningEngine(
                Setup.http([
                    Setup.server("first", first.port),
                    Setup.server("backup", backup.port) { $0.isBackup = true },
                ]))
            let client = try Peer(to: running.port())
            #expect(client.get()?.text == "first" && client.get()?.text == "first")
            running.change("first") { $0.admin = .forcedMaintenance }
            #expect(client.get()?.text == "backup")
            running.change("first") { $0.admin = [] }
            #expect(client.get()?.text == "first")
        }

        // MARK: Reuse

        /// Connections the origin sees when three clients, one after another, ask three times each.
        private func connections(_ reuse: ReusePolicy) throws -> [Int] {
            let origin = try TestOrigin.text("x")
            defer { origin.stop() }
            // One worker, so that there is one pool.
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]) { $0.reuse = reuse }, workers: 1)
            var seen: [Int] = []
            for _ in 0..<3 {
                let client = try Peer(to: running.port())
                for _ in 0..<3 { #expect(client.get()?.text == "x") }
                seen.append(origin.accepted.load(ordering: .relaxed))
                client.close()
                #expect(
                    eventually { running.frontend().connections.load(ordering: .relaxed) == 0 })
            }
            return seen
        }

        @Test func `http-reuse never gives each client a connection of its own`() throws {
            #expect(try connections(.never) == [1, 2, 3])
        }

        @Test func `http-reuse safe begins each client on a new connection`() throws {
            // Later requests may share: the second client's go on over the first one's or its own.
            #expect(try connections(.safe) == [1, 2, 3])
        }

        @Test func `http-reuse aggressive begins on connections that were used again before`()
            throws
        {
            #expect(try connections(.aggressive) == [1, 1, 1])
        }

        @Test func `http-reuse always shares one connection`() throws {
            #expect(try connections(.always) == [1, 1, 1])
        }

        @Test func `aggressive does not trust a connection that has served one request`() throws {
            let origin = try TestOrigin.text("x")
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]) { $0.reuse = .aggressive }, workers: 1)
            for number in 1...3 {
                let client = try Peer(to: running.port())
                #expect(client.get()?.text == "x")
                #expect(origin.accepted.load(ordering: .relaxed) == number)
            }
        }

        @Test func `no more idle connections are kept than pool-max-conn allows`() throws {
            let release = Gate()
            let origin = try TestOrigin.http { _, peer, _ in
                release.wait()
                return peer.answer("x")
            }
            defer { origin.stop() }
            defer { release.open() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port) { $0.poolMaxConnections = 2 }]),
                workers: 1)
            let clients = try (0..<6).map { _ in
                let client = try Peer(to: running.port())
                client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
                return client
            }
            try #require(eventually { origin.requests.load(ordering: .relaxed) == 6 })
            release.open()
            for client in clients { #expect(client.readResponse()?.text == "x") }
            let server = running.server("s")
            #expect(eventually { origin.open == 2 })
            #expect(server.idleConnections.load(ordering: .relaxed) == 2)
        }

        @Test func `idle connections are closed after pool-purge-delay`() throws {
            let origin = try TestOrigin.text("x")
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([
                    Setup.server("s", origin.port) { $0.poolPurgeDelayMilliseconds = 50 }
                ]))
            let client = try Peer(to: running.port())
            #expect(client.get()?.text == "x")
            #expect(eventually { origin.open == 0 })
            #expect(running.server("s").idleConnections.load(ordering: .relaxed) == 0)
            #expect(client.get()?.text == "x", "the client's connection is not touched")
        }

        @Test func `an idle connection the server ends is not used again`() throws {
            let origin = try TestOrigin.http { _, peer, _ in
                // Says nothing of the close.
                peer.answer("x")
                return false
            }
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]) { $0.reuse = .always }, workers: 1)
            let client = try Peer(to: running.port())
            for round in 1...20 {
                #expect(client.get()?.text == "x")
                // The log line follows the return to the pool, where the end is noticed.
                #expect(
                    eventually {
                        running.log.all.count == round
                            && running.server("s").idleConnections.load(ordering: .relaxed) == 0
                    })
            }
        }

        @Test func `connections made before a server's pool epoch changed are not used`() throws {
            let origin = try TestOrigin.text("x")
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]) { $0.reuse = .always }, workers: 1)
            let client = try Peer(to: running.port())
            #expect(client.get()?.text == "x" && client.get()?.text == "x")
            #expect(origin.accepted.load(ordering: .relaxed) == 1)
            running.server("s").poolEpoch.add(1, ordering: .relaxed)
            #expect(client.get()?.text == "x")
            #expect(origin.accepted.load(ordering: .relaxed) == 2)
            #expect(eventually { origin.open == 1 })
        }
    }
}
