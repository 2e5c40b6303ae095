// A `vrrp_instance` with every default resolved. keepalived.conf(5): VRRP instance(s).

import Addresses

/// A `vrrp_instance`.
public struct InstanceDefinition: Equatable, Sendable {
    /// `state`: how the instance begins.
    public enum InitialState: String, Equatable, Sendable, CaseIterable {
        /// Becomes active at once when it is the owner, and else never waits for `preempt_delay`.
        case master = "MASTER"
        /// Listens first.
        case backup = "BACKUP"
    }

    /// The protocol's version.
    public enum Version: Int, Equatable, Sendable, CaseIterable {
        /// RFC 3768, IPv4 only.
        case two = 2
        /// RFC 9568.
        case three = 3
    }

    /// `old_unicast_checksum`: the sum of keepalived 1.3.6 and older for v3 unicast.
    public enum OldChecksum: Equatable, Sendable {
        /// Used once a peer is heard that uses it.
        case detected
        /// Always used.
        case always
        /// Never used.
        case never
    }

    /// The instance's name, unique.
    public var name: String
    /// Where the block begins.
    public var place = DefinitionPlace()

    // Election.

    /// `state`.
    public var initialState = InitialState.backup
    /// `virtual_router_id`, 1 to 255.
    public var virtualRouterID: UInt8 = 0
    /// `priority`, 1 to 255; 255 is the owner.
    public var priority: UInt8 = 100
    /// `version`, resolved: IPv6 is always version 3.
    public var version = Version.two
    /// The family of the addresses in adverts, resolved.
    public var family = IPAddress.Family.v4
    /// `advert_int`: whole seconds in version 2, 10 ms to 40.95 s in steps of 10 ms in version 3.
    public var advertIntervalNanoseconds: UInt64 = 1_000_000_000
    /// `nopreempt` turned round.
    public var preempts = true
    /// `preempt_delay`, up to 1000 s.
    public var preemptDelayNanoseconds: UInt64 = 0
    /// `down_timer_adverts`, 1 to 100.
    public var downTimerAdverts = 3
    /// `lower_prio_no_advert`: silence when a lower priority is heard.
    public var staysSilentOnLowerPriority = false
    /// `higher_prio_send_advert`, resolved: a last advert before stepping down. Differs: on unless
    /// it is written `off` or strict mode forbids it, for the winner of a healed split may else
    /// never announce its addresses.
    public var advertisesBeforeSteppingDown = true
    /// `timer_expired_backup`: highest priority among the others; nil: not configured.
    public var timerExpiredPriority: UInt8?
    /// `owner_ignore_adverts`, resolved; strict mode asks for it. Counts with priority 255.
    public var ownerIgnoresAdverts = false
    /// `strict_mode`, resolved with `vrrp_strict`.
    public var isStrict = false
    /// `accept`/`no_accept`, resolved: packets to the addresses are accepted without being owner.
    public var acceptsPackets = true
    /// `skip_check_adv_addr`: the address list of a known sender is not compared again.
    public var skipsAddressCheckOfKnownSender = false
    /// `authentication` or `auth_hmac`.
    public var authentication = Authentication.none

    // Interface and sockets.

