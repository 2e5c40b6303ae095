// Virtual MACs and IPVLANs: interfaces that carry the addresses of an instance under a hardware
// address of its own, and the policy that keeps answers on them. keepalived.conf(5): use_vmac,
// use_vmac_addr, use_ipvlan.

import Addresses
import Kernel
import Netlink
import VRRPConfig
import VRRPProtocol

/// The virtual interfaces of all instances.
final class VirtualLinks {
    /// A rule or route that belongs to a virtual MAC.
    enum Policy {
        case route(Route)
        case rule(RoutingRule)
    }

    private struct Made {
        var mac: Netlink.VirtualMAC
        var index: UInt32
        /// The configured name of the interface below.
        var base: String
    }

    private struct RouteKey: Hashable {
        var interface: UInt32
        var family: IPAddress.Family
    }

    private unowned let routers: VirtualRouters
    /// By instance; the first is the one that adverts may leave by.
    private var made: [ObjectIdentifier: [Made]] = [:]

    init(_ routers: VirtualRouters) { self.routers = routers }

    /// Makes the interfaces of an instance, where it wants any and they are not there.
    func make(for instance: Instance, _ record: inout SysctlRecord) {
        let definition = instance.definition
        if let ipvlan = definition.ipvlan {
            if let name = instance.virtualInterface, routers.network.link(named: name) != nil {
                return
            }
            return make(ipvlan, for: instance)
        }
        let links = routers.network.picture.links
        let key = ObjectIdentifier(instance)
        made[key]?.removeAll { links[$0.index] == nil }
        for base in bases(of: definition)
        where made[key]?.contains(where: { $0.base == base }) != true {
            make(on: base, for: instance, &record)
        }
    }

    /// Whether a change of a link may be one of what is to be made.
    func concerns(_ link: Link, _ instance: Instance) -> Bool {
        let definition = instance.definition
        if definition.ipvlan != nil {
            return link.name == definition.interface || link.name == instance.virtualInterface
        }
        return made[ObjectIdentifier(instance)]?.contains { $0.index == link.index } == true
            || bases(of: definition).contains(link.name)
    }

    /// The interfaces below those of an instance, the one of its adverts first.
    private func bases(of definition: InstanceDefinition) -> [String] {
        var bases: [String] = []
        if definition.virtualMAC != nil, let base = definition.interface { bases.append(base) }
        for address in definition.virtualAddresses + definition.excludedAddresses {
            guard let base = address.interface, !bases.contains(base),
                address.usesVirtualMAC || definition.usesVirtualMACForAddresses
            else { continue }
            bases.append(base)
        }
        return bases
    }

    private func make(on base: String, for instance: Instance, _ record: inout SysctlRecord) {
        let definition = instance.definition
        let isMain = base == definition.interface && definition.virtualMAC != nil
        let settings = definition.virtualMAC
        let global = routers.configuration.global
        let prefix = isMain ? global.virtualMACPrefix : global.addressVirtualMACPrefix
        let kind = definition.family == .v6 ? "6" : ""
        let own = "\(prefix)\(kind).\(definition.virtualRouterID)"
        let name = (isMain ? settings?.interfaceName : nil) ?? (isMain ? own : "\(own).\(base)")
        let mac =
            settings?.hardwareAddress.flatMap { MACAddress($0.span) }
            ?? MACAddress(
                virtualRouter: definition.virtualRouterID, family: definition.family)
        guard let below = routers.network.link(named: base) else { return }
        var wanted = Netlink.VirtualMAC(
            String(name.prefix(NetworkInterfaces.longestNameBytes)), on: base, mac: mac,
            families: families(of: definition, on: base, isMain: isMain),
            table: Netlink.VirtualMAC.firstTable | (below.index & 0x7FFF) << 9
                | (definition.family == .v6 ? 0x100 : 0) | UInt32(definition.virtualRouterID))
        if let group = settings?.linkGroup {
            wanted.group = number(ofGroup: group)
        }
        do throws(NetlinkFailure) {
            let result = try routers.network.make(wanted, &record)
            for line in result.refused {
                routers.log.say(.warning, "(\(instance.name)) cannot set \(line)")
            }
            made[ObjectIdentifier(instance), default: []].append(
                Made(mac: wanted, index: result.index, base: base))
            if isMain { instance.virtualInterface = wanted.name }
            instance.setFault("virtual-mac", nil)
        } catch {
            routers.log.say(
                .error, "(\(instance.name)) cannot make virtual MAC \(wanted.name): \(error)")
            instance.setFault("virtual-mac", "no virtual MAC on \(base)")
        }
    }

