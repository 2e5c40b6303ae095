// One worker thread: its reactor and everything it owns. All traffic runs inside `run()`; nothing
// in here is touched by another thread except through the mailbox and the shared live state.

import Bytes
import CLinux
import HTTP
import Kernel
import Reactor
import Samples
import Structures

/// A worker.
@safe
struct Worker: ~Copyable {
    /// Number from 0.
    let number: Int
    /// What all workers share.
    let engine: Engine
    /// What outlives generations.
    let live: LiveState
    /// What other threads tell this worker.
    let mailbox: Mailbox<WorkerMessage>

    /// Says which sockets have become ready.
    var poller: Poller
    /// One timer for each connection, by its index.
    var timers: TimerWheel
    /// Connections whose work goes on in the next turn.
    var runQueue = RunQueue(reserve: 1024)
    /// Milliseconds of the monotonic clock, read once a turn.
    var now: UInt64
    /// The same in nanoseconds.
    var turnBegan: UInt64 = 0
    /// How long turns and waits take.
    var loop: LoopWindow
    /// What others know of it.
    ///
    /// Safety: the live state, which the worker holds, keeps the object.
    let gauge: Unmanaged<LoopGauge>
    /// Whether it is measured how long streams are worked on.
    var measuresStreams = false

    /// Clients and servers.
    var connections: Slab<Connection>
    /// One for each client connection.
    var sessions: Slab<Session>
    /// One for each exchange or relay.
    var streams: Slab<Stream>
    /// The generations in use, compiled.
    var programs: Slab<Program>
    /// The program of the generation in force.
    var program: Handle
    /// No status below counts as an error or a failure in any generation so far.
    var leastCountedStatus = 0
    /// Number of the generation in force here.
    var epoch: UInt32

    /// The listening sockets of this worker.
    var listeners: [WatchedListener] = []
    /// The name the next listener gets.
    var nextListener = 0
    /// Blocks of `tune.bufsize` bytes.
    var buffers: BufferPool
    /// Blocks for request lines kept for the log.
    var lineBuffers: BufferPool
    /// Idle server connections by server identity.
    var pools = FixedArray<IdlePool>(zeroed: 0)
    /// Pipes for splicing.
    var pipes = PipePool()
    /// The field lines of the head being parsed.
    var fields: FieldTable
    /// The head that rules look at.
    var message = MessageState()
    /// Heads of streams that wait in their rules.
    var heldMessages: Slab<HeldMessage>
    /// A reply that an action puts together: status line and fields, then the body.
    var replyHead = Buffer()
    /// As `replyHead`, the body.
    var replyBody = Buffer()
    /// The status of that reply, as it is logged and counted.
    var replyStatus = 0
    /// Whether that reply has the field with its body's length.
    var replyHasLength = false
    /// A reply of our own while `http-after-response` looks at it.
    var replySource = Buffer()
    /// Where samples are made.
    ///
    /// Safety: owned by the worker for life; a block of its own, so that expressions can use the
    /// worker meanwhile.
    let scratch: UnsafeMutablePointer<SampleScratch>
    /// Where texts are made out of formats; as `scratch`.
    let texts: UnsafeMutablePointer<SampleScratch>
    /// What was rendered last, in `texts`.
    var renderedText = Sample.boolean(false)
    /// Numbers for expressions that draw one.
    var random = RandomNumbers.seededBySystem()
    /// Where unique identifiers are made.
    var identifiers = IdentifierRoom()
    /// For which log line a format is rendered, if for one.
    var logOrigin = LogOrigin.unspecified
    /// Rules of connections run.
    var isAdmitting = false
    /// Dates of the local zone.
    var zone = LocalZone()
    /// The number of this process.
    let processID: Int32
    /// What the list of rules that runs has asked for; as `scratch`.
    let keptSamples: UnsafeMutablePointer<KeptSamples>
    /// What access lists need to match regular expressions; as `scratch`.
    let regularExpressions: UnsafeMutablePointer<RegularExpressionScratch>
    /// How deep access lists use each other at present.
    var listDepth = 0
    /// The world of converters.
    ///
    /// Safety: retained once, for the worker's life.
    let evaluation: Unmanaged<Evaluation>
    /// What streams with rules have beside themselves.
    var streamExtras: Slab<StreamExtras>
    /// As `streamExtras`, of sessions.
    var sessionExtras: Slab<SessionExtras>
    /// Extras that are ready to be used again.
    var freeStreamExtras: [Handle] = []
    /// As `freeStreamExtras`.
    var freeSessionExtras: [Handle] = []
    /// Whether somebody wants to know what rules do.
    var isTraced = false
    /// Who wants to know.
    var trace: RuleTrace?
    /// Clients that wait for their responses without being watched; seen to at the next sweep.
    var unwatched: [Handle] = []
    /// Client connections whose descriptors are open.
    var clients = 0
    /// Accepting is paused until this tick, for want of descriptors; 0 when it is not.
    var acceptPausedUntil: UInt64 = 0
    /// Some listener is not watched because a limit was reached.
    var isAcceptingPaused = false
    /// A soft stop is under way.
    var isStopping = false
    /// When clients that could go on are closed while stopping (`close-spread-time`).
    var closing = ClosingWindow()
    /// A hard stop was asked for.
    var mustStop = false
    /// Tick (milliseconds) of the next ``sweep()``.
    var nextSweep: UInt64 = 0
    /// When bytes of running streams are counted next, where that is asked for.
    var nextCount: UInt64 = 0
    /// `tune.*` of the first generation.
    let tuning: Tuning
    /// Whether splice(2) may be used.
    let usesSplice: Bool
    /// This worker's counters of the process.
    let processCounters: CounterSlice
    /// The process's figures, used for each stream without counting a reference.
    ///
    /// Safety: the live state, which the worker holds, keeps the object.
    let process: Unmanaged<ProcessLive>

