// The status as a table for people and as JSON for programs: what the status socket answers.

import Addresses
import VRRPConfig
import VRRPProtocol

/// Makes answers of a status.
enum Report {
    /// A text that can do no harm on a terminal: control characters become `?`.
    static func plain(_ text: String) -> String {
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator: "?"
                    default: scalar
                    }
                }))
    }

    /// A time span in the unit that fits: `350 ms`, `12 s`, `3 h 05 min`, `2 d 04 h`.
    static func span(nanoseconds: UInt64) -> String {
        let seconds = nanoseconds / 1_000_000_000
        return switch seconds {
        case 0 where nanoseconds < 1_000_000: "\(nanoseconds / 1000) us"
        case 0: "\(nanoseconds / 1_000_000) ms"
        case ..<100: "\(seconds) s"
        case ..<3600: "\(seconds / 60) min \(padded(seconds % 60)) s"
        case ..<86_400: "\(seconds / 3600) h \(padded(seconds / 60 % 60)) min"
        default: "\(seconds / 86_400) d \(padded(seconds / 3600 % 24)) h"
        }
    }

    /// A span between two points in microseconds.
    static func span(from start: Int64, to end: Int64) -> String {
        span(nanoseconds: UInt64(max(0, end - start)) &* 1000)
    }

    private static func padded(_ value: UInt64) -> String { value < 10 ? "0\(value)" : "\(value)" }
}

// MARK: - For people

extension Report {
    /// A table of instances, and below it what needs attention.
    static func text(of status: DaemonStatus) -> String {
        var lines = [
            "martlet-vrrp \(status.version), process \(status.processID), running for "
                + span(from: status.startedAt, to: status.now),
            plain("configuration \(status.configurationPath)")
                + ", \(status.reloads) reloads, \(status.refusedReloads) refused",
            "",
        ]
        lines += table(status)
        lines += section("sync groups", status.groups.map(line))
        lines += section("trackers", status.trackers.map(line))
        lines += section("attention", attention(status))
        return lines.joined(separator: "\n") + "\n"
    }

