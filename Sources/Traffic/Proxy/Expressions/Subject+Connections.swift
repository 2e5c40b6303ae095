// What fetches ask of the connections and of what is kept of the messages.

import Addresses
import Kernel
import Structures

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// The status of the response, once it is known.
    public var responseStatus: Int? {
        if stream.isNone { return nil }
        if hasResponseHead {
            let edited = lineEdits.status
            return Int(edited == 0 ? head.status : edited)
        }
        let status = unsafe worker.pointee.streams[stream].status
        return status > 0 ? Int(status) : nil
    }
}
