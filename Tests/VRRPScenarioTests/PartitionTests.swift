// Two masters that could not hear each other, and how they become one again.

import Testing
import VRRPLab

@Suite(.inLaboratory) struct PartitionTests {
    private static let vip = "10.9.0.100"

    /// Cuts A off until B has taken over with the client on its side, and heals.
    ///
    /// - Returns: when it was healed.
    private static func split(_ lab: Lab) throws -> UInt64 {
        try lab.partition(["A"], from: ["B", Lab.client])
        try #require(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
        Lab.pass(seconds: 0.5)
        #expect(lab.owners(of: vip) == ["A", "B"])
        let moment = Lab.now
        try lab.heal()
        return moment
    }

    @Test(arguments: Pairing.all)
    func `after a partition the better one alone is master`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try startBoth(lab, pair)
            let moment = try Self.split(lab)
            #expect(Lab.wait(seconds: 3) { lab.owners(of: Self.vip) == ["A"] }, evidence(lab))
            #expect(lab.longest(owners: .several, of: Self.vip, since: moment) < 1000)
            Lab.pass(seconds: 0.5)
            #expect(lab.owners(of: Self.vip) == ["A"])
        }
    }

    // Where keepalived is the loser, it may go silent before the winner hears it, and the client
    // stays with it: only ours always says a last word.
    @Test(.needsOurs, arguments: Pairing.ours.filter { $0.b == .martlet })
    func `after a partition the client is back at once`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try startBoth(lab, pair)
            for _ in 0..<3 {
                let moment = try Self.split(lab)
                #expect(Lab.wait(seconds: 2) { lab.server() == "A" }, evidence(lab))
                Lab.pass(seconds: 0.5)
                #expect(lab.server() == "A")
                #expect(lab.outage(since: moment) < 1000, evidence(lab))
            }
        }
    }

    @Test(arguments: Pairing.all)
    func `lost adverts alone do not keep two masters`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try startBoth(lab, pair)
            let moment = Lab.now
            try lab.lose(percent: 40, of: ["A", "B"])
            Lab.pass(seconds: 4)
            try lab.heal()
            #expect(Lab.wait(seconds: 3) { lab.owners(of: Self.vip) == ["A"] }, evidence(lab))
            // A second master hears one of ten adverts.
            #expect(lab.longest(owners: .several, of: Self.vip, since: moment) < 2000)
        }
    }

    @Test(arguments: Pairing.all)
    func `a backup that the master cannot hear stays backup`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try startBoth(lab, pair)
            let moment = Lab.now
            try lab.mute(sentBy: ["B"], to: ["A"])
            Lab.pass(seconds: 1)
            #expect(lab.owners(of: Self.vip) == ["A"], evidence(lab))
            #expect(lab.adverts(from: "B", since: moment).isEmpty)
        }
    }
}
