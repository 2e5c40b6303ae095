// TCP relays: ends passed on one way at a time, large transfers with and without splice(2), and
// sides of different speed.

import Glibc
@testable import Proxy
import Testing

extension EngineTests {
    @Suite struct RelayTests {
        @Test func `the client's end is passed on while the server still speaks`() throws {
            let origin = try TestOrigin { peer, _ in
                let (bytes, end) = peer.readToEnd()
                guard end == .ended else { return }
                peer.send("got \(bytes.count)")
            }
            defer { origin.stop() }
            let running = try RunningEngine(Setup.tcp([Setup.server("s", origin.port)]))
            let client = try Peer(to: running.port())
            client.send("question")
            client.shutdownSending()
            let (bytes, end) = client.readToEnd()
            #expect(String(decoding: bytes, as: UTF8.self) == "got 8" && end == .ended)
            #expect(eventually { running.log.endings == ["--"] })
        }

        @Test func `the server's end is passed on while the client still speaks`() throws {
            let received = Gate()
            let origin = try TestOrigin { peer, _ in
                peer.send("greeting")
                peer.shutdownSending()
                let (bytes, end) = peer.readToEnd()
                if bytes == Array("late words".utf8) && end == .ended { received.open() }
            }
            defer { origin.stop() }
            let running = try RunningEngine(Setup.tcp([Setup.server("s", origin.port)]))
            let client = try Peer(to: running.port())
            let (bytes, end) = client.readToEnd()
            #expect(String(decoding: bytes, as: UTF8.self) == "greeting" && end == .ended)
            client.send("late ")
            client.send("words")
            client.shutdownSending()
            #expect(received.wait())
            #expect(eventually { running.log.endings == ["--"] })
        }

        @Test func `a reset of either side ends the other`() throws {
            let origin = try TestOrigin { peer, origin in
                if peer.read(1) == [UInt8(ascii: "r")] {
                    peer.reset()
                } else {
                    origin.requests.add(1, ordering: .relaxed)
                    _ = peer.readToEnd()
                }
            }
            defer { origin.stop() }
            let running = try RunningEngine(Setup.tcp([Setup.server("s", origin.port)]))
            let first = try Peer(to: running.port())
            first.send("r")
            #expect(first.readToEnd().end != .silent)
            #expect(eventually { running.log.endings == ["SD"] })
            let second = try Peer(to: running.port())
            second.send("x")
            // Bytes flow in the second stream, and the first one is gone.
            try #require(
                eventually {
                    origin.requests.load(ordering: .relaxed) == 1 && origin.open == 1
                })
            second.reset()
            #expect(eventually { origin.open == 0 })
            #expect(eventually { running.log.endings == ["SD", "CD"] })
        }

        @Test func `a server's last words arrive though it does not listen any more`() throws {
            let origin = try TestOrigin { peer, _ in
                _ = peer.read(1)
                peer.send("bye")
                // What the client still sends makes this a reset.
            }
            defer { origin.stop() }
            let running = try RunningEngine(Setup.tcp([Setup.server("s", origin.port)]))
            var lost = 0
            for _ in 0..<300 {
                let client = try Peer(to: running.port())
                client.send("x")
                while !client.isReadable(within: 0), client.send("more") {}
                if client.readToEnd().bytes != Array("bye".utf8) { lost += 1 }
            }
            #expect(lost == 0)
        }

        @Test(arguments: [true, false])
        func `32 MB go both ways at once, byte for byte`(usesSplice: Bool) throws {
            let size = 32 << 20
            let origin = try TestOrigin { peer, _ in
                // Sends while it receives, and says at the end what it got.
                let sender = WorkerThread.start(cores: []) {
                    Pattern.send(size, seed: 2, over: peer)
                    peer.shutdownSending()
                }
                let fault = Pattern.receive(size, seed: 1, from: peer)
                if let fault { Issue.record("the server got \(fault)") }
                sender.join()
            }
            defer { origin.stop() }
            var configuration = Setup.tcp([Setup.server("s", origin.port)])
            configuration.global.usesSplice = usesSplice
            let running = try RunningEngine(configuration)
            let client = try Peer(to: running.port())
            let sender = WorkerThread.start(cores: []) {
                Pattern.send(size, seed: 1, over: client)
                client.shutdownSending()
            }
            let fault = Pattern.receive(size, seed: 2, from: client)
            #expect(fault == nil)
            sender.join()
            #expect(eventually { running.log.endings == ["--"] })
            #expect(eventually { origin.open == 0 }, "the server has read to the end")
            #expect(running.frontend().counters.value(.bytesIn) == UInt64(size))
            #expect(running.frontend().counters.value(.bytesOut) == UInt64(size))
            let spliced = running.engine.live.process.counters.value(.splicedBytes)
            #expect((spliced > UInt64(size)) == usesSplice, "\(spliced) bytes were spliced")
        }

