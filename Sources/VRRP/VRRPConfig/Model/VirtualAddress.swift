// Addresses, routes and rules with the options of ip(8) that the manual takes.

import Addresses

/// A line of `virtual_ipaddress`, `virtual_ipaddress_excluded` or `static_ipaddress`.
public struct VirtualAddress: Equatable, Sendable {
    /// `brd`.
    public enum Broadcast: Equatable, Sendable {
        /// An address.
        case address(IPAddress)
        /// `+`: the host bits are ones.
        case hostBitsSet
        /// `-`: the host bits are zeros.
        case hostBitsClear
    }

    /// `preferred_lft`.
    public enum PreferredLifetime: Equatable, Sendable {
        /// `forever`.
        case forever
        /// So many seconds; 0 makes an address deprecated.
        case seconds(UInt32)
    }

    /// The address.
    public var address: IPAddress
    /// The prefix length; 32 or 128 when none is written.
    public var prefixLength: UInt8
    /// `brd`.
    public var broadcast: Broadcast?
    /// `dev`; nil: the instance's interface or the default interface.
    public var interface: String?
    /// `use_vmac`: on a macvlan of `interface`.
    public var usesVirtualMAC = false
    /// `scope`: RT_SCOPE number; nil: global, or host for loopback addresses.
    public var scope: UInt8?
    /// `label`.
    public var label: String?
    /// `peer`.
    public var peer: IPAddress?
    /// The prefix length of `peer`.
    public var peerPrefixLength: UInt8?
    /// `home` (IFA_F_HOMEADDRESS).
    public var isHome = false
    /// `-nodad`: the flag nodad (IFA_F_NODAD) is taken away, which virtual addresses have by
    /// themselves; IPv6 only.
    public var detectsDuplicates = false
    /// `mngtmpaddr`.
    public var managesTemporaryAddresses = false
    /// `noprefixroute`.
    public var omitsPrefixRoute = false
    /// `autojoin`.
    public var joinsGroup = false
    /// `no_track`: its loss is ignored.
    public var isUntracked = false
    /// `track_group`; static addresses only.
    public var trackGroup: String?
    /// `preferred_lft`; nil: 0 for IPv6 addresses of full length, otherwise for ever.
    public var preferredLifetime: PreferredLifetime?

    /// An address.
    public init(address: IPAddress, prefixLength: UInt8) {
        self.address = address
        self.prefixLength = prefixLength
    }
}

/// A line of `virtual_routes` or `static_routes`: the syntax of `ip route add`.
public struct VirtualRoute: Equatable, Sendable {
    /// The kind of route.
    public enum Kind: String, Equatable, Sendable, CaseIterable {
        case unicast, local, broadcast, multicast, anycast, `throw`, unreachable, prohibit,
            blackhole

    }

    /// How a route stands beside one that matches.
    public enum Placement: Equatable, Sendable {
        /// Before it, what the kernel does by itself.
        case prepended
        /// `append`.
        case appended
        /// `add`: only where none matches.
        case alone
    }

    /// A metric that may be locked.
    public struct Metric: Equatable, Sendable {
        /// The names of ip-route(8).
        public enum Name: String, Equatable, Sendable, CaseIterable {
            case mtu, hoplimit, advmss, rtt, rttvar, reordering, window, cwnd, ssthresh
            case initcwnd, initrwnd, quickack
            case minimumRetransmission = "rto_min"
            case congestionControl = "congctl"
            case fastOpenNoCookie = "fastopen_no_cookie"
        }

        /// Which one.
        public var name: Name
        /// The number; milliseconds for times. 0 for `congctl`.
        public var value: UInt32
        /// The name of the algorithm of `congctl`.
        public var text: String?
        /// `lock`: the kernel does not change it.
        public var isLocked: Bool

        /// A metric.
        public init(name: Name, value: UInt32, text: String? = nil, isLocked: Bool = false) {
            self.name = name
            self.value = value
            self.text = text
            self.isLocked = isLocked
        }
    }

    /// One way of a route: `via`, or one behind `nexthop`.
    public struct NextHop: Equatable, Sendable {
        /// `via`; nil: the destination is on the link.
        public var gateway: IPAddress?
        /// `dev`.
        public var interface: String?
        /// `onlink`.
        public var isOnLink = false
        /// `weight`, 1 to 256.
        public var weight: Int = 1
        /// `realms`: source and destination realm, the high and low 16 bits.
        public var realms: UInt32?

