// The main thread of a daemon: waits for descriptors, timers, signals and closures that other
// threads post, and runs what belongs to each. Control path: closures and dictionaries are fine,
// and nothing here is called per connection or per byte.

import Kernel

/// The event loop of a daemon's main thread. Made, used and ended on that thread alone.
public final class ControlLoop {
    /// Runs when something happens on a watched descriptor.
    public typealias Handler = (PollEvents) -> Void

    private struct Watch {
        var serial: UInt32
        var handler: Handler
    }

    private var poller: Poller
    private let signals: SignalDescriptor
    private let signalSet: Set<Signal>
    private var signalHandlers: [Signal: (SignalArrival) -> Void] = [:]
    private var watches: [Int32: Watch] = [:]
    private var lastSerial: UInt32 = 0
    private var timers = ControlTimers()
    private var status: Int32?
    /// How late the latest of all timers was run, in nanoseconds.
    public private(set) var longestDelay: UInt64 = 0
    /// Hears how late the first timer of a turn is run, in nanoseconds.
    public var onDelay: ((UInt64) -> Void)?
    /// How other threads reach this loop.
    public let postbox: Postbox

    /// Blocks the signals in this thread, and in every thread started from now on, and prepares to
    /// receive them.
    public init(signals: [Signal], postboxLimit: Int = 65536) throws(Errno) {
        poller = try Poller(batch: 64)
        self.signals = try SignalDescriptor(receiving: signals)
        signalSet = Set(signals)
        postbox = try Postbox(limit: postboxLimit)
        try poller.add(self.signals.number, .readable, data: UInt64(self.signals.number))
        try poller.add(postbox.number, .readable, data: UInt64(postbox.number))
    }

    // MARK: Descriptors

    /// Calls `handler` while one of the wanted things holds for a descriptor (level-triggered).
    ///
    /// A descriptor can be watched once. The caller closes it after ``unwatch(_:)``.
    public func watch(
        _ number: Int32, for wanted: PollEvents, _ handler: @escaping Handler
    ) throws(Errno) {
        precondition(watches[number] == nil, "descriptor \(number) is already watched")
        lastSerial &+= 1
        try poller.add(number, wanted, data: tag(number, lastSerial))
        watches[number] = Watch(serial: lastSerial, handler: handler)
    }

    /// Changes what is waited for; nothing at all pauses the descriptor.
    public func rewatch(_ number: Int32, for wanted: PollEvents) throws(Errno) {
        guard let watch = watches[number] else { preconditionFailure("not watched: \(number)") }
        try poller.modify(number, wanted, data: tag(number, watch.serial))
    }

    /// Ends a watch. Events already taken from the kernel are dropped.
    public func unwatch(_ number: Int32) {
        guard watches.removeValue(forKey: number) != nil else { return }
        // Fails only when the descriptor is already closed, which ends the watch as well.
        try? poller.remove(number)
    }

    // MARK: Signals and timers

    /// Calls `handler` for each arrival of a signal the loop was made for.
    public func onSignal(_ signal: Signal, _ handler: @escaping (SignalArrival) -> Void) {
        precondition(signalSet.contains(signal), "the loop was not made for this signal")
        signalHandlers[signal] = handler
    }

    /// Calls `body` once after a time.
    @discardableResult
    public func after(milliseconds: Int, _ body: @escaping () -> Void) -> ControlTimer {
        after(nanoseconds: UInt64(max(0, milliseconds)) * 1_000_000, body)
    }

    /// Calls `body` once after a time, as precisely as the kernel wakes us.
    ///
    /// - Parameter slack: how many nanoseconds earlier it may be called when the loop is awake
    ///   anyway.
    @discardableResult
    public func after(
        nanoseconds: UInt64, slack: UInt64 = 0, _ body: @escaping () -> Void
    ) -> ControlTimer {
        timers.add(due: Clock.monotonic().nanoseconds + nanoseconds, slack: slack, body)
    }

    /// Calls `body` once when the monotonic clock has come to a point; at once if it has already.
    @discardableResult
    public func at(_ due: Instant, _ body: @escaping () -> Void) -> ControlTimer {
        timers.add(due: due.nanoseconds, body)
    }

    /// Calls `body` again and again.
    ///
    /// Returns the timer of the whole series; a turn that comes late is not made up for.
    @discardableResult
    public func every(milliseconds: Int, _ body: @escaping () -> Void) -> ControlTimer {
        precondition(milliseconds > 0)
        let interval = UInt64(milliseconds) * 1_000_000
        return timers.add(due: Clock.monotonic().nanoseconds + interval, every: interval, body)
    }

    /// Ends a timer; one that has run already is forgotten anyway.
    public func cancel(_ timer: ControlTimer) {
        timers.cancel(timer)
    }

    // MARK: Running

    /// Runs until ``stop(status:)`` and returns its status.
    public func run() -> Int32 {
        while status == nil { turn(waitingAtMost: -1) }
        defer { status = nil }
        return status ?? 0
    }

    /// Lets ``run()`` return after the handler that calls this. The first status counts.
    public func stop(status: Int32) {
        if self.status == nil { self.status = status }
    }

    /// Waits once and handles what there is.
    ///
    /// - Parameter limit: milliseconds to wait for something to happen; -1 for ever.
    public func turn(waitingAtMost limit: Int32) {
        let count = poller.wait(nanoseconds: timeout(limit))
        for index in 0..<count {
            let (events, data) = poller.event(at: index)
            dispatch(events, data)
        }
        let now = Clock.monotonic().nanoseconds
        let due = timers.takeDue(now: now)
        if let first = due.first, first.due <= now {
            let delay = now - first.due
            longestDelay = max(longestDelay, delay)
            onDelay?(delay)
        }
        for taken in due {
            timers.body(of: taken.timer, due: taken.due, now: now)?()
        }
    }

    /// How long to wait, in nanoseconds; -1 for ever.
    private func timeout(_ limit: Int32) -> Int64 {
        let longest = limit < 0 ? -1 : Int64(limit) * 1_000_000
        guard let due = timers.nextDue else { return longest }
        let now = Clock.monotonic().nanoseconds
        let wait = due > now ? Int64(clamping: due - now) : 0
        return longest < 0 ? wait : min(longest, wait)
    }

    private func dispatch(_ events: PollEvents, _ data: UInt64) {
        let number = Int32(truncatingIfNeeded: data & 0x7FFF_FFFF)
        if number == signals.number {
            while let arrival = signals.next() { signalHandlers[arrival.signal]?(arrival) }
        } else if number == postbox.number {
            for body in postbox.takeAll() { body(self) }
        } else if let watch = watches[number], watch.serial == UInt32(data >> 32) {
            watch.handler(events)
        }
    }

    private func tag(_ number: Int32, _ serial: UInt32) -> UInt64 {
        UInt64(serial) << 32 | UInt64(number)
    }
}
