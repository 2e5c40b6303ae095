// What aliases of formats ask of a stream: times, figures, names, addresses, how it ended. They may
// be asked at the stream's end and while it runs; what is not known yet is shown as HAProxy shows
// it then. Source: configuration manual, "Custom log format", "Timing events".

import Addresses
import Bytes
import Kernel
import Samples
import Structures

/// At which point of a stream's life a log line is made (`%OG`).
public enum LogOrigin: UInt8, BitwiseCopyable, Sendable {
    /// In no log line.
    case unspecified
    /// The connection failed before there was a stream.
    case sessionError
    /// A connection was accepted.
    case accept
    /// A request is there.
    case request
    /// The connection to the server is there.
    case connect
    /// The response's head is there.
    case response
    /// The stream ends.
    case close
    /// A rule of `tcp-request connection` says so; those below are of other rules.
    case connectionRule
    /// `tcp-request session`.
    case sessionRule
    /// `tcp-request content`.
    case contentRequestRule
    /// `tcp-response content`.
    case contentResponseRule
    /// `http-request`.
    case requestRule
    /// `http-response`.
    case responseRule
    /// `http-after-response`.
    case afterResponseRule

    /// The word of log lines.
    public var name: StaticString {
        switch self {
        case .unspecified: "unspec"
        case .sessionError: "sess_error"
        case .accept: "txn_accept"
        case .request: "txn_request"
        case .connect: "txn_connect"
        case .response: "txn_response"
        case .close: "txn_close"
        case .connectionRule: "tcp-req-conn"
        case .sessionRule: "tcp-req-sess"
        case .contentRequestRule: "tcp-req-cont"
        case .contentResponseRule: "tcp-res-cont"
        case .requestRule: "http-req"
        case .responseRule: "http-res"
        case .afterResponseRule: "http-after-res"
        }
    }
}

/// The points of a stream's life at which lines are written (`log-steps`).
public struct LogSteps: OptionSet, Sendable, BitwiseCopyable {
    /// A bit for each ``LogOrigin``.
    public let rawValue: UInt16

    /// Steps from their bits.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// One step.
    public init(_ origin: LogOrigin) { rawValue = 1 &<< UInt16(origin.rawValue) }

    /// Every step of a stream.
    public static let all: LogSteps = [
        LogSteps(.accept), LogSteps(.request), LogSteps(.connect), LogSteps(.response),
        LogSteps(.close),
    ]
}

