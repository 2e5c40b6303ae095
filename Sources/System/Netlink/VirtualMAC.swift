// A virtual router's own link-layer address: a macvlan on the interface that carries the virtual
// addresses, set up so that the virtual addresses are never seen at another link-layer address.
//
// Differs from keepalived.conf(5): use_vmac. There a client's cache moves to the interface's own
// MAC as soon as this machine asks for the client by ARP, because answers leave by the route of the
// interface below. Here three things hold: the interface below never asks in the name of a virtual
// address (arp_announce 2), packets from a virtual address are routed by a table of their own out
// of the macvlan, and a macvlan for IPv6 answers no ARP (keepalived's answers for the IPv4
// addresses of others). Neither is a filter needed that keeps IGMP and MLD off the macvlan: nobody
// joins groups there, advertisements are received on the interface below.

import Addresses
import Kernel

/// How the interface of a virtual MAC is to be.
public struct VirtualMAC: Equatable, Sendable {
    /// Its name, such as `vrrp.7`.
    public var name: String
    /// The interface below by name.
    public var base: String
    public var mac: MACAddress
    /// The families of the addresses it carries. IPv6 is switched off where it is not among them.
    public var families: Set<IPAddress.Family>
    /// The group number of the link (ip-link(8)).
    public var group: UInt32
    /// The routing table of its own. Nil does without: answers then leave by the interface below.
    public var table: UInt32?
    /// The priority of the rules that lead there.
    public var rulePriority: UInt32

    /// Where tables of virtual MACs begin that are named by the index of their interface.
    public static let firstTable: UInt32 = 0x5E00_0000

    public init(
        _ name: String, on base: String, mac: MACAddress, families: Set<IPAddress.Family>,
        table: UInt32? = nil, rulePriority: UInt32 = 1000
    ) {
        self.name = name
        self.base = base
        self.mac = mac
        self.families = families
        group = 0
        self.table = table
        self.rulePriority = rulePriority
    }

    // MARK: Settings

    /// What must hold on the interface below, for all virtual MACs on it.
    ///
    /// arp_ignore 1: it answers for its own addresses alone. arp_announce 2: it asks in its own
    /// name.
    public var baseSettings: [(path: String, value: String)] {
        guard families.contains(.v4) else { return [] }
        return [
            (Sysctl.path(ipv4: "arp_ignore", of: base), "1"),
            (Sysctl.path(ipv4: "arp_announce", of: base), "2"),
        ]
    }

    /// What must hold on the macvlan, before it is switched on.
    public var settings: [(path: String, value: String)] {
        let hasV4 = families.contains(.v4)
        var settings = [
            // 8: answers for nobody.
            (Sysctl.path(ipv4: "arp_ignore", of: name), hasV4 ? "1" : "8"),
            (Sysctl.path(ipv4: "rp_filter", of: name), "0"),
            (Sysctl.path(ipv4: "accept_local", of: name), "1"),
            (Sysctl.path(ipv4: "promote_secondaries", of: name), "1"),
        ]
        if families.contains(.v6) {
            settings += [
                // No address of its own, no search for duplicates, no question for routers: nothing
                // leaves by the virtual MAC while another machine has it.
                (Sysctl.path(ipv6: "disable_ipv6", of: name), "0"),
                (Sysctl.path(ipv6: "addr_gen_mode", of: name), "1"),
                (Sysctl.path(ipv6: "autoconf", of: name), "0"),
                (Sysctl.path(ipv6: "accept_ra", of: name), "0"),
                (Sysctl.path(ipv6: "accept_dad", of: name), "0"),
                (Sysctl.path(ipv6: "dad_transmits", of: name), "0"),
                (Sysctl.path(ipv6: "router_solicitations", of: name), "0"),
            ]
        } else {
            settings.append((Sysctl.path(ipv6: "disable_ipv6", of: name), "1"))
        }
        return settings
    }

    // MARK: Addresses

    /// An address as it is to be put on the macvlan: it makes no route of its own in the main
    /// table, which this machine's own packets would take.
    public func prepared(_ address: InterfaceAddress) -> InterfaceAddress {
        guard table != nil else { return address }
        var address = address
        address.flags.insert(.noPrefixRoute)
        return address
    }

    /// The rule and the routes that keep packets from an address on the macvlan.
    ///
    /// - Parameters:
    ///   - index: that of the macvlan.
    ///   - baseAddresses: the addresses of the interface below; the subnets of those that hold the
    ///     address are on its link.
    ///   - mainRoutes: routes of the main table; those with a gateway out of the interface below
    ///     lead out of the macvlan as well.
    ///   - baseIndex: that of the interface below.
    public func policy(
        for address: InterfaceAddress, index: UInt32, baseIndex: UInt32,
        baseAddresses: [InterfaceAddress], mainRoutes: [Route] = []
    ) -> (rule: RoutingRule, routes: [Route])? {
        let bits = address.address.family.bitCount
        guard let table, let own = Prefix(address.address, length: bits) else { return nil }
        var rule = RoutingRule(address.address.family, .table(table), priority: rulePriority)
        rule.source = own
        var subnets: [Prefix] = []
        for candidate in [address] + baseAddresses {
            guard candidate.address.family == address.address.family, candidate.peer == nil,
                let subnet = Prefix(candidate.address, length: Int(candidate.prefixLength)),
                Int(subnet.length) < bits, subnet.contains(address.address),
                !subnets.contains(subnet)
            else { continue }
            subnets.append(subnet)
        }
        var routes = subnets.map { Route(to: $0, [.init(interface: index)], table: table) }
        for route in mainRoutes {
            guard route.family == address.address.family, route.kind == .unicast,
                route.table == Route.mainTable, route.hops.count == 1,
                route.hops[0].interface == baseIndex, let gateway = route.hops[0].gateway,
                subnets.contains(where: { $0.contains(gateway) })
            else { continue }
            var moved = Route(
                to: route.destination, [.init(gateway: gateway, interface: index, isOnLink: true)],
                table: table)
            moved.priority = route.priority
            moved.typeOfService = route.typeOfService
            moved.metrics = route.metrics
            moved.lockedMetrics = route.lockedMetrics
            routes.append(moved)
        }
        return (rule, routes)
    }

