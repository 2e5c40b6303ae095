// Taking addresses, releasing them, putting them back.

import Foundation
import Kernel
import Testing

@Suite(.needsMachine) struct TakeoverTests {
    private let vip = "10.9.0.100/24"

    @Test func `addresses come with mastership and go with it`() async throws {
        try await onMachine { machine in
            try machine.start(globalText(machine) + instanceText())
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            #expect(machine.wait { !machine.heard.isEmpty })
            #expect(machine.heard.first?.priority == 100)
            for _ in 0..<3 { machine.advertise(priority: 200) }
            #expect(machine.wait { !machine.has(vip) }, machine.evidence)
            machine.stop()
        }
    }

    @Test func `an address that others delete is back at once, later each time`() async throws {
        try await onMachine { machine in
            try machine.start(globalText(machine) + instanceText())
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            let moment = machine.now
            for _ in 0..<6 {
                try machine.run("ip addr del \(vip) dev eth0")
                #expect(machine.wait { machine.has(vip) }, machine.evidence)
            }
            // 0 + 10 + 20 + 40 + 80 + 160 ms.
            #expect(machine.now - moment > 300_000_000)
            #expect(machine.heard(since: moment).allSatisfy { $0.priority == 100 })
            #expect(machine.text("log").contains("putting it back ever later"))
            machine.stop()
            #expect(!machine.has(vip))
        }
    }

    @Test func `what a crash has left is gone before the election`() async throws {
        try await onMachine { machine in
            try machine.run(
                """
                ip addr add \(vip) dev eth0
                ip route add 10.77.0.0/24 via 10.9.0.2 dev eth0 proto keepalived
                ip rule add from 10.66.0.0/16 table 77 pref 1234 proto keepalived
                """)
            try machine.start(
                globalText(machine)
                    + instanceText(
                        interval: "1", "virtual_routes {\n10.77.0.0/24 via 10.9.0.2 dev eth0\n}",
                        "virtual_rules {\nfrom 10.66.0.0/16 table 77 preference 1234\n}"))
            #expect(machine.wait { machine.text("log").contains("Startup complete") })
            #expect(!machine.has(vip), machine.evidence)
            #expect(try !machine.run("ip route").contains("10.77"), machine.evidence)
            #expect(try !machine.run("ip rule").contains("10.66"), machine.evidence)
        }
    }

    @Test func `a departing master serves until its successor speaks`() async throws {
        try await onMachine { machine in
            let daemon = try machine.start(
                globalText(machine) + instanceText(interval: "0.2"))
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            let moment = machine.now
            daemon.send(.terminate)
            #expect(
                machine.wait { machine.heard(since: moment).contains { $0.priority == 0 } },
                machine.evidence)
            #expect(machine.has(vip) && !daemon.hasEnded)
            machine.advertise(priority: 50)
            #expect(machine.wait { !machine.has(vip) }, machine.evidence)
            // The slowest successor would have spoken after 219 ms.
            #expect(machine.now - moment < 200_000_000)
            #expect(machine.wait { daemon.hasEnded })
            #expect(daemon.end == .exited(status: 0))
        }
    }

    @Test func `a hand-over serves until the successor speaks`() async throws {
        try await onMachine { machine in
            try machine.start(globalText(machine) + instanceText(interval: "0.2"))
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            let moment = machine.now
            let program = try #require(Machine.program)
            try machine.run("\(program) hand-over --socket \(machine.path("status"))")
            #expect(machine.wait { machine.heard(since: moment).contains { $0.priority == 0 } })
            let isServed = machine.has(vip)
            machine.advertise(priority: 50)
            #expect(isServed)
            #expect(machine.wait { !machine.has(vip) }, machine.evidence)
            for _ in 0..<10 {
                machine.advertise(priority: 50)
                machine.pass(milliseconds: 50)
            }
            #expect(!machine.has(vip), machine.evidence)
            // With nobody else it serves again.
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            machine.stop()
        }
    }

    @Test func `junk changes nothing`() async throws {
        try await onMachine { machine in
            try machine.start(globalText(machine) + instanceText(interval: "0.05"))
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            let moment = machine.now
            var state: UInt64 = 0x9E37_79B9_7F4A_7C15
            for round in 0..<5000 {
                var bytes: [UInt8] = []
                for _ in 0..<(8 + round % 40) {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    bytes.append(UInt8(truncatingIfNeeded: state >> 33))
                }
                if round % 2 == 0 {
                    bytes[0] = 0x31
                    bytes[1] = 51
                    bytes[2] = 255
                }
                machine.send(bytes)
                if round % 20 == 0 { machine.listen() }
            }
            machine.pass(milliseconds: 200)
            let adverts = machine.heard(since: moment)
            #expect(machine.has(vip), machine.evidence)
            #expect(adverts.allSatisfy { $0.priority == 100 })
            let gaps = zip(adverts, adverts.dropFirst()).map { $1.time - $0.time }
            // A backup would take over after 180 ms.
            #expect(gaps.max() ?? .max < 180_000_000, machine.evidence)
            machine.stop()
        }
    }
}
