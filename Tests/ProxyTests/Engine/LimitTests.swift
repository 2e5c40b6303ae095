// Limits on connections and descriptors: accepting pauses and goes on; and the two ways to stop.

import Glibc
import Kernel
@testable import Proxy
import Synchronization
import Testing

extension EngineTests {
    @Suite struct LimitTests {
        @Test(arguments: ["frontend", "global"])
        func `clients beyond maxconn wait until others leave`(place: String) throws {
            let origin = try TestOrigin.echo()
            defer { origin.stop() }
            var configuration = Setup.tcp([Setup.server("s", origin.port)]) {
                if place == "frontend" { $0.maxConnections = 4 }
            }
            if place == "global" { configuration.global.maxConnections = 4 }
            let running = try RunningEngine(configuration)
            var inside: [Peer] = []
            for _ in 0..<4 {
                let client = try Peer(to: running.port())
                client.send("x")
                #expect(client.read(1) == [120])
                inside.append(client)
            }
            let waiting = try (0..<4).map { _ in
                let client = try Peer(to: running.port())
                client.send("y")
                return client
            }
            #expect(!waiting[0].isReadable(within: 200))
            #expect(running.frontend().connections.load(ordering: .relaxed) == 4)
            for number in 0..<4 {
                inside[number].close()
                #expect(waiting[number].read(1) == [121])
            }
            #expect(running.frontend().connectionsMax.load(ordering: .relaxed) == 4)
        }

