// What is said on the wire, and what a daemon makes of what others say.

import Addresses
import Testing
import VRRPLab

@Suite(.inLaboratory) struct WireTests {
    private static let vip = "10.9.0.100"

    private static func secret(_ priority: Int, _ word: String) -> RouterConfiguration {
        let instance = InstanceText(priority: priority).with { $0.interval = "1" }
            .adding("authentication {", "auth_type PASS", "auth_pass \(word)", "}")
        return RouterConfiguration(instance, version: 2)
    }

    @Test(arguments: Pairing.all)
    func `one password makes one master`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try lab["B"].start(pair.b, Self.secret(254, "swordfish").text)
            try #require(
                Lab.wait(seconds: 6) { lab.owners(of: Self.vip) == ["B"] }, evidence(lab))
            try lab["A"].start(pair.a, Self.secret(100, "swordfis").text)
            Lab.pass(seconds: 4.5)
            #expect(lab.owners(of: Self.vip) == ["B"], evidence(lab))
            let advert = try #require(lab.adverts(from: "B").last)
            #expect(advert.message[4] == 1)
            #expect(advert.message.suffix(8) == Array("swordfis".utf8)[...])
        }
    }

    @Test(arguments: Pairing.all)
    func `two passwords make two masters`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try lab["A"].start(pair.a, Self.secret(200, "alpha").text)
            try lab["B"].start(pair.b, Self.secret(254, "beta").text)
            #expect(
                Lab.wait(seconds: 8) { lab.owners(of: Self.vip) == ["A", "B"] }, evidence(lab))
            Lab.pass(seconds: 1.5)
            #expect(lab.owners(of: Self.vip) == ["A", "B"], evidence(lab))
        }
    }

    @Test(arguments: Pairing.all, [2, 3])
    func `unicast peers elect and replace`(_ pair: Pairing, _ version: Int) async throws {
        try await inLab { lab in
            func configuration(_ priority: Int, _ own: String, _ peer: String)
                -> RouterConfiguration
            {
                let instance = InstanceText(priority: priority)
                    .with { $0.interval = version == 2 ? "1" : "0.1" }
                    .adding("unicast_src_ip \(own)", "unicast_peer {", peer, "}")
                return RouterConfiguration(instance, version: version)
            }
            let (a, b) = (lab["A"].address, lab["B"].address)
            try startBoth(
                lab, pair, a: configuration(254, a, b), b: configuration(250, b, a))
            let advert = try #require(lab.adverts(from: "A").last)
            #expect("\(advert.source)" == a && "\(advert.destination)" == b)
            #expect(Int(advert.version) == version)
            #expect(lab.adverts(from: "A").allSatisfy { !$0.destination.isMulticast })
            lab["A"].crash()
            #expect(Lab.wait(seconds: 6) { lab.server() == "B" }, evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `unicast works for IPv6`(_ pair: Pairing) async throws {
        try await inLab { lab in
            func configuration(_ priority: Int, _ own: String, _ peer: String)
                -> RouterConfiguration
            {
                let instance = InstanceText(priority: priority)
                    .with { $0.addresses = ["fe80::100/64", "fd09::100/64"] }
                    .adding("unicast_src_ip \(own)", "unicast_peer {", peer, "}")
                return RouterConfiguration(instance)
            }
            try startBoth(
                lab, pair, a: configuration(150, lab["A"].addressV6, lab["B"].addressV6),
                b: configuration(100, lab["B"].addressV6, lab["A"].addressV6),
                asking: ["fd09::100"])
            let advert = try #require(lab.adverts(from: "A").last)
            #expect("\(advert.destination)" == lab["B"].addressV6)
            lab["A"].crash()
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `the checksum of version 3 covers a pseudo header`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try startBoth(lab, pair)
            let adverts = lab.adverts(from: "A")
            #expect(adverts.allSatisfy { $0.hasChecksum(.withPseudoHeader) })
            #expect(adverts.allSatisfy { "\($0.destination)" == "224.0.0.18" })
            #expect(adverts.allSatisfy { $0.timeToLive == 255 && $0.intervalMilliseconds == 100 })
            #expect(adverts.allSatisfy { $0.message.count == 12 && $0.priority == 150 })
        }
    }

    @Test(.needsOurs, arguments: Pairing.alone)
    func `v3_checksum_as_v2 leaves the pseudo header out`(_ pair: Pairing) async throws {
        try await inLab { lab in
            func configuration(_ priority: Int) -> RouterConfiguration {
                RouterConfiguration(InstanceText(priority: priority).adding("v3_checksum_as_v2"))
            }
            try startBoth(lab, pair, a: configuration(150), b: configuration(100))
            #expect(lab.adverts(from: "A").allSatisfy { $0.hasChecksum(.messageOnly) })
        }
    }

    @Test(arguments: Pairing.all)
    func `a lower advert is answered at once`(_ pair: Pairing) async throws {
        try await inLab(LabPlan(hosts: ["A", "B", "C"])) { lab in
            func configuration(_ priority: Int) -> RouterConfiguration {
                RouterConfiguration(InstanceText(priority: priority).with { $0.interval = "2" })
            }
            try startBoth(lab, pair, a: configuration(254), b: configuration(100))
            let before = try #require(lab.adverts(from: "A").last?.time)
            // Half way between two adverts.
            #expect(Lab.wait(seconds: 4) { lab.adverts(from: "A").last?.time ?? 0 > before })
            Lab.pass(seconds: 0.5)
            let moment = Lab.now
            try lab["C"].send([CraftedAdvert().with { $0.interval = 200 }.frame])
            #expect(
                Lab.wait(seconds: 1) { !lab.adverts(from: "A", since: moment).isEmpty },
                evidence(lab))
        }
    }

    /// Adverts that must be dropped, each for one reason. They claim the best priority.
    private static let forgeries: [(String, [UInt8])] = {
        let good = CraftedAdvert().with { $0.priority = 254 }
        return [
            ("hop limit", good.with { $0.timeToLive = 254 }.frame),
            ("checksum", good.with { $0.checksumError = 1 }.frame),
            ("version", good.with { $0.version = 4 }.frame),
            ("type", good.with { $0.type = 2 }.frame),
            ("number", good.with { $0.id = 52 }.frame),
            (
                "length",
                CraftedAdvert.frame(
                    Array(good.message.dropLast(2)), good.source, good.destination)
            ),
            ("nothing", CraftedAdvert.frame([], good.source, good.destination)),
            ("destination", good.with { $0.destination = IPAddress("10.9.0.11") ?? .anyV4 }.frame),
        ]
    }()

    @Test(arguments: Pairing.all)
    func `a forged advert moves nobody`(_ pair: Pairing) async throws {
        try await inLab(LabPlan(hosts: ["A", "B", "C"])) { lab in
            try startBoth(lab, pair)
            let moment = Lab.now
            for (reason, frame) in Self.forgeries {
                try lab["C"].send([frame])
                Lab.pass(seconds: 0.15)
                #expect(lab.owners(of: Self.vip) == ["A"], "\(reason)")
            }
            Lab.pass(seconds: 0.3)
            #expect(lab.owners(of: Self.vip) == ["A"], evidence(lab))
            #expect(lab.adverts(from: "A", since: moment).allSatisfy { $0.priority == 150 })
        }
    }

    @Test(.needsOurs, arguments: Pairing.oursFirst)
    func `fifty bad adverts a second silence nobody`(_ pair: Pairing) async throws {
        try await inLab(LabPlan(hosts: ["A", "B", "C"])) { lab in
            try startBoth(lab, pair)
            let bad = CraftedAdvert().with {
                $0.priority = 254
                $0.checksumError = 7
            }.frame
            let moment = Lab.now
            for _ in 0..<100 {
                try lab["C"].send([bad])
                Lab.pass(seconds: 0.02)
            }
            // Those of B would say that it missed those of A.
            #expect(lab.adverts(from: "B", since: moment).isEmpty, evidence(lab))
            #expect(lab.adverts(from: "A", since: moment).count >= 15, evidence(lab))
        }
    }

    @Test(.needsOurs, arguments: Pairing.ours, [RandomFrames.seed])
    func `junk changes nothing`(_ pair: Pairing, _ seed: UInt64) async throws {
        try await inLab(LabPlan(hosts: ["A", "B", "C"])) { lab in
            try startBoth(lab, pair)
            var random = RandomFrames(seed: seed)
            let moment = Lab.now
            for _ in 0..<20 {
                try lab["C"].send((0..<100).map { _ in random.next() })
                Lab.pass(seconds: 0.05)
            }
            Lab.pass(seconds: 0.5)
            #expect(lab.owners(of: Self.vip) == ["A"], evidence(lab))
            for host in lab.hosts.prefix(2) { #expect(host.isRunning, "\(host.name)") }
            if pair.a == .martlet {
                #expect(lab.adverts(from: "B", since: moment).isEmpty, evidence(lab))
            }
        }
    }

    @Test(.needsOurs, arguments: Pairing.alone)
    func `different lists of addresses do not make two masters in version 3`(
        _ pair: Pairing
    ) async throws {
        try await inLab { lab in
            let longer = InstanceText(priority: 100).with {
                $0.addresses.append("10.9.0.101/24")
            }
            try lab["A"].start(pair.a, RouterConfiguration(InstanceText(priority: 150)).text)
            try #require(
                Lab.wait(seconds: 5) { lab.owners(of: Self.vip) == ["A"] }, evidence(lab))
            try lab["B"].start(pair.b, RouterConfiguration(longer).text)
            Lab.pass(seconds: 1.5)
            #expect(lab.owners(of: Self.vip) == ["A"], evidence(lab))
            #expect(lab.owners(of: "10.9.0.101") == [])
        }
    }

    @Test(arguments: Pairing.all)
    func `old_unicast_checksum is understood by the peer`(_ pair: Pairing) async throws {
        try await inLab { lab in
            func configuration(_ priority: Int, _ own: String, _ peer: String)
                -> RouterConfiguration
            {
                let instance = InstanceText(priority: priority).adding(
                    "unicast_src_ip \(own)", "unicast_peer {", peer, "}")
                return RouterConfiguration(instance)
            }
            let (a, b) = (lab["A"].address, lab["B"].address)
            let old = configuration(150, a, b).with {
                $0.instances[0].lines.append("old_unicast_checksum")
            }
            try startBoth(lab, pair, a: old, b: configuration(100, b, a))
            #expect(lab.owners(of: Self.vip) == ["A"], evidence(lab))
            let advert = try #require(lab.adverts(from: "A").last)
            #expect(!advert.hasChecksum(.withPseudoHeader), "it is taken with the group's address")
        }
    }

    @Test(.needsOurs, arguments: Pairing.alone)
    func `both ways to take the checksum of version 3 are heard`(_ pair: Pairing) async throws {
        try await inLab(LabPlan(hosts: ["A", "C"])) { lab in
            let plain = CraftedAdvert().with {
                $0.priority = 200
                $0.checksum = .messageOnly
            }
            try lab["C"].send([plain.frame])
            try lab["A"].start(pair.a, RouterConfiguration(InstanceText(priority: 150)).text)
            for round in 0..<30 {
                let kind: CraftedAdvert.Checksum = round < 15 ? .messageOnly : .withPseudoHeader
                try lab["C"].send([plain.with { $0.checksum = kind }.frame])
                Lab.pass(seconds: 0.1)
            }
            #expect(lab.owners(of: Self.vip) == [], evidence(lab))
            #expect(
                Lab.wait(seconds: 3) { lab.owners(of: Self.vip) == ["A"] }, evidence(lab))
        }
    }
}
