// wrk as a generator: it is told by a small script to report in one line that we can read.

/// What wrk measured.
public struct WrkReport: Sendable, Equatable {
    /// Answers received.
    public var requests = 0
    /// Length of the run.
    public var microseconds = 0
    /// Bytes received.
    public var receivedBytes = 0
    /// Failures of sockets, time-outs and statuses of 400 and above.
    public var errors = 0
    /// Latencies in microseconds.
    public var p50 = 0
    public var p90 = 0
    public var p99 = 0
    public var maximum = 0

    /// The script that makes wrk print the line.
    public static let script = """
        done = function(summary, latency, requests)
          local e = summary.errors
          io.write(string.format(
            "measured requests=%d duration=%d bytes=%d errors=%d p50=%d p90=%d p99=%d max=%d\\n",
            summary.requests, summary.duration, summary.bytes,
            e.connect + e.read + e.write + e.status + e.timeout,
            latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max))
        end

        """

    /// A report of nothing.
    public init() {}

    /// Reads the line out of everything wrk printed; `nil` when it is not there.
    public init?(output: String) {
        guard let line = output.split(separator: "\n").first(where: { $0.hasPrefix("measured ") })
        else { return nil }
        var values: [Substring: Int] = [:]
        for word in line.split(separator: " ").dropFirst() {
            let parts = word.split(separator: "=")
            guard parts.count == 2, let value = Int(parts[1]) else { return nil }
            values[parts[0]] = value
        }
        guard let requests = values["requests"], let duration = values["duration"],
            let bytes = values["bytes"], let errors = values["errors"], let p50 = values["p50"],
            let p90 = values["p90"], let p99 = values["p99"], let maximum = values["max"]
        else { return nil }
        self.requests = requests
        microseconds = duration
        receivedBytes = bytes
        self.errors = errors
        self.p50 = p50
        self.p90 = p90
        self.p99 = p99
        self.maximum = maximum
    }

    /// The words that start wrk for a scenario.
    public static func command(
        wrk: String, scenario: BenchScenario, port: Int, seconds: Int, scriptPath: String
    ) -> [String] {
        var words = [
            wrk, "-t", "1", "-c", "\(scenario.connections)", "-d", "\(seconds)s", "--timeout", "10",
            "-s", scriptPath,
        ]
        for field in scenario.fields { words += ["-H", field] }
        if !scenario.keepsAlive { words += ["-H", "Connection: close"] }
        return words + ["http://127.0.0.1:\(port)\(scenario.path)"]
    }
}