// MARK: Where and when

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// For which log line a format is rendered, if for one.
    public var logOrigin: LogOrigin {
        // Safety: as the type says; so below.
        unsafe worker.pointee.logOrigin
    }

    /// Whether the stream is looked at from its end.
    private var isOver: Bool { logOrigin != .unspecified }

    /// Whether figures that still grow are shown: `option logasap`.
    public var isPartial: Bool {
        if stream.isNone { return false }
        return unsafe worker.pointee.streams[stream].flags.contains(.isPartial)
    }

    /// Microseconds since 1970 at which the client came, or at which its stream before this one had
    /// ended.
    public var beginMicroseconds: Int64 {
        let accepted = unsafe worker.pointee.sessions[session].acceptedMicroseconds
        return unsafe accepted &+ milliseconds(worker.pointee.sessions[session].idleSince)
    }

    /// Microseconds since 1970 at which the request's first byte came.
    public var firstByteMicroseconds: Int64 {
        let accepted = unsafe worker.pointee.sessions[session].acceptedMicroseconds
        if stream.isNone { return accepted }
        return unsafe accepted &+ milliseconds(worker.pointee.streams[stream].firstByteAt)
    }

    /// From the accept to a tick, in microseconds.
    private func milliseconds(_ tick: UInt64) -> Int64 {
        unsafe Int64(truncatingIfNeeded: tick &- worker.pointee.sessions[session].acceptedAt)
            &* 1000
    }

    // MARK: Times, in milliseconds; -1 where the stage was not reached

    /// `%Th`: the handshakes of the client's connection; unknown in rules of connections, which
    /// come before them.
    public var handshakeTime: Int64 { unsafe worker.pointee.isAdmitting ? -1 : 0 }

    /// `%Ti`: idle before the request.
    public var idleTime: Int64 {
        stream.isNone ? 0 : unsafe Int64(worker.pointee.streams[stream].idleMilliseconds)
    }

    /// `%TR`: from the request's first byte to its head; unknown until its rules have passed it.
    public var headTime: Int64 {
        if stream.isNone { return -1 }
        let head = unsafe worker.pointee.streams[stream].headAt
        guard head != 0, hasPassedRules else { return -1 }
        return unsafe Int64(head &- worker.pointee.streams[stream].firstByteAt)
    }

    /// Whether the rules of a stream's request are behind it.
    private var hasPassedRules: Bool {
        unsafe isOver || worker.pointee.streams[stream].queuedAt != 0
    }

    /// `%Tq`: handshakes, idle time and request together.
    public var queryTime: Int64 {
        let head = headTime
        return head < 0 ? -1 : handshakeTime &+ idleTime &+ head
    }

    /// `%Tw`: waiting for a server.
    public var waitTime: Int64 {
        stream.isNone ? -1 : unsafe Int64(worker.pointee.waitTime(stream))
    }

    /// `%Tc`: connecting to the server.
    public var connectTime: Int64 {
        stream.isNone ? -1 : unsafe Int64(worker.pointee.connectTime(stream))
    }

    /// `%Tr`: from the connection to the response's head.
    public var responseTime: Int64 {
        stream.isNone ? -1 : unsafe Int64(worker.pointee.responseTime(stream))
    }

    /// `%Tt`: from the accept to the end; 0 before that.
    public var totalTime: Int64 {
        guard !stream.isNone, isOver else { return 0 }
        let since = unsafe worker.pointee.streams[stream].firstByteAt
        return unsafe Int64(worker.pointee.now &- since) &+ idleTime
    }

    /// `%Ta`: from the request's first byte to the end.
    public var activeTime: Int64 { totalTime &- idleTime &- max(handshakeTime, 0) }

    /// `%Tu`: the time as the user sees it.
    public var userTime: Int64 { totalTime &- idleTime }

    /// `%Td`: from the response's head to the end.
    public var dataTime: Int64 {
        if stream.isNone { return -1 }
        let response = unsafe worker.pointee.streams[stream].responseAt
        guard response != 0 else { return -1 }
        let since = unsafe worker.pointee.streams[stream].firstByteAt
        return totalTime &- idleTime &- Int64(truncatingIfNeeded: response &- since)
    }

    // MARK: Figures

    /// `%B`: bytes sent to the client; counted at the end.
    public var bytesToClient: Int64 {
        guard !stream.isNone else { return 0 }
        switch logOrigin {
        case .close: return unsafe Int64(clamping: worker.pointee.streams[stream].bytesToClient)
        case .response, .connect:
            let client = unsafe worker.pointee.streams[stream].client
            return unsafe Int64(worker.pointee.connections[client].outbound.count)
        default: return 0
        }
    }

    /// `%U`: bytes that came from the client; counted at the end.
    public var bytesFromClient: Int64 {
        guard !stream.isNone, isOver else { return 0 }
        return unsafe Int64(clamping: worker.pointee.streams[stream].flows[0].bytes)
    }

    /// `%ST`: the status sent to the client; -1 before there is one, 0 without HTTP.
    public var shownStatus: Int64 {
        guard !stream.isNone else { return 0 }
        if isOver {
            let isHTTP = unsafe worker.pointee.streams[stream].flags.contains(.isHTTP)
            return isHTTP ? unsafe Int64(worker.pointee.streams[stream].status) : 0
        }
        if let status = responseStatus { return Int64(status) }
        return unsafe worker.pointee.streams[stream].flags.contains(.isHTTP) ? -1 : 0
    }

    /// `%ac`: client connections of the process.
    public var processConnections: Int64 {
        unsafe worker.pointee.process._withUnsafeGuaranteedRef {
            Int64($0.connections.load(ordering: .relaxed))
        }
    }

    /// `%fc`: client connections of the frontend.
    public var frontendConnections: Int64 {
        let frontend = unsafe worker.pointee.programs[program].proxies[frontend].frontend
        return unsafe frontend._withUnsafeGuaranteedRef {
            Int64($0.connections.load(ordering: .relaxed))
        }
    }

    /// `%bc`: streams of the backend, or of the frontend's own while there is none; at its end
    /// without this one.
    public var backendConnections: Int64 {
        let backend = backend
        return Int64(connections(ofBackend: backend >= 0 ? backend : frontend))
    }

    /// `%sc`: streams of the server; at its end without this one, as its slot was given back.
    public var serverConnections: Int64 {
        guard let server = ownServer else { return 0 }
        if logOrigin == .close {
            return unsafe Int64(worker.pointee.streams[stream].serverConnections)
        }
        return Int64(
            withOrder(ofBackend: Int(server.proxy)) { $0.servers[Int(server.ordinal)].served })
    }

    /// `%rc`: tries after the first.
    public var retryCount: Int64 {
        stream.isNone ? 0 : unsafe Int64(worker.pointee.streams[stream].retries)
    }

    /// Whether a server was given up for another.
    public var wasRedispatched: Bool {
        if stream.isNone { return false }
        return unsafe worker.pointee.streams[stream].flags.contains(.wasRedispatched)
    }

    /// `%sq`: its place in the server's queue, from 1; 0 when it did not wait there.
    public var serverQueuePlace: Int64 {
        stream.isNone ? 0 : unsafe Int64(worker.pointee.streams[stream].serverQueuePlace)
    }

    /// `%bq`: its place in the backend's queue, from 1; 0 when it did not wait there.
    public var backendQueuePlace: Int64 {
        stream.isNone ? 0 : unsafe Int64(worker.pointee.streams[stream].backendQueuePlace)
    }

    /// `%rt`: the number of the stream in the process, from 0. Without a stream a number is taken.
    public var requestNumber: Int64 {
        if !stream.isNone {
            return unsafe Int64(clamping: worker.pointee.streams[stream].number) &- 1
        }
        return unsafe worker.pointee.process._withUnsafeGuaranteedRef {
            Int64(clamping: $0.streams.add(1, ordering: .relaxed).oldValue)
        }
    }

    /// `%lc`: lines that the frontend has logged before this one.
    public var lineCount: Int64 {
        let frontend = unsafe worker.pointee.programs[program].proxies[frontend].frontend
        return unsafe frontend._withUnsafeGuaranteedRef {
            Int64(clamping: $0.loggedLines.load(ordering: .relaxed))
        }
    }

    /// `%pid`: the process.
    public var processNumber: Int64 { unsafe Int64(worker.pointee.processID) }

    /// `%ts`, `%tsc`: how it ended; dashes while it has not.
    public var termination: TerminationState {
        // Rules before there is a stream are asked about clients that may be turned away.
        if stream.isNone {
            return TerminationState(cause: UInt8(ascii: "P"), state: UInt8(ascii: "R"))
        }
        return unsafe worker.pointee.streams[stream].termination
    }
}

