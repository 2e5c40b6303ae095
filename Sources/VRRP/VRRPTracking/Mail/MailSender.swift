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

    private let loop: ControlLoop
    private let log: TrackingLog
    private var queue: [MailMessage] = []
    private var current: MailMessage?
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

    /// Whether nothing is under way and nothing waits.
    public var isIdle: Bool { current == nil && queue.isEmpty }

    /// Delivers a mail once those before it are done.
    public func send(_ message: MailMessage) {
        if settings.recipients.isEmpty { return }
        if queue.count >= settings.limit {
            queue.removeFirst()
            counters.dropped += 1
            log(.warning, "mail: one is given up, \(settings.limit) wait")
        }
        queue.append(message)
        next()
    }

    /// Calls `body` once nothing is under way and nothing waits, which may be at once.
    public func whenIdle(_ body: @escaping () -> Void) {
        if isIdle { body() } else { idleCallbacks.append(body) }
    }

    /// Forgets what waits and ends what is under way.
    public func cancel() {
        counters.dropped += UInt64(queue.count) + (current == nil ? 0 : 1)
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
        guard let message = current else { return }
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
            retry = loop.after(nanoseconds: settings.retryPause) { [weak self] in
                guard let self, self.retry != nil else { return }
                self.retry = nil
                self.connect()
            }
            return
        }
        counters.failed += 1
        log(.error, "mail to \(settings.server) is given up: \(reason)")
        end()
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
