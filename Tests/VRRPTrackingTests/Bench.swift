// What the tests of trackers share: a folder of their own, scripts in it, a loop that is turned
// until something holds, and a place for what was logged.

import Daemon
import Foundation
import Glibc
import Kernel
import Testing
import VRRPTracking

/// A loop, a folder that goes away with the bench, and a log.
final class Bench {
    /// Children that other tests have started on this thread.
    private let strangers = Bench.childrenOfThread
    let loop: ControlLoop
    let folder: String
    private(set) var lines: [String] = []

    init() throws {
        loop = try ControlLoop(signals: [])
        folder = NSTemporaryDirectory() + "martlet-tracking-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Collects log lines.
    var log: TrackingLog { { [weak self] _, text in self?.lines.append(text) } }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Writes a shell script and returns its path.
    func script(_ name: String, _ body: String, mode: UInt32 = 0o755) throws -> String {
        let text = Array("#!/bin/sh\n\(body)\n".utf8)
        try Files.write(text.span, to: path(name), mode: mode)
        try Files.setMode(mode, of: path(name))
        return path(name)
    }

    func write(_ text: String, to name: String) throws {
        let bytes = Array(text.utf8)
        try Files.write(bytes.span, to: path(name))
    }

    func text(_ name: String) -> String {
        guard let bytes = try? Files.read(path(name), atMost: 1 << 20) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    func command(_ words: String...) throws -> ScriptCommand {
        try #require(ScriptCommand(words: words))
    }

    /// Turns the loop until something holds; false when a minute passes first, which only a
    /// fault or a very busy machine brings about.
    @discardableResult
    func turn(seconds: Double = 60, until holds: () -> Bool) -> Bool {
        let end = Clock.monotonic().nanoseconds + UInt64(seconds * 1e9)
        while !holds() {
            if Clock.monotonic().nanoseconds > end { return false }
            loop.turn(waitingAtMost: 20)
        }
        return true
    }

    /// Turns the loop until the scripts that this thread has started are gone and waited for. One
    /// that is left when its tracker stops would be a zombie, and such a child holds up the exit
    /// tests of other suites for ever.
    func awaitScripts(sourceLocation: SourceLocation = #_sourceLocation) {
        let areGone = turn { Self.childrenOfThread.isSubset(of: strangers) }
        #expect(areGone, "a script is left", sourceLocation: sourceLocation)
    }

    /// The numbers of the children that the calling thread has started, living or dead.
    private static var childrenOfThread: Set<Substring> {
        let bytes = (try? Files.read("/proc/thread-self/children", atMost: 65536)) ?? []
        return Set(String(decoding: bytes, as: UTF8.self).split(separator: " "))
    }

    /// Turns the loop for a time, for what must not happen.
    func turn(milliseconds: Int) {
        var isOver = false
        loop.after(milliseconds: milliseconds) { isOver = true }
        while !isOver { loop.turn(waitingAtMost: -1) }
    }
}

/// Collects what a tracker tells.
final class Journal<Value> {
    private(set) var values: [Value] = []
    var take: (Value) -> Void { { [weak self] in self?.values.append($0) } }
}

/// Whether this process has a child of that number left, living or dead.
func isChildLeft(_ number: Int32) -> Bool {
    var info = siginfo_t()
    return waitid(P_PID, id_t(number), &info, WEXITED | WNOHANG | WNOWAIT) == 0
}
