// What came of a load: counts, times, who answered.

/// Why a request did not get a whole answer.
public enum LoadFailure: String, Sendable, CaseIterable, Comparable {
    case refused = "connection refused"
    case connectFailed = "connection failed"
    case reset = "reset"
    case noAnswer = "ended without an answer"
    case truncated = "ended inside the answer"
    case malformed = "malformed answer"
    case timedOut = "timed out"
    case wrongEcho = "echo of another length"

    /// In the order of their texts.
    public static func < (one: LoadFailure, two: LoadFailure) -> Bool {
        one.rawValue < two.rawValue
    }
}

/// The outcome of a load.
public struct LoadReport: Sendable, Equatable {
    /// Requests that got a whole answer.
    public var answered = 0
    /// Answers by status; TCP exchanges have none.
    public var statuses: [Int: Int] = [:]
    /// Requests without a whole answer, by cause.
    public var failures: [LoadFailure: Int] = [:]
    /// Who answered.
    public var origins = Distribution()
    /// Time from a request's beginning, the connecting included, to the end of its answer.
    public var latency = LatencyHistogram()
    /// Connections opened.
    public var connectionsOpened = 0
    /// Bytes received, heads included.
    public var receivedBytes = 0
    /// How long the load ran.
    public var elapsedSeconds = 0.0

    /// A report of nothing.
    public init() {}

    /// All requests without a whole answer.
    public var failed: Int { failures.values.reduce(0, +) }

    /// Whole answers per second.
    public var requestsPerSecond: Double {
        elapsedSeconds > 0 ? Double(answered) / elapsedSeconds : 0
    }

    /// Answers whose status says that something went wrong.
    public var errorStatuses: Int {
        statuses.reduce(0) { $0 + ($1.key >= 400 ? $1.value : 0) }
    }

    /// The report for a terminal.
    public var text: String {
        var lines = [
            "requests     \(answered.grouped) answered, \(failed.grouped) failed, "
                + "in \(elapsedSeconds.fixed(2)) s: \(requestsPerSecond.fixed(0)) per second",
            "connections  \(connectionsOpened.grouped) opened",
            "received     \(receivedBytes.grouped) bytes",
        ]
        if let p50 = latency.percentile(50), let p90 = latency.percentile(90),
            let p99 = latency.percentile(99)
        {
            lines.append(
                "latency      p50 \(duration(microseconds: p50)), p90 \(duration(microseconds: p90)), "
                    + "p99 \(duration(microseconds: p99)), "
                    + "max \(duration(microseconds: latency.maximumMicroseconds))")
        }
        for (status, count) in statuses.sorted(by: { $0.key < $1.key }) {
            lines.append("status \(status)   \(count.grouped)")
        }
        for share in origins.shares {
            let percent = (share.fraction * 100).fixed(2)
            lines.append("origin \(share.name)  \(share.count.grouped)  \(percent) %")
        }
        for (failure, count) in failures.sorted(by: { $0.key < $1.key }) {
            lines.append("failure  \(failure.rawValue): \(count.grouped)")
        }
        return lines.joined(separator: "\n")
    }

    /// The report for a program.
    public var json: JSONValue {
        func percentile(_ percent: Double) -> JSONValue {
            latency.percentile(percent).map { .integer(Int($0)) } ?? .null
        }
        return .object([
            ("answered", .integer(answered)), ("failed", .integer(failed)),
            ("seconds", .number(elapsedSeconds)), ("requestsPerSecond", .number(requestsPerSecond)),
            ("connectionsOpened", .integer(connectionsOpened)),
            ("receivedBytes", .integer(receivedBytes)),
            (
                "latencyMicroseconds",
                .object([
                    ("p50", percentile(50)), ("p90", percentile(90)), ("p99", percentile(99)),
                    ("max", .integer(Int(latency.maximumMicroseconds))),
                ])
            ),
            (
                "statuses",
                .object(
                    statuses.sorted { $0.key < $1.key }.map { ("\($0.key)", .integer($0.value)) })
            ),
            ("origins", .object(origins.shares.map { ($0.name, .integer($0.count)) })),
            (
                "failures",
                .object(
                    failures.sorted { $0.key < $1.key }
                        .map { ($0.key.rawValue, .integer($0.value)) })
            ),
        ])
    }
}
