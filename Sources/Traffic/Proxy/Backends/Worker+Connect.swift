// A stream's server connection: from the idle pool or new, with retries and redispatch.

import Bytes
import CLinux
import Kernel
import Structures

extension Worker {
    /// Connects a stream to the server it holds.
    mutating func connectServer(_ stream: Handle) {
        let program = streams[stream].program
        let server = programs[program].servers[Int(streams[stream].serverIndex)]
        let isMarked = settings(of: stream).marksServer
        // A marked connection serves this stream alone.
        if isMarked { streams[stream].flags.remove(.serverPersists) }
        if streams[stream].flags.contains(.isHTTP), !isMarked, let idle = reusable(stream, server) {
            attachIdle(stream, idle, server)
            return
        }
        connectAnew(stream)
    }

    /// Connects a stream to the server it holds over a connection of its own.
    mutating func connectAnew(_ stream: Handle) {
        let program = streams[stream].program
        let server = programs[program].servers[Int(streams[stream].serverIndex)]
        streams[stream].attemptAt = now
        streams[stream].phase = .connecting
        guard let connection = open(stream, server) else {
            connectionFailed(stream, timedOut: false)
            return
        }
        attach(stream, connection, server)
        driveConnecting(stream)
    }

    /// An idle connection that `http-reuse` allows for this request.
    private mutating func reusable(_ stream: Handle, _ server: ServerEntry) -> Handle? {
        let entry = programs[streams[stream].program].proxies[Int(streams[stream].backend)]
        let isFirst = !streams[stream].flags.contains(.isNotFirst)
        let session = streams[stream].session
        if !sessions[session].privateServer.isNone, let own = takePrivate(session, server) {
            streams[stream].flags.insert(.isPrivate)
            return own
        }
        switch entry.reuse {
        case .never: return nil
        case .safe: return isFirst ? nil : takeIdle(server, provenOnly: false)
        case .aggressive: return takeIdle(server, provenOnly: isFirst)
        case .always: return takeIdle(server, provenOnly: false)
        }
    }

    private mutating func attachIdle(_ stream: Handle, _ idle: Handle, _ server: ServerEntry) {
        connections[idle].flags.formUnion([.isReused, .isProven, .writable])
        connections[idle].stream = stream
        connections[idle].served &+= 1
        if streams[stream].nameFieldAt > 0 { addServerName(stream) }
        keepHead(stream)
        if !connections[idle].flags.contains(.sendsAtOnce) && sendsTwice(stream) {
            connections[idle].flags.insert(.sendsAtOnce)
            if !server.isLocal { connections[idle].descriptor.setNoDelay() }
        }
        connections[idle].outbound = streams[stream].head.take()
        streams[stream].server = idle
        countUse(server)
        streams[stream].connectedAt = now
        streams[stream].attemptAt = now
        streams[stream].serverActivity = now
        server.counters.add(.reuses)
        programs[streams[stream].program].proxies[Int(streams[stream].backend)]
            .backendCounters.add(.reuses)
        streams[stream].phase = .awaitingResponse
        logStep(stream, .connect)
        drive(stream)
    }

    /// Opens a socket and begins connecting; nil when that failed at once.
    private mutating func open(_ stream: Handle, _ server: ServerEntry) -> Handle? {
        if connections.isFull { closeOneIdle() }
        let address = destination(stream, server)
        do {
            if isTraced { return try openExplained(stream, server, address) }
            let socket = try Descriptor.socket(
                family: address.family, type: Int32(SOCK_STREAM.rawValue))
            prepare(socket, stream, server)
            let isConnected = try socket.connect(to: address)
            var flags: ConnectionFlags = [.isServerSide, .writable]
            if server.isLocal { flags.insert(.isLocal) }
            if !isConnected { flags.insert(.connecting) }
            if sendsTwice(stream) { flags.insert(.sendsAtOnce) }
            return connections.insert(Connection(descriptor: socket, flags: flags))
        } catch {
            streams[stream].serverFault = ConnectionFault(error)
            return nil
        }
    }

