// One exchange (an HTTP request and its responses) or one TCP relay: two flows of bytes between a
// client connection and a server connection, and what is known of them.

import Bytes
import HTTP
import Kernel
import Structures

/// The two directions of a stream.
enum Direction: Int {
    case request = 0
    case response = 1
}

/// How the end of a flow is found.
enum FlowFraming: UInt8 {
    /// Nothing flows.
    case none
    /// `remaining` bytes.
    case length
    /// The chunked coding; `chunks` keeps the place.
    case chunked
    /// Until the source ends.
    case untilClose
}

/// One direction of a stream.
struct Flow {
    /// How its end is found.
    var framing = FlowFraming.none
    /// The whole message has been read and cleared.
    var isComplete = false
    /// Everything cleared has been handed to the sink's socket, and its end passed on.
    var isDelivered = false
    /// Chunked coding is taken off (the other side speaks HTTP/1.0).
    var dechunks = false
    /// Bandwidth limits hold it, or it is dropped: it goes another way than most.
    var isLimited = false
    /// Nobody has asked for the body: it is read and goes nowhere.
    var isDropped = false
    /// Consecutive reads that filled the buffer: two of them begin splicing.
    var fullReads: UInt8 = 0
    /// Bytes at the front of the source's `inbound` that may be sent.
    var cleared = 0
    /// For `length`: bytes not yet cleared.
    var remaining: UInt64 = 0
    /// The place in a chunked body.
    var chunks = ChunkedDecoder()
    /// Index of the pipe in the worker's pipes; -1 while none is used.
    var pipe: Int32 = -1
    /// Bytes the pipe holds.
    var inPipe = 0
    /// Bytes read from the source, head included.
    var bytes: UInt64 = 0
}

/// Where a stream is.
enum StreamPhase: UInt8 {
    /// Waits in the rules of its request, or of its relay's begin.
    case analysing
    /// Waits in the rules of its response.
    case analysingResponse
    /// Waits for its reply as a punishment.
    case tarpitting
    /// Was a relay and waits for its request's head.
    case awaitingRequest
    /// Waits for a free server.
    case queued
    /// Waits before another try on the same server (turn-around).
    case turnaround
    /// Waits for its server connection.
    case connecting
    /// HTTP: the request goes out and the response's head is awaited.
    case awaitingResponse
    /// HTTP: the response flows.
    case responding
    /// Bytes flow both ways: TCP, CONNECT, upgraded.
    case tunnel
    /// Our own reply is being written; nothing else matters.
    case replying
}

/// What becomes of a server that something binds a stream to.
enum Persistence: UInt8 {
    /// It is taken where it can be reached.
    case usual
    /// `force-persist`: it is taken whatever its state, and not left for another.
    case forced
    /// `ignore-persist`: cookies bind to no server.
    case ignored
}

/// What is known of a stream, as bits.
struct StreamFlags: OptionSet {
    /// The bits.
    let rawValue: UInt32
    @inline(__always) init(rawValue: UInt32) { self.rawValue = rawValue }

