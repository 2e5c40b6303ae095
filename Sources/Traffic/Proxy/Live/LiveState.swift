// What lives longer than a generation, kept by identity (proxy name, server name): counters,
// server states and weights, queues, current connections.

import Balancing
import Kernel
import Samples
import StickTables
import Synchronization

/// All runtime state of the process, by identity.
public final class LiveState: Sendable {
    private struct Registry {
        var frontends: [String: FrontendLive] = [:]
        var backends: [String: BackendLive] = [:]
        var tables: [String: StickTable] = [:]
        var nextIdentity: UInt32 = 0

        mutating func takeIdentity() -> UInt32 {
            defer { nextIdentity += 1 }
            return nextIdentity
        }
    }

    private let registry = Mutex(Registry())
    /// How many workers write counters.
    public let workers: Int
    /// Figures of the whole process.
    public let process: ProcessLive
    /// The names of variables.
    public let variableNames: VariableNames
    /// The variables of the process, and the memory all variables take.
    public let variables: ProcessVariables

    public init(
        workers: Int, variableNames: VariableNames = VariableNames(),
        variableLimits: VariableLimits = VariableLimits()
    ) {
        self.workers = workers
        process = ProcessLive(workers: workers)
        self.variableNames = variableNames
        variables = ProcessVariables(names: variableNames, limits: variableLimits)
    }

    /// The frontend of that name, made when it is new.
    public func frontend(_ name: String) -> FrontendLive {
        registry.withLock { registry in
            if let known = registry.frontends[name] { return known }
            let made = FrontendLive(
                name: name, identity: registry.takeIdentity(), workers: workers)
            registry.frontends[name] = made
            return made
        }
    }

    /// The backend of that name, made when it is new.
    public func backend(_ name: String) -> BackendLive {
        registry.withLock { registry in
            if let known = registry.backends[name] { return known }
            let made = BackendLive(
                name: name, identity: registry.takeIdentity(), workers: workers)
            registry.backends[name] = made
            return made
        }
    }
}

/// Process-wide figures.
public final class ProcessLive: Sendable {
    /// Client connections open now.
    public let connections = Atomic<Int>(0)
    /// The most client connections there were at once.
    public let connectionsMax = Atomic<Int>(0)
    /// Those and what workers are about to accept: what is held against `maxconn`.
    let places = Atomic<Int>(0)
    /// `maxconn` in force.
    public let maxConnections = Atomic<Int>(0)
    /// Streams begun since the start; numbers streams.
    public let streams = Atomic<UInt64>(0)
    /// Sessions begun in the present second, for `maxconnrate` and `maxsessrate`.
    let sessionRate = RateWindow()
    /// What is counted of the process.
    public let counters: CounterTable
    /// When the process began.
    public let started = Clock.monotonic()
    /// The same in calendar microseconds.
    public let startedCalendarMicroseconds = Clock.calendarMicroseconds()

    /// How busy each worker is.
    let loops: [LoopGauge]

    init(workers: Int) {
        counters = CounterTable(workers: workers)
        loops = (0..<workers).map { _ in LoopGauge() }
    }
}

/// A frontend over generations.
public final class FrontendLive: Sendable {
    /// Its name in the configuration.
    public let name: String
    /// Its number in the process.
    public let identity: UInt32
    /// What is counted of it.
    public let counters: CounterTable
    /// Client connections open now.
    public let connections = Atomic<Int>(0)
    /// The most client connections there were at once.
    public let connectionsMax = Atomic<Int>(0)
    /// Those and what workers are about to accept: what is held against `maxconn`.
    let places = Atomic<Int>(0)
    /// `maxconn` in force; 0 means no limit of its own.
    public let maxConnections = Atomic<Int>(0)
    /// `disable frontend` and SIGTTOU: listening but not accepting.
    public let isPaused = Atomic<Bool>(false)
    /// `shutdown frontend` or a soft stop: no longer listening.
    public let isStopped = Atomic<Bool>(false)
    /// Sessions begun in the present second, for `rate-limit sessions`.
    let sessionRate = RateWindow()
    /// Lines logged so far, where a format shows how many.
    let loggedLines = Atomic<UInt64>(0)

    private struct BindKey: Hashable {
        var index: Int
        var port: UInt16
    }
    private struct Binds {
        var live: [BindKey: BindLive] = [:]
        /// `maxconn` of the lines.
        var limits: [Int] = []
    }
    private let workers: Int
    private let binds = Mutex(Binds())

    init(name: String, identity: UInt32, workers: Int) {
        self.name = name
        self.identity = identity
        self.workers = workers
        counters = CounterTable(workers: workers)
    }

    /// The live state of one port of a `bind` line, made when it is new.
    public func bind(_ index: Int, port: UInt16) -> BindLive {
        binds.withLock { binds in
            let key = BindKey(index: index, port: port)
            if let known = binds.live[key] { return known }
            let made = BindLive(workers: workers)
            let limit = index < binds.limits.count ? binds.limits[index] : 0
            made.maxConnections.store(limit, ordering: .relaxed)
            binds.live[key] = made
            return made
        }
    }

    /// Puts the limits of `bind` lines into force.
    func setLimits(_ limits: [Int]) {
        binds.withLock { binds in
            binds.limits = limits
            for (key, bind) in binds.live where key.index < limits.count {
                bind.maxConnections.store(limits[key.index], ordering: .relaxed)
            }
        }
    }

