// When gratuitous ARP and unsolicited neighbour advertisements go out: a first set at once, a
// second one later, and refreshes (keepalived.conf(5): garp_master_*, garp_lower_prio_*). Pure:
// says how many and when; who sends them spaces them with ``AnnouncementPacer``.

/// The announcements of one instance.
public struct AnnouncementPlan: Sendable, Equatable {
    /// The `garp_*` settings; delays in nanoseconds.
    public struct Settings: Sendable, Hashable {
        /// Messages for each address on becoming master: `garp_master_repeat`.
        public var repeatCount = 5
        /// When the second set follows; 0: never. `garp_master_delay`.
        public var delay: UInt64 = 5 * ProtocolNumbers.second
        /// Messages for each address when there was a second master: `garp_lower_prio_repeat`.
        public var lowerPriorityRepeatCount = 5
        /// When their second set follows; 0: never. `garp_lower_prio_delay`.
        public var lowerPriorityDelay: UInt64 = 5 * ProtocolNumbers.second
        /// The time between refreshes; 0: none. `garp_master_refresh`.
        public var refresh: UInt64 = 0
        /// Messages for each address in a refresh: `garp_master_refresh_repeat`.
        public var refreshRepeatCount = 1
        /// Whether one message for each address follows soon after a takeover, and once more a
        /// little later. For virtual MACs: whom we replace answers with the same hardware address
        /// until it has let go, and switches learn it at its port again.
        public var repeatsSoon = false

        /// keepalived's defaults.
        public init() {}
    }

    /// The settings in force; a change applies from the next set on.
    public var settings: Settings
    private var second: UInt64?
    private var secondCount = 0
    private var soon: [UInt64] = []
    private var nextRefresh: UInt64?

    /// How long after a takeover the soon ones follow, in nanoseconds: the first when a router that
    /// is not busy has let its addresses go, the second for one that had much to do.
    static let soonDelays: [UInt64] = [50_000_000, 250_000_000]

    /// A plan with nothing to do.
    public init(_ settings: Settings = Settings()) { self.settings = settings }

    /// When something is due next, in nanoseconds; nil: never.
    public var deadline: UInt64? {
        [soon.first, second, nextRefresh].compactMap { $0 }.min()
    }

    /// Begins a set at `now`; returns the messages to send for each address at once.
    public mutating func begin(_ cause: Election.AnnouncementCause, at now: UInt64) -> Int {
        let isFirst = cause == .transition
        if isFirst {
            second = nil
            soon = settings.repeatsSoon ? Self.soonDelays.map { now + $0 } : []
        }
        let count = isFirst ? settings.repeatCount : settings.lowerPriorityRepeatCount
        let delay = isFirst ? settings.delay : settings.lowerPriorityDelay
        // A second set that is planned already is not put off: signs may never end.
        if second == nil, delay > 0 {
            second = now + delay
            secondCount = count
        }
        if settings.refresh > 0 { nextRefresh = now + settings.refresh }
        return count
    }

    /// The messages for each address that are due at `now`; 0: none yet.
    public mutating func reach(_ now: UInt64) -> Int {
        var count = 0
        while let due = soon.first, now >= due {
            count = 1
            soon.removeFirst()
        }
        if let due = second, now >= due {
            count = max(count, secondCount)
            second = nil
        }
        if let due = nextRefresh, now >= due {
            count = max(count, settings.refreshRepeatCount)
            nextRefresh = settings.refresh > 0 ? now + settings.refresh : nil
        }
        return count
    }

    /// We are no longer master.
    public mutating func stop() {
        soon = []
        second = nil
        nextRefresh = nil
    }
}

/// Keeps the messages of one interface, or group of interfaces, apart (`garp_interval`,
/// `gna_interval`, `garp_group`).
public struct AnnouncementPacer: Sendable, Equatable {
    /// The least time between two messages in nanoseconds; 0: none.
    public var interval: UInt64
    private var next: UInt64 = 0

    /// A pacer that has seen no message.
    public init(interval: UInt64) { self.interval = interval }

    /// When the next message may go, at `now` or later; that time is taken.
    public mutating func reserve(at now: UInt64) -> UInt64 {
        let time = max(now, next)
        next = time + interval
        return time
    }
}
