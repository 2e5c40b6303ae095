// A named pipe that hears of every transition, a line each, and the script that reads it.
// keepalived.conf(5): notify_fifo, vrrp_notify_fifo, notify_fifo_script.
//
//     INSTANCE "VI_1" MASTER 150

import Daemon
import Kernel

/// A notify pipe and its reader.
public struct NotifyFifoSettings: Equatable, Sendable {
    /// Where the pipe is made.
    public var path: String
    /// Who owns it; nil for the daemon's user.
    public var userID: UInt32?
    /// Whose group it has; nil for the daemon's.
    public var groupID: UInt32?
    /// A program that is run with the pipe's path as last argument; nil for none.
    public var script: ScriptCommand?
    /// Lines kept while the kernel's pipe is full; at least 1.
    public var limit: Int
    /// Nanoseconds a stopping daemon waits for readers to take the last lines.
    public var drainTime: UInt64

    public init(
        path: String, userID: UInt32? = nil, groupID: UInt32? = nil, script: ScriptCommand? = nil,
        limit: Int = 1024, drainTime: UInt64 = 500_000_000
    ) {
        self.path = path
        self.userID = userID
        self.groupID = groupID
        self.script = script
        self.limit = max(1, limit)
        self.drainTime = drainTime
    }
}

/// Writes lines into a named pipe without ever waiting for its reader.
///
/// A reader that is absent finds the lines when it comes: as many as the kernel's pipe holds (64 kB
/// usually) and a bounded number behind them, of which the oldest give way.
public final class NotifyFifo {
    /// Figures for status.
    public struct Counters: Equatable, Sendable {
        /// Lines that went into the pipe.
        public var written: UInt64 = 0
        /// Lines that gave way to newer ones.
        public var dropped: UInt64 = 0
        /// Times the script was started.
        public var scriptStarts: UInt64 = 0
    }

    /// How the pipe is made.
    public let settings: NotifyFifoSettings
    /// Figures for status.
    public private(set) var counters = Counters()

    private final class Open {
        let pipe: NamedPipe

        init(_ pipe: consuming NamedPipe) { self.pipe = pipe }
    }

    private let loop: ControlLoop
    private let log: TrackingLog
    private var open: Open?
    private var waiting: [[UInt8]] = []
    private var isWatching = false
    private var script: ScriptRun?
    private var isStopping = false
    private var scriptPause: UInt64 = 1_000_000_000
    private var restart: ControlTimer?

    public init(
        _ settings: NotifyFifoSettings, on loop: ControlLoop, log: @escaping TrackingLog
    ) {
        self.settings = settings
        self.loop = loop
        self.log = log
    }

    /// Makes the pipe and starts the script.
    public func start() throws(NamedPipeFailure) {
        if open != nil { return }
        isStopping = false
        open = Open(
            try NamedPipe(settings.path, user: settings.userID, group: settings.groupID))
        startScript()
    }

    /// The line of an event as keepalived writes it, without its end.
    public static func line(
        _ event: NotifyEvent, of subject: NotifySubject, priority: Int
    ) -> String {
        "\(subject.word) \"\(subject.name)\" \(event.word) \(priority)"
    }

    /// Tells an event.
    ///
    /// - Parameter priority: of the instance; keepalived has 0 for groups.
    public func tell(_ event: NotifyEvent, of subject: NotifySubject, priority: Int) {
        guard open != nil, !isStopping else { return }
        if waiting.count >= settings.limit {
            waiting.removeFirst()
            counters.dropped += 1
        }
        waiting.append(Array((Self.line(event, of: subject, priority: priority) + "\n").utf8))
        flush()
    }

    /// Lets readers take what is left for a bounded time, ends the script, and removes the pipe.
    ///
    /// - Parameter whenDone: called once; at once where nobody reads.
    public func stop(whenDone: @escaping () -> Void = {}) {
        guard open != nil, !isStopping else { return whenDone() }
        isStopping = true
        if let restart { loop.cancel(restart) }
        restart = nil
        finish(until: Clock.monotonic().nanoseconds + settings.drainTime, whenDone)
    }

    private func finish(until end: UInt64, _ whenDone: @escaping () -> Void) {
        flush()
        let isDrained = waiting.isEmpty && (open?.pipe.unreadBytes ?? 0) == 0
        // Without a script of ours nobody is known to read.
        if script != nil && !isDrained && Clock.monotonic().nanoseconds < end {
            loop.after(milliseconds: 5) { self.finish(until: end, whenDone) }
            return
        }
        script?.abandon()
        script = nil
        if let open, isWatching { loop.unwatch(open.pipe.number) }
        isWatching = false
        open = nil
        waiting = []
        try? Files.remove(settings.path)
        whenDone()
    }

    // MARK: Writing

    private func flush() {
        guard let open else { return }
        writing: while let line = waiting.first {
            switch open.pipe.write(line.span) {
            case .bytes(let count) where count < line.count:
                waiting[0].removeFirst(count)
            case .bytes:
                waiting.removeFirst()
                counters.written += 1
            case .wouldBlock:
                break writing
            case .failed(let failure):
                log(.error, "notify fifo \(settings.path): \(failure.text)")
                waiting.removeFirst()
                counters.dropped += 1
            }
        }
        watch(!waiting.isEmpty, open.pipe.number)
    }

    private func watch(_ wanted: Bool, _ number: Int32) {
        if wanted == isWatching { return }
        if wanted {
            isWatching =
                (try? loop.watch(number, for: .writable, { [weak self] _ in self?.flush() })) != nil
        } else {
            loop.unwatch(number)
            isWatching = false
        }
    }

    // MARK: The script

    private func startScript() {
        guard let command = settings.script, !isStopping, open != nil else { return }
        guard let plan = command.plan(adding: [settings.path]) else {
            return log(.error, "notify fifo script '\(command.name)' cannot be found")
        }
        let start = Clock.monotonic().nanoseconds
        counters.scriptStarts += 1
        do throws(Errno) {
            script = try ScriptRun.begin(plan, limits: RunLimits(timeout: nil), on: loop) {
                [weak self] outcome in
                self?.scriptEnded(outcome, since: start)
            }
        } catch {
            log(.error, "notify fifo script '\(command.name)': \(error.text)")
            scheduleRestart()
        }
    }

    private func scriptEnded(_ outcome: RunOutcome, since start: UInt64) {
        script = nil
        if isStopping { return }
        log(.warning, "notify fifo script '\(settings.script?.name ?? "")' \(outcome)")
        // One that ran well for a while is started soon; one that fails at once ever later.
        let ran = Clock.monotonic().nanoseconds - start
        if ran > 60_000_000_000 { scriptPause = 1_000_000_000 }
        scheduleRestart()
    }

    private func scheduleRestart() {
        restart = loop.after(nanoseconds: scriptPause) { [weak self] in
            self?.startScript()
        }
        scriptPause = min(scriptPause * 2, 60_000_000_000)
    }
}
