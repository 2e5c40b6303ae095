// Bytes of one message that must never become part of another.

import Foundation
import Kernel
@testable import Proxy
import Synchronization
import Testing

extension EngineTests {
    @Suite struct MixUpTests {
        @Test(arguments: [8_000, 12_000, 16_000, 20_000, 24_000, 28_000, 32_000, 40_000, 48_000])
        func `the unsent rest of a body is never read as the next request`(bytes: Int) throws {
            let smuggled = Atomic<Int>(0)
            // Answers without reading the body, so that its rest stays in the proxy.
            let origin = try TestOrigin(receiveBytes: 2048) { peer, _ in
                guard let head = peer.readHead() else { return }
                if head.contains("/smuggled") { smuggled.add(1, ordering: .relaxed) }
                _ = peer.send("HTTP/1.1 413 Too large\r\nContent-Length: 3\r\n\r\nbig")
                while let next = peer.readHead() {
                    if next.hasPrefix("GET /smuggled") { smuggled.add(1, ordering: .relaxed) }
                    if next.contains("/smuggled") { return }
                }
            }
            defer { origin.stop() }
            var configuration = Setup.http([Setup.server("s", origin.port)])
            configuration.global.tuning.sendBufferServerBytes = 2048
            let running = try RunningEngine(configuration)
            let client = try Peer(to: running.port())
            let tail = "GET /smuggled HTTP/1.1\r\nHost: evil\r\n\r\n"
            let body = String(repeating: "\r\n", count: (bytes - tail.utf8.count) / 2) + tail
            client.send(
                "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + String(body.utf8.count, radix: 16) + "\r\n" + body + "\r\n0\r\n\r\n")
            let answer = String(decoding: client.readToEnd().bytes, as: UTF8.self)
            #expect(answer.components(separatedBy: "HTTP/1.1 ").count <= 2)
            #expect(running.log.all.count <= 1)
        }

        @Test func `bytes behind a response never reach another client`() throws {
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 16342\r\n\r\n"
            let first = head + String(repeating: "x", count: 16342)
            let surplus = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON"
            #expect(first.utf8.count == 16384)
            let origin = try TestOrigin { peer, _ in
                guard peer.readHead() != nil else { return }
                peer.send(first + surplus)
                while peer.readHead() != nil {
                    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")
                }
            }
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]) { $0.reuse = .always }, workers: 1)
            let attacker = try Peer(to: running.port())
            #expect(attacker.get()?.body.count == 16342)
            for _ in 0..<3 {
                let victim = try Peer(to: running.port())
                #expect(victim.get()?.text != "POISON")
            }
        }

        @Test func `a full frontend does not keep another from accepting`() throws {
            let origin = try TestOrigin.text("ok")
            defer { origin.stop() }
            var configuration = Setup.http([Setup.server("s", origin.port)])
            var full = configuration.proxies[0]
            full.name = "full"
            full.maxConnections = 1
            configuration.proxies.insert(full, at: 0)
            let running = try RunningEngine(configuration, workers: 1)
            let holder = try Peer(to: running.port("full"))
            #expect(holder.get()?.status == 200)
            let waiting = try Peer(to: running.port("full"))
            waiting.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            for _ in 0..<20 {
                let other = try Peer(to: running.port())
                #expect(other.get()?.status == 200)
            }
            holder.close()
            #expect(waiting.readResponse()?.status == 200)
        }

        @Test func `a client slower than the server's timeout gets its whole download`() throws {
            let size = 6 << 20
            let origin = try TestOrigin { peer, _ in
                guard peer.readHead() != nil else { return }
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
                peer.send([UInt8](repeating: 0x61, count: size))
                _ = peer.readHead()
            }
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]) {
                    $0.timeouts.server = 100
                    $0.timeouts.client = 10_000
                })
            let client = try Peer(to: running.port(), receiveBytes: 4096)
            client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            // Nothing is read for longer than the server's timeout.
            #expect(!eventually(within: 0.4) { !running.log.all.isEmpty })
            #expect(client.readResponse()?.body.count == size)
        }
    }
}
