// The daemon's log: syslog, a file, standard error, as the command line says. One line is one
// datagram to /dev/log and one line elsewhere; nothing waits, what the system's log cannot take is
// counted and said later. Lines that hostile input can cause come through a `LogBudget`.

import Addresses
import Bytes
import Kernel

/// How urgent a line is, with syslog's numbers. RFC 5424 §6.2.1.
enum LogLevel: UInt8, Comparable {
    case error = 3, warning, notice, info, debug

    static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// Where lines go.
final class DaemonLog {
    /// What the command line asks for.
    struct Targets {
        var syslogFacility: UInt8?
        var filePath: String?
        var console = false
        /// Whether lines of ``LogLevel/debug`` are written.
        var detailed = false
    }

    /// The name before each line.
    let identity: String
    private let targets: Targets
    private let socket: Descriptor
    private let system: RawSocketAddress?
    private var file: Descriptor
    private var lost = 0
    private var zone = LocalZone()
    /// Sees each line that is written; for tests and the status socket's recent lines.
    var observer: ((LogLevel, String) -> Void)?

    /// A log to targets; a file that cannot be opened is said on the others.
    init(identity: String, _ targets: Targets) {
        self.identity = identity
        self.targets = targets
        system = UNIXSocketAddress(.path, name: Array("/dev/log".utf8)).map {
            RawSocketAddress(.unix($0))
        }
        socket =
            (try? Descriptor.socket(
                family: Int32(SocketFamily.unix), type: SocketTypeNumber.datagram)) ?? Descriptor()
        file = Descriptor()
        if let path = targets.filePath {
            do throws(Errno) {
                file = try Files.openToAppend(path)
            } catch {
                say(.error, "Unable to open log file \(path): \(error.text)")
            }
        }
    }

    /// Writes a line.
    func say(_ level: LogLevel, _ text: String) {
        if level == .debug, !targets.detailed { return }
        let line = String(text.prefix(1000)).replacing("\n", with: " ")
        observer?(level, line)
        if let facility = targets.syslogFacility { sendToSystem(facility, level, line) }
        let stamped = "\(stamp()) \(identity)[\(ProcessID.own)]: \(line)\n"
        if targets.console { StandardStream.error.write(stamped) }
        if file.isOpen {
            let bytes = Array(stamped.utf8)
            try? Files.writeAll(bytes.span, to: file)
        }
    }

    private func sendToSystem(_ facility: UInt8, _ level: LogLevel, _ line: String) {
        guard let system, socket.isOpen else { return }
        let priority = UInt16(facility) * 8 + UInt16(level.rawValue)
        let text = "<\(priority)>\(stamp()) \(identity)[\(ProcessID.own)]: \(line)"
        let bytes = Array(text.utf8)
        guard case .bytes = socket.sendDatagram(bytes.span, to: system) else {
            lost += 1
            return
        }
        if lost > 0 {
            let count = lost
            lost = 0
            say(.warning, "\(count) lines were lost: the system's log did not take them")
        }
    }

    /// `Nov 27 12:34:56`, as RFC 3164 §4.1.2 wants it.
    private func stamp() -> String {
        let text = zone.civil(Clock.calendarMicroseconds() / 1_000_000).syslogText
        return String(decoding: text.indices.map { text[$0] }, as: UTF8.self)
    }
}

/// Lets a few lines of one kind through and counts the others: `burst` at once, then one each
/// `refillNanoseconds`.
struct LogBudget {
    private let burst: UInt64
    private let refillNanoseconds: UInt64
    private var tokens: UInt64
    private var refilled: UInt64 = 0
    private var suppressed = 0

    /// - Parameter refillNanoseconds: at least 1.
    init(burst: UInt64 = 5, refillNanoseconds: UInt64 = 10_000_000_000) {
        self.burst = burst
        self.refillNanoseconds = refillNanoseconds
        tokens = burst
    }

    /// Whether a line may be written now, and how many were held back before it.
    mutating func take(at now: UInt64) -> (isAllowed: Bool, suppressed: Int) {
        let earned = (now &- refilled) / refillNanoseconds
        if earned > 0 {
            tokens = min(burst, tokens + min(earned, burst))
            refilled += earned * refillNanoseconds
        }
        guard tokens > 0 else {
            suppressed += 1
            return (false, 0)
        }
        tokens -= 1
        defer { suppressed = 0 }
        return (true, suppressed)
    }
}
