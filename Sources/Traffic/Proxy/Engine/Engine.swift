// The traffic side of the process: workers, the present generation, and what the control thread
// asks of them.

import Kernel
import Reactor
import StickTables
import Synchronization

/// One generation as the workers see it: the configuration, its listeners, and the live state its
/// names refer to. Immutable.
public final class Generation: Sendable {
    public let number: UInt32
    public let configuration: Configuration
    public let listeners: [ListenerSocket]
    /// The live tables, in the order of the configuration.
    public let tables: [StickTable]

    init(
        number: UInt32, configuration: Configuration, listeners: [ListenerSocket],
        tables: [StickTable]
    ) {
        self.tables = tables
        self.number = number
        self.configuration = configuration
        self.listeners = listeners
    }
}

/// Runs the workers and publishes generations to them.
public final class Engine: Sendable {
    public let live: LiveState
    let logging: any StreamLogging
    let mailboxes: [Mailbox<WorkerMessage>]
    /// Changes of maps and access lists.
    public let patterns: PatternEditor
    /// Streams and client connections each worker holds, for spreading accepted connections.
    let loads: WorkerLoads
    let current: Mutex<Generation>
    /// Number of the present generation; a worker compares it once a turn.
    let epoch: Atomic<UInt32>
    /// Set for a soft stop: workers end when they hold nothing more.
    let isStopping = Atomic<Bool>(false)
    /// Set for an immediate stop.
    let mustStop = Atomic<Bool>(false)
    let runningWorkers = Atomic<Int>(0)
    /// Generations that may be in use at once; another one ends the oldest.
    let mostGenerations: Int
    private let threads = Mutex<[WorkerThread]>([])
    private let whenStopped = Mutex<(@Sendable () -> Void)?>(nil)

    /// Prepares workers for a first generation; nothing runs until ``start()``.
    ///
    /// - Parameters:
    ///   - configuration: the first generation.
    ///   - listeners: its open sockets.
    ///   - logging: makes each worker's logger.
    ///   - workers: how many worker threads there will be, at least one.
    ///   - mostGenerations: how many generations may be in use at once, at least two; with one
    ///     more the sessions of the oldest are ended.
    public init(
        configuration: Configuration, listeners: [ListenerSocket], logging: any StreamLogging,
        workers: Int, mostGenerations: Int = 256
    ) throws(Errno) {
        precondition(workers > 0 && mostGenerations > 1)
        self.mostGenerations = mostGenerations
        live = LiveState(
            workers: workers, variableNames: configuration.variableNames,
            variableLimits: configuration.global.variableLimits)
        self.logging = logging
        var mailboxes: [Mailbox<WorkerMessage>] = []
        for _ in 0..<workers { mailboxes.append(try Mailbox()) }
        self.mailboxes = mailboxes
        let boxes = mailboxes
        patterns = PatternEditor(workers: workers) { barrier in
            for box in boxes where !box.post(.turned(barrier)) { barrier.pass() }
        }
        loads = WorkerLoads(workers: workers)
        let first = Generation(
            number: 1, configuration: configuration, listeners: listeners,
            tables: live.tables(of: configuration))
        current = Mutex(first)
        epoch = Atomic(1)
        _ = live.adopt(configuration)
    }

    /// Another engine over the same live state and generation, whose only worker serves nobody:
    /// for values that are worked out beside the traffic.
    init(beside engine: Engine, in generation: Generation) throws(Errno) {
        var configuration = generation.configuration
        configuration.global.threads = 1
        configuration.global.maxConnections = 16
        mostGenerations = 2
        live = engine.live
        logging = NoLogging()
        mailboxes = [try Mailbox()]
        patterns = PatternEditor(workers: 1) { $0.pass() }
        loads = WorkerLoads(workers: 1)
        current = Mutex(
            Generation(
                number: generation.number, configuration: configuration, listeners: [],
                tables: generation.tables))
        epoch = Atomic(generation.number)
        isStopping.store(engine.isStoppingNow, ordering: .relaxed)
    }

    /// The generation in force.
    public var generation: Generation { current.withLock { $0 } }

    /// The configuration in force.
    public var configuration: Configuration { generation.configuration }

    /// Whether a soft or hard stop is under way.
    public var isStoppingNow: Bool {
        isStopping.load(ordering: .relaxed) || mustStop.load(ordering: .relaxed)
    }

    /// How many workers there are.
    public var workers: Int { mailboxes.count }