    /// An HTTP exchange; else a TCP relay.
    static var isHTTP: StreamFlags { StreamFlags(rawValue: 1 << 0) }
    /// The client's connection may carry another request afterwards.
    static var clientPersists: StreamFlags { StreamFlags(rawValue: 1 << 1) }
    /// The server's connection may carry another request afterwards.
    static var serverPersists: StreamFlags { StreamFlags(rawValue: 1 << 2) }
    /// The client speaks HTTP/1.0.
    static var isHTTP10: StreamFlags { StreamFlags(rawValue: 1 << 3) }
    /// Not the first request of its connection.
    static var isNotFirst: StreamFlags { StreamFlags(rawValue: 1 << 4) }
    /// A server's slot is charged for this stream.
    static var holdsServer: StreamFlags { StreamFlags(rawValue: 1 << 5) }
    /// Waits in the run queue.
    static var isScheduled: StreamFlags { StreamFlags(rawValue: 1 << 6) }
    /// Upgrade was requested, so 101 is a legitimate answer.
    static var asksUpgrade: StreamFlags { StreamFlags(rawValue: 1 << 7) }
    /// The server connection must not serve other clients (connection-bound authentication).
    static var isPrivate: StreamFlags { StreamFlags(rawValue: 1 << 8) }
    /// The method is CONNECT.
    static var isConnect: StreamFlags { StreamFlags(rawValue: 1 << 9) }
    /// A server was given up for another.
    static var wasRedispatched: StreamFlags { StreamFlags(rawValue: 1 << 10) }
    /// Facts are gathered for the log.
    static var isLogged: StreamFlags { StreamFlags(rawValue: 1 << 11) }
    /// The log line was written already (`option logasap`).
    static var wasLogged: StreamFlags { StreamFlags(rawValue: 1 << 12) }
    /// Bytes of a response have been handed to the client.
    static var hasAnswered: StreamFlags { StreamFlags(rawValue: 1 << 13) }
    /// Counted in the backend.
    static var isInBackend: StreamFlags { StreamFlags(rawValue: 1 << 14) }
    /// The request announced `Expect: 100-continue`.
    static var expectsContinue: StreamFlags { StreamFlags(rawValue: 1 << 15) }
    /// The request was refused before its head was understood.
    static var isBadRequest: StreamFlags { StreamFlags(rawValue: 1 << 16) }
    /// Stands in its backend's queue.
    static var hasQueueEntry: StreamFlags { StreamFlags(rawValue: 1 << 17) }
    /// A rule has asked for the end of the server's connection behind the response.
    static var closesServer: StreamFlags { StreamFlags(rawValue: 1 << 18) }
    /// Its head is kept after it was sent, because it may be asked again.
    static var keepsHead: StreamFlags { StreamFlags(rawValue: 1 << 19) }
    /// What was sent of the request is kept, because `retry-on` may want it sent again.
    static var keepsRequest: StreamFlags { StreamFlags(rawValue: 1 << 20) }
    /// A relay's response has passed `tcp-response content`.
    static var responseIsJudged: StreamFlags { StreamFlags(rawValue: 1 << 21) }
    /// Changes of heads that fail are passed over (`strict-mode off`).
    static var isLenient: StreamFlags { StreamFlags(rawValue: 1 << 22) }
    /// Log lines show figures that still grow (`option logasap`).
    static var isPartial: StreamFlags { StreamFlags(rawValue: 1 << 29) }
    /// Its frontend has slots for captured texts.
    static var hasCaptures: StreamFlags { StreamFlags(rawValue: 1 << 30) }
    /// The request's head still lies in the client's buffer.
    static var holdsRequestHead: StreamFlags { StreamFlags(rawValue: 1 << 23) }
    /// Rules have set something for this stream alone.
    static var hasSettings: StreamFlags { StreamFlags(rawValue: 1 << 24) }
    /// What was sent is not sent again, whatever `retry-on` says (`disable-l7-retry`).
    static var forbidsLaterRetries: StreamFlags { StreamFlags(rawValue: 1 << 25) }
    /// Others that have work at the same time go first (`set-nice`).
    static var isNice: StreamFlags { StreamFlags(rawValue: 1 << 28) }
    /// Rules have made an interim response that still has to be sent.
    static var hasInterim: StreamFlags { StreamFlags(rawValue: 1 << 26) }
    /// That response is one of hints, whose fields have not ended yet.
    static var hasOpenHints: StreamFlags { StreamFlags(rawValue: 1 << 27) }
    /// A relay's server has been written into stick tables.
    static var serverIsStored: StreamFlags { StreamFlags(rawValue: 1 << 31) }
}

