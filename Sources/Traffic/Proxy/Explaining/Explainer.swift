// `martlet explain`: leads one request through a worker of its own, the same code that serves
// clients, up to the point where a server would be connected to, and tells what happened.

import Addresses
import Bytes
import HTTP
import Kernel
import Samples
import Structures

/// The request that is to be explained.
public struct ExplainedRequest: Sendable {
    /// What the client sends, complete.
    public var bytes: [UInt8]
    /// Where the client comes from.
    public var source: IPSocketAddress
    /// Where it has connected to.
    public var destination: IPSocketAddress
    /// Name of the frontend that accepts it.
    public var frontend: String

    /// A request from its parts.
    public init(
        bytes: [UInt8], source: IPSocketAddress, destination: IPSocketAddress, frontend: String
    ) {
        self.bytes = bytes
        self.source = source
        self.destination = destination
        self.frontend = frontend
    }
}

/// What came of a request.
public struct Explanation: Sendable {
    /// How it ended.
    public enum Outcome: Sendable, Equatable {
        /// A server would be connected to: the backend's name and the servers it may be, by name.
        case forwarded(backend: String, candidates: [String])
        /// The client got a reply with that status from the proxy itself.
        case replied(status: Int)
        /// The reply with that status would come after so many milliseconds.
        case tarpitted(status: Int, milliseconds: Int)
        /// The connection was closed without a reply.
        case closed
        /// It was given up without a packet.
        case dropped
        /// It waits for bytes that the request does not have, or for a pause to end.
        case waiting
    }
    /// How it ended.
    public var outcome = Outcome.waiting
    /// What happened on the way, in order.
    public var events: [TraceEvent] = []
    /// The head as the server would get it; empty when no server was chosen.
    public var forwardedHead: [UInt8] = []
    /// What the client got, as far as it was written.
    public var reply: [UInt8] = []
}

/// Collects what happened, for the thread that asked.
public final class RuleTrace {
    /// What is known so far.
    public var explanation = Explanation()
    /// Nothing more is to be found out.
    var isDone = false
    /// Where the client has connected to.
    let destination: IPSocketAddress

    init(destination: IPSocketAddress) { self.destination = destination }

    /// Adds an event.
    func note(_ event: TraceEvent) { explanation.events.append(event) }

    /// Says how it ended; the first word holds.
    func finish(_ outcome: Explanation.Outcome) {
        if isDone { return }
        explanation.outcome = outcome
        isDone = true
    }
}

/// Explains requests under a configuration.
public enum Explainer {
    /// The longest a request may take, in milliseconds, pauses included.
    private static let patience: UInt64 = 30_000

    /// Leads a request through the rules; throws where the system gives no sockets.
    ///
    /// - Returns: nil when the configuration has no such frontend.
    public static func explain(
        _ request: ExplainedRequest, under configuration: Configuration
    ) throws(Errno) -> Explanation? {
        var configuration = configuration
        configuration.global.threads = 1
        if configuration.global.maxConnections == 0 { configuration.global.maxConnections = 16 }
        let index = configuration.proxies.firstIndex {
            $0.name == request.frontend && $0.capability.contains(.frontend)
        }
        guard index != nil else { return nil }
        let engine = try Engine(
            configuration: configuration, listeners: [], logging: NoLogging(), workers: 1)
        var worker = Worker(number: 0, engine: engine)
        let pair = try Descriptor.pair()
        let client = Descriptor(owning: pair.first)
        let trace = RuleTrace(destination: request.destination)
        worker.trace = trace
        worker.isTraced = true
        send(request.bytes, over: client)
        let frontend = engine.live.frontend(request.frontend)
        worker.adopt(
            Descriptor(owning: pair.second), from: RawSocketAddress(.ip(request.source)),
            frontend: frontend,
            bind: frontend.bind(0, port: request.destination.port), bindIndex: 0)
        let end = Clock.monotonic().milliseconds &+ patience
        while !trace.isDone, Clock.monotonic().milliseconds < end {
            if worker.sessions.count == 0 {
                trace.finish(.closed)
                break
            }
            worker.turn()
        }
        worker.closeEverything()
        return trace.explanation
    }

    /// Hands the whole request over; what the socket does not take is left out, as the rules would
    /// never see more than a buffer anyway.
    private static func send(_ bytes: [UInt8], over socket: borrowing Descriptor) {
        var buffer = Buffer(capacity: max(bytes.count, 1))
        _ = buffer.append(bytes)
        _ = socket.send(from: &buffer, length: bytes.count, more: false)
        socket.shutdownSending()
    }
}

/// Logs nothing.
struct NoLogging: StreamLogging {
    /// A logger that does so.
    func makeLogger(for configuration: Configuration, worker: Int) -> any StreamLogger {
        NoLogger()
    }
}

/// Logs nothing.
private final class NoLogger: StreamLogger {
    func logs(frontend: Int) -> Bool { false }
    var longestLine: Int { 0 }
    func log(_ line: borrowing LoggedLine) {}
    func report(_ text: Span<UInt8>, to sink: Int) {}
    var droppedLines: UInt64 { 0 }
}

extension Worker {
    /// What a stream that would now be given a server comes to.
    mutating func explainAssignment(_ stream: Handle) {
        guard let trace else { return }
        let own = streams[stream].program
        let back = Int(streams[stream].backend)
        let entry = programs[own].proxies[back]
        let name = programs[own].generation.configuration.proxies[back].name
        trace.explanation.forwardedHead = Self.bytes(streams[stream].head.span)
        let pinned = Int(streams[stream].pinnedOrdinal)
        let candidates = unsafe entry.backend._withUnsafeGuaranteedRef { backend in
            backend.order.withLock { order -> [String] in
                if pinned >= 0 { return [order.live[pinned].name] }
                let hasPrimary = order.usable.primaries > 0
                let (servers, live) = (order.servers, order.live)
                return live.indices.filter {
                    servers[$0].slot >= 0 && servers[$0].isUsable
                        && servers[$0].isBackup != hasPrimary
                }.map { live[$0].name }
            }
        }
        trace.finish(.forwarded(backend: name, candidates: candidates))
        end(stream, client: .abort)
    }

    /// Notes the reply that a client gets from the proxy itself.
    mutating func explainReply(_ status: Int, _ output: Span<UInt8>) {
        guard let trace, !trace.isDone else { return }
        trace.explanation.reply = Self.bytes(output)
        trace.finish(.replied(status: status))
    }

    private static func bytes(_ span: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        for index in 0..<span.count { bytes.append(span[index]) }
        return bytes
    }
}