    /// `interface`; nil only for unicast without one.
    public var interface: String?
    /// `vrf`: for unicast without an interface.
    public var vrf: String?
    /// `use_vmac`.
    public var virtualMAC: VirtualMAC?
    /// `use_vmac_addr`: macvlans for addresses on other interfaces too.
    public var usesVirtualMACForAddresses = false
    /// `vmac_xmit_base`: adverts leave by the base interface.
    public var transmitsFromBase = false
    /// `use_ipvlan`.
    public var ipvlan: IPVLAN?
    /// `mcast_src_ip` or `unicast_src_ip`; nil: the interface's primary address.
    public var sourceAddress: IPAddress?
    /// `track_src_ip`: a fault when the source address is not there.
    public var tracksSourceAddress = false
    /// `mcast_dst_ip`, resolved with `vrrp_mcast_group4` and `vrrp_mcast_group6`.
    public var multicastDestination = IPAddress(v4: 0xE000_0012)
    /// Whether adverts go to `unicastPeers` instead of the group, resolved.
    public var isUnicast = false
    /// `unicast_peer`.
    public var unicastPeers: [UnicastPeer] = []
    /// `check_unicast_src`, resolved: the source must be a peer.
    public var checksUnicastSource = false
    /// `unicast_ttl`, 0 to 255; nil: 255 for IPv4 and the system's for IPv6.
    public var unicastTTL: UInt8?
    /// `unicast_fault_no_peer`: a fault instead of multicast when there are no peers.
    public var faultsWithoutPeers = false
    /// `old_unicast_checksum`.
    public var oldChecksum = OldChecksum.detected
    /// `v3_checksum_as_v2`: no pseudo header in sums of version 3 over IPv4.
    public var omitsPseudoHeader = false
    /// `kernel_rx_buf_size`, bytes.
    public var receiveBufferBytes: Int?
    /// `linkbeat_use_polling` of the instance.
    public var pollsLink = false

    // What it owns.

    /// `virtual_ipaddress`: what adverts carry.
    public var virtualAddresses: [VirtualAddress] = []
    /// `virtual_ipaddress_excluded`: what adverts leave out.
    public var excludedAddresses: [VirtualAddress] = []
    /// `no_virtual_ipaddress`: to have no addresses is meant so.
    public var meansNoAddresses = false
    /// `virtual_routes`.
    public var routes: [VirtualRoute] = []
    /// `virtual_rules`.
    public var rules: [VirtualRule] = []
    /// `promote_secondaries`.
    public var promotesSecondaries = false
    /// `garp_*`, resolved.
    public var announcements = AnnouncementSettings()

    // What it follows.

    /// `dont_track_primary` turned round.
    public var tracksInterface = true
    /// `track_interface`, `track_script` and the others.
    public var tracks = TrackReferences()

    // Whom it tells.

    /// `notify_*`.
    public var notify = NotifySettings()

    /// An instance with the manual's defaults.
    public init(name: String) { self.name = name }
}

/// A line of `unicast_peer`.
public struct UnicastPeer: Equatable, Sendable {
    /// The peer's address.
    public var address: IPAddress
    /// `min_ttl`: the least that a received packet may have.
    public var minimumTTL: UInt8?
    /// `max_ttl`: the most.
    public var maximumTTL: UInt8?

    /// A peer.
    public init(address: IPAddress, minimumTTL: UInt8? = nil, maximumTTL: UInt8? = nil) {
        self.address = address
        self.minimumTTL = minimumTTL
        self.maximumTTL = maximumTTL
    }
}

/// How adverts are authenticated.
public enum Authentication: Equatable, Sendable {
    /// Not at all.
    case none
    /// `auth_type PASS`, version 2 only: 1 to 8 bytes, longer ones are cut.
    case password([UInt8])
    /// `auth_hmac`.
    case hmac(HMACAuthentication)
}

/// `auth_hmac`: a trailer of HMAC-SHA256 behind the advert.
public struct HMACAuthentication: Equatable, Sendable {
    /// A key with its number.
    public struct Key: Equatable, Sendable {
        /// 1 to 255.
        public var id: UInt8
        /// `HMACAuthentication.secretBytes` of them.
        public var secret: [UInt8]

        /// A key.
        public init(id: UInt8, secret: [UInt8]) {
            self.id = id
            self.secret = secret
        }
    }

    /// What makes an old advert old.
    public enum ReplayGuard: String, Equatable, Sendable, CaseIterable {
        /// Sequence numbers follow the clock, within a window.
        case time
        /// Sequence numbers only grow.
        case monotonic
    }

    /// Which adverts are sent and accepted.
    public enum Mode: String, Equatable, Sendable, CaseIterable {
        /// Only signed ones.
        case enforce
        /// Sends signed ones, accepts both.
        case permissive
        /// Sends unsigned ones, accepts both.
        case receiveOnly = "receive-only"
    }

    /// How long a key may be.
    public static let secretBytes = 32...64