    private static func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["", title] + lines.map { "  \($0)" }
    }

    private static func table(_ status: DaemonStatus) -> [String] {
        let head = [
            "INSTANCE", "STATE", "PRIO", "VRID", "INTERFACE", "SINCE", "MASTER", "ADDRESSES",
        ]
        let rows = status.instances.map { row($0, now: status.now) }
        let widths = head.indices.map { column in
            ([head] + rows).map { $0[column].count }.max() ?? 0
        }
        return ([head] + rows).map { row in
            var line = ""
            for (text, width) in zip(row, widths) {
                line += text + String(repeating: " ", count: width + 2 - text.count)
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }
    }

    private static func row(_ instance: InstanceStatus, now: Int64) -> [String] {
        let definition = instance.definition
        let addresses = definition.virtualAddresses + definition.excludedAddresses
        let first = addresses.prefix(3).map(\.address.description).joined(separator: " ")
        let more = addresses.count > 3 ? " and \(addresses.count - 3) more" : ""
        let base = definition.priority == instance.priority ? "" : " (\(definition.priority))"
        let since = span(from: instance.lastTransition, to: now)
        return [
            plain(definition.name), instance.state.word.uppercased(), "\(instance.priority)\(base)",
            "\(definition.virtualRouterID)",
            plain(instance.addressInterface.isEmpty ? "-" : instance.addressInterface),
            instance.lastTransition == 0 ? "-" : since, master(of: instance), first + more,
        ]
    }

    private static func master(of instance: InstanceStatus) -> String {
        if instance.state == .master { return "this one" }
        guard let address = instance.masterAddress else { return "-" }
        return "\(address) (\(instance.masterPriority))"
    }

    private static func line(_ group: GroupStatus) -> String {
        let members = group.definition.members.joined(separator: " ")
        return plain("\(group.definition.name): \(group.state.word) (\(members))")
    }

    private static func line(_ tracker: TrackerStatus) -> String {
        let state = tracker.isGood.map { $0 ? "good" : "BAD" } ?? "not known yet"
        var text = "\(tracker.kind) \(tracker.name): \(state)"
        if !tracker.detail.isEmpty { text += ", \(tracker.detail)" }
        if tracker.runs > 0 {
            text += ", \(tracker.failures) of \(tracker.runs) failed, last took "
            text += span(nanoseconds: tracker.lastDurationNanoseconds)
        }
        return plain(text)
    }

    /// What an operator should look at.
    private static func attention(_ status: DaemonStatus) -> [String] {
        var lines = status.instances.flatMap(attention)
        if status.unknownVRIDs > 0 {
            lines.append("\(status.unknownVRIDs) adverts for numbers that no instance has")
        }
        let strays = status.strayRejections.total
        if strays > 0 { lines.append("\(strays) packets that belong to no instance were rejected") }
        return lines
    }

    private static func attention(_ instance: InstanceStatus) -> [String] {
        let counters = instance.counters
        var lines: [String] = []
        if instance.isSplit { lines.append("TWO MASTERS NOW") }
        lines += instance.faults.map { "fault: \($0)" }
        switch instance.hold {
        case .none: break
        case .yielding: lines.append("handed over; 'resume' ends it")
        case .standby: lines.append("held back; 'resume' ends it")
        }
        let missing = zip(instance.definition.virtualAddresses, instance.addressesSet).filter {
            !$1
        }
        if instance.state == .master, !missing.isEmpty {
            let names = missing.map(\.0.address.description).joined(separator: " ")
            lines.append("master without \(names)")
        }
        let rejections = Rejection.allCases.filter { counters.rejections[$0] > 0 }
        if !rejections.isEmpty {
            let reasons = rejections.map { "\($0.word) \(counters.rejections[$0])" }
            lines.append("rejected: \(reasons.joined(separator: ", "))")
        }
        if counters.splits > 0 {
            let lasted = span(nanoseconds: counters.splitNanoseconds)
            lines.append("\(counters.splits) times two masters, \(lasted) in all")
        }
        lines += countLines(counters)
        return lines.map { plain("\(instance.definition.name): \($0)") }
    }

    private static func countLines(_ counters: InstanceCounters) -> [String] {
        [
            (counters.addressListDiffered, "adverts with other addresses than ours"),
            (counters.intervalDiffered, "adverts with another interval than ours"),
            (counters.putBack, "addresses, routes or rules put back"),
            (counters.foreignAnnouncements, "announcements of our addresses by others"),
            (counters.lateAdverts, "late adverts"), (counters.overslept, "times overslept"),
            (counters.sendFailures, "adverts that could not be sent"),
            (counters.failedNotifications, "notifications that failed or were lost"),
        ].filter { $0.0 > 0 }.map { "\($0) \($1)" }
    }
}

// MARK: - For programs

extension Report {
    /// Everything as one object and a line feed. Members are only ever added.
    static func json(of status: DaemonStatus) -> [UInt8] {
        var json = JSONText()
        json.object { json in
            json.member("version", status.version)
            json.member("pid", status.processID)
            json.member("configuration", status.configurationPath)
            json.member("time", StampedEvent.timeText(status.now))
            json.member("started", StampedEvent.timeText(status.startedAt))
            json.member("reloads", status.reloads)
            json.member("refused_reloads", status.refusedReloads)
            json.member("unknown_vrids", status.unknownVRIDs)
            json.member("longest_delay_ns", status.longestDelay)
            json.member("stray_rejections") { write(status.strayRejections, into: &$0) }
            json.member("instances") { json in
                json.array { json in
                    for instance in status.instances { write(instance, into: &json) }
                }
            }
            json.member("groups") { json in
                json.array { json in
                    for group in status.groups { write(group, into: &json) }
                }
            }
            json.member("trackers") { json in
                json.array { json in
                    for tracker in status.trackers { write(tracker, into: &json) }
                }
            }
        }
        return json.bytes + [0x0A]
    }