/// One exchange or relay.
struct Stream: ~Copyable {
    /// Its number in the process, from 1.
    var number: UInt64
    /// The connection to the client.
    var client: Handle
    /// The connection to the server; none while there is none.
    var server = Handle.none
    /// The client connection's session.
    var session: Handle
    /// The program it began in; it keeps that to its end.
    var program: Handle
    /// Index of the frontend in the program's proxies.
    var frontend: Int32
    /// Index in the program's proxies; -1 while none was chosen.
    var backend: Int32 = -1
    /// Index in the program's servers; -1 while none is assigned.
    var serverIndex: Int32 = -1
    /// The method of the request, as the server gets it.
    var method = Method.unlisted
    /// The method that the client has sent, whatever rules have made of it.
    var sentMethod = Method.unlisted
    /// Where it is.
    var phase = StreamPhase.connecting
    /// What is known of it.
    var flags: StreamFlags
    /// The two flows, by ``Direction``.
    var flows = InlineArray<2, Flow>(repeating: Flow())
    /// The request's head, ready to be written to a server; or, with `keepsHead`, as it was sent
    /// over a connection used again.
    var head = Buffer()
    /// With `keepsRequest`: the head, and what was sent of the body.
    var kept = Buffer()
    /// Bytes of the head as it was handed to a connection used again.
    var headBytes: UInt32 = 0
    /// Where the field with the server's name stands in the head; 0 where there is none.
    var nameFieldAt: UInt32 = 0
    /// How many bytes that field has; 0 before a server was chosen.
    var nameFieldBytes: UInt32 = 0
    /// The request line as kept for the log and for expressions.
    var requestLine = Buffer()
    /// The status of the response; -1 while there is none.
    var status: Int32 = -1
    /// The status the server has sent, whatever rules have made of it; -1 while there is none.
    var serverStatus: Int16 = -1
    /// The minor version of the server's response; -1 while there is none.
    var responseMinorVersion: Int8 = -1
    /// Tries after the first so far.
    var retries: Int32 = 0
    /// Ordinal of the server that was given up for another; -1 once that one was found.
    var failedOrdinal: Int32 = -1
    /// Interim responses so far; bounded.
    var interimResponses: UInt32 = 0
    /// Who or what ended it, for the log.
    var termination = TerminationState()
    /// Ticks (milliseconds) at which stages were reached; 0 while not.
    var firstByteAt: UInt64
    var headAt: UInt64 = 0
    var queuedAt: UInt64 = 0
    var enqueuedAt: UInt64 = 0
    var assignedAt: UInt64 = 0
    var connectedAt: UInt64 = 0
    var responseAt: UInt64 = 0
    /// Begin of the present connection attempt.
    var attemptAt: UInt64 = 0
    /// Last progress on either side.
    var clientActivity: UInt64
    /// As `clientActivity`, of the server.
    var serverActivity: UInt64
    /// When bytes last came from either side, for `option independent-streams`.
    var clientReadAt: UInt64
    /// As `clientReadAt`, of the server.
    var serverReadAt: UInt64
    /// How long the client's connection was idle before the request.
    var idleMilliseconds: UInt64 = 0
    /// Node in the backend's queue.
    var queueNode: Int32 = -1
    /// The place it took in the server's queue, from 1; 0 when it did not wait there.
    var serverQueuePlace: Int32 = 0
    /// As `serverQueuePlace`, in the backend's queue.
    var backendQueuePlace: Int32 = 0
    /// Streams that its server had when it was given back, without this one.
    var serverConnections: Int32 = 0
    /// Bytes sent to the client, head included.
    var bytesToClient: UInt64 = 0
    /// Bytes from and to the client that are counted already (`option contstats`).
    var countedIn: UInt64 = 0
    /// As `countedIn`, to the client.
    var countedOut: UInt64 = 0
    /// The ordinal of the server that a rule or a table has chosen; -1 where the balancer chooses.
    var pinnedOrdinal: Int32 = -1
    /// Bandwidth limits hold one of its flows, or both.
    var isLimited = false
    /// Its response has begun, and with it the variables of that.
    var hasBegunResponse = false
    /// What rules have said of its persistence.
    var persistence = Persistence.usual
    /// Its rank in queues; lower comes first.
    var queueRank: Int64 = 0
    /// Where it is among the rules.
    var rules = RulePlace()
    /// The rule that last ended a list, in the rules of its program; -1 while none has.
    var lastRule: Int32 = -1
    /// As `lastRule`: the rule at which it waits; -1 while it waits at none.
    var waitingRule: Int32 = -1
    /// What went wrong with its last connection to a server.
    var serverFault = ConnectionFault.none
    /// How often it was taken up by its worker.
    var calls: UInt32 = 1
    /// Nanoseconds it was worked on, and waited for its worker, in those calls. Only measured where
    /// an expression asks for it.
    var workNanoseconds: UInt64 = 0
    /// As `workNanoseconds`.
    var delayNanoseconds: UInt64 = 0
    /// Its head, while it waits there; none while it does not.
    var held = Handle.none
    /// Variables, captures and what else rules need; none while they need nothing.
    var extras = Handle.none
    /// Length of the request's head in the client's buffer, while it lies there.
    var requestHeadBytes: UInt32 = 0
    /// The status of the reply behind a tarpit.
    var tarpitStatus: Int16 = 0
    /// The reply behind a tarpit, where an action has made one.
    var tarpitReply = Buffer()
    /// As `tarpitReply`, the body.
    var tarpitBody = Buffer()

    init(
        number: UInt64, client: Handle, session: Handle, program: Handle, frontend: Int32,
        flags: StreamFlags, now: UInt64
    ) {
        self.number = number
        self.client = client
        self.session = session
        self.program = program
        self.frontend = frontend
        self.flags = flags
        firstByteAt = now
        clientActivity = now
        serverActivity = now
        clientReadAt = now
        serverReadAt = now
    }
}
