// Finding a server for a stream: the balancer's choice, or a place in the queue; and giving the
// server back.

import Balancing
import Kernel
import Structures

extension Worker {
    /// What the backend's lock gave.
    private enum Found {
        case server(Int)
        /// The node, and the place in the queue, from 1.
        case queued(Int32, place: Int, growing: Bool)
        case queuedForServer(Int32, place: Int)
        case none
    }

    /// Chooses a server and connects to it, or queues the stream.
    ///
    /// - Parameter avoiding: ordinal of a server taken only when there is no other; -1 none.
    mutating func assignServer(_ stream: Handle, avoiding: Int = -1) {
        if isTraced { explainCandidates(stream) }
        let own = streams[stream].program
        let backend = streams[stream].backend
        let pin = avoiding < 0 ? Int(streams[stream].pinnedOrdinal) : -1
        let waiting = QueuedStream(
            worker: number, stream: stream, ordinal: -1,
            rank: QueueRank(streams[stream].queueRank).place(at: now))
        let isForced = isForced(stream)
        if streams[stream].queuedAt == 0 {
            // A relay has no request to wait for: its inspection counts as waiting, too.
            let isHTTP = streams[stream].flags.contains(.isHTTP)
            streams[stream].queuedAt = isHTTP ? now : streams[stream].firstByteAt
        }
        var preferred = -1
        let session = streams[stream].session
        if sessions[session].lastBackend == backend, avoiding < 0,
            programs[own].proxies[Int(backend)].options.contains(.preferLastServer)
                || !sessions[session].privateServer.isNone
        {
            // `option prefer-last-server`, or a connection of the session's own that waits there.
            preferred = Int(sessions[session].lastOrdinal)
        }
        let live = unsafe programs[own].proxies[Int(backend)].backend
        let found = unsafe live._withUnsafeGuaranteedRef { backend in
            backend.order.withLock { order -> Found in
                if order.isElastic {
                    order.follow(load: backend.connections.load(ordering: .relaxed), now: now)
                }
                switch order.assign(
                    avoiding: avoiding, preferring: preferred, pinned: pin, isForced: isForced)
                {
                case .server(let ordinal): return .server(ordinal)
                case .none: return .none
                case .pinned:
                    var waiting = waiting
                    waiting.ordinal = pin
                    let node = order.enqueue(waiting)
                    return .queuedForServer(node, place: order.servers[pin].queued)
                case .full:
                    let node = order.enqueue(waiting)
                    return .queued(node, place: order.queued, growing: order.isElastic)
                }
            }
        }
        switch found {
        case .server(let ordinal):
            serverChosen(stream, ordinal)
        case .queuedForServer(let node, let place):
            streams[stream].serverQueuePlace = Int32(truncatingIfNeeded: place)
            beginWaiting(stream, node)
            if watchBoth(stream) { armTimer(stream) }
        case .queued(let node, let place, let growing):
            streams[stream].backendQueuePlace = Int32(truncatingIfNeeded: place)
            beginWaiting(stream, node)
            // Safety: the live state keeps the backend for the life of the process.
            if growing { engine.serveWaiting(of: unsafe live.takeUnretainedValue(), now) }
            if watchBoth(stream) { armTimer(stream) }
        case .none:
            streams[stream].termination = TerminationState(
                cause: UInt8(ascii: "S"), state: UInt8(ascii: "C"))
            countConnectionError(stream)
            reply(stream, status: 503)
        }
    }

    /// Whether a server that something binds the stream to is taken whatever its state.
    @inline(__always)
    mutating func isForced(_ stream: Handle) -> Bool {
        streams[stream].persistence == .forced
            || programs[streams[stream].program].proxies[Int(streams[stream].backend)].options
                .contains(.persist)
    }

    private mutating func beginWaiting(_ stream: Handle, _ node: Int32) {
        streams[stream].queueNode = node
        streams[stream].flags.insert(.hasQueueEntry)
        streams[stream].enqueuedAt = now
        streams[stream].phase = .queued
    }

    /// The turn of a queued stream has come. A stream that ended meanwhile gives the slot back.
    mutating func granted(_ stream: Handle, ordinal: Int, backend: BackendLive) {
        guard streams.isLive(stream), streams[stream].flags.contains(.hasQueueEntry) else {
            engine.release(ordinal, of: backend)
            return
        }
        streams[stream].flags.remove(.hasQueueEntry)
        streams[stream].queueNode = -1
        serverChosen(stream, ordinal)
    }

