// Looks for processes on behalf of all trackers, so that /proc is read once:
//
//   - where the kernel's process events come, each event leads to a look at one process;
//   - everywhere else the last process number the kernel gave is polled, which costs one small
//     read, and only when it has moved the new numbers are looked at;
//   - a slow look at everything finds what both have missed.
//
// A look that takes long makes the next come later: watching never takes more than a few per cent
// of a core, however many processes there are.

import Daemon
import Kernel

/// Finds processes for trackers; belongs to the loop's thread.
public final class ProcessWatcher {
    /// How often is looked.
    public struct Settings: Equatable, Sendable {
        /// Nanoseconds between two looks at the last process number.
        public var pollInterval: UInt64 = 50_000_000
        /// Nanoseconds between two looks at everything.
        public var sweepInterval: UInt64 = 1_000_000_000
        /// The same where the kernel tells what happens.
        public var sweepIntervalWithEvents: UInt64 = 10_000_000_000
        /// Nanoseconds during which a new process is looked at at each poll: it may be about to
        /// become another program.
        public var youth: UInt64 = 1_000_000_000
        /// Whether the kernel's process events are used where they come.
        public var usesEvents = true
        /// Room for those that wait, bytes; nil leaves the system's default.
        public var receiveBufferBytes: Int32?
        /// Whether that may be more than the system's limit.
        public var buffersBeyondLimit = false

        public init() {}
    }

    /// Young processes remembered, at most; others wait for the next sweep.
    private static let mostYoung = 1024
    /// Looks that the kernel's events lead to in a second, at most.
    private static let mostToldPerSecond = 2000
    /// A look may take this part of the time until the next.
    private static let restFactor: UInt64 = 50

    /// Figures for status.
    public struct Counters: Equatable, Sendable {
        /// Looks at the whole of /proc.
        public var sweeps: UInt64 = 0
        /// Looks at one process.
        public var looks: UInt64 = 0
        /// Events the kernel told.
        public var events: UInt64 = 0
        /// How long the last sweep took, nanoseconds.
        public var lastSweepDuration: UInt64 = 0
    }

    /// Figures for status.
    public private(set) var counters = Counters()
    /// Whether the kernel tells what happens.
    public private(set) var hasEvents = false

    private let loop: ControlLoop
    private let settings: Settings
    private var subscribers: [ObjectIdentifier: ProcessTracker] = [:]
    private var events: ProcessEvents?
    private var timer: ControlTimer?
    private var lastNumber: Int32?
    /// Numbers seen by the last look, so that new ones are known.
    private var known: Set<Int32> = []
    private var young: [Int32: UInt64] = [:]
    private var nextSweep: UInt64 = 0
    private var budget = 0
    private var budgetEnd: UInt64 = 0

    public init(_ settings: Settings = Settings(), on loop: ControlLoop) {
        self.settings = settings
        self.loop = loop
    }

    deinit {
        if let timer { loop.cancel(timer) }
        if let number = events?.number { loop.unwatch(number) }
    }

    /// Begins to look for a tracker: at everything, before this returns.
    func add(_ tracker: ProcessTracker) {
        // First the events and then the look: nothing is missed in between.
        if subscribers.isEmpty { openEvents() }
        subscribers[ObjectIdentifier(tracker)] = tracker
        sweep(only: tracker)
        if timer == nil { arm(after: settings.pollInterval) }
    }

    /// Ends looking for a tracker.
    func remove(_ tracker: ProcessTracker) {
        subscribers[ObjectIdentifier(tracker)] = nil
        if !subscribers.isEmpty { return }
        if let timer { loop.cancel(timer) }
        timer = nil
        closeEvents()
        known = []
        young = [:]
        lastNumber = nil
    }

    // MARK: Events

    private func openEvents() {
        guard settings.usesEvents,
            let opened = try? ProcessEvents(
                receiveBufferBytes: settings.receiveBufferBytes,
                beyondLimit: settings.buffersBeyondLimit)
        else { return }
        let number = opened.number
        guard
            (try? loop.watch(number, for: .readable, { [weak self] _ in self?.takeEvents() }))
                != nil
        else { return }
        events = consume opened
    }

    private func closeEvents() {
        if let number = events?.number { loop.unwatch(number) }
        events = nil
        hasEvents = false
    }

