// Generations published one after another while traffic runs: nothing is dropped, nothing is
// forgotten, and what nobody uses any more goes away.

import Glibc
@testable import Proxy
import Synchronization
import Testing

extension EngineTests {
    @Suite struct GenerationTests {
        /// A frontend and a backend whose places in the list change from one generation to the
        /// next, so that no index fits both.
        private static func configuration(
            _ servers: [ServerConfiguration], swapped: Bool, tcp: UInt16
        ) -> Configuration {
            var configuration = Configuration()
            configuration.global.maxConnections = 1000
            var front = ProxyConfiguration(name: "front", capability: .frontend)
            var back = ProxyConfiguration(name: "back", capability: .backend)
            var relay = ProxyConfiguration(name: "relay", capability: .listen)
            var unused = ProxyConfiguration(name: "unused", capability: .backend)
            front.mode = .http
            back.mode = .http
            unused.mode = .http
            back.servers = servers
            relay.servers = [Setup.server("t", tcp)]
            unused.servers = [Setup.server("u", 1)]
            front.timeouts.client = 20_000
            back.timeouts.server = 20_000
            relay.timeouts.client = 20_000
            relay.timeouts.server = 20_000
            back.timeouts.connect = 5000
            relay.timeouts.connect = 5000
            if swapped {
                front.defaultBackend = 0
                configuration.proxies = [back, relay, unused, front]
            } else {
                front.defaultBackend = 2
                configuration.proxies = [front, unused, back, relay]
            }
            return configuration
        }

        /// Clients that go on until they are told to stop, and what went wrong for them.
        private final class Load: Sendable {
            let mustStop = Atomic(false)
            let answered = Atomic<Int>(0)
            let failures = Mutex<[String]>([])
            private let threads = Mutex<[WorkerThread]>([])

            func fail(_ text: String) { failures.withLock { $0.append(text) } }

            private var goesOn: Bool { !mustStop.load(ordering: .relaxed) }

            func keepAlive(_ port: UInt16) {
                run { [self] in
                    guard let client = try? Peer(to: port) else { return fail("refused") }
                    while goesOn {
                        guard let response = client.get("/k") else { return fail("kept: ended") }
                        if response.status != 200 { fail("kept: \(response.status)") }
                        if response.closes { return fail("kept: told to close") }
                        answered.add(1, ordering: .relaxed)
                    }
                }
            }

            func connecting(_ port: UInt16) {
                run { [self] in
                    while goesOn {
                        guard let client = try? Peer(to: port) else { return fail("refused") }
                        let response = client.get("/c", "Connection: close\r\n")
                        if response?.status != 200 {
                            fail("new: \(response?.status ?? -1)")
                        }
                        answered.add(1, ordering: .relaxed)
                    }
                }
            }

            private func run(_ body: @escaping @Sendable () -> Void) {
                let thread = WorkerThread.start(cores: [], body)
                threads.withLock { $0.append(thread) }
            }

            func stop() {
                mustStop.store(true, ordering: .relaxed)
                let all = threads.withLock { threads in
                    let all = threads
                    threads = []
                    return all
                }
                for thread in all { thread.join() }
            }
        }