    /// Socket options and the source address of a connection to a server.
    private mutating func prepare(
        _ socket: borrowing Descriptor, _ stream: Handle, _ server: ServerEntry
    ) {
        guard !server.isLocal else { return }
        if sendsTwice(stream) { socket.setNoDelay() }
        if streams[stream].flags.contains(.hasSettings) { markServer(socket, stream) }
        let options = programs[streams[stream].program].proxies[Int(server.proxy)].options
        if options.contains(.serverTCPKeepAlive) {
            socket.setOption(SOL_SOCKET, SO_KEEPALIVE, Int32(1))
        }
        // The head goes out as soon as the connection stands: the handshake's last packet can wait
        // for it.
        if options.contains(.tcpSmartConnect) || streams[stream].flags.contains(.isHTTP) {
            socket.setOption(Int32(IPPROTO_TCP), TCP_QUICKACK, Int32(0))
        }
        if tuning.receiveBufferServerBytes > 0 {
            socket.setOption(SOL_SOCKET, SO_RCVBUF, Int32(tuning.receiveBufferServerBytes))
        }
        if tuning.sendBufferServerBytes > 0 {
            socket.setOption(SOL_SOCKET, SO_SNDBUF, Int32(tuning.sendBufferServerBytes))
        }
        if server.hasSocketOptions { prepareSpecially(socket, stream, server) }
    }

    /// Whether a second write may follow while the first is not yet acknowledged, which the kernel
    /// must not hold back then. A head without a body is a single write, and a small one a single
    /// packet.
    private mutating func sendsTwice(_ stream: Handle) -> Bool {
        !streams[stream].flags.contains(.isHTTP)
            || !streams[stream].flags.isDisjoint(with: [.asksUpgrade, .isConnect])
            || streams[stream].flows[0].framing != .none || streams[stream].head.count > 1000
    }

    /// Options only some servers have: looked up in the configuration, off the usual path.
    private mutating func prepareSpecially(
        _ socket: borrowing Descriptor, _ stream: Handle, _ server: ServerEntry
    ) {
        let configuration = programs[streams[stream].program].generation.configuration
        let proxy = configuration.proxies[Int(server.proxy)]
        let configured = proxy.servers[Int(server.position)]
        if configured.tcpUserTimeoutMilliseconds > 0 {
            _ = socket.setUserTimeout(milliseconds: configured.tcpUserTimeoutMilliseconds)
        }
        if configured.usesFastOpen {
            socket.setOption(Int32(IPPROTO_TCP), MARTLET_TCP_FASTOPEN_CONNECT, Int32(1))
        }
        if let source = configured.source ?? proxy.source { bindSource(socket, source) }
    }

    private mutating func bindSource(_ socket: borrowing Descriptor, _ source: SourceConfiguration)
    {
        if let interface = source.interface {
            socket.bind(toDevice: interface)
        }
        socket.setOption(SOL_SOCKET, SO_REUSEADDR, Int32(1))
        guard let ports = source.ports else {
            // The port is chosen at connect, so that one port can serve several destinations.
            socket.setOption(Int32(IPPROTO_IP), MARTLET_IP_BIND_ADDRESS_NO_PORT, Int32(1))
            try? socket.bind(to: source.address)
            return
        }
        for port in ports {
            if (try? socket.bind(to: source.address.with(port: port))) != nil { return }
        }
    }

    /// The server's address, with the client's destination port where the configuration says so.
    mutating func destination(_ stream: Handle, _ server: ServerEntry) -> RawSocketAddress {
        let address = programs[streams[stream].program]
            .serverAddresses[Int(streams[stream].serverIndex)]
        guard server.usesClientPort || server.usesClientAddress || server.portOffset != 0 else {
            return address
        }
        let client = streams[stream].client
        guard var local = try? connections[client].descriptor.localAddress() else {
            return address
        }
        if let trace { local = RawSocketAddress(.ip(trace.destination)) }
        let replaced = withSubject(stream, isFinal: true) { $0.replacedDestination }
        if let replaced { local = RawSocketAddress(.ip(replaced)) }
        let base = server.usesClientAddress ? local : address
        let hasOwnPort = !server.usesClientPort && server.portOffset == 0
        if hasOwnPort { return base.with(port: address.port) }
        let port = Int32(local.port) &+ server.portOffset
        return base.with(port: UInt16(truncatingIfNeeded: port))
    }

    private mutating func attach(
        _ stream: Handle, _ connection: Handle, _ server: ServerEntry
    ) {
        connections[connection].stream = stream
        connections[connection].serverIdentity = server.identity
        // Safety: the live state keeps the server for the life of the process.
        unsafe connections[connection].serverLive = server.live
        connections[connection].poolEpoch = unsafe server.live._withUnsafeGuaranteedRef {
            $0.poolEpoch.load(ordering: .relaxed)
        }
        connections[connection].served = 1
        addServerName(stream)
        connections[connection].outbound = streams[stream].head.take()
        streams[stream].server = connection
        countUse(server)
        server.counters.add(.connects)
        programs[streams[stream].program].proxies[Int(streams[stream].backend)]
            .backendCounters.add(.connects)
    }

