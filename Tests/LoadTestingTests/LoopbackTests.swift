// The origin and the generator together on the loopback interface.

import Testing

@testable import Kernel
@testable import LoadTesting

@Suite struct LoopbackTests {
    /// Runs `body` while an origin serves; `body` gets the origin's address.
    func withOrigin(
        named name: String = "a", speaking speaks: OriginProtocol = .http,
        _ body: (String) throws -> Void
    ) throws {
        let stop = try OriginStop()
        let box = try AddressBox()
        let any = try #require(RawSocketAddress(commandLineWord: "127.0.0.1:0"))
        let thread = startThread {
            do {
                try serveOrigin(name: name, on: [any], speaking: speaks, until: stop) {
                    box.put($0.commandLineWord)
                }
            } catch {
                box.put("failed: \(error)")
            }
        }
        defer {
            stop.ask()
            thread.join()
        }
        try body(box.take())
    }

    func load(_ urls: [String], requests: Int, _ form: LoadTarget.RequestForm = .init()) throws
        -> LoadReport
    {
        let targets = try urls.map { try #require(LoadTarget(url: $0, form: form)) }
        var plan = LoadPlan(targets: targets)
        plan.requests = requests
        plan.connections = 8
        plan.keepsAlive = form.keepsAlive
        var generator = try Generator(plan)
        return generator.run()
    }

    @Test func `every request is answered over kept connections`() throws {
        try withOrigin { address in
            let report = try load(["http://\(address)/"], requests: 1000)
            #expect(report.answered == 1000)
            #expect(report.failed == 0)
            #expect(report.statuses == [200: 1000])
            #expect(report.origins.count(of: "a") == 1000)
            #expect(report.connectionsOpened == 8)
            #expect(report.latency.count == 1000)
        }
    }

    @Test func `a connection for each request`() throws {
        try withOrigin { address in
            var form = LoadTarget.RequestForm()
            form.keepsAlive = false
            let report = try load(["http://\(address)/bytes/300000"], requests: 50, form)
            #expect(report.answered == 50)
            #expect(report.connectionsOpened == 50)
            #expect(report.receivedBytes > 50 * 300_000)
        }
    }

    @Test func `the answers of two origins are told apart`() throws {
        try withOrigin(named: "a") { one in
            try withOrigin(named: "b") { two in
                let report = try load(["http://\(one)/", "http://\(two)/10k"], requests: 400)
                #expect(report.answered == 400)
                #expect(report.origins.shares.map(\.name) == ["a", "b"])
            }
        }
    }

    @Test(arguments: [
        ("/close", LoadFailure.noAnswer), ("/reset", .reset), ("/truncate/10", .truncated),
    ])
    func `failures are told by kind`(path: String, failure: LoadFailure) throws {
        try withOrigin { address in
            let report = try load(["http://\(address)\(path)"], requests: 20)
            #expect(report.answered == 0)
            #expect(report.failures == [failure: 20])
        }
    }

    @Test(arguments: [
        "/echo", "/chunked/100000", "/stream/2", "/drip/3", "/delay/5", "/headers",
        "/until-close/70000", "/status/500",
    ])
    func `every way of answering is a whole answer`(path: String) throws {
        try withOrigin { address in
            var form = LoadTarget.RequestForm()
            form.method = "POST"
            form.bodyBytes = 50_000
            let report = try load(["http://\(address)\(path)"], requests: 16, form)
            #expect(report.answered == 16)
            #expect(report.failed == 0)
        }
    }

    @Test func `a request over TCP is a connection`() throws {
        try withOrigin(named: "t", speaking: .tcpSink) { address in
            var form = LoadTarget.RequestForm()
            form.bodyBytes = 200_000
            let report = try load(["tcp://\(address)"], requests: 20, form)
            #expect(report.answered == 20)
            #expect(report.origins.count(of: "t") == 20)
            #expect(report.statuses.isEmpty)
        }
        try withOrigin(named: "banner", speaking: .tcpBanner) { address in
            let report = try load(["tcp://\(address)"], requests: 20)
            #expect(report.origins.count(of: "banner") == 20)
        }
        try withOrigin(speaking: .tcpSource(123_456)) { address in
            let report = try load(["tcp://\(address)"], requests: 5)
            #expect(report.receivedBytes == 5 * 123_456)
        }
    }

    @Test func `a port where nobody listens refuses`() throws {
        // The origin is gone when the load begins, and its port with it.
        var gone = ""
        try withOrigin { gone = $0 }
        let report = try load(["http://\(gone)/"], requests: 3)
        #expect(report.failures == [.refused: 3])
        #expect(!report.text.isEmpty && report.json.text.contains("\"failed\":3"))
    }
}
