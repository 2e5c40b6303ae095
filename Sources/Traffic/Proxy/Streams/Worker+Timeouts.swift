// The timeouts of a stream. One timer a stream, set to the nearest of what may expire; progress
// only stores the time, and the timer looks again when it fires.

import Kernel
import Structures

/// What may expire.
private enum Expiry {
    case client, server, connect, queue, turnaround, rules
    /// A bandwidth limit holds bytes no longer.
    case limit
}

/// The timeouts of a proxy that a stream is under, in milliseconds; 0 means none.
private struct Patience {
    var client, server, connect, queue, tunnel: UInt32
    let httpRequest, clientFin, serverFin: UInt32
    /// `option independent-streams`.
    let isIndependent: Bool

    @inline(__always)
    init(_ entry: borrowing ProxyEntry) {
        client = entry.client
        server = entry.server
        connect = entry.connect
        queue = entry.queue
        tunnel = entry.tunnel
        httpRequest = entry.httpRequest
        clientFin = entry.clientFin
        serverFin = entry.serverFin
        isIndependent = entry.options.contains(.independentStreams)
    }

    /// Takes over the timeouts that rules have set for a stream.
    mutating func obey(_ settings: StreamSettings) {
        if settings.client > 0 { client = settings.client }
        if settings.server > 0 { server = settings.server }
        if settings.tunnel > 0 { tunnel = settings.tunnel }
        if settings.connect > 0 { connect = settings.connect }
        if settings.queue > 0 { queue = settings.queue }
    }
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
        var front = Patience(programs[program].proxies[Int(streams[stream].frontend)])
        let index = streams[stream].backend
        var back = index >= 0 ? Patience(programs[program].proxies[Int(index)]) : front
        if streams[stream].flags.contains(.hasSettings) {
            let settings = settings(of: stream)
            front.obey(settings)
            back.obey(settings)
        }
        switch streams[stream].phase {
        case .analysing, .analysingResponse, .tarpitting:
            if streams[stream].rules.until != 0 {
                nearest.consider(streams[stream].rules.until &- 1, 1, .rules)
            } else if streams[stream].phase == .analysingResponse {
                nearest.consider(streams[stream].serverActivity, back.server, .server)
            } else {
                nearest.consider(streams[stream].clientActivity, front.client, .client)
            }
        case .awaitingRequest:
            if front.httpRequest != 0 {
                nearest.consider(streams[stream].rules.since, front.httpRequest, .client)
            } else {
                nearest.consider(streams[stream].clientActivity, front.client, .client)
            }
        case .queued:
            nearest.consider(streams[stream].enqueuedAt, back.queue, .queue)
        case .turnaround:
            nearest.consider(
                streams[stream].attemptAt, min(1000, max(1, back.connect)), .turnaround)
        case .connecting:
            nearest.consider(streams[stream].attemptAt, back.connect, .connect)
        case .replying:
            nearest.consider(streams[stream].clientActivity, front.client, .client)
        case .tunnel:
            if streams[stream].rules.until != 0 {
                nearest.consider(streams[stream].rules.until &- 1, 1, .rules)
            }
            if isHeld(stream) {
                considerSides(stream, front, back, &nearest)
            } else if back.tunnel > 0 && !isHalfClosed(stream) {
                let last = max(streams[stream].clientActivity, streams[stream].serverActivity)
                nearest.consider(last, back.tunnel, .server)
            } else {
                considerSides(stream, front, back, &nearest)
            }
        case .awaitingResponse, .responding:
            considerSides(stream, front, back, &nearest)
        }
        considerLimits(stream, &nearest)
        return nearest
    }

    /// A flow that a bandwidth limit holds goes on when its time has come.
    @inline(__always)
    private mutating func considerLimits(_ stream: Handle, _ nearest: inout Nearest) {
        guard streams[stream].isLimited else { return }
        for index in 0..<2 {
            let until = heldUntil(stream, index)
            if until == 0 { continue }
            switch streams[stream].phase {
            case .connecting, .awaitingResponse, .responding, .tunnel:
                nearest.consider(until &- 1, 1, .limit)
            default: break
            }
        }
    }

    private mutating func isHalfClosed(_ stream: Handle) -> Bool {
        streams[stream].flows[0].isDelivered || streams[stream].flows[1].isDelivered
    }

    /// Whether a bandwidth limit holds either flow.
    @inline(__always)
    private mutating func isHeld(_ stream: Handle) -> Bool {
        streams[stream].isLimited && (heldUntil(stream, 0) != 0 || heldUntil(stream, 1) != 0)
    }

    /// A side counts while bytes are wanted from it that could be passed on, or wait for it. A
    /// source that is not read because the sink is full is not to blame: the sink's timer judges.
    /// While a bandwidth limit holds bytes, nobody is.
    // Differs: HAProxy 3.2 ends a stream that a limit holds for longer than its timeouts.
    private mutating func considerSides(
        _ stream: Handle, _ front: Patience, _ back: Patience,
        _ nearest: inout Nearest
    ) {
        let client = streams[stream].client
        let server = streams[stream].server
        let isLimited = streams[stream].isLimited
        let owesClient = owesClient(stream, isLimited)
        let owesServer = !server.isNone && owesServer(stream, isLimited)
        let isHeld = isLimited && isHeld(stream)
        let wantsClient = !streams[stream].flows[0].isComplete && !owesServer && !isHeld
        if wantsClient || owesClient {
            let isEnding = !connections[client].flags.isDisjoint(with: [.writeClosed, .readClosed])
            let patience = isEnding && front.clientFin > 0 ? front.clientFin : front.client
            // What is sent counts as activity, too, unless the two directions are independent.
            let isAlone = wantsClient && front.isIndependent
            let since =
                isAlone ? streams[stream].clientReadAt : streams[stream].clientActivity
            nearest.consider(since, patience, .client)
        }
        guard !server.isNone else { return }
        // A response is due once the request is out; before that the client judges the wait.
        let isDue =
            streams[stream].phase != .awaitingResponse || streams[stream].flows[0].isComplete
        let wantsServer =
            !streams[stream].flows[1].isComplete && !owesClient && isDue && !isHeld
        if wantsServer || owesServer {
            let isEnding = !connections[server].flags.isDisjoint(with: [.writeClosed, .readClosed])
            let patience = isEnding && back.serverFin > 0 ? back.serverFin : back.server
            let isAlone = wantsServer && back.isIndependent
            let last = isAlone ? streams[stream].serverReadAt : streams[stream].serverActivity
            nearest.consider(max(last, streams[stream].connectedAt), patience, .server)
        }
    }

    /// Whether bytes wait for the client.
    @inline(__always)
    private mutating func owesClient(_ stream: Handle, _ isLimited: Bool) -> Bool {
        if !connections[streams[stream].client].outbound.isEmpty { return true }
        if isLimited && heldUntil(stream, 1) != 0 { return false }
        return streams[stream].flows[1].cleared > 0 || streams[stream].flows[1].inPipe > 0
    }

    /// Whether bytes wait for the server.
    @inline(__always)
    private mutating func owesServer(_ stream: Handle, _ isLimited: Bool) -> Bool {
        let server = streams[stream].server
        if !connections[server].outbound.isEmpty { return true }
        if isLimited && heldUntil(stream, 0) != 0 { return false }
        return streams[stream].flows[0].cleared > 0 || streams[stream].flows[0].inPipe > 0
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
        case .rules, .limit: drive(stream)
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
        if streams[stream].phase == .replying {
            // What our reply is about came first.
            if streams[stream].termination == TerminationState() {
                streams[stream].termination = TerminationState(
                    cause: cause, state: UInt8(ascii: "D"))
            }
            end(stream, client: .abort)
            return
        }
        if streams[stream].phase == .awaitingRequest {
            return refuseUpgrade(stream, status: 408, cause: "c")
        }
        let awaitsResponse = streams[stream].phase == .awaitingResponse
        // Interim responses that wait as a whole stay in front of our reply.
        if awaitsResponse && !streams[stream].flags.contains(.hasAnswered) {
            if isClient {
                streams[stream].termination = TerminationState(
                    cause: cause, state: UInt8(ascii: "D"))
                countRequestError(stream)
                reply(stream, status: 408)
            } else {
                if retry(stream, after: .responseTimeout) { return }
                streams[stream].termination = TerminationState(
                    cause: cause, state: UInt8(ascii: "H"))
                countResponseError(stream)
                reply(stream, status: 504)
            }
            return
        }
        let state = UInt8(ascii: awaitsResponse ? "H" : "D")
        if awaitsResponse && !isClient { countResponseError(stream) }
        streams[stream].termination = TerminationState(cause: cause, state: state)
        end(stream, client: .abort)
    }
}
