// The notify scripts of one instance or group, one after the other in the order things happened.
// Differs: keepalived starts them all at once, so a late BACKUP may overtake a MASTER.

import Daemon
import Kernel

/// How notify scripts are run.
public struct NotifyQueueSettings: Equatable, Sendable {
    /// Nanoseconds one script may take before it is ended; nil lets it run for ever, and all that
    /// is queued behind it wait.
    public var timeout: UInt64?
    /// Nanoseconds between SIGTERM and SIGKILL.
    public var grace: UInt64
    /// Events that may wait; at least 2.
    public var limit: Int
    /// Whether events that no longer tell the state are left out even while there is room.
    public var lastStateWins: Bool
    /// Bytes of a failed script's output that are logged; 0 leaves the output alone, as is right
    /// for scripts that start services in the background.
    public var outputBytes: Int

    public init(
        timeout: UInt64? = 60_000_000_000, grace: UInt64 = 2_000_000_000, limit: Int = 64,
        lastStateWins: Bool = false, outputBytes: Int = 0
    ) {
        self.timeout = timeout
        self.grace = grace
        self.limit = max(2, limit)
        self.lastStateWins = lastStateWins
        self.outputBytes = outputBytes
    }
}

/// Runs the scripts of one instance or group, one at a time.
///
/// When events come faster than scripts end, the queue keeps what matters: a full queue drops the
/// oldest waiting event, so the last state is always told.
public final class NotifyQueue {
    /// Figures for status.
    public struct Counters: Equatable, Sendable {
        /// Scripts that have ended, however.
        public var runs: UInt64 = 0
        /// Scripts that did not exit with 0.
        public var failures: UInt64 = 0
        /// Scripts that took too long.
        public var timeouts: UInt64 = 0
        /// Events that were never told, and scripts that were never run for one that was.
        public var dropped: UInt64 = 0
        /// The last script's end, in words.
        public var lastDetail = ""
        /// How long the last script took, nanoseconds.
        public var lastDuration: UInt64 = 0
    }

    private struct Job {
        let event: NotifyEvent
        let priority: Int
    }

    /// Whom it speaks of.
    public let subject: NotifySubject
    /// The scripts; a reload may bring others, which count from the next event that runs.
    public var scripts: NotifyScripts
    /// Figures for status.
    public private(set) var counters = Counters()

    private let settings: NotifyQueueSettings
    private let loop: ControlLoop
    private let log: TrackingLog
    private var jobs: [Job] = []
    private var commands: [(command: ScriptCommand, added: [String])] = []
    private var run: ScriptRun?
    /// The script that runs.
    private var runName = ""
    private var isStepping = false
    private var idleCallbacks: [() -> Void] = []

    public init(
        _ subject: NotifySubject, _ scripts: NotifyScripts,
        _ settings: NotifyQueueSettings = NotifyQueueSettings(), on loop: ControlLoop,
        log: @escaping TrackingLog
    ) {
        self.subject = subject
        self.scripts = scripts
        self.settings = settings
        self.loop = loop
        self.log = log
    }

    /// Whether nothing runs and nothing waits.
    public var isIdle: Bool { run == nil && jobs.isEmpty && commands.isEmpty }

    /// How many events wait.
    public var waitingCount: Int { jobs.count }

    /// Has an event's scripts run once those of the events before have ended.
    public func add(_ event: NotifyEvent, priority: Int) {
        if settings.lastStateWins && event.isState {
            let before = jobs.count
            jobs.removeAll { $0.event.isState }
            counters.dropped += UInt64(before - jobs.count)
        }
        if jobs.count >= settings.limit { dropOne() }
        jobs.append(Job(event: event, priority: priority))
        step()
    }

    /// Calls `body` once nothing runs and nothing waits, which may be at once: a daemon that stops
    /// lets its last scripts end.
    public func whenIdle(_ body: @escaping () -> Void) {
        if isIdle { body() } else { idleCallbacks.append(body) }
    }

    /// Forgets what waits and ends what runs, and says so.
    public func cancel() {
        if let run {
            counters.failures += 1
            say("script '\(runName)' is ended before it is done")
            run.abandon()
        }
        run = nil
        counters.dropped += UInt64(commands.count + jobs.count)
        for next in commands { say("script '\(next.command.name)' is not run any more") }
        commands = []
        for job in jobs { say("\(job.event.word) is not told any more") }
        jobs = []
        tellIdle()
    }

    private func say(_ text: String) {
        log(.warning, "notify \(subject.word) \(subject.name): \(text)")
    }

    /// Makes room: what is no state goes first, then the oldest state.
    private func dropOne() {
        counters.dropped += 1
        let index = jobs.firstIndex { !$0.event.isState } ?? 0
        let dropped = jobs.remove(at: index)
        say("\(dropped.event.word) is not told, \(settings.limit) events wait")
    }

    private func step() {
        if isStepping { return }
        isStepping = true
        defer { isStepping = false }
        while run == nil {
            if commands.isEmpty {
                if jobs.isEmpty { break }
                let job = jobs.removeFirst()
                commands = scripts.commands(for: job.event, of: subject, priority: job.priority)
                continue
            }
            let next = commands.removeFirst()
            start(next.command, next.added)
        }
        if isIdle { tellIdle() }
    }

    private func start(_ command: ScriptCommand, _ added: [String]) {
        let start = Clock.monotonic()
        guard let plan = command.plan(adding: added) else {
            return note(command, .notStarted("no such program"), since: start, output: "")
        }
        let limits = RunLimits(
            timeout: settings.timeout, grace: settings.grace, outputBytes: settings.outputBytes)
        runName = command.name
        do throws(Errno) {
            run = try ScriptRun.begin(plan, limits: limits, on: loop) { [weak self] outcome in
                guard let self else { return }
                let output = self.run?.outputLine ?? ""
                self.run = nil
                self.note(command, outcome, since: start, output: output)
                self.step()
            }
        } catch {
            note(command, .notStarted(error.text), since: start, output: "")
        }
    }

    private func note(
        _ command: ScriptCommand, _ outcome: RunOutcome, since start: Instant, output: String
    ) {
        counters.runs += 1
        counters.lastDetail = "\(outcome)"
        counters.lastDuration = Clock.monotonic().nanoseconds - start.nanoseconds
        if outcome == .timedOut { counters.timeouts += 1 }
        if outcome.isSuccess { return }
        counters.failures += 1
        let tail = output.isEmpty ? "" : ": \(output)"
        say("script '\(command.name)' \(outcome)\(tail)")
    }

    private func tellIdle() {
        let bodies = idleCallbacks
        idleCallbacks = []
        for body in bodies { body() }
    }
}