// MARK: Names and addresses

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// The frontend's name.
    public var frontendName: KeptBytes {
        unsafe worker.pointee.programs[program].proxies[frontend].name
    }

    /// The backend's name; the frontend's while there is none.
    public var backendName: KeptBytes {
        let backend = backend
        return unsafe worker.pointee.programs[program]
            .proxies[backend >= 0 ? backend : frontend].name
    }

    /// The server's name; nil while there is none.
    public var serverName: KeptBytes? {
        guard let index = serverIndex else { return nil }
        return unsafe worker.pointee.programs[program].servers[index].name
    }

    /// Index of the server in the program's servers; nil while there is none.
    private var serverIndex: Int? {
        if stream.isNone { return nil }
        let index = unsafe worker.pointee.streams[stream].serverIndex
        return index < 0 ? nil : Int(index)
    }

    /// The name of this host.
    public var hostName: KeptBytes { unsafe worker.pointee.programs[program].hostName }

    /// `%ci`, `%cp`: where the client came from.
    public var clientEnd: LogEnd {
        if let address = clientAddress { return .ip(address) }
        let isLocal = unsafe worker.pointee.sessions[session].isLocal
        return isLocal ? .local(number: listenerIdentifier ?? 0) : .none
    }

    /// `%fi`, `%fp`: where the client came to.
    public var frontendEnd: LogEnd {
        if let address = destinationAddress { return .ip(address) }
        return localEnd(client, number: listenerIdentifier ?? 0)
    }

    /// `%bi`, `%bp`: where the connection to the server comes from.
    public var backendEnd: LogEnd {
        if let address = serverSource { return .ip(address) }
        return stream.isNone ? .none : unsafe localEnd(worker.pointee.streams[stream].server)
    }

    private func localEnd(_ connection: Handle, number: Int = 0) -> LogEnd {
        guard !connection.isNone, unsafe worker.pointee.connections.isLive(connection) else {
            return .none
        }
        do throws(Errno) {
            return LogEnd(
                try unsafe worker.pointee.connections[connection].descriptor.localAddress(),
                number: number)
        } catch {
            return .none
        }
    }

    /// `%si`, `%sp`: where the server is.
    public var serverEnd: LogEnd {
        guard let index = serverIndex else { return .none }
        return unsafe LogEnd(worker.pointee.programs[program].serverAddresses[index])
    }
}

