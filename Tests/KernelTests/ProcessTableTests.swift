// What /proc and the kernel's events tell, and events of files, as bytes.

import Glibc
import RandomInputs
import Testing

@testable import Kernel

@Suite struct ProcessTableTests {
    @Test func `this process is in the table`() throws {
        let own = ProcessID.own.number
        #expect(try #require(ProcessTable.numbers()).contains(own))
        #expect(ProcessTable.isRunning(own))
        let name = try #require(ProcessTable.name(of: own))
        #expect(!name.isEmpty && name.count <= 15 && !name.contains(10))
        let words = try #require(ProcessTable.commandLine(of: own))
        #expect(words.first == Array(CommandLine.arguments[0].utf8))
        #expect(ProcessTable.name(of: .max) == nil && !ProcessTable.isRunning(.max))
        #expect(try #require(ProcessTable.lastNumber()) > 0)
    }

    @Test func `words end with zeros and may be empty`() {
        #expect(ProcessTable.words(of: []) == [])
        #expect(ProcessTable.words(of: [0]) == [[]])
        #expect(ProcessTable.words(of: [97, 0, 0, 98, 0]) == [[97], [], [98]])
        #expect(ProcessTable.words(of: [97, 0, 98]) == [[97], [98]])
    }

    private func message(_ what: UInt32, _ numbers: [UInt32]) -> [UInt8] {
        let words: [UInt32] =
            [76, 3, 0, 0, 1, 1, 0, 0, 40, what, 0, 0, 0] + numbers
            + [UInt32](repeating: 0, count: 6 - numbers.count)
        return words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
    }

    @Test func `messages of the connector are read, those of threads are not`() {
        func event(_ what: UInt32, _ numbers: [UInt32]) -> ProcessEvent? {
            ProcessEvents.event(in: message(what, numbers).span)
        }
        #expect(event(0, [0]) == .listening)
        #expect(event(0, [1]) == nil)
        #expect(event(1, [5, 5, 9, 9]) == .forked(child: 9))
        #expect(event(1, [5, 5, 9, 5]) == nil)
        #expect(event(2, [9, 9]) == .executed(9))
        #expect(event(0x200, [9, 9]) == .renamed(9))
        #expect(event(0x8000_0000, [9, 9, 256, 17]) == .exited(9))
        #expect(event(0x8000_0000, [9, 8]) == nil)
        #expect(event(4, [9, 9]) == nil)
    }

    @Test func `any bytes are read without harm`() {
        var random = Seeded(for: "process and file events")
        for _ in 0..<5000 {
            var bytes = message([0, 1, 2, 0x200][random.next(below: 4)], [5, 5, 9, 9])
            bytes.removeLast(random.next(below: bytes.count))
            for _ in 0..<random.next(below: 4) where !bytes.isEmpty {
                bytes[random.next(below: bytes.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            _ = ProcessEvents.event(in: bytes.span)
            _ = Inotify.events(in: bytes.span)
        }
    }

    @Test func `changes in a directory are told with their names`() throws {
        let folder = "/tmp/martlet-inotify-\(UInt32.random(in: 0 ... .max))"
        #expect(mkdir(folder, 0o755) == 0)
        defer { _ = rmdir(folder) }
        let inotify = try Inotify()
        let watch = try inotify.watch(folder, for: .all)
        #expect(try inotify.watch(folder, for: .all) == watch)
        #expect(inotify.read().isEmpty)
        try Files.write([UInt8(49)].span, to: "\(folder)/a file")
        try Files.remove("\(folder)/a file")
        let events = inotify.read()
        #expect(events.map(\.changes) == [.created, .written, .removed])
        #expect(events.allSatisfy { $0.name == "a file" && $0.watch == watch })
        inotify.unwatch(watch)
        #expect(inotify.read().map(\.changes) == [.ended])
    }

    @Test func `only the beginning of files is read, and nothing else is waited for`() throws {
        #expect(try Files.readBeginning("/proc/self/comm", atMost: 2).count == 2)
        #expect(throws: Errno(EISDIR)) { try Files.readBeginning("/proc", atMost: 2) }
        #expect(throws: Errno(EINVAL)) { try Files.readBeginning("/dev/null", atMost: 2) }
        #expect(throws: Errno.noSuchEntry) { try Files.readBeginning("/no/such", atMost: 2) }
    }
}