    init(number: Int, engine: Engine) {
        self.number = number
        self.engine = engine
        live = engine.live
        mailbox = engine.mailboxes[number]
        let generation = engine.generation
        tuning = generation.configuration.global.tuning
        usesSplice = generation.configuration.global.usesSplice
        let limit = max(64, generation.configuration.global.maxConnections)
        do {
            poller = try Poller(batch: max(1, tuning.maxPollEvents))
            try poller.add(mailbox.number, [.readable, .edge], data: EventWord.mailbox)
        } catch {
            preconditionFailure("no poller for a worker: \(error.text)")
        }
        let started = Clock.monotonic()
        now = started.milliseconds
        loop = LoopWindow(at: started.nanoseconds)
        // Safety: the live state outlives every worker.
        unsafe gauge = Unmanaged.passUnretained(engine.live.process.loops[number])
        processID = ProcessID.own.number
        // A client and a server connection for each allowed connection, and some for the pools.
        let capacity = limit &* 2 &+ 64
        timers = TimerWheel(capacity: capacity, now: now)
        connections = Slab(capacity: capacity)
        sessions = Slab(capacity: limit &+ 64)
        streams = Slab(capacity: limit &+ 64)
        programs = Slab(capacity: engine.mostGenerations)
        buffers = BufferPool(blockBytes: tuning.bufferBytes, keepAtMost: 64)
        lineBuffers = BufferPool(blockBytes: max(64, tuning.logURIBytes), keepAtMost: 64)
        fields = FieldTable(capacity: max(1, tuning.maxHeaderFields &- 1))
        heldMessages = Slab(capacity: limit &+ 64)
        streamExtras = Slab(capacity: limit &+ 64)
        sessionExtras = Slab(capacity: limit &+ 64)
        // Safety: initialised here, freed in `deinit`.
        unsafe scratch = .allocate(capacity: 1)
        unsafe scratch.initialize(to: SampleScratch(valueLimit: tuning.bufferBytes))
        unsafe texts = .allocate(capacity: 1)
        unsafe texts.initialize(
            to: SampleScratch(valueLimit: max(tuning.bufferBytes, 65_536), capacity: 65_536))
        unsafe keptSamples = .allocate(capacity: 1)
        unsafe keptSamples.initialize(to: KeptSamples())
        unsafe regularExpressions = .allocate(capacity: 1)
        unsafe regularExpressions.initialize(to: RegularExpressionScratch())
        unsafe evaluation = Unmanaged.passRetained(Evaluation())
        pipes.most = Self.share(of: generation.configuration.global.maxPipes, engine.workers)
        // Safety: the live state outlives every worker.
        unsafe process = Unmanaged.passUnretained(engine.live.process)
        processCounters = engine.live.process.counters.slice(worker: number)
        epoch = generation.number
        guard let first = programs.insert(Program(generation, engine: engine, worker: number))
        else { preconditionFailure("a new slab has room") }
        program = first
        leastCountedStatus = programs[first].leastCountedStatus
        measuresStreams = generation.configuration.measuresStreams
        growPools(engine.live.identities &- 1)
    }

    deinit {
        // Safety: initialised in `init`, and used by this worker alone.
        unsafe scratch.deinitialize(count: 1)
        unsafe scratch.deallocate()
        unsafe texts.deinitialize(count: 1)
        unsafe texts.deallocate()
        unsafe keptSamples.deinitialize(count: 1)
        unsafe keptSamples.deallocate()
        unsafe regularExpressions.deinitialize(count: 1)
        unsafe regularExpressions.deallocate()
        unsafe evaluation.release()
    }

    /// One worker's share of a limit; 0 stays without limit.
    private static func share(of limit: Int, _ workers: Int) -> Int {
        limit == 0 ? .max : max(1, limit / workers)
    }

