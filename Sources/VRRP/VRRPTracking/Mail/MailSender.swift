// Delivers mails about transitions, one connection at a time, without holding anything up.
// keepalived.conf(5): smtp_server, smtp_alert, notification_email.

import Addresses
import Daemon
import Kernel

/// Where and how mails are delivered.
public struct MailSettings: Equatable, Sendable {
    /// Where the mail server listens.
    public var server: SocketAddress
    /// How the machine calls itself to the server.
    public var helloName: String
    /// An address, perhaps `Name <address>`.
    public var sender: String
    /// The same; mails are not made without any.
    public var recipients: [String]
    /// Nanoseconds a connection may take to be made (`smtp_connection_timeout`).
    public var connectTimeout: UInt64
    /// Nanoseconds the server may take for one reply.
    public var replyTimeout: UInt64
    /// Mails that may wait; the oldest give way.
    public var limit: Int
    /// Deliveries tried for one mail.
    public var attempts: Int
    /// Nanoseconds between two of them.
    public var retryPause: UInt64

    public init(
        server: SocketAddress, helloName: String = CurrentProcess.hostName, sender: String,
        recipients: [String], connectTimeout: UInt64 = 30_000_000_000,
        replyTimeout: UInt64 = 60_000_000_000, limit: Int = 64, attempts: Int = 3,
        retryPause: UInt64 = 10_000_000_000
    ) {
        self.server = server
        self.helloName = helloName.isEmpty ? "localhost" : helloName
        self.sender = sender
        self.recipients = recipients
        self.connectTimeout = connectTimeout
        self.replyTimeout = replyTimeout
        self.limit = max(1, limit)
        self.attempts = max(1, attempts)
        self.retryPause = retryPause
    }
}

/// Delivers mails in order; belongs to the loop's thread.
public final class MailSender {
    /// Figures for status.
    public struct Counters: Equatable, Sendable {
        /// Mails that a server has accepted.
        public var delivered: UInt64 = 0
        /// Mails given up after all attempts.
        public var failed: UInt64 = 0
        /// Mails that gave way to newer ones.
        public var dropped: UInt64 = 0
        /// Connections that did not deliver.
        public var failedAttempts: UInt64 = 0
        /// Why the last one did not, in words.
        public var lastFailure = ""
    }

    /// Where and how.
    public let settings: MailSettings
    /// Figures for status.
    public private(set) var counters = Counters()

    /// A mail with whoever is to know that it will not be delivered.
    private struct Item {
        var message: MailMessage
        var onLoss: () -> Void
    }

    private let loop: ControlLoop
    private let log: TrackingLog
    private var queue: [Item] = []
    private var current: Item?
    /// What was last said about an attempt that failed, and when.
    private var saidFailure = ""
    private var saidAt = Instant(nanoseconds: 0)
    private var attempt = 0
    private var connection: ClientConnection?
    private var dialogue: MailDialogue?
    private var retry: ControlTimer?
    private var idleCallbacks: [() -> Void] = []

    public init(_ settings: MailSettings, on loop: ControlLoop, log: @escaping TrackingLog) {
        self.settings = settings
        self.loop = loop
        self.log = log
    }

    /// Nanoseconds within which the same failure of an attempt is said once.
    public static let quietTime: UInt64 = 60_000_000_000

    /// Whether nothing is under way and nothing waits.
    public var isIdle: Bool { current == nil && queue.isEmpty }

    /// Whether the server has just failed and is left alone for a while.
    public var isResting: Bool { retry != nil }

    /// Delivers a mail once those before it are done.
    ///
    /// - Parameter onLoss: called once if it is given up.
    public func send(_ message: MailMessage, onLoss: @escaping () -> Void = {}) {
        if settings.recipients.isEmpty { return }
        if queue.count >= settings.limit { drop(queue.removeFirst(), "\(settings.limit) wait") }
        queue.append(Item(message: message, onLoss: onLoss))
        next()
    }

    private func drop(_ item: Item, _ reason: String) {
        counters.dropped += 1
        log(.warning, "mail '\(item.message.subject)' is not delivered: \(reason)")
        item.onLoss()
    }

    /// Calls `body` once nothing is under way and nothing waits, which may be at once.
    public func whenIdle(_ body: @escaping () -> Void) {
        if isIdle { body() } else { idleCallbacks.append(body) }
    }

    /// Forgets what waits and ends what is under way, and says so.
    public func cancel() {
        let reason = isResting ? counters.lastFailure : "deliveries are ended"
        for item in (current.map { [$0] } ?? []) + queue { drop(item, reason) }
        queue = []
        current = nil
        if let retry { loop.cancel(retry) }
        retry = nil
        connection?.close()
        connection = nil
        tellIdle()
    }

    private func next() {
        guard current == nil else { return }
        guard !queue.isEmpty else { return tellIdle() }
        current = queue.removeFirst()
        attempt = 0
        connect()
    }

    private func connect() {
        guard let message = current?.message else { return }
        attempt += 1
        dialogue = MailDialogue(
            helloName: settings.helloName, sender: settings.sender,
            recipients: settings.recipients,
            text: message.wire(from: settings.sender, to: settings.recipients))
        do throws(Errno) {
            connection = try ClientConnection(
                to: settings.server, timeout: settings.connectTimeout, on: loop,
                onConnect: { [weak self] connection in
                    guard let self else { return }
                    connection.setDeadline(self.settings.replyTimeout)
                },
                onBytes: { [weak self] in self?.received($1, on: $0) },
                onEnd: { [weak self] in self?.failed($0.text) })
        } catch {
            failed(error.text)
        }
    }

    private func received(_ bytes: [UInt8], on connection: ClientConnection) {
        guard var dialogue else { return }
        let step = dialogue.take(bytes.span)
        self.dialogue = dialogue
        switch step {
        case .wait: break
        case .send(let bytes):
            connection.setDeadline(settings.replyTimeout)
            connection.send(bytes)
        case .delivered(let farewell):
            connection.send(farewell)
            connection.close()
            delivered(dialogue)
        case .failed(let reason):
            connection.send(Array("QUIT\r\n".utf8))
            connection.close()
            failed(reason)
        }
    }

    private func delivered(_ dialogue: MailDialogue) {
        counters.delivered += 1
        for refusal in dialogue.refused { log(.warning, "mail: refused recipient \(refusal)") }
        end()
    }

    private func failed(_ reason: String) {
        connection = nil
        counters.failedAttempts += 1
        counters.lastFailure = reason
        if attempt < settings.attempts {
            sayAttempt(reason)
            retry = loop.after(nanoseconds: settings.retryPause) { [weak self] in
                guard let self, self.retry != nil else { return }
                self.retry = nil
                self.connect()
            }
            return
        }
        counters.failed += 1
        log(.error, "mail to \(settings.server) is given up: \(reason)")
        current?.onLoss()
        end()
    }

    private func sayAttempt(_ reason: String) {
        let now = Clock.monotonic()
        guard reason != saidFailure || now.nanoseconds - saidAt.nanoseconds >= Self.quietTime
        else { return }
        saidFailure = reason
        saidAt = now
        let pause = settings.retryPause / 1_000_000_000
        log(.warning, "mail to \(settings.server) failed, next try in \(pause) s: \(reason)")
    }

    private func end() {
        connection = nil
        dialogue = nil
        current = nil
        next()
    }

    private func tellIdle() {
        let bodies = idleCallbacks
        idleCallbacks = []
        for body in bodies { body() }
    }
}
