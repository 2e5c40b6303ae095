// What the lock of a backend protects: the balancer's order, each server's count of streams, and
// the queue of streams that wait for a free server.

import Balancing
import Kernel
import Structures

/// What a backend answers to a stream that needs a server.
public enum Assignment: Equatable, Sendable {
    /// The server with that ordinal; its slot is charged.
    case server(Int)
    /// Every usable server is full: wait in the queue.
    case full
    /// The one server that was asked for is full: wait for it.
    case pinned
    /// No server is usable.
    case none
}

/// The order of a backend, held behind its lock.
public struct BackendOrder: ~Copyable {
    /// By ordinal. A server that left the configuration keeps its place with slot -1.
    public private(set) var servers: [ServerOrder] = []
    /// The live servers by ordinal.
    public private(set) var live: [ServerLive] = []
    private var balancer: Balancer?
    private var algorithm = Algorithm.roundRobin
    private(set) var usesAllBackups = false
    /// Ordinal of each slot of the balancer.
    private var ordinals: [Int] = []
    private var queue = StreamQueue()
    /// Servers whose limit or weight follows the load or the time.
    private var elastic: [Int] = []
    /// Whether ``follow(load:now:)`` has to be told of the load and the time before a choice.
    private(set) var isElastic = false
    /// `fullconn` in force: streams in the backend at which `minconn` servers reach `maxconn`.
    public private(set) var fullConnections = 1
    /// What weights are multiplied with for the balancer, so that parts of them can be told.
    private var scale = 1
    private var rampsWeights = false

    public init() {}

    /// Streams waiting, and the most there were.
    public var queued: Int { queue.count }
    public private(set) var queuedMax = 0

    /// Usable servers: primaries and backups.
    public var usable: (primaries: Int, backups: Int) {
        var counts = (primaries: 0, backups: 0)
        for server in servers where server.slot >= 0 && server.isUsable {
            if server.isBackup { counts.backups += 1 } else { counts.primaries += 1 }
        }
        return counts
    }

    /// How many servers a stream may be moved between.
    var choices: Int {
        let usable = usable
        if usable.primaries > 0 { return usable.primaries }
        return usesAllBackups ? usable.backups : min(1, usable.backups)
    }

    /// The ordinal of the server of that name in the present configuration.
    public func ordinal(named name: String) -> Int? {
        for (ordinal, server) in live.enumerated()
        where server.name == name && servers[ordinal].slot >= 0 { return ordinal }
        return nil
    }

    /// Whether a retry is moved to another server without regard to the interval of `option
    /// redispatch`: there are several, and nothing about the request asks for one of them.
    var movesFreely: Bool { usable.primaries > 1 && !algorithm.dependsOnRequest }

    // MARK: Streams

    /// Chooses and charges a server.
    ///
    /// - Parameters:
    ///   - avoiding: an ordinal taken only when there is no other; -1 none.
    ///   - preferring: an ordinal taken when it is usable and not full, whatever the order says.
    ///   - pinned: an ordinal that is taken, or waited for, as long as it is reachable.
    ///   - isForced: the pinned one is taken out of service, too, where nobody waits.
    mutating func assign(
        avoiding: Int = -1, preferring: Int = -1, pinned: Int = -1, isForced: Bool = false
    ) -> Assignment {
        if isForced, reachable(pinned, isForced: true), !servers[pinned].isReachable {
            charge(pinned)
            return .server(pinned)
        }
        if pinned >= 0, pinned < servers.count, servers[pinned].isReachable {
            let server = servers[pinned]
            if server.limit == 0 || server.served < server.limit {
                charge(pinned)
                return .server(pinned)
            }
            if server.maxQueue == 0 || server.queued < server.maxQueue { return .pinned }
        }
        if preferring >= 0, preferring < servers.count {
            let server = servers[preferring]
            let isFull = server.limit > 0 && server.served >= server.limit
            if server.slot >= 0 && server.isUsable && !isFull {
                charge(preferring)
                return .server(preferring)
            }
        }
        // A limit that has grown serves first who waits.
        if isElastic && queue.count > 0 { return .full }
        let avoided = avoiding >= 0 ? servers[avoiding].slot : -1
        switch balancer?.pick(avoiding: avoided >= 0 ? avoided : nil) ?? .none {
        case .slot(let slot):
            charge(ordinals[slot])
            return .server(ordinals[slot])
        case .allFull: return .full
        case .none: return .none
        }
    }

