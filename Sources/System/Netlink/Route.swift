// Routes as rtnetlink tells of them (rtnetlink(7): RTM_NEWROUTE), and the requests that ask for,
// add and delete them. Covers keepalived.conf(5): static_routes and virtual_routes, but for
// encapsulation.

import Addresses

/// A route.
public struct Route: Hashable, Sendable {
    /// What becomes of packets (RTN_…).
    public enum Kind: UInt8, Hashable, Sendable {
        case unicast = 1
        case local = 2
        case broadcast = 3
        case anycast = 4
        case multicast = 5
        /// Dropped without a word.
        case blackhole = 6
        case unreachable = 7
        case prohibit = 8
        /// Look-up goes on with the next rule.
        case `throw` = 9
    }

    /// One way to go.
    public struct Hop: Hashable, Sendable {
        /// Nil where the destination is on the link. May be IPv6 for an IPv4 route.
        public var gateway: IPAddress?
        /// Index of the interface; nil where the kernel is to find it by the gateway.
        public var interface: UInt32?
        /// Its share among several, 1 to 256.
        public var weight: UInt16
        /// The gateway is on the link even if no address says so.
        public var isOnLink: Bool
        /// Realms of this way: the source's in the high half, the destination's in the low one.
        public var realms: UInt32?

        public init(
            gateway: IPAddress? = nil, interface: UInt32? = nil, weight: UInt16 = 1,
            isOnLink: Bool = false
        ) {
            self.gateway = gateway
            self.interface = interface
            self.weight = weight
            self.isOnLink = isOnLink
        }
    }

    /// Figures TCP begins with (RTAX_…, ip-route(8)).
    public enum Metric: UInt16, Hashable, Sendable, CaseIterable {
        case mtu = 2
        case window = 3
        /// In eighths of a millisecond.
        case roundTrip = 4
        /// In quarters of a millisecond.
        case roundTripVariation = 5
        case slowStartThreshold = 6
        case congestionWindow = 7
        case largestSegment = 8
        case reordering = 9
        case hopLimit = 10
        case initialCongestionWindow = 11
        /// Bits: 1 ECN.
        case features = 12
        /// Milliseconds. `ip route` always locks it; unlocked, the kernel takes it for none.
        case leastRetransmission = 13
        case initialReceiveWindow = 14
        case quickAcknowledgement = 15
        case fastOpenNoCookie = 17
    }

    /// Table numbers with a meaning.
    public static let mainTable: UInt32 = 254
    public static let localTable: UInt32 = 255
    /// RTPROT_KEEPALIVED, the protocol of routes a VRRP daemon has made.
    public static let protocolVRRP: UInt8 = 18

    public var destination: Prefix
    public var kind: Kind
    public var table: UInt32
    /// Who made it (RTPROT_…, names in rt_protos).
    public var origin: UInt8
    /// Nil as `ip route` chooses it: everywhere with a gateway, on the link without.
    public var scope: AddressScope?
    public var typeOfService: UInt8
    /// Lower ones are preferred; nil is 0 for IPv4, 1024 for IPv6.
    public var priority: UInt32?
    /// Only packets from here (IPv6).
    public var source: Prefix?
    /// The address that packets of this machine get.
    public var preferredSource: IPAddress?
    /// Ways to go; several share by weight. None for kinds that drop.
    public var hops: [Hop]
    public var metrics: [Metric: UInt32]
    /// Metrics that TCP must not change.
    public var lockedMetrics: Set<Metric>
    /// Congestion control of TCP by name.
    public var congestionControl: String?
    /// As with a hop, for a route of one way.
    public var realms: UInt32?
    /// Router preference of RFC 4191 (IPv6): 0 medium, 1 high, 3 low.
    public var preference: UInt8?
    /// Whether the TTL is carried over into MPLS.
    public var propagatesTTL: Bool?
    /// Seconds until it ends (IPv6); nil never.
    public var expirySeconds: UInt32?

