// What happens to the daemon, one value and one line of JSON (RFC 8259) for each: for the events
// file and for whoever watches over the status socket.

import Addresses
import Bytes
import VRRPProtocol

/// Something that happened.
enum DaemonEvent: Equatable {
    /// The process began with a configuration.
    case started(version: String, configurationPath: String)
    /// The process ends.
    case stopped(reason: String)
    /// A configuration was applied; what is different, for people.
    case reloaded(changes: [String])
    /// A configuration was not applied, and why.
    case reloadRefused(reasons: [String])
    /// An instance changed its state, at an effective priority.
    case transition(
        instance: String, from: Election.State, to: Election.State, cause: Election.Cause,
        priority: UInt8)
    /// A sync group changed its state.
    case groupTransition(group: String, from: Election.State, to: Election.State)
    /// An instance has reasons not to serve; the reasons for people.
    case faultBegan(instance: String, reasons: [String])
    case faultEnded(instance: String)
    /// A second master was seen; its address where it is known.
    case splitBegan(instance: String, other: IPAddress?)
    case splitEnded(instance: String, lastedNanoseconds: UInt64)
    /// The effective priority changed, and through what.
    case priorityChanged(instance: String, from: UInt8, to: UInt8, because: String)
    /// Somebody removed what is ours (an address, a route or a rule), and it was put back.
    case putBack(instance: String, what: String, interface: String?)
    /// Something tracked went up or down.
    case trackerChanged(kind: String, name: String, isGood: Bool, detail: String)
    /// Packets that were dropped since the last such line; the last one's sender.
    case rejected(
        instance: String?, interface: String, reason: Rejection, count: UInt64, source: IPAddress?)
    /// An advert was late, or the process was not running, by so many nanoseconds.
    case late(instance: String, nanoseconds: UInt64, overslept: Bool)
    /// A script that was told of a transition failed or was ended.
    case notificationFailed(name: String, command: String, problem: String)
    /// An operator asked for something over the status socket, and what came of it.
    case operated(command: String, result: String)
}

/// An event with the time it happened at.
struct StampedEvent: Equatable {
    var event: DaemonEvent
    /// Microseconds since 1970.
    var microseconds: Int64
    /// Nanoseconds of the clock that only goes forward.
    var monotonicNanoseconds: UInt64

    /// One object and a line feed:
    /// `{"time":"2026-11-27T12:34:56.123456Z","monotonic_ns":1,"event":"reloaded",...}`.
    var line: [UInt8] {
        var json = JSONText()
        json.object { json in
            json.member("time", Self.timeText(microseconds))
            json.member("monotonic_ns", monotonicNanoseconds)
            json.member("event", event.name)
            event.writeMembers(into: &json)
        }
        return json.bytes + [0x0A]
    }

    /// `2026-11-27T12:34:56.123456Z` (RFC 3339 §5.6).
    static func timeText(_ microseconds: Int64) -> String {
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        let seconds = remainder < 0 ? quotient - 1 : quotient
        let time = CivilTime(seconds: seconds)
        let date = "\(padded(time.year, 4))-\(padded(time.month, 2))-\(padded(time.day, 2))"
        let clock = "\(padded(time.hour, 2)):\(padded(time.minute, 2)):\(padded(time.second, 2))"
        return "\(date)T\(clock).\(padded(Int(microseconds - seconds * 1_000_000), 6))Z"
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}

extension DaemonEvent {
    /// The value of the member `event`.
    var name: String {
        switch self {
        case .started: "started"
        case .stopped: "stopped"
        case .reloaded: "reloaded"
        case .reloadRefused: "reload_refused"
        case .transition: "transition"
        case .groupTransition: "group_transition"
        case .faultBegan: "fault_began"
        case .faultEnded: "fault_ended"
        case .splitBegan: "split_began"
        case .splitEnded: "split_ended"
        case .priorityChanged: "priority_changed"
        case .putBack: "put_back"
        case .trackerChanged: "tracker_changed"
        case .rejected: "packets_rejected"
        case .late: "late"
        case .notificationFailed: "notification_failed"
        case .operated: "operated"
        }
    }

    fileprivate func writeMembers(into json: inout JSONText) {
        switch self {
        case .started(let version, let path):
            json.member("version", version)
            json.member("configuration", path)
        case .stopped(let reason): json.member("reason", reason)
        case .reloaded(let changes): json.member("changes", changes)
        case .reloadRefused(let reasons): json.member("reasons", reasons)
        case .transition(let instance, let from, let to, let cause, let priority):
            json.member("instance", instance)
            json.member("from", from.word)
            json.member("to", to.word)
            json.member("cause", cause.word)
            if case .higherPriority(let priority, let address) = cause {
                json.member("master", address.description)
                json.member("master_priority", priority)
            }
            json.member("priority", priority)
        case .groupTransition(let group, let from, let to):
            json.member("group", group)
            json.member("from", from.word)
            json.member("to", to.word)
        case .faultBegan(let instance, let reasons):
            json.member("instance", instance)
            json.member("reasons", reasons)
        case .faultEnded(let instance): json.member("instance", instance)
        case .splitBegan(let instance, let other):
            json.member("instance", instance)
            json.member("other", ifPresent: other?.description)
        case .splitEnded(let instance, let lasted):
            json.member("instance", instance)
            json.member("lasted_ns", lasted)
        default: writeOccurrence(into: &json)
        }
    }

    /// What changes no state.
    private func writeOccurrence(into json: inout JSONText) {
        switch self {
        case .priorityChanged(let instance, let from, let to, let reason):
            json.member("instance", instance)
            json.member("from", from)
            json.member("to", to)
            json.member("because", reason)
        case .putBack(let instance, let what, let interface):
            json.member("instance", instance)
            json.member("what", what)
            json.member("interface", ifPresent: interface)
        case .trackerChanged(let kind, let name, let isGood, let detail):
            json.member("kind", kind)
            json.member("name", name)
            json.member("good", isGood)
            json.member("detail", detail)
        case .rejected(let instance, let interface, let reason, let count, let source):
            json.member("instance", ifPresent: instance)
            json.member("interface", interface)
            json.member("reason", reason.word)
            json.member("count", count)
            json.member("source", ifPresent: source?.description)
        case .late(let instance, let nanoseconds, let overslept):
            json.member("instance", instance)
            json.member("late_ns", nanoseconds)
            json.member("overslept", overslept)
        case .notificationFailed(let name, let command, let problem):
            json.member("name", name)
            json.member("command", command)
            json.member("problem", problem)
        case .operated(let command, let result):
            json.member("command", command)
            json.member("result", result)
        default: break
        }
    }
}
