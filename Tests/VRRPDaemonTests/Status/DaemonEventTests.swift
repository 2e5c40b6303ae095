// Events as lines, and the file they go to.

import Addresses
import Foundation
import Testing
import VRRPProtocol

@testable import VRRPDaemon

/// One event of each kind.
private func samples(_ name: String) -> [DaemonEvent] {
    let address = IPAddress(v4: 0x0A00_0002)
    return [
        .started(version: "1", configurationPath: name), .stopped(reason: name),
        .reloaded(changes: [name, name]), .reloadRefused(reasons: [name]),
        .transition(
            instance: name, from: .backup, to: .master, cause: .higherPriority(200, address),
            priority: 100),
        .groupTransition(group: name, from: .initial, to: .fault),
        .faultBegan(instance: name, reasons: [name]), .faultEnded(instance: name),
        .splitBegan(instance: name, other: address), .splitBegan(instance: name, other: nil),
        .splitEnded(instance: name, lastedNanoseconds: .max),
        .priorityChanged(instance: name, from: 100, to: 90, because: name),
        .putBack(instance: name, what: name, interface: nil),
        .trackerChanged(kind: "script", name: name, isGood: false, detail: name),
        .rejected(instance: nil, interface: name, reason: .ttl, count: 9, source: address),
        .late(instance: name, nanoseconds: 5, overslept: true),
        .notificationFailed(name: name, command: name, problem: name),
        .operated(command: name, result: name),
    ]
}

@Suite struct DaemonEventTests {
    @Test(arguments: hostileNames)
    func `every event is one line of JSON`(name: String) throws {
        for event in samples(name) {
            let line = StampedEvent(
                event: event, microseconds: 1_795_782_498_250_014, monotonicNanoseconds: 77
            ).line
            #expect(line.last == 0x0A && line.count { $0 == 0x0A } == 1)
            let object = try #require(try parsed(line) as? [String: Any])
            #expect(object["time"] as? String == "2026-11-27T12:28:18.250014Z")
            #expect(object["monotonic_ns"] as? Int == 77)
            #expect(object["event"] as? String == event.name)
            #expect(object.count > 3)
        }
    }

    @Test func `a transition says from where, to where and why`() {
        let event = StampedEvent(
            event: .transition(
                instance: "VI_1", from: .backup, to: .master, cause: .masterDown, priority: 100),
            microseconds: 0, monotonicNanoseconds: 1)
        #expect(
            String(decoding: event.line, as: UTF8.self) == """
                {"time":"1970-01-01T00:00:00.000000Z","monotonic_ns":1,"event":"transition",\
                "instance":"VI_1","from":"backup","to":"master","cause":"master_down",\
                "priority":100}

                """)
    }

    @Test func `words are distinct`() {
        #expect(Set(Rejection.allCases.map(\.word)).count == Rejection.allCases.count)
        #expect(Set(samples("").map(\.name)).count == samples("").count - 1)
    }

    @Test func `times before 1970 and at the ends of years are right`() {
        #expect(StampedEvent.timeText(-1) == "1969-12-31T23:59:59.999999Z")
        #expect(StampedEvent.timeText(951_782_399_000_000) == "2000-02-28T23:59:59.000000Z")
        #expect(StampedEvent.timeText(951_868_799_000_001) == "2000-02-29T23:59:59.000001Z")
    }
}

@Suite struct EventsFileTests {
    private let directory = TemporaryDirectory()
    private var path: String { directory.path + "/events" }
    private let second: UInt64 = 1_000_000_000

    private func line(_ text: String) -> [UInt8] { Array("\(text)\n".utf8) }
    private func content(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `lines are appended and a file that is there is kept`() {
        _ = FileManager.default.createFile(atPath: path, contents: Data("old\n".utf8))
        let file = EventsFile(path: path) { Issue.record("\($0)") }
        file.open(at: 1)
        file.append(line("one"), at: 2)
        file.append(line("two"), at: 3)
        #expect(content(path) == "old\none\ntwo\n")
        #expect(file.lost == 0)
    }

    @Test func `a file that was renamed away is made anew`() throws {
        let file = EventsFile(path: path) { Issue.record("\($0)") }
        file.append(line("one"), at: 1 * second)
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        file.append(line("two"), at: 3 * second)
        #expect(content(path + ".1") == "one\n")
        #expect(content(path) == "two\n")
    }

    @Test func `a file that was renamed away is made anew at once when told`() throws {
        let file = EventsFile(path: path) { Issue.record("\($0)") }
        file.append(line("one"), at: 1)
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        file.append(line("two"), at: 2)
        file.release()
        file.append(line("three"), at: 3)
        #expect(content(path + ".1") == "one\ntwo\n")
        #expect(content(path) == "three\n")
    }

    @Test func `what cannot be written is counted and said once`() throws {
        let reports = Reports()
        let missing = directory.path + "/missing/events"
        let file = EventsFile(path: missing) { reports.lines.append($0) }
        file.open(at: 1)
        for time in 1...100 { file.append(line("lost"), at: UInt64(time)) }
        #expect(file.lost == 100)
        #expect(reports.lines.count == 1)
        try FileManager.default.createDirectory(
            atPath: directory.path + "/missing", withIntermediateDirectories: false)
        file.append(line("still paused"), at: 2 * second)
        #expect(file.lost == 101)
        file.append(line("written"), at: 100 * second)
        #expect(content(missing) == "written\n")
        #expect(reports.lines.count == 2)
        #expect(reports.lines.last?.contains("101 lines were lost") == true)
    }

    @Test func `a full device loses lines and nothing else`() {
        let reports = Reports()
        let file = EventsFile(path: "/dev/full") { reports.lines.append($0) }
        for time in 0..<10 { file.append(line("lost"), at: UInt64(time) * 10 * second) }
        #expect(file.lost == 10)
        #expect(reports.lines.count == 1)
    }

    @Test func `a pipe that nobody reads does not hold us up`() {
        #expect(mkfifo(path, 0o600) == 0)
        let reports = Reports()
        let file = EventsFile(path: path) { reports.lines.append($0) }
        file.append(line("lost"), at: 1)
        #expect(file.lost == 1)
        #expect(reports.lines.count == 1)
    }
}

/// What was reported.
final class Reports {
    var lines: [String] = []
}

/// A directory that goes with its owner.
final class TemporaryDirectory: Sendable {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "martlet-status-\(UUID().uuidString)"
        try? FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
