// Server connections that die while they are used again: what may be asked twice is asked again
// over a new connection, and the client's connection lives on.

import Kernel
@testable import Proxy
import Synchronization
import Testing

extension EngineTests {
    @Suite struct ReplayTests {
        /// How an origin parts after each answer that does not speak of it.
        enum Parting: CaseIterable {
            case end, halfClose, reset
        }

        @Test(arguments: Parting.allCases, [ReusePolicy.never, .safe, .aggressive, .always])
        func `a server that answers and leaves does not cost the client its connection`(
            parting: Parting, reuse: ReusePolicy
        ) throws {
            let origin = try TestOrigin.http { request, peer, _ in
                peer.answer(request.path)
                switch parting {
                case .end: return false
                case .halfClose:
                    peer.shutdownSending()
                    _ = peer.readToEnd()
                    return false
                case .reset:
                    peer.reset()
                    return false
                }
            }
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]) { $0.reuse = reuse })
            let client = try Peer(to: running.port())
            for round in 0..<200 {
                guard client.get("/\(round)")?.text == "/\(round)" else {
                    Issue.record("no answer in round \(round): \(running.log.all.suffix(2))")
                    break
                }
            }
            #expect(eventually { running.log.all.allSatisfy { $0.ending == "--" } })
            #expect(eventually { running.order("s").served == 0 })
        }

        /// An origin that answers `/first` and dies at the second request of a connection,
        /// before a byte of the answer or, with `late`, in its head.
        private func dying(late: Bool = false) throws -> TestOrigin {
            try TestOrigin.http { request, peer, _ in
                if request.path == "/first" { return peer.answer("first") }
                if peer.index > 0 {
                    return peer.answer(request.method == "HEAD" ? "" : "again")
                }
                if late { peer.send("HTTP/1.1 2") }
                return false
            }
        }

        @Test(arguments: ["GET", "HEAD", "OPTIONS", "DELETE"])
        func `a request that may be asked twice is asked again over a new connection`(
            method: String
        ) throws {
            let origin = try dying()
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]) { $0.reuse = .always }, workers: 1)
            let client = try Peer(to: running.port())
            #expect(client.get("/first")?.text == "first")
            client.send("\(method) /second HTTP/1.1\r\nHost: test\r\nX-A: b\r\n\r\n")
            let head = try #require(client.readHead())
            #expect(head.hasPrefix("HTTP/1.1 200"))
            if method != "HEAD" { #expect(client.read(5) == Array("again".utf8)) }
            #expect(client.get("/first")?.text == "first")
            #expect(origin.accepted.load(ordering: .relaxed) == 2)
            #expect(eventually { running.log.all.map(\.retries) == [0, 1, 0] })
            #expect(running.log.endings == ["--", "--", "--"])
        }

        @Test func `it is asked again for the first request of a client too`() throws {
            let origin = try dying()
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]) { $0.reuse = .always }, workers: 1)
            #expect(try Peer(to: running.port()).get("/first")?.text == "first")
            #expect(
                eventually { running.server("s").idleConnections.load(ordering: .relaxed) == 1 })
            #expect(try Peer(to: running.port()).get("/second")?.text == "again")
        }

        @Test(arguments: ["POST", "PATCH"])
        func `a request that may not be asked twice ends the client's connection`(
            method: String
        ) throws {
            let origin = try dying()
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]) { $0.reuse = .always }, workers: 1)
            let client = try Peer(to: running.port())
            #expect(client.get("/first")?.text == "first")
            client.send(
                "\(method) /second HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nab")
            #expect(client.readToEnd().bytes.isEmpty)
            #expect(origin.accepted.load(ordering: .relaxed) == 1)
            #expect(eventually { running.log.endings == ["--", "SL"] })
        }

        @Test func `an answer that has begun is not asked for again`() throws {
            let origin = try dying(late: true)
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]) { $0.reuse = .always }, workers: 1)
            let client = try Peer(to: running.port())
            #expect(client.get("/first")?.text == "first")
            #expect(client.get("/second")?.status == 502)
            #expect(origin.accepted.load(ordering: .relaxed) == 1)
        }

        @Test func `a request is asked again once`() throws {
            let origin = try TestOrigin.http { request, peer, _ in
                request.path == "/first" && peer.answer("first")
            }
            defer { origin.stop() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]) { $0.reuse = .always }, workers: 1)
            let client = try Peer(to: running.port())
            #expect(client.get("/first")?.text == "first")
            #expect(client.get("/second")?.status == 502)
            #expect(origin.accepted.load(ordering: .relaxed) == 2)
            #expect(running.order("s").served == 0)
        }
    }
}
