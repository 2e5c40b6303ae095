// The settings of an election, and the times that follow from them.

import Addresses

extension Election {
    /// How an instance behaves; values are checked where the configuration is read.
    public struct Settings: Sendable, Hashable {
        /// The version spoken: it decides about skew and learnt intervals.
        public var version: VRRPVersion
        /// The configured priority, 1...255; 255: we own the addresses.
        public var priority: UInt8
        /// Our address, which decides between masters of equal priority.
        public var primaryAddress: IPAddress
        /// The time between advertisements in nanoseconds.
        public var interval: UInt64
        /// How much earlier an advertisement may be sent than it is due, in nanoseconds; the beat
        /// stays.
        public var advertiseSlack: UInt64 = 0
        /// Whether a master of lower priority is replaced: not `nopreempt`.
        public var preempts = true
        /// How long such a master may stay, in nanoseconds: `preempt_delay`.
        public var preemptDelay: UInt64 = 0
        /// After how many missed intervals a master is gone: `down_timer_adverts`.
        public var downTimerAdverts = 3
        /// Whether a master answers a lower one at once (RFC 9568 §6.4.3): not
        /// `lower_prio_no_advert`.
        public var answersLowerPriority = true
        /// Whether the loser sends one last advertisement so that the winner announces itself:
        /// `higher_prio_send_advert`. Differs: on by default, for else a healed split may leave
        /// hosts with the loser's hardware address.
        public var sendsLastAdvertisement = true
        /// The letter of the RFC: no last advertisement, no delay of preemption.
        public var isStrict = false
        /// How long after the start the election waits, in nanoseconds: `vrrp_startup_delay`.
        public var startupDelay: UInt64 = 0
        /// Whether a master that overslept listens first: `timer_expired_backup`. Differs: on by
        /// default.
        public var listensAfterOversleeping = true
        /// The highest priority among the other routers, 1...254: with it the master knows after
        /// how long one of them can have taken over.
        public var highestOtherPriority = ProtocolNumbers.ownerPriority - 1
        /// Whether the owner serves as soon as it starts: `state MASTER`. Otherwise it listens
        /// first, as all others do.
        public var ownerServesAtOnce = true
        /// An owner listens to nobody: `owner_ignore_adverts`.
        public var ownerIgnoresAdvertisements = false

        /// Settings with keepalived's defaults, but for what is said above.
        public init(
            version: VRRPVersion, priority: UInt8, primaryAddress: IPAddress, interval: UInt64
        ) {
            self.version = version
            self.priority = priority
            self.primaryAddress = primaryAddress
            self.interval = interval
        }

        /// How long a backup of that priority waits in excess of the missed intervals, in
        /// nanoseconds (RFC 3768 §6.1; RFC 9568 §6.1: in parts of the master's interval).
        public func skew(priority: UInt8, masterInterval: UInt64) -> UInt64 {
            let unit = version == .two ? ProtocolNumbers.second : masterInterval
            return UInt64(256 - Int(priority)) * unit / 256
        }

        /// After how long without a master a backup of that priority serves, in nanoseconds.
        public func masterDown(priority: UInt8, masterInterval: UInt64) -> UInt64 {
            UInt64(max(downTimerAdverts, 1)) * masterInterval
                + skew(priority: priority, masterInterval: masterInterval)
        }

        /// How late an advertisement may be before another router may have taken over: the
        /// master-down time of the keenest backup.
        public var oversleepLimit: UInt64 {
            masterDown(priority: highestOtherPriority, masterInterval: interval)
        }
    }
}
