// The feature's face: a logger for each worker and one for what the control thread has to say.

import Kernel
import Proxy
import Synchronization

/// Counts the lines that could not be delivered, whoever made them.
public final class LogDrops: Sendable {
    let count = Atomic<UInt64>(0)

    public init() {}

    /// Lines lost so far.
    public var lines: UInt64 { count.load(ordering: .relaxed) }
}

/// Makes loggers for workers.
public struct Logging: StreamLogging {
    private let programName: String
    private let drops: LogDrops
    private let rings: LogRings?

    /// - Parameters:
    ///   - programName: the tag of messages where `log-tag` says nothing.
    ///   - rings: the rings that `log ring@name` means; without them such lines are dropped.
    public init(
        programName: String, drops: LogDrops = LogDrops(), rings: LogRings? = nil
    ) {
        self.programName = programName
        self.drops = drops
        self.rings = rings
    }

    public func makeLogger(for configuration: Configuration, worker: Int) -> any StreamLogger {
        WorkerLogger(
            LogWriter(configuration, programName: programName, drops: drops, rings: rings))
    }
}

/// One worker's logger.
final class WorkerLogger: StreamLogger {
    private var writer: LogWriter

    init(_ writer: consuming LogWriter) { self.writer = writer }

    func logs(frontend: Int) -> Bool { writer.logs(frontend: frontend) }

    var longestLine: Int { writer.longestLine }

    func log(_ line: borrowing LoggedLine) { writer.log(line) }

    func report(_ text: Span<UInt8>, to sink: Int) { writer.report(text, to: sink) }

    var droppedLines: UInt64 { writer.dropped }
}

/// Writes notices: servers up or down, proxies started or stopped. Any thread of the control path.
public final class NoticeLogger: Sendable {
    private struct State: ~Copyable {
        var writer: LogWriter
    }
    private let state: Mutex<State>
    private let programName: String
    private let drops: LogDrops
    private let rings: LogRings?

    public init(
        _ configuration: Configuration, programName: String, drops: LogDrops = LogDrops(),
        rings: LogRings? = nil
    ) {
        self.programName = programName
        self.drops = drops
        self.rings = rings
        let writer = LogWriter(
            configuration, programName: programName, drops: drops, rings: rings)
        state = Mutex(State(writer: writer))
    }

    /// Sends a notice to the log targets of its proxy.
    public func log(_ notice: Notice) {
        state.withLock { $0.writer.log(notice) }
    }

    /// Follows a new generation.
    public func adopt(_ configuration: Configuration) {
        state.withLock {
            $0 = State(
                writer: LogWriter(
                    configuration, programName: programName, drops: drops, rings: rings))
        }
    }

    /// Notices that could not be delivered since the last generation.
    public var droppedLines: UInt64 { state.withLock { $0.writer.dropped } }
}
