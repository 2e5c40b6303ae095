// Reading the live state into rows: sums over the workers' counters, states under each backend's
// lock for a moment, and what the configuration says.
// Source: management manual, "CSV format"; which fields apply to which object was compared with
// haproxy.

import Addresses
import Kernel
import Proxy

/// Makes the rows of `show stat`.
struct StatSnapshot {
    let engine: Engine
    let rates: RateBook
    /// Whether addresses, cookies and algorithms are shown (levels operator and admin).
    let showsDetails: Bool
    let configuration: Configuration
    let nowMilliseconds = Clock.monotonic().milliseconds
    let nowSeconds = Clock.calendarMicroseconds() / 1_000_000

    init(_ engine: Engine, rates: RateBook, showsDetails: Bool) {
        self.engine = engine
        self.rates = rates
        self.showsDetails = showsDetails
        configuration = engine.configuration
    }

    /// The rows of one proxy, in the order frontend, listeners, servers, backend.
    func rows(of index: Int) -> [StatRow] {
        let proxy = configuration.proxies[index]
        var rows: [StatRow] = []
        if proxy.capability.contains(.frontend) {
            rows.append(frontend(proxy, index))
            if proxy.options.contains(.socketStats) { rows += listeners(proxy, index) }
        }
        if proxy.capability.contains(.backend) {
            let state = BackendState(engine.live.backend(proxy.name))
            for position in proxy.servers.indices {
                if let row = server(proxy, index, position, state) { rows.append(row) }
            }
            rows.append(backend(proxy, index, state))
        }
        return rows
    }

    /// The number of a proxy as the column iid has it.
    func proxyID(_ index: Int) -> Int {
        let given = configuration.proxies[index].id
        return given != 0 ? given : index + 2
    }

    // MARK: Frontends and listeners

    private func frontend(_ proxy: ProxyConfiguration, _ index: Int) -> StatRow {
        let live = engine.live.frontend(proxy.name)
        let counters = live.counters
        var row = StatRow(
            .frontend, proxy: proxy.name, service: "FRONTEND", proxyID: proxyID(index))
        row.addSessions(
            now: live.connections.load(ordering: .relaxed),
            most: live.connectionsMax.load(ordering: .relaxed), limit: limit(of: live))
        row.addTraffic(counters)
        row.addDenials(counters)
        row[.ereq] = .u64(.counter, counters.value(.requestErrors))
        row[.status] = .text(.status, status(of: live))
        let sessions = rate(counters, .sessions)
        row[.rate] = .u32(.rate, sessions.now)
        row[.rate_lim] = .u32(.limit, proxy.sessionRateLimit)
        row[.rate_max] = .u32(.maximum, sessions.most)
        if proxy.mode == .http {
            row.addResponses(counters)
            row[.intercepted] = .u64(.counter, counters.value(.intercepted))
            row[.cache_lookups] = .u64(.counter, 0)
            row[.cache_hits] = .u64(.counter, 0)
        }
        let requests = rate(counters, .requests)
        row[.req_rate] = .u32(.rate, requests.now)
        row[.req_rate_max] = .u32(.maximum, requests.most)
        row[.req_tot] = .u64(.counter, counters.value(.requests))
        row.addCompression()
        row[.mode] = .text(.config, "\(proxy.mode)")
        let connections = rate(counters, .connections)
        row[.conn_rate] = .u32(.rate, connections.now)
        row[.conn_rate_max] = .u32(.maximum, connections.most)
        row[.conn_tot] = .u64(.counter, counters.value(.connections))
        row.addConnectionDenials(counters)
        row[.eint] = .u64(.counter, counters.value(.internalErrors))
        row.addVersions(counters, isHTTP: proxy.mode == .http)
        row.addMessageBytes(counters)
        return row
    }

    private func limit(of live: FrontendLive) -> Int {
        let own = live.maxConnections.load(ordering: .relaxed)
        return own != 0 ? own : engine.live.process.maxConnections.load(ordering: .relaxed)
    }

    private func status(of live: FrontendLive) -> String {
        if live.isStopped.load(ordering: .relaxed) { return "STOP" }
        if live.isPaused.load(ordering: .relaxed) { return "PAUSED" }
        let limit = limit(of: live)
        let isFull = limit > 0 && live.connections.load(ordering: .relaxed) >= limit
        return isFull ? "FULL" : "OPEN"
    }