    /// Goes on with a stream whose connection is being made.
    mutating func driveConnecting(_ stream: Handle) {
        let server = streams[stream].server
        let flags = connections[server].flags
        if flags.contains(.failed) {
            if let error = connections[server].descriptor.takeSocketError() {
                connections[server].fault = ConnectionFault(error)
            }
            connectionFailed(stream, timedOut: false)
            return
        }
        if clientIsGone(stream) {
            streams[stream].termination = TerminationState(
                cause: UInt8(ascii: "C"), state: UInt8(ascii: "C"))
            countAbort(stream, ofClient: true)
            end(stream, client: .abort)
            return
        }
        if flags.contains(.connecting) {
            // Trying is cheaper than asking: on a socket that is connected by now the head goes
            // out, on one that is not the kernel says so.
            guard flags.contains(.writable) else {
                if watchBoth(stream) { armTimer(stream) }
                return
            }
            if !trySending(stream, server) { return }
        } else {
            serverConnected(stream, server)
        }
        let isHTTP = streams[stream].flags.contains(.isHTTP)
        streams[stream].phase = isHTTP ? .awaitingResponse : .tunnel
        if isHTTP { logStep(stream, .connect) } else { logEarly(stream) }
        drive(stream)
    }

    /// Sends the head on a socket that may not be connected yet. False: it is not, or it failed.
    private mutating func trySending(_ stream: Handle, _ server: Handle) -> Bool {
        if connections[server].outbound.isEmpty {
            // Nothing of ours to send: the poller's word is what tells.
            if connections[server].flags.contains(.isWatched) {
                if let error = connections[server].descriptor.takeSocketError() {
                    connections[server].note(error)
                    connectionFailed(stream, timedOut: false)
                    return false
                }
                serverConnected(stream, server)
                return true
            }
            connections[server].flags.remove(.writable)
            if watchBoth(stream) { armTimer(stream) }
            return false
        }
        switch connections[server].sendOutbound() {
        case .bytes:
            if !connections[server].outbound.isEmpty {
                connections[server].flags.remove(.writable)
            } else {
                buffers.give(connections[server].outbound.take())
            }
            serverConnected(stream, server)
            streams[stream].serverActivity = now
            return true
        case .wouldBlock:
            connections[server].flags.remove(.writable)
            if watchBoth(stream) { armTimer(stream) }
            return false
        case .failed:
            connectionFailed(stream, timedOut: false)
            return false
        }
    }

    /// The connection stands.
    mutating func serverConnected(_ stream: Handle, _ server: Handle) {
        connections[server].flags.remove(.connecting)
        streams[stream].connectedAt = now
        streams[stream].serverActivity = now
    }

    // MARK: Failure

    /// A connection could not be made: try again, elsewhere where allowed, or give up with 503.
    mutating func connectionFailed(_ stream: Handle, timedOut: Bool) {
        dropServerConnection(stream)
        let program = streams[stream].program
        let entry = programs[program].proxies[Int(streams[stream].backend)]
        let server = programs[program].servers[Int(streams[stream].serverIndex)]
        streams[stream].retries &+= 1
        let mayRetry = entry.retryOn.contains(.connectionFailure)
        guard streams[stream].retries <= retryLimit(of: stream, entry), mayRetry else {
            server.counters.add(.connectionErrors)
            countConnectionError(stream)
            streams[stream].retries &-= 1
            streams[stream].termination = TerminationState(
                cause: UInt8(ascii: timedOut ? "s" : "S"), state: UInt8(ascii: "C"))
            reply(stream, status: 503)
            return
        }
        if mayRedispatch(stream, entry) {
            redispatch(stream, Int(server.ordinal))
            return
        }
        server.counters.add(.retries)
        entry.backendCounters.add(.retries)
        if timedOut {
            connectServer(stream)
        } else {
            // A server that refuses at once is given a moment (turn-around).
            streams[stream].phase = .turnaround
            streams[stream].attemptAt = now
            if watchBoth(stream) { armTimer(stream) }
        }
    }