    public init(
        to destination: Prefix, _ hops: [Hop] = [], kind: Kind = .unicast,
        table: UInt32 = Route.mainTable
    ) {
        self.destination = destination
        self.kind = kind
        self.table = table
        origin = Self.protocolVRRP
        typeOfService = 0
        self.hops = hops
        metrics = [:]
        lockedMetrics = []
    }

    /// The family of its destination.
    public var family: IPAddress.Family { destination.address.family }

    /// The scope that is sent.
    public var effectiveScope: AddressScope {
        if let scope { return scope }
        if family == .v6 { return .global }
        switch kind {
        case .local: return .host
        case .broadcast, .multicast, .anycast: return .link
        case .unicast: return hops.contains { $0.gateway != nil } ? .global : .link
        case .blackhole, .unreachable, .prohibit, .throw: return .global
        }
    }

    /// Whether the kernel takes the two for the same route: the same destination, table, service,
    /// priority, kind and ways. Figures and weights may differ.
    public func isSame(as other: Route) -> Bool {
        func rank(_ route: Route) -> UInt32 {
            let given = route.priority ?? 0
            return route.family == .v6 && given == 0 ? 1024 : given
        }
        guard destination == other.destination, table == other.table, kind == other.kind,
            typeOfService == other.typeOfService, rank(self) == rank(other),
            (source ?? Prefix(.anyV6, length: 0)) == (other.source ?? Prefix(.anyV6, length: 0)),
            hops.count == other.hops.count || kind != .unicast
        else { return false }
        if kind != .unicast { return true }
        return zip(hops, other.hops).allSatisfy { mine, theirs in
            // An interface that was left to the kernel is any.
            mine.gateway == theirs.gateway
                && (mine.interface == nil || theirs.interface == nil
                    || mine.interface == theirs.interface)
        }
    }
}

/// Attributes of a route (RTA_…).
private enum RouteAttribute {
    static let destination: UInt16 = 1
    static let source: UInt16 = 2
    static let output: UInt16 = 4
    static let gateway: UInt16 = 5
    static let priority: UInt16 = 6
    static let preferredSource: UInt16 = 7
    static let metrics: UInt16 = 8
    static let multipath: UInt16 = 9
    static let realms: UInt16 = 11
    static let table: UInt16 = 15
    static let via: UInt16 = 18
    static let preference: UInt16 = 20
    static let expiry: UInt16 = 23
    static let propagatesTTL: UInt16 = 26
}

/// Inside the metrics.
private let lockMetric: UInt16 = 1
private let congestionControlMetric: UInt16 = 16
/// RTNH_F_ONLINK.
private let onLinkFlag: UInt8 = 4

// MARK: Reading

extension Route {
    /// Reads RTM_NEWROUTE or RTM_DELROUTE; nil where it is neither, or not of IP, or a cached one.
    public init?(_ message: NetlinkMessage) {
        guard
            message.type == RouteMessageType.newRoute
                || message.type == RouteMessageType.deleteRoute,
            message.body.count >= 12
        else { return nil }
        let body = message.body
        let attributes = NetlinkAttributes(body, from: 12)
        let flags = body.span.word(at: 8)
        let isV4 = body[0] == SocketFamily.inet
        // RTM_F_CLONED.
        guard isV4 || body[0] == SocketFamily.inet6, flags & 0x200 == 0,
            let kind = Kind(rawValue: body[7]),
            let destination = Prefix(
                attributes.address(RouteAttribute.destination) ?? (isV4 ? .anyV4 : .anyV6),
                length: Int(body[1]))
        else { return nil }
        self.init(
            to: destination, kind: kind,
            table: attributes.word(RouteAttribute.table) ?? UInt32(body[4]))
        origin = body[5]
        scope = AddressScope(rawValue: body[6])
        typeOfService = body[3]
        priority = attributes.word(RouteAttribute.priority)
        source = attributes.address(RouteAttribute.source).flatMap {
            Prefix($0, length: Int(body[2]))
        }
        preferredSource = attributes.address(RouteAttribute.preferredSource)
        realms = attributes.word(RouteAttribute.realms)
        preference = attributes.byte(RouteAttribute.preference)
        propagatesTTL = attributes.byte(RouteAttribute.propagatesTTL).map { $0 != 0 }
        expirySeconds = attributes.word(RouteAttribute.expiry)
        readMetrics(attributes)
        readHops(attributes, flags: UInt8(truncatingIfNeeded: flags))
    }

