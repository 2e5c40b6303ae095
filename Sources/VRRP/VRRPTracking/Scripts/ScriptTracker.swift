// A script that is run again and again; its exit status says whether what it looks at is well.
// keepalived.conf(5): vrrp_script.

import Daemon
import Kernel

/// How a tracked script is run and judged.
public struct ScriptTrackerSettings: Equatable, Sendable {
    /// The name in the configuration.
    public var name: String
    /// What is run.
    public var command: ScriptCommand
    /// Nanoseconds from one start to the next; at least a millisecond.
    public var interval: UInt64
    /// Nanoseconds a run may take; nil is the interval.
    public var timeout: UInt64?
    /// Successes in a row that bring it up.
    public var rise: Int
    /// Failures in a row that bring it down.
    public var fall: Int
    /// Whether it is taken for down until the first run has ended.
    public var startsFailed: Bool
    /// Bytes of a failed run's output that are logged; 0 for none.
    public var outputBytes: Int

    public init(
        name: String, command: ScriptCommand, interval: UInt64 = 1_000_000_000,
        timeout: UInt64? = nil, rise: Int = 1, fall: Int = 1, startsFailed: Bool = false,
        outputBytes: Int = 512
    ) {
        self.name = name
        self.command = command
        self.interval = max(1_000_000, interval)
        self.timeout = timeout
        self.rise = rise
        self.fall = fall
        self.startsFailed = startsFailed
        self.outputBytes = outputBytes
    }
}

/// Runs a script at an interval and tells when its result changes.
///
/// At most one run at a time: while one is under way turns are skipped. A run over its time counts
/// as a failure at that moment, gets SIGTERM and then SIGKILL.
public final class ScriptTracker {
    /// How it is run.
    public let settings: ScriptTrackerSettings
    /// Figures for status.
    public private(set) var counters = TrackingCounters()
    /// The judgement so far.
    public private(set) var judgement: RiseFall

    private let loop: ControlLoop
    private let log: TrackingLog
    private let onChange: (TrackingResult) -> Void
    private var series: ControlTimer?
    private var isRunning: Bool { series != nil }
    private var run: ScriptRun?
    private var hasToldUnrunnable = false
    private var lastTold = ""

    /// A tracker that does nothing before ``start()``.
    ///
    /// - Parameter onChange: called for the first result and whenever it changes; on the loop.
    public init(
        _ settings: ScriptTrackerSettings, on loop: ControlLoop, log: @escaping TrackingLog,
        onChange: @escaping (TrackingResult) -> Void
    ) {
        self.settings = settings
        self.loop = loop
        self.log = log
        self.onChange = onChange
        judgement = RiseFall(
            rise: settings.rise, fall: settings.fall, assumingUp: !settings.startsFailed)
    }

    /// Whether the script is up, or assumed to be.
    public var isUp: Bool { judgement.isUp }

    /// Begins with a run at once, and then one at each interval.
    public func start() {
        if isRunning { return }
        let interval = timerMilliseconds(settings.interval)
        series = loop.every(milliseconds: interval) { [weak self] in self?.turn() }
        turn()
    }

    /// Ends the series; a run under way is told to end and counts no more.
    public func stop() {
        guard let series else { return }
        loop.cancel(series)
        self.series = nil
        run?.abandon()
        run = nil
    }

    private func turn() {
        guard isRunning else { return }
        guard run == nil else {
            counters.skips += 1
            return
        }
        let start = Clock.monotonic()
        guard let plan = settings.command.plan() else {
            return tellUnrunnable("'\(settings.command.name)' is no program", since: start)
        }
        let limits = RunLimits(
            timeout: settings.timeout ?? settings.interval, outputBytes: settings.outputBytes)
        do throws(Errno) {
            run = try ScriptRun.begin(
                plan, limits: limits, on: loop,
                onTimeout: { [weak self] in
                    self?.judge(false, timedOut: true, since: start, "ran too long")
                },
                onEnd: { [weak self] in self?.ended($0, since: start) })
        } catch {
            // Out of processes or descriptors: our lack, not the script's failure.
            log(.error, "script '\(settings.name)' could not be started: \(error.text)")
            counters.skips += 1
        }
    }

    private func ended(_ outcome: RunOutcome, since start: Instant) {
        let output = run?.outputLine ?? ""
        run = nil
        switch outcome {
        case .timedOut:
            // Judged when the time was over.
            break
        case .notStarted(let reason):
            tellUnrunnable(reason, since: start)
        case .exited, .killed:
            hasToldUnrunnable = false
            let detail =
                outcome.isSuccess || output.isEmpty ? "\(outcome)" : "\(outcome): \(output)"
            judge(outcome.isSuccess, since: start, detail)
        }
    }

    private func tellUnrunnable(_ reason: String, since start: Instant) {
        if !hasToldUnrunnable {
            hasToldUnrunnable = true
            log(.error, "script '\(settings.name)' cannot be run: \(reason)")
        }
        judge(false, since: start, "cannot be run: \(reason)")
    }

    private func judge(
        _ success: Bool, timedOut: Bool = false, since start: Instant, _ detail: String
    ) {
        guard isRunning else { return }
        counters.note(success: success, timedOut: timedOut, since: start, detail)
        let isNew = judgement.take(success: success)
        if isNew {
            counters.changes += 1
            log(
                success ? .notice : .warning,
                "script '\(settings.name)' \(success ? "succeeded" : "failed") (\(detail))")
            lastTold = detail
            onChange(TrackingResult(isUp: judgement.isUp, detail: detail))
        } else if !success && detail != lastTold {
            // A reason that stays the same is told once.
            lastTold = detail
            log(.notice, "script '\(settings.name)' \(detail)")
        }
    }
}