    /// Whether the next try goes to another server, if there is one. `option redispatch N`: every N
    /// retries, or the one N before the end when negative; every one of them where the request does
    /// not ask for a server, as in HAProxy.
    mutating func mayRedispatch(_ stream: Handle, _ entry: ProxyEntry) -> Bool {
        guard entry.options.contains(.redispatch), streams[stream].persistence != .forced else {
            return false
        }
        let (choices, movesFreely) = unsafe entry.backend._withUnsafeGuaranteedRef { backend in
            backend.order.withLock { ($0.choices, $0.movesFreely) }
        }
        guard choices > 1 else { return false }
        if movesFreely { return true }
        let interval = entry.redispatchAfter
        let retry = streams[stream].retries
        if interval > 0 { return retry % interval == 0 }
        let period = retryLimit(of: stream, entry) &+ 1 &+ (interval == 0 ? -1 : interval)
        return period > 0 ? retry % period == 0 : true
    }

    /// Gives the server up that failed and looks for another. What that counts as is known once a
    /// server was found (``noteRedispatch(_:_:)``).
    mutating func redispatch(_ stream: Handle, _ failed: Int) {
        releaseServer(stream)
        streams[stream].serverIndex = -1
        streams[stream].failedOrdinal = Int32(truncatingIfNeeded: failed)
        assignServer(stream, avoiding: failed)
    }

    /// After a redispatch a server was chosen: the same one again is but a retry.
    mutating func noteRedispatch(_ stream: Handle, chosen ordinal: Int) {
        let failed = Int(streams[stream].failedOrdinal)
        streams[stream].failedOrdinal = -1
        let program = streams[stream].program
        let entry = programs[program].proxies[Int(streams[stream].backend)]
        let kind: CounterKind = failed == ordinal ? .retries : .redispatches
        entry.backendCounters.add(kind)
        if failed != ordinal { streams[stream].flags.insert(.wasRedispatched) }
        // The failed one may have left with a later generation.
        if let index = serverIndex(entry.index, failed, program) {
            programs[program].servers[index].counters.add(kind)
        }
    }

    // MARK: Dead idle connections

    /// Sees to it that a request that may be asked twice (RFC 9110 §9.2.2) and has no body can be
    /// asked again when the idle connection it goes out on turns out to be dead.
    ///
    /// Bound: 1,024 blocks a worker; beyond that heads are not kept.
    private mutating func keepHead(_ stream: Handle) {
        streams[stream].headBytes = UInt32(truncatingIfNeeded: streams[stream].head.count)
        let mayRepeat =
            streams[stream].method.isIdempotent && streams[stream].flows[0].framing == .none
            && !streams[stream].flags.contains(.asksUpgrade) && buffers.inUse < 1024
        if mayRepeat {
            streams[stream].flags.insert(.keepsHead)
        } else {
            streams[stream].flags.remove(.keepsHead)
        }
    }

    /// The idle connection a request went out on ended without a byte of an answer: asks again over
    /// a new connection. False: the server may have acted on the request, or there were enough
    /// tries.
    ///
    /// Differs: HAProxy asks again only where `retry-on` says so, and closes the client's
    /// connection otherwise. `retry-on` without `conn-failure` keeps us from it, too.
    mutating func askAgain(_ stream: Handle) -> Bool {
        let program = streams[stream].program
        let entry = programs[program].proxies[Int(streams[stream].backend)]
        let server = streams[stream].server
        let isUnsent =
            !connections[server].outbound.isEmpty && connections[server].outbound.isWhole
        guard isUnsent || streams[stream].flags.contains(.keepsHead),
            streams[stream].retries < retryLimit(of: stream, entry),
            entry.retryOn.contains(.connectionFailure)
        else { return false }
        streams[stream].retries &+= 1
        entry.backendCounters.add(.retries)
        programs[program].servers[Int(streams[stream].serverIndex)].counters.add(.retries)
        dropServerConnection(stream)
        streams[stream].head.restore(Int(streams[stream].headBytes))
        streams[stream].flags.remove(.keepsHead)
        streams[stream].flows[0].isDelivered = false
        connectAnew(stream)
        return true
    }

    /// Turn-around is over.
    mutating func retryConnection(_ stream: Handle) { connectServer(stream) }

    /// Closes the server connection of a stream, keeping what was not sent for the next try.
    mutating func dropServerConnection(_ stream: Handle) {
        let server = streams[stream].server
        guard !server.isNone else { return }
        streams[stream].serverFault = connections[server].fault
        if !connections[server].outbound.isEmpty {
            streams[stream].head = connections[server].outbound.take()
        }
        countDisuse(connections[server].serverIdentity)
        closeServerConnection(server)
        streams[stream].server = .none
    }

    /// Makes room by closing the oldest idle server connection of any pool.
    mutating func closeOneIdle() {
        for identity in 0..<pools.count where !pools[identity].oldest.isNone {
            let oldest = pools[identity].oldest
            unpool(oldest)
            closeIdle(oldest)
            return
        }
    }
}
