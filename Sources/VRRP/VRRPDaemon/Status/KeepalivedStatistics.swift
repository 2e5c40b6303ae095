// keepalived's `.stats` dump, and what its clearing means here: counters that are shown elsewhere
// never go back, so a clearing is remembered as the point from which the dumps count.

/// Makes the dump that SIGUSR2 asks keepalived for.
enum KeepalivedStatistics {
    /// The lines of the dump: headings with the counter of each line below.
    private static let sections: [(title: String, lines: [(title: String, name: String)])] = [
        ("Advertisements:", [("Received", "advert_rcvd"), ("Sent", "advert_sent")]),
        ("Became master", [("", "become_master")]),
        ("Released master", [("", "release_master")]),
        (
            "Packet Errors:",
            [
                ("Length", "packet_len_err"), ("TTL", "ip_ttl_err"),
                ("Invalid Type", "invalid_type_rcvd"),
                ("Advertisement Interval", "advert_interval_err"),
                ("Address List", "addr_list_err"),
            ]
        ),
        (
            "Authentication Errors:",
            [
                ("Invalid Type", "invalid_authtype"), ("Type Mismatch", "authtype_mismatch"),
                ("Failure", "auth_failure"),
            ]
        ),
        ("Priority Zero:", [("Received", "pri_zero_rcvd"), ("Sent", "pri_zero_sent")]),
    ]

    /// The dump of a status.
    static func text(
        of status: DaemonStatus, since baseline: CounterBaseline = CounterBaseline()
    ) -> String {
        status.instances.map { text($0.definition.name, baseline.counters(of: $0)) }.joined()
    }

    private static func text(
        _ name: String, _ counters: [(name: String, value: UInt64)]
    ) -> String {
        let counters = Dictionary(
            counters.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        var text = "VRRP Instance: \(Report.plain(name))\n"
        for (title, lines) in sections {
            if title.hasSuffix(":") { text += "  \(title)\n" }
            for line in lines {
                let value = counters[line.name] ?? 0
                text += title.hasSuffix(":") ? "    \(line.title)" : "  \(title)"
                text += ": \(value)\n"
            }
        }
        return text
    }
}

/// What instances had counted at the last clearing.
struct CounterBaseline: Equatable {
    private var values: [String: [UInt64]] = [:]

    /// Counts from now on.
    mutating func clear(_ status: DaemonStatus) {
        values = Dictionary(
            status.instances.map { ($0.definition.name, $0.counters.keepalived.map(\.value)) },
            uniquingKeysWith: { $1 })
    }

    /// What an instance counted since; a counter that is less than then began anew.
    func counters(of instance: InstanceStatus) -> [(name: String, value: UInt64)] {
        let counters = instance.counters.keepalived
        guard let base = values[instance.definition.name] else { return counters }
        return zip(counters, base).map { counter, base in
            (counter.name, counter.value >= base ? counter.value - base : counter.value)
        }
    }
}
