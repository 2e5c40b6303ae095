// The end of a stream: its server connection goes to the pool or is closed, it is counted and
// logged, and its client waits for the next request or leaves. Here also the replies we make
// ourselves.

import Bytes
import HTTP
import Kernel
import Structures

/// What becomes of the client connection when its stream ends.
enum ClientFate {
    /// It may send another request.
    case keep
    /// It is closed when it has got everything.
    case close
    /// It is closed now.
    case abort
    /// It is given up without a packet to the client.
    case drop
}

extension Worker {
    // MARK: Replies of our own

    /// Answers a client whose request never became a stream.
    mutating func refuse(_ client: Handle, status: Int, cause: UInt8) {
        guard let stream = makeStream(client, flags: [.isHTTP, .isBadRequest]) else {
            closeClient(client)
            return
        }
        noteUnparsed(stream)
        streams[stream].termination = TerminationState(cause: cause, state: UInt8(ascii: "R"))
        streams[stream].flows[0].bytes = UInt64(connections[client].inbound.count)
        connections[client].inbound.removeAll()
        reply(stream, status: status)
    }

    /// Logs and closes a client that left without a complete request.
    mutating func logBadRequest(_ client: Handle, status: Int, cause: UInt8) {
        guard let stream = makeStream(client, flags: [.isHTTP, .isBadRequest]) else {
            closeClient(client)
            return
        }
        noteUnparsed(stream)
        streams[stream].flows[0].bytes = UInt64(connections[client].inbound.count)
        streams[stream].status = Int32(status)
        streams[stream].termination = TerminationState(cause: cause, state: UInt8(ascii: "R"))
        end(stream, client: .abort)
    }

    private mutating func noteUnparsed(_ stream: Handle) {
        let session = streams[stream].session
        let begun = sessions[session].firstByteAt
        streams[stream].firstByteAt = begun == 0 ? now : begun
        streams[stream].idleMilliseconds =
            streams[stream].firstByteAt &- sessions[session].idleSince
        sessions[session].requests &+= 1
        let entry = sessionEntry(session)
        entry.frontendCounters.add(.requests)
        entry.frontendCounters.tick(.requests, now: now)
    }

    /// Ends the exchange with a reply of our own, or without one where a response has begun.
    mutating func reply(_ stream: Handle, status: Int) {
        guard mayReply(stream) else {
            streams[stream].flags.remove(.clientPersists)
            end(stream, client: streams[stream].flags.contains(.isHTTP) ? .abort : .close)
            return
        }
        // What formats make of the request is made while it is there.
        prepareErrorReply(status: status, for: stream)
        // Nothing follows a request that was doubtful.
        if status == 400 || status == 408 { streams[stream].flags.remove(.clientPersists) }
        replyPrepared(stream)
    }

    /// Whether a reply of our own can be sent: nothing else was, and there is a request.
    mutating func mayReply(_ stream: Handle) -> Bool {
        streams[stream].flags.contains(.isHTTP)
            && !streams[stream].flags.contains(.hasAnswered)
    }

    /// Parts from the server and writes the reply that was put together, which then goes to the
    /// client.
    mutating func beginReplying(_ stream: Handle, status: Int) {
        let client = streams[stream].client
        // After our own reply the connection goes on where the request was read to its end.
        skipHeldBody(stream)
        if !hasLeftRequest(stream) { streams[stream].flags.remove(.clientPersists) }
        streams[stream].flags.remove(.serverPersists)
        leaveQueue(stream)
        if !streams[stream].server.isNone { keepServerFacts(stream) }
        finishServer(stream, keep: false)
        streams[stream].status = Int32(status)
        streams[stream].phase = .replying
        streams[stream].clientActivity = now
        // Interim responses on their way, perhaps sent in part, stay in front of the reply.
        var output = connections[client].outbound.take()
        if !output.hasStorage { output = buffers.take() }
        output.compact()
        let start = output.count
        if isTraced { explainReply(stream, status) }
        writePrepared(stream, to: &output)
        // What was no request meets no rules.
        if !streams[stream].flags.contains(.isBadRequest) {
            applyAfterRules(stream, &output, from: start)
        }
        connections[client].outbound = output
        driveReply(stream)
    }

