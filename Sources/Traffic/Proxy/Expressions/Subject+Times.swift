// When a session was ready for a request, and how much work its stream was.

import Kernel
import Structures

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    private var accepted: UInt64 { unsafe worker.pointee.sessions[session].acceptedAt }

    /// When the session was ready for this request: its accept or the end of the request before.
    /// Microseconds since 1970.
    public var acceptedMicroseconds: Int64 {
        let ready = unsafe worker.pointee.sessions[session].idleSince
        let first = unsafe worker.pointee.sessions[session].acceptedMicroseconds
        return first &+ Int64(truncatingIfNeeded: ready &- accepted) &* 1000
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