    private static func write(_ instance: InstanceStatus, into json: inout JSONText) {
        let definition = instance.definition
        json.object { json in
            json.member("name", definition.name)
            json.member("state", instance.state.word)
            json.member("hold", ifPresent: instance.hold.word)
            json.member("group", ifPresent: instance.group)
            json.member("vrid", definition.virtualRouterID)
            json.member("version", definition.version.rawValue)
            json.member("family", definition.family == .v4 ? "ipv4" : "ipv6")
            json.member("unicast", definition.isUnicast)
            json.member("interface", ifPresent: definition.interface)
            json.member("address_interface", instance.addressInterface)
            json.member("source", ifPresent: instance.source?.description)
            json.member("base_priority", definition.priority)
            json.member("priority", instance.priority)
            json.member("advert_interval_ns", definition.advertIntervalNanoseconds)
            json.member("since", StampedEvent.timeText(instance.lastTransition))
            json.member("master", ifPresent: instance.masterAddress?.description)
            json.member("master_priority", instance.masterPriority)
            json.member("master_interval_ns", instance.masterIntervalNanoseconds)
            json.member("master_down_ns", instance.masterDownNanoseconds)
            if let age = instance.lastHeardNanoseconds { json.member("last_heard_ns", age) }
            json.member("faults", instance.faults)
            json.member("split", instance.isSplit)
            json.member("addresses") {
                write(definition.virtualAddresses, instance.addressesSet, into: &$0)
            }
            json.member("excluded_addresses") {
                write(definition.excludedAddresses, instance.excludedSet, into: &$0)
            }
            json.member("counters") { write(instance.counters, into: &$0) }
            json.member("rejections") { write(instance.counters.rejections, into: &$0) }
        }
    }

    private static func write(
        _ addresses: [VirtualAddress], _ isSet: [Bool], into json: inout JSONText
    ) {
        json.array { json in
            for (index, address) in addresses.enumerated() {
                json.object { json in
                    json.member("address", address.address.description)
                    json.member("prefix_length", address.prefixLength)
                    json.member("interface", ifPresent: address.interface)
                    json.member("set", index < isSet.count && isSet[index])
                }
            }
        }
    }

    private static func write(_ counters: InstanceCounters, into json: inout JSONText) {
        json.object { json in
            for (name, value) in counters.named { json.member(name, value) }
        }
    }

    private static func write(_ rejections: RejectionCounters, into json: inout JSONText) {
        json.object { json in
            for reason in Rejection.allCases where rejections[reason] > 0 {
                json.member(reason.word, rejections[reason])
            }
        }
    }

    private static func write(_ group: GroupStatus, into json: inout JSONText) {
        json.object { json in
            json.member("name", group.definition.name)
            json.member("state", group.state.word)
            json.member("members", group.definition.members)
        }
    }

    private static func write(_ tracker: TrackerStatus, into json: inout JSONText) {
        json.object { json in
            json.member("kind", tracker.kind)
            json.member("name", tracker.name)
            json.key("good")
            if let isGood = tracker.isGood { json.boolean(isGood) } else { json.null() }
            json.member("detail", tracker.detail)
            json.member("runs", tracker.runs)
            json.member("failures", tracker.failures)
            json.member("last_duration_ns", tracker.lastDurationNanoseconds)
            json.member("followers") { json in
                json.array { json in
                    for follower in tracker.followers {
                        json.object { json in
                            json.member("name", follower.name)
                            json.member("weight", follower.weight)
                        }
                    }
                }
            }
        }
    }
}

extension InstanceCounters {
    /// All counters but the rejections, by the names that programs know.
    var named: [(name: String, value: UInt64)] {
        [
            ("adverts_received", advertsReceived), ("adverts_sent", advertsSent),
            ("send_failures", sendFailures), ("became_master", becameMaster),
            ("released_master", releasedMaster), ("faults", faults),
            ("priority_zero_received", priorityZeroReceived),
            ("priority_zero_sent", priorityZeroSent),
            ("lower_priority_heard", lowerPriorityHeard),
            ("address_list_differed", addressListDiffered),
            ("interval_differed", intervalDiffered), ("splits", splits),
            ("split_ns", splitNanoseconds), ("announcements", announcements),
            ("put_back", putBack), ("late_adverts", lateAdverts), ("overslept", overslept),
            ("foreign_announcements", foreignAnnouncements), ("notifications", notifications),
            ("failed_notifications", failedNotifications),
        ]
    }
}