    /// Writes our reply as far as the client takes it.
    mutating func driveReply(_ stream: Handle) {
        let client = streams[stream].client
        if connections[client].flags.contains(.failed) {
            end(stream, client: .abort)
            return
        }
        let count = connections[client].outbound.count
        if count > 0 && connections[client].flags.contains(.writable) {
            switch connections[client].sendOutbound() {
            case .bytes(let sent):
                streams[stream].bytesToClient &+= UInt64(sent)
                streams[stream].clientActivity = now
                streams[stream].flags.insert(.hasAnswered)
                if sent < count { connections[client].flags.remove(.writable) }
            case .wouldBlock:
                connections[client].flags.remove(.writable)
            case .failed:
                end(stream, client: .abort)
                return
            }
        }
        if connections[client].outbound.isEmpty {
            buffers.give(connections[client].outbound.take())
            end(stream, client: streams[stream].flags.contains(.clientPersists) ? .keep : .close)
        } else if watchBoth(stream) {
            armTimer(stream)
        }
    }

    // MARK: The end

    /// Ends a stream.
    mutating func end(_ stream: Handle, client fate: ClientFate) {
        leaveQueue(stream)
        // The line tells what is left: its own place is given back, its bytes are counted.
        leaveBackend(stream)
        let grant = takeServer(stream)
        count(stream)
        if streams[stream].flags.contains(.isLogged) { countTrackedBytes(stream) }
        // Made while the server's connection is there, sent when it is free again.
        let line = makeEndLine(stream)
        finishServer(stream, keep: fate == .keep || fate == .close)
        if let grant { announce(grant, stream) }
        send(line, of: stream)
        releasePipe(stream, 0)
        releasePipe(stream, 1)
        buffers.give(streams[stream].head.take())
        leaveRequest(stream)
        buffers.give(streams[stream].tarpitReply.take())
        buffers.give(streams[stream].tarpitBody.take())
        releaseExtras(of: stream)
        forgetRequest(stream)
        lineBuffers.give(streams[stream].requestLine.take())
        let client = streams[stream].client
        let session = streams[stream].session
        let isDrained = hasLeftRequest(stream)
        let isRelay = !streams[stream].flags.contains(.isHTTP)
        if isTraced { explainEnd(client, hasLeft: isDrained && !isRelay) }
        release(program: streams[stream].program)
        streams.remove(stream)
        connections[client].stream = .none
        sessions[session].idleSince = now
        // Bytes that still come would turn the close into a reset that destroys the reply.
        let mayReset =
            !isDrained || !connections[client].inbound.isEmpty || hasUnread(client)
        switch fate {
        case .keep where isDrained && !(isStopping && closing.isOver(now)): awaitNext(client)
        case .keep, .close:
            let isEnded = connections[client].flags.contains(.readClosed)
            if mayReset && !isRelay && !isEnded {
                beginLinger(client)
            } else {
                closeClient(client)
            }
        case .abort: closeClient(client)
        case .drop:
            connections[client].descriptor.vanishOnClose()
            closeClient(client)
        }
    }

    /// Whether a client has sent more than was read. One that is not watched has to be asked.
    private mutating func hasUnread(_ client: Handle) -> Bool {
        let flags = connections[client].flags
        if flags.contains(.readable) { return true }
        return !flags.contains(.isWatched) && !connections[client].descriptor.isQuiet()
    }

    /// Whether the request has left the client's buffer to its last byte, so that what follows
    /// there is the next request.
    mutating func hasLeftRequest(_ stream: Handle) -> Bool {
        streams[stream].flows[0].isComplete && streams[stream].flows[0].cleared == 0
            && streams[stream].flows[0].inPipe == 0
    }

    /// The client connection waits for its next request, which may be here already.
    private mutating func awaitNext(_ client: Handle) {
        if connections[client].inbound.isEmpty {
            if connections[client].inbound.hasStorage {
                buffers.give(connections[client].inbound.take())
            }
        } else {
            let session = connections[client].session
            sessions[session].firstByteAt = now
        }
        waitForRequest(client)
        let mayRead = connections[client].flags.contains(.readable)
        if mayRead || !connections[client].inbound.isEmpty {
            postpone(client)
        } else if !watch(client) {
            closeClient(client)
        }
    }

    /// Parts from the server: the connection is pooled or closed, the slot given back.
    private mutating func finishServer(_ stream: Handle, keep: Bool) {
        let server = streams[stream].server
        if !server.isNone {
            streams[stream].server = .none
            countDisuse(connections[server].serverIdentity)
            let entry = programs[streams[stream].program]
                .servers[Int(streams[stream].serverIndex)]
            if keep && mayPool(stream, server, entry) {
                retire(stream, server, entry)
            } else {
                let proxy = programs[streams[stream].program].proxies[Int(entry.proxy)]
                if proxy.options.contains(.noLingerServer) {
                    connections[server].descriptor.resetOnClose()
                }
                closeServerConnection(server)
            }
        }
        releaseServer(stream)
    }

