// What is kept of an exchange beside its heads: versions, status, the request line, times, and the
// unique identifier.

import Bytes
import HTTP
import Samples
import Structures

extension Subject {
    /// The method by number, while the stream lasts; unlisted where nothing is known of a request.
    public var keptMethod: HTTP.Method {
        // Safety: as the type says; so below.
        stream.isNone ? .unlisted : unsafe worker.pointee.streams[stream].method
    }

    /// The minor version of the request's HTTP/1; nil where the stream is no HTTP exchange.
    public var keptRequestMinorVersion: Int? {
        guard isHTTP else { return nil }
        return unsafe worker.pointee.streams[stream].flags.contains(.isHTTP10) ? 0 : 1
    }

    /// The minor version of the response's HTTP/1; nil before there is a response.
    public var keptResponseMinorVersion: Int? {
        if stream.isNone { return nil }
        let version = unsafe worker.pointee.streams[stream].responseMinorVersion
        return version < 0 ? nil : Int(version)
    }

    /// The status that the server has sent; nil before it has, or where it never does.
    public var serverStatus: Int? {
        if stream.isNone { return nil }
        let status = unsafe worker.pointee.streams[stream].serverStatus
        return status > 0 ? Int(status) : nil
    }

    /// The status that the log shows; nil before it is known.
    public var loggedStatus: Int? {
        if stream.isNone { return nil }
        let status = unsafe worker.pointee.streams[stream].status
        return status > 0 ? Int(status) : nil
    }

    /// Whether it is the first request of its connection; nil where the stream is no exchange.
    public var isFirstRequest: Bool? {
        guard isHTTP else { return nil }
        return unsafe !worker.pointee.streams[stream].flags.contains(.isNotFirst)
    }

    /// The request line as it came, cut at `tune.http.logurilen`; empty where it is not kept.
    public var requestLine: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            if stream.isNone { return Span() }
            // Safety: the line stays as it is while the stream lasts; the span is tied to this
            // subject.
            return unsafe _overrideLifetime(
                worker.pointee.streams[stream].requestLine.span, borrowing: self)
        }
    }

    /// Microseconds since 1970 at which the request's first byte came.
    public var requestMicroseconds: Int64? {
        if stream.isNone { return nil }
        let accepted = unsafe worker.pointee.sessions[session].acceptedMicroseconds
        let begun = unsafe worker.pointee.streams[stream].firstByteAt
        let since = unsafe begun &- worker.pointee.sessions[session].acceptedAt
        return accepted &+ Int64(since) &* 1000
    }

    /// One of the times of an exchange, in milliseconds; -1 where its stage was not reached.
    public func time(_ time: ExchangeTime) -> Int? {
        if stream.isNone { return nil }
        return unsafe worker.pointee.time(time, of: stream)
    }
}

/// Times of an exchange (configuration manual: timing events).
public enum ExchangeTime: Sendable {
    /// `%Ti`: idle before the request.
    case idle
    /// `%TR`: from the request's first byte to the end of its head.
    case request
    /// `%Tq`: from the accept, or the end of the response before, to the end of the head.
    case requestWithIdle
    /// `%Tw`: waiting for a server.
    case queue
    /// `%Tr`: from the connection to the end of the response's head.
    case response
    /// `%Ta`: from the request's first byte until now.
    case active
}

extension Worker {
    /// One of the times of a stream, in milliseconds; -1 where its stage was not reached.
    fileprivate mutating func time(_ time: ExchangeTime, of stream: Handle) -> Int {
        let begun = streams[stream].firstByteAt
        let headAt = streams[stream].headAt
        let idle = Int(streams[stream].idleMilliseconds)
        switch time {
        case .idle: return idle
        case .request: return headAt == 0 ? -1 : Int(headAt &- begun)
        case .requestWithIdle: return headAt == 0 ? -1 : Int(headAt &- begun) &+ idle
        case .queue: return waitTime(stream)
        case .response: return responseTime(stream)
        case .active: return Int(now &- begun)
        }
    }
}
