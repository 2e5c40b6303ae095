// What scripts and fifos hear, beside real keepalived with the same configuration.

import Foundation
import Glibc
import Kernel
import Testing

@Suite(.needsMachine) struct NotifyTests {
    private let vip = "10.9.0.100/24"
    private static let keepalived = "/usr/sbin/keepalived"

    /// Runs one course of events and returns what scripts heard, as one list for each subject, and
    /// what the fifo gave.
    private func course(_ machine: Machine, _ program: String?) throws -> (
        told: [String], fifo: [String]
    ) {
        let note = try machine.script("note", "echo \"$*\" >> \(machine.path("told"))")
        try machine.run("rm -f \(machine.path("told"))")
        func scripts(_ prefix: String) -> [String] {
            [
                "notify_master \"\(note) \(prefix) master\"",
                "notify_backup \"\(note) \(prefix) backup\"",
                "notify_fault \"\(note) \(prefix) fault\"",
                "notify_stop \"\(note) \(prefix) stop\"", "notify \"\(note) \(prefix) any\"",
            ]
        }
        let instance = instanceText(
            interval: "0.1", scripts("instance").joined(separator: "\n"))
        let group =
            "vrrp_sync_group G {\ngroup {\nV\n}\n\(scripts("group").joined(separator: "\n"))\n}\n"
        let global = """
            global_defs {
                script_user root
                vrrp_notify_fifo \(machine.path("fifo"))
            }

            """
        let daemon = try machine.start(global + group + instance, program: program)
        #expect(machine.wait { FileManager.default.fileExists(atPath: machine.path("fifo")) })
        let reader = Descriptor(
            owning: open(machine.path("fifo"), O_RDONLY | O_NONBLOCK | O_CLOEXEC))
        var bytes: [UInt8] = []
        func heard() -> [String] {
            _ = reader.read(appendingTo: &bytes, atMost: 65536)
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        }
        func hears(_ line: String) -> Bool { heard().contains { $0.hasPrefix(line) } }
        #expect(machine.wait { hears("GROUP \"G\" MASTER") }, machine.evidence)
        machine.advertise(priority: 200, interval: 1_000_000_000)
        #expect(machine.wait { hears("GROUP \"G\" BACKUP") }, machine.evidence)
        try machine.run("ip link set eth0 down")
        #expect(machine.wait { hears("GROUP \"G\" FAULT") }, machine.evidence)
        machine.pass(milliseconds: 100)
        daemon.send(.terminate)
        #expect(machine.wait(milliseconds: 20_000) { daemon.hasEnded }, machine.evidence)
        try machine.run("ip link set eth0 up")
        return (machine.lines("told"), heard())
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: keepalived)))
    func `scripts and the fifo hear what keepalived's hear`() async throws {
        try await onMachine { machine in
            let theirs = try course(machine, Self.keepalived)
            try machine.run("rm -f \(machine.path("log"))")
            let ours = try course(machine, nil)
            // keepalived starts scripts all at once: only ours come in order.
            #expect(ours.told.sorted() == theirs.told.sorted())
            // At the start it tells the group first.
            #expect(ours.fifo.prefix(2).sorted() == theirs.fifo.prefix(2).sorted())
            #expect(ours.fifo.dropFirst(2) == theirs.fifo.dropFirst(2))
            var own: [String] = []
            for line in ours.told
            where line.hasPrefix("instance ") && !line.hasPrefix("instance any") {
                own.append(line)
            }
            let states = ["backup", "master", "backup", "fault", "stop"]
            #expect(own == states.map { "instance \($0)" })
        }
    }

    @Test func `a slow script delays the next and loses nothing`() async throws {
        try await onMachine { machine in
            let note = try machine.script(
                "note", "[ $3 = MASTER ] && sleep 0.3; echo $3 >> \(machine.path("told"))")
            try machine.start(globalText(machine) + instanceText("notify \(note)"))
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            for _ in 0..<3 { machine.advertise(priority: 200, interval: 5_000_000_000) }
            #expect(machine.wait { machine.lines("told").count == 3 }, machine.evidence)
            machine.stop()
            #expect(machine.lines("told") == ["BACKUP", "MASTER", "BACKUP", "STOP"])
        }
    }

    @Test func `what a stop does not tell any more is said`() async throws {
        try await onMachine { machine in
            let note = try machine.script("note", "[ $3 = MASTER ] && exec sleep 60")
            let daemon = try machine.start(
                globalText(
                    machine, "child_wait_time 1", "smtp_server 127.0.0.1 9",
                    "notification_email {\na@b.c\n}")
                    + instanceText("notify \(note)", "smtp_alert on"))
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            #expect(
                machine.wait { machine.text("log").contains("mail to 127.0.0.1:9 failed") },
                machine.evidence)
            daemon.send(.terminate)
            #expect(machine.wait { daemon.hasEnded }, machine.evidence)
            let log = machine.text("log")
            #expect(
                log.contains("V: script '\(note)' is ended before it is done"), machine.evidence)
            #expect(log.contains("V: STOP is not told any more"), machine.evidence)
            #expect(
                log.contains("Entering MASTER state' is not delivered: "),
                machine.evidence)
        }
    }

    @Test func `mail that nobody takes is counted, and a stop does not wait for it`() async throws {
        try await onMachine { machine in
            let daemon = try machine.start(
                globalText(
                    machine, "smtp_server no.such.host.invalid 25",
                    "notification_email {\na@b.c\n}") + instanceText("smtp_alert on"))
            #expect(machine.wait { machine.has(vip) }, machine.evidence)
            let program = try #require(Machine.program)
            let status = try machine.run(
                "\(program) status --json --socket \(machine.path("status"))")
            #expect(status.contains("\"failed_notifications\":2"), "\(status)")
            let moment = machine.now
            daemon.send(.terminate)
            #expect(machine.wait { daemon.hasEnded }, machine.evidence)
            #expect(machine.now - moment < 3_000_000_000)
        }
    }

    @Test func `a removed instance is told to be in fault, or deleted where that is asked for`()
        async throws
    {
        try await onMachine { machine in
            let note = try machine.script("note", "echo $2 $3 >> \(machine.path("told"))")
            let global = globalText(machine)
            let rest = instanceText(named: "R", number: 59, addresses: ["10.9.0.109/24"])
            let two =
                instanceText("notify \(note)")
                + instanceText(
                    named: "W", number: 52, addresses: ["10.9.0.101/24"], "notify \(note)",
                    "notify_deleted")
            try machine.start(global + rest + two)
            #expect(machine.wait { machine.lines("told").count == 4 }, machine.evidence)
            try machine.reload(global + rest)
            #expect(machine.wait { machine.lines("told").count == 6 }, machine.evidence)
            #expect(Set(machine.lines("told").suffix(2)) == ["V FAULT", "W DELETED"])
            machine.stop()
        }
    }
}
