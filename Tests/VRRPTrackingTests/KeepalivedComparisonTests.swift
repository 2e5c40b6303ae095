// Real keepalived beside ours, in a network namespace: the arguments of notify scripts and the
// lines of fifos for the same transitions; processes where the kernel's events do not come.

import Daemon
import Foundation
import Glibc
import Kernel
import PrivateNetworks
import Testing
import VRRPTracking

@Suite(.serialized) struct KeepalivedComparisonTests {
    private static let keepalived = "/usr/sbin/keepalived"
    private static let isHere = FileManager.default.isExecutableFile(atPath: keepalived)

    /// Lines of a file, sorted: keepalived starts scripts in no order.
    private func sorted(_ text: String) -> [String] {
        text.split(separator: "\n").map(String.init).sorted()
    }

    @Test(
        .enabled(if: isHere, "keepalived is not installed"),
        .enabled(if: PrivateNetwork.isPermitted))
    func `scripts and fifos hear what keepalived's hear`() throws {
        let bench = try Bench()
        let note = try bench.script("note", "echo \"$@\" >> \(bench.folder)/$1.out")
        let configuration = """
            global_defs {
                router_id LAB
                script_user root
                vrrp_notify_fifo \(bench.folder)/theirs
            }
            vrrp_sync_group G {
                group {
                    V
                }
                notify_master "\(note) theirs group-master"
                notify_backup "\(note) theirs group-backup"
                notify_stop "\(note) theirs group-stop"
                notify "\(note) theirs group-any"
            }
            vrrp_instance V {
                interface kct0
                virtual_router_id 9
                vrrp_version 3
                priority 200
                advert_int 0.1
                virtual_ipaddress {
                    10.9.9.1/24
                }
                notify_master "\(note) theirs master"
                notify_backup "\(note) theirs backup"
                notify_stop "\(note) theirs stop"
                notify "\(note) theirs any"
            }

            """
        try bench.write(configuration, to: "keepalived.conf")
        try PrivateNetwork.run {
            try PrivateNetwork.shell(
                "ip link set lo up; ip link add kct0 type veth peer name kct1;"
                    + "ip link set kct0 up; ip link set kct1 up; ip addr add 10.9.9.2/24 dev kct0")
            let files = ["-p", "-r", "-c", "-b"].flatMap { [$0, bench.path("pid\($0)")] }
            let program = try CurrentProcess.start(
                ProgramPlan(
                    path: Self.keepalived,
                    arguments: ["keepalived", "-n", "-l", "-f", bench.path("keepalived.conf")]
                        + files, environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]),
                output: Descriptor())
            defer {
                program.sendToGroup(.kill)
                _ = try? CurrentProcess.end(of: program.id)
            }
            try #require(
                bench.turn { FileManager.default.fileExists(atPath: bench.path("theirs")) })
            let number = open(bench.path("theirs"), O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            let reader = Descriptor(owning: number)
            var lines: [UInt8] = []
            func hears(_ text: String) -> Bool {
                _ = reader.read(appendingTo: &lines, atMost: 65536)
                return String(decoding: lines, as: UTF8.self).contains(text)
            }
            // The start of an owner is not told to its group, so this one is elected.
            try #require(bench.turn { hears("GROUP \"G\" MASTER") })
            try #require(bench.turn { bench.text("theirs.out").contains("any GROUP G MASTER") })
            try program.id.send(.terminate)
            try #require(bench.turn { hears("INSTANCE \"V\" STOP") && hears("GROUP \"G\" STOP") })
            for line in ["any INSTANCE V STOP 200", "any GROUP G STOP 0", "group-stop", " stop"] {
                try #require(bench.turn { bench.text("theirs.out").contains(line) })
            }
            try compare(bench, note: note, theirs: String(decoding: lines, as: UTF8.self))
        }
    }

    /// Tells ours the transitions that keepalived's fifo has told, and compares.
    private func compare(_ bench: Bench, note: String, theirs: String) throws {
        func scripts(_ prefix: String) throws -> NotifyScripts {
            var scripts = NotifyScripts()
            scripts.master = try bench.command(note, "ours", "\(prefix)master")
            scripts.backup = try bench.command(note, "ours", "\(prefix)backup")
            scripts.stop = try bench.command(note, "ours", "\(prefix)stop")
            scripts.any = try bench.command(note, "ours", "\(prefix)any")
            return scripts
        }
        let instance = NotifyQueue(
            .instance("V"), try scripts(""), on: bench.loop, log: bench.log)
        let group = NotifyQueue(.group("G"), try scripts("group-"), on: bench.loop, log: bench.log)
        let events: [NotifyEvent] = [.master, .backup, .fault, .stop]
        var ours = ""
        for line in theirs.split(separator: "\n") {
            let event = try #require(events.first { line.contains("\" \($0.word) ") }, "\(line)")
            let priority = try #require(Int(line.split(separator: " ").last ?? ""))
            let queue = line.hasPrefix("GROUP") ? group : instance
            queue.add(event, priority: priority)
            ours += NotifyFifo.line(event, of: queue.subject, priority: priority) + "\n"
        }
        #expect(bench.turn { instance.isIdle && group.isIdle })
        #expect(ours == theirs)
        let expected = sorted(bench.text("theirs.out").replacing("theirs ", with: "ours "))
        #expect(sorted(bench.text("ours.out")) == expected)
        #expect(expected.count >= 6 && bench.lines.isEmpty)
    }

    @Test(.enabled(if: PrivateNetwork.isPermitted))
    func `in a namespace without the kernel's events processes are followed all the same`() throws {
        let bench = try Bench()
        try PrivateNetwork.run {
            let watcher = ProcessWatcher(on: bench.loop)
            let told = Journal<TrackingResult>()
            let pattern = try #require(ProcessPattern(words: ["/bin/sleep", "61.25"]))
            let tracker = ProcessTracker(
                ProcessTrackerSettings(name: "p", pattern: pattern), watcher: watcher,
                on: bench.loop, log: bench.log, onChange: told.take)
            tracker.start()
            let program = try CurrentProcess.start(
                ProgramPlan(
                    path: "/bin/sleep", arguments: ["/bin/sleep", "61.25"], environment: []),
                output: Descriptor())
            #expect(bench.turn { tracker.isUp })
            #expect(!watcher.hasEvents)
            program.sendToGroup(.kill)
            #expect(bench.turn { !tracker.isUp })
            _ = try CurrentProcess.end(of: program.id)
            #expect(told.values.map(\.isUp) == [false, true, false])
            tracker.stop()
        }
    }
}
