// `martlet explain`: leads one request through a worker of its own, the same code that serves
// clients. The client, and the server that is chosen, are stand-ins at the other ends of socket
// pairs; nothing leaves the process.
//
//     client ═ pair ═ worker ═ pair ═ server
//     all bytes         rules         one response

import Addresses
import Bytes
import HTTP
import Kernel
import Samples
import Structures

/// Explains requests under a configuration.
public enum Explainer {
    /// The longest a request may take, in milliseconds, pauses included.
    private static let patience: UInt64 = 30_000

    /// Leads a request through the rules; throws where the system gives no sockets.
    ///
    /// Delays that rules ask for pass as they do in a live process, but for that of the tarpit.
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
        guard let index else { return nil }
        let engine = try Engine(
            configuration: configuration, listeners: [], logging: NoLogging(), workers: 1)
        var worker = Worker(number: 0, engine: engine)
        let pair = try Descriptor.pair()
        let isHTTP = configuration.proxies[index].mode == .http
        let trace = RuleTrace(
            of: request, isHTTP: isHTTP, client: FarEnd(Descriptor(owning: pair.first)))
        worker.trace = trace
        worker.isTraced = true
        trace.client.send(request.bytes)
        let frontend = engine.live.frontend(request.frontend)
        worker.adopt(
            Descriptor(owning: pair.second), from: RawSocketAddress(.ip(request.source)),
            frontend: frontend,
            bind: frontend.bind(0, port: request.destination.port), bindIndex: 0)
        lead(&worker, trace)
        worker.closeEverything()
        return trace.finished
    }

    /// Turns the worker's loop until the stream has ended or waits for what does not come.
    private static func lead(_ worker: inout Worker, _ trace: RuleTrace) {
        let end = Clock.monotonic().milliseconds &+ patience
        while !trace.isOver, Clock.monotonic().milliseconds < end {
            if worker.sessions.count == 0 { return trace.finish(.closed) }
            let moved = trace.move()
            let isIdle = !moved && worker.runQueue.isEmpty
            if worker.streams.count == 0 {
                if isIdle { return trace.finish(.waiting) }
            } else if let stream = worker.streams.handle(at: 0) {
                worker.answerExplained(stream, isIdle: isIdle)
            }
            worker.turn()
        }
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