    private func takeEvents() {
        guard let batch = events?.read() else { return }
        if batch.isIncomplete { sweepSoon(at: 0) }
        let now = Clock.monotonic().nanoseconds
        for event in batch.events {
            counters.events += 1
            switch event {
            case .listening: hasEvents = true
            case .forked(let number), .executed(let number), .renamed(let number):
                lookAtTold(number, now: now)
            // Those that matter are held by descriptors.
            case .exited: break
            }
        }
    }

    /// Looks at a process the kernel has told of, or leaves it to a sweep when there are too many.
    private func lookAtTold(_ number: Int32, now: UInt64) {
        if now >= budgetEnd {
            budgetEnd = now + 1_000_000_000
            budget = ProcessWatcher.mostToldPerSecond
        }
        if budget == 0 { return sweepSoon(at: budgetEnd) }
        budget -= 1
        look(at: number)
    }

    /// Has the next sweep at a time, unless it is earlier anyway.
    private func sweepSoon(at time: UInt64) {
        if nextSweep <= time { return }
        nextSweep = time
        guard let timer else { return }
        loop.cancel(timer)
        let now = Clock.monotonic().nanoseconds
        arm(after: max(settings.pollInterval, time > now ? time - now : 0))
    }

    // MARK: Polling

    private func arm(after nanoseconds: UInt64) {
        timer = loop.after(nanoseconds: nanoseconds) { [weak self] in
            self?.poll()
        }
    }

    private func poll() {
        timer = nil
        if subscribers.isEmpty { return }
        let start = Clock.monotonic().nanoseconds
        if start >= nextSweep {
            sweep()
        } else if !hasEvents {
            lookAtYoung(now: start)
            let last = ProcessTable.lastNumber()
            if last == nil || last != lastNumber { lookAtNew(now: start) }
            lastNumber = last
        }
        let now = Clock.monotonic().nanoseconds
        let rest = max(settings.pollInterval, (now - start) * ProcessWatcher.restFactor)
        // Where the kernel tells what happens there is nothing to poll for.
        arm(after: hasEvents && nextSweep > now ? max(rest, nextSweep - now) : rest)
    }

    /// Looks at everything, for all trackers or for one.
    private func sweep(only tracker: ProcessTracker? = nil) {
        let start = Clock.monotonic().nanoseconds
        lastNumber = ProcessTable.lastNumber()
        guard let numbers = ProcessTable.numbers() else {
            nextSweep = start + settings.sweepInterval
            return
        }
        counters.sweeps += 1
        known = Set(numbers)
        for number in numbers { look(at: number, only: tracker) }
        let spent = Clock.monotonic().nanoseconds - start
        counters.lastSweepDuration = spent
        let usual = hasEvents ? settings.sweepIntervalWithEvents : settings.sweepInterval
        nextSweep = start + max(usual, spent * 2 * ProcessWatcher.restFactor)
        if let tracker {
            tracker.sweepEnded()
        } else {
            for subscriber in Array(subscribers.values) { subscriber.sweepEnded() }
        }
    }

    private func lookAtNew(now: UInt64) {
        guard let numbers = ProcessTable.numbers() else { return }
        for number in numbers where !known.contains(number) {
            if young.count < ProcessWatcher.mostYoung { young[number] = now }
            look(at: number)
        }
        known = Set(numbers)
    }

    private func lookAtYoung(now: UInt64) {
        for (number, since) in Array(young) {
            if now - since > settings.youth { young[number] = nil }
            look(at: number)
        }
    }

    private func look(at number: Int32, only tracker: ProcessTracker? = nil) {
        counters.looks += 1
        var name: [UInt8]?
        var words: [[UInt8]]?
        for subscriber in Array(subscribers.values)
        where tracker == nil || tracker === subscriber {
            let pattern = subscriber.settings.pattern
            let isMeant: Bool
            if pattern.usesCommandLine {
                words = words ?? ProcessTable.commandLine(of: number) ?? []
                isMeant = pattern.matches(commandLine: words ?? [])
            } else {
                name = name ?? ProcessTable.name(of: number) ?? []
                isMeant = pattern.matches(name: name ?? [])
            }
            subscriber.saw(number, isMeant: isMeant)
        }
    }
}
