// The health of the proxy on this machine (`track_martlet`): that its process lives, that its admin
// socket answers soon, that its frontends are open and its addresses accept, and that enough of
// each backend's servers are usable.
//
//     each interval        show info       → alive, not stopping, answers within the limit
//     each report interval show stat       → frontends, backends
//     each interval        connect         → addresses
//     at once              process handle  → death (asked once more first: a reload may have
//                                            brought another process)

import Addresses
import Daemon
import Kernel

/// What is expected of the proxy. Every weight works as that of a script: 0 makes a failure the
/// tracker's failure, a positive one is added while all is well, a negative one while it is not.
public struct MartletTrackerSettings: Equatable, Sendable {
    /// What is expected of a backend's servers.
    public struct BackendRule: Equatable, Sendable {
        /// The backend's name, or `*` for each one.
        public var backend: String
        /// The least share that must be usable, 1 to 100.
        public var minimumPercent: Int
        /// Whether servers count by their weights.
        public var byWeight: Bool
        /// The weight of the rule.
        public var weight: Int

        public init(
            backend: String, minimumPercent: Int = 1, byWeight: Bool = false, weight: Int = 0
        ) {
            self.backend = backend
            self.minimumPercent = minimumPercent
            self.byWeight = byWeight
            self.weight = weight
        }
    }

    /// The name in the configuration.
    public var name: String
    /// The admin socket.
    public var socket: SocketAddress
    /// A file with the process's number, for while the socket does not tell it; nil for none.
    public var pidFile: String?
    /// Nanoseconds between two questions.
    public var interval: UInt64
    /// Nanoseconds an answer may take to be an answer at all.
    public var timeout: UInt64
    /// Nanoseconds between two questions for statistics.
    public var reportInterval: UInt64
    /// Successes in a row that bring a condition up.
    public var rise: Int
    /// Failures in a row that bring a condition down. The death of the process needs one.
    public var fall: Int
    /// Nanoseconds a loop of the proxy may take, at most; nil for any: from the question to the
    /// first byte of the answer, and what the proxy tells of its workers.
    public var maximumDelay: UInt64?
    /// The weight of loops that come round in time.
    public var delayWeight: Int
    /// Frontends that must be open; `*` for each one.
    public var frontends: [String]
    /// The weight of each frontend.
    public var frontendWeight: Int
    /// Addresses that must accept connections.
    public var listeners: [SocketAddress]
    /// The weight of each address.
    public var listenerWeight: Int
    /// What is expected of backends.
    public var backends: [BackendRule]
    /// Whether it is taken for down until the first answer.
    public var startsFailed: Bool

    public init(
        name: String, socket: SocketAddress, interval: UInt64 = 100_000_000,
        timeout: UInt64 = 500_000_000, reportInterval: UInt64 = 1_000_000_000, rise: Int = 2,
        fall: Int = 2, startsFailed: Bool = false
    ) {
        self.name = name
        self.socket = socket
        self.interval = max(1_000_000, interval)
        self.timeout = timeout
        self.reportInterval = reportInterval
        self.rise = rise
        self.fall = fall
        self.startsFailed = startsFailed
        pidFile = nil
        maximumDelay = nil
        delayWeight = 0
        frontends = []
        frontendWeight = 0
        listeners = []
        listenerWeight = 0
        backends = []
    }
}

/// What is known of the proxy.
public struct MartletResult: Equatable, Sendable {
    /// Whether no condition of weight 0 fails.
    public let isUp: Bool
    /// The failing conditions in words, those with weights as well.
    public let reasons: [String]
    /// The sum of the weights that apply now.
    public let weightSum: Int

    public init(isUp: Bool, reasons: [String], weightSum: Int) {
        self.isUp = isUp
        self.reasons = reasons
        self.weightSum = weightSum
    }
}

/// Follows the proxy and tells when its health changes.
public final class MartletTracker {
    /// Bytes of an answer that are read, at most.
    public static let mostAnswerBytes = 32 << 20
    /// Nanoseconds a proxy has to show another process when the one known has ended.
    static let graceAfterDeath: UInt64 = 25_000_000