        @Test(arguments: [true, false])
        func `32 MB come through HTTP, byte for byte, and the connection goes on`(
            usesSplice: Bool
        ) throws {
            let size = 32 << 20
            let origin = try TestOrigin.http { request, peer, _ in
                guard request.path == "/large" else { return peer.answer("small") }
                peer.send("HTTP/1.1 200 Large\r\nContent-Length: \(size)\r\n\r\n")
                return Pattern.send(size, seed: 3, over: peer)
            }
            defer { origin.stop() }
            var configuration = Setup.http([Setup.server("s", origin.port)])
            configuration.global.usesSplice = usesSplice
            let running = try RunningEngine(configuration)
            let client = try Peer(to: running.port())
            for _ in 0..<2 {
                client.send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n")
                #expect(client.readHead() != nil)
                #expect(Pattern.receive(size, seed: 3, from: client, toEnd: false) == nil)
                #expect(client.get("/small")?.text == "small")
            }
            #expect(origin.accepted.load(ordering: .relaxed) == 1)
        }

        @Test(arguments: [true, false])
        func `a slow reader holds the sender back and loses nothing`(usesSplice: Bool) throws {
            let size = 3 << 20
            let origin = try TestOrigin { peer, _ in
                Pattern.send(size, seed: 4, over: peer)
                peer.shutdownSending()
                _ = peer.readToEnd()
            }
            defer { origin.stop() }
            var configuration = Setup.tcp([Setup.server("s", origin.port)])
            configuration.global.usesSplice = usesSplice
            configuration.global.tuning.sendBufferClientBytes = 16384
            let running = try RunningEngine(configuration)
            let client = try Peer(to: running.port(), receiveBytes: 4096)
            client.shutdownSending()
            // A pause now and then, so that every buffer on the way fills up.
            let fault = Pattern.receive(size, seed: 4, from: client, piece: 4096) { received in
                if received % (1 << 19) < 4096 { usleep(10_000) }
            }
            #expect(fault == nil)
        }

        @Test func `a writer of single bytes is heard at once`() throws {
            let origin = try TestOrigin.echo()
            defer { origin.stop() }
            let running = try RunningEngine(Setup.tcp([Setup.server("s", origin.port)]))
            let client = try Peer(to: running.port())
            for number in 0..<200 {
                client.send([UInt8(number)])
                #expect(client.read(1) == [UInt8(number)])
            }
        }
    }
}

/// Bytes that tell where they belong.
enum Pattern {
    static func block(_ start: Int, _ count: Int, seed: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { room, filled in
            var index = 0
            while index < count {
                let place = start &+ index
                room[index] = UInt8(
                    truncatingIfNeeded: (place &* 31 &+ seed) ^ (place &>> 8) ^ (place &>> 16))
                index &+= 1
            }
            filled = count
        }
    }

    @discardableResult
    static func send(_ size: Int, seed: Int, over peer: Peer) -> Bool {
        var sent = 0
        while sent < size {
            let count = min(1 << 20, size - sent)
            guard peer.send(block(sent, count, seed: seed)) else { return false }
            sent += count
        }
        return true
    }

    /// What is wrong with what came; nil when all is right.
    static func receive(
        _ size: Int, seed: Int, from peer: Peer, toEnd: Bool = true, piece: Int = 65536,
        _ progress: (Int) -> Void = { _ in }
    ) -> String? {
        var received = 0
        while received < size {
            let count = min(piece, size - received)
            guard let bytes = peer.read(count) else { return "an end at \(received)" }
            if bytes != block(received, count, seed: seed) { return "other bytes at \(received)" }
            received += count
            progress(received)
        }
        if toEnd {
            let rest = peer.readToEnd()
            if !rest.bytes.isEmpty || rest.end != .ended { return "\(rest.bytes.count) too many" }
        }
        return nil
    }
}