    /// Begins the largest values anew from the present ones, and all counters where asked to.
    public func clear(isAll: Bool) {
        connectionsMax.store(connections.load(ordering: .relaxed), ordering: .relaxed)
        if isAll { counters.clear() }
        for bind in binds.withLock({ Array($0.live.values) }) {
            bind.countedMax.store(bind.counted.load(ordering: .relaxed), ordering: .relaxed)
            if isAll { bind.counters.clear() }
        }
    }
}

/// One port of a `bind` line over generations: a listener.
public final class BindLive: Sendable {
    /// Client connections that came here and are open now.
    let connections = Atomic<Int>(0)
    /// `maxconn` of the line; 0 means no limit of its own.
    let maxConnections = Atomic<Int>(0)
    /// Open connections that `option socket-stats` counts.
    public let counted = Atomic<Int>(0)
    /// The most there were at once.
    public let countedMax = Atomic<Int>(0)
    /// What `option socket-stats` counts.
    public let counters: CounterTable

    init(workers: Int) { counters = CounterTable(workers: workers) }

    /// As of ``FrontendLive/takePlace()``.
    func takePlace() -> Bool { connections.take(under: maxConnections) }

    /// A connection, or a place nobody came for, is gone.
    func leavePlace() { connections.subtract(1, ordering: .relaxed) }

    /// A connection begins that is counted here.
    func beginCounting(worker: Int) {
        countedMax.raise(to: counted.add(1, ordering: .relaxed).newValue)
        let slice = counters.slice(worker: worker)
        slice.add(.connections)
        slice.add(.sessions)
    }
}

extension FrontendLive {
    /// Takes a place for a connection; false, and not taken, when the limit is reached.
    func takePlace() -> Bool { places.take(under: maxConnections) }

    /// Gives back a place nobody came for.
    func leavePlace() { places.subtract(1, ordering: .relaxed) }

    /// A connection has come into its place.
    func beginConnection() {
        connectionsMax.raise(to: connections.add(1, ordering: .relaxed).newValue)
    }

    /// A connection is gone, and its place is free.
    func endConnection() {
        connections.subtract(1, ordering: .relaxed)
        leavePlace()
    }
}

extension ProcessLive {
    /// Takes a place for a connection; false, and not taken, when the limit is reached.
    func takePlace() -> Bool { places.take(under: maxConnections) }

    /// Gives back a place nobody came for.
    func leavePlace() { places.subtract(1, ordering: .relaxed) }

    /// A connection has come into its place.
    func beginConnection() {
        connectionsMax.raise(to: connections.add(1, ordering: .relaxed).newValue)
    }

    /// A connection is gone, and its place is free.
    func endConnection() {
        connections.subtract(1, ordering: .relaxed)
        leavePlace()
    }
}

extension Atomic where Value == Int {
    /// Counts one more as long as there are fewer than the limit, in one step; a limit of 0 is
    /// none.
    fileprivate func take(under limit: borrowing Atomic<Int>) -> Bool {
        let most = limit.load(ordering: .relaxed)
        var known = load(ordering: .relaxed)
        while most == 0 || known < most {
            let (exchanged, original) = weakCompareExchange(
                expected: known, desired: known &+ 1, ordering: .relaxed)
            if exchanged { return true }
            known = original
        }
        return false
    }

    /// Keeps the largest value.
    fileprivate func raise(to value: Int) {
        var known = load(ordering: .relaxed)
        while known < value {
            let (exchanged, original) = weakCompareExchange(
                expected: known, desired: value, ordering: .relaxed)
            if exchanged { return }
            known = original
        }
    }
}

extension LiveState {
    /// Makes the live state fit a configuration: new names get state; limits and weights written
    /// there are taken over where nobody changed them at run time.
    ///
    /// Returns the queued streams that can be served now, each with its backend.
    func adopt(_ configuration: Configuration) -> [(BackendLive, QueueGrant)] {
        var granted: [(BackendLive, QueueGrant)] = []
        process.maxConnections.store(configuration.global.maxConnections, ordering: .relaxed)
        variables.limits = configuration.global.variableLimits
        variables.begin(with: configuration.startVariables)
        let now = Clock.calendarMicroseconds() / 1_000_000
        for (index, proxy) in configuration.proxies.enumerated() {
            if proxy.capability.contains(.frontend) {
                let frontend = frontend(proxy.name)
                frontend.maxConnections.store(proxy.maxConnections, ordering: .relaxed)
                frontend.setLimits(proxy.binds.map(\.maxConnections))
            }
            guard proxy.capability.contains(.backend) else { continue }
            let backend = backend(proxy.name)
            let grants = backend.order.withLock { order in
                order.adopt(
                    proxy, fullConnections: configuration.fullConnections(of: index),
                    nowSeconds: now
                ) { name, ordinal in
                    ServerLive(
                        name: name, ordinal: ordinal, identity: takeIdentity(), workers: workers)
                }
            }
            granted += grants.map { (backend, $0) }
        }
        return granted
    }

    /// The live tables of a configuration: those of before where they are declared as they were,
    /// else new ones. Tables that are declared no more are forgotten; generations that use them
    /// keep them.
    func tables(of configuration: Configuration) -> [StickTable] {
        registry.withLock { registry in
            let known = registry.tables
            registry.tables = [:]
            return configuration.tables.map { declared in
                let kept = known[declared.name].flatMap {
                    $0.configuration == declared.configuration ? $0 : nil
                }
                let table = kept ?? StickTable(declared.configuration)
                registry.tables[declared.name] = table
                return table
            }
        }
    }

    /// One past the highest identity handed out.
    var identities: Int { registry.withLock { Int($0.nextIdentity) } }

    private func takeIdentity() -> UInt32 { registry.withLock { $0.takeIdentity() } }
}
