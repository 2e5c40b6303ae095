// Small requests on a stream socket, one a connection, answered by a function: what the status
// socket and the metrics have in common. Everything has a bound: clients, bytes of a request and of
// an answer, and the time that a client may take for each. Nothing waits for a client.

import Daemon
import Kernel

/// Answers clients of one listening socket.
final class RequestServer {
    /// What one client and all together may take.
    struct Limits {
        var clients = 32
        /// Of the clients, those that a stream of lines is sent to.
        var streams = 16
        var requestBytes = 1024
        var answerBytes = 8 << 20
        /// What a client of a stream may be behind.
        var streamBytes = 256 << 10
        /// How long a request may take, and an answer to be taken.
        var requestMilliseconds = 5000
        var answerMilliseconds = 30_000
    }

    /// What a client gets.
    enum Reply: Equatable {
        /// Bytes, then the end.
        case answer([UInt8])
        /// Bytes, then whatever is published, until the client goes.
        case stream([UInt8])
    }

    /// Answers for clients that cannot be served, made when they are needed: they may bear a date.
    struct Refusals {
        var tooMany: () -> [UInt8]
        var tooLong: () -> [UInt8]
    }

    /// Reads the bytes received so far, which may have ended; nil: the request is not complete.
    typealias Responder = (_ received: [UInt8], _ hasEnded: Bool) -> Reply?

    private final class Client {
        enum Phase {
            case asking, taking, streaming, leaving
        }

        let descriptor: Descriptor
        var phase = Phase.asking
        var received: [UInt8] = []
        var pending: [UInt8] = []
        var sent = 0
        var timer: ControlTimer?

        init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
    }

    /// Connections taken in one turn of the loop, at most.
    private static let batch = 16
    /// How long the listener is left alone when descriptors ran out.
    private static let pauseMilliseconds = 100
    /// How long a client may take to close after its answer.
    private static let farewellMilliseconds = 1000

    let limits: Limits
    private let loop: ControlLoop
    private let refusals: Refusals
    private let respond: Responder
    private var listener = Descriptor()
    private var clients: [Int32: Client] = [:]

    init(
        loop: ControlLoop, limits: Limits = Limits(), refusals: Refusals,
        respond: @escaping Responder
    ) {
        self.loop = loop
        self.limits = limits
        self.refusals = refusals
        self.respond = respond
    }

    /// Clients that are connected.
    var clientCount: Int { clients.count }
    /// Clients that a stream goes to.
    var streamCount: Int { clients.values.count { $0.phase == .streaming } }

    /// Serves a socket that listens, in place of the one before. Clients stay.
    func serve(_ listening: consuming Descriptor) throws(Errno) {
        stopListening()
        listener = listening
        try loop.watch(listener.number, for: .readable) { [weak self] _ in self?.accept() }
    }

    /// Takes no more clients; those that are there stay.
    func stopListening() {
        if listener.isOpen { loop.unwatch(listener.number) }
        listener = Descriptor()
    }

    /// Ends everything at once.
    func close() {
        stopListening()
        for client in Array(clients.values) { drop(client) }
    }

    /// Sends bytes to every client of a stream; drops those that are too far behind.
    func publish(_ bytes: [UInt8]) {
        for client in Array(clients.values) where client.phase == .streaming {
            if client.pending.count - client.sent + bytes.count > limits.streamBytes {
                drop(client)
            } else {
                client.pending.removeFirst(client.sent)
                client.sent = 0
                client.pending += bytes
                send(client)
            }
        }
    }
}

// MARK: - Clients

extension RequestServer {
    private func accept() {
        var address = RawSocketAddress()
        for _ in 0..<Self.batch {
            switch listener.accept(from: &address) {
            case .accepted(let descriptor): admit(descriptor)
            case .wouldBlock: return
            case .failed: return pause()
            }
        }
    }

    private func pause() {
        let number = listener.number
        try? loop.rewatch(number, for: [])
        loop.after(milliseconds: Self.pauseMilliseconds) { [weak self] in
            guard let self, self.listener.number == number else { return }
            try? self.loop.rewatch(number, for: .readable)
        }
    }

    private func admit(_ descriptor: consuming Descriptor) {
        guard clients.count < limits.clients else {
            // Fits into the empty buffer of a new socket.
            let refusal = refusals.tooMany()
            _ = descriptor.send(refusal.span)
            return
        }
        let client = Client(descriptor)
        let number = client.descriptor.number
        do throws(Errno) {
            try loop.watch(number, for: .readable) { [weak self, weak client] events in
                if let self, let client { self.handle(client, events) }
            }
        } catch { return }
        clients[number] = client
        allow(client, milliseconds: limits.requestMilliseconds)
    }

    private func allow(_ client: Client, milliseconds: Int?) {
        if let timer = client.timer { loop.cancel(timer) }
        client.timer = milliseconds.map { milliseconds in
            loop.after(milliseconds: milliseconds) { [weak self, weak client] in
                if let self, let client { self.drop(client) }
            }
        }
    }

    private func drop(_ client: Client) {
        allow(client, milliseconds: nil)
        let number = client.descriptor.number
        guard clients[number] === client else { return }
        loop.unwatch(number)
        clients[number] = nil
    }

    private func handle(_ client: Client, _ events: PollEvents) {
        switch client.phase {
        case .asking: read(client)
        case .taking, .streaming:
            if !events.isDisjoint(with: [.hangUp, .error]) {
                drop(client)
            } else if events.contains(.writable) {
                send(client)
            }
        case .leaving:
            switch client.descriptor.discard() {
            case .bytes, .wouldBlock: break
            case .ended, .failed: drop(client)
            }
        }
    }

    private func read(_ client: Client) {
        let room = limits.requestBytes - client.received.count
        let result = client.descriptor.read(appendingTo: &client.received, atMost: room)
        switch result {
        case .wouldBlock: return
        case .failed: return drop(client)
        case .bytes, .ended: break
        }
        if let reply = respond(client.received, result == .ended) {
            begin(reply, client)
        } else if result == .ended {
            drop(client)
        } else if client.received.count >= limits.requestBytes {
            begin(.answer(refusals.tooLong()), client)
        }
    }

    private func begin(_ reply: Reply, _ client: Client) {
        client.received = []
        switch reply {
        case .answer(let bytes):
            client.phase = .taking
            client.pending = bytes.count <= limits.answerBytes ? bytes : refusals.tooLong()
            allow(client, milliseconds: limits.answerMilliseconds)
        case .stream(let bytes):
            guard streamCount < limits.streams else {
                return begin(.answer(refusals.tooMany()), client)
            }
            client.phase = .streaming
            client.pending = bytes
            allow(client, milliseconds: nil)
        }
        send(client)
    }

    private func send(_ client: Client) {
        let pending = client.pending
        while client.sent < pending.count {
            switch client.descriptor.send(pending.span.extracting(client.sent..<pending.count)) {
            case .bytes(let count): client.sent += count
            case .wouldBlock: return wait(client, for: .writable)
            case .failed: return drop(client)
            }
        }
        client.pending = []
        client.sent = 0
        if client.phase == .streaming { return wait(client, for: []) }
        // What the client still sends is read, for else its close would discard the answer.
        client.descriptor.shutdownSending()
        client.phase = .leaving
        allow(client, milliseconds: Self.farewellMilliseconds)
        wait(client, for: .readable)
    }

    private func wait(_ client: Client, for events: PollEvents) {
        do throws(Errno) {
            try loop.rewatch(client.descriptor.number, for: events)
        } catch { drop(client) }
    }
}