    /// A server's slot is charged for the stream: note it and connect.
    private mutating func serverChosen(_ stream: Handle, _ ordinal: Int) {
        let program = streams[stream].program
        let backend = streams[stream].backend
        guard let index = serverIndex(backend, ordinal, program) else {
            serverIsUnknown(stream, ordinal)
            return
        }
        streams[stream].serverIndex = Int32(index)
        streams[stream].flags.insert(.holdsServer)
        streams[stream].assignedAt = now
        if streams[stream].failedOrdinal >= 0 { noteRedispatch(stream, chosen: ordinal) }
        let counters = programs[program].servers[index].counters
        let session = streams[stream].session
        sessions[session].lastBackend = backend
        sessions[session].lastOrdinal = Int32(truncatingIfNeeded: ordinal)
        counters.add(.sessions)
        counters.tick(.sessions, now: now)
        counters.add(.selections)
        programs[program].proxies[Int(backend)].backendCounters.add(.selections)
        connectServer(stream)
    }

    /// The server came with a later generation than the stream's: the stream moves on to that one.
    /// Where this worker has not taken it up yet, the stream looks again once it has. Where its
    /// frontend is gone there, it stays with the servers it knows.
    private mutating func serverIsUnknown(_ stream: Handle, _ ordinal: Int) {
        let isOld = streams[stream].program != program
        let hasMoved = isOld && follow(stream)
        if hasMoved {
            if serverIndex(streams[stream].backend, ordinal, program) != nil {
                serverChosen(stream, ordinal)
                return
            }
        }
        giveBack(stream, ordinal)
        if isOld && !hasMoved {
            if let known = knownServer(stream) {
                streams[stream].flags.remove(.clientPersists)
                serverChosen(stream, known)
                return
            }
            streams[stream].termination = TerminationState(
                cause: UInt8(ascii: "S"), state: UInt8(ascii: "C"))
            countConnectionError(stream)
            reply(stream, status: 503)
            return
        }
        streams[stream].phase = .queued
        streams[stream].flags.insert(.hasQueueEntry)
        streams[stream].queueNode = -1
        streams[stream].enqueuedAt = now
        engine.post(.assign(stream: stream), to: number)
        if watchBoth(stream) { armTimer(stream) }
    }

    /// Charges a server of the stream's own generation; nil when none of them may be used.
    private mutating func knownServer(_ stream: Handle) -> Int? {
        let program = streams[stream].program
        let entry = programs[program].proxies[Int(streams[stream].backend)]
        let first = Int(entry.firstServer)
        var ordinals: [Int] = []
        for index in first..<first &+ Int(entry.serverCount) {
            ordinals.append(Int(programs[program].servers[index].ordinal))
        }
        return unsafe entry.backend._withUnsafeGuaranteedRef { backend in
            backend.order.withLock { $0.assign(among: ordinals) }
        }
    }

    /// A stream that waited for the next generation looks for a server again.
    mutating func assignAgain(_ stream: Handle) {
        guard streams.isLive(stream), streams[stream].flags.contains(.hasQueueEntry) else {
            return
        }
        streams[stream].flags.remove(.hasQueueEntry)
        if streams[stream].program != program { _ = follow(stream) }
        assignServer(stream)
    }

    /// Moves a stream without a server, and its session, to the generation in force. False: the
    /// frontend or the backend is not there any more.
    private mutating func follow(_ stream: Handle) -> Bool {
        let old = streams[stream].program
        let session = streams[stream].session
        let front = programs[old].proxies[Int(streams[stream].frontend)]
        let backend = backendIndex(streams[stream].backend, of: old)
        let identity = Int(front.frontendIdentity)
        let known = programs[program].frontendOfIdentity
        guard backend >= 0, identity < known.count, known[identity] >= 0,
            programs[program].proxies[Int(known[identity])].isHTTP == front.isHTTP
        else { return false }
        if sessions[session].program == old { follow(session: session) }
        streams[stream].lastRule = -1
        streams[stream].waitingRule = -1
        streams[stream].frontend = known[identity]
        streams[stream].backend = backend
        keepTracked(stream: stream, in: program)
        streams[stream].program = program
        programs[program].users &+= 1
        release(program: old)
        return true
    }

    /// Where the generation in force has a backend of an earlier one; -1 nowhere.
    mutating func backendIndex(_ index: Int32, of old: Handle) -> Int32 {
        guard index >= 0 else { return -1 }
        let entry = programs[old].proxies[Int(index)]
        // Safety: addresses are compared, nothing is read through them.
        let wanted = unsafe entry.backend.toOpaque()
        for candidate in 0..<programs[program].proxies.count {
            let present = programs[program].proxies[candidate]
            // Every proxy has a backend's live state; only the same object is the same backend.
            if unsafe present.backend.toOpaque() == wanted {
                return present.isHTTP == entry.isHTTP ? Int32(candidate) : -1
            }
        }
        return -1
    }

