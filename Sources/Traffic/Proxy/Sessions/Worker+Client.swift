// A client connection: events, reading, waiting between requests, and its end.

import Bytes
import HTTP
import Kernel
import Structures

extension Worker {
    /// An event of the poller. Late events of recycled slots are dropped here.
    mutating func handle(_ connection: Handle, _ events: PollEvents) {
        guard connections.isLive(connection) else { return }
        var flags = connections[connection].flags
        if !events.isDisjoint(with: [.readable, .peerEnded, .hangUp, .error]) {
            flags.insert(.readable)
        }
        if events.contains(.writable) { flags.insert(.writable) }
        if !events.isDisjoint(with: [.peerEnded, .hangUp]) { flags.insert(.peerEnded) }
        if events.contains(.error) {
            flags.formUnion([.failed, .writable])
            connections[connection].note(.polled)
        }
        connections[connection].flags = flags
        if flags.contains(.isPooled) {
            if flags.contains(.readable) { pooledBecameReadable(connection) }
            return
        }
        let stream = connections[connection].stream
        if !stream.isNone, streams[stream].flags.contains(.isNice) {
            return postpone(streams[stream].client)
        }
        resume(connection)
    }

    /// Goes on with whatever a connection is part of.
    mutating func resume(_ connection: Handle) {
        if measuresStreams {
            measure(connection) { worker in worker.goOn(connection) }
        } else {
            goOn(connection)
        }
    }

    private mutating func goOn(_ connection: Handle) {
        let stream = connections[connection].stream
        if !stream.isNone {
            streams[stream].calls &+= 1
            drive(stream)
        } else if connections[connection].flags.contains(.isLingering) {
            linger(connection)
        } else if !connections[connection].isServerSide {
            readRequest(connection)
        }
    }

    /// Adds the time that `body` takes to the stream that the connection then has.
    mutating func measure(_ connection: Handle, _ body: (inout Worker) -> Void) {
        let begun = Clock.monotonic().nanoseconds
        body(&self)
        guard connections.isLive(connection) else { return }
        let stream = connections[connection].stream
        if stream.isNone { return }
        streams[stream].workNanoseconds &+= Clock.monotonic().nanoseconds &- begun
        streams[stream].delayNanoseconds &+= begun &- min(turnBegan, begun)
    }

    /// Registers a connection with the poller, once. False when the kernel refuses.
    @inline(__always)
    mutating func watch(_ connection: Handle) -> Bool {
        connections[connection].flags.contains(.isWatched) || register(connection)
    }

    @inline(never)
    private mutating func register(_ connection: Handle) -> Bool {
        do {
            try poller.add(
                connections[connection].descriptor.number, .stream, data: connection.word)
            connections[connection].flags.insert(.isWatched)
            return true
        } catch {
            return false
        }
    }

    /// A new client: a TCP relay begins at once, an HTTP client's request is awaited.
    mutating func beginClient(_ client: Handle) {
        let session = connections[client].session
        let frontend = sessions[session].frontend
        if programs[program].proxies[Int(frontend)].isHTTP {
            waitForRequest(client)
            readRequest(client)
        } else {
            beginRelay(client)
        }
    }

    /// Arms the timer under which the next request must come.
    mutating func waitForRequest(_ client: Handle) {
        let session = connections[client].session
        let entry = sessionEntry(session)
        var milliseconds = entry.client
        let begun = sessions[session].firstByteAt
        var since = now
        if begun != 0 || sessions[session].requests == 0 {
            // `timeout http-request` covers the head from its first byte, or from the accept.
            if entry.httpRequest != 0 {
                milliseconds = entry.httpRequest
                since = begun != 0 ? begun : sessions[session].acceptedAt
            }
        } else if entry.httpKeepAlive != 0 {
            milliseconds = entry.httpKeepAlive
        } else if entry.httpRequest != 0 {
            milliseconds = entry.httpRequest
        }
        if milliseconds == 0 {
            timers.cancel(client.index)
        } else {
            timers.set(client.index, deadline: since &+ UInt64(milliseconds))
        }
    }

    /// The proxy entry of a session's frontend, in the program the session belongs to.
    @inline(__always)
    mutating func sessionEntry(_ session: Handle) -> ProxyEntry {
        programs[sessions[session].program].proxies[Int(sessions[session].frontend)]
    }

    /// Reads and parses until a request begins, nothing more comes, or the connection ends.
    mutating func readRequest(_ client: Handle) {
        while true {
            if connections[client].inbound.count > Int(connections[client].scanned) {
                switch parseRequest(client) {
                case .taken: return
                case .incomplete: break
                }
            }
            guard connections[client].flags.contains(.readable) else { break }
            if !connections[client].inbound.hasStorage {
                connections[client].inbound = buffers.take()
            } else if connections[client].inbound.room == 0 {
                connections[client].inbound.compact()
            }
            switch receive(client) {
            case .bytes:
                noteFirstByte(client)
            case .wouldBlock:
                break
            case .ended:
                clientEnded(client, failed: false)
                return
            case .failed:
                clientEnded(client, failed: true)
                return
            }
        }
        if connections[client].inbound.isEmpty && connections[client].inbound.hasStorage {
            buffers.give(connections[client].inbound.take())
        }
        if !watch(client) { closeClient(client) }
    }

    /// Reads once into a connection's `inbound` and keeps the readable flag true to the socket.
    mutating func receive(_ connection: Handle, atMost limit: Int = .max) -> ReadResult {
        let room = min(limit, connections[connection].inbound.room)
        let result = connections[connection].receiveInbound(atMost: room)
        switch result {
        case .bytes(let count):
            // A short read means drained, unless the peer's end is still to be read.
            if count < room && !connections[connection].flags.contains(.peerEnded) {
                connections[connection].flags.remove(.readable)
            }
        case .wouldBlock:
            connections[connection].flags.remove(.readable)
        case .ended:
            connections[connection].flags.remove(.readable)
            connections[connection].flags.insert(.readClosed)
        case .failed:
            connections[connection].flags.remove(.readable)
            connections[connection].flags.formUnion([.readClosed, .failed])
        }
        return result
    }