        @Test func `two generations are swapped sixty times under load and nobody notices`() throws
        {
            let common = try TestOrigin.text("common")
            let one = try TestOrigin.text("one")
            let two = try TestOrigin.http { request, peer, _ in
                guard request.path == "/slow" else { return peer.answer("two") }
                // A streamed answer that outlives many generations.
                peer.send("HTTP/1.1 200 Slow\r\nTransfer-Encoding: chunked\r\n\r\n")
                for number in 0..<40 {
                    usleep(20_000)
                    guard peer.send("3\r\n\(100 + number)\r\n") else { return false }
                }
                return peer.send("0\r\n\r\n")
            }
            let echo = try TestOrigin.echo()
            defer { for origin in [common, one, two, echo] { origin.stop() } }
            let shared = Setup.server("common", common.port) { $0.weight = 4 }
            let first = Self.configuration(
                [shared, Setup.server("one", one.port)], swapped: false, tcp: echo.port)
            let second = Self.configuration(
                [Setup.server("two", two.port), shared], swapped: true, tcp: echo.port)
            let running = try RunningEngine(second)
            let port = running.port("front")

            // Streams that begin in the first of all generations.
            let relay = try Peer(to: running.port("relay"))
            relay.send("hello")
            #expect(relay.read(5) == Array("hello".utf8))
            let slow = try Peer(to: port)
            running.change("common", of: "back") { $0.admin = .forcedDrain }
            slow.send("GET /slow HTTP/1.1\r\nHost: test\r\n\r\n")
            try #require(slow.isReadable(within: 10_000))
            running.change("common", of: "back") { $0.admin = [] }

            let load = Load()
            for _ in 0..<4 { load.keepAlive(port) }
            for _ in 0..<4 { load.connecting(port) }
            defer { load.stop() }
            running.change("common", of: "back") { $0.weight = 7 }
            var known: [WeakGeneration] = []
            for round in 0..<60 {
                known.append(WeakGeneration(running.engine.generation))
                running.publish(round % 2 == 0 ? first : second)
                if round == 30 {
                    running.change("common", of: "back") { $0.admin = .forcedDrain }
                }
                let before = load.answered.load(ordering: .relaxed)
                #expect(eventually { load.answered.load(ordering: .relaxed) >= before + 20 })
                let text = String(100_000 + round)
                relay.send(text)
                #expect(relay.read(6) == Array(text.utf8), "the relay of the first generation")
            }
            #expect(running.engine.generation.number == 61)
            // The second is in force, and its own server answers: the other one is drained.
            #expect(running.order("common", of: "back").weight == 7)
            #expect(running.order("common", of: "back").admin == .forcedDrain)
            let fresh = try Peer(to: port)
            #expect(fresh.get()?.text == "two")
            fresh.close()
            running.publish(first)
            let last = try Peer(to: port)
            #expect(eventually { last.get()?.text == "one" })
            last.close()
            let response = slow.readResponse()
            #expect(response?.body.count == 120, "the answer that began in the first generation")
            slow.close()
            load.stop()
            #expect(load.failures.withLock { $0 } == [])

            // Counters go on over all generations.
            let answered = UInt64(load.answered.load(ordering: .relaxed))
            let requests = running.frontend("front").counters.value(.requests)
            #expect(requests >= answered)
            let origins = [common, one, two].map { UInt64($0.requests.load(ordering: .relaxed)) }
            #expect(eventually { self.total(running) == origins.reduce(0, +) })
            #expect(running.backend("back").counters.value(.connectionErrors) == 0)
            #expect(running.backend("back").counters.value(.responseErrors) == 0)

            // All but the first, which the relay uses, and the present one are gone.
            #expect(
                eventually { known.dropFirst().allSatisfy { $0.generation == nil } },
                "\(known.filter { $0.generation != nil }.count) generations are left")
            #expect(known[0].generation != nil)
            relay.shutdownSending()
            #expect(relay.readToEnd().end == .ended)
            #expect(eventually { known[0].generation == nil })
        }

        private func counted(_ server: String, _ running: RunningEngine) -> UInt64 {
            running.backend("back").order.withLock { order in
                order.live.first { $0.name == server }?.counters.value(.requests) ?? 0
            }
        }

        private func total(_ running: RunningEngine) -> UInt64 {
            ["common", "one", "two"].map { counted($0, running) }.reduce(0, +)
        }

        @Test func `hundreds of generations may be in use at once`() throws {
            let echo = try TestOrigin.echo()
            defer { echo.stop() }
            let configuration = Setup.tcp([Setup.server("t", echo.port)])
            let running = try RunningEngine(configuration)
            var relays: [Peer] = []
            for round in 0..<200 {
                let relay = try Peer(to: running.port())
                relay.send("x")
                #expect(relay.read(1) == [120])
                relays.append(relay)
                if round < 199 { running.publish(configuration) }
            }
            for relay in relays {
                relay.send("yz")
                #expect(relay.read(2) == [121, 122])
            }
        }