    private struct Condition {
        var judgement: RiseFall
        let weight: Int
        /// What is wrong, in words.
        var reason: String
    }

    private final class Held {
        let id: Int32
        let handle: ProcessHandle

        init(_ id: Int32, _ handle: consuming ProcessHandle) {
            self.id = id
            self.handle = handle
        }
    }

    /// What is expected.
    public let settings: MartletTrackerSettings
    /// Figures for status: a run is a question with its answer.
    public private(set) var counters = TrackingCounters()
    /// What is known now.
    public private(set) var result: MartletResult
    /// Nanoseconds the last answer took to begin.
    public private(set) var lastDelay: UInt64 = 0

    private let loop: ControlLoop
    private let log: TrackingLog
    private let onChange: (MartletResult) -> Void
    private var conditions: [String: Condition] = [:]
    private var isKnown = false
    private var series: ControlTimer?
    private var isRunning: Bool { series != nil }
    private var checks: [CheckTracker] = []
    private var connection: ClientConnection?
    private var report = MartletReport()
    private var asksForTable = false
    private var answerBytes = 0
    private var askedAt = Instant(nanoseconds: 0)
    private var nextTable: UInt64 = 0
    private var held: Held?
    private var isAfterDeath = false
    private var judgedLoopDelay: UInt64 = 0

    private static let answerKey = "answer"
    private static let delayKey = "delay"
    private static let frontendKey = "frontend "
    private static let backendKey = "backend "
    private static let listenerKey = "listener "

    /// A tracker that does nothing before ``start()``.
    ///
    /// - Parameter onChange: called for the first result and whenever being up or the sum of the
    ///   weights changes; on the loop.
    public init(
        _ settings: MartletTrackerSettings, on loop: ControlLoop, log: @escaping TrackingLog,
        onChange: @escaping (MartletResult) -> Void
    ) {
        self.settings = settings
        self.loop = loop
        self.log = log
        self.onChange = onChange
        result = MartletResult(isUp: !settings.startsFailed, reasons: [], weightSum: 0)
    }

    /// The proxy's process that is held; nil while none is known.
    public var processID: Int32? { held?.id }

    /// Begins to follow the proxy.
    public func start() {
        if isRunning { return }
        for address in settings.listeners { addCheck(address) }
        let interval = timerMilliseconds(settings.interval)
        series = loop.every(milliseconds: interval) { [weak self] in self?.turn() }
        turn()
        for check in checks { check.start() }
    }

    /// Ends following it.
    public func stop() {
        guard let series else { return }
        loop.cancel(series)
        self.series = nil
        isKnown = false
        for check in checks { check.stop() }
        checks = []
        connection?.close()
        connection = nil
        release()
        conditions = [:]
        nextTable = 0
        judgedLoopDelay = 0
        isAfterDeath = false
    }

    private func addCheck(_ address: SocketAddress) {
        let check = CheckTrackerSettings(
            name: "\(settings.name) \(address)", kind: .tcp, address: address,
            interval: settings.interval, timeout: settings.timeout, rise: settings.rise,
            fall: settings.fall)
        let key = MartletTracker.listenerKey + "\(address)"
        // What the check says of itself is told by this tracker, once.
        let tracker = CheckTracker(check, on: loop, log: { _, _ in }) { [weak self] found in
            guard let self else { return }
            self.set(
                key, found.isUp, weight: self.settings.listenerWeight, atOnce: true,
                "\(address) does not accept: \(found.detail)")
            self.settle()
        }
        checks.append(tracker)
    }

    // MARK: Asking

    private func turn() {
        guard isRunning else { return }
        if connection != nil {
            counters.skips += 1
            return
        }
        ask(timeout: settings.timeout)
    }

