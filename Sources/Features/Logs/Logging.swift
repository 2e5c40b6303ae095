// The feature's face: a logger for each worker and one for what the control thread has to say.

import Kernel
import Proxy
import Synchronization

/// Makes loggers for workers.
public struct Logging: StreamLogging {
    private let programName: String

    /// - Parameter programName: the tag of messages where `log-tag` says nothing.
    public init(programName: String) { self.programName = programName }

    public func makeLogger(for configuration: Configuration, worker: Int) -> any StreamLogger {
        WorkerLogger(LogWriter(configuration, programName: programName))
    }
}

/// One worker's logger.
final class WorkerLogger: StreamLogger {
    private var writer: LogWriter

    init(_ writer: consuming LogWriter) { self.writer = writer }

    func logs(frontend: Int) -> Bool { writer.logs(frontend: frontend) }

    func logsAtAccept(frontend: Int) -> Bool { writer.logsAtAccept(frontend: frontend) }

    func log(_ facts: borrowing StreamFacts, requestLine: Span<UInt8>) {
        writer.log(facts, requestLine: requestLine)
    }

    var droppedLines: UInt64 { writer.dropped }
}

/// Writes notices: servers up or down, proxies started or stopped. Any thread of the control path.
public final class NoticeLogger: Sendable {
    private struct State: ~Copyable {
        var writer: LogWriter
    }
    private let state: Mutex<State>
    private let programName: String

    public init(_ configuration: Configuration, programName: String) {
        self.programName = programName
        state = Mutex(State(writer: LogWriter(configuration, programName: programName)))
    }

    /// Sends a notice to the log targets of its proxy.
    public func log(_ notice: Notice) {
        state.withLock { $0.writer.log(notice) }
    }

    /// Follows a new generation.
    public func adopt(_ configuration: Configuration) {
        state.withLock { $0 = State(writer: LogWriter(configuration, programName: programName)) }
    }

    /// Notices that could not be delivered since the last generation.
    public var droppedLines: UInt64 { state.withLock { $0.writer.dropped } }
}