    private mutating func readMetrics(_ attributes: NetlinkAttributes) {
        guard let figures = attributes.nest(RouteAttribute.metrics) else { return }
        let locked = figures.word(lockMetric) ?? 0
        for metric in Metric.allCases {
            metrics[metric] = figures.word(metric.rawValue)
            if locked & 1 << UInt32(metric.rawValue) != 0 { lockedMetrics.insert(metric) }
        }
        congestionControl = figures.text(congestionControlMetric)
    }

    private mutating func readHops(_ attributes: NetlinkAttributes, flags: UInt8) {
        if let list = attributes.bytes(RouteAttribute.multipath) {
            var offset = 0
            while offset + 8 <= list.count, hops.count < 256 {
                let length = Int(list.span.half(at: offset))
                guard length >= 8, length <= list.count - offset else { break }
                let inner = NetlinkAttributes(
                    Array(list[offset..<offset + length]), from: 8)
                var hop = Hop(
                    gateway: Self.gateway(inner), interface: list.span.word(at: offset + 4),
                    weight: UInt16(list[offset + 3]) + 1,
                    isOnLink: list[offset + 2] & onLinkFlag != 0)
                hop.realms = inner.word(RouteAttribute.realms)
                hops.append(hop)
                offset += (length + 3) & ~3
            }
        } else {
            let gateway = Self.gateway(attributes)
            let output = attributes.word(RouteAttribute.output)
            if gateway == nil && output == nil { return }
            hops = [
                Hop(gateway: gateway, interface: output, isOnLink: flags & onLinkFlag != 0)
            ]
        }
    }

    private static func gateway(_ attributes: NetlinkAttributes) -> IPAddress? {
        if let gateway = attributes.address(RouteAttribute.gateway) { return gateway }
        guard let via = attributes.bytes(RouteAttribute.via), via.count > 2 else { return nil }
        return IPAddress(networkOrder: via.span.extracting(2..<via.count))
    }
}

// MARK: Writing

extension Route {
    fileprivate var body: [UInt8] {
        var writer = NetlinkWriter()
        writer.byte(NetlinkRequest.number(of: family))
        writer.byte(destination.length)
        writer.byte(source?.length ?? 0)
        writer.byte(typeOfService)
        writer.byte(table < 256 ? UInt8(table) : 0)
        writer.byte(origin)
        writer.byte(effectiveScope.rawValue)
        writer.byte(kind.rawValue)
        writer.word(hops.count == 1 && hops[0].isOnLink ? UInt32(onLinkFlag) : 0)
        writer.attribute(RouteAttribute.table, word: table)
        if destination.length > 0 {
            writer.attribute(RouteAttribute.destination, address: destination.address)
        }
        if let source { writer.attribute(RouteAttribute.source, address: source.address) }
        if let preferredSource {
            writer.attribute(RouteAttribute.preferredSource, address: preferredSource)
        }
        if let priority { writer.attribute(RouteAttribute.priority, word: priority) }
        if let realms { writer.attribute(RouteAttribute.realms, word: realms) }
        if let preference { writer.attribute(RouteAttribute.preference, byte: preference) }
        if let expirySeconds { writer.attribute(RouteAttribute.expiry, word: expirySeconds) }
        if let propagatesTTL {
            writer.attribute(RouteAttribute.propagatesTTL, byte: propagatesTTL ? 1 : 0)
        }
        writeMetrics(&writer)
        writeHops(&writer)
        return writer.bytes
    }

