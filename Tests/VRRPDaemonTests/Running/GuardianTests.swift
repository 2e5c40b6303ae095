// Two processes: what happens when one of them dies, and how both end.

import Foundation
import Kernel
import Testing

@Suite(.needsMachine) struct GuardianTests {
    private let vip = "10.9.0.100/24"

    /// Starts a master.
    private func startMaster(
        _ machine: Machine, _ options: String..., interval: String = "0.1"
    ) throws -> Machine.Daemon {
        try machine.write("", to: "scripts")
        let note = try machine.script("note", "echo \"$3\" >> \(machine.path("told"))")
        let text = globalText(machine) + instanceText(interval: interval, "notify \(note)")
        let daemon =
            options.isEmpty
            ? try machine.start(text) : try machine.start(text, options[0])
        #expect(machine.wait { machine.has(vip) }, machine.evidence)
        return daemon
    }

    @Test func `a killed daemon leaves no address, says goodbye and is started again`() async throws
    {
        try await onMachine { machine in
            let daemon = try startMaster(machine)
            let child = try #require(daemon.child)
            let moment = machine.now
            try child.send(.kill)
            #expect(
                machine.wait { machine.heard(since: moment).contains { $0.priority == 0 } },
                machine.evidence)
            #expect(!machine.has(vip), machine.evidence)
            #expect(
                machine.wait { daemon.child.map { $0 != child } == true && machine.has(vip) },
                machine.evidence)
            machine.stop()
            #expect(!machine.has(vip))
        }
    }

    @Test func `a file that cannot be used any more is tried again after a crash`() async throws {
        try await onMachine { machine in
            let daemon = try startMaster(machine)
            let good = machine.text("vrrp.conf")
            try machine.run("rm \(machine.path("vrrp.conf"))")
            try #require(daemon.child).send(.kill)
            #expect(
                machine.wait {
                    machine.lines("log").count { $0.contains("ended with exit status 6") } > 1
                }, machine.evidence)
            let log = machine.text("log")
            #expect(log.contains("died of signal 9; its addresses are removed"))
            #expect(log.contains("ended with exit status 6; it is started again in 1 s"))
            #expect(log.contains("ended with exit status 6; it is started again in 2 s"))
            #expect(log.contains("cannot be read: No such file or directory"))
            #expect(!daemon.hasEnded && !machine.has(vip), machine.evidence)
            try machine.write(good, to: "vrrp.conf")
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            machine.stop()
        }
    }

    @Test func `without respawning the end of one is the end of both`() async throws {
        try await onMachine { machine in
            let daemon = try startMaster(machine, "-R")
            try #require(daemon.child).send(.kill)
            #expect(machine.wait { daemon.hasEnded }, machine.evidence)
            #expect(daemon.end == .exited(status: 1))
            #expect(!machine.has(vip))
        }
    }

    @Test func `a daemon whose guardian is killed ends in good order`() async throws {
        try await onMachine { machine in
            let daemon = try startMaster(machine, interval: "0.2")
            let child = try #require(daemon.child)
            let moment = machine.now
            try daemon.guardian.send(.kill)
            #expect(
                machine.wait { machine.heard(since: moment).contains { $0.priority == 0 } },
                machine.evidence)
            let said = machine.now
            #expect(machine.wait { !machine.has(vip) }, machine.evidence)
            // Nobody succeeds: it serves as long as the slowest backup may take.
            #expect(machine.now - said > 150_000_000, machine.evidence)
            #expect(machine.wait { !child.exists }, machine.evidence)
            #expect(machine.lines("told").suffix(1) == ["STOP"])
            #expect(machine.text("log").contains("Stopped"))
        }
    }

    @Test(arguments: [Signal.terminate, .interrupt])
    func `a signal to both processes at once is one order`(_ signal: Signal) async throws {
        try await onMachine { machine in
            let daemon = try startMaster(machine, interval: "0.2")
            let child = try #require(daemon.child)
            let moment = machine.now
            try child.send(signal)
            daemon.send(signal)
            #expect(
                machine.wait { machine.heard(since: moment).contains { $0.priority == 0 } },
                machine.evidence)
            let said = machine.now
            #expect(machine.wait { !machine.has(vip) }, machine.evidence)
            #expect(machine.now - said > 150_000_000, machine.evidence)
            #expect(machine.wait { daemon.hasEnded })
            #expect(daemon.end == .exited(status: 0))
        }
    }

    @Test func `a SIGINT that is to be ignored is ignored by both processes`() async throws {
        try await onMachine { machine in
            let daemon = try startMaster(machine, "--ignore-sigint")
            try #require(daemon.child).send(.interrupt)
            daemon.send(.interrupt)
            machine.pass(milliseconds: 150)
            #expect(machine.has(vip) && !daemon.hasEnded, machine.evidence)
            machine.stop()
        }
    }

    @Test func `addresses stay where they are to stay, on virtual MACs too`() async throws {
        try await onMachine { machine in
            let daemon = try machine.start(
                globalText(machine) + instanceText()
                    + instanceText(
                        named: "M", number: 52, addresses: ["10.9.0.101/24"], "use_vmac"),
                "-V")
            #expect(
                machine.wait {
                    machine.has(vip) && machine.has("10.9.0.101/24", on: "vrrp.52")
                }, machine.evidence)
            daemon.send(.terminate)
            #expect(machine.wait { daemon.hasEnded }, machine.evidence)
            #expect(daemon.end == .exited(status: 0))
            #expect(machine.has(vip), machine.evidence)
            #expect(machine.has("10.9.0.101/24", on: "vrrp.52"), machine.evidence)
        }
    }

    @Test func `the pid files name the processes, and one locks out a second daemon`() async throws
    {
        try await onMachine { machine in
            // What a crash has left is no obstacle: this process lives.
            try machine.write("\(ProcessID.own)\n", to: "pid")
            let daemon = try startMaster(machine, "-u0777")
            #expect(machine.lines("pid") == ["\(daemon.guardian)"])
            let child = try #require(daemon.child)
            #expect(machine.lines("child.pid") == ["\(child)"])
            let modes = try machine.run("cd \(machine.folder) && stat -c %a pid child.pid")
            #expect(modes == "644\n644\n")
            let words = machine.arguments.map { "'\($0)'" }.joined(separator: " ")
            let program = try #require(Machine.program)
            let said = try machine.run("\(program) \(words); echo status $?")
            #expect(said.contains("already running") && said.contains("status 1"), "\(said)")
            machine.stop()
            for name in ["pid", "child.pid"] {
                #expect(!FileManager.default.fileExists(atPath: machine.path(name)), "\(name)")
            }
        }
    }

    @Test func `scripts run before the start and after the end`() async throws {
        try await onMachine { machine in
            let out = machine.path("order")
            let first = try machine.script("first", "echo begin >> \(out)")
            let note = try machine.script("note", "echo $3 >> \(out)")
            let last = try machine.script("last", "echo end >> \(out)")
            try machine.start(
                globalText(machine, "startup_script \(first)", "shutdown_script \(last)")
                    + instanceText("notify \(note)"))
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            machine.stop()
            #expect(machine.lines("order") == ["begin", "BACKUP", "MASTER", "STOP", "end"])
        }
    }
}
