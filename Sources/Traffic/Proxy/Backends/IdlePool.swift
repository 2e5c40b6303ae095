// Idle server connections: one list a worker and server, newest first, bounded, purged by age.

import Bytes
import Kernel
import Structures

/// The idle connections of one server in one worker. The newest is used first, the oldest ends
/// first.
struct IdlePool: BitwiseCopyable {
    var newest = Handle.none
    var oldest = Handle.none
    var count = 0
    /// Connections of the server in use now, and the most there were lately: more idle ones than
    /// that are never needed.
    var used = 0
    var usedLately = 0
    /// `pool-purge-delay` in milliseconds.
    var purgeDelay: UInt64 = 5000
}

extension Worker {
    /// Puts a server connection without a stream into its pool; it is closed when the pool is full.
    mutating func pool(_ connection: Handle, server: ServerEntry) {
        let identity = Int(server.identity)
        growPools(identity)
        let idle = unsafe server.live._withUnsafeGuaranteedRef { live in
            live.idleConnections.add(1, ordering: .relaxed).newValue
        }
        let isFull = server.poolMaxConnections >= 0 && idle > Int(server.poolMaxConnections)
        let isEnough = pools[identity].count >= pools[identity].usedLately && !thin(identity)
        let isSpare = isFull || isEnough || connections.count &+ 16 > connections.capacity
        if isSpare || !watch(connection) {
            unsafe server.live._withUnsafeGuaranteedRef { live in
                _ = live.idleConnections.subtract(1, ordering: .relaxed)
            }
            closeIdle(connection)
            return
        }
        buffers.give(connections[connection].inbound.take())
        buffers.give(connections[connection].outbound.take())
        connections[connection].stream = .none
        connections[connection].flags.insert(.isPooled)
        connections[connection].idleSince = now
        connections[connection].newerIdle = .none
        connections[connection].olderIdle = pools[identity].newest
        if pools[identity].newest.isNone {
            pools[identity].oldest = connection
        } else {
            connections[pools[identity].newest].newerIdle = connection
        }
        pools[identity].newest = connection
        pools[identity].count &+= 1
        pools[identity].purgeDelay = UInt64(server.poolPurgeDelay)
    }

    /// Whether a pool that has as many connections as were lately in use takes another one. A busy
    /// pool takes up to half as many more and then ends them all in one go: a server that is woken
    /// for each of them costs more than their ends do.
    private mutating func thin(_ identity: Int) -> Bool {
        let slack = min(32, pools[identity].usedLately / 2)
        if slack == 0 { return false }
        if pools[identity].count < pools[identity].usedLately &+ slack { return true }
        for _ in 0...slack {
            let oldest = pools[identity].oldest
            unpool(oldest)
            closeIdle(oldest)
        }
        return true
    }

    /// Takes the newest idle connection of a server that may be used, or nil.
    ///
    /// - Parameter provenOnly: only connections that have served more than one request.
    mutating func takeIdle(_ server: ServerEntry, provenOnly: Bool) -> Handle? {
        let identity = Int(server.identity)
        guard identity < pools.count else { return nil }
        let epoch = unsafe server.live._withUnsafeGuaranteedRef {
            $0.poolEpoch.load(ordering: .relaxed)
        }
        var candidate = pools[identity].newest
        var looks = 8
        while !candidate.isNone && looks > 0 {
            looks &-= 1
            let older = connections[candidate].olderIdle
            if connections[candidate].poolEpoch != epoch {
                unpool(candidate)
                closeIdle(candidate)
            } else if !provenOnly || connections[candidate].flags.contains(.isProven) {
                unpool(candidate)
                return candidate
            }
            candidate = older
        }
        return nil
    }

    /// A pooled connection reported something: data nobody asked for, or its end.
    mutating func pooledBecameReadable(_ connection: Handle) {
        // The event may be older than the last read: ask the socket.
        if connections[connection].descriptor.isQuiet() {
            connections[connection].flags.remove(.readable)
            return
        }
        let session = connections[connection].session
        if session.isNone {
            unpool(connection)
            closeServerConnection(connection)
        } else {
            dropPrivate(session)
        }
    }

    /// Takes a connection out of its pool's list.
    mutating func unpool(_ connection: Handle) {
        let identity = Int(connections[connection].serverIdentity)
        let newer = connections[connection].newerIdle
        let older = connections[connection].olderIdle
        if newer.isNone {
            pools[identity].newest = older
        } else {
            connections[newer].olderIdle = older
        }
        if older.isNone {
            pools[identity].oldest = newer
        } else {
            connections[older].newerIdle = newer
        }
        connections[connection].newerIdle = .none
        connections[connection].olderIdle = .none
        connections[connection].flags.remove(.isPooled)
        pools[identity].count &-= 1
        // Safety: the live state keeps the server for the life of the process.
        if let live = unsafe connections[connection].serverLive {
            unsafe live._withUnsafeGuaranteedRef {
                _ = $0.idleConnections.subtract(1, ordering: .relaxed)
            }
        }
    }

    /// Closes idle connections that are older than their server's purge delay.
    mutating func purgePools() {
        for identity in 0..<pools.count {
            // What was needed lately is forgotten by a quarter each time.
            let lately = pools[identity].usedLately
            pools[identity].usedLately = max(pools[identity].used, lately &- (lately &+ 3) / 4)
            let delay = pools[identity].purgeDelay
            while !pools[identity].oldest.isNone {
                let oldest = pools[identity].oldest
                guard isStopping || connections[oldest].idleSince &+ delay <= now else { break }
                unpool(oldest)
                closeIdle(oldest)
            }
        }
    }

    /// Closes a server connection that nothing is under way on and that is in no pool.
    ///
    /// With a reset, as HAProxy does: nothing can be lost any more, and neither side has to keep
    /// the connection's port for the minute that an orderly end asks for.
    mutating func closeIdle(_ connection: Handle) {
        if !connections[connection].flags.contains(.isLocal) {
            connections[connection].descriptor.resetOnClose()
        }
        closeServerConnection(connection)
    }

    /// Closes a server connection that is in no pool and has no stream any more.
    mutating func closeServerConnection(_ connection: Handle) {
        buffers.give(connections[connection].inbound.take())
        buffers.give(connections[connection].outbound.take())
        connections.remove(connection)
    }

    /// Counts a connection of a server into use.
    mutating func countUse(_ server: ServerEntry) {
        let identity = Int(server.identity)
        growPools(identity)
        pools[identity].used &+= 1
        if pools[identity].used > pools[identity].usedLately {
            pools[identity].usedLately = pools[identity].used
        }
    }

    /// Counts a connection of a server out of use.
    mutating func countDisuse(_ identity: UInt32) { pools[Int(identity)].used &-= 1 }

    /// Makes sure that there is a pool of that number.
    mutating func growPools(_ identity: Int) {
        if identity < pools.count { return }
        var more = FixedArray<IdlePool>(zeroed: identity &+ 1)
        for index in 0..<more.count {
            more[index] = index < pools.count ? pools[index] : IdlePool()
        }
        swap(&more, &pools)
    }
}
