// The bytes of a relay that rules look at before they are passed on (configuration manual: fetching
// samples from buffer contents), and the HTTP request that may be among them.

import Bytes
import HTTP
import Structures

/// What the bytes of a client are as an HTTP request.
public enum RequestLikeness: Sendable {
    /// A whole head.
    case whole
    /// The words with which HTTP/2 begins.
    case preface
    /// The begin of one, as far as can be seen.
    case begun
    /// No HTTP.
    case none
}

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Bytes that one side has sent and that were not passed on; nil where there is no such side,
    /// and for HTTP exchanges, which have heads and bodies instead.
    ///
    /// - Parameter isRequest: whether the client's bytes are meant, and not the server's.
    @_lifetime(borrow self)
    public func contents(request isRequest: Bool) -> Span<UInt8>? {
        guard !stream.isNone, !isHTTP else { return nil }
        let side = unsafe isRequest ? client : worker.pointee.streams[stream].server
        if side.isNone { return nil }
        // Safety: the buffer stays as it is while rules run; the span is tied to this subject.
        return unsafe _overrideLifetime(
            worker.pointee.connections[side].inbound.span, borrowing: self)
    }

    /// Whether the client's bytes are looked at, and not the server's.
    public var isRequest: Bool {
        if isHTTP { return !hasResponseHead }
        if stream.isNone { return true }
        return unsafe worker.pointee.streams[stream].server.isNone
    }

    /// Whether more bytes of that side may come.
    public func mayGrow(request isRequest: Bool) -> Bool {
        guard !isFinal, !stream.isNone else { return false }
        let side = unsafe isRequest ? client : worker.pointee.streams[stream].server
        if side.isNone { return false }
        return unsafe !worker.pointee.connections[side].flags.contains(.readClosed)
    }

    /// The most bytes that can be looked at (`tune.bufsize`).
    public var contentLimit: Int { unsafe worker.pointee.tuning.bufferBytes }

    /// What the bytes of a relay's client are as an HTTP request; the head is there for fetches of
    /// HTTP requests where it is whole.
    public func findRelayedRequest() -> RequestLikeness {
        unsafe worker.pointee.findRelayedRequest(stream)
    }
}

extension Worker {
    /// Parses what a relay's client has sent as an HTTP request, before it is passed on.
    mutating func findRelayedRequest(_ stream: Handle) -> RequestLikeness {
        if message.side == .request { return .whole }
        guard !stream.isNone, streams[stream].server.isNone, message.side == .none,
            !streams[stream].flags.contains(.isHTTP)
        else { return .none }
        let client = streams[stream].client
        guard connections[client].inbound.hasStorage else { return .begun }
        let options = programs[streams[stream].program]
            .proxies[Int(streams[stream].frontend)].options
        var head = MessageHead()
        let inbound = connections[client].inbound.take()
        let result = inbound.parseRequest(
            tuning.policy(isRelaxed: options.contains(.acceptUnsafeRequest)), &fields, &head)
        connections[client].inbound = inbound
        switch result {
        case .incomplete: return .begun
        case .invalid(.http2Preface): return .preface
        case .invalid: return .none
        case .complete:
            take(head, .request)
            findSource(stream)
            return .whole
        }
    }
}