    /// The families that an interface carries: of the adverts, and of the addresses on it.
    private func families(
        of definition: InstanceDefinition, on base: String, isMain: Bool
    ) -> Set<IPAddress.Family> {
        let addresses = definition.virtualAddresses + definition.excludedAddresses
        var families = Set(
            addresses.filter { ($0.interface ?? definition.interface) == base }
                .map(\.address.family))
        if isMain { families.insert(definition.family) }
        return families
    }

    private func make(_ ipvlan: IPVLAN, for instance: Instance) {
        let definition = instance.definition
        guard let base = definition.interface, let below = routers.network.link(named: base) else {
            return
        }
        let kind = definition.family == .v6 ? "6" : ""
        let prefix = routers.configuration.global.virtualMACPrefix
        let name = ipvlan.interfaceName ?? "\(prefix)\(kind).\(definition.virtualRouterID)"
        let flag: NetlinkRequest.IPVLANFlag =
            switch ipvlan.mode {
            case .bridge: .bridge
            case .private: .private
            case .vepa: .vepa
            }
        let group = ipvlan.linkGroup.map { number(ofGroup: $0) }
        do throws(NetlinkFailure) {
            let index = try routers.network.makeIPVLAN(
                name, on: below.index, flag: flag, group: group ?? 0)
            if let address = ipvlan.address {
                _ = routers.network.perform([
                    .replace(
                        InterfaceAddress(
                            address, prefixLength: ipvlan.prefixLength, interface: index))
                ])
            }
            instance.virtualInterface = name
            instance.setFault("virtual-mac", nil)
        } catch {
            routers.log.say(.error, "(\(instance.name)) cannot make ipvlan \(name): \(error)")
            instance.setFault("virtual-mac", "no ipvlan on \(base)")
        }
    }

    /// The number of a link group, given as one or by a name of iproute2; 0, and a line, for a name
    /// that is not known.
    private func number(ofGroup name: String) -> UInt32 {
        let global = routers.configuration.global
        let names = RoutingNames(
            ofMachine: .groups, distribution: global.iprouteUserDirectory,
            administrator: global.iprouteSystemDirectory)
        if let number = names.number(of: name) { return number }
        routers.log.say(.error, "there is no link group \(name); group 0 is used")
        return 0
    }

    /// Removes the interfaces of some instances, in one step for all of them.
    func remove(for instances: [Instance]) {
        let entries = instances.flatMap { made.removeValue(forKey: ObjectIdentifier($0)) ?? [] }
        routers.network.remove(entries.map(\.mac))
        for instance in instances { removeIPVLAN(of: instance) }
    }

    private func removeIPVLAN(of instance: Instance) {
        if instance.definition.ipvlan != nil, let name = instance.virtualInterface,
            let link = routers.network.link(named: name)
        {
            _ = routers.network.perform([.deleteLink(link.index)])
        }
        instance.virtualInterface = nil
    }

    /// The interface that an address of an instance belongs on: that of a virtual MAC, or nil.
    func interface(for address: VirtualAddress, of instance: Instance) -> String? {
        let base = address.interface ?? instance.definition.interface
        return made[ObjectIdentifier(instance)]?.first { $0.base == base }?.mac.name
    }

    /// An address as it belongs on its interface.
    func prepared(_ address: InterfaceAddress, of instance: Instance) -> InterfaceAddress {
        let entry = made[ObjectIdentifier(instance)]?.first { $0.index == address.interface }
        return entry?.mac.prepared(address) ?? address
    }

    /// What keeps packets from the held addresses on their virtual MACs.
    func policy(of instance: Instance) -> [Policy] {
        guard let entries = made[ObjectIdentifier(instance)] else { return [] }
        // Of each interface below and family once: a router may have very many routes.
        var routes: [RouteKey: [Route]] = [:]
        var result: [Policy] = []
        for address in routers.addresses.held(by: instance) {
            guard let entry = entries.first(where: { $0.index == address.interface }),
                let below = routers.network.link(named: entry.base)
            else { continue }
            let key = RouteKey(interface: below.index, family: address.address.family)
            let main = routes[key] ?? routers.network.mainRoutes(key.family, by: key.interface)
            routes[key] = main
            guard
                let policy = entry.mac.policy(
                    for: address, index: entry.index, baseIndex: below.index,
                    baseAddresses: routers.network.picture.addresses(of: below.index),
                    mainRoutes: main)
            else { continue }
            result += policy.routes.map { .route($0) }
            result.append(.rule(policy.rule))
        }
        return result
    }
}
