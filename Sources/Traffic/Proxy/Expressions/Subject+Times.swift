// Further times of a stream, in milliseconds (configuration manual: timing events), -1 where a stage
// was not reached; and how much work it was.

import Kernel
import Structures

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Connecting to the server, tries that failed included.
    public var connectTime: Int {
        stream.isNone ? -1 : unsafe worker.pointee.connectTime(stream)
    }

    /// From the end of the response's head up to now.
    public var dataTime: Int {
        if stream.isNone { return -1 }
        let response = unsafe worker.pointee.streams[stream].responseAt
        return response == 0 ? -1 : Int(now &- response)
    }

    /// From the accept, or from the end of the request before, up to now.
    public var totalTime: Int {
        if stream.isNone { return Int(now &- accepted) }
        guard isHTTP else { return Int(now &- accepted) }
        return (time(.active) ?? 0) + (time(.idle) ?? 0)
    }

    private var accepted: UInt64 { unsafe worker.pointee.sessions[session].acceptedAt }

    /// When the session was ready for this request: its accept or the end of the request before.
    /// Microseconds since 1970.
    public var acceptedMicroseconds: Int64 {
        let ready = unsafe worker.pointee.sessions[session].idleSince
        let first = unsafe worker.pointee.sessions[session].acceptedMicroseconds
        return first &+ Int64(ready &- accepted) &* 1000
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
