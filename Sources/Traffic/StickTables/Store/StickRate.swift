// Events in a sliding period, from two counts: those of the running period, and those of the one
// before, which weigh as much as of that period is still inside the window.
//
//     |---- previous ----|---- current ---->|
//               ^                           ^ now
//               now - period: the part right of it still counts

/// A rate as an entry holds it, in four words.
///
/// Periods and times are milliseconds; a period is at least 1.
public struct StickRate: Equatable, Sendable, BitwiseCopyable {
    /// Words of a record that it takes.
    static let words = 4

    /// When the running period began, in milliseconds.
    var start: UInt64 = 0
    /// Events of the running period.
    var current: UInt32 = 0
    /// Events of the period before.
    var previous: UInt32 = 0

    /// Nothing has happened.
    public init() {}

    init(start: UInt64, current: UInt32, previous: UInt32 = 0) {
        self.start = start
        self.current = current
        self.previous = previous
    }

    /// Counts events at a time. A count stays at the largest number that it can hold.
    // Differs: HAProxy's counts begin again at 0 there.
    @inline(__always)
    public mutating func add(_ events: UInt64, period: UInt32, now: UInt64) {
        let events = UInt32(clamping: events)
        let period = UInt64(period)
        if current == 0 && previous == 0 {
            start = now
            current = events
            return
        }
        let elapsed = now > start ? now &- start : 0
        if elapsed < period {
            let (sum, isTooLarge) = current.addingReportingOverflow(events)
            current = isTooLarge ? .max : sum
            return
        }
        let isNext = elapsed < 2 &* period
        previous = isNext ? current : 0
        start = isNext ? start &+ period : now
        current = events
    }

    /// Events in the period that ends at `now`, rounded down; a lone event of the period before
    /// counts in full, so that slow rates do not flicker.
    @inline(__always)
    public func total(period: UInt32, now: UInt64) -> UInt32 {
        let period = UInt64(period)
        let elapsed = now > start ? now &- start : 0
        if elapsed >= 2 &* period { return 0 }
        let isOver = elapsed >= period
        let running = UInt64(isOver ? 0 : current)
        let past = UInt64(isOver ? current : previous)
        if running == 0 && past <= 1 { return UInt32(truncatingIfNeeded: past) }
        let remaining = (isOver ? 2 &* period : period) &- elapsed
        // Below 2^64: both counts are below 2^32, and the period and what remains below 2^31.
        return UInt32(truncatingIfNeeded: (past &* remaining &+ running &* period) / period)
    }

    /// Milliseconds from `now` until the events of a period are at most `goal`, if no others come;
    /// 0 when they are that already.
    public func wait(untilAtMost goal: UInt32, period: UInt32, now: UInt64) -> UInt64 {
        if total(period: period, now: now) <= goal { return 0 }
        let period = UInt64(period)
        let goal = UInt64(goal)
        let elapsed = now > start ? now &- start : 0
        let isOver = elapsed >= period
        let running = UInt64(isOver ? 0 : current)
        let past = UInt64(isOver ? current : previous)
        let remaining = (isOver ? 2 &* period : period) &- elapsed
        if running <= goal {
            // The period before still weighs too much. It is not 0, or the total were not above.
            return remaining &- min(remaining, (goal &- running) &* period / past)
        }
        // The running period has too much by itself: it fades once it has become the one before.
        return remaining &+ period &- goal &* period / running
    }
}
