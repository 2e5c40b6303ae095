// Finding the head that a fetch reads. HTTP streams have it when their rules run. A relay has bytes
// only: those of its client are read as an HTTP/1 request where a fetch asks for one (configuration
// manual: fetching HTTP samples, from tcp-request content rules).

import HTTP
import Structures

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Whether a request's head is there.
    ///
    /// Sets `isIncomplete` where bytes that are still to come may make one.
    @inline(__always)
    public func hasRequestHead(_ state: inout FetchState) -> Bool {
        hasRequestHead ? true : readsRequestHead(&state)
    }

    /// Reads the client's bytes of a relay as a request.
    @inline(never)
    private func readsRequestHead(_ state: inout FetchState) -> Bool {
        // Safety: as the type says; so below.
        guard !stream.isNone, !isHTTP, unsafe worker.pointee.streams[stream].server.isNone else {
            return false
        }
        switch unsafe worker.pointee.readRequest(ofRelay: stream) {
        case .complete: return true
        case .incomplete:
            state.isIncomplete = true
            return false
        case .invalid: return false
        }
    }

    /// Whether the stream is an HTTP exchange, and not a relay of bytes.
    public var isHTTP: Bool {
        unsafe !stream.isNone && worker.pointee.streams[stream].flags.contains(.isHTTP)
    }
}

extension Worker {
    /// Makes the request at the front of a relay's bytes the head that rules see.
    fileprivate mutating func readRequest(ofRelay stream: Handle) -> HTTP1.HeadResult {
        let client = streams[stream].client
        guard connections[client].inbound.hasStorage else { return .incomplete }
        var head = MessageHead()
        let inbound = connections[client].inbound.take()
        // A request of its time; what it goes on as is not decided by this reading.
        let result = inbound.parseRequest([], &fields, &head)
        let isFull = inbound.freeCount == 0
        connections[client].inbound = inbound
        switch result {
        case .complete, .invalid(.missingHost):
            take(head, .request)
            findSource(stream)
            return .complete
        case .incomplete: return isFull ? .invalid(.headTooLarge) : .incomplete
        case .invalid: return result
        }
    }
}
