// Driving a stream: one entry for events of either side, timers and postponed work. Here also the
// tunnel, in which bytes flow both ways until both sides have ended: TCP mode, CONNECT, upgrades.

import Kernel
import Structures

extension Worker {
    /// Begins the stream of a TCP client.
    mutating func beginRelay(_ client: Handle) {
        guard let stream = makeStream(client, flags: []) else {
            closeClient(client)
            return
        }
        streams[stream].headAt = now
        logStep(stream, .accept)
        let frontend = Int(streams[stream].frontend)
        if hasRequestRules(programs[program].proxies[frontend], program) {
            dropMessage()
            // What the client has sent with its connection is there for the first rule.
            driveAnalysis(stream)
            return
        }
        let target = programs[program].proxies[frontend].defaultBackend
        if target < 0 {
            streams[stream].termination = TerminationState(
                cause: UInt8(ascii: "S"), state: UInt8(ascii: "C"))
            end(stream, client: .close)
            return
        }
        if programs[program].proxies[Int(target)].isHTTP {
            enter(stream, backend: target)
            return upgrade(stream)
        }
        streams[stream].flows[Direction.request.rawValue].framing = .untilClose
        streams[stream].flows[Direction.response.rawValue].framing = .untilClose
        enter(stream, backend: target)
        assignServer(stream)
    }

    /// Makes a stream for a client; nil when there is no room.
    mutating func makeStream(_ client: Handle, flags: StreamFlags) -> Handle? {
        let session = connections[client].session
        // Safety: as stated for `process`; so in the other places that use it.
        let number = unsafe process._withUnsafeGuaranteedRef {
            $0.streams.add(1, ordering: .relaxed).newValue
        }
        let frontend = sessions[session].frontend
        let stream = streams.insert(
            Stream(
                number: number, client: client, session: session,
                program: sessions[session].program, frontend: frontend, flags: flags, now: now))
        guard let stream else { return nil }
        connections[client].stream = stream
        programs[sessions[session].program].users &+= 1
        streams[stream].flags.formUnion(
            programs[sessions[session].program].proxies[Int(frontend)].streamFlags)
        streams[stream].idleMilliseconds = now &- sessions[session].idleSince
        return stream
    }

    /// Counts a stream into its backend.
    mutating func enter(_ stream: Handle, backend: Int32) {
        if isTraced { explainBackend(stream, backend) }
        streams[stream].backend = backend
        streams[stream].flags.insert(.isInBackend)
        if backend != streams[stream].frontend { leaveSettings(stream) }
        let entry = programs[streams[stream].program].proxies[Int(backend)]
        entry.backendCounters.add(.sessions)
        entry.backendCounters.tick(.sessions, now: now)
        unsafe entry.backend._withUnsafeGuaranteedRef { backend in
            let present = backend.connections.add(1, ordering: .relaxed).newValue
            if present > backend.connectionsMax.load(ordering: .relaxed) {
                backend.connectionsMax.store(present, ordering: .relaxed)
            }
        }
    }

    /// Goes on with a stream as far as its sockets allow.
    mutating func drive(_ stream: Handle) {
        switch streams[stream].phase {
        case .analysing: driveAnalysis(stream)
        case .analysingResponse: driveResponseAnalysis(stream)
        case .tarpitting: driveTarpit(stream)
        case .awaitingRequest: driveUpgrade(stream)
        case .queued, .turnaround: driveWaiting(stream)
        case .connecting: driveConnecting(stream)
        case .awaitingResponse: driveExchange(stream)
        case .responding: driveResponse(stream)
        case .tunnel: driveTunnel(stream)
        case .replying: driveReply(stream)
        }
    }

    /// Moves bytes both ways until both directions are delivered.
    mutating func driveTunnel(_ stream: Handle) {
        // A side whose own direction is over may still fail; nothing would be read to notice.
        if streams[stream].flows[0].isDelivered,
            connections[streams[stream].client].flags.contains(.failed)
        {
            abort(stream, causedByClient: true)
            return
        }
        if streams[stream].flows[1].isDelivered,
            connections[streams[stream].server].flags.contains(.failed)
        {
            abort(stream, causedByClient: false)
            return
        }
        guard tunnel(stream, .request) else { return }
        if awaitsJudgement(stream) {
            switch judgeRelay(stream) {
            case .passed: break
            case .waiting:
                if watchBoth(stream) { armTimer(stream) }
                return
            case .ended: return
            }
        }
        if !streams[stream].flags.contains(.serverIsStored)
            && !streams[stream].flags.contains(.isHTTP)
        {
            storeServer(ofRelay: stream)
        }
        guard tunnel(stream, .response) else { return }
        // The first direction may have gone on because the second made room.
        let isDone =
            streams[stream].flows[0].isDelivered && streams[stream].flows[1].isDelivered
        if isDone {
            end(stream, client: .close)
        } else {
            armTimer(stream)
        }
    }

