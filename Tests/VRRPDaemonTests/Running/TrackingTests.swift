// What is tracked weighs or is a fault, for instances and for groups.

import Testing

@Suite(.needsMachine) struct TrackedThingsTests {
    private let vip = "10.9.0.100/24"

    /// A thing that is tracked, and how to make it bad and good again.
    struct Thing: CustomTestStringConvertible, Sendable {
        var testDescription: String
        /// Blocks of the configuration.
        var blocks: @Sendable (Machine) throws -> String
        /// The name of the block in an instance.
        var block: String
        var name: String
        var good: @Sendable (Machine) throws -> Void
        var bad: @Sendable (Machine) throws -> Void

        /// How long the tracked process sleeps: its mark.
        static func duration(_ machine: Machine) -> String {
            "60.\(machine.folder.utf8.reduce(UInt64(1)) { $0 &* 31 &+ UInt64($1) })"
        }

        static let all = [
            Thing(
                testDescription: "script",
                blocks: { machine in
                    let script = try machine.script("check", "test -e \(machine.path("good"))")
                    return "vrrp_script T {\nscript \(script)\ninterval 0.05\nfall 1\nrise 1\n}\n"
                }, block: "track_script", name: "T",
                good: { _ = try $0.write("", to: "good") },
                bad: { try $0.run("rm -f \($0.path("good"))") }),
            Thing(
                testDescription: "interface", blocks: { _ in "" }, block: "track_interface",
                name: "side0", good: { try $0.run("ip link set side0 up") },
                bad: { try $0.run("ip link set side0 down") }),
            Thing(
                testDescription: "process",
                blocks: { machine in
                    """
                    vrrp_track_process T {
                    process /bin/sleep \(duration(machine))
                    }

                    """
                }, block: "track_process", name: "T",
                good: { machine in
                    // A number that no other machine of the tests has.
                    machine.companion = try machine.startBeside(
                        "/bin/sleep", duration(machine), output: "sleep.log")
                }, bad: { $0.companion = nil }),
            Thing(
                testDescription: "proxy",
                blocks: { machine in
                    """
                    track_martlet T {
                        socket \(machine.path("admin"))
                        interval 50ms
                        listeners all
                        accepts 127.0.0.1:8080
                        backend * min_percent 50
                    }

                    """
                }, block: "track_martlet", name: "T",
                good: { try $0.startProxy() }, bad: { $0.companion = nil }),
            Thing(
                testDescription: "HTTP check",
                blocks: { _ in
                    """
                    track_check T {
                        http http://127.0.0.1:8080/health
                        interval 20ms
                    }

                    """
                }, block: "track_check", name: "T",
                good: { try $0.startProxy() }, bad: { $0.companion = nil }),
            Thing(
                testDescription: "TCP check",
                blocks: { _ in
                    "track_check T {\ntcp 127.0.0.1 8080\ninterval 20ms\n}\n"
                }, block: "track_check", name: "T",
                good: { try $0.startProxy() }, bad: { $0.companion = nil }),
        ]
    }

    private func prepare(_ machine: Machine) throws {
        try machine.run(
            "ip link add side0 type veth peer name side1; ip link set side1 up;"
                + "ip link set side0 up")
    }

    @Test(arguments: Thing.all)
    func `without a weight what is bad is a fault`(_ thing: Thing) async throws {
        try await onMachine { machine in
            try prepare(machine)
            try thing.good(machine)
            try machine.start(
                globalText(machine) + thing.blocks(machine)
                    + instanceText("\(thing.block) {\n\(thing.name)\n}"))
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            let moment = machine.now
            try thing.bad(machine)
            #expect(machine.wait { !machine.has(vip) }, machine.evidence)
            #expect(machine.wait { machine.heard(since: moment).last?.priority == 0 })
            try thing.good(machine)
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            machine.stop()
            try thing.bad(machine)
        }
    }

