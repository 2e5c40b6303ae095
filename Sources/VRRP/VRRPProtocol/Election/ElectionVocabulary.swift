// The words of an election: its states and timers, what happens to it, and what it wants done.

import Addresses

extension Election {
    /// Where an instance stands (RFC 9568 §6.4, and keepalived's FAULT).
    public enum State: Sendable, Hashable, CaseIterable {
        /// Not started, waiting for its start delay, or stopped.
        case initial
        /// Listens for a master.
        case backup
        /// Serves the addresses.
        case master
        /// Something tracked is down: neither serves nor listens.
        case fault
    }

    /// The timers of one election; arming one replaces its deadline.
    public enum Timer: Sendable, Hashable, CaseIterable {
        /// Master: the next advertisement is due.
        case advertise
        /// Backup: the master is gone when this is reached.
        case masterDown
        /// The start delay ends.
        case startup
        /// Master: an answer that the limit of answers held back.
        case answer
        /// Master: no second master was seen for so long that a split is over.
        case splitQuiet
    }

    /// Whether an operator holds the instance back.
    public enum Hold: Sendable, Hashable {
        /// Not at all.
        case none
        /// It handed over: lets any other serve, and serves again only when nobody does.
        case yielding
        /// It stays backup, come what may.
        case standby
    }

    /// An advertisement that every check accepted.
    public struct Heard: Sendable, Hashable {
        /// Its priority; 0: the sender stops.
        public var priority: UInt8
        /// The sender's primary address.
        public var source: IPAddress
        /// Its interval in nanoseconds.
        public var interval: UInt64

        /// An advertisement.
        public init(priority: UInt8, source: IPAddress, interval: UInt64) {
            self.priority = priority
            self.source = source
            self.interval = interval
        }
    }

    /// What a sync group demands of its members.
    public enum Command: Sendable, Hashable {
        /// Serve, as another member does.
        case becomeMaster
        /// Stop serving, as another member did.
        case becomeBackup
        /// Another member is in fault.
        case becomeFault
        /// No member is in fault any more.
        case leaveFault
    }

    /// What happens to an election.
    public enum Event: Sendable, Hashable {
        /// Begin.
        case start
        /// The deadline of a timer was reached.
        case timer(Timer)
        /// An accepted advertisement of another router.
        case heard(Heard)
        /// The effective priority, after weights.
        case priorityChanged(UInt8)
        /// Something tracked went down; the caller counts the reasons.
        case faultBegan
        /// Everything tracked is up.
        case faultEnded
        /// Another hardware address claims a virtual address, by ARP or neighbour discovery.
        case foreignAnnouncement
        /// From the sync group.
        case commanded(Command)
        /// Let another router serve (operator).
        case handOver
        /// Do not serve until told to resume (operator).
        case stayBackup
        /// Forget a hand-over or a stay (operator).
        case resume
        /// Another configuration; the priority is the effective one.
        case settingsChanged(Settings, priority: UInt8)
        /// The end.
        case shutdown
    }

    /// Why a state was left.
    public enum Cause: Sendable, Hashable {
        /// The start, or the end of the start delay.
        case started
        /// The owner of the addresses need not ask.
        case owner
        /// No master was heard for the master-down time.
        case masterDown
        /// The master said that it stops.
        case masterStopped
        /// A better master is there.
        case higherPriority(UInt8, IPAddress)
        /// Something tracked is down.
        case fault
        /// Everything tracked is up again.
        case faultEnded
        /// We were not running for so long that another may have taken over.
        case overslept
        /// The sync group demands it.
        case syncGroup
        /// An operator demands it.
        case handOver
        /// An operator demands it.
        case stayBackup
        /// A reload made us owner.
        case settings
        /// The end.
        case shutdown
    }

    /// Why hosts and switches are to be told where the addresses are.
    public enum AnnouncementCause: Sendable, Hashable {
        /// We became master.
        case transition
        /// A master of lower priority was heard.
        case lowerPriority
        /// Another sign of a second master: its ARP or neighbour advertisement.
        case secondMaster
        /// It is time again.
        case refresh
    }

    /// Something worth a log line. Each is said when it begins, not for every packet.
    public enum Fact: Sendable, Hashable {
        /// Version 3: the master's interval in nanoseconds, from which our timers follow.
        case intervalLearnt(UInt64)
        /// The advertisement was late by that many nanoseconds; nobody else can have noticed.
        case late(UInt64)
        /// We did not run for that many nanoseconds beyond a deadline, and listen first.
        case overslept(UInt64)
        /// Another router also claims to own the addresses; the one with the lower address yields.
        case secondOwner(IPAddress)
        /// A master of lower priority may stay until then.
        case preemptionDelayed(until: UInt64)
        /// A master of lower priority stays: `nopreempt`, or an operator's hold.
        case lowerPriorityStays(UInt8, IPAddress)
        /// No master is there, and an operator holds us back.
        case heldBack
    }

    /// What is to be done, in this order.
    public enum Effect: Sendable, Hashable {
        /// Send an advertisement of this priority to the group or to every peer.
        case sendAdvertisement(priority: UInt8)
        /// Add the virtual addresses, routes and rules.
        case takeAddresses
        /// Remove them. Comes before the last advertisement: as soon as others hear it they serve,
        /// and then only one may answer for the addresses.
        case releaseAddresses
        /// Tell hosts and switches.
        case announce(AnnouncementCause)
        /// The state changed: notify.
        case transition(from: State, to: State, because: Cause)
        /// Wake the machine at a time in nanoseconds.
        case arm(Timer, deadline: UInt64)
        /// Do not wake it.
        case disarm(Timer)
        /// Nobody serves here: ask the sync group whether to take over. `masterStopped`: the master
        /// said that it stops.
        case askGroup(masterStopped: Bool)
        /// There is a second master.
        case splitBegan
        /// There was none for a while; how many nanoseconds lie between its first and last sign.
        case splitEnded(lasted: UInt64)
        /// A master heard a lower priority: `notify_master_rx_lower_pri`. Said with answers given
        /// at once, so it is limited as they are.
        case lowerPriorityHeard(UInt8, IPAddress)
        /// Log it.
        case note(Fact)
    }
}
