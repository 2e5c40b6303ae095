// Built-in checks in milliseconds, without a process: can a port be connected to, does a web server
// answer with a status that is expected. keepalived has nothing of the kind for VRRP; it stands in
// for scripts around nc and curl.

import Addresses
import Daemon
import Kernel

/// What is checked, and how.
public struct CheckTrackerSettings: Equatable, Sendable {
    /// What has to work.
    public enum Kind: Equatable, Sendable {
        /// A connection is accepted.
        case tcp
        /// A request is answered with a status of the range.
        case http(HTTPRequest)
    }

    /// The request of a check.
    public struct HTTPRequest: Equatable, Sendable {
        /// The path with its query.
        public var target: String
        /// The host field; nil for the address.
        public var host: String?
        /// Statuses that are well.
        public var statuses: ClosedRange<Int>

        public init(
            target: String = "/", host: String? = nil, statuses: ClosedRange<Int> = 200...399
        ) {
            self.target = target
            self.host = host
            self.statuses = statuses
        }
    }

    /// The name in the configuration.
    public var name: String
    /// What has to work.
    public var kind: Kind
    /// Where it has to work.
    public var address: SocketAddress
    /// Nanoseconds from one start to the next; at least a millisecond.
    public var interval: UInt64
    /// Nanoseconds a check may take; nil is the interval.
    public var timeout: UInt64?
    /// Successes in a row that bring it up.
    public var rise: Int
    /// Failures in a row that bring it down.
    public var fall: Int
    /// Whether it is taken for down until the first check has ended.
    public var startsFailed: Bool

    public init(
        name: String, kind: Kind, address: SocketAddress, interval: UInt64 = 1_000_000_000,
        timeout: UInt64? = nil, rise: Int = 1, fall: Int = 1, startsFailed: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.address = address
        self.interval = max(1_000_000, interval)
        self.timeout = timeout
        self.rise = rise
        self.fall = fall
        self.startsFailed = startsFailed
    }
}

/// Checks at an interval and tells when the result changes. At most one check at a time.
public final class CheckTracker {
    /// What is checked.
    public let settings: CheckTrackerSettings
    /// Figures for status.
    public private(set) var counters = TrackingCounters()
    /// The judgement so far.
    public private(set) var judgement: RiseFall

    private let loop: ControlLoop
    private let log: TrackingLog
    private let onChange: (TrackingResult) -> Void
    private var series: ControlTimer?
    private var isRunning: Bool { series != nil }
    private var connection: ClientConnection?
    private var reader = HTTPStatusReader()
    private var beganAt = Instant(nanoseconds: 0)

    /// A tracker that does nothing before ``start()``.
    ///
    /// - Parameter onChange: called for the first result and whenever it changes; on the loop.
    public init(
        _ settings: CheckTrackerSettings, on loop: ControlLoop, log: @escaping TrackingLog,
        onChange: @escaping (TrackingResult) -> Void
    ) {
        self.settings = settings
        self.loop = loop
        self.log = log
        self.onChange = onChange
        judgement = RiseFall(
            rise: settings.rise, fall: settings.fall, assumingUp: !settings.startsFailed)
    }

    /// Whether the check is up, or assumed to be.
    public var isUp: Bool { judgement.isUp }

    /// Begins with a check at once, and then one at each interval.
    public func start() {
        if isRunning { return }
        let interval = timerMilliseconds(settings.interval)
        series = loop.every(milliseconds: interval) { [weak self] in self?.turn() }
        turn()
    }

    /// Ends the series and the check under way.
    public func stop() {
        guard let series else { return }
        loop.cancel(series)
        self.series = nil
        connection?.close(abruptly: true)
        connection = nil
    }

    private func turn() {
        guard isRunning else { return }
        guard connection == nil else {
            counters.skips += 1
            return
        }
        beganAt = Clock.monotonic()
        reader = HTTPStatusReader()
        do throws(Errno) {
            connection = try ClientConnection(
                to: settings.address, timeout: settings.timeout ?? settings.interval, on: loop,
                onConnect: { [weak self] in self?.connected($0) },
                onBytes: { [weak self] _, bytes in self?.received(bytes) },
                onEnd: { [weak self] in self?.ended($0) })
        } catch {
            // Running out of descriptors is our lack; all else is how a connect fails at once.
            if error.isExhaustion {
                counters.skips += 1
                log(.error, "check '\(settings.name)' could not be made: \(error.text)")
            } else {
                judge(false, error.text)
            }
        }
    }

    private func connected(_ connection: ClientConnection) {
        switch settings.kind {
        case .tcp:
            finish(true, "connected", abruptly: true)
        case .http(let request):
            let host = request.host ?? hostText
            connection.send(
                Array(
                    ("GET \(request.target) HTTP/1.1\r\nHost: \(host)\r\n"
                        + "User-Agent: martlet-vrrp\r\nAccept: */*\r\nConnection: close\r\n\r\n")
                        .utf8))
        }
    }

    private var hostText: String {
        if case .ip(let address) = settings.address { return "\(address)" }
        return "localhost"
    }

    private func received(_ bytes: [UInt8]) {
        guard case .http(let request) = settings.kind else { return }
        switch reader.take(bytes.span) {
        case .more: break
        case .status(let status):
            finish(request.statuses.contains(status), "status \(status)", abruptly: false)
        case .invalid: finish(false, "no HTTP answer", abruptly: true)
        }
    }

    private func ended(_ end: ConnectionEnd) {
        connection = nil
        judge(false, timedOut: end == .timedOut, end.text)
    }

    private func finish(_ success: Bool, _ detail: String, abruptly: Bool) {
        // A reset leaves no connection behind in the kernel for a minute: checks are many.
        connection?.close(abruptly: abruptly)
        connection = nil
        judge(success, detail)
    }

    private func judge(_ success: Bool, timedOut: Bool = false, _ detail: String) {
        guard isRunning else { return }
        counters.note(success: success, timedOut: timedOut, since: beganAt, detail)
        guard judgement.take(success: success) else { return }
        counters.changes += 1
        log(
            success ? .notice : .warning,
            "check '\(settings.name)' \(success ? "succeeded" : "failed") (\(detail))")
        onChange(TrackingResult(isUp: judgement.isUp, detail: detail))
    }
}
