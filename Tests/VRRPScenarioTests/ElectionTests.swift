// Elections: priorities, equal priorities, owners, and routers beside one another.

import Testing
import VRRPLab

@Suite(.inLaboratory) struct ElectionTests {
    private static let vip = "10.9.0.100"

    @Test(arguments: Pairing.all)
    func `the higher priority becomes master, whoever came first`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try lab.probe([Self.vip], everyMicroseconds: 5000)
            try lab["B"].start(pair.b, RouterConfiguration(InstanceText(priority: 100)).text)
            #expect(Lab.wait(seconds: 5) { lab.server() == "B" }, evidence(lab))
            try lab["A"].start(pair.a, RouterConfiguration(InstanceText(priority: 150)).text)
            #expect(Lab.wait(seconds: 5) { lab.server() == "A" }, evidence(lab))
            #expect(Lab.wait(seconds: 2) { lab.owners(of: Self.vip) == ["A"] }, evidence(lab))
            let settled = Lab.now
            Lab.pass(seconds: 1)
            #expect(Set(lab.adverts(since: settled).map(\.host)) == ["A"], evidence(lab))
            #expect(lab.outage(since: settled) < 200)
        }
    }

    @Test(arguments: Pairing.all)
    func `a running master keeps an equal priority`(_ pair: Pairing) async throws {
        try await inLab { lab in
            let same = RouterConfiguration(InstanceText(priority: 100)).text
            try lab["A"].start(pair.a, same)
            try #require(
                Lab.wait(seconds: 5) { lab.owners(of: Self.vip) == ["A"] }, evidence(lab))
            // B has the higher address, which counts only between two masters.
            try lab["B"].start(pair.b, same)
            Lab.pass(seconds: 1.5)
            #expect(lab["B"].isRunning)
            #expect(lab.adverts(from: "B").isEmpty, evidence(lab))
            #expect(lab.owners(of: Self.vip) == ["A"])
        }
    }

    @Test(arguments: Pairing.all)
    func `of two masters with one priority the higher address stays`(_ pair: Pairing) async throws {
        try await inLab { lab in
            let same = RouterConfiguration(InstanceText(priority: 100)).text
            try lab.mute(["A"], from: ["B"])
            try lab["A"].start(pair.a, same)
            try lab["B"].start(pair.b, same)
            try #require(
                Lab.wait(seconds: 5) { lab.owners(of: Self.vip) == ["A", "B"] }, evidence(lab))
            try lab.heal()
            #expect(Lab.wait(seconds: 3) { lab.owners(of: Self.vip) == ["B"] }, evidence(lab))
            Lab.pass(seconds: 0.6)
            #expect(lab.owners(of: Self.vip) == ["B"], evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `an owner does not wait, and says 255`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try lab["B"].start(pair.b, RouterConfiguration(InstanceText(priority: 254)).text)
            try #require(
                Lab.wait(seconds: 5) { lab.owners(of: Self.vip) == ["B"] }, evidence(lab))
            let owner = InstanceText(priority: 255).with { $0.state = "MASTER" }
            try lab["A"].start(pair.a, RouterConfiguration(owner).text)
            #expect(Lab.wait(seconds: 3) { lab.owners(of: Self.vip) == ["A"] }, evidence(lab))
            #expect(lab.adverts(from: "A").allSatisfy { $0.priority == 255 })
            lab["A"].crash()
            #expect(
                Lab.wait(seconds: 3) { lab.owners(of: Self.vip).contains("B") }, evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `two virtual routers share one link, each with its master`(_ pair: Pairing) async throws {
        try await inLab { lab in
            func configuration(_ first: Int, _ second: Int) -> String {
                let one = InstanceText(priority: first)
                let two = InstanceText(priority: second).with {
                    $0.name = "VI_2"
                    $0.id = 52
                    $0.addresses = ["10.9.0.101/24"]
                }
                return RouterConfiguration(one, two).text
            }
            try lab.probe([Self.vip, "10.9.0.101"], everyMicroseconds: 5000)
            try lab["A"].start(pair.a, configuration(150, 100))
            try lab["B"].start(pair.b, configuration(100, 150))
            #expect(
                Lab.wait(seconds: 5) { lab.server(of: 0) == "A" && lab.server(of: 1) == "B" },
                evidence(lab))
            lab["A"].crash()
            #expect(
                Lab.wait(seconds: 3) { lab.server(of: 0) == "B" && lab.server(of: 1) == "B" },
                evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `of three the next best follows a crashed master`(_ pair: Pairing) async throws {
        try await inLab(LabPlan(hosts: ["A", "B", "C"])) { lab in
            try startBoth(
                lab, pair, a: RouterConfiguration(InstanceText(priority: 250)),
                b: RouterConfiguration(InstanceText(priority: 240)))
            // Far enough below B that its time runs out later on a busy machine as well.
            try lab["C"].start(pair.a, RouterConfiguration(InstanceText(priority: 5)).text)
            Lab.pass(seconds: 0.5)
            lab["A"].crash()
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
            #expect(
                Lab.wait(seconds: 2) { !lab.owners(of: Self.vip).contains("C") }, evidence(lab))
            Lab.pass(seconds: 0.3)
            lab["B"].crash()
            #expect(Lab.wait(seconds: 3) { lab.server() == "C" }, evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `the farewell of a stranger moves nobody for long`(_ pair: Pairing) async throws {
        try await inLab(LabPlan(hosts: ["A", "B", "C"])) { lab in
            try startBoth(lab, pair)
            let moment = Lab.now
            try lab["C"].send([CraftedAdvert().with { $0.priority = 0 }.frame])
            // The master answers at once, before the skew of the backup is over.
            #expect(
                Lab.wait(seconds: 1) { !lab.adverts(from: "A", since: moment).isEmpty },
                evidence(lab))
            Lab.pass(seconds: 0.6)
            #expect(lab.owners(of: Self.vip) == ["A"], evidence(lab))
            #expect(lab.adverts(from: "A", since: moment).allSatisfy { $0.priority == 150 })
        }
    }

    @Test(arguments: Pairing.all)
    func `a backup waits for the interval that it has learnt`(_ pair: Pairing) async throws {
        try await inLab { lab in
            let slow = InstanceText(priority: 100).with { $0.interval = "2" }
            try startBoth(lab, pair, b: RouterConfiguration(slow))
            let moment = Lab.now
            lab["A"].crash()
            #expect(Lab.wait(seconds: 9) { lab.server() == "B" }, evidence(lab))
            // With its own it would be 7.2 s, of which some have passed.
            #expect(lab.outage(since: moment) < 2000, evidence(lab))
        }
    }
}
