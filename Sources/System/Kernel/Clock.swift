// The two clocks: one that only goes forward, for timers, and the calendar, for logs.

import CLinux
import Glibc

/// A point of the monotonic clock.
@frozen
public struct Instant: Comparable, Sendable {
    /// Nanoseconds since an arbitrary start.
    public let nanoseconds: UInt64

    @inlinable
    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// Milliseconds since the same start, the tick of the timer wheel.
    @inlinable
    public var milliseconds: UInt64 { nanoseconds / 1_000_000 }

    @inlinable
    public static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}

/// Reads the system's clocks.
public enum Clock {
    /// The monotonic clock.
    public static func monotonic() -> Instant {
        var time = timespec()
        // Safety: `time` lives for the duration of the call.
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(
            nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
    }

    /// The clock that also runs while the machine sleeps.
    public static func sinceBoot() -> Instant {
        var time = timespec()
        // Safety: `time` lives for the duration of the call.
        _ = unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return Instant(
            nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
    }

    /// Microseconds since 1970-01-01 UTC.
    public static func calendarMicroseconds() -> Int64 {
        var time = timespec()
        // Safety: `time` lives for the duration of the call.
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1000
    }
}