    /// Keys by number, in the order of the file.
    public var keys: [Key] = []
    /// The key that signs.
    public var activeKey: UInt8 = 0
    /// `anti_replay`.
    public var replayGuard = ReplayGuard.time
    /// `time_window`, resolved: three advert intervals in whole seconds, at least 5 s.
    public var timeWindowSeconds = 5
    /// `mode`.
    public var mode = Mode.enforce

    /// No keys yet.
    public init() {}
}

/// `use_vmac`.
public struct VirtualMAC: Equatable, Sendable {
    /// The macvlan's name; nil: prefix and VRID.
    public var interfaceName: String?
    /// Six bytes; nil: 00:00:5e:00:01:VRID or 00:00:5e:00:02:VRID.
    public var hardwareAddress: [UInt8]?
    /// `group`: the link group, as number or name.
    public var linkGroup: String?

    /// The defaults.
    public init() {}
}

/// `use_ipvlan`.
public struct IPVLAN: Equatable, Sendable {
    /// The flags of an ipvlan.
    public enum Mode: String, Equatable, Sendable, CaseIterable {
        case bridge
        case `private`
        case vepa
    }

    /// The ipvlan's name; nil: prefix and VRID.
    public var interfaceName: String?
    /// The address of the ipvlan; needed for IPv4.
    public var address: IPAddress?
    /// The prefix length of `address`, nil when none was written.
    public var prefixLength: UInt8?
    /// The flags, the same for all ipvlans of a base interface.
    public var mode = Mode.bridge
    /// `group`: the link group, as number or name.
    public var linkGroup: String?

    /// The defaults.
    public init() {}
}

/// `garp_*` of an instance.
public struct AnnouncementSettings: Equatable, Sendable {
    /// `garp_master_repeat`: announcements at a time after becoming active.
    public var masterRepeat = 5
    /// `garp_master_delay`: when the second set follows; 0: never.
    public var masterDelayNanoseconds: UInt64 = 5_000_000_000
    /// `garp_lower_prio_repeat`: announcements at a time after a lower priority was heard.
    public var lowerPriorityRepeat = 5
    /// `garp_lower_prio_delay`: when the second set follows; 0: never.
    public var lowerPriorityDelayNanoseconds: UInt64 = 5_000_000_000
    /// `garp_master_refresh`: time between announcements while active; 0: none.
    public var refreshNanoseconds: UInt64 = 0
    /// `garp_master_refresh_repeat`: announcements at a time then.
    public var refreshRepeat = 1
    /// `garp_extra_if`: time between announcements on interfaces of other addresses; 0: none.
    public var extraInterfaceNanoseconds: UInt64 = 0
    /// `garp_extra_if all`: on those without a virtual MAC too.
    public var extraOnAllInterfaces = false

    /// The manual's defaults.
    public init() {}
}

/// `notify_*` and mail of an instance or a sync group.
public struct NotifySettings: Equatable, Sendable {
    /// `notify_master`.
    public var master: ScriptCommand?
    /// `notify_backup`.
    public var backup: ScriptCommand?
    /// `notify_fault`.
    public var fault: ScriptCommand?
    /// `notify_stop`.
    public var stop: ScriptCommand?
    /// `notify_deleted`'s script.
    public var deleted: ScriptCommand?
    /// `notify_deleted` stands there, with a script or without: DELETED is told instead of FAULT.
    public var tellsDeleted = false
    /// `notify`, after the others and with four more arguments.
    public var any: ScriptCommand?
    /// `notify_master_rx_lower_pri`; instances only.
    public var masterHearsLowerPriority: ScriptCommand?
    /// `notify_priority_changes`, resolved: fifos hear of priorities.
    public var tellsPriorityChanges = false
    /// `smtp_alert`, resolved.
    public var sendsMail = false

    /// Nobody is told.
    public init() {}

    /// All scripts that are there.
    public var commands: [ScriptCommand] {
        [master, backup, fault, stop, deleted, any, masterHearsLowerPriority].compactMap { $0 }
    }
}
