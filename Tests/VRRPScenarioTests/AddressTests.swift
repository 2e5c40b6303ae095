// Virtual addresses on the hosts, and what clients believe of them.

import Glibc
import Testing
import VRRPLab

@Suite(.inLaboratory) struct AddressTests {
    private static let vip = "10.9.0.100"

    @Test(arguments: Pairing.all)
    func `all listed and excluded addresses move`(_ pair: Pairing) async throws {
        let listed = [Self.vip, "10.9.0.101", "10.9.0.102"]
        let excluded = ["10.9.0.103", "fd09::103"]
        try await inLab { lab in
            func configuration(_ priority: Int) -> RouterConfiguration {
                let instance = InstanceText(priority: priority).with {
                    $0.addresses = listed.map { "\($0)/24 dev eth0" }
                    $0.lines = [
                        "virtual_ipaddress_excluded {", "10.9.0.103/32", "fd09::103/64", "}",
                    ]
                }
                return RouterConfiguration(instance)
            }
            let all = listed + excluded
            try startBoth(
                lab, pair, a: configuration(150), b: configuration(100), asking: all)
            for (index, address) in all.enumerated() {
                #expect(
                    Lab.wait(seconds: 2) { lab.server(of: index) == "A" }, "\(address)")
            }
            let advert = try #require(lab.adverts(from: "A").last)
            #expect(advert.addressCount == 3)
            #expect(advert.message.suffix(12) == [10, 9, 0, 100, 10, 9, 0, 101, 10, 9, 0, 102])
            lab["A"].crash()
            for (index, address) in all.enumerated() {
                #expect(
                    Lab.wait(seconds: 3) { lab.server(of: index) == "B" }, "\(address)")
            }
        }
    }

    @Test(arguments: Pairing.all)
    func `IPv6 addresses move`(_ pair: Pairing) async throws {
        try await inLab { lab in
            func configuration(_ priority: Int) -> RouterConfiguration {
                let instance = InstanceText(priority: priority).with {
                    $0.addresses = ["fe80::100/64", "fd09::100/64"]
                }
                return RouterConfiguration(instance)
            }
            try startBoth(
                lab, pair, a: configuration(150), b: configuration(100), asking: ["fd09::100"])
            let advert = try #require(lab.adverts(from: "A").last)
            #expect(advert.source.family == .v6 && "\(advert.destination)" == "ff02::12")
            #expect(advert.hasChecksum(.withPseudoHeader) && advert.timeToLive == 255)
            #expect(advert.message[8] == 0xFE, "the first must be the link-local address")
            #expect(!lab.announcements(of: "fd09::100", from: "A").isEmpty)
            let moment = Lab.now
            lab["A"].crash()
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
            #expect(lab.outage(since: moment) < 1361)
            #expect(!lab.announcements(of: "fd09::100", from: "B", since: moment).isEmpty)
        }
    }

    @Test(arguments: Pairing.all)
    func `IPv4 and IPv6 share a number`(_ pair: Pairing) async throws {
        try await inLab { lab in
            func configuration(_ priority: Int) -> RouterConfiguration {
                let four = InstanceText(priority: priority)
                let six = four.with {
                    $0.name = "VI_6"
                    $0.addresses = ["fe80::100/64", "fd09::100/64"]
                }
                return RouterConfiguration(four, six)
            }
            try startBoth(
                lab, pair, a: configuration(150), b: configuration(100),
                asking: [Self.vip, "fd09::100"])
            #expect(Lab.wait(seconds: 2) { lab.server(of: 1) == "A" }, evidence(lab))
            lab["A"].beginStop()
            #expect(
                Lab.wait(seconds: 3) { lab.server(of: 0) == "B" && lab.server(of: 1) == "B" },
                evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `an address that somebody deletes is back`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try startBoth(lab, pair)
            let moment = Lab.now
            lab["A"].run(["ip", "addr", "del", "\(Self.vip)/24", "dev", "eth0"])
            #expect(
                Lab.wait(seconds: 3) {
                    lab.addressEvents(of: Self.vip, since: moment).count >= 2
                        && lab.server() == "A" && lab.owners(of: Self.vip) == ["A"]
                }, evidence(lab))
        }
    }

    @Test(.needsOurs, arguments: Pairing.oursFirst)
    func `an address that somebody deletes costs no mastership`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try startBoth(lab, pair)
            let moment = Lab.now
            for round in 1...3 {
                lab["A"].run(["ip", "addr", "del", "\(Self.vip)/24", "dev", "eth0"])
                #expect(
                    Lab.wait(seconds: 3) {
                        lab.addressEvents(of: Self.vip, since: moment).count == 2 * round
                    }, evidence(lab))
                Lab.pass(seconds: 0.5)
            }
            #expect(lab.owners(of: Self.vip) == ["A"])
            #expect(lab.adverts(from: "B", since: moment).isEmpty, evidence(lab))
            #expect(lab.adverts(from: "A", since: moment).allSatisfy { $0.priority == 150 })
        }
    }

    @Test(arguments: Pairing.all)
    func `a virtual MAC is the same on both hosts`(_ pair: Pairing) async throws {
        try await inLab { lab in
            func configuration(_ priority: Int) -> RouterConfiguration {
                RouterConfiguration(InstanceText(priority: priority).adding("use_vmac"))
            }
            try startBoth(lab, pair, a: configuration(150), b: configuration(100))
            let hardware: [UInt8] = [0, 0, 0x5E, 0, 1, 51]
            let announced = lab.announcements(of: Self.vip, from: "A")
            #expect(announced.contains { $0.hardwareAddress == hardware })
            #expect(
                Lab.wait(seconds: 1) { lab.adverts(from: "A").last?.hardwareAddress == hardware },
                evidence(lab))
            let moment = Lab.now
            lab["A"].crash()
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
            #expect(
                Lab.wait(seconds: 2) {
                    lab.announcements(of: Self.vip, from: "B", since: moment)
                        .contains { $0.hardwareAddress == hardware }
                }, evidence(lab))
        }
    }

    @Test(.needsOurs, arguments: Pairing.alone)
    func `clients never see another MAC than the virtual one`(_ pair: Pairing) async throws {
        try await inLab { lab in
            func configuration(_ priority: Int) -> RouterConfiguration {
                RouterConfiguration(InstanceText(priority: priority).adding("use_vmac"))
            }
            let monitor = try #require(
                lab.startOnClient(["ip", "monitor", "neigh"], output: "neighbours"))
            defer { monitor.stop() }
            try startBoth(lab, pair, a: configuration(150), b: configuration(100))
            // The hosts ask for the client themselves now, as they do in ordinary life.
            for host in lab.hosts { host.run(["ip", "neigh", "flush", "all"]) }
            Lab.pass(seconds: 1)
            lab["A"].beginStop()
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
            for host in lab.hosts { host.run(["ip", "neigh", "flush", "all"]) }
            Lab.pass(seconds: 1)
            let strange = monitor.output.split(separator: "\n").filter {
                $0.contains("\(Self.vip) ") && $0.contains("lladdr")
                    && !$0.contains("00:00:5e:00:01:33")
            }
            #expect(strange == [])
            #expect(lab.neighbour(of: Self.vip) == "00:00:5e:00:01:33")
        }
    }

    @Test(arguments: Pairing.all)
    func `no_accept answers ARP and nothing else`(_ pair: Pairing) async throws {
        try await inLab { lab in
            func configuration(_ priority: Int) -> RouterConfiguration {
                RouterConfiguration(InstanceText(priority: priority).adding("no_accept"))
            }
            try lab["A"].start(pair.a, configuration(150).text)
            try lab["B"].start(pair.b, configuration(100).text)
            try #require(
                Lab.wait(seconds: 5) { lab.owners(of: Self.vip) == ["A"] }, evidence(lab))
            Lab.pass(seconds: 0.2)
            let ping = ["ping", "-n", "-c", "3", "-i", "0.1", "-W", "1"]
            #expect(lab.runOnClient(ping + [Self.vip]).status == 1, evidence(lab))
            #expect(lab.neighbour(of: Self.vip) == "02:00:00:00:00:0b")
            #expect(lab.runOnClient(ping + [lab["A"].address]).status == 0)
        }
    }

    @Test(arguments: Pairing.all)
    func `routes and rules are where the master is`(_ pair: Pairing) async throws {
        try await inLab { lab in
            func configuration(_ priority: Int) -> RouterConfiguration {
                RouterConfiguration(
                    InstanceText(priority: priority).adding(
                        "virtual_routes {", "10.77.0.0/16 via 10.9.0.1 dev eth0 table 77",
                        "blackhole 10.78.0.0/16", "}", "virtual_rules {",
                        "from 10.9.0.100 table 77 priority 770", "}"))
            }
            func has(_ name: String) -> [Bool] {
                let routes = lab[name].run(["ip", "route", "show", "table", "all"]).output
                let rules = lab[name].run(["ip", "rule", "show"]).output
                return [
                    routes.contains("10.77.0.0/16 via 10.9.0.1 dev eth0 table 77"),
                    routes.contains("blackhole 10.78.0.0/16"),
                    rules.contains("770:") && rules.contains("from 10.9.0.100 lookup 77"),
                ]
            }
            try startBoth(lab, pair, a: configuration(150), b: configuration(100))
            #expect(Lab.wait(seconds: 1) { has("A") == [true, true, true] }, "\(has("A"))")
            #expect(has("B") == [false, false, false])
            lab["A"].beginStop()
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
            #expect(Lab.wait(seconds: 1) { has("B") == [true, true, true] }, "\(has("B"))")
            #expect(lab["A"].stop() == 0)
            #expect(has("A") == [false, false, false])
        }
    }

    @Test(arguments: Pairing.all)
    func `addresses are announced as often as is configured`(_ pair: Pairing) async throws {
        try await inLab { lab in
            let instance = InstanceText(priority: 150).adding(
                "garp_master_repeat 3", "garp_master_delay 1", "garp_master_refresh 2",
                "garp_master_refresh_repeat 2")
            try lab["A"].start(pair.a, RouterConfiguration(instance).text)
            try #require(
                Lab.wait(seconds: 5) { !lab.announcements(of: Self.vip).isEmpty }, evidence(lab))
            let first = try #require(lab.announcements(of: Self.vip).first)
            Lab.pass(seconds: 4.6)
            // Tenths of a second after the first, each burst.
            let times = lab.announcements(of: Self.vip).map {
                Int((Double($0.time - first.time) / 1e8).rounded())
            }
            #expect(times.filter { $0 < 5 }.count == 3, "\(times)")
            #expect(times.filter { (5..<15).contains($0) }.count == 3, "\(times)")
            #expect((2...6).contains(times.filter { $0 >= 15 }.count), "\(times)")
            #expect(times.filter { $0 >= 15 }.count % 2 == 0, "\(times)")
        }
    }

    @Test(arguments: Pairing.all)
    func `a virtual MAC serves IPv6 as well`(_ pair: Pairing) async throws {
        try await inLab { lab in
            func configuration(_ priority: Int) -> RouterConfiguration {
                let instance = InstanceText(priority: priority).with {
                    $0.addresses = ["fe80::100/64", "fd09::100/64"]
                }
                return RouterConfiguration(instance.adding("use_vmac"))
            }
            try startBoth(
                lab, pair, a: configuration(150), b: configuration(100), asking: ["fd09::100"])
            let hardware: [UInt8] = [0, 0, 0x5E, 0, 2, 51]
            #expect(
                Lab.wait(seconds: 1) { lab.adverts(from: "A").last?.hardwareAddress == hardware },
                evidence(lab))
            lab["A"].crash()
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
        }
    }
}