    /// Charges the least loaded of some servers, for a stream of an earlier generation that knows
    /// no others: one of the present configuration, else one that has left it. Nil: each is full
    /// or out of service.
    mutating func assign(among candidates: [Int]) -> Int? {
        var best: Int?
        for candidate in candidates {
            let server = servers[candidate]
            let isFull = server.maxConnections > 0 && server.served >= server.maxConnections
            guard server.isUsable, !isFull else { continue }
            if let known = best {
                let isLess = server.served < servers[known].served
                let (isPresent, wasPresent) = (server.slot >= 0, servers[known].slot >= 0)
                guard isPresent == wasPresent ? isLess : isPresent else { continue }
            }
            best = candidate
        }
        if let best { charge(best) }
        return best
    }

    /// Gives a slot back. A stream that can now be served is returned with its slot charged, and
    /// how many streams the server had in between.
    mutating func release(_ ordinal: Int) -> (grant: QueueGrant?, served: Int) {
        servers[ordinal].served -= 1
        let served = servers[ordinal].served
        let slot = servers[ordinal].slot
        if slot >= 0 { balancer?.discharge(slot) }
        return (queue.count > 0 ? grant(ordinal) : nil, served)
    }

    /// Whether a server can be reached, or is at least one of the configuration.
    func reachable(_ ordinal: Int, isForced: Bool) -> Bool {
        guard ordinal >= 0 && ordinal < servers.count else { return false }
        return servers[ordinal].isReachable || isForced && servers[ordinal].slot >= 0
    }

    /// Puts a stream at the end of the queue; the node names it for ``dequeue(_:_:)``.
    mutating func enqueue(_ stream: QueuedStream) -> Int32 {
        let node = queue.append(stream)
        if stream.ordinal >= 0 {
            servers[stream.ordinal].queued += 1
            servers[stream.ordinal].queuedMax = max(
                servers[stream.ordinal].queuedMax, servers[stream.ordinal].queued)
        }
        if queue.count > queuedMax { queuedMax = queue.count }
        return node
    }

    /// Takes a stream out of the queue. False: its turn came already, and a grant is on its way.
    mutating func dequeue(_ node: Int32, worker: Int, _ stream: Handle) -> Bool {
        guard let pin = queue.remove(node, worker: worker, stream) else { return false }
        if pin >= 0 { servers[pin].queued -= 1 }
        return true
    }

    private mutating func charge(_ ordinal: Int) {
        servers[ordinal].served += 1
        if servers[ordinal].served > servers[ordinal].servedMax {
            servers[ordinal].servedMax = servers[ordinal].served
        }
        let slot = servers[ordinal].slot
        if slot >= 0 { balancer?.charge(slot) }
    }

    private mutating func grant(_ ordinal: Int) -> QueueGrant? {
        let server = servers[ordinal]
        guard server.slot >= 0, server.isUsable,
            server.limit == 0 || server.served < server.limit,
            let waiting = queue.popFirst(for: ordinal)
        else { return nil }
        if waiting.ordinal >= 0 { servers[ordinal].queued -= 1 }
        charge(ordinal)
        return QueueGrant(
            worker: waiting.worker, stream: waiting.stream, ordinal: ordinal)
    }

    // MARK: Control

    /// Begins the largest values anew from the present ones (`clear counters`).
    public mutating func clearMaxima() {
        queuedMax = queue.count
        for ordinal in servers.indices {
            servers[ordinal].servedMax = servers[ordinal].served
            servers[ordinal].queuedMax = servers[ordinal].queued
        }
    }

