// A backend over generations: its servers' states, the order the balancer keeps, and the queue.
// One short lock a backend; everything behind it is in this file.

import Balancing
import Kernel
import Structures
import Synchronization

/// Why a server gets no new streams, as bits that can be set together.
public struct ServerAdminState: OptionSet, Sendable {
    /// The bits, as `show servers state` shows them.
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// In maintenance: `set server … state maint`, `disable server`, `disabled`.
    public static let forcedMaintenance = ServerAdminState(rawValue: 0x01)
    /// `disabled` in the configuration: a mark that stays when the server is enabled at run time.
    public static let configuredMaintenance = ServerAdminState(rawValue: 0x04)
    /// `set server … state drain`.
    public static let forcedDrain = ServerAdminState(rawValue: 0x08)

    /// Whether the server is in maintenance.
    public var isMaintenance: Bool { contains(.forcedMaintenance) }
    /// Whether nobody has taken the server out of service.
    public var isServing: Bool { isDisjoint(with: [.forcedMaintenance, .forcedDrain]) }

    /// Into maintenance, which ends draining.
    public mutating func enterMaintenance() {
        remove(.forcedDrain)
        insert(.forcedMaintenance)
    }

    /// Follows the configuration where it has changed its mind: what was said at run time stays as
    /// long as `disabled` stands as it stood before.
    mutating func follow(isDisabled: Bool) {
        guard isDisabled != contains(.configuredMaintenance) else { return }
        if isDisabled {
            insert(.configuredMaintenance)
            enterMaintenance()
        } else {
            subtract([.configuredMaintenance, .forcedMaintenance])
        }
    }
}

/// A server over generations.
public final class ServerLive: Sendable {
    /// Its name in the configuration.
    public let name: String
    /// Position in the backend's tables, stable while the server exists.
    public let ordinal: Int
    /// Its number in the process, which also names its idle pools.
    public let identity: UInt32
    /// What is counted of it.
    public let counters: CounterTable
    /// Idle pooled connections now, of all workers.
    public let idleConnections = Atomic<Int>(0)
    /// Bumped when the address changes or the server goes to maintenance: idle connections made
    /// before are not used again.
    public let poolEpoch = Atomic<UInt32>(0)
    /// `set server … addr`: replaces the configured address when set.
    public let addressOverride = Mutex<RawSocketAddress?>(nil)

    /// Idle connections made so far are closed rather than used again.
    public func retireIdleConnections() { poolEpoch.add(1, ordering: .relaxed) }

    init(name: String, ordinal: Int, identity: UInt32, workers: Int) {
        self.name = name
        self.ordinal = ordinal
        self.identity = identity
        counters = CounterTable(workers: workers)
    }
}

/// What the lock of a backend protects of one server.
public struct ServerOrder: Sendable {
    /// Slot in the balancer; -1 when the server is not part of the present generation.
    public var slot = -1
    /// Streams being served now.
    public var served = 0
    /// The most streams there were at once.
    public var servedMax = 0
    /// Streams waiting for this very server.
    public var queued = 0
    /// The most streams that waited at once.
    public var queuedMax = 0
    /// Why it gets no new streams.
    public var admin: ServerAdminState = []
    /// The weight from the configuration.
    public var initialWeight = 1
    /// The weight in force.
    public var weight = 1
    /// `maxconn` in force; 0 means unlimited.
    public var maxConnections = 0
    /// `maxqueue`: streams that may wait for this very server; 0 means any number.
    public var maxQueue = 0
    /// `minconn`: where the limit begins that grows with the backend's load; 0 means that the
    /// limit stands still.
    public var minConnections = 0
    /// `slowstart`, milliseconds; 0 means that a server that comes back bears its load at once.
    public var slowStartMilliseconds = 0
    /// Sixteenths of its share that a server coming back bears now; 16 is all of it.
    public internal(set) var sixteenths = 16
    /// When the server came back, in milliseconds of the monotonic clock; 0 once it is at full
    /// speed.
    var risingSince: UInt64 = 0
    /// Streams it may serve at present; 0 means unlimited.
    var limit = 0
    /// `backup`.
    public var isBackup = false
    /// Whether health checks consider it up; true until there are checks.
    public var isUp = true
    /// Address and source as configured: idle connections made under others are not used.
    var place = ""
    /// Calendar seconds of the last change of state.
    public var lastChangeSeconds: Int64 = 0

    /// Whether the balancer may choose it.
    public var isUsable: Bool { isUp && admin.isServing && weight > 0 }
    /// Whether a stream that asks for this very server gets it: it is up and not in maintenance.
    public var isReachable: Bool { isUp && !admin.isMaintenance && slot >= 0 }
    /// Whether it came back lately and does not bear its full share yet.
    public var isRising: Bool { risingSince != 0 }
    /// The weight in force: less than ``weight`` while the server is rising.
    public var effectiveWeight: Int { (weight * sixteenths + 15) / 16 }
    /// It ends what it has and gets nothing new.
    public var isDraining: Bool { admin.contains(.forcedDrain) || weight == 0 }
}

/// A stream that waits for a server.
public struct QueuedStream: Sendable {
    /// The worker that has the stream.
    public var worker: Int
    /// The stream in that worker.
    public var stream: Handle
    /// The one server it waits for, or -1 for any.
    public var ordinal: Int
    /// What it waits before: lower comes first, and equals in the order in which they came
    /// (`set-priority-class`, `set-priority-offset`).
    public var rank: Int64 = 0

    /// A stream from its parts.
    public init(worker: Int, stream: Handle, ordinal: Int, rank: Int64 = 0) {
        self.worker = worker
        self.stream = stream
        self.ordinal = ordinal
        self.rank = rank
    }
}

/// A queued stream whose turn has come: the slot is already charged for it.
public struct QueueGrant: Sendable {
    /// The worker that has the stream.
    public var worker: Int
    /// The stream in that worker.
    public var stream: Handle
    /// The server it is charged to.
    public var ordinal: Int
}

/// A backend over generations.
public final class BackendLive: Sendable {
    /// Its name in the configuration.
    public let name: String
    /// Its number in the process.
    public let identity: UInt32
    /// What is counted of it.
    public let counters: CounterTable
    /// Streams in the backend now.
    public let connections = Atomic<Int>(0)
    /// The most streams there were at once.
    public let connectionsMax = Atomic<Int>(0)
    /// States, weights and queue, behind the one lock.
    public let order: Mutex<BackendOrder>

    init(name: String, identity: UInt32, workers: Int) {
        self.name = name
        self.identity = identity
        counters = CounterTable(workers: workers)
        order = Mutex(BackendOrder())
    }

    /// Gives a server's place back; a queued stream that can now be served is returned, charged,
    /// with the number of streams that the server had in between.
    func release(_ ordinal: Int, now: UInt64) -> (grant: QueueGrant?, served: Int) {
        order.withLock { order in
            if order.isElastic {
                order.follow(load: connections.load(ordering: .relaxed), now: now)
            }
            return order.release(ordinal)
        }
    }
}
