// The status as Prometheus reads it: text format 0.0.4. All samples of one name stand together
// below its HELP and TYPE lines; names and labels are only ever added.

import VRRPProtocol

/// Writes metrics as text.
struct MetricsText {
    private(set) var bytes: [UInt8] = []
    /// The full name of the metric that samples are written of.
    private var metric: [UInt8] = []

    /// What a value does over time.
    private enum Kind: String {
        case counter, gauge
    }

    /// Label names with their values, in order.
    private typealias Labels = KeyValuePairs<String, String>

    /// All metrics of a status.
    static func bytes(of status: DaemonStatus) -> [UInt8] {
        var text = MetricsText()
        text.writeDaemon(status)
        text.writeInstances(status.instances)
        text.writeCounters(status.instances)
        text.writeTrackers(status)
        return text.bytes
    }
}

// MARK: - The metrics

extension MetricsText {
    private mutating func writeDaemon(_ status: DaemonStatus) {
        begin("build_info", .gauge, "The program's version; always 1.")
        sample(["version": status.version], "1")
        begin("start_time_seconds", .gauge, "When the process began, in seconds since 1970.")
        sample([:], JSONText.decimal(status.startedAt, digits: 6))
        begin("reloads_total", .counter, "Reloads by what came of them.")
        sample(["result": "applied"], "\(status.reloads)")
        sample(["result": "refused"], "\(status.refusedReloads)")
        begin("loop_longest_delay_seconds", .gauge, "The longest that timers were kept waiting.")
        sample([:], Self.seconds(status.longestDelay))
        begin("unknown_vrids_total", .counter, "Adverts for numbers that no instance has.")
        sample([:], "\(status.unknownVRIDs)")
        begin("stray_rejected_total", .counter, "Rejected packets that belong to no instance.")
        sample([:], "\(status.strayRejections.total)")
        begin(
            "stray_rejected_by_reason_total", .counter,
            "Rejected packets that belong to no instance, by reason.")
        for reason in Rejection.allCases where status.strayRejections[reason] > 0 {
            sample(["reason": reason.word], "\(status.strayRejections[reason])")
        }
    }

    private mutating func writeInstances(_ instances: [InstanceStatus]) {
        begin("instance_info", .gauge, "What an instance is; always 1.")
        for instance in instances {
            let definition = instance.definition
            sample(
                [
                    "instance": definition.name, "interface": definition.interface ?? "",
                    "vrid": "\(definition.virtualRouterID)",
                    "version": "\(definition.version.rawValue)",
                    "family": definition.family == .v4 ? "ipv4" : "ipv6",
                    "group": instance.group ?? "",
                ], "1")
        }
        begin("instance_state", .gauge, "1 for the state that an instance is in, 0 for the others.")
        for instance in instances {
            for state in Election.State.allCases {
                sample(
                    ["instance": instance.definition.name, "state": state.word],
                    instance.state == state ? "1" : "0")
            }
        }
        gauge("priority", "The effective priority.", instances) { "\($0.priority)" }
        gauge("base_priority", "The configured priority.", instances) {
            "\($0.definition.priority)"
        }
        gauge("last_transition_seconds", "When the state was entered, since 1970.", instances) {
            JSONText.decimal($0.lastTransition, digits: 6)
        }
        gauge("master_priority", "The priority of the master followed; 0: none.", instances) {
            "\($0.masterPriority)"
        }
        gauge("last_advert_age_seconds", "Since an advert of others was heard.", instances) {
            $0.lastHeardNanoseconds.map(Self.seconds)
        }
        gauge("master_down_seconds", "How long without a master it waits.", instances) {
            Self.seconds($0.masterDownNanoseconds)
        }
        gauge("fault_reasons", "How many reasons there are not to serve.", instances) {
            "\($0.faults.count)"
        }
        gauge("held_back", "1 while an operator holds it back.", instances) {
            $0.hold == .none ? "0" : "1"
        }
        gauge("split", "1 while there are two masters.", instances) { $0.isSplit ? "1" : "0" }
        gauge("addresses", "Virtual addresses, the excluded with them.", instances) {
            "\($0.definition.virtualAddresses.count + $0.definition.excludedAddresses.count)"
        }
        gauge("addresses_set", "Virtual addresses that are on an interface.", instances) {
            "\($0.addressesSet.count { $0 } + $0.excludedSet.count { $0 })"
        }
    }

    private mutating func writeCounters(_ instances: [InstanceStatus]) {
        for (name, sentence, path) in Self.counters {
            begin("\(name)_total", .counter, sentence)
            for instance in instances {
                sample(
                    ["instance": instance.definition.name], "\(instance.counters[keyPath: path])")
            }
        }
        begin("split_seconds_total", .counter, "How long there were two masters.")
        for instance in instances {
            sample(
                ["instance": instance.definition.name],
                Self.seconds(instance.counters.splitNanoseconds))
        }
        begin("rejected_total", .counter, "Rejected packets.")
        for instance in instances {
            sample(
                ["instance": instance.definition.name], "\(instance.counters.rejections.total)")
        }
        begin("rejected_by_reason_total", .counter, "Rejected packets by reason, once seen.")
        for instance in instances {
            for reason in Rejection.allCases where instance.counters.rejections[reason] > 0 {
                sample(
                    ["instance": instance.definition.name, "reason": reason.word],
                    "\(instance.counters.rejections[reason])")
            }
        }
    }