// MARK: The request

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// The request line as it came, cut at `tune.http.logurilen`; empty where there is none.
    public var shownRequestLine: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            if stream.isNone || isBadRequest {
                return unsafe _overrideLifetime(Span(), borrowing: self)
            }
            // Safety: the line, or the head, stays as it is meanwhile; the span is tied to this
            // subject.
            let kept = unsafe worker.pointee.streams[stream].requestLine.span
            if !kept.isEmpty || isOver || !hasRequestHead {
                return unsafe _overrideLifetime(kept, borrowing: self)
            }
            let range = unsafe worker.pointee.requestLineRange(head, in: headBytes.count)
            return unsafe _overrideLifetime(headBytes.extracting(range), borrowing: self)
        }
    }

    /// Whether the request could not be understood.
    public var isBadRequest: Bool {
        if stream.isNone { return true }
        return unsafe worker.pointee.streams[stream].flags.contains(.isBadRequest)
    }

    /// How many slots for captured texts the frontend has.
    public func captureCount(request isRequest: Bool) -> Int {
        if stream.isNone { return 0 }
        let flags = unsafe worker.pointee.streams[stream].flags
        if !flags.contains(.hasCaptures) || flags.contains(.isBadRequest) { return 0 }
        let entry = unsafe worker.pointee.programs[program].proxies[frontend].captureCounts
        return Int(isRequest ? entry.request : entry.response)
    }

    /// The captured cookie, name and value; empty where there is none.
    @_lifetime(borrow self)
    public func capturedCookie(request isRequest: Bool) -> Span<UInt8> {
        // The request's is captured once its rules have passed it.
        if stream.isNone || isRequest && !hasPassedRules {
            return unsafe _overrideLifetime(Span(), borrowing: self)
        }
        let extras = unsafe worker.pointee.streams[stream].extras
        if extras.isNone { return unsafe _overrideLifetime(Span(), borrowing: self) }
        // Safety: the texts move only when the next one is captured; the span is tied to this
        // subject, which lives for one evaluation.
        return unsafe _overrideLifetime(
            worker.pointee.streamExtras[extras].cookies.text(isRequest ? 0 : 1), borrowing: self)
    }

    /// Runs `body` with the local zone, whose texts are kept from one line to the next.
    public func withLocalZone<R>(_ body: (inout LocalZone) -> R) -> R {
        // Safety: the worker waits meanwhile, and `body` sees the zone alone.
        unsafe body(&worker.pointee.zone)
    }
}