    /// Changes one server and returns the queued streams that can now be served.
    public mutating func change(
        _ ordinal: Int, nowSeconds: Int64, _ body: (inout ServerOrder) -> Void
    ) -> [QueueGrant] {
        let before = servers[ordinal]
        body(&servers[ordinal])
        let after = servers[ordinal]
        if before.admin != after.admin || before.isUp != after.isUp {
            servers[ordinal].lastChangeSeconds = nowSeconds
            // Idle connections of a server that was away are not trusted.
            if !after.isUsable { live[ordinal].retireIdleConnections() }
            noteReturn(of: ordinal, wasAway: before.isAway)
        }
        if after.slot >= 0 {
            findScale()
            settle(ordinal)
            balancer?.setUsable(after.slot, to: after.isUp && after.admin.isServing)
        }
        listElastic()
        return grants(ordinal)
    }

    /// Takes streams out of the queue for as long as a server has room.
    private mutating func grants(_ ordinal: Int) -> [QueueGrant] {
        var grants: [QueueGrant] = []
        while let next = grant(ordinal) { grants.append(next) }
        return grants
    }

    /// Takes over the servers of a configuration and returns the queued streams that can now be
    /// served. States, weights changed at run time and counts
    /// of streams stay with servers of the same name.
    mutating func adopt(
        _ proxy: ProxyConfiguration, fullConnections: Int, nowSeconds: Int64,
        make: (String, Int) -> ServerLive
    ) -> [QueueGrant] {
        guard case .algorithm(let algorithm) = Algorithm.meaning(of: proxy.balance) else {
            preconditionFailure("the algorithm was checked when the configuration was read")
        }
        for ordinal in servers.indices { servers[ordinal].slot = -1 }
        ordinals = []
        self.fullConnections = fullConnections
        // The old order goes before the slots are numbered anew.
        balancer = nil
        rampsWeights =
            algorithm.hasDynamicWeights && proxy.servers.contains { $0.slowStartMilliseconds > 0 }
        var slots: [BalancerSlot] = []
        for (index, configured) in proxy.servers.enumerated() {
            let ordinal = find(configured.name) ?? add(configured, nowSeconds, make)
            servers[ordinal].slot = slots.count
            servers[ordinal].isBackup = configured.isBackup
            if servers[ordinal].initialWeight != configured.weight {
                servers[ordinal].initialWeight = configured.weight
                servers[ordinal].weight = configured.weight
            }
            servers[ordinal].maxConnections = configured.maxConnections
            servers[ordinal].minConnections = configured.minConnections
            servers[ordinal].maxQueue = configured.maxQueue
            servers[ordinal].slowStartMilliseconds = configured.slowStartMilliseconds
            let wasAway = servers[ordinal].isAway
            servers[ordinal].admin.follow(isDisabled: configured.isDisabled)
            noteReturn(of: ordinal, wasAway: wasAway)
            let place = Self.place(of: configured, in: proxy)
            if servers[ordinal].place != place {
                servers[ordinal].place = place
                live[ordinal].retireIdleConnections()
            }
            ordinals.append(ordinal)
            let state = servers[ordinal]
            slots.append(
                BalancerSlot(
                    weight: state.weight, isUsable: state.isUp && state.admin.isServing,
                    isBackup: state.isBackup,
                    identifier: configured.id == 0 ? index + 1 : configured.id,
                    capacity: state.maxConnections))
        }
        self.algorithm = algorithm
        usesAllBackups = proxy.options.contains(.allBackups)
        var next = Balancer(algorithm: algorithm, slots: slots, usesAllBackups: usesAllBackups)
        for (slot, ordinal) in ordinals.enumerated() {
            for _ in 0..<servers[ordinal].served { next.charge(slot) }
        }
        balancer = consume next
        findScale()
        for ordinal in ordinals { settle(ordinal) }
        listElastic()
        return ordinals.flatMap { grants($0) }
    }

    private static func place(
        of server: ServerConfiguration, in proxy: ProxyConfiguration
    ) -> String {
        let source = server.source ?? proxy.source
        let address = server.address.socketAddress?.description ?? server.hostText
        let from = source?.address.socketAddress?.description ?? ""
        return "\(address) \(from) \(source?.interface ?? "")"
    }

    private func find(_ name: String) -> Int? { live.firstIndex { $0.name == name } }

