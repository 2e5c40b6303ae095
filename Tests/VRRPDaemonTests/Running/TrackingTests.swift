// What is tracked weighs or is a fault, for instances and for groups.

import Foundation
import Kernel
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
                    process \(machine.path("sleeper"))
                    full_command
                    }

                    """
                }, block: "track_process", name: "T",
                good: { machine in
                    let path = machine.path("sleeper")
                    if !FileManager.default.fileExists(atPath: path) {
                        try FileManager.default.copyItem(atPath: "/bin/sleep", toPath: path)
                    }
                    let sleeper = try CurrentProcess.start(
                        ProgramPlan(path: path, arguments: [path, "30"], environment: []),
                        output: Descriptor())
                    try machine.write("\(sleeper.id)", to: "sleeper.pid")
                },
                bad: { machine in
                    let id = ProcessID(try #require(Int32(machine.text("sleeper.pid"))))
                    try id.send(.kill)
                    _ = try CurrentProcess.end(of: id)
                }),
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
            machine.advertise(priority: 200, interval: 200_000_000)
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
            machine.advertise(priority: 50, addresses: ["10.9.0.100"])
            #expect(machine.wait { !machine.has(vip) }, machine.evidence)
            machine.advertise(52, priority: 50, addresses: ["10.9.0.101"])
            #expect(machine.wait { !machine.has(other) }, machine.evidence)
            machine.stop()
        }
    }
}
