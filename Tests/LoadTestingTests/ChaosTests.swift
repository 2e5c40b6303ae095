// Misbehaving clients: the same seed plays the same steps; a server that is well passes.

import Testing

@testable import Kernel
@testable import LoadTesting

@Suite struct ChaosTests {
    @Test func `the same seed chooses the same steps`() {
        for behaviour in ChaosBehaviour.allCases {
            var one = SeededRandom(seed: 7)
            var two = SeededRandom(seed: 7)
            #expect(behaviour.steps(&one) == behaviour.steps(&two))
        }
    }

    @Test func `a server that is well gets a good verdict`() throws {
        let stop = try OriginStop()
        let box = try AddressBox()
        let any = try #require(RawSocketAddress(commandLineWord: "127.0.0.1:0"))
        let thread = startThread {
            do {
                try serveOrigin(name: "a", on: [any], speaking: .http, until: stop) {
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
        var plan = ChaosPlan(address: try #require(RawSocketAddress(commandLineWord: box.take())))
        plan.clients = 40
        plan.milliseconds = 700
        plan.settleMilliseconds = 100
        var chaos = try Chaos(plan)
        let report = chaos.run()
        #expect(report.isGood, "\(report.text)")
        #expect((report.clients[.good] ?? 0) > 0, "seed \(plan.seed)")
        #expect(report.probes.answered == 50)
    }

    @Test func `a server that leaks or loses answers gets a bad verdict`() {
        var report = ChaosReport()
        #expect(report.isGood)
        report.samples = (0..<20).map {
            ChaosSample(
                second: Double($0), residentBytes: 50_000_000 + $0 * 2_000_000, descriptors: 9)
        }
        #expect(report.growth?.bytes == 20_000_000)
        #expect(!report.isGood)
        report.samples = []
        report.before = ChaosSample(second: 0, residentBytes: 1, descriptors: 10)
        report.after = ChaosSample(second: 9, residentBytes: 1, descriptors: 500)
        report.allowedDescriptors = 100
        #expect(report.findings.filter { !$0.isGood }.map(\.text).count == 1)
        report.after = report.before
        report.failedGoodClients = 1
        #expect(!report.isGood && report.text.hasSuffix("verdict: bad"))
    }
}