    /// Where a program has the server of that ordinal; nil when it does not know it.
    mutating func serverIndex(_ backend: Int32, _ ordinal: Int, _ program: Handle) -> Int? {
        let first = Int(programs[program].proxies[Int(backend)].firstServer)
        let count = Int(programs[program].proxies[Int(backend)].serverCount)
        // Without a reload that changed the list, the ordinal is the position.
        if ordinal < count, programs[program].servers[first &+ ordinal].ordinal == Int32(ordinal) {
            return first &+ ordinal
        }
        for index in first..<first &+ count
        where programs[program].servers[index].ordinal == Int32(ordinal) { return index }
        return nil
    }

    /// Gives the stream's server back, if it holds one.
    mutating func releaseServer(_ stream: Handle) {
        if let grant = takeServer(stream) { announce(grant, stream) }
    }

    /// As ``releaseServer(_:)``, but who waits for the server is not told yet: that is returned.
    mutating func takeServer(_ stream: Handle) -> QueueGrant? {
        guard streams[stream].flags.contains(.holdsServer) else { return nil }
        streams[stream].flags.remove(.holdsServer)
        let server = programs[streams[stream].program].servers[Int(streams[stream].serverIndex)]
        let release = release(stream, Int(server.ordinal))
        streams[stream].serverConnections = Int32(truncatingIfNeeded: release.served)
        return release.grant
    }

    private mutating func giveBack(_ stream: Handle, _ ordinal: Int) {
        if let grant = release(stream, ordinal).grant { announce(grant, stream) }
    }

    private mutating func release(
        _ stream: Handle, _ ordinal: Int
    ) -> (grant: QueueGrant?, served: Int) {
        let entry = programs[streams[stream].program].proxies[Int(streams[stream].backend)]
        return unsafe entry.backend._withUnsafeGuaranteedRef { backend in
            backend.release(ordinal, now: now)
        }
    }

    /// Tells a stream that waits in the same backend that its turn has come.
    mutating func announce(_ grant: QueueGrant, _ stream: Handle) {
        let entry = programs[streams[stream].program].proxies[Int(streams[stream].backend)]
        // Safety: the live state keeps the backend for the life of the process.
        engine.announce(grant, of: unsafe entry.backend.takeUnretainedValue())
    }

    /// Takes the stream out of the queue, if it waits there.
    @inline(__always)
    mutating func leaveQueue(_ stream: Handle) {
        if streams[stream].flags.contains(.hasQueueEntry) { leavePlace(stream) }
    }

    @inline(never)
    private mutating func leavePlace(_ stream: Handle) {
        streams[stream].flags.remove(.hasQueueEntry)
        let node = streams[stream].queueNode
        let entry = programs[streams[stream].program].proxies[Int(streams[stream].backend)]
        unsafe entry.backend._withUnsafeGuaranteedRef { backend in
            // A grant that is already on its way finds the stream gone and gives the slot back.
            _ = backend.order.withLock { $0.dequeue(node, worker: number, stream) }
        }
    }

    /// No server became free in time.
    mutating func queueTimedOut(_ stream: Handle) {
        streams[stream].termination = TerminationState(
            cause: UInt8(ascii: "s"), state: UInt8(ascii: "Q"))
        countConnectionError(stream)
        reply(stream, status: 503)
    }

    /// A queued or resting stream had an event: only the client's going matters.
    mutating func driveWaiting(_ stream: Handle) {
        guard clientIsGone(stream) else { return }
        let state = UInt8(ascii: streams[stream].phase == .queued ? "Q" : "C")
        streams[stream].termination = TerminationState(cause: UInt8(ascii: "C"), state: state)
        countAbort(stream, ofClient: true)
        end(stream, client: .abort)
    }

    /// Whether the client has gone for good: its socket failed, or it ended and the configuration
    /// says that a half-closed client is not worth serving (`option abortonclose`).
    mutating func clientIsGone(_ stream: Handle) -> Bool {
        let client = streams[stream].client
        let flags = connections[client].flags
        if flags.contains(.failed) { return true }
        guard flags.contains(.peerEnded) else { return false }
        let backend = streams[stream].backend
        guard backend >= 0 else { return false }
        let entry = programs[streams[stream].program].proxies[Int(backend)]
        return entry.options.contains(.abortOnClose)
    }
}
