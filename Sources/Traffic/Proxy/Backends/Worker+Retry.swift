// Requests that are tried again after they were sent: what was sent is kept until a response is
// passed on.
// configuration manual: retry-on, retries, option redispatch.

import Bytes
import Kernel
import Structures

extension Worker {
    /// Keeps a copy of the head that is ready to be sent; the body joins it as it is sent.
    ///
    /// Bound: one buffer a stream. A request that outgrows it is not tried again.
    mutating func keepRequest(_ stream: Handle) {
        var kept = buffers.take()
        guard kept.append(streams[stream].head.span) else { return buffers.give(kept) }
        streams[stream].kept = kept
        streams[stream].flags.insert(.keepsRequest)
    }

    /// Gives the kept request up: it will not be tried again.
    @inline(__always)
    mutating func forgetRequest(_ stream: Handle) {
        guard streams[stream].flags.contains(.keepsRequest) else { return }
        streams[stream].flags.remove(.keepsRequest)
        buffers.give(streams[stream].kept.take())
    }

    /// Sends what waits for the server and `cleared` bytes of the body behind it, and keeps what
    /// was sent of the body.
    mutating func sendKept(
        _ stream: Handle, _ body: inout Buffer, _ cleared: Int, to sink: Handle
    ) -> WriteResult {
        let pending = connections[sink].outbound.count
        let result: WriteResult
        let start = streams[stream].kept.count
        // Kept first, taken back as far as it was not sent: sending consumes it.
        let fits = streams[stream].kept.append(body.span.extracting(0..<cleared))
        if pending == 0 {
            result = connections[sink].descriptor.send(from: &body, length: cleared)
        } else {
            result = connections[sink].sendOutbound(then: &body, length: cleared)
        }
        guard fits else {
            forgetRequest(stream)
            return result
        }
        var sent = 0
        if case .bytes(let count) = result { sent = max(0, count &- pending) }
        streams[stream].kept.dropLast(streams[stream].kept.count &- start &- sent)
        return result
    }

    /// Tries a request again whose response failed, if `retry-on` names the failure, the request
    /// was kept, tries are left, and the client has got nothing. Without `option redispatch` it is
    /// the same server's again; there is no turn-around, as in HAProxy.
    ///
    /// Differs: a head that ends in its middle is a `junk-response`, as the manual says; HAProxy
    /// 2.6 calls it an `empty-response`. A request is tried again after interim responses, too;
    /// HAProxy 2.6 then waits for a response until its timeout.
    ///
    /// - Returns: false where the failure stands.
    mutating func retry(_ stream: Handle, after cause: RetryCauses) -> Bool {
        guard streams[stream].flags.contains(.keepsRequest) else { return false }
        let program = streams[stream].program
        let entry = programs[program].proxies[Int(streams[stream].backend)]
        guard !cause.isEmpty, entry.retryOn.contains(cause),
            streams[stream].retries < retryLimit(of: stream, entry),
            !streams[stream].flags.contains(.hasAnswered)
        else { return false }
        let server = programs[program].servers[Int(streams[stream].serverIndex)]
        dropServerConnection(stream)
        var head = streams[stream].head.take()
        if !head.hasStorage { head = buffers.take() }
        head.removeAll()
        let fits = head.append(streams[stream].kept.span)
        precondition(fits, "both buffers are of one pool")
        streams[stream].head = head
        // What was kept is the head as it was before a server was chosen.
        streams[stream].nameFieldBytes = 0
        streams[stream].flags.remove(.keepsHead)
        streams[stream].flows[0].isDelivered = false
        let isLimited = streams[stream].flows[1].isLimited
        streams[stream].flows[1] = Flow()
        streams[stream].flows[1].isLimited = isLimited
        streams[stream].retries &+= 1
        if mayRedispatch(stream, entry) {
            redispatch(stream, Int(server.ordinal))
            return true
        }
        server.counters.add(.retries)
        entry.backendCounters.add(.retries)
        connectServer(stream)
        return true
    }
}