    private func writeMetrics(_ writer: inout NetlinkWriter) {
        if metrics.isEmpty && congestionControl == nil { return }
        writer.nest(RouteAttribute.metrics) { figures in
            let locked = lockedMetrics.reduce(UInt32(0)) { $0 | 1 << UInt32($1.rawValue) }
            if locked != 0 { figures.attribute(lockMetric, word: locked) }
            for metric in Metric.allCases {
                guard let value = metrics[metric] else { continue }
                figures.attribute(metric.rawValue, word: value)
            }
            if let congestionControl {
                figures.attribute(congestionControlMetric, text: congestionControl)
            }
        }
    }

    private func writeHops(_ writer: inout NetlinkWriter) {
        if hops.count == 1 {
            if let interface = hops[0].interface {
                writer.attribute(RouteAttribute.output, word: interface)
            }
            writeGateway(hops[0], &writer)
        } else if hops.count > 1 {
            writer.nest(RouteAttribute.multipath) { list in
                for hop in hops {
                    var inner = NetlinkWriter()
                    writeGateway(hop, &inner)
                    if let realms = hop.realms {
                        inner.attribute(RouteAttribute.realms, word: realms)
                    }
                    list.half(UInt16(8 + inner.bytes.count))
                    list.byte(hop.isOnLink ? onLinkFlag : 0)
                    list.byte(UInt8(clamping: Int(hop.weight) - 1))
                    list.word(hop.interface ?? 0)
                    list.plain(inner.bytes)
                }
            }
        }
    }

    private func writeGateway(_ hop: Hop, _ writer: inout NetlinkWriter) {
        guard let gateway = hop.gateway else { return }
        if gateway.family == family {
            writer.attribute(RouteAttribute.gateway, address: gateway)
        } else {
            var via = NetlinkWriter()
            via.half(UInt16(NetlinkRequest.number(of: gateway.family)))
            for index in 0..<gateway.family.bitCount / 8 { via.byte(gateway.byte(at: index)) }
            writer.attribute(RouteAttribute.via, bytes: via.bytes)
        }
    }
}

extension NetlinkRequest {
    /// How a new route stands to those it competes with.
    public enum RoutePlace: Sendable {
        /// Before them, which is the kernel's default (keepalived.conf(5): static_routes).
        case first
        /// Behind them.
        case last
        /// Only where there is none (`ip route add`).
        case only
        /// In the place of the first of them.
        case instead
    }

    /// Adds a route.
    public static func add(_ route: Route, _ place: RoutePlace = .first) -> NetlinkRequest {
        let flags: NetlinkFlags =
            switch place {
            case .first: .create
            case .last: [.create, .append]
            case .only: [.create, .exclusive]
            case .instead: [.create, .replace]
            }
        return NetlinkRequest(type: RouteMessageType.newRoute, flags: flags, body: route.body)
    }

    /// Deletes a route; fails with `noSuchRoute` where there is none like it.
    public static func delete(_ route: Route) -> NetlinkRequest {
        NetlinkRequest(type: RouteMessageType.deleteRoute, body: route.body)
    }

    /// Asks for the routes of a family, of one table and out of one interface where the kernel is
    /// new enough to filter.
    public static func routes(
        _ family: IPAddress.Family, table: UInt32? = nil, interface: UInt32? = nil
    ) -> NetlinkRequest {
        var writer = NetlinkWriter()
        writer.byte(number(of: family))
        writer.zeros(11)
        if let table { writer.attribute(RouteAttribute.table, word: table) }
        if let interface { writer.attribute(RouteAttribute.output, word: interface) }
        return NetlinkRequest(type: RouteMessageType.getRoute, body: writer.bytes)
    }
}
