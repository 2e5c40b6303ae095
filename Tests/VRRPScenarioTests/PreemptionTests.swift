// Whether a better router takes over from one that serves already.

import Testing
import VRRPLab

@Suite(.inLaboratory) struct PreemptionTests {
    private static let vip = "10.9.0.100"

    /// Starts B with priority 100 and, when it serves, A with 150 and some lines.
    private static func startLate(_ lab: Lab, _ pair: Pairing, _ line: String) throws {
        try lab["B"].start(pair.b, RouterConfiguration(InstanceText(priority: 100)).text)
        try #require(Lab.wait(seconds: 5) { lab.owners(of: vip) == ["B"] }, evidence(lab))
        try lab["A"].start(
            pair.a, RouterConfiguration(InstanceText(priority: 150).adding(line)).text)
    }

    @Test(arguments: Pairing.all)
    func `nopreempt leaves a worse master alone until it is gone`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try Self.startLate(lab, pair, "nopreempt")
            Lab.pass(seconds: 1.5)
            #expect(lab.owners(of: Self.vip) == ["B"], evidence(lab))
            #expect(lab.adverts(from: "A").isEmpty)
            lab["B"].crash()
            #expect(
                Lab.wait(seconds: 3) { lab.owners(of: Self.vip).contains("A") }, evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `preempt_delay waits before it takes over`(_ pair: Pairing) async throws {
        try await inLab { lab in
            let started = Lab.now
            try Self.startLate(lab, pair, "preempt_delay 2")
            #expect(Lab.wait(seconds: 6) { lab.owners(of: Self.vip) == ["A"] }, evidence(lab))
            let first = try #require(lab.adverts(from: "A").first)
            let heard = try #require(lab.adverts(from: "B", since: started).first)
            #expect(first.time - heard.time > 1_900_000_000, evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `preempt_delay does not hold back who hears no master`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try Self.startLate(lab, pair, "preempt_delay 30")
            Lab.pass(seconds: 1)
            #expect(lab.owners(of: Self.vip) == ["B"], evidence(lab))
            lab["B"].crash()
            #expect(
                Lab.wait(seconds: 3) { lab.owners(of: Self.vip).contains("A") }, evidence(lab))
        }
    }

    /// Whom we replace answers for the virtual MAC until it has let go: the switch learns the MAC
    /// at its port, and with adverts from the interface below nothing of ours corrects that.
    @Test(.needsOurs, arguments: Pairing.oursFirst)
    func `a better router with the same virtual MAC takes over without a gap`(
        _ pair: Pairing
    ) async throws {
        try await inLab { lab in
            func configuration(_ priority: Int) -> RouterConfiguration {
                RouterConfiguration(
                    InstanceText(priority: priority).adding(
                        "use_vmac", "vmac_xmit_base", "garp_master_delay 0"))
            }
            try lab.probe([Self.vip], everyMicroseconds: 5000)
            try lab["B"].start(pair.b, configuration(100).text)
            try #require(Lab.wait(seconds: 5) { lab.server() == "B" }, evidence(lab))
            let moment = Lab.now
            try lab["A"].start(pair.a, configuration(150).text)
            #expect(Lab.wait(seconds: 5) { lab.server() == "A" }, evidence(lab))
            Lab.pass(seconds: 0.5)
            #expect(lab.server() == "A", evidence(lab))
            #expect(lab.outage(since: moment) < 500, evidence(lab))
        }
    }
}
