// What is collected while a request is explained, and the stand-ins for its client and its server.

import Addresses
import Bytes
import Kernel

/// The other end of a connection of the worker: what it sends, and what it has got.
struct FarEnd: ~Copyable {
    /// The most bytes that are kept of what came.
    private static let most = 1 << 20
    private var socket: Descriptor
    private var outgoing: [UInt8] = []
    private var sent = 0
    /// What came, from the begin.
    private(set) var received: [UInt8] = []

    init(_ socket: consuming Descriptor) { self.socket = socket }

    /// Sends bytes, as soon as there is room for them.
    mutating func send(_ bytes: [UInt8]) {
        outgoing += bytes
        _ = push()
    }

    /// Sends nothing more.
    func finish() { socket.shutdownSending() }

    /// Whether everything is sent.
    var hasSentAll: Bool { sent == outgoing.count }

    /// Takes what has come and sends what there is room for; whether anything was moved.
    mutating func move() -> Bool {
        let isPushed = push()
        return pull() || isPushed
    }

    private mutating func push() -> Bool {
        let before = sent
        while sent < outgoing.count {
            guard case .bytes(let count) = socket.send(outgoing.span.extracting(sent...)) else {
                break
            }
            sent += count
        }
        return sent != before
    }

    /// Takes what has come.
    @discardableResult
    mutating func pull() -> Bool {
        guard socket.isOpen else { return false }
        var buffer = Buffer(capacity: 65_536)
        var isMoved = false
        while case .bytes = socket.receive(into: &buffer) {
            isMoved = true
            let room = Self.most - received.count
            for index in 0..<min(buffer.count, room) { received.append(buffer.span[index]) }
            buffer.removeAll()
        }
        return isMoved
    }
}

/// Collects what happens, for the thread that asked.
final class RuleTrace {
    /// What is known so far.
    var explanation = Explanation()
    /// The stream has ended; what follows is another request's.
    private(set) var isOver = false
    /// It is known how it ended.
    private var isDone = false
    /// Where the client has connected to.
    let destination: IPSocketAddress
    /// Who asks.
    var client: FarEnd
    /// Who answers; an end without a socket while nobody does.
    var server = FarEnd(Descriptor())
    /// The server has got its connection and has not answered yet.
    var awaitsAnswer = false
    /// What the server answers; nil for what is usual.
    let response: [UInt8]?
    /// What the server gets has a head.
    var isHTTP: Bool
    /// The servers that may be chosen, by name.
    var candidates: [String] = []

    init(of request: ExplainedRequest, isHTTP: Bool, client: consuming FarEnd) {
        self.client = client
        self.isHTTP = isHTTP
        destination = request.destination
        response = request.response
        if !isHTTP { assume(.arrival) }
    }

    /// Adds an event.
    func note(_ event: TraceEvent) {
        if !isOver { explanation.events.append(event) }
    }

    /// Adds something that is taken for granted, once.
    func assume(_ assumption: Assumption) {
        if isOver || explanation.assumptions.contains(assumption) { return }
        explanation.assumptions.append(assumption)
    }

    /// Says how it ended; the first word holds.
    func finish(_ outcome: Explanation.Outcome) {
        if isDone { return }
        explanation.outcome = outcome
        isDone = true
    }

    /// Moves the bytes of both stand-ins; whether there were any.
    func move() -> Bool {
        let isMoved = client.move()
        return server.move() || isMoved
    }

    /// The stream ends: nothing that comes later is its own.
    func close(hasRest: Bool) {
        if isOver { return }
        if hasRest { assume(.rest) }
        _ = move()
        finish(.closed)
        isOver = true
    }

    /// Everything that is known.
    var finished: Explanation {
        client.pull()
        server.pull()
        var explanation = explanation
        explanation.reply = client.received
        // Early hints are the proxy's own, too.
        if explanation.author == .nobody && !explanation.reply.isEmpty {
            explanation.author = .proxy
        }
        let bytes = server.received
        let end = isHTTP ? Self.endOfHead(bytes) : bytes.count
        explanation.forwardedHead = Array(bytes[..<end])
        explanation.forwardedBody = Array(bytes[end...])
        return explanation
    }

    private static func endOfHead(_ bytes: [UInt8]) -> Int {
        var index = 0
        while index + 3 < bytes.count {
            if bytes[index] == 0x0D, bytes[index + 1] == 0x0A, bytes[index + 2] == 0x0D,
                bytes[index + 3] == 0x0A
            {
                return index + 4
            }
            index += 1
        }
        return bytes.count
    }
}
