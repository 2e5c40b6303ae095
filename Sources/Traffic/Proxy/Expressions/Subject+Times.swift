// The times of a stream as fetches and log lines show them (configuration manual: timing events), in
// milliseconds; -1 where the stage was not reached.

import Kernel
import Structures

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// From the end of the session's handshake, or of the request before, to the first byte of the
    /// request.
    public var idleTime: Int {
        stream.isNone ? 0 : unsafe Int(worker.pointee.streams[stream].idleMilliseconds)
    }

    /// From the first byte of the request to the end of its head.
    public var requestTime: Int {
        if stream.isNone { return -1 }
        let head = unsafe worker.pointee.streams[stream].headAt
        return head == 0 ? -1 : Int(head &- begun)
    }

    /// Waiting for a server.
    public var queueTime: Int {
        stream.isNone ? -1 : unsafe worker.pointee.waitTime(stream)
    }

    /// Connecting to the server, tries that failed included.
    public var connectTime: Int {
        stream.isNone ? -1 : unsafe worker.pointee.connectTime(stream)
    }

    /// From the connection to the end of the response's head.
    public var responseTime: Int {
        stream.isNone ? -1 : unsafe worker.pointee.responseTime(stream)
    }

    /// From the end of the response's head up to now.
    public var dataTime: Int {
        if stream.isNone { return -1 }
        let response = unsafe worker.pointee.streams[stream].responseAt
        return response == 0 ? -1 : Int(now &- response)
    }

    /// From the first byte of the request up to now.
    public var activeTime: Int { stream.isNone ? -1 : Int(now &- begun) }

    /// From the accept, or from the end of the request before, up to now.
    public var totalTime: Int {
        if stream.isNone { return Int(now &- accepted) }
        let isHTTP = unsafe worker.pointee.streams[stream].flags.contains(.isHTTP)
        return isHTTP ? activeTime + idleTime : Int(now &- accepted)
    }

    /// The first byte of the request, in milliseconds of the monotonic clock.
    private var begun: UInt64 { unsafe worker.pointee.streams[stream].firstByteAt }

    private var accepted: UInt64 { unsafe worker.pointee.sessions[session].acceptedAt }

    /// When the session was ready for this request: its accept or the end of the request before.
    /// Microseconds since 1970.
    public var acceptedMicroseconds: Int64 {
        let ready = unsafe worker.pointee.sessions[session].idleSince
        let first = unsafe worker.pointee.sessions[session].acceptedMicroseconds
        return first &+ Int64(ready &- accepted) &* 1000
    }

    /// When the first byte of the request came; without a stream, of the accept. Microseconds since
    /// 1970.
    public var requestMicroseconds: Int64 {
        let first = unsafe worker.pointee.sessions[session].acceptedMicroseconds
        return stream.isNone ? first : first &+ Int64(begun &- accepted) &* 1000
    }

    // MARK: Work

    /// How often the stream was taken up by its worker.
    public var calls: Int? {
        stream.isNone ? nil : unsafe Int(worker.pointee.streams[stream].calls)
    }

    /// Nanoseconds the stream was worked on, the present call left out.
    public var workNanoseconds: Int? {
        stream.isNone ? nil : unsafe Int(clamping: worker.pointee.streams[stream].workNanoseconds)
    }

    /// Nanoseconds the stream waited for its worker, the present call left out.
    public var delayNanoseconds: Int? {
        stream.isNone ? nil : unsafe Int(clamping: worker.pointee.streams[stream].delayNanoseconds)
    }
}