    // MARK: Making and removing

    /// What was made.
    public struct Made: Equatable, Sendable {
        /// The index of the macvlan.
        public var index: UInt32
        /// It was there already, from a run before; its addresses were taken away.
        public var wasAdopted: Bool
        /// Parameters that could not be set, with why; the virtual MAC works, less well.
        public var refused: [String]
    }

    /// Makes the macvlan and switches it on; one that is left from a run before is taken over.
    ///
    /// - Parameter record: remembers what was changed on the interface below.
    public func make(
        using socket: inout NetlinkSocket, record: inout SysctlRecord
    ) throws(NetlinkFailure) -> Made {
        guard let parent = NetworkInterfaces.index(of: base) else {
            throw NetlinkFailure(NetlinkFailure.noSuchInterface, explanation: base)
        }
        var wasAdopted = false
        if let old = try socket.link(named: name) {
            guard case .macvlan(let mode) = old.kind else {
                throw NetlinkFailure(NetlinkFailure.exists, explanation: name)
            }
            if old.parent == parent && old.mac == mac && mode == 1 {
                try Self.clear(old.index, using: &socket)
                wasAdopted = true
            } else {
                try socket.perform(.deleteLink(old.index))
            }
        }
        if !wasAdopted {
            try socket.perform(.addMacvlan(name, on: parent, mac: mac, group: group))
        }
        guard let index = NetworkInterfaces.index(of: name) else {
            throw NetlinkFailure(NetlinkFailure.noSuchInterface, explanation: name)
        }
        var refused = apply(baseSettings) { path, value throws(Errno) in
            try record.set(value, at: path)
        }
        refused += apply(settings) { path, value throws(Errno) in
            if try Sysctl.read(path) != value { try Sysctl.write(value, to: path) }
        }
        try socket.perform(.setLink(index, isUp: true))
        return Made(index: index, wasAdopted: wasAdopted, refused: refused)
    }

    /// Removes the macvlan with its addresses, and the rules and routes of its table.
    public func remove(using socket: inout NetlinkSocket) throws(NetlinkFailure) {
        try Self.remove([self], using: &socket)
    }

    /// Removes many, in one step: each alone would wait some 30 ms for the kernel.
    public static func remove(
        _ virtual: [VirtualMAC], using socket: inout NetlinkSocket
    ) throws(NetlinkFailure) {
        var rulesOf: [UInt32: UInt32] = [:]
        for one in virtual { if let table = one.table { rulesOf[table] = one.rulePriority } }
        var requests: [NetlinkRequest] = []
        if !rulesOf.isEmpty {
            for family in [IPAddress.Family.v4, .v6] {
                let rules = try socket.dump(.rules(family)).compactMap { RoutingRule($0) }
                for rule in rules {
                    guard case .table(let table) = rule.action, let priority = rulesOf[table],
                        rule.priority == priority
                    else { continue }
                    requests.append(.delete(rule))
                }
            }
        }
        let links = try socket.dump(.links).compactMap { Link($0) }
        let names = Set(virtual.map(\.name))
        let gone = links.filter { link in
            guard case .macvlan = link.kind else { return false }
            return names.contains(link.name)
        }
        // Routes end with the interface.
        if gone.count == 1 {
            requests.append(.deleteLink(gone[0].index))
        } else if !gone.isEmpty {
            var group: UInt32 = 0x5E00_0001
            while links.contains(where: { $0.group == group }) { group += 1 }
            requests += gone.map { .setLink($0.index, group: group) }
            requests.append(.deleteLinks(group: group))
        }
        let outcomes: [NetlinkOutcome]
        do {
            outcomes = try socket.perform(requests)
        } catch {
            throw NetlinkFailure(error)
        }
        // Somebody may have deleted a rule or a link meanwhile; the last request is what counts.
        if let failure = outcomes.last ?? nil, failure.errno != NetlinkFailure.noSuchInterface {
            throw failure
        }
    }

    private static func clear(
        _ index: UInt32, using socket: inout NetlinkSocket
    ) throws(NetlinkFailure) {
        let held = try socket.dump(.addresses()).compactMap { InterfaceAddress($0) }
            .filter { $0.interface == index }
        do {
            _ = try socket.perform(held.map { .delete($0) })
        } catch {
            throw NetlinkFailure(error)
        }
    }

    private func apply(
        _ settings: [(path: String, value: String)],
        _ set: (String, String) throws(Errno) -> Void
    ) -> [String] {
        var refused: [String] = []
        for (path, value) in settings {
            do {
                try set(path, value)
            } catch {
                // Without IPv6 there is nothing to switch off.
                if error.code == 2 && path.hasPrefix("net/ipv6/") && value != "0" { continue }
                refused.append("\(path) = \(value): \(error.text)")
            }
        }
        return refused
    }
}
