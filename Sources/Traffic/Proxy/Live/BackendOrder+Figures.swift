// What expressions ask of a backend and its servers. Counted behind the backend's lock, in one walk
// over its servers at most.

/// What expressions ask of one server.
public struct ServerFigures: Sendable, BitwiseCopyable {
    /// Streams it serves now.
    public var served = 0
    /// Streams it may serve at present; 0 means that there is no limit.
    public var limit = 0
    /// Streams that wait for it.
    public var queued = 0
    /// The weight the balancer uses.
    public var effectiveWeight = 0
    /// The weight that was configured.
    public var initialWeight = 0
    /// The weight that was set.
    public var weight = 0
    /// Whether it is neither down nor in maintenance.
    public var isUp = false

    /// Streams it could take; -1 where there is no limit.
    public var free: Int { limit == 0 ? -1 : max(0, limit - served) }
}

extension BackendOrder {
    /// Servers a stream may be given: primaries or, where there are none, backups.
    public var usableCount: Int { choices }

    /// Streams that wait, divided by the usable servers; twice their number where there is none.
    public var averageQueued: Int {
        let servers = choices
        return servers > 0 ? (queued + servers - 1) / servers : queued * 2
    }

    /// Streams the usable servers could take; -1 where one of them has no limit.
    public var freeConnections: Int {
        let hasPrimary = usable.primaries > 0
        var total = 0
        for ordinal in servers.indices {
            guard servers[ordinal].slot >= 0, servers[ordinal].isUsable else { continue }
            if servers[ordinal].isBackup && hasPrimary { continue }
            if servers[ordinal].maxConnections == 0 { return -1 }
            total += max(0, servers[ordinal].limit - servers[ordinal].served)
            // Without `option allbackups` the first backup alone is used.
            if servers[ordinal].isBackup && !usesAllBackups { break }
        }
        return total
    }

    /// Streams that the servers and their queues could take; -1 where one of them has no limit.
    public var freeSlots: Int {
        var total = 0
        for ordinal in servers.indices {
            let server = servers[ordinal]
            guard server.slot >= 0, server.isUp, !server.admin.isMaintenance else { continue }
            if server.maxConnections == 0 || server.maxQueue == 0 { return -1 }
            total += server.maxConnections - server.served + server.maxQueue - server.queued
        }
        return total
    }

    /// The figures of a server by its ordinal.
    public func figures(_ ordinal: Int) -> ServerFigures {
        ServerFigures(
            served: servers[ordinal].served,
            limit: servers[ordinal].maxConnections == 0 ? 0 : servers[ordinal].limit,
            queued: servers[ordinal].queued, effectiveWeight: servers[ordinal].effectiveWeight,
            initialWeight: servers[ordinal].initialWeight, weight: servers[ordinal].weight,
            isUp: servers[ordinal].isUp && !servers[ordinal].admin.isMaintenance)
    }
}