    private func ask(timeout: UInt64) {
        askedAt = Clock.monotonic()
        report = MartletReport()
        answerBytes = 0
        let wantsTable = !settings.backends.isEmpty || !settings.frontends.isEmpty
        asksForTable = wantsTable && askedAt.nanoseconds >= nextTable
        let question = asksForTable ? "show info;show stat -1 7 -1\n" : "show info\n"
        do throws(Errno) {
            connection = try ClientConnection(
                to: settings.socket, timeout: timeout, on: loop,
                onConnect: { $0.send(Array(question.utf8)) },
                onBytes: { [weak self] in self?.received($1, on: $0) },
                onEnd: { [weak self] in self?.ended($0) })
        } catch {
            if error.isExhaustion {
                counters.skips += 1
                log(.error, "track_martlet '\(settings.name)' could not ask: \(error.text)")
            } else {
                noAnswer(error.text)
            }
        }
    }

    private func received(_ bytes: [UInt8], on connection: ClientConnection) {
        if answerBytes == 0 {
            lastDelay = Clock.monotonic().nanoseconds - askedAt.nanoseconds
        }
        answerBytes += bytes.count
        if answerBytes > MartletTracker.mostAnswerBytes {
            connection.close()
            self.connection = nil
            return noAnswer("the answer is too long")
        }
        report.take(bytes.span)
    }

    private func ended(_ end: ConnectionEnd) {
        connection = nil
        guard isRunning else { return }
        guard end == .ended else { return noAnswer(end.text, timedOut: end == .timedOut) }
        guard report.hasFacts else {
            let words = report.complaint.isEmpty ? "an empty answer" : report.complaint
            return noAnswer("the admin socket says '\(words)'")
        }
        isAfterDeath = false
        if let id = report.processID { hold(id) }
        if report.isStopping { return noAnswer("the proxy is stopping") }
        counters.note(success: true, since: askedAt, "answered")
        set(MartletTracker.answerKey, true, weight: 0, "")
        if let limit = settings.maximumDelay {
            let delay = max(lastDelay, report.loopDelay)
            let milliseconds = delay / 1_000_000
            // The proxy tells of a long turn until its next figures come: it counts once.
            if lastDelay > limit || report.loopDelay <= limit
                || report.loopDelay != judgedLoopDelay
            {
                set(
                    MartletTracker.delayKey, delay <= limit, weight: settings.delayWeight,
                    delay == lastDelay
                        ? "answers only after \(milliseconds) ms"
                        : "a worker's loop takes \(milliseconds) ms")
            }
            judgedLoopDelay = report.loopDelay
        }
        if asksForTable { judgeTable() }
        settle()
    }

    private func noAnswer(_ reason: String, timedOut: Bool = false) {
        counters.note(success: false, timedOut: timedOut, since: askedAt, reason)
        holdFromFile()
        // A process that is known to have ended needs no second opinion.
        set(
            MartletTracker.answerKey, false, weight: 0, atOnce: isAfterDeath,
            isAfterDeath ? "the process has ended" : reason)
        settle()
    }

    // MARK: The process

    private func hold(_ id: Int32) {
        if held?.id == id { return }
        release()
        guard let handle = try? ProcessHandle(ProcessID(id)) else { return }
        let entry = Held(id, handle)
        guard
            (try? loop.watch(
                entry.handle.number, for: .readable, { [weak self] _ in self?.died() })) != nil
        else { return }
        held = entry
    }

    private func holdFromFile() {
        guard held == nil, let path = settings.pidFile,
            let bytes = try? Files.readBeginning(path, atMost: 32),
            let first = bytes.split(whereSeparator: { $0 == 10 || $0 == 32 }).first,
            let id = Int32(String(decoding: first, as: UTF8.self)), id > 1
        else { return }
        hold(id)
    }

    private func release() {
        if let held { loop.unwatch(held.handle.number) }
        held = nil
    }

    private func died() {
        release()
        guard isRunning else { return }
        connection?.close()
        connection = nil
        isAfterDeath = true
        // Another process may have taken over; if not, the socket refuses at once.
        ask(timeout: MartletTracker.graceAfterDeath)
    }

    // MARK: Judging

