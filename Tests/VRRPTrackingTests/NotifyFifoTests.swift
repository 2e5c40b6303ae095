// Notify pipes: lines as keepalived writes them, readers that come late or never, the script.

import Daemon
import Glibc
import Kernel
import Testing
import VRRPTracking

@Suite struct NotifyFifoTests {
    private func fifo(
        _ bench: Bench, script: ScriptCommand? = nil, limit: Int = 1024
    ) -> NotifyFifo {
        NotifyFifo(
            NotifyFifoSettings(path: bench.path("fifo"), script: script, limit: limit),
            on: bench.loop, log: bench.log)
    }

    /// A reader that comes late: takes what there is without waiting.
    private func read(_ path: String) -> String {
        let number = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        defer { close(number) }
        let descriptor = Descriptor(owning: dup(number))
        var bytes: [UInt8] = []
        while case .bytes = descriptor.read(appendingTo: &bytes, atMost: 65536) {}
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `lines are those of keepalived, in order, and wait for a late reader`() throws {
        let bench = try Bench()
        let fifo = fifo(bench)
        try fifo.start()
        fifo.tell(.backupPriority, of: .instance("V"), priority: 107)
        fifo.tell(.backup, of: .instance("V"), priority: 107)
        fifo.tell(.master, of: .instance("V"), priority: 107)
        fifo.tell(.master, of: .group("G"), priority: 0)
        fifo.tell(.masterPriority, of: .instance("V"), priority: 103)
        fifo.tell(.masterHeardLowerPriority, of: .instance("V"), priority: 103)
        fifo.tell(.stop, of: .instance("V"), priority: 103)
        // As measured with keepalived 2.2.7.
        #expect(
            read(bench.path("fifo")) == """
                INSTANCE "V" BACKUP_PRIORITY 107
                INSTANCE "V" BACKUP 107
                INSTANCE "V" MASTER 107
                GROUP "G" MASTER 0
                INSTANCE "V" MASTER_PRIORITY 103
                INSTANCE "V" MASTER_RX_LOWER_PRI 103
                INSTANCE "V" STOP 103

                """)
        var status = stat()
        #expect(lstat(bench.path("fifo"), &status) == 0)
        #expect(status.st_mode == S_IFIFO | 0o600)
        fifo.stop()
        #expect(lstat(bench.path("fifo"), &status) != 0)
    }

    @Test func `without a reader lines are bounded and the newest survive`() throws {
        let bench = try Bench()
        let fifo = fifo(bench, limit: 10)
        try fifo.start()
        for number in 0..<20_000 {
            fifo.tell(.master, of: .instance("a name of some length"), priority: number)
        }
        #expect(fifo.counters.dropped > 0)
        let before = read(bench.path("fifo")).split(separator: "\n")
        #expect(bench.turn { fifo.counters.written + fifo.counters.dropped == 20_000 })
        let after = read(bench.path("fifo")).split(separator: "\n")
        #expect(before.first?.hasSuffix(" 0") == true)
        #expect(after.count == 10)
        #expect(after.last == "INSTANCE \"a name of some length\" MASTER 19999")
        fifo.stop()
    }

    @Test func `the script has the path as its last argument, reads all, and is ended`() throws {
        let bench = try Bench()
        let script = try bench.script(
            "reader",
            "echo \"$# $1\" > \(bench.folder)/arguments; echo $$ > \(bench.folder)/me; exec cat \"$2\" > \(bench.folder)/out"
        )
        let fifo = fifo(bench, script: try bench.command(script, "one two"))
        try fifo.start()
        for number in 0..<100 { fifo.tell(.master, of: .instance("V"), priority: number) }
        fifo.tell(.stop, of: .instance("V"), priority: 1)
        var isDone = false
        // The last lines are read before the script is told to end.
        #expect(bench.turn { bench.text("me").hasSuffix("\n") })
        fifo.stop { isDone = true }
        #expect(bench.turn { isDone })
        let number = try #require(Int32(bench.text("me").filter { $0 != "\n" }))
        #expect(bench.turn { !isChildLeft(number) })
        #expect(bench.text("arguments") == "2 one two\n")
        #expect(bench.text("out").split(separator: "\n").count == 101)
        #expect(bench.text("out").hasSuffix("INSTANCE \"V\" STOP 1\n"))
    }

    @Test func `a script that ends is started again after a pause`() throws {
        let bench = try Bench()
        let fifo = fifo(bench, script: try bench.command("false"))
        try fifo.start()
        #expect(bench.turn { fifo.counters.scriptStarts == 2 })
        #expect(bench.turn { bench.lines.count { $0.contains("exited with status 1") } == 2 })
        fifo.stop()
    }

    @Test func `what is no pipe is not written to, a pipe that is there is taken`() throws {
        let bench = try Bench()
        try bench.write("precious", to: "fifo")
        #expect(throws: NamedPipeFailure.isNoPipe) { try fifo(bench).start() }
        #expect(bench.text("fifo") == "precious")
        try Files.remove(bench.path("fifo"))
        #expect(mkfifo(bench.path("real"), 0o644) == 0)
        #expect(symlink(bench.path("real"), bench.path("fifo")) == 0)
        #expect(throws: NamedPipeFailure.isNoPipe) { try fifo(bench).start() }
        try Files.remove(bench.path("fifo"))
        try Files.rename(bench.path("real"), to: bench.path("fifo"))
        let taken = fifo(bench)
        try taken.start()
        taken.tell(.master, of: .instance("V"), priority: 1)
        #expect(read(bench.path("fifo")) == "INSTANCE \"V\" MASTER 1\n")
        taken.stop()
    }
}
