// Routes and rules of the configuration as the kernel has them. keepalived.conf(5): static_routes,
// static_rules, virtual_routes, virtual_rules.

import Addresses
import Netlink
import VRRPConfig

extension Route {
    /// What a line asks for; nil while an interface that it names is not there.
    ///
    /// - Parameters:
    ///   - fallback: the interface of a route that names neither a gateway nor an interface.
    ///   - index: the index of an interface by name.
    init?(_ line: VirtualRoute, fallback: String?, index: (String) -> UInt32?) {
        let everywhere = line.family == .v4 ? IPAddress.anyV4 : IPAddress.anyV6
        guard let destination = line.destination ?? Prefix(everywhere, length: 0) else {
            return nil
        }
        var hops: [Hop] = []
        let wanted = line.nextHops.isEmpty ? Self.single(line, fallback) : line.nextHops
        for hop in wanted {
            var interface: UInt32?
            if let name = hop.interface {
                guard let found = index(name) else { return nil }
                interface = found
            }
            var made = Hop(
                gateway: hop.gateway, interface: interface,
                weight: UInt16(clamping: hop.weight), isOnLink: hop.isOnLink)
            made.realms = hop.realms ?? line.hop.realms
            hops.append(made)
        }
        self.init(
            to: destination, hops, kind: Kind(line.kind), table: line.table ?? Self.mainTable)
        if let origin = line.routeProtocol { self.origin = origin }
        scope = line.scope.map { AddressScope(rawValue: $0) }
        typeOfService = line.typeOfService ?? 0
        priority = line.metric
        source = line.source
        preferredSource = line.preferredSource
        // Of several ways each has its own.
        if hops.count < 2 { realms = line.hop.realms ?? hops.first?.realms }
        preference = line.routerPreference
        propagatesTTL = line.propagatesTTL
        for metric in line.metrics { add(metric) }
        if line.usesECN { metrics[.features] = (metrics[.features] ?? 0) | 1 }
    }

    /// The one way of a route without `nexthop`, and the second one of `or`.
    private static func single(
        _ line: VirtualRoute, _ fallback: String?
    ) -> [VirtualRoute.NextHop] {
        let leadsNowhere: Set<VirtualRoute.Kind> = [.blackhole, .unreachable, .prohibit, .throw]
        if leadsNowhere.contains(line.kind) { return [] }
        var hop = line.hop
        if hop.gateway == nil, hop.interface == nil { hop.interface = fallback }
        guard let other = line.alternateGateway else { return [hop] }
        var second = hop
        second.gateway = other
        return [hop, second]
    }

    private mutating func add(_ line: VirtualRoute.Metric) {
        if line.name == .congestionControl {
            congestionControl = line.text
            return
        }
        let (metric, factor): (Metric, UInt32) =
            switch line.name {
            case .mtu: (.mtu, 1)
            case .hoplimit: (.hopLimit, 1)
            case .advmss: (.largestSegment, 1)
            case .rtt: (.roundTrip, 8)
            case .rttvar: (.roundTripVariation, 4)
            case .reordering: (.reordering, 1)
            case .window: (.window, 1)
            case .cwnd: (.congestionWindow, 1)
            case .ssthresh: (.slowStartThreshold, 1)
            case .initcwnd: (.initialCongestionWindow, 1)
            case .initrwnd: (.initialReceiveWindow, 1)
            case .quickack: (.quickAcknowledgement, 1)
            case .minimumRetransmission: (.leastRetransmission, 1)
            case .fastOpenNoCookie: (.fastOpenNoCookie, 1)
            case .congestionControl: (.features, 0)
            }
        metrics[metric] = line.value.multipliedReportingOverflow(by: factor).partialValue
        if line.isLocked || metric == .leastRetransmission { lockedMetrics.insert(metric) }
    }
}

extension Route.Kind {
    /// The kind by the configuration's word.
    init(_ kind: VirtualRoute.Kind) {
        self =
            switch kind {
            case .unicast: .unicast
            case .local: .local
            case .broadcast: .broadcast
            case .multicast: .multicast
            case .anycast: .anycast
            case .throw: .throw
            case .unreachable: .unreachable
            case .prohibit: .prohibit
            case .blackhole: .blackhole
            }
    }
}

extension RoutingRule {
    /// What a line asks for.
    init(_ line: VirtualRule) {
        let action: Action =
            switch line.action {
            case .table(let table): .table(table)
            case .goTo(let preference): .goto(preference)
            case .nop: .nothing
            case .blackhole: .blackhole
            case .unreachable: .unreachable
            case .prohibit: .prohibit
            case nil: line.usesL3Device ? .masterDevice : .table(Route.mainTable)
            }
        self.init(line.family, action, priority: line.preference)
        source = line.from
        destination = line.to
        inputInterface = line.inputInterface
        outputInterface = line.outputInterface
        typeOfService = line.typeOfService ?? 0
        mark = line.mark.map { Mark($0, mask: line.markMask ?? .max) }
        realms = line.realms
        isInverted = line.isInverted
        suppressedPrefixLength = line.suppressedPrefixLength
        suppressedGroup = line.suppressedGroup
        users = line.users
        protocolNumber = line.ipProtocol
        sourcePorts = line.sourcePorts
        destinationPorts = line.destinationPorts
        tunnelIdentifier = line.tunnelID
        if let origin = line.ruleProtocol { self.origin = origin }
    }
}
