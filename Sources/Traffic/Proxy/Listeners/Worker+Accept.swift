// Accepting: a bounded batch each time, limits before a byte is read, and busier workers hand
// over to the least loaded one.

import CLinux
import Kernel
import Structures
import Synchronization

/// A listening socket as a worker watches it.
struct WatchedListener {
    let socket: ListenerSocket
    let live: FrontendLive
    /// Names the entry in events, so that entries can come and go.
    let number: Int
    /// Index of the frontend in the program in force.
    var frontend: Int32
    /// Any worker may take its connections (no `thread` was given).
    let mayHandOver: Bool
    let bind: BindLive
    /// Not watched before this tick, because its limit was reached; 0 when it was not.
    var pausedUntil: UInt64 = 0
    /// Registered with the poller now.
    var isWatched = false
    /// Belongs to the generation in force.
    var isPresent = true
}

extension Worker {
    /// Watches the listeners that may accept and stops watching those that may not.
    mutating func watchListeners() {
        let generation = programs[program].generation
        for index in listeners.indices { listeners[index].isPresent = false }
        for socket in generation.listeners { present(socket) }
        for index in listeners.indices {
            let listener = listeners[index]
            let isPaused = listener.pausedUntil > now
            if isPaused { isAcceptingPaused = true } else { listeners[index].pausedUntil = 0 }
            let wanted =
                !isPaused && listener.isPresent && !isStopping && acceptPausedUntil == 0
                && !listener.live.isPaused.load(ordering: .relaxed)
                && !listener.live.isStopped.load(ordering: .relaxed)
            if wanted == listener.isWatched { continue }
            if wanted {
                guard listener.socket.beginWatch() else { continue }
                do {
                    try poller.add(
                        listener.socket.number, [.readable, .exclusive],
                        data: EventWord.listener(listener.number))
                } catch {
                    // No memory for it now: the sweep tries again.
                    listener.socket.endWatch()
                    isAcceptingPaused = true
                    continue
                }
            } else {
                try? poller.remove(listener.socket.number)
                listener.socket.endWatch()
            }
            listeners[index].isWatched = wanted
        }
        listeners.removeAll { !$0.isPresent && !$0.isWatched }
    }

    /// Makes an entry for a socket of the present generation, or finds the one it has.
    private mutating func present(_ socket: ListenerSocket) {
        let live = live.frontend(socket.frontend)
        let frontend = programs[program].frontendOfIdentity[Int(live.identity)]
        guard frontend >= 0 else { return }
        // `thread`: the listener may be meant for other workers.
        let proxy = programs[program].generation.configuration.proxies[Int(frontend)]
        if socket.bindIndex < proxy.binds.count {
            let threads = proxy.binds[socket.bindIndex].threads
            if !threads.isEmpty && !threads.contains(number &+ 1) { return }
        }
        if let known = listeners.firstIndex(where: { $0.socket === socket }) {
            listeners[known].isPresent = true
            listeners[known].frontend = frontend
        } else {
            listeners.append(
                WatchedListener(
                    socket: socket, live: live, number: nextListener, frontend: frontend,
                    mayHandOver: socket.bindIndex >= proxy.binds.count
                        || proxy.binds[socket.bindIndex].threads.isEmpty,
                    bind: live.bind(socket.bindIndex, port: socket.address.port)))
            nextListener &+= 1
        }
    }

    /// Accepts a batch from a listener.
    mutating func accept(_ name: Int) {
        guard let index = listeners.firstIndex(where: { $0.number == name }),
            listeners[index].isWatched
        else { return }
        let batch = tuning.maxAccept < 0 ? 256 : max(1, tuning.maxAccept)
        let number = listeners[index].socket.number
        let frontend = listeners[index].frontend
        for _ in 0..<batch {
            guard workerHasRoom(), takeProcessPlace() else {
                pauseAccepting(milliseconds: 20)
                return
            }
            guard takeProcessRate() else {
                unsafe process._withUnsafeGuaranteedRef { $0.leavePlace() }
                pauseAccepting(milliseconds: 20)
                return
            }
            guard takeRate(frontend) else {
                giveRatesBack(nil)
                unsafe process._withUnsafeGuaranteedRef { $0.leavePlace() }
                pause(index, milliseconds: 20)
                return
            }
            guard takePlace(index) else {
                giveRatesBack(frontend)
                unsafe process._withUnsafeGuaranteedRef { $0.leavePlace() }
                pause(index, milliseconds: 20)
                return
            }
            var address = RawSocketAddress()
            switch Descriptor.accept(number, from: &address) {
            case .accepted(let descriptor):
                welcome(descriptor, from: address, listener: index)
            case .wouldBlock:
                giveRatesBack(frontend)
                leavePlaces(listeners[index].live, listeners[index].bind)
                return
            case .failed(let error):
                giveRatesBack(frontend)
                leavePlaces(listeners[index].live, listeners[index].bind)
                // Out of descriptors or memory: let some end, then look again.
                if error.isExhaustion { pauseAccepting(milliseconds: 100) }
                return
            }
        }
    }