    private mutating func mayPool(_ stream: Handle, _ server: Handle, _ entry: ServerEntry) -> Bool
    {
        guard streams[stream].flags.contains(.serverPersists),
            streams[stream].phase == .responding,
            streams[stream].flows[0].isDelivered, streams[stream].flows[1].isDelivered,
            connections[server].inbound.isEmpty, connections[server].outbound.isEmpty
        else { return false }
        if connections[server].flags.contains(.readable) {
            // The last read may have left bytes whose event has passed: nobody asked for them.
            guard connections[server].descriptor.isQuiet() else { return false }
            connections[server].flags.remove(.readable)
        }
        let flags = connections[server].flags
        if !flags.isDisjoint(with: [.readClosed, .failed, .peerEnded, .connecting]) {
            return false
        }
        if entry.maxReuse >= 0 && Int(connections[server].served) > Int(entry.maxReuse) {
            return false
        }
        return !isStopping
    }

    /// Puts a server connection away for later requests.
    private mutating func retire(_ stream: Handle, _ server: Handle, _ entry: ServerEntry) {
        connections[server].flags.remove(.isReused)
        connections[server].scanned = 0
        let proxy = programs[streams[stream].program].proxies[Int(entry.proxy)]
        if proxy.reuse == .never || streams[stream].flags.contains(.isPrivate) {
            if watch(server) {
                keepPrivate(server, for: streams[stream].session)
            } else {
                closeServerConnection(server)
            }
        } else {
            pool(server, server: entry)
        }
    }

    // MARK: Counting

    private mutating func leaveBackend(_ stream: Handle) {
        guard streams[stream].flags.contains(.isInBackend) else { return }
        let entry = programs[streams[stream].program].proxies[Int(streams[stream].backend)]
        unsafe entry.backend._withUnsafeGuaranteedRef { backend in
            _ = backend.connections.subtract(1, ordering: .relaxed)
        }
    }

    /// Adds a stream to the counters of its frontend, backend and server.
    private mutating func count(_ stream: Handle) {
        let program = streams[stream].program
        let front = programs[program].proxies[Int(streams[stream].frontend)].frontendCounters
        count(stream, streams[stream].status, into: front, hasTimes: false)
        let session = streams[stream].session
        if sessions[session].countsListener {
            countBytes(stream, into: listenerCounters(session))
        }
        let backend = streams[stream].backend
        if backend >= 0 {
            let back = programs[program].proxies[Int(backend)].backendCounters
            count(stream, streams[stream].status, into: back, hasTimes: true)
        }
        let server = streams[stream].serverIndex
        if server >= 0 {
            let counters = programs[program].servers[Int(server)].counters
            // Of a server it is its own answer that counts, whatever rules have made of it.
            let own = Int32(streams[stream].serverStatus)
            count(stream, own, into: counters, hasTimes: true)
            if streams[stream].flags.contains(.isHTTP) { counters.add(.requests) }
        }
    }

    private mutating func count(
        _ stream: Handle, _ status: Int32, into counters: CounterSlice, hasTimes: Bool
    ) {
        countBytes(stream, into: counters)
        if streams[stream].flags.contains(.isHTTP) {
            switch status {
            case 200..<300: counters.add(.responses2xx)
            case 300..<400: counters.add(.responses3xx)
            case 400..<500: counters.add(.responses4xx)
            case 500..<600: counters.add(.responses5xx)
            case 100..<200: counters.add(.responses1xx)
            case -1: break
            default: counters.add(.responsesOther)
            }
        }
        guard hasTimes else { return }
        addTime(counters, .queueMilliseconds, .queueMillisecondsMax, waitTime(stream))
        addTime(counters, .connectMilliseconds, .connectMillisecondsMax, connectTime(stream))
        addTime(counters, .responseMilliseconds, .responseMillisecondsMax, responseTime(stream))
        addTime(
            counters, .totalMilliseconds, .totalMillisecondsMax,
            Int(now &- streams[stream].firstByteAt))
        counters.add(.timedStreams)
    }

