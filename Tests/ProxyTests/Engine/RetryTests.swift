// `retry-on`: requests that are tried again after they were sent.

import FreePorts
import Kernel
@testable import Proxy
import Synchronization
import Testing

extension EngineTests {
    @Suite struct RetryTests {
        /// What an origin does instead of answering well.
        enum Misdeed: String, CaseIterable, Sendable {
            case empty, partialHead, junk, silence, status503, status404

            /// The word of `retry-on` for it.
            var cause: RetryCauses {
                switch self {
                case .empty: .emptyResponse
                case .partialHead, .junk: .junkResponse
                case .silence: .responseTimeout
                case .status503: .status(503)
                case .status404: .status(404)
                }
            }

            /// The client's answer when nothing helps.
            var status: Int {
                switch self {
                case .empty, .partialHead, .junk: 502
                case .silence: 504
                case .status503: 503
                case .status404: 404
                }
            }

            /// Does it; false ends the connection.
            func commit(_ peer: Peer) -> Bool {
                switch self {
                case .empty: return false
                case .partialHead:
                    peer.send("HTTP/1.1 2")
                    return false
                case .junk:
                    peer.send("hello world\r\n\r\n")
                    return false
                case .silence:
                    _ = peer.readToEnd()
                    return false
                case .status503: return peer.answer("no", status: 503)
                case .status404: return peer.answer("no", status: 404)
                }
            }
        }

        /// An origin that fails its first `failures` requests, and says how often it was asked
        /// and with which body.
        private func origin(_ misdeed: Misdeed, failures: Int) throws -> TestOrigin {
            try TestOrigin.http { request, peer, origin in
                let count = origin.requests.load(ordering: .relaxed)
                if count <= failures { return misdeed.commit(peer) }
                let body = String(decoding: request.body, as: UTF8.self)
                return peer.answer("\(count) \(request.method) \(body)")
            }
        }

        /// Answers are waited for briefly only where an origin keeps silent: on a busy machine
        /// another misdeed would come behind that time, and be taken for silence.
        private func running(
            _ origins: [TestOrigin], _ causes: RetryCauses, misdeed: Misdeed = .empty,
            _ change: (inout ProxyConfiguration) -> Void = { _ in }
        ) throws -> RunningEngine {
            let servers = origins.enumerated().map { Setup.server("s\($0)", $1.port) }
            return try RunningEngine(
                Setup.http(servers) {
                    $0.retryOn = causes
                    $0.timeouts.server = misdeed == .silence ? 300 : 30_000
                    change(&$0)
                }, workers: 1)
        }

        @Test(arguments: Misdeed.allCases)
        func `a failure that retry-on names is tried again on the same server`(
            misdeed: Misdeed
        ) throws {
            let origin = try origin(misdeed, failures: 2)
            defer { origin.stop() }
            let running = try running([origin], misdeed.cause, misdeed: misdeed)
            let client = try Peer(to: running.port())
            #expect(client.get("/a")?.text == "3 GET ")
            #expect(client.get("/b")?.text == "4 GET ")
            #expect(eventually { running.log.all.map(\.retries) == [2, 0] })
            #expect(running.log.endings == ["--", "--"])
            #expect(running.server("s0").counters.value(.retries) == 2)
            #expect(running.backend().counters.value(.retries) == 2)
            #expect(eventually { running.order("s0").served == 0 })
        }

        @Test(arguments: Misdeed.allCases)
        func `the last failure reaches the client when the tries are spent`(
            misdeed: Misdeed
        ) throws {
            let origin = try origin(misdeed, failures: .max)
            defer { origin.stop() }
            let running = try running([origin], misdeed.cause, misdeed: misdeed) { $0.retries = 2 }
            let response = try #require(try Peer(to: running.port()).get("/"))
            #expect(response.status == misdeed.status)
            #expect(origin.requests.load(ordering: .relaxed) == 3)
            #expect(eventually { running.log.all.map(\.retries) == [2] })
        }

        @Test(arguments: Misdeed.allCases)
        func `a failure that retry-on does not name is not tried again`(misdeed: Misdeed) throws {
            let origin = try origin(misdeed, failures: .max)
            defer { origin.stop() }
            var causes = RetryCauses.allRetryable.union(.status(404)).subtracting(misdeed.cause)
            if misdeed == .status404 { causes.insert(.status(403)) }
            let running = try running([origin], causes, misdeed: misdeed)
            #expect(try Peer(to: running.port()).get("/")?.status == misdeed.status)
            #expect(origin.requests.load(ordering: .relaxed) == 1)
        }