    /// Counts a session into the rate of the process; false when its limit is reached.
    private mutating func takeProcessRate() -> Bool {
        let limit = programs[program].sessionRate
        if limit == 0 { return true }
        return unsafe process._withUnsafeGuaranteedRef {
            $0.sessionRate.take(now: now, limit: limit)
        }
    }

    /// Counts a session into the rate of the frontend; false when its limit is reached.
    private mutating func takeRate(_ frontend: Int32) -> Bool {
        let entry = programs[program].proxies[Int(frontend)]
        guard entry.sessionRate > 0 else { return true }
        return unsafe entry.frontend._withUnsafeGuaranteedRef {
            $0.sessionRate.take(now: now, limit: entry.sessionRate)
        }
    }

    /// Takes a session back from the rates, of which the frontend's may not have counted it.
    private mutating func giveRatesBack(_ frontend: Int32?) {
        if programs[program].sessionRate > 0 {
            unsafe process._withUnsafeGuaranteedRef { $0.sessionRate.giveBack(now: now) }
        }
        guard let frontend else { return }
        let entry = programs[program].proxies[Int(frontend)]
        guard entry.sessionRate > 0 else { return }
        unsafe entry.frontend._withUnsafeGuaranteedRef { $0.sessionRate.giveBack(now: now) }
    }

    /// Whether this worker's tables have room for one more client.
    private mutating func workerHasRoom() -> Bool {
        if connections.isFull { closeOneIdle() }
        return !sessions.isFull && !connections.isFull
    }

    /// Takes a place under the limits of a listener's frontend and line, before the accept, so
    /// that workers together never accept more. False, and nothing taken, when there is none.
    private mutating func takePlace(_ index: Int) -> Bool {
        guard listeners[index].live.takePlace() else { return false }
        if listeners[index].bind.takePlace() { return true }
        listeners[index].live.leavePlace()
        return false
    }

    /// Gives back what an accept that gave nothing, or a client that found no room, had taken.
    private mutating func leavePlaces(_ frontend: FrontendLive, _ bind: BindLive) {
        bind.leavePlace()
        frontend.leavePlace()
        unsafe process._withUnsafeGuaranteedRef { $0.leavePlace() }
    }

    private mutating func takeProcessPlace() -> Bool {
        unsafe process._withUnsafeGuaranteedRef { $0.takePlace() }
    }

    /// Stops watching all listeners until a tick; the sweep or a closing client resumes.
    private mutating func pauseAccepting(milliseconds: UInt64) {
        acceptPausedUntil = now &+ milliseconds
        isAcceptingPaused = true
        nextSweep = min(nextSweep, acceptPausedUntil)
        processCounters.add(.refusedByLimit)
        watchListeners()
    }

    /// Stops watching one listener until a tick.
    private mutating func pause(_ index: Int, milliseconds: UInt64) {
        listeners[index].pausedUntil = now &+ milliseconds
        nextSweep = min(nextSweep, listeners[index].pausedUntil)
        processCounters.add(.refusedByLimit)
        watchListeners()
    }

    /// Takes an accepted connection in, or hands it to a worker that has much less to do.
    private mutating func welcome(
        _ descriptor: consuming Descriptor, from address: RawSocketAddress, listener index: Int
    ) {
        let listener = listeners[index]
        if engine.workers > 1 && listener.mayHandOver && !isStopping {
            let least = engine.loads.least()
            if least.worker != number && least.connections &+ 4 &+ least.connections / 8 < clients {
                engine.post(
                    .adopt(
                        descriptor: descriptor.surrender(), address: address,
                        frontend: listener.live, bind: listener.bind,
                        bindIndex: Int32(listener.socket.bindIndex)),
                    to: least.worker)
                return
            }
        }
        begin(
            descriptor, from: address, frontend: listener.frontend, bind: listener.bind,
            bindIndex: Int32(listener.socket.bindIndex))
    }