    /// The rows of `option socket-stats`: one for each port of each `bind` line.
    private func listeners(_ proxy: ProxyConfiguration, _ index: Int) -> [StatRow] {
        let sockets = engine.generation.listeners
            .filter { $0.frontend == proxy.name && proxy.binds.indices.contains($0.bindIndex) }
            .sorted { ($0.bindIndex, $0.address.port) < ($1.bindIndex, $1.address.port) }
        return sockets.enumerated().map { position, socket in
            let given = proxy.binds[socket.bindIndex].id
            // A number that only says where the line stands makes room for the ports before it.
            let isOwn = given != 0 && given != socket.bindIndex + 1
            return listener(socket, isOwn ? given : position + 1, proxy, index)
        }
    }

    private func listener(
        _ socket: ListenerSocket, _ number: Int, _ proxy: ProxyConfiguration, _ index: Int
    ) -> StatRow {
        let bind = proxy.binds[socket.bindIndex]
        let frontend = engine.live.frontend(proxy.name)
        let live = frontend.bind(socket.bindIndex, port: socket.address.port)
        var row = StatRow(
            .listener, proxy: proxy.name, service: bind.name ?? "sock-\(number)",
            proxyID: proxyID(index), objectID: number)
        row.addSessions(
            now: live.counted.load(ordering: .relaxed),
            most: live.countedMax.load(ordering: .relaxed), limit: bind.maxConnections)
        row.addTraffic(live.counters)
        row.addDenials(live.counters)
        row[.ereq] = .u64(.counter, live.counters.value(.requestErrors))
        row[.status] = .text(.status, status(of: frontend))
        if showsDetails { row[.addr] = .text(.config, text(of: socket.address)) }
        row[.mode] = .text(.config, "\(proxy.mode)")
        row.addConnectionDenials(live.counters)
        row[.eint] = .u64(.counter, live.counters.value(.internalErrors))
        row[.proto] = .text(.config, protocolName(of: socket.address))
        return row
    }

    // MARK: Servers and backends

    private func server(
        _ proxy: ProxyConfiguration, _ index: Int, _ position: Int, _ state: BackendState
    ) -> StatRow? {
        let server = proxy.servers[position]
        guard let ordinal = state.ordinal(named: server.name) else { return nil }
        let order = state.servers[ordinal]
        let live = state.live[ordinal]
        let counters = live.counters
        var row = StatRow(
            .server, proxy: proxy.name, service: server.name, proxyID: proxyID(index),
            objectID: server.id != 0 ? server.id : position + 1)
        row[.qcur] = .u32(.gauge, order.queued)
        row[.qmax] = .u32(.maximum, order.queuedMax)
        row.addSessions(
            now: order.served, most: order.servedMax,
            limit: order.maxConnections == 0 ? nil : order.maxConnections)
        row.addTraffic(counters)
        row[.dresp] = .u64(.counter, counters.value(.deniedResponses))
        row.addFailures(counters)
        row[.status] = .text(.status, ServerStatus(order).rawValue)
        row[.weight] = .u32(.average, order.effectiveWeight)
        row[.act] = .u32(.status, order.isBackup ? 0 : 1)
        row[.bck] = .u32(.status, order.isBackup ? 1 : 0)
        row[.lastchg] = .u32(.age, nowSeconds - order.lastChangeSeconds)
        if server.maxQueue > 0 { row[.qlimit] = .u32(.config, server.maxQueue) }
        row[.lbtot] = .u64(.counter, counters.value(.selections))
        let sessions = rate(counters, .sessions)
        row[.rate] = .u32(.rate, sessions.now)
        row[.rate_max] = .u32(.maximum, sessions.most)
        if proxy.mode == .http {
            row.addResponses(counters)
            row[.req_tot] = .u64(.counter, counters.value(.requests))
        }
        row.addTimes(counters, now: nowSeconds)
        if showsDetails {
            let address = live.addressOverride.withLock { $0 } ?? server.address
            row[.addr] = .text(.config, text(of: address))
            if let cookie = server.cookie { row[.cookie] = .text(.configName, cookie) }
        }
        row[.mode] = .text(.config, "\(proxy.mode)")
        row.addConnections(counters)
        row.addPool(live, used: order.served, limit: server.poolMaxConnections)
        row[.eint] = .u64(.counter, counters.value(.internalErrors))
        row[.uweight] = .u32(.average, order.weight)
        row[.srid] = .u32(.counter, 0)
        row.addMessageBytes(counters)
        return row
    }

