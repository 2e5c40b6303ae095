// Calendar dates for log lines. The offset of the local zone is asked once per quarter of an hour
// (zones change only at such points); everything else is arithmetic.

import Bytes
import Glibc

/// Knows the local zone's offset around the last times it was asked for.
struct LocalZone: ~Copyable {
    private var quarter: Int64 = .min
    private var offset = 0
    private var logSecond: Int64 = .min
    private var syslogSecond: Int64 = .min
    /// `22/Nov/2026:22:16:50` of the second last asked for: lines of one second share it.
    private(set) var logText = LineBuffer(headRoom: 0, capacity: 24)
    /// `Nov 22 22:16:50`, likewise.
    private(set) var syslogText = LineBuffer(headRoom: 0, capacity: 24)

    /// Makes ``logText`` that of `seconds` since 1970.
    mutating func prepareLogText(_ seconds: Int64) {
        if logSecond == seconds { return }
        logSecond = seconds
        let time = civil(seconds)
        logText.clear()
        logText.append(logDate: time)
    }

    /// Makes ``syslogText`` that of `seconds` since 1970.
    mutating func prepareSyslogText(_ seconds: Int64) {
        if syslogSecond == seconds { return }
        syslogSecond = seconds
        let time = civil(seconds)
        syslogText.clear()
        syslogText.append(syslogDate: time)
    }

    /// The local date of `seconds` since 1970.
    mutating func civil(_ seconds: Int64) -> CivilTime {
        if seconds / 900 != quarter {
            quarter = seconds / 900
            var time = time_t(seconds)
            var parts = unsafe tm()
            // Safety: both values live for the duration of the call.
            _ = unsafe localtime_r(&time, &parts)
            offset = unsafe parts.tm_gmtoff
        }
        return CivilTime(seconds: seconds, offset: offset)
    }
}

extension LineBuffer {
    /// `22/Nov/2026:22:16:50`
    mutating func append(logDate time: CivilTime) {
        append(decimal: UInt(time.day), digits: 2)
        append(0x2F)
        append(month: time.month)
        append(0x2F)
        append(decimal: UInt(time.year), digits: 4)
        append(0x3A)
        append(clock: time)
    }

    /// `Nov 22 22:16:50`
    mutating func append(syslogDate time: CivilTime) {
        append(month: time.month)
        append(0x20)
        if time.day < 10 { append(0x20) }
        append(decimal: UInt(time.day), digits: 1)
        append(0x20)
        append(clock: time)
    }

    /// `2026-11-22T22:16:50.854779+00:00`
    mutating func append(isoDate time: CivilTime, microseconds: Int) {
        append(decimal: UInt(time.year), digits: 4)
        append(0x2D)
        append(decimal: UInt(time.month), digits: 2)
        append(0x2D)
        append(decimal: UInt(time.day), digits: 2)
        append(0x54)
        append(clock: time)
        append(0x2E)
        append(decimal: UInt(microseconds), digits: 6)
        append(zone: time.offset, separator: true)
    }

    /// `+0100`, or `+01:00` with a separator.
    mutating func append(zone offset: Int, separator: Bool) {
        append(offset < 0 ? 0x2D : 0x2B)
        append(decimal: UInt(abs(offset) / 3600), digits: 2)
        if separator { append(0x3A) }
        append(decimal: UInt(abs(offset) / 60 % 60), digits: 2)
    }

    private mutating func append(clock time: CivilTime) {
        append(decimal: UInt(time.hour), digits: 2)
        append(0x3A)
        append(decimal: UInt(time.minute), digits: 2)
        append(0x3A)
        append(decimal: UInt(time.second), digits: 2)
    }

    private mutating func append(month: Int) {
        append(CivilTime.name(ofMonth: month))
    }
}