    private mutating func writeTrackers(_ status: DaemonStatus) {
        begin("group_state", .gauge, "1 for the state that a sync group is in.")
        for group in status.groups {
            for state in Election.State.allCases {
                sample(
                    ["group": group.definition.name, "state": state.word],
                    group.state == state ? "1" : "0")
            }
        }
        tracker("good", .gauge, "1: good, 0: bad; no sample: not known yet.", status.trackers) {
            $0.isGood.map { $0 ? "1" : "0" }
        }
        tracker("runs_total", .counter, "How often it was tried.", status.trackers) { "\($0.runs)" }
        tracker("failures_total", .counter, "How often that failed.", status.trackers) {
            "\($0.failures)"
        }
        tracker("last_duration_seconds", .gauge, "How long the last run took.", status.trackers) {
            $0.runs == 0 ? nil : Self.seconds($0.lastDurationNanoseconds)
        }
    }

    private static let counters:
        [(name: String, sentence: String, value: KeyPath<InstanceCounters, UInt64> & Sendable)] = [
            ("adverts_received", "Accepted adverts.", \.advertsReceived),
            ("adverts_sent", "Adverts sent.", \.advertsSent),
            ("send_failures", "Adverts that could not be sent.", \.sendFailures),
            ("became_master", "Transitions to master.", \.becameMaster),
            ("released_master", "Transitions from master.", \.releasedMaster),
            ("faults", "Transitions to fault.", \.faults),
            ("priority_zero_received", "Adverts of masters that stop.", \.priorityZeroReceived),
            ("priority_zero_sent", "Last adverts of ours.", \.priorityZeroSent),
            (
                "lower_priority_heard", "Adverts of lower priority while master.",
                \.lowerPriorityHeard
            ),
            ("address_list_differed", "Adverts with other addresses.", \.addressListDiffered),
            ("interval_differed", "Adverts with another interval.", \.intervalDiffered),
            ("splits", "Times of two masters.", \.splits),
            ("announcements", "Gratuitous ARPs and neighbour advertisements.", \.announcements),
            ("put_back", "Addresses, routes and rules put back.", \.putBack),
            ("late_adverts", "Adverts late by more than an interval.", \.lateAdverts),
            ("overslept", "Times the process did not run for too long.", \.overslept),
            (
                "foreign_announcements", "Announcements of our addresses by others.",
                \.foreignAnnouncements
            ),
            ("notifications", "Scripts run for transitions.", \.notifications),
            (
                "failed_notifications", "Scripts, events and mails that came to nothing.",
                \.failedNotifications
            ),
        ]
}

// MARK: - The format

extension MetricsText {
    private mutating func gauge(
        _ name: String, _ sentence: String, _ instances: [InstanceStatus],
        _ value: (InstanceStatus) -> String?
    ) {
        begin("instance_\(name)", .gauge, sentence)
        for instance in instances {
            if let value = value(instance) { sample(["instance": instance.definition.name], value) }
        }
    }

    private mutating func tracker(
        _ name: String, _ kind: Kind, _ sentence: String, _ trackers: [TrackerStatus],
        _ value: (TrackerStatus) -> String?
    ) {
        begin("tracker_\(name)", kind, sentence)
        for tracker in trackers {
            if let value = value(tracker) {
                sample(["kind": tracker.kind, "name": tracker.name], value)
            }
        }
    }

    /// Begins a metric. The name is kept in front of its samples.
    private mutating func begin(_ name: String, _ kind: Kind, _ sentence: String) {
        metric = Array("martlet_vrrp_\(name)".utf8)
        bytes += "# HELP martlet_vrrp_\(name) \(sentence)\n".utf8
        bytes += "# TYPE martlet_vrrp_\(name) \(kind.rawValue)\n".utf8
    }

    private mutating func sample(_ labels: Labels, _ value: String) {
        bytes += metric
        var separator: UInt8 = 0x7B
        for (name, value) in labels {
            bytes.append(separator)
            separator = 0x2C
            bytes += name.utf8
            bytes += [0x3D, 0x22]
            escape(value)
            bytes.append(0x22)
        }
        if separator == 0x2C { bytes.append(0x7D) }
        bytes.append(0x20)
        bytes += value.utf8
        bytes.append(0x0A)
    }

    private mutating func escape(_ value: String) {
        for byte in value.utf8 {
            switch byte {
            case 0x22, 0x5C: bytes += [0x5C, byte]
            case 0x0A: bytes += [0x5C, 0x6E]
            default: bytes.append(byte)
            }
        }
    }

    private static func seconds(_ nanoseconds: UInt64) -> String {
        JSONText.shortDecimal(Int64(clamping: nanoseconds), digits: 9)
    }
}
