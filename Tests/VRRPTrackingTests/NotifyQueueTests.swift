// Notify scripts: order, arguments, time limits, a full queue.

import Daemon
import Kernel
import Testing
import VRRPTracking

@Suite struct NotifyQueueTests {
    /// A script that writes its first argument, or all, as a line, after resting a while.
    private func writer(_ bench: Bench, rest: String = "0") throws -> String {
        try bench.script("writer", "sleep \(rest); echo \"$@\" >> \(bench.folder)/out")
    }

    private func scripts(_ bench: Bench, rest: String = "0") throws -> NotifyScripts {
        let path = try writer(bench, rest: rest)
        var scripts = NotifyScripts()
        scripts.master = try bench.command(path, "own", "master")
        scripts.backup = try bench.command(path, "own", "backup")
        scripts.fault = try bench.command(path, "own", "fault")
        scripts.stop = try bench.command(path, "own", "stop")
        scripts.masterHeardLowerPriority = try bench.command(path, "own", "lower")
        scripts.any = try bench.command(path, "any one")
        return scripts
    }

    @Test func `scripts run one after the other in the order things happened`() throws {
        let bench = try Bench()
        let queue = NotifyQueue(
            .instance("VI_1"), try scripts(bench, rest: "0.02"), on: bench.loop, log: bench.log)
        queue.add(.backup, priority: 100)
        queue.add(.master, priority: 100)
        queue.add(.masterHeardLowerPriority, priority: 100)
        queue.add(.fault, priority: 90)
        queue.add(.stop, priority: 90)
        var isIdle = false
        queue.whenIdle { isIdle = true }
        #expect(!isIdle)
        #expect(bench.turn { isIdle })
        // As keepalived 2.2.7 calls them, but in order.
        #expect(
            bench.text("out") == """
                own backup
                any one INSTANCE VI_1 BACKUP 100
                own master
                any one INSTANCE VI_1 MASTER 100
                own lower
                own fault
                any one INSTANCE VI_1 FAULT 90
                own stop
                any one INSTANCE VI_1 STOP 90

                """)
        #expect(queue.counters.runs == 9 && queue.counters.failures == 0)
        #expect(queue.isIdle && bench.lines.isEmpty)
    }

    @Test func `a group's scripts get its word and its name`() throws {
        let bench = try Bench()
        var scripts = NotifyScripts()
        scripts.any = try bench.command(try writer(bench))
        let queue = NotifyQueue(.group("G 1"), scripts, on: bench.loop, log: bench.log)
        queue.add(.master, priority: 0)
        queue.add(.masterPriority, priority: 0)
        queue.add(.deleted, priority: 0)
        #expect(bench.turn { queue.isIdle })
        #expect(bench.text("out") == "GROUP G 1 MASTER 0\nGROUP G 1 DELETED 0\n")
    }

    @Test func `a script that hangs or fails is logged and the next one runs`() throws {
        let bench = try Bench()
        var scripts = NotifyScripts()
        scripts.master = try bench.command("sleep", "60")
        scripts.backup = try bench.command(try bench.script("bad", "echo oh; exit 3"))
        scripts.fault = try bench.command(bench.path("absent"))
        scripts.stop = try bench.command(try writer(bench), "end")
        let queue = NotifyQueue(
            .instance("V"), scripts,
            NotifyQueueSettings(timeout: 100_000_000, outputBytes: 100), on: bench.loop,
            log: bench.log)
        for event in [NotifyEvent.master, .backup, .fault, .stop] {
            queue.add(event, priority: 1)
        }
        #expect(bench.turn { queue.isIdle })
        #expect(bench.text("out") == "end\n")
        #expect(queue.counters.runs == 4)
        #expect(queue.counters.failures == 3 && queue.counters.timeouts == 1)
        #expect(bench.lines.count == 3)
        #expect(bench.lines[0].hasSuffix("script 'sleep' ran too long"))
        #expect(bench.lines[1].hasSuffix("exited with status 3: oh"))
        #expect(bench.lines[2].contains("cannot be run"))
    }

    @Test func `a full queue tells the last state`() throws {
        let bench = try Bench()
        let queue = NotifyQueue(
            .instance("V"), try scripts(bench, rest: "0.1"), NotifyQueueSettings(limit: 3),
            on: bench.loop, log: bench.log)
        queue.add(.backup, priority: 1)
        queue.add(.masterHeardLowerPriority, priority: 1)
        for _ in 0..<50 {
            queue.add(.master, priority: 2)
            queue.add(.fault, priority: 3)
        }
        queue.add(.backup, priority: 4)
        #expect(queue.waitingCount == 3)
        #expect(bench.turn { queue.isIdle })
        #expect(queue.counters.dropped == 99)
        let lines = bench.text("out").split(separator: "\n")
        #expect(lines.first == "own backup")
        #expect(lines.last == "any one INSTANCE V BACKUP 4")
        #expect(lines.count == 8)
    }

    @Test func `where the last state wins, waiting states give way to it`() throws {
        let bench = try Bench()
        let queue = NotifyQueue(
            .instance("V"), try scripts(bench, rest: "0.05"),
            NotifyQueueSettings(lastStateWins: true), on: bench.loop, log: bench.log)
        queue.add(.backup, priority: 1)
        queue.add(.master, priority: 1)
        queue.add(.fault, priority: 1)
        queue.add(.master, priority: 7)
        #expect(bench.turn { queue.isIdle })
        let lines = bench.text("out").split(separator: "\n")
        #expect(lines.last == "any one INSTANCE V MASTER 7")
        #expect(lines.count == 4 && queue.counters.dropped == 2)
    }

    @Test func `an idle queue says so at once, and a cancelled one ends what runs`() throws {
        let bench = try Bench()
        var scripts = NotifyScripts()
        let script = try bench.script("stay", "echo $$ > \(bench.folder)/me; exec sleep 60")
        scripts.master = try bench.command(script)
        let queue = NotifyQueue(.instance("V"), scripts, on: bench.loop, log: bench.log)
        var idle = 0
        queue.whenIdle { idle += 1 }
        #expect(idle == 1)
        queue.add(.backup, priority: 1)
        #expect(queue.isIdle)
        queue.add(.master, priority: 1)
        queue.add(.master, priority: 1)
        queue.whenIdle { idle += 1 }
        #expect(idle == 1)
        #expect(bench.turn { bench.text("me").hasSuffix("\n") })
        let number = try #require(Int32(bench.text("me").filter { $0 != "\n" }))
        queue.cancel()
        #expect(idle == 2 && queue.isIdle)
        #expect(
            bench.lines == [
                "notify INSTANCE V: script '\(script)' is ended before it is done",
                "notify INSTANCE V: MASTER is not told any more",
            ])
        #expect(queue.counters.failures == 1 && queue.counters.dropped == 1)
        #expect(bench.turn { !isChildLeft(number) })
    }
}
