// What a daemon watches, and what becomes of its priority.

import Glibc
import Testing
import VRRPLab

@Suite(.inLaboratory) struct TrackingTests {
    private static let vip = "10.9.0.100"

    /// Instances of A (150) and B (100) that track a script, which fails while a file `down` is in
    /// the host's folder.
    private static func scripted(
        _ lab: Lab, _ name: String, _ priority: Int, script lines: String...
    ) -> RouterConfiguration {
        let host = lab[name]
        let path = host.script("check", "test ! -e \(host.folder)/down")
        return RouterConfiguration(
            InstanceText(priority: priority).adding("track_script {", "check", "}")
        ).with {
            $0.blocks =
                [
                    "vrrp_script check {", "script \"\(path)\"", "interval 1", "timeout 1",
                ] + lines + ["}"]
        }
    }

    private static func remove(_ host: LabHost, _ name: String) { unlink("\(host.folder)/\(name)") }

    @Test(arguments: Pairing.all)
    func `a failing script with a weight lowers the priority`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try startBoth(
                lab, pair, a: Self.scripted(lab, "A", 150, script: "weight -60"),
                b: Self.scripted(lab, "B", 100, script: "weight -60"))
            #expect(
                Lab.wait(seconds: 1) { lab.adverts(from: "A").last?.priority == 150 }, evidence(lab)
            )
            lab["A"].file("down", "")
            #expect(Lab.wait(seconds: 5) { lab.server() == "B" }, evidence(lab))
            #expect(
                Lab.wait(seconds: 1) { lab.adverts(from: "A").contains { $0.priority == 90 } },
                evidence(lab))
            Self.remove(lab["A"], "down")
            #expect(Lab.wait(seconds: 5) { lab.server() == "A" }, evidence(lab))
            #expect(
                Lab.wait(seconds: 1) { lab.adverts(from: "A").last?.priority == 150 }, evidence(lab)
            )
        }
    }

    @Test(arguments: Pairing.all)
    func `a positive weight counts while the script is good`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try startBoth(
                lab, pair, a: Self.scripted(lab, "A", 90, script: "weight 20"),
                b: RouterConfiguration(InstanceText(priority: 80)))
            #expect(
                Lab.wait(seconds: 3) { lab.adverts(from: "A").last?.priority == 110 },
                evidence(lab))
            lab["A"].file("down", "")
            #expect(
                Lab.wait(seconds: 5) { lab.adverts(from: "A").last?.priority == 90 },
                evidence(lab))
            #expect(lab.owners(of: Self.vip) == ["A"])
        }
    }

    @Test(arguments: Pairing.all)
    func `a failing script without a weight is a fault`(_ pair: Pairing) async throws {
        try await inLab { lab in
            try startBoth(
                lab, pair, a: Self.scripted(lab, "A", 150, script: "fall 2", "rise 2"),
                b: RouterConfiguration(InstanceText(priority: 100)))
            let moment = Lab.now
            lab["A"].file("down", "")
            #expect(Lab.wait(seconds: 6) { lab.server() == "B" }, evidence(lab))
            #expect(
                Lab.wait(seconds: 1) { lab.adverts(from: "A", since: moment).last?.priority == 0 },
                evidence(lab))
            #expect(Lab.wait(seconds: 2) { lab.owners(of: Self.vip) == ["B"] })
            Self.remove(lab["A"], "down")
            #expect(Lab.wait(seconds: 6) { lab.server() == "A" }, evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `a script that fails from the beginning keeps its host out`(_ pair: Pairing) async throws {
        try await inLab { lab in
            lab["A"].file("down", "")
            try lab["A"].start(
                pair.a, Self.scripted(lab, "A", 150, script: "init_fail").text)
            try lab["B"].start(pair.b, RouterConfiguration(InstanceText(priority: 100)).text)
            #expect(
                Lab.wait(seconds: 5) { lab.owners(of: Self.vip) == ["B"] }, evidence(lab))
            Lab.pass(seconds: 1)
            #expect(lab.adverts(from: "A").allSatisfy { $0.priority == 0 }, evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `a tracked link that fails is a fault`(_ pair: Pairing) async throws {
        try await inLab(LabPlan(segments: 2)) { lab in
            let tracking = InstanceText(priority: 150).adding("track_interface {", "eth1", "}")
            try startBoth(lab, pair, a: RouterConfiguration(tracking))
            lab["A"].setLinks(up: false, only: 1)
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
            lab["A"].setLinks(up: true, only: 1)
            #expect(Lab.wait(seconds: 5) { lab.server() == "A" }, evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `a tracked link with a weight lowers the priority`(_ pair: Pairing) async throws {
        try await inLab(LabPlan(segments: 2)) { lab in
            let tracking = InstanceText(priority: 150)
                .adding("track_interface {", "eth1 weight -70", "}")
            try startBoth(lab, pair, a: RouterConfiguration(tracking))
            let moment = Lab.now
            lab["A"].setLinks(up: false, only: 1)
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
            #expect(
                Lab.wait(seconds: 1) {
                    lab.adverts(from: "A", since: moment).contains { $0.priority == 80 }
                }, evidence(lab))
            lab["A"].setLinks(up: true, only: 1)
            #expect(Lab.wait(seconds: 5) { lab.server() == "A" }, evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `a number in a tracked file changes the priority`(_ pair: Pairing) async throws {
        try await inLab { lab in
            let path = lab["A"].file("number", "0\n")
            let tracking = RouterConfiguration(
                InstanceText(priority: 150).adding("track_file {", "number weight 2", "}")
            ).with { $0.blocks = ["vrrp_track_file number {", "file \(path)", "}"] }
            try startBoth(lab, pair, a: tracking)
            #expect(
                Lab.wait(seconds: 1) { lab.adverts(from: "A").last?.priority == 150 }, evidence(lab)
            )
            lab["A"].file("number", "10\n")
            #expect(
                Lab.wait(seconds: 2) { lab.adverts(from: "A").last?.priority == 170 },
                evidence(lab))
            lab["A"].file("number", "-40\n")
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
            #expect(
                Lab.wait(seconds: 1) { lab.adverts(from: "A").contains { $0.priority == 70 } },
                evidence(lab))
            lab["A"].file("number", "0\n")
            #expect(Lab.wait(seconds: 3) { lab.server() == "A" }, evidence(lab))
        }
    }

    @Test(.needsOurs, arguments: Pairing.oursFirst)
    func `a tracked process that ends is a fault`(_ pair: Pairing) async throws {
        try await inLab { lab in
            let name = "worker\(Lab.now % 1_000_000)"
            let program = "\(lab["A"].folder)/\(name)"
            #expect(lab["A"].run(["cp", "/bin/sleep", program]).status == 0)
            let start = { () -> Int32? in
                let said = lab["A"].run(["sh", "-c", "'\(program)' 60 >/dev/null 2>&1 & echo $!"])
                return Int32(said.output.split(separator: "\n").first ?? "")
            }
            let first = try #require(start())
            let tracking = RouterConfiguration(
                InstanceText(priority: 150).adding("track_process {", "worker", "}")
            ).with { $0.blocks = ["vrrp_track_process worker {", "process \(name)", "}"] }
            defer { kill(first, SIGKILL) }
            try startBoth(lab, pair, a: tracking)
            kill(first, SIGKILL)
            #expect(Lab.wait(seconds: 3) { lab.server() == "B" }, evidence(lab))
            let second = try #require(start())
            defer { kill(second, SIGKILL) }
            #expect(Lab.wait(seconds: 5) { lab.server() == "A" }, evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `a sync group moves as one`(_ pair: Pairing) async throws {
        let inner = "10.9.1.100"
        try await inLab(LabPlan(segments: 2)) { lab in
            func configuration(_ priority: Int) -> RouterConfiguration {
                let outer = InstanceText(priority: priority)
                let second = outer.with {
                    $0.name = "VI_2"
                    $0.link = "eth1"
                    $0.id = 52
                    $0.addresses = ["\(inner)/24"]
                }
                return RouterConfiguration(outer, second).with {
                    $0.blocks = ["vrrp_sync_group G1 {", "group {", "VI_1", "VI_2", "}", "}"]
                }
            }
            try startBoth(
                lab, pair, a: configuration(150), b: configuration(100),
                asking: [Self.vip, inner])
            #expect(Lab.wait(seconds: 2) { lab.server(of: 1) == "A" }, evidence(lab))
            lab["A"].setLinks(up: false, only: 1)
            #expect(
                Lab.wait(seconds: 3) { lab.server(of: 0) == "B" && lab.server(of: 1) == "B" },
                evidence(lab))
            #expect(Lab.wait(seconds: 2) { lab.owners(of: Self.vip) == ["B"] })
            lab["A"].setLinks(up: true, only: 1)
            #expect(
                Lab.wait(seconds: 5) { lab.server(of: 0) == "A" && lab.server(of: 1) == "A" },
                evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `a BFD session that breaks is a fault`(_ pair: Pairing) async throws {
        try await inLab(LabPlan(segments: 2)) { lab in
            func configuration(_ priority: Int, _ name: String, _ peer: String)
                -> RouterConfiguration
            {
                let (own, far) = (lab[name].address(on: 1), lab[peer].address(on: 1))
                let tracks = name == "A" ? ["track_bfd {", "far", "}"] : []
                return RouterConfiguration(
                    InstanceText(priority: priority).with { $0.lines += tracks }
                ).with {
                    $0.blocks = [
                        "bfd_instance far {", "neighbor_ip \(far)", "source_ip \(own)",
                        "min_rx 50", "min_tx 50", "idle_tx 1000", "multiplier 5", "}",
                    ]
                }
            }
            try lab.probe([Self.vip], everyMicroseconds: 5000)
            for (name, peer, program, priority) in [
                ("A", "B", pair.a, 150), ("B", "A", pair.b, 100),
            ] {
                let host = lab[name]
                try host.start(
                    program, configuration(priority, name, peer).text,
                    options: ["-c", "\(host.folder)/c.pid", "-b", "\(host.folder)/b.pid"],
                    onlyVRRP: false)
            }
            try #require(Lab.wait(seconds: 8) { lab.server() == "A" }, evidence(lab))
            Lab.pass(seconds: 1)
            #expect(lab.server() == "A", evidence(lab))
            let moment = Lab.now
            lab["B"].setLinks(up: false, only: 1)
            #expect(Lab.wait(seconds: 4) { lab.server() == "B" }, evidence(lab))
            #expect(
                Lab.wait(seconds: 1) { lab.adverts(from: "A", since: moment).last?.priority == 0 },
                evidence(lab))
            lab["B"].setLinks(up: true, only: 1)
            #expect(Lab.wait(seconds: 8) { lab.server() == "A" }, evidence(lab))
        }
    }

    @Test(arguments: Pairing.all)
    func `a script that hangs counts as failed`(_ pair: Pairing) async throws {
        try await inLab { lab in
            let host = lab["A"]
            let path = host.script(
                "check", "test -e \(host.folder)/hang && exec sleep 30\nexit 0")
            let tracking = RouterConfiguration(
                InstanceText(priority: 150).adding("track_script {", "check", "}")
            ).with {
                $0.blocks = [
                    "vrrp_script check {", "script \"\(path)\"", "interval 1", "timeout 1",
                    "weight -60", "}",
                ]
            }
            try startBoth(lab, pair, a: tracking)
            host.file("hang", "")
            #expect(Lab.wait(seconds: 6) { lab.server() == "B" }, evidence(lab))
            Self.remove(host, "hang")
            #expect(Lab.wait(seconds: 6) { lab.server() == "A" }, evidence(lab))
        }
    }
}
