// What a worker does when it is told: messages, a new generation, stopping.

import Kernel
import Structures

extension Worker {
    /// Acts on one message.
    mutating func receive(_ message: WorkerMessage) {
        switch message {
        case .adopt(let number, let address, let frontend, let bind, let bindIndex):
            adopt(
                Descriptor(owning: number), from: address, frontend: frontend, bind: bind,
                bindIndex: bindIndex)
        case .granted(let stream, let ordinal, let backend):
            granted(stream, ordinal: ordinal, backend: backend)
        case .assign(let stream):
            assignAgain(stream)
        case .turned(let barrier):
            barrier.pass()
        case .list(let listing):
            listing.add(describeSessions())
        case .shutdown(let shutdown):
            end(shutdown.choice)
        }
    }

    /// Takes up the generation in force: new streams use it, running ones keep theirs.
    mutating func adoptGeneration() {
        let generation = engine.generation
        epoch = generation.number
        if programs.isFull { endOldestGeneration() }
        let next = programs.insert(Program(generation, engine: engine, worker: number))
        guard let next else {
            preconditionFailure("a program's slot was just freed")
        }
        let old = program
        program = next
        leastCountedStatus = min(leastCountedStatus, programs[next].leastCountedStatus)
        measuresStreams = generation.configuration.measuresStreams
        if programs[old].users == 0 { programs.remove(old) }
    }

    /// So many generations are in use that the oldest must end, with the sessions that keep it.
    private mutating func endOldestGeneration() {
        var oldest = program
        for index in 0..<programs.highWater {
            guard let candidate = programs.handle(at: index), candidate != program else { continue }
            let number = programs[candidate].generation.number
            if oldest == program || number < programs[oldest].generation.number {
                oldest = candidate
            }
        }
        for index in 0..<connections.highWater {
            guard let client = connections.handle(at: index),
                !connections[client].isServerSide
            else { continue }
            let stream = connections[client].stream
            if !stream.isNone && streams[stream].program == oldest {
                streams[stream].termination = TerminationState(
                    cause: UInt8(ascii: "K"), state: UInt8(ascii: "D"))
                end(stream, client: .abort)
            } else if stream.isNone && sessions[connections[client].session].program == oldest {
                closeClient(client)
            }
        }
    }

    /// A session or stream no longer uses a program.
    mutating func release(program used: Handle) {
        programs[used].users &-= 1
        if programs[used].users == 0 && used != program { programs.remove(used) }
    }

    /// Soft stop: no new connections; idle ones end now, busy ones after their response, both over
    /// the time of `close-spread-time`.
    mutating func beginSoftStop() {
        isStopping = true
        let global = programs[program].generation.configuration.global
        closing = ClosingWindow(
            from: now, milliseconds: global.closeSpreadMilliseconds,
            seed: UInt64(truncatingIfNeeded: number))
        if closing.isOver(now) {
            for index in 0..<connections.highWater {
                guard let client = client(at: index) else { continue }
                let stream = connections[client].stream
                if stream.isNone {
                    closeIdleClient(client)
                } else {
                    streams[stream].flags.remove(.clientPersists)
                }
            }
        } else {
            nextSweep = min(nextSweep, now &+ 20)
        }
        purgePools()
    }

    /// Closes idle clients by chance, until the window is over.
    mutating func closeSomeIdle() {
        let interval: UInt64 = 20
        nextSweep = min(nextSweep, now &+ interval)
        for index in 0..<connections.highWater {
            guard let client = client(at: index), connections[client].stream.isNone,
                closing.closesIdle(now, interval: interval)
            else { continue }
            closeIdleClient(client)
        }
    }

    /// Closes a client that has sent nothing of a request, unless `option idle-close-on-response`
    /// lets it send one.
    private mutating func closeIdleClient(_ client: Handle) {
        guard connections[client].inbound.isEmpty else { return }
        let options = sessionEntry(connections[client].session).options
        if !options.contains(.idleCloseOnResponse) { closeClient(client) }
    }

    private mutating func client(at index: Int) -> Handle? {
        guard let connection = connections.handle(at: index),
            !connections[connection].isServerSide
        else { return nil }
        return connection
    }

    /// Hard stop: every connection is closed.
    mutating func closeEverything() {
        isStopping = true
        watchListeners()
        for index in 0..<connections.highWater {
            guard let connection = connections.handle(at: index),
                !connections[connection].isServerSide
            else { continue }
            let stream = connections[connection].stream
            if stream.isNone {
                closeClient(connection)
            } else {
                streams[stream].termination = TerminationState(
                    cause: UInt8(ascii: "K"), state: UInt8(ascii: "D"))
                end(stream, client: .abort)
            }
        }
        purgePools()
        engine.loads.set(number, .max)
        for message in mailbox.close() { engine.giveBack(message) }
        listeners = []
    }

    // MARK: Sessions

    private mutating func describeSessions() -> [SessionDescription] {
        var all: [SessionDescription] = []
        for index in 0..<streams.highWater {
            if let stream = streams.handle(at: index) { all.append(describe(stream)) }
        }
        return all
    }

    private mutating func describe(_ stream: Handle) -> SessionDescription {
        let session = streams[stream].session
        let program = streams[stream].program
        let server = streams[stream].serverIndex
        let connection = streams[stream].server
        return SessionDescription(
            number: streams[stream].number, worker: number,
            clientAddress: sessions[session].clientAddress,
            frontend: Int(streams[stream].frontend), backend: Int(streams[stream].backend),
            server: server >= 0 ? Int(programs[program].servers[Int(server)].position) : -1,
            isHTTP: streams[stream].flags.contains(.isHTTP),
            ageMilliseconds: Int(now &- sessions[session].acceptedAt),
            clientIdleMilliseconds: Int(now &- streams[stream].clientActivity),
            serverIdleMilliseconds: Int(now &- streams[stream].serverActivity),
            phase: "\(streams[stream].phase)", bytesIn: streams[stream].flows[0].bytes,
            bytesOut: streams[stream].bytesToClient,
            clientDescriptor: connections[streams[stream].client].descriptor.number,
            serverDescriptor: connection.isNone ? -1 : connections[connection].descriptor.number,
            retries: Int(streams[stream].retries))
    }

    private mutating func end(_ choice: SessionShutdown.Choice) {
        for index in 0..<streams.highWater {
            guard let stream = streams.handle(at: index), matches(stream, choice) else { continue }
            streams[stream].termination = TerminationState(
                cause: UInt8(ascii: "K"), state: UInt8(ascii: "D"))
            end(stream, client: .abort)
        }
    }

    private mutating func matches(_ stream: Handle, _ choice: SessionShutdown.Choice) -> Bool {
        switch choice {
        case .number(let wanted): return streams[stream].number == wanted
        case .server(let backend, let server):
            let index = Int(streams[stream].serverIndex)
            guard index >= 0 else { return false }
            let program = streams[stream].program
            let entry = programs[program].servers[index]
            let proxy = programs[program].generation.configuration.proxies[Int(entry.proxy)]
            return proxy.name == backend && proxy.servers[Int(entry.position)].name == server
        }
    }
}
