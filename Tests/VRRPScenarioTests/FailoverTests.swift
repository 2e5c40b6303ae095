// Who takes over, when, and what the client notices.

import Glibc
import Testing
import VRRPLab

@Suite(.inLaboratory) struct FailoverTests {
    private static let vip = "10.9.0.100"

    @Test(arguments: Pairing.all)
    func `a crashed master is replaced within its master-down time`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try startBoth(lab, pair)
            let moment = Lab.now
            lab["A"].crash()
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
            // 3 x 100 ms and the skew of priority 100.
            let outage = lab.outage(since: moment)
            #expect(outage > 200 && outage < 1361, "\(outage) ms")
        }
    }

    @Test(arguments: Pairing.all)
    func `adverts every 10 ms replace a crashed master as well`(_ pair: Pairing) async throws {
        try await inLab { lab in
            func configuration(_ priority: Int) -> RouterConfiguration {
                RouterConfiguration(InstanceText(priority: priority).with { $0.interval = "0.01" })
            }
            try startBoth(lab, pair, a: configuration(150), b: configuration(100))
            #expect(
                Lab.wait(seconds: 1) { lab.adverts(from: "A").last?.intervalMilliseconds == 10 },
                evidence(lab))
            let moment = Lab.now
            lab["A"].crash()
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
            #expect(lab.outage(since: moment) < 1036, evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `version 2 replaces a crashed master as well`(_ pair: Pairing) async throws {
        try await inLab { lab in
            func configuration(_ priority: Int) -> RouterConfiguration {
                let instance = InstanceText(priority: priority).with { $0.interval = "1" }
                return RouterConfiguration(instance, version: 2)
            }
            try startBoth(lab, pair, a: configuration(150), b: configuration(254))
            let seen = try #require(lab.adverts(from: "B").last)
            #expect(seen.version == 2 && seen.intervalMilliseconds == 1000)
            #expect(seen.message.count == 20 && seen.timeToLive == 255)
            let moment = Lab.now
            lab["B"].crash()
            #expect(Lab.wait(seconds: 6) { lab.server() == "A" }, evidence(lab))
            #expect(lab.outage(since: moment) < 4414, evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `a master that is told to end hands over at once`(_ pair: Pairing) async throws {
        try await inLab { lab in
            func configuration(_ priority: Int) -> RouterConfiguration {
                RouterConfiguration(InstanceText(priority: priority).with { $0.interval = "0.5" })
            }
            try startBoth(lab, pair, a: configuration(150), b: configuration(100))
            let moment = Lab.now
            lab["A"].beginStop()
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
            #expect(
                Lab.wait(seconds: 1) {
                    lab.adverts(from: "A", since: moment).contains { $0.priority == 0 }
                }, evidence(lab))
            // The skew is 305 ms, the master-down time 1805 ms.
            #expect(lab.outage(since: moment) < 1300, evidence(lab))
            #expect(lab["A"].stop() == 0, evidence(lab))
            #expect(lab.owners(of: Self.vip) == ["B"])
        }
    }

    @Test(arguments: Pairing.all)
    func `a master whose link fails is replaced, and is back with it`(_ pair: Pairing) async throws
    {
        try await inLab { lab in
            try startBoth(lab, pair)
            lab["A"].setLinks(up: false)
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
            #expect(Lab.wait(seconds: 3) { lab.owners(of: Self.vip) == ["B"] }, evidence(lab))
            lab["A"].setLinks(up: true)
            #expect(Lab.wait(seconds: 5) { lab.server() == "A" }, evidence(lab))
            #expect(Lab.wait(seconds: 2) { lab.owners(of: Self.vip) == ["A"] }, evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `a backup whose link flaps disturbs nobody`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try startBoth(lab, pair)
            let moment = Lab.now
            for _ in 0..<5 {
                lab["B"].setLinks(up: false)
                Lab.pass(seconds: 0.02)
                lab["B"].setLinks(up: true)
                Lab.pass(seconds: 0.02)
            }
            Lab.pass(seconds: 1)
            #expect(lab.server() == "A")
            #expect(lab.owners(of: Self.vip) == ["A"], evidence(lab))
            #expect(lab.outage(since: moment) < 200)
        }
    }

    @Test(arguments: Pairing.all)
    func `a master that was stopped and goes on is one of two only briefly`(
        _ pair: Pairing
    ) async throws {
        try await inLab { lab in
            try startBoth(lab, pair)
            lab["A"].signalAll(SIGSTOP)
            #expect(
                Lab.wait(seconds: 3) { lab.owners(of: Self.vip).contains("B") }, evidence(lab))
            Lab.pass(seconds: 0.5)
            let moment = Lab.now
            lab["A"].signalAll(SIGCONT)
            #expect(
                Lab.wait(seconds: 3) { lab.owners(of: Self.vip).count == 1 }, evidence(lab))
            Lab.pass(seconds: 1)
            #expect(lab.owners(of: Self.vip).count == 1, evidence(lab))
            #expect(lab.longest(owners: .several, of: Self.vip, since: moment) < 1000)
            #expect(lab.server() == lab.owners(of: Self.vip).first)
        }
    }

    @Test(arguments: Pairing.all)
    func `what a killed daemon left behind is cleared when it starts again`(
        _ pair: Pairing
    ) async throws {
        try await inLab { lab in
            try startBoth(lab, pair)
            lab["A"].kill()
            #expect(
                Lab.wait(seconds: 3) { lab.owners(of: Self.vip).contains("B") }, evidence(lab))
            try lab["A"].start(pair.a, RouterConfiguration(InstanceText(priority: 50)).text)
            #expect(Lab.wait(seconds: 3) { lab.owners(of: Self.vip) == ["B"] }, evidence(lab))
        }
    }

    @Test(.needsOurs, arguments: Pairing.oursFirst)
    func `a daemon whose first process is killed leaves no address`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try startBoth(lab, pair)
            lab["A"].signal(SIGKILL)
            #expect(Lab.wait(seconds: 2) { lab.owners(of: Self.vip) == ["B"] }, evidence(lab))
            #expect(Lab.wait(seconds: 2) { lab.server() == "B" }, evidence(lab))
        }
    }
}

/// Starts A and B, with priorities 150 and 100 when nothing else is said: the one with the higher
/// priority first, so that there is one master from the beginning.
func startBoth(
    _ lab: Lab, _ pair: Pairing, a: RouterConfiguration? = nil, b: RouterConfiguration? = nil,
    asking addresses: [String] = ["10.9.0.100"]
) throws {
    let first = a ?? RouterConfiguration(InstanceText(priority: 150))
    let second = b ?? RouterConfiguration(InstanceText(priority: 100))
    let starts = [("A", pair.a, first), ("B", pair.b, second)]
        .sorted { $0.2.instances[0].priority > $1.2.instances[0].priority }
    let best = starts[0].0
    try lab.probe(addresses, everyMicroseconds: 5000)
    try lab[best].start(starts[0].1, starts[0].2.text)
    let isServed = Lab.wait(seconds: 10) {
        lab.server() == best && lab.owners(of: addresses[0]) == [best]
    }
    try #require(isServed, evidence(lab))
    try lab[starts[1].0].start(starts[1].1, starts[1].2.text)
    // It has heard the master before anything goes wrong.
    Lab.pass(seconds: 0.6)
}