    /// Takes over a connection another worker accepted.
    mutating func adopt(
        _ descriptor: consuming Descriptor, from address: RawSocketAddress,
        frontend: FrontendLive, bind: BindLive, bindIndex: Int32
    ) {
        let identity = Int(frontend.identity)
        let known = programs[program].frontendOfIdentity
        guard identity < known.count, known[identity] >= 0 else {
            leavePlaces(frontend, bind)
            return
        }
        begin(
            descriptor, from: address, frontend: known[identity], bind: bind, bindIndex: bindIndex)
    }

    /// Begins a session.
    private mutating func begin(
        _ descriptor: consuming Descriptor, from address: RawSocketAddress, frontend: Int32,
        bind: BindLive, bindIndex: Int32
    ) {
        let isLocal = !address.isIP
        var flags: ConnectionFlags = [.readable, .writable]
        if isLocal { flags.insert(.isLocal) } else { prepareClient(descriptor, frontend) }
        // Safety: the live state keeps the bind line's object for the life of the process.
        let session = unsafe sessions.insert(
            Session(
                clientAddress: address.ip, isLocal: isLocal, frontend: frontend, program: program,
                bindIndex: bindIndex, bind: Unmanaged.passUnretained(bind), acceptedAt: now,
                idleSince: now,
                acceptedMicroseconds: Clock.calendarMicroseconds()))
        guard let session else {
            leavePlaces(frontendLive(frontend), bind)
            return
        }
        let client = connections.insert(Connection(descriptor: descriptor, flags: flags))
        guard let client else {
            sessions.remove(session)
            leavePlaces(frontendLive(frontend), bind)
            return
        }
        connections[client].session = session
        sessions[session].client = client
        programs[program].users &+= 1
        clients &+= 1
        engine.loads.set(number, clients)
        unsafe process._withUnsafeGuaranteedRef { $0.beginConnection() }
        unsafe programs[program].proxies[Int(frontend)].frontend._withUnsafeGuaranteedRef {
            $0.beginConnection()
        }
        if programs[program].proxies[Int(frontend)].options.contains(.socketStats) {
            sessions[session].countsListener = true
            bind.beginCounting(worker: number)
        }
        let entry = programs[program].proxies[Int(frontend)]
        entry.frontendCounters.add(.connections)
        if entry.ruleSteps & RuleSteps.ofSessions.rawValue != 0 && !admit(client) { return }
        entry.frontendCounters.add(.sessions)
        entry.frontendCounters.tick(.sessions, now: now)
        if entry.isLoggedAtAccept { logAccept(client) }
        if measuresStreams {
            measure(client) { worker in worker.beginClient(client) }
        } else {
            beginClient(client)
        }
    }

    /// The live state of a frontend of the program in force.
    private mutating func frontendLive(_ frontend: Int32) -> FrontendLive {
        // Safety: the live state keeps the frontend for the life of the process.
        unsafe programs[program].proxies[Int(frontend)].frontend.takeUnretainedValue()
    }

    /// Socket options for clients; TCP_NODELAY comes from the listening socket.
    private mutating func prepareClient(_ socket: borrowing Descriptor, _ frontend: Int32) {
        let options = programs[program].proxies[Int(frontend)].options
        if options.contains(.clientTCPKeepAlive) {
            socket.setOption(SOL_SOCKET, SO_KEEPALIVE, Int32(1))
        }
        if options.contains(.tcpSmartAccept) {
            socket.setOption(Int32(IPPROTO_TCP), TCP_QUICKACK, Int32(0))
        }
        if tuning.receiveBufferClientBytes > 0 {
            socket.setOption(SOL_SOCKET, SO_RCVBUF, Int32(tuning.receiveBufferClientBytes))
        }
        if tuning.sendBufferClientBytes > 0 {
            socket.setOption(SOL_SOCKET, SO_SNDBUF, Int32(tuning.sendBufferClientBytes))
        }
    }
}
