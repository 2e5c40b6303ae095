// A reload changes what it should and nothing else.

import Foundation
import Kernel
import Testing

@Suite(.needsMachine) struct ReloadTests {
    private let vip = "10.9.0.100/24"

    @Test func `a file that cannot be used changes nothing`() async throws {
        try await onMachine { machine in
            let good = globalText(machine) + instanceText()
            try machine.start(good)
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            let moment = machine.now
            for bad in [
                String(good.dropLast(20)), "", good.replacing("virtual_router_id 51", with: ""),
            ] {
                try machine.reload(bad)
            }
            #expect(machine.text("log").contains("nothing was changed"))
            #expect(machine.has(vip))
            #expect(
                machine.heard(since: moment).allSatisfy { $0.priority == 100 }, machine.evidence)
            machine.stop()
        }
    }

    @Test func `adverts go on while a long file is read, and what comes meanwhile is read too`()
        async throws
    {
        try await onMachine { machine in
            let good = globalText(machine) + instanceText()
            try machine.start(good)
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            // Takes several intervals to read.
            let line = "# " + String(repeating: "nothing ", count: 8) + "\n"
            let long = String(repeating: line, count: 200_000) + good
            func count(_ words: String...) -> Int {
                machine.lines("log").count { line in words.contains { line.contains($0) } }
            }
            try machine.write(long, to: "vrrp.conf")
            machine.daemon?.send(.hangUp)
            #expect(machine.wait { count("Reloading") == 1 })
            let moment = machine.now
            var heard = 0
            #expect(
                machine.wait {
                    heard = machine.heard(since: moment).count
                    return count("Reload complete") == 1
                }, machine.evidence)
            #expect(heard > 1, machine.evidence)
            // Told again while it reads, it reads once more: what it has may be the old file. Half
            // a file, should it find one, it refuses.
            machine.daemon?.send(.hangUp)
            #expect(machine.wait { count("Reloading") == 2 })
            try machine.write(globalText(machine) + instanceText(priority: 90), to: "vrrp.conf")
            machine.daemon?.send(.hangUp)
            #expect(
                machine.wait { count("Reload complete", "nothing was changed") == 3 },
                machine.evidence)
            #expect(
                machine.wait { machine.heard(since: moment).last?.priority == 90 },
                machine.evidence)
            let adverts = machine.heard(since: moment)
            #expect(adverts.allSatisfy { $0.priority > 0 }, machine.evidence)
            #expect(count("Entering MASTER") == 1, machine.evidence)
            machine.stop()
        }
    }

    @Test func `addresses come and go without a loss of mastership`() async throws {
        try await onMachine { machine in
            func text(_ addresses: String...) -> String {
                globalText(machine) + instanceText(addresses: addresses)
            }
            try machine.start(text("10.7.0.1/24", "10.7.0.2/24"))
            #expect(machine.wait { machine.has("10.7.0.2/24") }, machine.evidence)
            let moment = machine.now
            try machine.reload(text("10.7.0.2/24", "10.7.0.3/24"))
            // The first was the primary address of the others.
            #expect(
                machine.wait { (try? machine.addresses()) == ["10.7.0.2/24", "10.7.0.3/24"] },
                machine.evidence)
            #expect(
                machine.wait {
                    machine.heard(since: moment).last.map { "\($0.addresses)" }?
                        .contains("10.7.0.3") == true
                })
            let adverts = machine.heard(since: moment)
            #expect(adverts.allSatisfy { $0.priority == 100 }, machine.evidence)
            machine.stop()
            #expect(try machine.addresses().isEmpty)
        }
    }

    @Test func `instances come and go beside one that stays`() async throws {
        try await onMachine { machine in
            let global = globalText(machine)
            let other = instanceText(named: "W", number: 52, addresses: ["10.9.0.101/24"])
            try machine.start(global + instanceText())
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            let moment = machine.now
            try machine.reload(global + instanceText() + other)
            #expect(machine.wait { machine.has("10.9.0.101/24") }, machine.evidence)
            try machine.reload(global + instanceText())
            #expect(machine.wait { !machine.has("10.9.0.101/24") }, machine.evidence)
            #expect(
                machine.wait { machine.heard(since: moment, 52).last?.priority == 0 },
                machine.evidence)
            #expect(machine.has(vip))
            #expect(machine.heard(since: moment).allSatisfy { $0.priority == 100 })
            // All go, and one comes back.
            try machine.reload(global + other)
            #expect(
                machine.wait { machine.has("10.9.0.101/24") && !machine.has(vip) },
                machine.evidence)
            machine.stop()
        }
    }

    @Test func `who is told to stay backup does so after a reload too, until told to resume`()
        async throws
    {
        try await onMachine { machine in
            let text = globalText(machine) + instanceText()
            try machine.start(text)
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            let program = try #require(Machine.program)
            func order(_ word: String) throws {
                try machine.run("\(program) \(word) V --socket \(machine.path("status"))")
            }
            try order("stay-backup")
            #expect(machine.wait { !machine.has(vip) }, machine.evidence)
            try machine.reload(text.replacing("priority 100", with: "priority 200"))
            // Longer than a backup of that priority waits.
            machine.pass(milliseconds: 700)
            #expect(!machine.has(vip), machine.evidence)
            try order("resume")
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            machine.stop()
        }
    }

    @Test func `a group goes on, and a new one agrees with itself`() async throws {
        try await onMachine { machine in
            let global = globalText(machine)
            let two =
                instanceText() + instanceText(named: "W", number: 52, addresses: ["10.9.0.101/24"])
            let group = "vrrp_sync_group G {\ngroup {\nV\nW\n}\n}\n"
            try machine.start(global + two)
            #expect(
                machine.wait { machine.has(vip) && machine.has("10.9.0.101/24") }, machine.evidence)
            try machine.reload(global + two + group)
            let moment = machine.now
            try machine.reload(global + two.replacing("priority 100", with: "priority 110") + group)
            #expect(
                machine.wait { machine.heard(since: moment).last?.priority == 110 },
                machine.evidence)
            #expect(machine.heard(since: moment).allSatisfy { $0.priority > 0 })
            // A member that loses takes the other one along.
            machine.advertise(priority: 200, interval: 2_000_000_000)
            #expect(
                machine.wait { !machine.has(vip) && !machine.has("10.9.0.101/24") },
                machine.evidence)
            machine.stop()
        }
    }

    @Test func `members that disagree when their group is made agree soon`() async throws {
        try await onMachine { machine in
            let global = globalText(machine)
            let two =
                instanceText() + instanceText(named: "W", number: 52, addresses: ["10.9.0.101/24"])
            let group = "vrrp_sync_group G {\ngroup {\nV\nW\n}\n}\n"
            try machine.start(global + two)
            #expect(machine.wait { machine.has("10.9.0.101/24") }, machine.evidence)
            // A better master of one of them.
            machine.advertise(priority: 200, interval: 5_000_000_000)
            #expect(machine.wait { !machine.has(vip) }, machine.evidence)
            try machine.reload(global + two + group)
            #expect(
                machine.wait(milliseconds: 2000) {
                    machine.has(vip) == machine.has("10.9.0.101/24")
                }, machine.evidence)
            machine.stop()
        }
    }

    @Test func `a member's fault goes with a group that goes`() async throws {
        try await onMachine { machine in
            let global =
                globalText(machine)
                + "track_file F {\nfile \(machine.path("file"))\nweight 0\n}\n"
            try machine.write("0", to: "file")
            let two =
                instanceText()
                + instanceText(
                    named: "W", number: 52, addresses: ["10.9.0.101/24"], "track_file {\nF\n}")
            let group = "vrrp_sync_group G {\ngroup {\nV\nW\n}\n}\n"
            try machine.start(global + two + group)
            #expect(
                machine.wait { machine.has(vip) && machine.has("10.9.0.101/24") }, machine.evidence)
            try machine.write("1", to: "file")
            #expect(
                machine.wait { !machine.has(vip) && !machine.has("10.9.0.101/24") },
                machine.evidence)
            try machine.reload(global + two)
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            #expect(!machine.has("10.9.0.101/24"))
            try machine.reload(global + two + group)
            #expect(machine.wait { !machine.has(vip) }, machine.evidence)
            try machine.write("0", to: "file")
            #expect(
                machine.wait { machine.has(vip) && machine.has("10.9.0.101/24") }, machine.evidence)
            machine.stop()
        }
    }

    @Test func `a file names the time of a reload, another keeps writers out`() async throws {
        try await onMachine { machine in
            let lock = machine.path("lock")
            let global = globalText(
                machine, "reload_time_file \(machine.path("when"))", "reload_file \(lock)")
            try machine.start(global + instanceText())
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            try machine.write(global + instanceText(addresses: ["10.9.0.101/24"]), to: "vrrp.conf")
            try machine.write("x", to: "lock")
            try machine.run("date -u -d '+2 sec' +%H:%M:%SZ > \(machine.path("when"))")
            machine.pass(milliseconds: 600)
            #expect(machine.has(vip), machine.evidence)
            #expect(machine.wait { machine.has("10.9.0.101/24") }, machine.evidence)
            #expect(machine.wait { !machine.text("log").isEmpty && machine.lines("when").isEmpty })
            #expect(
                machine.wait { !FileManager.default.fileExists(atPath: lock) }, machine.evidence)
            machine.stop()
        }
    }
}