    private mutating func add(
        _ configured: ServerConfiguration, _ nowSeconds: Int64, _ make: (String, Int) -> ServerLive
    ) -> Int {
        let ordinal = servers.count
        live.append(make(configured.name, ordinal))
        var server = ServerOrder()
        server.initialWeight = configured.weight
        server.weight = configured.weight
        server.lastChangeSeconds = nowSeconds
        if let saved = configured.savedState {
            server.admin = saved.admin
            server.lastChangeSeconds = nowSeconds - saved.secondsSinceChange
            // A weight that was configured anew counts from there.
            if saved.initialWeight == configured.weight { server.weight = saved.weight }
        }
        servers.append(server)
        return ordinal
    }
}

// MARK: Limits and weights that follow load and time

extension BackendOrder {
    /// Fits the limits of servers with `minconn` to the backend's load, and limits and weights of
    /// servers that came back lately to the time since.
    ///
    /// - Parameters:
    ///   - load: streams in the backend, queued ones included.
    ///   - now: milliseconds of the monotonic clock.
    mutating func follow(load: Int, now: UInt64) {
        var hasRisen = false
        for ordinal in elastic {
            if servers[ordinal].isRising {
                let span = UInt64(servers[ordinal].slowStartMilliseconds)
                let since = now &- min(now, servers[ordinal].risingSince)
                if since >= span {
                    servers[ordinal].risingSince = 0
                    servers[ordinal].sixteenths = 16
                    hasRisen = true
                } else if rampsWeights {
                    servers[ordinal].sixteenths = 1 + Int(16 * since / span)
                }
                settle(ordinal, load: load, risen: since >= span ? 1 : since, of: max(span, 1))
            } else {
                settle(ordinal, load: load)
            }
        }
        if hasRisen { listElastic() }
    }

    /// Takes streams out of the queue for as long as some server has room.
    mutating func serveWaiting() -> [QueueGrant] {
        var grants: [QueueGrant] = []
        while queue.count > 0, case .slot(let slot) = balancer?.pick() ?? .none,
            let grant = grant(ordinals[slot])
        { grants.append(grant) }
        return grants
    }

    /// Begins the slow start of a server that was away and is back.
    private mutating func noteReturn(of ordinal: Int, wasAway: Bool) {
        let isBack = wasAway && !servers[ordinal].isAway
        if servers[ordinal].isAway || (isBack && servers[ordinal].slowStartMilliseconds == 0) {
            servers[ordinal].risingSince = 0
            servers[ordinal].sixteenths = 16
        } else if isBack {
            servers[ordinal].risingSince = Clock.monotonic().milliseconds
            servers[ordinal].sixteenths = rampsWeights ? 1 : 16
        }
    }

    private mutating func listElastic() {
        elastic = ordinals.filter { servers[$0].hasMovingLimit || servers[$0].isRising }
        isElastic = !elastic.isEmpty
    }

    /// Gives the balancer a server's weight and limit as they stand without load.
    private mutating func settle(_ ordinal: Int) {
        let isRising = servers[ordinal].isRising
        settle(ordinal, load: 0, risen: isRising ? 0 : 1, of: 1)
    }

    /// Gives the balancer a server's weight and limit under a load, `risen` of `whole` into its
    /// slow start.
    private mutating func settle(
        _ ordinal: Int, load: Int, risen: UInt64 = 1, of whole: UInt64 = 1
    ) {
        let server = servers[ordinal]
        var limit = server.maxConnections
        if server.hasMovingLimit && load < fullConnections {
            limit = max(server.minConnections, load * limit / fullConnections)
        }
        if server.isRising && limit > 0 { limit = max(1, limit * Int(risen) / Int(whole)) }
        servers[ordinal].limit = limit
        guard server.slot >= 0, let slot = balancer?.slot(server.slot) else { return }
        let weight = (server.weight * scale * server.sixteenths + 15) / 16
        if Int(slot.weight) != weight { balancer?.setWeight(server.slot, to: weight) }
        if Int(slot.capacity) != limit { balancer?.setCapacity(server.slot, to: limit) }
    }

