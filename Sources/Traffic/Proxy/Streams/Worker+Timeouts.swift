// The timeouts of a stream. One timer a stream, set to the nearest of what may expire; progress
// only stores the time, and the timer looks again when it fires.

import Kernel
import Structures

extension Worker {
    /// What a stream is waiting for, with the tick at which its patience ends.
    private enum Expiry {
        case client, server, connect, queue, turnaround
    }

    /// Sets the stream's timer to the nearest expiry.
    mutating func armTimer(_ stream: Handle) {
        let client = streams[stream].client
        if let (deadline, _) = nearest(stream) {
            timers.set(client.index, deadline: deadline)
        } else {
            timers.cancel(client.index)
        }
    }

    /// The nearest expiry of a stream.
    private func nearest(_ stream: Handle) -> (UInt64, Expiry)? {
        var best: (UInt64, Expiry)?
        func consider(_ since: UInt64, _ milliseconds: UInt32, _ expiry: Expiry) {
            guard milliseconds > 0 else { return }
            let deadline = since &+ UInt64(milliseconds)
            if let known = best, known.0 <= deadline { return }
            best = (deadline, expiry)
        }
        let program = streams[stream].program
        let front = programs[program].proxies[Int(streams[stream].frontend)]
        let index = streams[stream].backend
        let back = index >= 0 ? programs[program].proxies[Int(index)] : front
        switch streams[stream].phase {
        case .queued:
            consider(streams[stream].queuedAt, back.queue, .queue)
        case .turnaround:
            consider(streams[stream].attemptAt, min(1000, max(1, back.connect)), .turnaround)
        case .connecting:
            consider(streams[stream].attemptAt, back.connect, .connect)
            if streams[stream].attemptAt != streams[stream].assignedAt, back.connect == 0 {
                consider(streams[stream].attemptAt, 60_000, .connect)
            }
        case .replying:
            consider(streams[stream].clientActivity, front.client, .client)
        case .tunnel:
            if back.tunnel > 0 && !isHalfClosed(stream) {
                let last = max(streams[stream].clientActivity, streams[stream].serverActivity)
                consider(last, back.tunnel, .server)
            } else {
                considerSides(stream, front, back, consider)
            }
        case .awaitingResponse, .responding:
            considerSides(stream, front, back, consider)
        }
        return best
    }

    private func isHalfClosed(_ stream: Handle) -> Bool {
        streams[stream].flows[0].isDelivered || streams[stream].flows[1].isDelivered
    }

    /// The client's side counts while bytes are wanted from it or wait for it; so does the
    /// server's.
    private func considerSides(
        _ stream: Handle, _ front: ProxyEntry, _ back: ProxyEntry,
        _ consider: (UInt64, UInt32, Expiry) -> Void
    ) {
        let client = streams[stream].client
        let server = streams[stream].server
        let wantsClient = !streams[stream].flows[Direction.request.rawValue].isComplete
        let owesClient =
            !connections[client].outbound.isEmpty
            || streams[stream].flows[Direction.response.rawValue].cleared > 0
            || streams[stream].flows[Direction.response.rawValue].inPipe > 0
        if wantsClient || owesClient {
            let isEnding =
                connections[client].flags.contains(.writeClosed)
                || connections[client].flags.contains(.readClosed)
            let patience = isEnding && front.clientFin > 0 ? front.clientFin : front.client
            consider(streams[stream].clientActivity, patience, .client)
        }
        let wantsServer = !streams[stream].flows[Direction.response.rawValue].isComplete
        if !server.isNone && (wantsServer || !streams[stream].flows[0].isDelivered) {
            let isEnding =
                connections[server].flags.contains(.writeClosed)
                || connections[server].flags.contains(.readClosed)
            let patience = isEnding && back.serverFin > 0 ? back.serverFin : back.server
            // While the client has not finished its request, its own timer judges the wait.
            if !(wantsClient && streams[stream].phase == .awaitingResponse && !owesServer(stream)) {
                let since = max(streams[stream].serverActivity, streams[stream].connectedAt)
                consider(since, patience, .server)
            }
        }
    }

    /// Whether bytes wait for the server.
    private func owesServer(_ stream: Handle) -> Bool {
        let server = streams[stream].server
        return !connections[server].outbound.isEmpty
            || streams[stream].flows[Direction.request.rawValue].cleared > 0
            || streams[stream].flows[Direction.request.rawValue].inPipe > 0
    }

    /// The stream's timer fired.
    mutating func streamTimedOut(_ stream: Handle) {
        guard let (deadline, expiry) = nearest(stream) else { return }
        guard deadline <= now else {
            timers.set(streams[stream].client.index, deadline: deadline)
            return
        }
        switch expiry {
        case .queue: queueTimedOut(stream)
        case .turnaround: retryConnection(stream)
        case .connect: connectionFailed(stream, timedOut: true)
        case .client: sideTimedOut(stream, isClient: true)
        case .server: sideTimedOut(stream, isClient: false)
        }
    }

    /// Neither bytes came nor were any taken for too long.
    private mutating func sideTimedOut(_ stream: Handle, isClient: Bool) {
        let cause = UInt8(ascii: isClient ? "c" : "s")
        if streams[stream].phase == .awaitingResponse && !hasAnswered(stream) {
            if isClient {
                streams[stream].termination = TerminationState(
                    cause: cause, state: UInt8(ascii: "D"))
                countRequestError(stream)
                reply(stream, status: 408)
            } else {
                streams[stream].termination = TerminationState(
                    cause: cause, state: UInt8(ascii: "H"))
                countResponseError(stream)
                reply(stream, status: 504)
            }
            return
        }
        streams[stream].termination = TerminationState(cause: cause, state: UInt8(ascii: "D"))
        end(stream, client: .abort)
    }

    func hasAnswered(_ stream: Handle) -> Bool {
        streams[stream].flags.contains(.hasAnswered)
            || !connections[streams[stream].client].outbound.isEmpty
    }
}
