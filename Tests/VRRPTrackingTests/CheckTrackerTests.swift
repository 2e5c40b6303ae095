// Built-in checks: connections and HTTP answers, over IPv4, IPv6 and UNIX sockets.

import Addresses
import Daemon
import Kernel
import RandomInputs
import Testing
import VRRPTracking

@Suite struct CheckTrackerTests {
    private func check(
        _ bench: Bench, _ kind: CheckTrackerSettings.Kind, _ address: SocketAddress,
        milliseconds: UInt64 = 10, timeout: UInt64 = 2000, rise: Int = 1, fall: Int = 1,
        _ told: Journal<TrackingResult>
    ) -> CheckTracker {
        let tracker = CheckTracker(
            CheckTrackerSettings(
                name: "c", kind: kind, address: address, interval: milliseconds * 1_000_000,
                timeout: timeout * 1_000_000, rise: rise, fall: fall),
            on: bench.loop, log: bench.log, onChange: told.take)
        tracker.start()
        return tracker
    }

    @Test func `a port that accepts is up, and down once nobody listens`() throws {
        let bench = try Bench()
        for path in [nil, bench.path("socket")] {
            let server = try TestServer(on: bench.loop, path: path)
            let told = Journal<TrackingResult>()
            let tracker = check(bench, .tcp, server.address, rise: 3, fall: 2, told)
            #expect(bench.turn { tracker.counters.runs >= 3 })
            #expect(told.values.map(\.isUp) == [true])
            server.stop()
            #expect(bench.turn { !tracker.isUp })
            #expect(tracker.counters.failures == 2)
            tracker.stop()
        }
    }

    @Test func `checks over IPv6 work alike`() throws {
        let bench = try Bench()
        let told = Journal<TrackingResult>()
        let address = IPSocketAddress(.loopbackV6, port: 1)
        let tracker = check(bench, .tcp, .ip(address), told)
        #expect(bench.turn { !told.values.isEmpty })
        #expect(!tracker.isUp)
        tracker.stop()
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n\r\n", true, "status 200"),
        ("HTTP/1.0 302 Found\r\n\r\n", true, "status 302"),
        ("HTTP/1.1 503 No\r\n\r\n", false, "status 503"),
        ("HTTP/1.1 404\r\n\r\n", false, "status 404"),
        ("SSH-2.0-x\r\n", false, "no HTTP answer"), ("HTTP/1.1 099 x\r\n", false, "no HTTP answer"),
    ])
    func `an HTTP answer is judged by its status`(
        answer: String, isUp: Bool, detail: String
    ) throws {
        let bench = try Bench()
        let server = try TestServer(on: bench.loop, onAccept: { _ in }) { peer, _ in
            if peer.received.suffix(4).elementsEqual("\r\n\r\n".utf8) {
                // In two pieces.
                peer.send(String(answer.prefix(5)))
                peer.send(String(answer.dropFirst(5)))
            }
        }
        let told = Journal<TrackingResult>()
        let request = CheckTrackerSettings.HTTPRequest(
            target: "/health?a=b", host: "www.example", statuses: 200...399)
        let tracker = check(bench, .http(request), server.address, milliseconds: 1000, told)
        #expect(bench.turn { !told.values.isEmpty })
        #expect(told.values == [TrackingResult(isUp: isUp, detail: detail)])
        let text = String(decoding: server.peers[0].received, as: UTF8.self)
        #expect(text.hasPrefix("GET /health?a=b HTTP/1.1\r\nHost: www.example\r\n"))
        tracker.stop()
    }

    @Test func `a server that does not answer in time is down, and turns are skipped`() throws {
        let bench = try Bench()
        let server = try TestServer(on: bench.loop)
        let told = Journal<TrackingResult>()
        let began = Clock.monotonic().nanoseconds
        let tracker = check(bench, .http(.init()), server.address, timeout: 100, told)
        #expect(bench.turn { !told.values.isEmpty })
        let took = Clock.monotonic().nanoseconds - began
        #expect(took >= 99_000_000)
        #expect(told.values == [TrackingResult(isUp: false, detail: "timed out")])
        #expect(tracker.counters.timeouts == 1 && tracker.counters.skips >= 1)
        tracker.stop()
    }

    @Test func `hundreds of checks leave no descriptor behind`() throws {
        let bench = try Bench()
        let server = try TestServer(on: bench.loop, onAccept: { $0.close() })
        let told = Journal<TrackingResult>()
        let tracker = check(bench, .tcp, server.address, milliseconds: 1, told)
        #expect(bench.turn { tracker.counters.runs >= 300 })
        tracker.stop()
        #expect(tracker.counters.failures == 0)
    }

    @Test func `the first line is read the same in any split`() {
        var random = Seeded(for: "HTTP status lines")
        let seeds = ["HTTP/1.1 200 OK\r\n", "HTTP/1.0 503\n", "HTTP/2 200\r\n"].map {
            Array($0.utf8)
        }
        for _ in 0..<5000 {
            var bytes = seeds[random.next(below: seeds.count)]
            for _ in 0..<random.next(below: 3) {
                bytes[random.next(below: bytes.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            HTTPStatusReader.exercise(bytes.span)
        }
    }
}
