// Timeouts, short ones: what expires first decides the outcome; how long it took is not asked.

import Glibc
import Kernel
@testable import Proxy
import Testing

extension EngineTests {
    @Suite struct TimeoutTests {
        @Test func `a client that sends nothing or half a head gets 408`() throws {
            let running = try RunningEngine(
                Setup.http([Setup.server("s", 1)]) { $0.timeouts.httpRequest = 100 })
            let silent = try Peer(to: running.port())
            let half = try Peer(to: running.port())
            half.send("GET / HTTP/1.1\r\nHost: te")
            for client in [silent, half] {
                let response = client.readResponse()
                #expect(response?.status == 408 && response?.closes == true)
                #expect(client.readToEnd().end == .ended)
            }
            #expect(eventually { running.log.endings == ["cR", "cR"] })
        }

        @Test func `slow bytes of a head do not move its end`() throws {
            let running = try RunningEngine(
                Setup.http([Setup.server("s", 1)]) { $0.timeouts.httpRequest = 150 })
            let client = try Peer(to: running.port())
            var response = false
            for _ in 0..<200 where !response {
                client.send("G")
                response = client.isReadable(within: 10)
            }
            #expect(response)
            #expect(client.readResponse()?.status == 408)
        }

        @Test func `an idle kept connection is closed without a word`() throws {
            let origin = try TestOrigin.text("x")
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]) { $0.timeouts.httpKeepAlive = 100 })
            let client = try Peer(to: running.port())
            #expect(client.get()?.text == "x")
            let (bytes, end) = client.readToEnd()
            #expect(bytes.isEmpty && end == .ended)
            #expect(running.log.all.count == 1)
        }

        @Test func `a server that does not answer costs 504`() throws {
            let origin = try TestOrigin { peer, _ in _ = peer.readToEnd() }
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]) { $0.timeouts.server = 100 })
            let client = try Peer(to: running.port())
            #expect(client.get()?.status == 504)
            #expect(eventually { running.log.endings == ["sH"] })
            #expect(eventually { origin.open == 0 }, "the server's connection is closed")
        }

        @Test func `a server that falls silent behind an interim response costs 504`() throws {
            let origin = try TestOrigin { peer, _ in
                guard peer.readHead() != nil else { return }
                peer.send("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n")
                _ = peer.readToEnd()
            }
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]) { $0.timeouts.server = 100 })
            let client = try Peer(to: running.port())
            client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
            #expect(client.readHead()?.hasPrefix("HTTP/1.1 103") == true)
            #expect(client.readResponse()?.status == 504)
            #expect(eventually { running.log.endings == ["sH"] })
        }

        @Test func `a client that does not take our reply does not hide what the reply is about`()
            throws
        {
            let origin = try TestOrigin { peer, _ in _ = peer.readToEnd() }
            defer { origin.stop() }
            var configuration = Setup.http([Setup.server("s", origin.port)]) {
                $0.timeouts.server = 50
                $0.timeouts.client = 300
                let head = "HTTP/1.0 504 Late\r\nContent-Length: 100000\r\n\r\n"
                $0.errorReplies[504] = Array(head.utf8) + [UInt8](repeating: 0x61, count: 100_000)
            }
            configuration.global.tuning.bufferBytes = 131_072
            configuration.global.tuning.sendBufferClientBytes = 2048
            let running = try RunningEngine(configuration)
            let client = try Peer(to: running.port(), receiveBytes: 2048)
            client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
            #expect(eventually { running.log.endings == ["sH"] })
            #expect(client.readToEnd().bytes.count < 100_000)
        }

        @Test func `a server that stops in mid body ends the connection`() throws {
            let origin = try TestOrigin.http { _, peer, _ in
                peer.send("HTTP/1.1 200 Fine\r\nContent-Length: 10\r\n\r\n12345")
                _ = peer.readToEnd()
                return false
            }
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]) { $0.timeouts.server = 100 })
            let client = try Peer(to: running.port())
            client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            #expect(client.readHead() != nil)
            #expect(client.readToEnd().bytes == Array("12345".utf8))
            #expect(eventually { running.log.endings == ["sD"] })
        }

        @Test func `a client that stops in mid body gets 408`() throws {
            let origin = try TestOrigin { peer, _ in _ = peer.readToEnd() }
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]) { $0.timeouts.client = 100 })
            let client = try Peer(to: running.port())
            client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n12345")
            #expect(client.readResponse()?.status == 408)
            #expect(eventually { running.log.endings == ["cD"] })
        }

        @Test func `a client that does not read its answer is let go`() throws {
            let origin = try TestOrigin.http { _, peer, _ in
                peer.send("HTTP/1.1 200 Fine\r\nContent-Length: 60000000\r\n\r\n")
                let block = [UInt8](repeating: 65, count: 1 << 20)
                while peer.send(block) {}
                return false
            }
            defer { origin.stop() }
            var configuration = Setup.http([Setup.server("s", origin.port)]) {
                $0.timeouts.client = 150
            }
            configuration.global.tuning.sendBufferClientBytes = 16384
            let running = try RunningEngine(configuration)
            let client = try Peer(to: running.port(), receiveBytes: 4096)
            client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
            #expect(eventually { running.log.endings == ["cD"] })
            #expect(eventually { origin.open == 0 })
        }

        @Test func `a connection that does not stand in time is tried again and then given up`()
            throws
        {
            let full = try FullBacklog()
            let running = try RunningEngine(
                Setup.http([Setup.server("s", full.port)]) {
                    $0.timeouts.connect = 60
                    $0.retries = 2
                })
            let client = try Peer(to: running.port())
            #expect(client.get()?.status == 503)
            #expect(eventually { running.log.endings == ["sC"] })
            #expect(running.backend().counters.value(.retries) == 2)
            #expect(running.backend().counters.value(.connectionErrors) == 1)
        }

        @Test func `a connect timeout moves the request to another server`() throws {
            let full = try FullBacklog()
            let origin = try TestOrigin.text("other")
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", full.port), Setup.server("t", origin.port)]) {
                    $0.timeouts.connect = 60
                    $0.options.insert(.redispatch)
                    $0.redispatchAfter = 1
                })
            for _ in 0..<4 {
                let client = try Peer(to: running.port())
                #expect(client.get()?.text == "other")
            }
            #expect(running.backend().counters.value(.redispatches) >= 2)
        }

        @Test func `a silent tunnel ends by its own timeout, in TCP by the nearer side's`() throws {
            let origin = try TestOrigin.echo()
            defer { origin.stop() }
            for (timeouts, ending) in [("tunnel", "sD"), ("client", "cD"), ("server", "sD")] {
                let running = try RunningEngine(
                    Setup.tcp([Setup.server("s", origin.port)]) {
                        $0.timeouts.client = timeouts == "client" ? 100 : 10_000
                        $0.timeouts.server = timeouts == "server" ? 100 : 10_000
                        $0.timeouts.tunnel = timeouts == "tunnel" ? 100 : 0
                    })
                let client = try Peer(to: running.port())
                client.send("x")
                #expect(client.read(1) == [120])
                let end = client.readToEnd()
                #expect(end.bytes.isEmpty && end.end != .silent)
                #expect(eventually { running.log.endings == [ending] }, "timeout \(timeouts)")
            }
        }

        @Test func `traffic keeps a tunnel alive`() throws {
            let origin = try TestOrigin.echo()
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.tcp([Setup.server("s", origin.port)]) {
                    $0.timeouts.client = 300
                    $0.timeouts.server = 300
                })
            let client = try Peer(to: running.port())
            for _ in 0..<30 {
                client.send("x")
                #expect(client.read(1) == [120])
                usleep(20_000)
            }
        }

        @Test func `after the server's end client-fin is the patience for the client`() throws {
            let origin = try TestOrigin { peer, _ in
                peer.send("bye")
                peer.shutdownSending()
                _ = peer.readToEnd()
            }
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.tcp([Setup.server("s", origin.port)]) { $0.timeouts.clientFin = 100 })
            let client = try Peer(to: running.port())
            #expect(client.readToEnd().bytes == Array("bye".utf8))
            #expect(eventually { running.log.endings == ["cD"] })
            #expect(eventually { origin.open == 0 })
        }
    }
}

/// A port whose backlog is full, so that connections to it stay under way.
private final class FullBacklog {
    let port: UInt16
    private let listening: Int32
    private var clients: [Int32] = []

    init() throws {
        let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listening = listening
        _ = loopback(0).withSocketAddress { Glibc.bind(listening, $0, $1) }
        listen(listening, 0)
        var address = RawSocketAddress()
        _ = address.withMutableSocketAddress { getsockname(listening, $0, $1) }
        port = address.port
        // The kernel takes one more than the backlog; further ones wait for ever.
        for _ in 0..<3 {
            let flags = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue)
            let client = socket(AF_INET, flags, 0)
            _ = loopback(port).withSocketAddress { Glibc.connect(client, $0, $1) }
            clients.append(client)
            usleep(1000)
        }
    }

    deinit {
        for client in clients { close(client) }
        close(listening)
    }
}
