// Who becomes master, who takes over, and what the client notices.

import Glibc
import Testing
import VRRPLab

@Suite(.inLaboratory) struct FailoverTests {
    private let vip = "10.9.0.100"

    @Test(arguments: Pairing.all)
    func `the higher priority becomes master and serves`(_ pair: Pairing) async throws {
        let vip = vip
        try await inLab { lab in
            try lab.probe([vip], everyMicroseconds: 5000)
            try lab["B"].start(pair.b, RouterConfiguration(InstanceText(priority: 100)).text)
            #expect(Lab.wait(seconds: 5) { lab.server() == "B" }, evidence(lab))
            try lab["A"].start(pair.a, RouterConfiguration(InstanceText(priority: 150)).text)
            #expect(Lab.wait(seconds: 5) { lab.server() == "A" }, evidence(lab))
            #expect(Lab.wait(seconds: 2) { lab.owners(of: vip) == ["A"] }, evidence(lab))
            let settled = Lab.now
            Lab.pass(seconds: 1)
            #expect(Set(lab.adverts(since: settled).map(\.host)) == ["A"], evidence(lab))
            #expect(lab.outage(since: settled) == 0)
        }
    }

    @Test(arguments: Pairing.all)
    func `a crashed master is replaced within its master-down time`(_ pair: Pairing) async throws {
        let vip = vip
        try await inLab { lab in
            try startBoth(lab, pair)
            let moment = Lab.now
            lab["A"].crash()
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
            // 3 x 100 ms and the skew of priority 100.
            let outage = lab.outage(since: moment)
            #expect(outage > 200 && outage < 1361, "\(outage) ms")
            #expect(lab.owners(of: vip).contains("B"))
        }
    }

    @Test(arguments: Pairing.all)
    func `a master that is told to end hands over at once`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try startBoth(lab, pair)
            let moment = Lab.now
            lab["A"].beginStop()
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
            #expect(lab.adverts(from: "A", since: moment).contains { $0.priority == 0 })
            #expect(lab.outage(since: moment) < 1000, evidence(lab))
            #expect(lab["A"].stop() == 0)
        }
    }
}

/// Starts A with priority 150 and B with 100, and waits until the client is served by A.
func startBoth(
    _ lab: Lab, _ pair: Pairing, a: RouterConfiguration? = nil, b: RouterConfiguration? = nil,
    asking addresses: [String] = ["10.9.0.100"]
) throws {
    try lab.probe(addresses, everyMicroseconds: 5000)
    try lab["A"].start(pair.a, (a ?? RouterConfiguration(InstanceText(priority: 150))).text)
    try lab["B"].start(pair.b, (b ?? RouterConfiguration(InstanceText(priority: 100))).text)
    let isServed = Lab.wait(seconds: 10) {
        lab.server() == "A" && lab.owners(of: addresses[0]) == ["A"]
    }
    try #require(isServed, evidence(lab))
    // The other one has heard the master before anything goes wrong.
    Lab.pass(seconds: 0.3)
}
