// Tracked files: the number as keepalived reads it, files and directories that come and go, links.

import Daemon
import Glibc
import Kernel
import RandomInputs
import Testing
import VRRPTracking

@Suite struct FileTrackerTests {
    /// Measured with keepalived 2.2.7 by the priority it went to.
    @Test(arguments: [
        ("5\n", 5), (" 6\n", 6), ("7abc\n", 7), ("abc\n", 0), ("8 9\n", 8), ("", 0), ("\n", 0),
        ("0x10\n", 16), ("010\n", 8), ("+11\n", 11), ("-5\n", -5), ("1.5\n", 1), ("12", 12),
        ("\t13", 13), ("\n14", 14), ("1000\n", 1000), ("09", 0), ("0x", 0), ("0xg", 0), ("-", 0),
        ("-0x1F", -31), ("2147483647", 2_147_483_647), ("-2147483648", -2_147_483_648),
    ])
    func `the number is read as keepalived reads it`(text: String, value: Int32) {
        #expect(TrackedNumber.parse(Array(text.utf8).span) == value)
    }

    @Test(arguments: ["99999999999\n", "2147483648", "-2147483649", "0x1ffffffff"])
    func `a number beyond 32 bits is ignored`(text: String) {
        #expect(TrackedNumber.parse(Array(text.utf8).span) == nil)
    }

    @Test func `any bytes are read without harm`() {
        var random = Seeded(for: "tracked numbers")
        let alphabet = Array("0123456789abcxX+- \t\n\0\u{ff}".utf8)
        for _ in 0..<20_000 {
            let count = random.next(below: 24)
            let bytes = (0..<count).map { _ in alphabet[random.next(below: alphabet.count)] }
            TrackedNumber.exercise(bytes.span)
        }
    }

    /// A tracker of a path in the bench's folder and what it tells.
    private func tracker(
        _ bench: Bench, _ name: String, initial: FileTrackerSettings.Initial? = nil
    ) throws -> (FileTracker, Journal<Int32>) {
        let told = Journal<Int32>()
        let watcher = try FileWatcher(on: bench.loop)
        let tracker = FileTracker(
            FileTrackerSettings(name: "f", path: bench.path(name), initial: initial),
            watcher: watcher, on: bench.loop, log: bench.log, onChange: told.take)
        tracker.start()
        return (tracker, told)
    }

    @Test func `the value follows what writers leave, and a missing file is zero`() throws {
        let bench = try Bench()
        let (tracker, told) = try tracker(bench, "f")
        #expect(told.values == [0] && !tracker.exists)
        for (number, text) in ["5", "6\n", "0x10"].enumerated() {
            try bench.write(text, to: "f")
            #expect(bench.turn { told.values.count == number + 2 })
        }
        try bench.write("7", to: "new")
        try Files.rename(bench.path("new"), to: bench.path("f"))
        #expect(bench.turn { tracker.value == 7 })
        try bench.write("99999999999", to: "f")
        #expect(bench.turn { !bench.lines.isEmpty })
        #expect(tracker.value == 7)
        try Files.remove(bench.path("f"))
        #expect(bench.turn { tracker.value == 0 })
        // Never a value in between, such as that of a file just emptied.
        #expect(told.values == [0, 5, 6, 16, 7, 0])
        tracker.stop()
        try bench.write("9", to: "f")
        bench.turn(milliseconds: 30)
        #expect(tracker.value == 0)
    }

    @Test func `directories that do not exist yet, that go and come again, are followed`() throws {
        let bench = try Bench()
        let (tracker, told) = try tracker(bench, "a/b/f")
        for value in [Int32(1), 2, 3] {
            #expect(mkdir(bench.path("a"), 0o755) == 0)
            #expect(mkdir(bench.path("a/b"), 0o755) == 0)
            try bench.write("\(value)", to: "a/b/f")
            #expect(bench.turn { tracker.value == value })
            try Files.remove(bench.path("a/b/f"))
            #expect(rmdir(bench.path("a/b")) == 0)
            #expect(rmdir(bench.path("a")) == 0)
            #expect(bench.turn { tracker.value == 0 })
        }
        #expect(told.values == [0, 1, 0, 2, 0, 3, 0])
        // A whole tree that is moved into place.
        #expect(mkdir(bench.path("x"), 0o755) == 0)
        #expect(mkdir(bench.path("x/b"), 0o755) == 0)
        try bench.write("4", to: "x/b/f")
        try Files.rename(bench.path("x"), to: bench.path("a"))
        #expect(bench.turn { tracker.value == 4 })
        try Files.rename(bench.path("a"), to: bench.path("y"))
        #expect(bench.turn { tracker.value == 0 })
    }

    @Test func `a link that is turned to another place changes the value`() throws {
        let bench = try Bench()
        // As Kubernetes lays out a mounted configuration.
        for (folder, value) in [("one", "1"), ("two", "2")] {
            #expect(mkdir(bench.path(folder), 0o755) == 0)
            try bench.write(value, to: "\(folder)/f")
        }
        #expect(symlink("one", bench.path("..data")) == 0)
        #expect(symlink("..data/f", bench.path("f")) == 0)
        let (tracker, _) = try tracker(bench, "f")
        #expect(tracker.value == 1)
        #expect(symlink("two", bench.path("next")) == 0)
        try Files.rename(bench.path("next"), to: bench.path("..data"))
        #expect(bench.turn { tracker.value == 2 })
        try bench.write("3", to: "two/f")
        #expect(bench.turn { tracker.value == 3 })
        // A link that is made after the start.
        let (late, _) = try self.tracker(bench, "late")
        #expect(symlink("two/f", bench.path("late")) == 0)
        #expect(bench.turn { late.value == 3 })
    }

    @Test func `a first value is written where asked for`() throws {
        let bench = try Bench()
        try bench.write("9", to: "there")
        let keeping = try tracker(bench, "there", initial: .init(value: 4))
        #expect(keeping.0.value == 9)
        let overwriting = try tracker(bench, "there", initial: .init(value: 4, isOverwriting: true))
        #expect(overwriting.0.value == 4)
        #expect(bench.turn { keeping.0.value == 4 })
        let creating = try tracker(bench, "absent", initial: .init())
        #expect(creating.0.value == 0 && creating.0.exists)
        let failing = try tracker(bench, "no/where", initial: .init(value: 1))
        #expect(failing.0.value == 0)
        #expect(bench.lines.contains { $0.contains("cannot write") })
    }

    @Test func `what is no file is zero and never waited for`() throws {
        let bench = try Bench()
        #expect(mkfifo(bench.path("pipe"), 0o644) == 0)
        let (pipe, _) = try tracker(bench, "pipe")
        let (folder, _) = try tracker(bench, ".")
        #expect(pipe.value == 0 && folder.value == 0)
        #expect(bench.lines.count >= 2)
    }
}