    /// Chooses the scale of weights; all are set again where it changes.
    private mutating func findScale() {
        var next = 1
        if rampsWeights {
            let most = ordinals.map { servers[$0].weight }.max() ?? 1
            next = max(1, min(16, 256 / max(1, most)))
        }
        if next == scale { return }
        scale = next
        for ordinal in ordinals { settle(ordinal) }
    }
}

extension ServerOrder {
    /// Whether the limit follows the backend's load.
    fileprivate var hasMovingLimit: Bool { minConnections > 0 && minConnections < maxConnections }
    /// Whether it is in maintenance or down.
    fileprivate var isAway: Bool { !isUp || admin.isMaintenance }
}

/// Streams that wait: one list for those that take any server and one for each server that is
/// waited for. First come, first served within a rank, with removal from the middle.
///
/// Bound: an entry is a live stream, and a stream waits at most once.
private struct StreamQueue {
    private struct Node {
        var stream: QueuedStream
        var number: UInt64
        var next: Int32
        var previous: Int32
        var isLinked: Bool
    }
    private struct List {
        var first: Int32 = -1
        var last: Int32 = -1
    }
    private var nodes: [Node] = []
    /// The common list, then those of servers by ordinal.
    private var lists = [List()]
    private var free: Int32 = -1
    private var came: UInt64 = 0
    private(set) var count = 0

    mutating func append(_ stream: QueuedStream) -> Int32 {
        let list = stream.ordinal + 1
        while lists.count <= list { lists.append(List()) }
        // Those of a later rank are passed; usually there are none.
        var before = lists[list].last
        while before >= 0, nodes[Int(before)].stream.rank > stream.rank {
            before = nodes[Int(before)].previous
        }
        let after = before >= 0 ? nodes[Int(before)].next : lists[list].first
        let node = Node(
            stream: stream, number: came, next: after, previous: before, isLinked: true)
        came &+= 1
        let index: Int32
        if free >= 0 {
            index = free
            free = nodes[Int(index)].next
            nodes[Int(index)] = node
        } else {
            index = Int32(nodes.count)
            nodes.append(node)
        }
        if before >= 0 { nodes[Int(before)].next = index } else { lists[list].first = index }
        if after >= 0 { nodes[Int(after)].previous = index } else { lists[list].last = index }
        count += 1
        return index
    }

    /// The stream whose turn it is on a server: of those that wait for it and those that take any.
    mutating func popFirst(for ordinal: Int) -> QueuedStream? {
        let common = lists[0].first
        let pinned = ordinal + 1 < lists.count ? lists[ordinal + 1].first : -1
        guard common >= 0 || pinned >= 0 else { return nil }
        let first = common < 0 || pinned >= 0 && isBefore(pinned, common) ? pinned : common
        let stream = nodes[Int(first)].stream
        unlink(first)
        return stream
    }

    private func isBefore(_ left: Int32, _ right: Int32) -> Bool {
        let (left, right) = (nodes[Int(left)], nodes[Int(right)])
        return left.stream.rank == right.stream.rank
            ? left.number < right.number : left.stream.rank < right.stream.rank
    }

    /// Takes a stream out; the server it waited for, -1 for any, or nil when it is not there.
    mutating func remove(_ node: Int32, worker: Int, _ stream: Handle) -> Int? {
        guard node >= 0, Int(node) < nodes.count, nodes[Int(node)].isLinked,
            nodes[Int(node)].stream.worker == worker, nodes[Int(node)].stream.stream == stream
        else { return nil }
        let pin = nodes[Int(node)].stream.ordinal
        unlink(node)
        return pin
    }

    private mutating func unlink(_ index: Int32) {
        let node = nodes[Int(index)]
        let list = node.stream.ordinal + 1
        if node.previous >= 0 {
            nodes[Int(node.previous)].next = node.next
        } else {
            lists[list].first = node.next
        }
        if node.next >= 0 {
            nodes[Int(node.next)].previous = node.previous
        } else {
            lists[list].last = node.previous
        }
        nodes[Int(index)].isLinked = false
        nodes[Int(index)].next = free
        free = index
        count -= 1
    }
}
