// Calendar dates of the local zone for log lines. Its offset is asked once per quarter of an hour
// (zones change only at such points); everything else is arithmetic.

import Bytes
import Glibc

/// Knows the local zone's offset around the last times it was asked for.
public struct LocalZone: ~Copyable {
    private var quarter: Int64 = .min
    private var offset = 0
    private var logSecond: Int64 = .min
    private var syslogSecond: Int64 = .min
    private var logBytes = InlineArray<20, UInt8>(repeating: 0x30)
    private var syslogBytes = InlineArray<15, UInt8>(repeating: 0x20)

    /// A zone that nothing was asked of yet.
    public init() {}

    /// The local date of `seconds` since 1970.
    public mutating func civil(_ seconds: Int64) -> CivilTime {
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

    /// Makes ``logText`` that of `seconds` since 1970.
    public mutating func prepareLogText(_ seconds: Int64) {
        if logSecond == seconds { return }
        logSecond = seconds
        logBytes = civil(seconds).logText
    }

    /// `22/Nov/2026:22:16:50` of the second last prepared: lines of one second share it.
    public var logText: Span<UInt8> {
        @_lifetime(borrow self)
        get { logBytes.span }
    }

    /// Makes ``syslogText`` that of `seconds` since 1970.
    public mutating func prepareSyslogText(_ seconds: Int64) {
        if syslogSecond == seconds { return }
        syslogSecond = seconds
        syslogBytes = civil(seconds).syslogText
    }

    /// `Nov 22 22:16:50`, likewise.
    public var syslogText: Span<UInt8> {
        @_lifetime(borrow self)
        get { syslogBytes.span }
    }
}

extension CivilTime {
    /// `22/Nov/2026:22:16:50`
    public var logText: InlineArray<20, UInt8> {
        var text = InlineArray<20, UInt8>(repeating: 0x2F)
        text.put(day, at: 0)
        text.put(month: month, at: 3)
        text.put(year / 100 % 100, at: 7)
        text.put(year % 100, at: 9)
        text[11] = 0x3A
        text.put(clock: self, at: 12)
        return text
    }

    /// `Nov 22 22:16:50`
    public var syslogText: InlineArray<15, UInt8> {
        var text = InlineArray<15, UInt8>(repeating: 0x20)
        text.put(month: month, at: 0)
        text.put(day, at: 4)
        if day < 10 { text[4] = 0x20 }
        text.put(clock: self, at: 7)
        return text
    }
}

extension InlineArray where Element == UInt8 {
    /// Two decimal digits.
    fileprivate mutating func put(_ value: Int, at index: Int) {
        self[index] = 0x30 &+ UInt8(truncatingIfNeeded: value / 10)
        self[index &+ 1] = 0x30 &+ UInt8(truncatingIfNeeded: value % 10)
    }

    /// `22:16:50`
    fileprivate mutating func put(clock time: CivilTime, at index: Int) {
        put(time.hour, at: index)
        self[index &+ 2] = 0x3A
        put(time.minute, at: index &+ 3)
        self[index &+ 5] = 0x3A
        put(time.second, at: index &+ 6)
    }

    /// Three letters.
    fileprivate mutating func put(month: Int, at index: Int) {
        let name = CivilTime.name(ofMonth: month)
        for letter in 0..<3 {
            // Safety: the names of months have three letters.
            self[index &+ letter] = unsafe name.utf8Start[letter]
        }
    }
}