    private func judgeTable() {
        guard report.hasTable else {
            return set(
                MartletTracker.frontendKey, false, weight: 0, "the proxy shows no statistics")
        }
        nextTable = askedAt.nanoseconds + settings.reportInterval
        conditions[MartletTracker.frontendKey] = nil
        for wanted in settings.frontends {
            let names = wanted == "*" ? report.frontends.keys.sorted() : [wanted]
            for name in names {
                let status = report.frontends[name]
                // A full frontend lives: moving its addresses away would not empty it.
                set(
                    MartletTracker.frontendKey + name, status == "OPEN" || status == "FULL",
                    weight: settings.frontendWeight,
                    "frontend \(name) is \(status ?? "not there")")
            }
        }
        for (index, rule) in settings.backends.enumerated() {
            let names = rule.backend == "*" ? report.backends.keys.sorted() : [rule.backend]
            for name in names { judge(rule, index, name) }
        }
        forgetProxies()
    }

    private func judge(
        _ rule: MartletTrackerSettings.BackendRule, _ index: Int, _ name: String
    ) {
        let key = "\(MartletTracker.backendKey)\(name) \(index)"
        guard let servers = report.backends[name] else {
            return set(key, false, weight: rule.weight, "backend \(name) is not there")
        }
        let percent = servers.percent(byWeight: rule.byWeight)
        set(
            key, percent >= rule.minimumPercent, weight: rule.weight,
            "backend \(name) has \(percent) % of its servers, less than \(rule.minimumPercent) %")
    }

    /// Forgets conditions of proxies that `*` stood for and that are gone.
    private func forgetProxies() {
        let named = Set(settings.frontends + settings.backends.map(\.backend))
        for key in Array(conditions.keys) {
            if key.hasPrefix(MartletTracker.frontendKey) {
                let name = String(key.dropFirst(MartletTracker.frontendKey.count))
                if report.frontends[name] == nil && !named.contains(name) { conditions[key] = nil }
            } else if key.hasPrefix(MartletTracker.backendKey) {
                let rest = key.dropFirst(MartletTracker.backendKey.count)
                let name = String(rest.prefix { $0 != " " })
                if report.backends[name] == nil && !named.contains(name) { conditions[key] = nil }
            }
        }
    }

    private func set(
        _ key: String, _ success: Bool, weight: Int, atOnce: Bool = false, _ reason: String
    ) {
        let isNew = conditions[key] == nil
        var condition =
            conditions[key]
            ?? Condition(
                judgement: RiseFall(
                    rise: settings.rise, fall: settings.fall, assumingUp: true),
                weight: weight, reason: reason)
        if atOnce && !isNew {
            condition.judgement = RiseFall(
                rise: settings.rise, fall: settings.fall, assumingUp: true)
        }
        _ = condition.judgement.take(success: success)
        if !success { condition.reason = reason }
        conditions[key] = condition
    }

    private func settle() {
        // The first result waits for the first answer or its absence.
        guard isRunning, conditions[MartletTracker.answerKey] != nil else { return }
        var reasons: [String] = []
        var isUp = true
        var sum = 0
        let answers = conditions[MartletTracker.answerKey]?.judgement.isUp == true
        for (key, condition) in conditions.sorted(by: { $0.key < $1.key }) {
            // What was told last earns nothing while the proxy tells nothing.
            let isOld = !answers && !key.hasPrefix(MartletTracker.listenerKey)
            if isOld, condition.weight > 0 { continue }
            let isWell = condition.judgement.isUp
            if !isWell { reasons.append(condition.reason) }
            if condition.weight == 0 {
                isUp = isUp && isWell
            } else if (condition.weight > 0) == isWell {
                sum += condition.weight
            }
        }
        let found = MartletResult(isUp: isUp, reasons: reasons, weightSum: sum)
        let isChange = !isKnown || found.isUp != result.isUp || found.weightSum != result.weightSum
        result = found
        guard isChange else { return }
        isKnown = true
        counters.changes += 1
        let words = reasons.isEmpty ? "all is well" : reasons.joined(separator: "; ")
        log(
            isUp && reasons.isEmpty ? .notice : .warning,
            "track_martlet '\(settings.name)' is \(isUp ? "up" : "down"), weight \(sum) (\(words))")
        onChange(found)
    }
}
