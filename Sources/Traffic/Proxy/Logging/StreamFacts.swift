// What is known of a stream when it ends, and who is told. The proxy gathers the facts; the Logs
// feature turns them into a line.

import Kernel

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

/// The facts of one stream. Times are milliseconds; -1 means the stage was never reached.
@frozen
public struct StreamFacts: Sendable {
    /// A number for the stream that is unique in the process (`%rt` counts per frontend).
    public var streamNumber: UInt64 = 0
    /// The level of the line, 0 to 7, where a rule has set one; else -1.
    public var level = -1
    /// Index of the frontend in the configuration's proxies.
    public var frontend = 0
    /// Index of the backend in the configuration's proxies; -1 when none was chosen.
    public var backend = -1
    /// Index in the backend's servers; -1 when none was assigned.
    public var server = -1
    /// `mode http`; else `mode tcp`.
    public var isHTTP = false
    /// Where the client came from.
    public var clientAddress = RawSocketAddress()
    /// Destination the client came to; family 0 when it was not asked for.
    public var destinationAddress = RawSocketAddress()
    /// Address of our side of the server connection; family 0 when there is none.
    public var sourceAddress = RawSocketAddress()
    public var serverAddress = RawSocketAddress()
    /// Microseconds since 1970 at which the session was accepted.
    public var acceptedMicroseconds: Int64 = 0
    /// Microseconds since 1970 at which the request's first byte came.
    public var requestMicroseconds: Int64 = 0
    /// %Th: the handshake of the client's connection.
    public var handshakeTime = 0
    /// %Ti: idle before the request.
    public var idleTime = 0
    /// %TR: from the request's first byte to its head.
    public var requestTime = -1
    /// %Tw: waiting for a server.
    public var queueTime = -1
    /// %Tc: connecting to the server.
    public var connectTime = -1
    /// %Tr: from the connection to the response's head.
    public var responseTime = -1
    /// %Td: from the response's head to the end.
    public var dataTime = -1
    /// %Ta: from the request's first byte to the end.
    public var activeTime = 0
    /// %Tt: from the accept to the end.
    public var totalTime = 0
    /// HTTP status sent to the client; -1 when none was.
    public var status = -1
    /// %B.
    public var bytesToClient: UInt64 = 0
    /// %U.
    public var bytesFromClient: UInt64 = 0
    /// %ts, %tsc.
    public var termination = TerminationState()
    /// %ac.
    public var activeConnections = 0
    /// %fc.
    public var frontendConnections = 0
    /// %bc.
    public var backendConnections = 0
    /// %sc.
    public var serverConnections = 0
    /// %rc; redispatched streams are shown with a plus sign.
    public var retries = 0
    /// A server was given up for another.
    public var wasRedispatched = false
    /// %sq.
    public var serverQueue = 0
    /// %bq.
    public var backendQueue = 0
    /// The line is written before the stream ended (`option logasap`).
    public var isEarly = false
    /// The request line is not a valid request (`<BADREQ>` where HAProxy says so).
    public var isBadRequest = false
    /// Not a single byte came from the client (`option dontlognull`).
    public var isNull = false
    /// The connection ended before a stream existed: logged with `error-log-format` if set.
    public var isConnectionError = false

    public init() {}
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
    /// Which frontends are logged at all: the proxy gathers facts only for those.
    func logs(frontend: Int) -> Bool
    /// Which of them get their line when a connection is accepted rather than at a stream's end
    /// (no format option was given).
    func logsAtAccept(frontend: Int) -> Bool
    /// Writes the line of one stream.
    ///
    /// - Parameter requestLine: the request line without its line ending, as far as it was kept
    ///   for logging; empty for TCP streams.
    func log(_ facts: borrowing StreamFacts, requestLine: Span<UInt8>)
    /// Lines that could not be delivered so far.
    var droppedLines: UInt64 { get }
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