        @Test func `a burst of clients does not get past the limit`() throws {
            let origin = try TestOrigin.http { _, peer, _ in
                usleep(1000)
                return peer.answer("x")
            }
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]) { $0.maxConnections = 3 })
            let port = running.port()
            let threads = (0..<12).map { _ in
                WorkerThread.start(cores: []) {
                    for _ in 0..<10 {
                        let client = try? Peer(to: port)
                        if client?.get("/", "Connection: close\r\n")?.status != 200 {
                            Issue.record("no answer")
                        }
                    }
                }
            }
            for thread in threads { thread.join() }
            #expect(running.frontend().connectionsMax.load(ordering: .relaxed) <= 3)
        }

        @Test func `clients one after another never count as two`() throws {
            let origin = try TestOrigin.text("x")
            defer { origin.stop() }
            let running = try RunningEngine(Setup.http([Setup.server("s", origin.port)]))
            for _ in 0..<100 {
                // Both workers see it when they begin to look.
                running.engine.setPaused(true)
                try #require(running.settle())
                let client = try Peer(to: running.port())
                running.engine.setPaused(false)
                #expect(client.get()?.text == "x")
                client.close()
                try #require(
                    eventually { running.frontend().connections.load(ordering: .relaxed) == 0 })
            }
            #expect(running.frontend().connectionsMax.load(ordering: .relaxed) == 1)
            #expect(running.engine.live.process.connectionsMax.load(ordering: .relaxed) == 1)
            #expect(eventually { running.frontend().places.load(ordering: .relaxed) == 0 })
        }

        @Test func `a full frontend does not hold up the others`() throws {
            let origin = try TestOrigin.echo()
            let web = try TestOrigin.text("x")
            defer { for origin in [origin, web] { origin.stop() } }
            var configuration = Setup.tcp([Setup.server("s", origin.port)]) {
                $0.name = "full"
                $0.maxConnections = 1
            }
            configuration.proxies += Setup.http([Setup.server("w", web.port)]).proxies
            let running = try RunningEngine(configuration)
            let inside = try Peer(to: running.port("full"))
            inside.send("x")
            #expect(inside.read(1) == [120])
            let outside = try Peer(to: running.port("full"))
            outside.send("y")
            for _ in 0..<20 {
                let client = try Peer(to: running.port())
                #expect(client.get()?.text == "x")
            }
            inside.close()
            #expect(outside.read(1) == [121])
        }

        @Test(arguments: ["rate-limit sessions", "maxconnrate", "maxsessrate"])
        func `sessions beyond a rate wait for their time`(limit: String) throws {
            let origin = try TestOrigin.text("x")
            defer { origin.stop() }
            var configuration = Setup.http([Setup.server("s", origin.port)]) {
                if limit == "rate-limit sessions" { $0.sessionRateLimit = 20 }
            }
            if limit == "maxconnrate" { configuration.global.maxConnectionRate = 20 }
            if limit == "maxsessrate" { configuration.global.maxSessionRate = 20 }
            let running = try RunningEngine(configuration)
            let begun = Clock.monotonic().milliseconds
            let clients = try (0..<50).map { _ in
                let client = try Peer(to: running.port())
                client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
                return client
            }
            // However the seconds lie, nobody is served before the rate allows it.
            let sessions = running.frontend().counters
            var count: UInt64 = 0
            while count < 50, Clock.monotonic().milliseconds - begun < 10_000 {
                let passed = Clock.monotonic().milliseconds - begun
                count = sessions.value(.sessions)
                #expect(count <= 21 + 20 * (passed + 20) / 1000)
                usleep(2000)
            }
            #expect(count == 50)
            for client in clients { #expect(client.readResponse()?.text == "x") }
            // Requests are not sessions.
            for _ in 0..<30 { #expect(clients[0].get()?.text == "x") }
        }

        @Test func `a rate counts any second, not only the clock's`() {
            let window = RateWindow()
            // From 900 ms on: the limit in the first second, then what has left the last second.
            var taken: [UInt64] = []
            for now in stride(from: 900 as UInt64, to: 4000, by: 10) {
                while window.take(now: now, limit: 10) { taken.append(now) }
            }
            #expect(taken.count { $0 == 900 } == 10)
            for now in taken {
                #expect(taken.count { $0 > now && $0 <= now + 1000 } <= 11)
            }
            #expect(taken.count >= 29)
            // After a pause nothing is remembered; what is given back may be taken again.
            #expect(window.take(now: 9000, limit: 1) && !window.take(now: 9500, limit: 1))
            window.giveBack(now: 9500)
            #expect(window.take(now: 9600, limit: 1) && !window.take(now: 9999, limit: 1))
            window.giveBack(now: 20_000)
            #expect(window.take(now: 20_000, limit: .max))
        }

        @Test func `a paused engine keeps its clients waiting and resumes`() throws {
            let origin = try TestOrigin.text("x")
            defer { origin.stop() }
            let running = try RunningEngine(Setup.http([Setup.server("s", origin.port)]))
            let early = try Peer(to: running.port())
            #expect(early.get()?.text == "x")
            running.engine.setPaused(true)
            // Workers take the pause up between two turns.
            usleep(20_000)
            let late = try Peer(to: running.port())
            late.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            #expect(!late.isReadable(within: 200))
            #expect(early.get()?.text == "x")
            running.engine.setPaused(false)
            #expect(late.readResponse()?.text == "x")
        }

        @Test func `a soft stop lets streams end, closes idle clients and refuses new ones`() throws
        {
            let release = Gate()
            let origin = try TestOrigin.http { request, peer, _ in
                if request.path == "/held" { release.wait() }
                return peer.answer("x")
            }
            defer { origin.stop() }
            defer { release.open() }
            let running = try RunningEngine(Setup.http([Setup.server("s", origin.port)]))
            let ended = Gate()
            running.engine.onStopped { ended.open() }
            let idle = try Peer(to: running.port())
            #expect(idle.get()?.text == "x")
            let busy = try Peer(to: running.port())
            busy.send("GET /held HTTP/1.1\r\nHost: test\r\n\r\n")
            try #require(eventually { origin.requests.load(ordering: .relaxed) == 2 })
            running.engine.stopListening()
            let (bytes, end) = idle.readToEnd()
            #expect(bytes.isEmpty && end == .ended)
            #expect(
                eventually {
                    guard let late = try? Peer(to: running.port()) else { return true }
                    late.close()
                    return false
                })
            release.open()
            let response = busy.readResponse()
            #expect(response?.text == "x" && response?.closes == true)
            #expect(busy.readToEnd().end == .ended)
            #expect(ended.wait())
            #expect(eventually { origin.open == 0 }, "pooled connections end too")
        }

        @Test func `a hard stop ends everything`() throws {
            let origin = try TestOrigin { peer, _ in _ = peer.readToEnd() }
            defer { origin.stop() }
            let running = try RunningEngine(Setup.http([Setup.server("s", origin.port)]))
            let ended = Gate()
            running.engine.onStopped { ended.open() }
            let busy = try Peer(to: running.port())
            busy.send("GET /held HTTP/1.1\r\nHost: test\r\n\r\n")
            try #require(eventually { origin.open == 1 })
            running.engine.stopNow()
            #expect(ended.wait())
            #expect(busy.readToEnd().end != .silent)
            #expect(eventually { origin.open == 0 })
            #expect(running.log.endings == ["KD"])
            #expect(running.frontend().connections.load(ordering: .relaxed) == 0)
            #expect(running.order("s").served == 0)
        }

        @Test func `out of descriptors accepting pauses, and goes on when some are free again`()
            async
        {
            // In a process of its own, whose limit may be lowered.
            await #expect(processExitsWith: .success) {
                do {
                    try LimitTests.useUpDescriptors()
                } catch {
                    Issue.record(error)
                }
            }
        }

        private static func useUpDescriptors() throws {
            // The process inherits descriptors of the one that runs the tests, with gaps between
            // them; some more, so that it always does.
            let inherited = (0..<100).map { _ in dup(0) }
            let origin = try TestOrigin.text("x")
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]) { $0.reuse = .always })
            let first = try Peer(to: running.port())
            #expect(first.get()?.text == "x")
            for number in inherited.prefix(3) { close(number) }
            var holders: [Int32] = []
            let limit = ResourceLimit(of: .descriptors)
            let highest = (0..<4096).last { fcntl($0, F_GETFD) >= 0 } ?? 0
            let most = UInt64(highest) + 40
            try ResourceLimit(soft: most, hard: limit.hard).apply(to: .descriptors)
            let waiting = try Peer(to: running.port())
            // Inside, so that no worker wants a descriptor while the last ones are taken.
            #expect(
                eventually { running.frontend().connections.load(ordering: .relaxed) == 2 })
            while true {
                let number = dup(0)
                if number < 0 { break }
                holders.append(number)
            }
            #expect(first.get()?.text == "x", "what stands goes on")
            // Enough for the client's own socket and no more.
            close(holders.removeLast())
            let late = try Peer(to: running.port())
            late.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            #expect(!late.isReadable(within: 300))
            for holder in holders { close(holder) }
            #expect(late.readResponse()?.text == "x")
            #expect(waiting.get()?.text == "x")
            try limit.apply(to: .descriptors)
            running.engine.stopNow()
            running.engine.join()
            origin.stop()
        }
    }
}
