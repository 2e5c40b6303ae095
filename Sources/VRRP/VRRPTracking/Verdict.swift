// What every tracker shares: how often it ran and how, the count of successes and failures that
// turn its result, and the words it logs.

import Kernel

/// How much a line of a tracker's log matters.
public enum TrackingLevel: Sendable {
    case notice, warning, error
}

/// Takes a line of a tracker's log.
public typealias TrackingLog = (TrackingLevel, String) -> Void

/// Figures of a tracker for status pages.
public struct TrackingCounters: Equatable, Sendable {
    /// How many times the thing was looked at to the end.
    public var runs: UInt64 = 0
    /// How many of those were failures.
    public var failures: UInt64 = 0
    /// Failures that were given up for time; also among `failures`.
    public var timeouts: UInt64 = 0
    /// Turns that were left out because the one before had not ended.
    public var skips: UInt64 = 0
    /// How often the result changed.
    public var changes: UInt64 = 0
    /// How long the last look took, nanoseconds.
    public var lastDuration: UInt64 = 0
    /// What the last look found, in words; empty before the first.
    public var lastDetail = ""
    /// When the last look ended; nil before the first.
    public var lastEnd: Instant?

    /// Nothing has happened yet.
    public init() {}

    /// Takes the end of a look into account.
    mutating func note(
        success: Bool, timedOut: Bool = false, since start: Instant, _ detail: String
    ) {
        let now = Clock.monotonic()
        runs += 1
        if !success { failures += 1 }
        if timedOut { timeouts += 1 }
        lastDuration = now.nanoseconds - start.nanoseconds
        lastDetail = detail
        lastEnd = now
    }
}

/// What a tracker says of the thing it follows.
public struct TrackingResult: Equatable, Sendable {
    /// Whether the thing is well.
    public let isUp: Bool
    /// Why, in words.
    public let detail: String

    public init(isUp: Bool, detail: String) {
        self.isUp = isUp
        self.detail = detail
    }
}

/// Turns single looks into a result: `rise` successes in a row bring it up, `fall` failures in a
/// row bring it down, and the very first look counts at once (as measured with keepalived 2.2.7,
/// `init_fail` or not).
public struct RiseFall: Equatable, Sendable {
    /// Successes in a row that bring the result up; at least 1.
    public let rise: Int
    /// Failures in a row that bring it down; at least 1.
    public let fall: Int
    /// What is assumed or known.
    public private(set) var isUp: Bool
    /// Whether there was a look at all.
    public private(set) var isKnown = false
    /// Looks in a row against the result.
    public private(set) var streak = 0

    public init(rise: Int, fall: Int, assumingUp: Bool) {
        self.rise = max(1, rise)
        self.fall = max(1, fall)
        isUp = assumingUp
    }

    /// Takes a look into account; true when the result is new or has changed.
    public mutating func take(success: Bool) -> Bool {
        if !isKnown {
            isKnown = true
            isUp = success
            return true
        }
        if success == isUp {
            streak = 0
            return false
        }
        streak += 1
        if streak < (success ? rise : fall) { return false }
        streak = 0
        isUp = success
        return true
    }
}

/// Nanoseconds as whole milliseconds for the loop's series, rounded up.
func timerMilliseconds(_ nanoseconds: UInt64) -> Int {
    Int(clamping: nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 == 0 ? 0 : 1))
}
