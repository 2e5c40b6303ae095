// Servers with a limit: waiting in order, giving up, and turns nobody takes any more.

import Glibc
@testable import Proxy
import Synchronization
import Testing

extension EngineTests {
    @Suite struct QueueTests {
        /// An origin that answers with the request's path when the test says so.
        private final class Held: Sendable {
            let begun = Mutex<[String]>([])
            let released = Atomic<Int>(0)
            let most = Atomic<Int>(0)
            private let present = Atomic<Int>(0)

            func serve(_ request: OriginRequest, _ peer: Peer) -> Bool {
                let now = present.add(1, ordering: .relaxed).newValue
                if now > most.load(ordering: .relaxed) { most.store(now, ordering: .relaxed) }
                let turn = begun.withLock { begun in
                    begun.append(request.path)
                    return begun.count
                }
                _ = eventually(within: 20) { released.load(ordering: .relaxed) >= turn }
                present.subtract(1, ordering: .relaxed)
                return peer.answer(request.path)
            }

            func releaseOne() { released.add(1, ordering: .relaxed) }
            func releaseAll() { released.store(1_000_000, ordering: .relaxed) }
        }

        @Test func `clients of a server that takes one are served one after another in order`()
            throws
        {
            let held = Held()
            let origin = try TestOrigin.http { request, peer, _ in held.serve(request, peer) }
            defer { origin.stop() }
            defer { held.releaseAll() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port) { $0.maxConnections = 1 }]))
            var clients: [Peer] = []
            for number in 0..<10 {
                let client = try Peer(to: running.port())
                client.send("GET /\(number) HTTP/1.1\r\nHost: test\r\n\r\n")
                clients.append(client)
                // The first is served, each other one waits before the next comes.
                try #require(
                    eventually {
                        number == 0
                            ? held.begun.withLock { $0.count } == 1 : running.queued() == number
                    })
            }
            for number in 0..<10 {
                held.releaseOne()
                #expect(clients[number].readResponse()?.text == "/\(number)")
            }
            #expect(held.begun.withLock { $0 } == (0..<10).map { "/\($0)" })
            #expect(held.most.load(ordering: .relaxed) == 1)
            #expect(running.order("s").servedMax == 1)
            #expect(eventually { running.order("s").served == 0 })
            #expect(running.backend().order.withLock { $0.queuedMax } == 9)
        }

        @Test func `the log says how many streams a server had, granted from the queue or not`()
            throws
        {
            let release = Gate()
            let origin = try TestOrigin.http { request, peer, _ in
                if request.path == "/held" { release.wait() }
                return peer.answer("x")
            }
            defer { origin.stop() }
            defer { release.open() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port) { $0.maxConnections = 3 }]))
            var clients: [Peer] = []
            for number in 1...2 {
                let client = try Peer(to: running.port())
                client.send("GET /held HTTP/1.1\r\nHost: test\r\n\r\n")
                try #require(eventually { origin.requests.load(ordering: .relaxed) == number })
                clients.append(client)
            }
            #expect(try Peer(to: running.port()).get()?.text == "x")
            #expect(eventually { running.log.all.map(\.serverConnections) == [2] })
            // The third place and one in the queue.
            for number in 3...4 {
                let client = try Peer(to: running.port())
                client.send("GET /held HTTP/1.1\r\nHost: test\r\n\r\n")
                clients.append(client)
                try #require(
                    eventually { running.order("s").served + running.queued() == number })
            }
            release.open()
            for client in clients { #expect(client.readResponse()?.text == "x") }
            #expect(eventually { running.log.all.count == 5 })
            #expect(running.log.all.map(\.serverConnections).sorted() == [0, 1, 2, 2, 2])
        }

        @Test func `who waits too long gets 503, and the place goes to the next`() throws {
            let held = Held()
            let origin = try TestOrigin.http { request, peer, _ in held.serve(request, peer) }
            defer { origin.stop() }
            defer { held.releaseAll() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port) { $0.maxConnections = 1 }]) {
                    $0.timeouts.queue = 100
                })
            let first = try Peer(to: running.port())
            first.send("GET /first HTTP/1.1\r\nHost: test\r\n\r\n")
            try #require(eventually { held.begun.withLock { $0.count } == 1 })
            let late = try Peer(to: running.port())
            #expect(late.get("/late")?.status == 503)
            #expect(running.queued() == 0)
            held.releaseAll()
            #expect(first.readResponse()?.text == "/first")
            #expect(late.get("/again")?.text == "/again", "the connection goes on after the 503")
            #expect(held.begun.withLock { $0 } == ["/first", "/again"])
            #expect(running.log.all.first?.ending == "sQ")
        }

        @Test func `a client that leaves the queue frees its place`() throws {
            let held = Held()
            let origin = try TestOrigin.http { request, peer, _ in held.serve(request, peer) }
            defer { origin.stop() }
            defer { held.releaseAll() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port) { $0.maxConnections = 1 }]) {
                    $0.options.insert(.abortOnClose)
                })
            let clients = try (0..<4).map { number in
                let client = try Peer(to: running.port())
                client.send("GET /\(number) HTTP/1.1\r\nHost: test\r\n\r\n")
                try #require(
                    eventually {
                        number == 0
                            ? held.begun.withLock { $0.count } == 1 : running.queued() == number
                    })
                return client
            }
            clients[1].close()
            #expect(eventually { running.queued() == 2 }, "a close, with option abortonclose")
            clients[2].reset()
            #expect(eventually { running.queued() == 1 }, "a reset")
            held.releaseAll()
            #expect(clients[0].readResponse()?.text == "/0")
            #expect(clients[3].readResponse()?.text == "/3")
            #expect(held.begun.withLock { $0 } == ["/0", "/3"])
            #expect(running.log.endings.filter { $0 == "CQ" }.count == 2)
        }

        @Test func `the turn of a stream that is gone is passed on`() throws {
            let held = Held()
            let origin = try TestOrigin.http { request, peer, _ in held.serve(request, peer) }
            defer { origin.stop() }
            defer { held.releaseAll() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port) { $0.maxConnections = 1 }]))
            let first = try Peer(to: running.port())
            first.send("GET /first HTTP/1.1\r\nHost: test\r\n\r\n")
            try #require(eventually { held.begun.withLock { $0.count } == 1 })
            let waiting = try Peer(to: running.port())
            waiting.send("GET /waiting HTTP/1.1\r\nHost: test\r\n\r\n")
            try #require(eventually { running.queued() == 1 })
            // A stream that never was: its grant comes back and goes to the one that waits.
            let backend = running.backend()
            _ = backend.order.withLock { order in
                order.enqueue(QueuedStream(worker: 1, stream: .none, ordinal: -1))
            }
            held.releaseAll()
            #expect(first.readResponse()?.text == "/first")
            #expect(waiting.readResponse()?.text == "/waiting")
            let last = try Peer(to: running.port())
            #expect(last.get("/last")?.text == "/last")
            #expect(eventually { running.order("s").served == 0 && running.queued() == 0 })
        }

        @Test func `a limit raised at run time serves those who wait`() throws {
            let held = Held()
            let origin = try TestOrigin.http { request, peer, _ in held.serve(request, peer) }
            defer { origin.stop() }
            defer { held.releaseAll() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port) { $0.maxConnections = 1 }]))
            let clients = try (0..<3).map { number in
                let client = try Peer(to: running.port())
                client.send("GET /\(number) HTTP/1.1\r\nHost: test\r\n\r\n")
                return client
            }
            try #require(eventually { running.queued() == 2 })
            running.change("s") { $0.maxConnections = 3 }
            #expect(eventually { held.begun.withLock { $0.count } == 3 })
            held.releaseAll()
            for client in clients { #expect(client.readResponse()?.status == 200) }
        }

        @Test func `clients that come and go at random leave no place taken`() throws {
            let origin = try TestOrigin.http { request, peer, _ in
                usleep(500)
                return peer.answer(request.path)
            }
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([
                    Setup.server("a", origin.port) { $0.maxConnections = 2 },
                    Setup.server("b", origin.port) { $0.maxConnections = 1 },
                ]) { $0.options.insert(.abortOnClose) })
            let port = running.port()
            let threads = (0..<8).map { thread in
                WorkerThread.start(cores: []) {
                    for round in 0..<60 {
                        guard let client = try? Peer(to: port) else { continue }
                        client.send("GET /\(round) HTTP/1.1\r\nHost: test\r\n\r\n")
                        switch (round + thread) % 4 {
                        case 0: client.reset()
                        case 1:
                            usleep(UInt32(round * 37 % 1500))
                            client.close()
                        default:
                            if client.readResponse()?.status != 200 {
                                Issue.record("no answer in round \(round)")
                            }
                        }
                    }
                }
            }
            for thread in threads { thread.join() }
            #expect(
                eventually {
                    running.queued() == 0 && running.order("a").served == 0
                        && running.order("b").served == 0
                })
            #expect(running.order("a").servedMax <= 2 && running.order("b").servedMax <= 1)
            #expect(eventually { running.frontend().connections.load(ordering: .relaxed) == 0 })
            let last = try Peer(to: port)
            #expect(last.get()?.status == 200)
        }
    }
}
