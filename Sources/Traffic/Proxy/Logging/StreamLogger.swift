// Who is told of streams that end: the proxy makes the lines, the Logs feature sends them.

/// The four characters of a termination state, as the manual's chapter "Session state at
/// disconnection" explains them: cause, state, and the two of persistence cookies.
@frozen
public struct TerminationState: Sendable, Equatable {
    /// First character: who or what ended the session.
    public var cause: UInt8
    /// Second character: what was going on.
    public var state: UInt8
    /// Third and fourth characters: the persistence cookie of client and server.
    public var clientCookie: UInt8
    /// Fourth character.
    public var serverCookie: UInt8

    @inlinable
    public init(cause: UInt8 = 0x2d, state: UInt8 = 0x2d) {
        self.cause = cause
        self.state = state
        clientCookie = 0x2d
        serverCookie = 0x2d
    }
}

/// Makes one logger for each worker and generation. Implemented by the Logs feature.
public protocol StreamLogging: Sendable {
    /// - Parameters:
    ///   - configuration: the generation whose frontends will be logged.
    ///   - worker: the worker's number from 0.
    func makeLogger(for configuration: Configuration, worker: Int) -> any StreamLogger
}

/// One worker's logger. Called on the worker's thread only; must never block.
public protocol StreamLogger: AnyObject {
    /// Which frontends are logged at all: the proxy makes lines only for those.
    func logs(frontend: Int) -> Bool
    /// The most bytes that a line can have wherever it goes; longer lines are made no further.
    var longestLine: Int { get }
    /// Sends a line to the targets of its frontend.
    func log(_ line: borrowing LoggedLine)
    /// Sends a line to an event sink, by its number in ``Configuration/sinks``.
    func report(_ text: Span<UInt8>, to sink: Int)
    /// Lines that could not be delivered so far.
    var droppedLines: UInt64 { get }
}

/// A line on its way to its targets.
@frozen
public struct LoggedLine: ~Escapable {
    /// Index of the frontend in the configuration's proxies.
    public let frontend: Int
    /// The syslog level, 0 ... 7.
    public let level: Int
    /// The text, without header and line feed.
    public let text: Span<UInt8>
    /// The structured data of RFC 5424; empty where there is none.
    public let structuredData: Span<UInt8>

    /// A line from its parts.
    @_lifetime(copy text, copy structuredData)
    public init(
        frontend: Int, level: Int, text: Span<UInt8>, structuredData: Span<UInt8> = Span()
    ) {
        self.frontend = frontend
        self.level = level
        self.text = text
        self.structuredData = structuredData
    }
}

/// A log line that does not come from a stream: server up or down, start and stop of proxies.
public struct Notice: Sendable {
    /// Syslog levels.
    public enum Level: Int, Sendable {
        case emergency, alert, critical, error, warning, notice, information, debug
    }
    public var level: Level
    /// The proxy whose log targets get the line; nil means the global ones.
    public var proxy: Int?
    public var text: String

    public init(level: Level, proxy: Int?, text: String) {
        self.level = level
        self.proxy = proxy
        self.text = text
    }
}
