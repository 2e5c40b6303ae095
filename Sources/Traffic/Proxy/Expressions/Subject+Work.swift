// How much work a stream is for its worker.

import Kernel
import Structures

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
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
