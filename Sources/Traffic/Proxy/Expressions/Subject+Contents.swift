// The bytes of a relay that rules look at before they are passed on (configuration manual: fetching
// samples from buffer contents).

import Bytes
import Structures

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
}