    @Test(arguments: Thing.all)
    func `with a weight what is bad costs priority`(_ thing: Thing) async throws {
        try await onMachine { machine in
            try prepare(machine)
            try thing.good(machine)
            try machine.start(
                globalText(machine) + thing.blocks(machine)
                    + instanceText("\(thing.block) {\n\(thing.name) weight -30\n}"))
            #expect(
                machine.wait { machine.heard(since: 0).last?.priority == 100 }, machine.evidence)
            try thing.bad(machine)
            #expect(
                machine.wait { machine.heard(since: 0).last?.priority == 70 }, machine.evidence)
            #expect(machine.has(vip))
            try thing.good(machine)
            #expect(
                machine.wait { machine.heard(since: 0).last?.priority == 100 }, machine.evidence)
            machine.stop()
            try thing.bad(machine)
        }
    }

    /// Starts the proxy, and the daemon with an instance that follows it.
    private func startFollowingProxy(_ machine: Machine, _ lines: String...) throws {
        try machine.startProxy()
        let block = (["socket \(machine.path("admin"))"] + lines).joined(separator: "\n")
        try machine.start(
            globalText(machine) + "track_martlet P {\n\(block)\n}\n"
                + instanceText("track_martlet {\nP\n}"))
    }

    @Test func `each thing that the proxy tells has a weight of its own`() async throws {
        try await onMachine { machine in
            try startFollowingProxy(
                machine, "interval 20ms", "listeners web weight -10",
                "accepts 127.0.0.1:8080 weight 5", "loop_delay 10s weight 20",
                "backend api min_percent 75 weight -30", "backend api2 min_percent 10 weight -1")
            func becomes(_ priority: UInt8) {
                #expect(
                    machine.wait { machine.heard(since: 0).last?.priority == priority },
                    machine.evidence)
            }
            // 5 and 20 while all is well; the last backend is not there.
            becomes(124)
            try machine.askProxy("disable server api/one")
            machine.pass(milliseconds: 200)
            becomes(124)
            try machine.askProxy("disable server api/two")
            becomes(94)
            try machine.askProxy("disable frontend web")
            becomes(84)
            try machine.askProxy("enable frontend web")
            try machine.askProxy("enable server api/two")
            becomes(124)
            #expect(machine.has(vip))
            machine.stop()
        }
    }

    @Test func `the death of the proxy is seen at once, however seldom it is asked`() async throws {
        try await onMachine { machine in
            try startFollowingProxy(machine, "interval 3600s", "timeout 1s", "fall 9")
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            let moment = machine.now
            machine.companion?.send(.kill)
            #expect(
                machine.wait { machine.heard(since: moment).last?.priority == 0 },
                machine.evidence)
            let heard = try #require(machine.heard(since: moment).last)
            print("the peer hears of the proxy's death after \((heard.time - moment) / 1000) us")
            #expect(machine.wait { !machine.has(vip) }, machine.evidence)
            // What comes in its place is found again by being asked, which is in an hour.
            machine.stop()
            machine.companion = nil
        }
    }

    @Test func `the number in a file is added, or a fault`() async throws {
        try await onMachine { machine in
            try machine.write("0", to: "file")
            try machine.start(
                globalText(machine)
                    + "track_file F {\nfile \(machine.path("file"))\nweight 1\n}\n"
                    + instanceText("track_file {\nF\n}"))
            func reads(_ number: Int, _ priority: UInt8) throws {
                try machine.write("\(number)", to: "file")
                #expect(
                    machine.wait { machine.heard(since: 0).last?.priority == priority },
                    "\(number) \(priority)")
            }
            try reads(0, 100)
            try reads(50, 150)
            try reads(500, 254)
            try reads(-200, 1)
            try reads(-254, 0)
            #expect(machine.wait { !machine.has(vip) }, machine.evidence)
            try reads(3, 103)
            machine.stop()
        }
    }

    @Test func `a group takes over, yields and is in fault as one`() async throws {
        try await onMachine { machine in
            let other = "10.9.0.101/24"
            try machine.write("0", to: "file")
            try machine.start(
                globalText(machine)
                    + "track_file F {\nfile \(machine.path("file"))\nweight 0\n}\n"
                    + instanceText()
                    + instanceText(
                        named: "W", number: 52, addresses: ["10.9.0.101/24"],
                        "track_file {\nF\n}")
                    + "vrrp_sync_group G {\ngroup {\nV\nW\n}\n}\n")
            #expect(machine.wait { machine.has(vip) && machine.has(other) }, machine.evidence)
            machine.advertise(priority: 200, interval: 400_000_000)
            #expect(machine.wait { !machine.has(vip) && !machine.has(other) }, machine.evidence)
            #expect(machine.wait { machine.has(vip) && machine.has(other) }, machine.evidence)
            let moment = machine.now
            try machine.write("1", to: "file")
            #expect(machine.wait { !machine.has(vip) && !machine.has(other) }, machine.evidence)
            for number: UInt8 in [51, 52] {
                #expect(
                    machine.wait { machine.heard(since: moment, number).last?.priority == 0 })
            }
            try machine.write("0", to: "file")
            #expect(machine.wait { machine.has(vip) && machine.has(other) }, machine.evidence)
            machine.stop()
            #expect(try machine.addresses().isEmpty)
        }
    }

    @Test func `a group that hands over serves all its addresses until the successor speaks`()
        async throws
    {
        try await onMachine { machine in
            let other = "10.9.0.101/24"
            try machine.start(
                globalText(machine) + instanceText(interval: "0.2")
                    + instanceText(
                        named: "W", number: 52, addresses: ["10.9.0.101/24"], interval: "0.2")
                    + "vrrp_sync_group G {\ngroup {\nV\nW\n}\n}\n")
            #expect(machine.wait { machine.has(vip) && machine.has(other) }, machine.evidence)
            let moment = machine.now
            let program = try #require(Machine.program)
            try machine.run("\(program) hand-over G --socket \(machine.path("status"))")
            for number: UInt8 in [51, 52] {
                #expect(
                    machine.wait { machine.heard(since: moment, number).last?.priority == 0 })
            }
            #expect(machine.has(vip) && machine.has(other), machine.evidence)
            machine.advertise(priority: 50, interval: 1_000_000_000)
            #expect(machine.wait { !machine.has(vip) }, machine.evidence)
            machine.advertise(
                52, priority: 50, interval: 1_000_000_000, addresses: ["10.9.0.101"])
            #expect(machine.wait { !machine.has(other) }, machine.evidence)
            machine.stop()
        }
    }
}
