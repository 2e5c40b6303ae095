// Whether enough processes of a kind run, and not too many. keepalived.conf(5):
// vrrp_track_process. Differs: works in any network namespace, because ends are seen by process
// descriptors and starts by /proc where the kernel's events do not come.

import Daemon
import Kernel

/// How processes are tracked.
public struct ProcessTrackerSettings: Equatable, Sendable {
    /// The name in the configuration.
    public var name: String
    /// Which processes are meant.
    public var pattern: ProcessPattern
    /// Processes that must run.
    public var quorum: Int
    /// Processes that may run; nil for any number. 0 means none may.
    public var quorumMaximum: Int?
    /// Nanoseconds a change must last that came by a process starting.
    public var forkDelay: UInt64
    /// Nanoseconds a change must last that came by a process ending.
    public var terminateDelay: UInt64

    public init(
        name: String, pattern: ProcessPattern, quorum: Int = 1, quorumMaximum: Int? = nil,
        forkDelay: UInt64 = 0, terminateDelay: UInt64 = 0
    ) {
        self.name = name
        self.pattern = pattern
        self.quorum = quorum
        self.quorumMaximum = quorumMaximum
        self.forkDelay = forkDelay
        self.terminateDelay = terminateDelay
    }

    /// Whether that many processes are right.
    public func isRight(_ count: Int) -> Bool {
        // With `quorum_max 0` none is right, whatever the quorum.
        if quorumMaximum == 0 { return count == 0 }
        return count >= quorum && count <= quorumMaximum ?? .max
    }
}

/// Counts the processes of a kind and tells when the count becomes right or wrong.
public final class ProcessTracker {
    /// Processes held at once, at most; more are not counted.
    public static let mostHeld = 1024

    private final class Held {
        let handle: ProcessHandle

        init(_ handle: consuming ProcessHandle) { self.handle = handle }
    }

    /// How they are tracked.
    public let settings: ProcessTrackerSettings
    /// Figures for status: a run is a change of the count, a failure one that left it wrong.
    public private(set) var counters = TrackingCounters()
    /// Whether the count is right, or was within the delays.
    public private(set) var isUp = false

    private let loop: ControlLoop
    private let watcher: ProcessWatcher
    private let log: TrackingLog
    private let onChange: (TrackingResult) -> Void
    private var held: [Int32: Held] = [:]
    private var isRunning = false
    private var isKnown = false
    private var delay: ControlTimer?
    private var hasToldExcess = false

    /// A tracker that does nothing before ``start()``.
    ///
    /// - Parameter onChange: called for the first result and whenever it changes; on the loop.
    public init(
        _ settings: ProcessTrackerSettings, watcher: ProcessWatcher, on loop: ControlLoop,
        log: @escaping TrackingLog, onChange: @escaping (TrackingResult) -> Void
    ) {
        self.settings = settings
        self.watcher = watcher
        self.loop = loop
        self.log = log
        self.onChange = onChange
    }

    /// How many processes are meant and run.
    public var count: Int { held.count }

    /// What the result will be when the delay that runs has ended; nil while none runs.
    public var pending: Bool? { delay == nil ? nil : !isUp }

    /// Their numbers, ascending.
    public var processes: [Int32] { held.keys.sorted() }

    /// Looks at what runs now, tells the result, and goes on watching.
    public func start() {
        if isRunning { return }
        isRunning = true
        watcher.add(self)
    }

    /// Ends watching.
    public func stop() {
        if !isRunning { return }
        isRunning = false
        isKnown = false
        watcher.remove(self)
        cancelDelay()
        for entry in held.values { loop.unwatch(entry.handle.number) }
        held = [:]
    }

    // MARK: What the watcher tells

    /// A process was looked at: whether it is one of ours now.
    func saw(_ number: Int32, isMeant: Bool) {
        guard isRunning, isMeant != (held[number] != nil) else { return }
        if isMeant { hold(number) } else { release(number) }
    }

    /// Everything was looked at: the first count is complete.
    func sweepEnded() {
        guard isRunning, !isKnown else { return }
        isKnown = true
        isUp = settings.isRight(count)
        tell()
    }

    private func hold(_ number: Int32) {
        if held.count >= ProcessTracker.mostHeld {
            if !hasToldExcess {
                hasToldExcess = true
                log(.warning, "track_process '\(settings.name)': more than \(held.count) processes")
            }
            return
        }
        // One that has ended already, or ended just now, is none.
        guard ProcessTable.isRunning(number),
            let handle = try? ProcessHandle(ProcessID(number))
        else { return }
        let entry = Held(handle)
        guard
            (try? loop.watch(
                entry.handle.number, for: .readable, { [weak self] _ in self?.release(number) }))
                != nil
        else { return }
        held[number] = entry
        countChanged(after: settings.forkDelay)
    }

    private func release(_ number: Int32) {
        guard let entry = held.removeValue(forKey: number) else { return }
        loop.unwatch(entry.handle.number)
        countChanged(after: settings.terminateDelay)
    }

    // MARK: Judging

    private func countChanged(after nanoseconds: UInt64) {
        guard isKnown else { return }
        counters.note(success: settings.isRight(count), since: Clock.monotonic(), detail)
        if settings.isRight(count) == isUp { return cancelDelay() }
        if nanoseconds == 0 { return settle() }
        if delay != nil { return }
        delay = loop.after(nanoseconds: nanoseconds) { [weak self] in
            guard let self, self.delay != nil else { return }
            self.settle()
        }
    }

    private func settle() {
        cancelDelay()
        if settings.isRight(count) == isUp { return }
        isUp.toggle()
        tell()
    }

    private func cancelDelay() {
        if let delay { loop.cancel(delay) }
        delay = nil
    }

    private var detail: String { "\(count) processes" }

    private func tell() {
        counters.changes += 1
        log(
            isUp ? .notice : .warning,
            "track_process '\(settings.name)' \(isUp ? "is up" : "is down") (\(detail))")
        onChange(TrackingResult(isUp: isUp, detail: detail))
    }
}