    /// Runs until the engine stops.
    mutating func run() {
        watchListeners()
        // What preparing took is no turn.
        loop = LoopWindow(at: Clock.monotonic().nanoseconds)
        while true {
            turn()
            if mustStop { break }
            if isStopping && sessions.count == 0 && runQueue.isEmpty { break }
        }
        closeEverything()
    }

    /// One turn of the loop: wait, dispatch, mail, timers, postponed work.
    mutating func turn() {
        // Safety: as said where it is declared.
        unsafe gauge._withUnsafeGuaranteedRef {
            loop.beginWait(at: Clock.monotonic().nanoseconds, $0)
        }
        let ready = poller.wait(milliseconds: patience())
        let instant = Clock.monotonic()
        // Safety: as above.
        unsafe gauge._withUnsafeGuaranteedRef { loop.beginTurn(at: instant.nanoseconds, $0) }
        now = instant.milliseconds
        turnBegan = instant.nanoseconds
        var hasMail = false
        for index in 0..<ready {
            let (events, data) = poller.event(at: index)
            if data == EventWord.mailbox {
                hasMail = true
            } else if let listener = EventWord.listener(data) {
                accept(listener)
            } else {
                handle(Handle(word: data), events)
            }
        }
        if hasMail { readMail() }
        expireTimers()
        runPostponed()
        if now >= nextSweep { sweep() }
    }

    /// Milliseconds the poller may wait.
    private mutating func patience() -> Int32 {
        if !runQueue.isEmpty { return 0 }
        var until = nextSweep
        if let deadline = timers.nextDeadline(), deadline < until { until = deadline }
        if until <= now { return 0 }
        return Int32(truncatingIfNeeded: min(until &- now, 60_000))
    }

    private mutating func expireTimers() {
        _ = timers.advance(to: now, limit: 1000)
        while let index = timers.popExpired() {
            if let connection = connections.handle(at: Int(index)) { timerFired(connection) }
        }
    }

    /// Takes up postponed work, as much as waited when the turn began.
    private mutating func runPostponed() {
        var budget = min(runQueue.count, max(1, tuning.runQueueDepth))
        while budget > 0, let connection = runQueue.pop() {
            budget &-= 1
            guard connections.isLive(connection) else { continue }
            connections[connection].flags.remove(.isScheduled)
            resume(connection)
        }
    }

    /// Puts a connection in the run queue, once.
    mutating func postpone(_ connection: Handle) {
        guard !connections[connection].flags.contains(.isScheduled) else { return }
        connections[connection].flags.insert(.isScheduled)
        runQueue.push(connection)
    }

    /// Work that is due now and then: idle pools, memory, listeners that may accept again.
    private mutating func sweep() {
        nextSweep = now &+ UInt64(max(100, tuning.idleTimerMilliseconds))
        if isAcceptingPaused {
            if acceptPausedUntil <= now { acceptPausedUntil = 0 }
            isAcceptingPaused = acceptPausedUntil != 0
            watchListeners()
            // What still rests is not to wait for the next ordinary sweep.
            if isAcceptingPaused { nextSweep = min(nextSweep, now &+ 20) }
        }
        if number == 0 && !programs[program].slowStarters.isEmpty {
            nextSweep = min(nextSweep, now &+ 1000)
            for backend in programs[program].slowStarters { engine.serveWaiting(of: backend, now) }
        }
        watchUnwatched()
        if number == 0 { sweepTables() }
        if isStopping && !closing.isOver(now) { closeSomeIdle() }
        if programs[program].countsContinuously && now >= nextCount {
            nextCount = now &+ 5000
            countBytesSoFar()
        }
        purgePools()
        if buffers.inUse == 0 && buffers.trim(keep: 4) > 0 {
            _ = malloc_trim(0)
        }
        trimPipes()
    }

    private mutating func readMail() {
        let messages = mailbox.takeAll()
        // The generation first: grants may name servers that came with it.
        if engine.epoch.load(ordering: .acquiring) != epoch { adoptGeneration() }
        for message in messages { receive(message) }
        if engine.mustStop.load(ordering: .relaxed) { mustStop = true }
        if !isStopping && engine.isStopping.load(ordering: .relaxed) { beginSoftStop() }
        watchListeners()
    }
}

/// What the user data of an event names, when it is not a connection.
enum EventWord {
    /// The mailbox.
    static var mailbox: UInt64 { .max }
    private static var listenerMark: UInt64 { 0xFFFF_FFFE }

    /// The word of the listener at an index.
    static func listener(_ index: Int) -> UInt64 { listenerMark &<< 32 | UInt64(index) }

    /// The index of a listener; nil when the word names something else.
    @inline(__always)
    static func listener(_ word: UInt64) -> Int? {
        word &>> 32 == listenerMark ? Int(word & 0xFFFF_FFFF) : nil
    }
}