    /// Adds the bytes that are not counted yet.
    private mutating func countBytes(_ stream: Handle, into counters: CounterSlice) {
        counters.add(.bytesIn, streams[stream].flows[0].bytes &- streams[stream].countedIn)
        counters.add(.bytesOut, streams[stream].bytesToClient &- streams[stream].countedOut)
    }

    /// Counts what streams of frontends with `option contstats` have moved so far.
    mutating func countBytesSoFar() {
        for index in 0..<streams.highWater {
            guard let stream = streams.handle(at: index) else { continue }
            let program = streams[stream].program
            let front = programs[program].proxies[Int(streams[stream].frontend)]
            guard front.options.contains(.continuousStats) else { continue }
            countBytes(stream, into: front.frontendCounters)
            let session = streams[stream].session
            if sessions[session].countsListener {
                countBytes(stream, into: listenerCounters(session))
            }
            let backend = streams[stream].backend
            if backend >= 0 {
                countBytes(
                    stream, into: programs[program].proxies[Int(backend)].backendCounters)
            }
            let server = streams[stream].serverIndex
            if server >= 0 {
                countBytes(stream, into: programs[program].servers[Int(server)].counters)
            }
            countTrackedBytes(stream)
            streams[stream].countedIn = streams[stream].flows[0].bytes
            streams[stream].countedOut = streams[stream].bytesToClient
        }
    }

    private mutating func addTime(
        _ counters: CounterSlice, _ sum: CounterKind, _ most: CounterKind, _ value: Int
    ) {
        guard value > 0 else { return }
        counters.add(sum, UInt64(value))
        counters.raise(most, to: UInt64(value))
    }

    /// Counts a connection that could not be made to any server.
    mutating func countConnectionError(_ stream: Handle) {
        let program = streams[stream].program
        let backend = streams[stream].backend
        if backend >= 0 {
            programs[program].proxies[Int(backend)].backendCounters.add(.connectionErrors)
        }
    }

    /// Counts a response that was missing, broken or late.
    mutating func countResponseError(_ stream: Handle) {
        let program = streams[stream].program
        let backend = streams[stream].backend
        let server = streams[stream].serverIndex
        if backend >= 0 {
            programs[program].proxies[Int(backend)].backendCounters.add(.responseErrors)
        }
        if server >= 0 { programs[program].servers[Int(server)].counters.add(.responseErrors) }
        if streams[stream].flags.contains(.isHTTP) { countTrackedFailure(stream) }
    }

    /// Counts a request that could not be used.
    mutating func countRequestError(_ stream: Handle) {
        countTrackedError(stream)
        programs[streams[stream].program].proxies[Int(streams[stream].frontend)]
            .frontendCounters.add(.requestErrors)
        let session = streams[stream].session
        if sessions[session].countsListener { listenerCounters(session).add(.requestErrors) }
    }

    /// Counts a request of a client that did not become a stream.
    ///
    /// - Parameter isLate: it was not the client's mistake, but its slowness.
    mutating func countRequestError(ofSession session: Handle, isLate: Bool = false) {
        countTrackedRequest(ofSession: session)
        if !isLate { countTrackedError(ofSession: session) }
        sessionEntry(session).frontendCounters.add(.requestErrors)
        if sessions[session].countsListener { listenerCounters(session).add(.requestErrors) }
    }

    /// This worker's counters of the listener a session came to.
    private mutating func listenerCounters(_ session: Handle) -> CounterSlice {
        // Safety: the live state keeps the listener for the life of the process.
        unsafe sessions[session].bind._withUnsafeGuaranteedRef {
            $0.counters.slice(worker: number)
        }
    }

    // MARK: Times, in milliseconds; -1 where the stage was not reached

    /// From the wish for a server to having one.
    mutating func waitTime(_ stream: Handle) -> Int {
        let queued = streams[stream].queuedAt
        guard queued != 0 else { return -1 }
        let assigned = streams[stream].assignedAt
        if assigned == 0 {
            return streams[stream].enqueuedAt != 0 ? Int(now &- queued) : -1
        }
        return Int(assigned &- queued)
    }

    /// From having a server to being connected.
    mutating func connectTime(_ stream: Handle) -> Int {
        let connected = streams[stream].connectedAt
        return connected == 0 ? -1 : Int(connected &- streams[stream].assignedAt)
    }

    /// From being connected to the response's head.
    mutating func responseTime(_ stream: Handle) -> Int {
        let response = streams[stream].responseAt
        return response == 0 ? -1 : Int(response &- streams[stream].connectedAt)
    }
}