    private func backend(
        _ proxy: ProxyConfiguration, _ index: Int, _ state: BackendState
    ) -> StatRow {
        let live = engine.live.backend(proxy.name)
        let counters = live.counters
        let weights = state.weights
        let isUp = weights.active + weights.backup > 0 || proxy.servers.isEmpty
        var row = StatRow(
            .backend, proxy: proxy.name, service: "BACKEND", proxyID: proxyID(index))
        row[.qcur] = .u32(.gauge, state.queued)
        row[.qmax] = .u32(.maximum, state.queuedMax)
        row.addSessions(
            now: live.connections.load(ordering: .relaxed),
            most: live.connectionsMax.load(ordering: .relaxed),
            limit: state.fullConnections)
        row.addTraffic(counters)
        row.addDenials(counters)
        row.addFailures(counters)
        row[.status] = .text(.status, isUp ? "UP" : "DOWN")
        row[.weight] = .u32(.average, weights.effective)
        row[.act] = .u32(.gauge, weights.active)
        row[.bck] = .u32(.gauge, weights.backup)
        row[.chkdown] = .u64(.counter, 0)
        row[.lastchg] = .u32(.age, nowSeconds - state.lastChangeSeconds(nowSeconds, engine))
        if !proxy.servers.isEmpty { row[.downtime] = .u32(.counter, 0) }
        row[.lbtot] = .u64(.counter, counters.value(.selections))
        let sessions = rate(counters, .sessions)
        row[.rate] = .u32(.gauge, sessions.now)
        row[.rate_max] = .u32(.gauge, sessions.most)
        if proxy.mode == .http {
            row.addResponses(counters)
            row[.req_tot] = .u64(.counter, counters.value(.requests))
            row[.cache_lookups] = .u64(.counter, 0)
            row[.cache_hits] = .u64(.counter, 0)
        }
        row.addCompression()
        row.addTimes(counters, now: nowSeconds)
        if showsDetails { row[.algo] = .text(.config, algorithmName(proxy)) }
        row[.mode] = .text(.config, "\(proxy.mode)")
        row.addConnections(counters)
        row[.eint] = .u64(.counter, counters.value(.internalErrors))
        row[.uweight] = .u32(.average, weights.total)
        for field in [StatField.agg_server_status, .agg_server_check_status, .agg_check_status] {
            row[field] = .u32(.gauge, 0)
        }
        row.addMessageBytes(counters)
        return row
    }

    private func algorithmName(_ proxy: ProxyConfiguration) -> String {
        String((proxy.balance.first ?? "").prefix { $0 != "(" })
    }

    private func rate(_ table: CounterTable, _ kind: CounterKind) -> Rate {
        rates.rate(table, kind, nowMilliseconds: nowMilliseconds)
    }
}

/// The state of a server in the words of the statistics.
enum ServerStatus: String {
    case unchecked = "no check"
    case drain = "DRAIN"
    case maintenance = "MAINT"
    case down = "DOWN"

    init(_ order: ServerOrder) {
        if order.admin.isMaintenance {
            self = .maintenance
        } else if !order.isUp {
            self = .down
        } else {
            self = order.admin.contains(.forcedDrain) ? .drain : .unchecked
        }
    }

    /// Whether `show stat up` lists such a server.
    var isUp: Bool { self != .maintenance && self != .down }
}

/// What a backend's lock protects, copied out in one go.
struct BackendState {
    let servers: [ServerOrder]
    let live: [ServerLive]
    let queued: Int
    let queuedMax: Int
    let fullConnections: Int

    init(_ backend: BackendLive) {
        (servers, live, queued, queuedMax, fullConnections) = backend.order.withLock {
            ($0.servers, $0.live, $0.queued, $0.queuedMax, $0.fullConnections)
        }
    }

    /// The place of a server that is part of the present configuration.
    func ordinal(named name: String) -> Int? {
        live.firstIndex { $0.name == name && servers[$0.ordinal].slot >= 0 }
    }

    /// Usable servers, and the sum of the weights of those in use (backups when no other is up).
    var weights: (active: Int, backup: Int, total: Int, effective: Int) {
        let usable = servers.filter { $0.slot >= 0 && $0.isUsable }
        let active = usable.filter { !$0.isBackup }
        let backup = usable.filter(\.isBackup)
        let used = active.isEmpty ? backup : active
        return (
            active.count, backup.count, used.reduce(0) { $0 + $1.weight },
            used.reduce(0) { $0 + $1.effectiveWeight }
        )
    }

    /// When the backend as a whole last changed; the last change of a server stands in for it.
    func lastChangeSeconds(_ now: Int64, _ engine: Engine) -> Int64 {
        servers.map(\.lastChangeSeconds).max()
            ?? engine.live.process.startedCalendarMicroseconds / 1_000_000
    }
}

/// `address:port`, `[v6]:port`, or `unix`.
func text(of address: RawSocketAddress) -> String {
    switch address.socketAddress {
    case .ip(let ip): ip.description
    default: "unix"
    }
}

/// The listener's protocol as the column `proto` has it.
private func protocolName(of address: RawSocketAddress) -> String {
    switch address.socketAddress {
    case .ip(let ip): ip.address.family == .v4 ? "tcpv4" : "tcpv6"
    default: "unix_stream"
    }
}