    /// One direction of a tunnel; false when the stream ended.
    private mutating func tunnel(_ stream: Handle, _ direction: Direction) -> Bool {
        if streams[stream].flows[direction.rawValue].isDelivered { return true }
        let sink = direction == .request ? streams[stream].server : streams[stream].client
        switch pump(stream, direction) {
        case .waiting:
            return watchBoth(stream)
        case .again:
            postpone(streams[stream].client)
            return watchBoth(stream)
        case .delivered, .truncated:
            // Half-close is passed on; the other direction goes on.
            if !connections[sink].flags.contains(.writeClosed) {
                connections[sink].descriptor.shutdownSending()
                connections[sink].flags.insert(.writeClosed)
            }
            return true
        case .sourceFailed:
            abort(stream, causedByClient: direction == .request)
            return false
        case .sinkFailed:
            // What a server said before it would hear no more may wait in its socket, and the
            // poller's word of it may be still to come.
            if direction == .request && !streams[stream].flows[1].isDelivered {
                connections[sink].flags.insert(.readable)
                _ = pump(stream, .response)
            }
            abort(stream, causedByClient: direction == .response)
            return false
        case .invalid:
            preconditionFailure("a tunnel has no framing")
        }
    }

    /// Ends a tunnel or a body because one side failed.
    mutating func abort(_ stream: Handle, causedByClient: Bool) {
        countAbort(stream, ofClient: causedByClient)
        streams[stream].termination = TerminationState(
            cause: UInt8(ascii: causedByClient ? "C" : "S"), state: UInt8(ascii: "D"))
        end(stream, client: .abort)
    }

    /// Counts an end that came from one side before its time.
    mutating func countAbort(_ stream: Handle, ofClient: Bool) {
        let program = streams[stream].program
        let kind: CounterKind = ofClient ? .clientAborts : .serverAborts
        programs[program].proxies[Int(streams[stream].frontend)].frontendCounters.add(kind)
        let backend = streams[stream].backend
        if backend >= 0 { programs[program].proxies[Int(backend)].backendCounters.add(kind) }
        let server = streams[stream].serverIndex
        if server >= 0 { programs[program].servers[Int(server)].counters.add(kind) }
    }

    /// Makes sure events of both sides arrive; false when the stream had to be ended.
    mutating func watchBoth(_ stream: Handle) -> Bool {
        let server = streams[stream].server
        if server.isNone || watch(server) {
            if mayRestUnwatched(stream) { return true }
            if watch(streams[stream].client) { return true }
        }
        streams[stream].termination = TerminationState(
            cause: UInt8(ascii: "R"), state: UInt8(ascii: "D"))
        end(stream, client: .abort)
        return false
    }

    /// Whether nothing is wanted of the client until the response comes. A client that leaves with
    /// its response need not be watched at all; one whose response is slow is, from the next sweep
    /// on, so that its reset is noticed.
    private mutating func mayRestUnwatched(_ stream: Handle) -> Bool {
        let client = streams[stream].client
        let phase = streams[stream].phase
        guard phase == .awaitingResponse || phase == .connecting,
            streams[stream].flows[0].isDelivered || streams[stream].flows[0].framing == .none,
            streams[stream].flags.contains(.isHTTP),
            !streams[stream].flags.contains(.clientPersists),
            connections[client].outbound.isEmpty,
            connections[client].flags.isDisjoint(with: [.isWatched, .readable]),
            connections[client].flags.contains(.writable), unwatched.count < 16384,
            !programs[streams[stream].program].proxies[Int(streams[stream].backend)].options
                .contains(.abortOnClose)
        else { return false }
        if !connections[client].flags.contains(.restsUnwatched) {
            connections[client].flags.insert(.restsUnwatched)
            unwatched.append(client)
        }
        return true
    }

    /// Watches the clients that rest unwatched and still wait.
    mutating func watchUnwatched() {
        let waiting = unwatched
        unwatched.removeAll(keepingCapacity: true)
        for client in waiting where connections.isLive(client) {
            connections[client].flags.remove(.restsUnwatched)
            let stream = connections[client].stream
            if !stream.isNone && !watch(client) {
                streams[stream].termination = TerminationState(
                    cause: UInt8(ascii: "R"), state: UInt8(ascii: "H"))
                end(stream, client: .abort)
            }
        }
    }
}