        /// A way without anything.
        public init() {}
    }

    /// What it is.
    public var kind = Kind.unicast
    /// The destination; nil: `default`.
    public var destination: Prefix?
    /// The family, also where no address tells it (`inet6`).
    public var family = IPAddress.Family.v4
    /// `src`: the preferred source address.
    public var preferredSource: IPAddress?
    /// `from`: the source prefix of an IPv6 route.
    public var source: Prefix?
    /// `via`, `dev`, `onlink` of a route with one way.
    public var hop = NextHop()
    /// `or`: a second gateway.
    public var alternateGateway: IPAddress?
    /// `nexthop`: the ways of a multipath route; empty otherwise.
    public var nextHops: [NextHop] = []
    /// `table`; nil: main.
    public var table: UInt32?
    /// `tos` or `dsfield`.
    public var typeOfService: UInt8?
    /// `protocol`: RTPROT number; nil: keepalived's (18).
    public var routeProtocol: UInt8?
    /// `scope`: RT_SCOPE number; nil: by kind and gateway.
    public var scope: UInt8?
    /// `metric`, `priority` or `preference`.
    public var metric: UInt32?
    /// `mtu`, `advmss` and the others, in the order of the file.
    public var metrics: [Metric] = []
    /// `features ecn`.
    public var usesECN = false
    /// `pref low|medium|high` of IPv6 routes (RFC 4191).
    public var routerPreference: UInt8?
    /// `ttl-propagate` (nil: not written).
    public var propagatesTTL: Bool?
    /// `append`.
    public var placement = Placement.prepended
    /// `no_track`: its loss is ignored.
    public var isUntracked = false
    /// `track_group`; static routes only.
    public var trackGroup: String?

    /// A route to everywhere.
    public init() {}
}

/// A line of `virtual_rules` or `static_rules`: the syntax of `ip rule add`.
public struct VirtualRule: Equatable, Sendable {
    /// What a rule does.
    public enum Action: Equatable, Sendable {
        /// `table`: looks the route up there.
        case table(UInt32)
        /// `goto`: goes on at the rule with that preference.
        case goTo(UInt32)
        /// `nop`.
        case nop
        /// `blackhole`.
        case blackhole
        /// `unreachable`.
        case unreachable
        /// `prohibit`.
        case prohibit
    }

    /// What it does; nil: `l3mdev` chooses the table.
    public var action: Action?
    /// The family.
    public var family = IPAddress.Family.v4
    /// `not`: matches what does not match.
    public var isInverted = false
    /// `from`; nil: all.
    public var from: Prefix?
    /// `to`; nil: all.
    public var to: Prefix?
    /// `preference`, `priority` or `order`; nil: assigned by the kernel.
    public var preference: UInt32?
    /// `tos` or `dsfield`.
    public var typeOfService: UInt8?
    /// `fwmark`.
    public var mark: UInt32?
    /// The mask behind `fwmark`.
    public var markMask: UInt32?
    /// `iif`.
    public var inputInterface: String?
    /// `oif`.
    public var outputInterface: String?
    /// `realms`: source and destination realm, the high and low 16 bits.
    public var realms: UInt32?
    /// `l3mdev`.
    public var usesL3Device = false
    /// `protocol`: RTPROT number; nil: keepalived's (18).
    public var ruleProtocol: UInt8?
    /// `suppress_prefixlength`.
    public var suppressedPrefixLength: UInt32?
    /// `suppress_ifgroup`, a number.
    public var suppressedGroup: UInt32?
    /// `tun_id`.
    public var tunnelID: UInt64?
    /// `uidrange`.
    public var users: ClosedRange<UInt32>?
    /// `ip_proto` or `ipproto`: IP protocol number.
    public var ipProtocol: UInt8?
    /// `sport`.
    public var sourcePorts: ClosedRange<UInt16>?
    /// `dport`.
    public var destinationPorts: ClosedRange<UInt16>?
    /// `no_track`: its loss is ignored.
    public var isUntracked = false
    /// `track_group`; static rules only.
    public var trackGroup: String?

    /// A rule that matches everything and does nothing yet.
    public init() {}
}
