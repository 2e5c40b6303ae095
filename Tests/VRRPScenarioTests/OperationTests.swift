// What an operator does: reload, stop, and learn of changes by scripts.

import Glibc
import Testing
import VRRPLab

@Suite(.inLaboratory) struct OperationTests {
    private static let vip = "10.9.0.100"

    /// The longest time between two adverts of a host, in milliseconds.
    private static func longestGap(_ adverts: [SeenAdvert]) -> Double {
        zip(adverts, adverts.dropFirst()).map { Double($1.time - $0.time) / 1e6 }.max()
            ?? .infinity
    }

    /// Whether scripts of a program were told what they ought to have been. keepalived starts them
    /// all at once, so that the order is by chance.
    private static func agree(
        _ told: [String], _ expected: [String], _ program: RouterProgram
    ) -> Bool {
        program == .martlet ? told == expected : told.sorted() == expected.sorted()
    }

    @Test(arguments: Pairing.all)
    func `a reload keeps the mastership`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try startBoth(lab, pair)
            let moment = Lab.now
            for _ in 0..<3 {
                for host in lab.hosts {
                    host.reload(try #require(readText(host.configurationPath)))
                }
                Lab.pass(seconds: 0.7)
            }
            #expect(lab.owners(of: Self.vip) == ["A"], evidence(lab))
            #expect(lab.adverts(from: "B", since: moment).isEmpty, evidence(lab))
            let adverts = lab.adverts(from: "A", since: moment)
            #expect(adverts.allSatisfy { $0.priority == 150 }, evidence(lab))
            #expect(Self.longestGap(adverts) < 360)
            #expect(lab.longest(owners: .none, of: Self.vip, since: moment) == 0)
        }
    }

    @Test(arguments: Pairing.all)
    func `a reload changes the list of addresses`(_ pair: Pairing) async throws {
        let second = "10.9.0.101"
        try await inLab { lab in
            func configuration(_ priority: Int, _ addresses: String...) -> RouterConfiguration {
                RouterConfiguration(
                    InstanceText(priority: priority).with {
                        $0.addresses = addresses.map { "\($0)/24" }
                    })
            }
            try startBoth(lab, pair, asking: [Self.vip, second])
            let moment = Lab.now
            lab["A"].reload(configuration(150, Self.vip, second).text)
            lab["B"].reload(configuration(100, Self.vip, second).text)
            #expect(Lab.wait(seconds: 3) { lab.server(of: 1) == "A" }, evidence(lab))
            #expect(
                Lab.wait(seconds: 3) { lab.owners(of: Self.vip) == ["A"] }, evidence(lab))
            #expect(lab.outage(of: 0, since: moment) < 1000)
            lab["A"].reload(configuration(150, second).text)
            lab["B"].reload(configuration(100, second).text)
            #expect(Lab.wait(seconds: 3) { lab.owners(of: Self.vip).isEmpty }, evidence(lab))
            #expect(Lab.wait(seconds: 3) { lab.owners(of: second) == ["A"] }, evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `a reload changes the priority`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try startBoth(lab, pair)
            lab["A"].reload(RouterConfiguration(InstanceText(priority: 50)).text)
            #expect(Lab.wait(seconds: 4) { lab.owners(of: Self.vip) == ["B"] }, evidence(lab))
            #expect(Lab.wait(seconds: 2) { lab.server() == "B" })
            lab["A"].reload(RouterConfiguration(InstanceText(priority: 150)).text)
            #expect(Lab.wait(seconds: 4) { lab.owners(of: Self.vip) == ["A"] }, evidence(lab))
        }
    }

    @Test(.needsOurs, arguments: Pairing.oursFirst)
    func `a reload of a file that cannot be used changes nothing`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try startBoth(lab, pair)
            let moment = Lab.now
            let good = RouterConfiguration(InstanceText(priority: 50)).text
            let unusable = [
                // Cut off in the middle.
                String(good.prefix(good.count / 2)),
                // No number, and no addresses.
                good.split(separator: "\n").filter { !$0.contains("virtual_router_id") }
                    .joined(separator: "\n"),
                "",
            ]
            for text in unusable {
                lab["A"].reload(text)
                Lab.pass(seconds: 0.6)
                #expect(lab["A"].isRunning)
                #expect(lab.owners(of: Self.vip) == ["A"], evidence(lab))
            }
            unlink(lab["A"].configurationPath)
            lab["A"].signal(SIGHUP)
            Lab.pass(seconds: 0.6)
            #expect(lab["A"].isRunning)
            #expect(lab.adverts(from: "A", since: moment).allSatisfy { $0.priority == 150 })
            #expect(lab.adverts(from: "B", since: moment).isEmpty, evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `scripts are told of each change, in order`(_ pair: Pairing) async throws {
        try await inLab { lab in
            func configuration(_ name: String, _ priority: Int) -> RouterConfiguration {
                let host = lab[name]
                let all = host.script("all", "echo \"$*\" >> \(host.folder)/all.log")
                let one = host.script("one", "echo \"$*\" >> \(host.folder)/one.log")
                let instance = InstanceText(priority: priority).adding(
                    "notify \(all)", "notify_master \"\(one) became master\"",
                    "notify_backup \"\(one) became backup\"",
                    "notify_fault \"\(one) became faulty\"", "notify_stop \"\(one) ended\"")
                return RouterConfiguration(instance)
            }
            try startBoth(
                lab, pair, a: configuration("A", 150), b: configuration("B", 100))
            lab["A"].setLinks(up: false)
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
            lab["A"].setLinks(up: true)
            #expect(Lab.wait(seconds: 5) { lab.server() == "A" }, evidence(lab))
            #expect(Lab.wait(seconds: 2) { lab.owners(of: Self.vip) == ["A"] }, evidence(lab))
            Lab.pass(seconds: 0.5)
            #expect(lab["A"].stop() == 0, evidence(lab))
            let words = lab["A"].text(of: "all.log").split(separator: "\n").map(String.init)
            let changes = ["BACKUP", "MASTER", "FAULT", "BACKUP", "MASTER", "STOP"]
            let expected = changes.map { "INSTANCE VI_1 \($0) 150" }
            #expect(
                Self.agree(words, expected, pair.a)
                    || Self.agree(words, expected.dropLast(), pair.a), "\(words)")
            let own = lab["A"].text(of: "one.log").split(separator: "\n").map(String.init)
            let last = [
                "became backup", "became master", "became faulty", "became backup",
                "became master", "ended",
            ]
            #expect(Self.agree(own, last, pair.a), "\(own)")
        }
    }

    @Test(arguments: Pairing.all)
    func `a fifo is told of each change`(_ pair: Pairing) async throws {
        try await inLab { lab in
            func configuration(_ name: String, _ priority: Int) -> RouterConfiguration {
                let host = lab[name]
                let reader = host.script("reader", "exec cat \"$1\" > \(host.folder)/fifo.log")
                return RouterConfiguration(InstanceText(priority: priority)).with {
                    $0.global = [
                        "vrrp_notify_fifo \(host.folder)/fifo",
                        "vrrp_notify_fifo_script \(reader)",
                    ]
                }
            }
            try startBoth(
                lab, pair, a: configuration("A", 150), b: configuration("B", 100))
            lab["A"].setLinks(up: false)
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
            let lines = ["BACKUP", "MASTER", "FAULT"].map { "INSTANCE \"VI_1\" \($0) 150\n" }
            #expect(
                Lab.wait(seconds: 2) { lab["A"].text(of: "fifo.log") == lines.joined() },
                "\(lab["A"].text(of: "fifo.log"))")
        }
    }

    @Test(arguments: Pairing.all)
    func `the end takes the addresses away`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try startBoth(lab, pair)
            for host in lab.hosts.reversed() {
                host.signal(SIGTERM)
                #expect(host.stop() == 0, evidence(lab))
            }
            #expect(lab.owners(of: Self.vip) == [])
            #expect(
                Lab.wait(seconds: 1) { lab.adverts(from: "A").last?.priority == 0 }, evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `a reload adds and removes instances`(_ pair: Pairing) async throws {
        let second = "10.9.0.101"
        try await inLab { lab in
            func configuration(_ priority: Int, both: Bool) -> String {
                let one = InstanceText(priority: priority)
                let two = one.with {
                    $0.name = "VI_2"
                    $0.id = 52
                    $0.addresses = ["\(second)/24"]
                }
                return RouterConfiguration(one).with { if both { $0.instances.append(two) } }.text
            }
            try startBoth(lab, pair)
            let moment = Lab.now
            lab["A"].reload(configuration(150, both: true))
            lab["B"].reload(configuration(100, both: true))
            #expect(Lab.wait(seconds: 4) { lab.owners(of: second) == ["A"] }, evidence(lab))
            lab["A"].reload(configuration(150, both: false))
            lab["B"].reload(configuration(100, both: false))
            #expect(Lab.wait(seconds: 4) { lab.owners(of: second) == [] }, evidence(lab))
            #expect(
                Lab.wait(seconds: 1) {
                    lab.adverts(from: "A", id: 52, since: moment).last?.priority == 0
                }, evidence(lab))
            // The other instance has not noticed.
            #expect(lab.adverts(from: "B", id: 51, since: moment).isEmpty, evidence(lab))
            #expect(lab.longest(owners: .none, of: Self.vip, since: moment) == 0)
        }
    }

    @Test(arguments: Pairing.all)
    func `scripts of a sync group are told of the group`(_ pair: Pairing) async throws {
        try await inLab(LabPlan(segments: 2)) { lab in
            let host = lab["A"]
            let all = host.script("all", "echo \"$*\" >> \(host.folder)/all.log")
            let outer = InstanceText(priority: 150)
            let inner = outer.with {
                $0.name = "VI_2"
                $0.link = "eth1"
                $0.id = 52
                $0.addresses = ["10.9.1.100/24"]
            }
            let group = RouterConfiguration(outer, inner).with {
                $0.blocks = [
                    "vrrp_sync_group G1 {", "group {", "VI_1", "VI_2", "}", "notify \(all)", "}",
                ]
            }
            try host.start(pair.a, group.text)
            try #require(
                Lab.wait(seconds: 5) { lab.owners(of: Self.vip) == ["A"] }, evidence(lab))
            host.setLinks(up: false, only: 1)
            #expect(Lab.wait(seconds: 3) { lab.owners(of: Self.vip) == [] }, evidence(lab))
            func words() -> [String] {
                host.text(of: "all.log").split(separator: "\n").map {
                    $0.split(separator: " ").prefix(3).joined(separator: " ")
                }
            }
            let expected = ["GROUP G1 BACKUP", "GROUP G1 MASTER", "GROUP G1 FAULT"]
            #expect(
                Lab.wait(seconds: 2) { Self.agree(words(), expected, pair.a) }, "\(words())")
        }
    }

    // keepalived 2.2.7 begins its delay anew with each advert of a worse master, and stays backup.
    @Test(.needsOurs, arguments: Pairing.oursFirst)
    func `vrrp_startup_delay holds a better router back`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try lab["B"].start(pair.b, RouterConfiguration(InstanceText(priority: 100)).text)
            try #require(
                Lab.wait(seconds: 5) { lab.owners(of: Self.vip) == ["B"] }, evidence(lab))
            let moment = Lab.now
            let delayed = RouterConfiguration(InstanceText(priority: 150)).with {
                $0.global = ["vrrp_startup_delay 2"]
            }
            try lab["A"].start(pair.a, delayed.text)
            #expect(Lab.wait(seconds: 6) { lab.owners(of: Self.vip) == ["A"] }, evidence(lab))
            let first = try #require(lab.adverts(from: "A", since: moment).first)
            #expect(first.time - moment > 2_000_000_000, evidence(lab))
        }
    }
}