    private mutating func noteFirstByte(_ client: Handle) {
        let session = connections[client].session
        let isFirst = sessions[session].firstByteAt == 0
        if isFirst { sessions[session].firstByteAt = now }
        // Without `timeout http-request` it is the client's inactivity that counts.
        if isFirst || sessionEntry(session).httpRequest == 0 { waitForRequest(client) }
    }

    /// The client ended its connection between requests, or inside a head.
    private mutating func clientEnded(_ client: Handle, failed: Bool) {
        let session = connections[client].session
        let hasBytes = !connections[client].inbound.isEmpty
        if hasBytes || sessions[session].requests == 0 {
            // Who only connects counts for nothing where that is said of probes.
            if hasBytes || !sessionEntry(session).options.contains(.ignoreProbes) {
                countRequestError(ofSession: session)
                // Who has only said that nothing more comes may still listen.
                if failed {
                    logBadRequest(client, status: 400, cause: UInt8(ascii: "C"))
                } else {
                    refuse(client, status: 400, cause: UInt8(ascii: "C"))
                }
                return
            }
        }
        closeClient(client)
    }

    /// The timer of a client connection fired: what is due depends on what it is doing.
    mutating func timerFired(_ client: Handle) {
        let stream = connections[client].stream
        if !stream.isNone {
            streams[stream].calls &+= 1
            streamTimedOut(stream)
        } else if connections[client].flags.contains(.isLingering) {
            closeClient(client)
        } else {
            requestTimedOut(client)
        }
    }

    /// No complete request came in time: 408 where a byte came or none was ever asked, silence on a
    /// connection that merely stayed idle.
    private mutating func requestTimedOut(_ client: Handle) {
        let session = connections[client].session
        let isIdle = sessions[session].requests > 0 && connections[client].inbound.isEmpty
        let entry = sessionEntry(session)
        let isProbe = entry.options.contains(.ignoreProbes) && connections[client].inbound.isEmpty
        if isIdle || isProbe {
            closeClient(client)
            return
        }
        countRequestError(ofSession: session, isLate: true)
        refuse(client, status: 408, cause: UInt8(ascii: "c"))
    }

    /// Ends a client connection that has no stream.
    mutating func closeClient(_ client: Handle) {
        let session = connections[client].session
        let entry = sessionEntry(session)
        timers.cancel(client.index)
        if connections[client].flags.contains(.isCorked) {
            // What waits for the FIN must be on its way before anything can turn the close into a
            // reset.
            connections[client].descriptor.shutdownSending()
        }
        if entry.options.contains(.noLingerClient) {
            connections[client].descriptor.resetOnClose()
        }
        dropPrivate(session)
        releaseExtras(ofSession: session)
        buffers.give(connections[client].inbound.take())
        buffers.give(connections[client].outbound.take())
        unsafe entry.frontend._withUnsafeGuaranteedRef { frontend in
            frontend.endConnection()
        }
        let isCounted = sessions[session].countsListener
        unsafe sessions[session].bind._withUnsafeGuaranteedRef { bind in
            bind.leavePlace()
            if isCounted { bind.counted.subtract(1, ordering: .relaxed) }
        }
        unsafe process._withUnsafeGuaranteedRef { $0.endConnection() }
        release(program: sessions[session].program)
        sessions.remove(session)
        connections.remove(client)
        clients &-= 1
        engine.loads.set(number, clients)
        if isAcceptingPaused {
            // Room again: look at the listeners in the next sweep, which is now due.
            acceptPausedUntil = min(acceptPausedUntil, now)
            for index in listeners.indices { listeners[index].pausedUntil = 0 }
            nextSweep = now
        }
    }

    /// Closes a client after a reply it may not have read to the end of: the sending side is shut
    /// and what still comes is thrown away for a while, so that no reset destroys the reply.
    mutating func beginLinger(_ client: Handle) {
        connections[client].flags.insert(.isLingering)
        connections[client].inbound.removeAll()
        connections[client].descriptor.shutdownSending()
        connections[client].flags.insert(.writeClosed)
        timers.set(client.index, deadline: now &+ 1000)
        linger(client)
    }

    private mutating func linger(_ client: Handle) {
        if !connections[client].inbound.hasStorage {
            connections[client].inbound = buffers.take()
        }
        var budget = 16
        while connections[client].flags.contains(.readable) && budget > 0 {
            budget &-= 1
            connections[client].inbound.removeAll()
            switch receive(client) {
            case .bytes, .wouldBlock: continue
            case .ended, .failed:
                closeClient(client)
                return
            }
        }
        buffers.give(connections[client].inbound.take())
        if connections[client].flags.contains(.readable) {
            postpone(client)
        } else if !watch(client) {
            closeClient(client)
        }
    }
}

extension Connection {
    /// One read into `inbound`, which has room.
    @inline(__always)
    mutating func receiveInbound(atMost limit: Int) -> ReadResult {
        let result = descriptor.receive(into: &inbound, atMost: limit)
        if case .failed(let error) = result { note(error) }
        return result
    }

    /// One write from `outbound`.
    @inline(__always)
    mutating func sendOutbound(more: Bool = false) -> WriteResult {
        let result = descriptor.send(from: &outbound, length: outbound.count, more: more)
        if case .failed(let error) = result { note(error) }
        return result
    }
}
