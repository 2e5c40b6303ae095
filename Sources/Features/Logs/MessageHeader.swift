// What stands before the text of a log message, in each of the formats of `log`.
// Source: configuration manual, `log`; RFC 3164 §4, RFC 5424 §6.

import Kernel
import Proxy

/// The facts of a header.
struct MessageHeader {
    /// The level, 0 ... 7, already capped to what the target takes.
    var level: Int
    /// Microseconds since 1970.
    var now: Int64
    var tag: TextPiece
    var processID: Int32
}

extension LineBuffer {
    /// Writes the header of a message for a target; nothing for `raw`. The data of `rfc5424` is
    /// added by `append(structuredData:)`.
    ///
    /// ```
    /// local    <PRI>Nov 22 22:16:50 tag[pid]: text
    /// rfc3164  <PRI>Nov 22 22:16:50 host tag[pid]: text
    /// rfc5424  <PRI>1 2026-11-22T22:16:50.854779+00:00 host tag pid - data text
    /// priority <PRI>text      short <LEVEL>text      timed <LEVEL>2026-…+00:00 text
    /// iso      2026-…+00:00 text
    /// ```
    mutating func append(
        _ header: MessageHeader, _ target: TargetPlan, of plan: borrowing LogPlan,
        zone: inout LocalZone
    ) {
        let seconds = header.now / 1_000_000
        let microseconds = Int(header.now % 1_000_000)
        switch target.format {
        case .raw: break
        case .priority: append(priority: Int(target.facility) * 8 + header.level)
        case .short: append(priority: header.level)
        case .timed, .iso:
            if target.format == .timed { append(priority: header.level) }
            append(isoDate: zone.civil(seconds), microseconds: microseconds)
            append(0x20)
        case .local, .rfc3164:
            append(priority: Int(target.facility) * 8 + header.level)
            zone.prepareSyslogText(seconds)
            append(zone.syslogText)
            append(0x20)
            if target.showsHost {
                append(plan.host, of: plan)
                append(0x20)
            }
            if target.namesProgram {
                append(header.tag, of: plan)
                append(0x5B)
                append(decimal: Int(header.processID))
                append("]: ")
            }
        case .rfc5424:
            append(priority: Int(target.facility) * 8 + header.level)
            append("1 ")
            append(isoDate: zone.civil(seconds), microseconds: microseconds)
            append(0x20)
            if target.showsHost { append(plan.host, of: plan) } else { append(0x2D) }
            append(0x20)
            if target.namesProgram {
                append(header.tag, of: plan)
                append(0x20)
                append(decimal: Int(header.processID))
                append(" - ")
            } else {
                append("- - - ")
            }
        }
    }

    /// Adds the structured data of an RFC 5424 header, without blanks at its end, or the dash that
    /// stands for none.
    mutating func append(structuredData: Span<UInt8>) {
        var count = structuredData.count
        while count > 0 && structuredData[count - 1] == 0x20 { count -= 1 }
        if count == 0 { append(0x2D) } else { append(structuredData.extracting(0..<count)) }
        append(0x20)
    }

    private mutating func append(priority: Int) {
        append(0x3C)
        append(decimal: priority)
        append(0x3E)
    }
}