        @Test func `one generation too many ends what keeps the oldest, whatever it does`() throws {
            let release = Gate()
            let origin = try TestOrigin.http { request, peer, _ in
                if request.path == "/held" { release.wait() }
                return peer.answer("x")
            }
            let echo = try TestOrigin.echo()
            defer { for origin in [origin, echo] { origin.stop() } }
            defer { release.open() }
            var configuration = Setup.http([
                Setup.server("s", origin.port) { $0.maxConnections = 1 }
            ])
            configuration.proxies +=
                Setup.tcp([Setup.server("t", echo.port)]) {
                    $0.name = "relay"
                }.proxies
            let running = try RunningEngine(configuration, workers: 1, mostGenerations: 4)
            // In the first generation: one that waits for its answer, one for a server, one for
            // nothing, one inside a head, and a relay.
            let idle = try Peer(to: running.port())
            #expect(idle.get()?.text == "x")
            let half = try Peer(to: running.port())
            half.send("GET /half HT")
            let held = try Peer(to: running.port())
            held.send("GET /held HTTP/1.1\r\nHost: test\r\n\r\n")
            try #require(eventually { origin.requests.load(ordering: .relaxed) == 2 })
            let queued = try Peer(to: running.port())
            queued.send("GET /queued HTTP/1.1\r\nHost: test\r\n\r\n")
            try #require(eventually { running.queued() == 1 })
            var relays: [Peer] = []
            for round in 1...5 {
                let relay = try Peer(to: running.port("relay"))
                relay.send("x")
                #expect(relay.read(1) == [120])
                relays.append(relay)
                if round == 4 {
                    #expect(!held.isReadable(within: 0) && !relays[0].isReadable(within: 0))
                }
                if round == 5 { break }
                running.publish(configuration)
                try #require(running.settle())
            }
            for client in [idle, half, held, queued, relays[0]] {
                let (bytes, end) = client.readToEnd()
                #expect(bytes.isEmpty && end != .silent)
            }
            for relay in relays.dropFirst() {
                relay.send("yz")
                #expect(relay.read(2) == [121, 122])
            }
            // The answer of the first and the three that were ended.
            #expect(eventually { running.log.endings.sorted() == ["--", "KD", "KD", "KD"] })
            #expect(running.queued() == 0 && running.order("s").served == 0)
            #expect(running.frontend().connections.load(ordering: .relaxed) == 0)
            release.open()
            #expect(try Peer(to: running.port()).get()?.text == "x")
        }

