// Clients that want nothing more than one response are not watched while they wait for it. What
// they do meanwhile is to be noticed all the same.

import Kernel
@testable import Proxy
import Testing

extension EngineTests {
    @Suite struct UnwatchedClientTests {
        private let request = "GET /held HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"

        @Test func `a client that resets while it waits is noticed`() throws {
            let origin = try TestOrigin { peer, _ in _ = peer.readToEnd() }
            defer { origin.stop() }
            let running = try RunningEngine(Setup.http([Setup.server("s", origin.port)]))
            let client = try Peer(to: running.port())
            client.send(request)
            try #require(eventually { origin.open == 1 })
            client.reset()
            #expect(eventually { origin.open == 0 })
            #expect(eventually { running.log.endings == ["CH"] })
        }

        @Test func `what comes behind a last request does not destroy its reply`() throws {
            let release = Gate()
            let origin = try TestOrigin.http { request, peer, _ in
                if request.path == "/held" { release.wait() }
                return peer.answer("x")
            }
            defer { origin.stop() }
            defer { release.open() }
            let running = try RunningEngine(
                Setup.http([Setup.server("s", origin.port)]), workers: 1)
            // The first turn of a worker sweeps; the next sweep is a second away.
            let first = try Peer(to: running.port())
            #expect(first.get()?.text == "x")
            let client = try Peer(to: running.port())
            client.send(request)
            try #require(eventually { origin.requests.load(ordering: .relaxed) == 2 })
            client.send("unasked for")
            release.open()
            #expect(client.readResponse()?.text == "x")
            let (rest, end) = client.readToEnd()
            #expect(rest.isEmpty && end == .ended)
        }
    }
}
