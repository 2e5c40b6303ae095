// What the daemon is like at one moment, as values: everything that is shown, dumped or counted for
// others is made of this and of nothing else.

import Addresses
import VRRPConfig
import VRRPProtocol

/// The whole daemon.
struct DaemonStatus: Equatable {
    /// The configuration in use.
    var configuration = VRRPConfiguration()
    /// The file it came from.
    var configurationPath = ""
    /// The program's version.
    var version = ""
    /// The process that speaks VRRP.
    var processID: Int32 = 0
    /// Microseconds since 1970.
    var now: Int64 = 0
    /// When the process began, microseconds since 1970.
    var startedAt: Int64 = 0
    /// Reloads that were applied, and those that were refused.
    var reloads = 0
    var refusedReloads = 0
    var instances: [InstanceStatus] = []
    var groups: [GroupStatus] = []
    var trackers: [TrackerStatus] = []
    /// Adverts for numbers that no instance has, on interfaces we listen on.
    var unknownVRIDs: UInt64 = 0
    /// Packets that were no VRRP, or of which no instance could be told.
    var strayRejections = RejectionCounters()
    /// How late the latest of the loop's timers was run, in nanoseconds.
    var longestDelay: UInt64 = 0
}

/// One instance.
struct InstanceStatus: Equatable {
    var definition: InstanceDefinition
    var state = Election.State.initial
    var hold = Election.Hold.none
    /// The effective priority.
    var priority: UInt8 = 0
    /// When the state was entered, microseconds since 1970.
    var lastTransition: Int64 = 0
    /// The sync group, if it is in one.
    var group: String?
    /// The interface that carries addresses: the virtual MAC's where there is one.
    var addressInterface = ""
    /// The address that adverts come from; nil while the interface has none.
    var source: IPAddress?
    /// The master that is followed, and its priority; nil while there is none or it is us.
    var masterAddress: IPAddress?
    var masterPriority: UInt8 = 0
    /// Its interval, nanoseconds.
    var masterIntervalNanoseconds: UInt64 = 0
    /// Nanoseconds since the last advert of somebody else; nil: none was heard.
    var lastHeardNanoseconds: UInt64?
    /// After how long without a master the instance serves, nanoseconds.
    var masterDownNanoseconds: UInt64 = 0
    /// Why it is in fault, for people.
    var faults: [String] = []
    /// Whether each of the virtual addresses, then of the excluded, is on its interface.
    var addressesSet: [Bool] = []
    var excludedSet: [Bool] = []
    /// Whether there are two masters now.
    var isSplit = false
    var counters = InstanceCounters()
}

/// What an instance has counted since it began; a reload keeps it.
struct InstanceCounters: Equatable {
    var advertsReceived: UInt64 = 0
    var advertsSent: UInt64 = 0
    var sendFailures: UInt64 = 0
    var becameMaster: UInt64 = 0
    var releasedMaster: UInt64 = 0
    var faults: UInt64 = 0
    var priorityZeroReceived: UInt64 = 0
    var priorityZeroSent: UInt64 = 0
    /// Adverts of lower priority heard while master.
    var lowerPriorityHeard: UInt64 = 0
    var rejections = RejectionCounters()
    /// Accepted adverts with other addresses, or (version 3) another interval than ours.
    var addressListDiffered: UInt64 = 0
    var intervalDiffered: UInt64 = 0
    /// Times of two masters, and how long they lasted, nanoseconds.
    var splits: UInt64 = 0
    var splitNanoseconds: UInt64 = 0
    /// Gratuitous ARPs and unsolicited neighbour advertisements.
    var announcements: UInt64 = 0
    /// Addresses, routes and rules that others removed and we put back.
    var putBack: UInt64 = 0
    /// Adverts that were late by more than an interval, and times we overslept.
    var lateAdverts: UInt64 = 0
    var overslept: UInt64 = 0
    /// Announcements of our addresses by others.
    var foreignAnnouncements: UInt64 = 0
    /// Scripts that were run for transitions; those that failed or were ended, events that were not
    /// told, and mails that were given up.
    var notifications: UInt64 = 0
    var failedNotifications: UInt64 = 0
}

/// One sync group.
struct GroupStatus: Equatable {
    var definition: SyncGroupDefinition
    var state = Election.State.initial
}

/// One tracked thing.
struct TrackerStatus: Equatable {
    /// What kind of thing it is, by the word of the language: `script`, `file`, `process`,
    /// `interface`, `bfd`, `martlet`, `check`.
    var kind: String
    var name: String
    /// Nil while it is not known yet.
    var isGood: Bool?
    /// What was found last, for people.
    var detail = ""
    /// How many processes there are, or the number that a file holds, where that is what is
    /// tracked.
    var number: Int?
    /// What the tracker will be when a delay that runs has ended; nil: none runs.
    var pending: Bool?
    var runs: UInt64 = 0
    var failures: UInt64 = 0
    /// How long the last run took, nanoseconds.
    var lastDurationNanoseconds: UInt64 = 0
    /// The instances and groups that follow it, with the weight each gives it.
    var followers: [(name: String, weight: Int)] = []

    static func == (left: TrackerStatus, right: TrackerStatus) -> Bool {
        left.kind == right.kind && left.name == right.name && left.isGood == right.isGood
            && left.detail == right.detail && left.runs == right.runs
            && left.number == right.number && left.pending == right.pending
            && left.failures == right.failures
            && left.lastDurationNanoseconds == right.lastDurationNanoseconds
            && left.followers.elementsEqual(right.followers, by: ==)
    }
}
