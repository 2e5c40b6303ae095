// The timeouts of a stream. One timer a stream, set to the nearest of what may expire; progress
// only stores the time, and the timer looks again when it fires.

import Kernel
import Structures

/// What may expire.
private enum Expiry {
    case client, server, connect, queue, turnaround
}

/// The nearest of several expiries.
private struct Nearest {
    /// Tick of the expiry; `.max` while there is none.
    var deadline = UInt64.max
    var expiry = Expiry.client

    /// Takes an expiry in, `milliseconds` after `since`; 0 means never.
    @inline(__always)
    mutating func consider(_ since: UInt64, _ milliseconds: UInt32, _ candidate: Expiry) {
        guard milliseconds > 0 else { return }
        let due = since &+ UInt64(milliseconds)
        guard due < deadline else { return }
        deadline = due
        expiry = candidate
    }
}

extension Worker {
    /// Sets the stream's timer to the nearest expiry.
    mutating func armTimer(_ stream: Handle) {
        let client = streams[stream].client
        let nearest = nearest(stream)
        if nearest.deadline != .max {
            timers.set(client.index, deadline: nearest.deadline)
        } else {
            timers.cancel(client.index)
        }
    }

    /// The nearest expiry of a stream.
    private mutating func nearest(_ stream: Handle) -> Nearest {
        var nearest = Nearest()
        let program = streams[stream].program
        let front = programs[program].proxies[Int(streams[stream].frontend)]
        let index = streams[stream].backend
        let back = index >= 0 ? programs[program].proxies[Int(index)] : front
        switch streams[stream].phase {
        case .queued:
            nearest.consider(streams[stream].queuedAt, back.queue, .queue)
        case .turnaround:
            nearest.consider(
                streams[stream].attemptAt, min(1000, max(1, back.connect)), .turnaround)
        case .connecting:
            nearest.consider(streams[stream].attemptAt, back.connect, .connect)
            if streams[stream].attemptAt != streams[stream].assignedAt, back.connect == 0 {
                nearest.consider(streams[stream].attemptAt, 60_000, .connect)
            }
        case .replying:
            nearest.consider(streams[stream].clientActivity, front.client, .client)
        case .tunnel:
            if back.tunnel > 0 && !isHalfClosed(stream) {
                let last = max(streams[stream].clientActivity, streams[stream].serverActivity)
                nearest.consider(last, back.tunnel, .server)
            } else {
                considerSides(stream, front, back, &nearest)
            }
        case .awaitingResponse, .responding:
            considerSides(stream, front, back, &nearest)
        }
        return nearest
    }

    private mutating func isHalfClosed(_ stream: Handle) -> Bool {
        streams[stream].flows[0].isDelivered || streams[stream].flows[1].isDelivered
    }

    /// The client's side counts while bytes are wanted from it or wait for it; so does the
    /// server's.
    private mutating func considerSides(
        _ stream: Handle, _ front: ProxyEntry, _ back: ProxyEntry,
        _ nearest: inout Nearest
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
            nearest.consider(streams[stream].clientActivity, patience, .client)
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
                nearest.consider(since, patience, .server)
            }
        }
    }

    /// Whether bytes wait for the server.
    private mutating func owesServer(_ stream: Handle) -> Bool {
        let server = streams[stream].server
        return !connections[server].outbound.isEmpty
            || streams[stream].flows[Direction.request.rawValue].cleared > 0
            || streams[stream].flows[Direction.request.rawValue].inPipe > 0
    }

    /// The stream's timer fired.
    mutating func streamTimedOut(_ stream: Handle) {
        let nearest = nearest(stream)
        if nearest.deadline == .max { return }
        guard nearest.deadline <= now else {
            timers.set(streams[stream].client.index, deadline: nearest.deadline)
            return
        }
        switch nearest.expiry {
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

    mutating func hasAnswered(_ stream: Handle) -> Bool {
        streams[stream].flags.contains(.hasAnswered)
            || !connections[streams[stream].client].outbound.isEmpty
    }
}