        @Test(arguments: ["POST", "PUT"], [Misdeed.empty, .status503, .silence])
        func `a body is sent again`(method: String, misdeed: Misdeed) throws {
            let origin = try origin(misdeed, failures: 2)
            defer { origin.stop() }
            let running = try running([origin], .allRetryable, misdeed: misdeed)
            let client = try Peer(to: running.port())
            client.send("\(method) / HTTP/1.1\r\nHost: t\r\nContent-Length: 11\r\n\r\nhello ")
            client.send("world")
            #expect(client.readResponse()?.text == "3 \(method) hello world")
            #expect(client.get("/next")?.text == "4 GET ")
        }

        @Test func `a body that is still on its way goes on behind what is sent again`() throws {
            let isAnswered = Gate()
            let origin = try TestOrigin { peer, origin in
                let index = origin.requests.add(1, ordering: .relaxed).oldValue
                guard peer.readHead() != nil, let first = peer.read(5) else { return }
                if index == 0 {
                    // The first connection dies in the middle of the body.
                    isAnswered.open()
                    return
                }
                guard let second = peer.read(5) else { return }
                peer.answer(String(decoding: first + second, as: UTF8.self))
            }
            defer { origin.stop() }
            let running = try running([origin], .emptyResponse)
            let client = try Peer(to: running.port())
            client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nfirst")
            #expect(isAnswered.wait())
            #expect(eventually { origin.requests.load(ordering: .relaxed) == 2 })
            client.send("after")
            #expect(client.readResponse()?.text == "firstafter")
        }

        @Test func `a chunked body is sent again as it was`() throws {
            let origin = try TestOrigin { peer, origin in
                let index = origin.requests.add(1, ordering: .relaxed).oldValue
                guard peer.readHead() != nil, let body = peer.read(27) else { return }
                if index < 1 { return }
                peer.answer(String(decoding: body, as: UTF8.self))
            }
            defer { origin.stop() }
            let running = try running([origin], .emptyResponse)
            let client = try Peer(to: running.port())
            let body = "6\r\nchunks\r\n6\r\nagain!\r\n0\r\n\r\n"
            client.send(
                "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
            #expect(client.readResponse()?.text == body)
        }

        @Test func `a request larger than a buffer is not tried again`() throws {
            let origin = try origin(.status503, failures: .max)
            defer { origin.stop() }
            let running = try running([origin], .status(503))
            let client = try Peer(to: running.port())
            client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 20000\r\n\r\n")
            client.send([UInt8](repeating: 0x61, count: 20_000))
            #expect(client.readResponse()?.status == 503)
            #expect(origin.requests.load(ordering: .relaxed) == 1)
            #expect(eventually { running.log.all.map(\.retries) == [0] })
        }

        @Test func `option redispatch moves on to another server`() throws {
            let bad = try origin(.status503, failures: .max)
            let good = try origin(.status503, failures: 0)
            defer {
                bad.stop()
                good.stop()
            }
            let running = try running([bad, good], .status(503)) {
                $0.options.insert(.redispatch)
                $0.redispatchAfter = -1
            }
            for _ in 0..<4 {
                #expect(try Peer(to: running.port()).get("/")?.status == 200)
            }
            #expect(eventually { running.log.all.count == 4 })
            #expect(running.log.all.contains { $0.wasRedispatched && $0.retries == 1 })
            #expect(running.backend().counters.value(.redispatches) > 0)
            #expect(eventually { running.order("s0").served + running.order("s1").served == 0 })
        }

        @Test func `an interim response does not keep a request from being tried again`() throws {
            let origin = try TestOrigin.http { _, peer, origin in
                peer.send("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n")
                let isFirst = origin.requests.load(ordering: .relaxed) == 1
                return peer.answer("done", status: isFirst ? 503 : 200)
            }
            defer { origin.stop() }
            let running = try running([origin], .status(503))
            let client = try Peer(to: running.port())
            client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
            #expect(client.readHead()?.hasPrefix("HTTP/1.1 103") == true)
            #expect(client.readHead()?.hasPrefix("HTTP/1.1 103") == true)
            #expect(client.readResponse()?.text == "done")
            #expect(origin.requests.load(ordering: .relaxed) == 2)
        }

        @Test(arguments: [([] as RetryCauses, 0), (.status(503), 0), (.connectionFailure, 2)])
        func `a refused connection is tried again only where conn-failure says so`(
            causes: RetryCauses, tries: Int
        ) throws {
            let port = UInt16(try FreePorts.take())
            let running = try RunningEngine(
                Setup.http([Setup.server("s", port)]) {
                    $0.retryOn = causes
                    $0.retries = 2
                    $0.timeouts.connect = 50
                }, workers: 1)
            #expect(try Peer(to: running.port()).get("/")?.status == 503)
            #expect(eventually { running.log.all.map(\.retries) == [tries] })
            #expect(running.log.endings == ["SC"])
        }
    }
}