        @Test func `streams that wait in the queue go to the next generation's servers`() throws {
            let release = Gate()
            let old = try TestOrigin.http { _, peer, _ in
                release.wait()
                return peer.answer("old")
            }
            let new = try TestOrigin.text("new")
            defer { for origin in [old, new] { origin.stop() } }
            defer { release.open() }
            let running = try RunningEngine(
                Setup.http([Setup.server("old", old.port) { $0.maxConnections = 1 }]))
            let first = try Peer(to: running.port())
            first.send("GET /1 HTTP/1.1\r\nHost: test\r\n\r\n")
            try #require(eventually { old.requests.load(ordering: .relaxed) == 1 })
            let waiting = try (0..<4).map { _ in
                let client = try Peer(to: running.port())
                client.send("GET /2 HTTP/1.1\r\nHost: test\r\n\r\n")
                return client
            }
            try #require(eventually { running.queued() == 4 })
            running.publish(
                Setup.http([Setup.server("new", new.port) { $0.maxConnections = 2 }]))
            for client in waiting { #expect(client.readResponse()?.text == "new") }
            release.open()
            #expect(first.readResponse()?.text == "old")
            #expect(first.get()?.text == "new", "the next request of the same connection")
            #expect(eventually { running.queued() == 0 })
        }

        @Test func `a weight written anew in the file wins over one set at run time`() throws {
            let origin = try TestOrigin.text("x")
            defer { origin.stop() }
            func configuration(_ weight: Int) -> Configuration {
                Setup.http([Setup.server("s", origin.port) { $0.weight = weight }])
            }
            let running = try RunningEngine(configuration(10))
            running.change("s") { $0.weight = 3 }
            running.publish(configuration(10))
            #expect(running.order("s").weight == 3)
            running.publish(configuration(20))
            #expect(running.order("s").weight == 20)
        }

        @Test func `a server that leaves and comes back is the same one`() throws {
            let origin = try TestOrigin.text("x")
            let other = try TestOrigin.text("y")
            defer { for origin in [origin, other] { origin.stop() } }
            let with = Setup.http([Setup.server("s", origin.port)])
            let without = Setup.http([Setup.server("t", other.port)])
            let running = try RunningEngine(with)
            let client = try Peer(to: running.port())
            #expect(client.get()?.text == "x")
            let live = running.server("s")
            running.publish(without)
            #expect(eventually { client.get()?.text == "y" })
            running.publish(with)
            #expect(eventually { client.get()?.text == "x" })
            #expect(running.server("s") === live)
            #expect(eventually { live.counters.value(.requests) >= 2 })
        }

        @Test(arguments: [false, true])
        func `a frontend that is gone answers its last requests when the servers change too`(
            isKept: Bool
        ) throws {
            let old = try TestOrigin.text("old")
            let kept = try TestOrigin.text("kept")
            let new = try TestOrigin.text("new")
            defer { for origin in [old, kept, new] { origin.stop() } }
            let common = isKept ? [Setup.server("kept", kept.port) { $0.weight = 1 }] : []
            let first = Self.configuration(
                [Setup.server("old", old.port)] + common, swapped: false, tcp: 1)
            var second = Self.configuration(
                [Setup.server("new", new.port) { $0.weight = 200 }] + common, swapped: true, tcp: 1)
            let running = try RunningEngine(first)
            let clients = try (0..<4).map { _ in try Peer(to: running.port("front")) }
            for client in clients { #expect(client.get()?.status == 200) }
            second.proxies.removeAll { $0.name == "front" }
            running.engine.publish(
                second, listeners: running.listeners.filter { $0.frontend != "front" })
            for client in clients {
                // A worker that has not heard of the next generation keeps the connection.
                var response = client.get()
                var requests = 1
                while let answer = response, !answer.closes, requests < 1000 {
                    #expect(answer.text == (isKept ? "kept" : "old"))
                    response = client.get()
                    requests += 1
                }
                #expect(response?.text == (isKept ? "kept" : "old") && response?.closes == true)
            }
            #expect(eventually { running.order("old", of: "back").served == 0 })
            #expect(eventually { running.order("new", of: "back").served == 0 })
            if isKept { #expect(eventually { running.order("kept", of: "back").served == 0 }) }
        }

        @Test func `a frontend that is gone refuses, and its port is free`() throws {
            let origin = try TestOrigin.text("x")
            defer { origin.stop() }
            let configuration = Setup.http([Setup.server("s", origin.port)])
            let running = try RunningEngine(configuration)
            let client = try Peer(to: running.port())
            #expect(client.get()?.text == "x")
            running.engine.publish(Configuration(), listeners: [])
            #expect(
                eventually {
                    guard let late = try? Peer(to: running.port()) else { return true }
                    late.close()
                    return false
                })
            // The connection that stands is served once more and told to go.
            let response = client.get()
            #expect(response?.text == "x" && response?.closes == true)
        }
    }
}

/// A generation that may be gone.
private struct WeakGeneration {
    weak var generation: Generation?
    init(_ generation: Generation) { self.generation = generation }
}