    /// Starts the worker threads. Signals must be blocked in the calling thread, so that workers
    /// inherit that.
    ///
    /// - Parameter coresOfThread: for each worker (from 0) the cores it may run on; empty: any.
    public func start(coresOfThread: [[Int]] = []) {
        runningWorkers.store(workers, ordering: .sequentiallyConsistent)
        threads.withLock { threads in
            for number in 0..<workers {
                let cores = number < coresOfThread.count ? coresOfThread[number] : []
                threads.append(
                    WorkerThread.start(cores: cores) { [self] in
                        var worker = Worker(number: number, engine: self)
                        worker.run()
                        workerEnded()
                    })
            }
        }
    }

    /// Publishes the next generation: new streams use it, running ones keep theirs.
    ///
    /// Sockets that both generations name should be the same `ListenerSocket` objects; those the
    /// next one lacks are closed when no worker watches them any more.
    public func publish(_ configuration: Configuration, listeners: [ListenerSocket]) {
        let granted = live.adopt(configuration)
        let tables = live.tables(of: configuration)
        patterns.carryOver(from: self.configuration.patterns, to: configuration.patterns)
        current.withLock { generation in
            let kept = Set(listeners.map(ObjectIdentifier.init))
            for socket in generation.listeners where !kept.contains(ObjectIdentifier(socket)) {
                socket.retire()
            }
            let next = Generation(
                number: generation.number &+ 1, configuration: configuration,
                listeners: listeners, tables: tables)
            generation = next
            epoch.store(next.number, ordering: .releasing)
        }
        for (backend, grant) in granted { announce(grant, of: backend) }
        nudgeAll()
    }

    /// Soft stop: listening ends, streams go on, idle connections are closed.
    public func stopListening() {
        isStopping.store(true, ordering: .sequentiallyConsistent)
        for socket in generation.listeners { socket.retire() }
        nudgeAll()
    }

    /// Hard stop: everything ends now.
    public func stopNow() {
        mustStop.store(true, ordering: .sequentiallyConsistent)
        nudgeAll()
    }

    /// Pauses accepting on all frontends (SIGTTOU) or resumes it (SIGTTIN).
    public func setPaused(_ paused: Bool) {
        for proxy in configuration.proxies where proxy.capability.contains(.frontend) {
            live.frontend(proxy.name).isPaused.store(paused, ordering: .relaxed)
        }
        nudgeAll()
    }

    /// Makes workers look again at which listeners they watch, after a frontend was paused,
    /// resumed or stopped, or a limit was raised.
    public func listenersChanged() { nudgeAll() }

    /// Called once, from a worker's thread, when the last worker has ended.
    public func onStopped(_ body: @escaping @Sendable () -> Void) {
        whenStopped.withLock { $0 = body }
    }

    /// Waits until all worker threads have ended.
    public func join() {
        let all = threads.withLock { threads in
            let all = threads
            threads = []
            return all
        }
        for thread in all { thread.join() }
    }

    /// Leaves a message for a worker. One that has ended takes none: what the message carried is
    /// given back.
    func post(_ message: WorkerMessage, to worker: Int) {
        if !mailboxes[worker].post(message) { giveBack(message) }
    }

    /// Undoes what a message that nobody will read has promised.
    func giveBack(_ message: WorkerMessage) {
        switch message {
        case .adopt(let number, _, let frontend, let bind, _):
            Descriptor(owning: number).close()
            bind.leavePlace()
            frontend.leavePlace()
            live.process.leavePlace()
        case .granted(_, let ordinal, let backend):
            release(ordinal, of: backend)
        case .list(let listing):
            listing.add([])
        case .turned(let barrier):
            barrier.pass()
        case .assign, .shutdown:
            break
        }
    }

    /// Gives a server's slot back; a stream that was waiting for it is told.
    func release(_ ordinal: Int, of backend: BackendLive) {
        let release = backend.release(ordinal, now: Clock.monotonic().milliseconds)
        if let grant = release.grant { announce(grant, of: backend) }
    }

    /// Lets streams in for which limits that grow with load or time have made room.
    func serveWaiting(of backend: BackendLive, _ now: UInt64) {
        let grants = backend.order.withLock { order -> [QueueGrant] in
            if !order.isElastic { return [] }
            order.follow(load: backend.connections.load(ordering: .relaxed), now: now)
            return order.serveWaiting()
        }
        for grant in grants { announce(grant, of: backend) }
    }

    /// Tells a queued stream that its turn has come.
    func announce(_ grant: QueueGrant, of backend: BackendLive) {
        post(
            .granted(stream: grant.stream, ordinal: grant.ordinal, backend: backend),
            to: grant.worker)
    }

    private func nudgeAll() {
        for mailbox in mailboxes { mailbox.nudge() }
    }

    private func workerEnded() {
        let left = runningWorkers.subtract(1, ordering: .sequentiallyConsistent).newValue
        if left == 0, let body = whenStopped.withLock({ $0 }) { body() }
    }
}
