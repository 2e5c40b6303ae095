// The machine's links and addresses as the kernel tells of them, the requests that change them, and
// which links count as up once flaps are smoothed. keepalived.conf(5): interface_up_down_delays.

import Addresses
import Daemon
import Kernel
import Netlink
import VRRPConfig

/// The network as the daemon sees and changes it.
final class Network {
    private var requests: NetlinkSocket
    private var monitor: NetworkMonitor
    private let log: DaemonLog
    /// What was found while interfaces were made.
    private var findings: [NetworkReport] = []

    init(_ global: GlobalDefinitions, _ log: DaemonLog) throws(NetlinkFailure) {
        self.log = log
        var requests: NetlinkSocket
        do throws(Errno) {
            requests = try NetlinkSocket(
                receiveBufferBytes: global.netlinkCommandBufferBytes.map { Int32(clamping: $0) },
                beyondLimit: global.forcesNetlinkCommandBuffer)
        } catch {
            throw NetlinkFailure(error)
        }
        monitor = try NetworkMonitor(
            receiveBufferBytes: Int32(clamping: global.netlinkMonitorBufferBytes ?? 1 << 20),
            beyondLimit: global.forcesNetlinkMonitorBuffer
                || global.netlinkMonitorBufferBytes == nil,
            routesAndRules: true, using: &requests)
        self.requests = requests
    }

    /// The number to watch for reading.
    var number: Int32 { monitor.number }

    /// Links and addresses as of the last report.
    var picture: NetworkPicture { monitor.picture }

    /// Whether a change was asked for by us.
    func isOwn(_ report: NetworkReport) -> Bool { report.port == requests.port }

    /// What has changed since the last call.
    func read() -> [NetworkReport] {
        let found = findings
        findings = []
        do throws(NetlinkFailure) {
            return found + (try monitor.read(using: &requests))
        } catch {
            log.say(.error, "cannot read what the kernel reports: \(error)")
            return found
        }
    }

    /// Whether ``read()`` has something to tell without a report of the kernel.
    var hasFindings: Bool { !findings.isEmpty }

    /// A link by its name.
    func link(named name: String) -> Link? { monitor.picture.link(named: name) }

    /// Asks for changes in their order; nil is success.
    func perform(_ requested: [NetlinkRequest]) -> [NetlinkFailure?] {
        guard !requested.isEmpty else { return [] }
        do throws(Errno) {
            return try requests.perform(requested)
        } catch {
            log.say(.error, "the kernel does not answer requests: \(error.text)")
            return requested.map { _ in NetlinkFailure(error) }
        }
    }

    /// The address that packets of an interface come from: IPv4 the first primary one, IPv6 a
    /// link-local one; never a virtual one.
    func primaryAddress(
        of interface: UInt32, _ family: IPAddress.Family, besides virtual: Set<IPAddress>
    ) -> IPAddress? {
        monitor.picture.addresses(of: interface).first { address in
            address.address.family == family && !virtual.contains(address.address)
                && (family == .v4 || address.address.isLinkLocal)
                && address.flags.isDisjoint(with: [.tentative, .duplicate])
        }?.address
    }

    /// What a configured address is in the kernel; nil while its interface is not there.
    func address(_ wanted: VirtualAddress, of instance: Instance) -> InterfaceAddress? {
        guard let name = wanted.interface ?? instance.addressInterface,
            let link = link(named: instance.virtualInterface(for: wanted) ?? name)
        else { return nil }
        return instance.prepared(InterfaceAddress(wanted, on: link.index))
    }

    /// Makes the interface of a virtual MAC; the picture has it afterwards.
    func make(
        _ mac: Netlink.VirtualMAC, _ record: inout SysctlRecord
    ) throws(NetlinkFailure) -> Netlink.VirtualMAC.Made {
        let made = try mac.make(using: &requests, record: &record)
        findings += try monitor.resynchronize(using: &requests)
        return made
    }

    /// Removes the interfaces of virtual MACs with their policies.
    func remove(_ macs: [Netlink.VirtualMAC]) {
        guard !macs.isEmpty else { return }
        do throws(NetlinkFailure) {
            try Netlink.VirtualMAC.remove(macs, using: &requests)
        } catch {
            log.say(.warning, "cannot remove virtual MACs: \(error)")
        }
    }

    /// Makes an ipvlan in place of one that is left, switches it on and gives its index.
    func makeIPVLAN(
        _ name: String, on parent: UInt32, flag: NetlinkRequest.IPVLANFlag, group: UInt32
    ) throws(NetlinkFailure) -> UInt32 {
        if let left = link(named: name) { try requests.perform(.deleteLink(left.index)) }
        try requests.perform(.addIPVLAN(name, on: parent, flag: flag, group: group))
        guard let index = NetworkInterfaces.index(of: name) else {
            throw NetlinkFailure(NetlinkFailure.noSuchInterface, explanation: name)
        }
        try requests.perform(.setLink(index, isUp: true))
        findings += try monitor.resynchronize(using: &requests)
        return index
    }

    /// The routes of the main table that lead out of an interface, as they are now.
    func mainRoutes(_ family: IPAddress.Family, by interface: UInt32) -> [Route] {
        let messages = try? requests.dump(
            .routes(family, table: Route.mainTable, interface: interface))
        return (messages ?? []).compactMap { Route($0) }
    }

    /// Whether an interface forwards IPv6, which its neighbour advertisements say.
    func forwardsIPv6(_ interface: String) -> Bool {
        let value = try? Sysctl.read(Sysctl.path(ipv6: "forwarding", of: interface))
        return value == "1"
    }
}

extension InterfaceAddress {
    /// What `virtual_ipaddress` and `static_ipaddress` ask for.
    init(_ wanted: VirtualAddress, on interface: UInt32) {
        self.init(
            wanted.address, prefixLength: wanted.prefixLength, interface: interface)
        let isV6 = wanted.address.family == .v6
        // A tentative address would be dead for a second after a takeover. `-nodad` wants it so
        // (measured with keepalived 2.2.7).
        if isV6, !wanted.detectsDuplicates { flags.insert(.noDuplicateDetection) }
        if wanted.isHome { flags.insert(.home) }
        if wanted.managesTemporaryAddresses { flags.insert(.managesTemporary) }
        if wanted.omitsPrefixRoute { flags.insert(.noPrefixRoute) }
        if wanted.joinsGroup { flags.insert(.autoJoin) }
        peer = wanted.peer
        if wanted.peer != nil, let length = wanted.peerPrefixLength { prefixLength = length }
        switch wanted.broadcast {
        case .address(let address): broadcast = address
        case .hostBitsSet:
            broadcast = Self.broadcast(of: wanted.address, prefixLength: wanted.prefixLength)
        case .hostBitsClear:
            broadcast = Self.network(of: wanted.address, prefixLength: wanted.prefixLength)
        case nil: break
        }
        label = wanted.label
        if let scope = wanted.scope {
            self.scope = AddressScope(rawValue: scope)
        } else if wanted.address.isLoopback {
            self.scope = .host
        }
        switch wanted.preferredLifetime {
        case .seconds(let seconds): preferredSeconds = seconds
        case .forever: break
        // Deprecated, so that it is not chosen as the source of our own connections.
        case nil: if isV6, wanted.prefixLength == 128 { preferredSeconds = 0 }
        }
        origin = Self.originVRRP
    }

    private static func network(of address: IPAddress, prefixLength: UInt8) -> IPAddress? {
        guard address.family == .v4, prefixLength < 31 else { return nil }
        let bits = UInt32(truncatingIfNeeded: address.low)
        return IPAddress(v4: bits & ~(UInt32.max >> UInt32(prefixLength)))
    }
}

extension IPAddress {
    /// Whether this is inside fe80::/10.
    var isLinkLocal: Bool { family == .v6 && high >> 54 == 0x3FA }
}

/// Which links count as up: what the kernel says, once it has said so for the configured delay.
final class LinkStates {
    private unowned let routers: VirtualRouters
    private var settled: [String: Bool] = [:]
    private var timers: [String: ControlTimer] = [:]

    init(_ routers: VirtualRouters) { self.routers = routers }

    /// Whether a link counts as up; one that is not there does not.
    func isUp(_ name: String) -> Bool { settled[name] ?? isUpNow(name) }

    private func isUpNow(_ name: String) -> Bool {
        routers.network.link(named: name)?.isUsable == true
            && routers.poller.state(of: name) != false
    }

    /// The configured delays of a link: its own, or else those of the one below a virtual MAC.
    private func delays(of name: String) -> InterfaceDelays? {
        let all = routers.configuration.interfaceDelays
        if let own = all.first(where: { $0.interface == name }) { return own }
        guard let link = routers.network.link(named: name), case .macvlan = link.kind,
            let parent = link.parent, let below = routers.network.picture.links[parent]
        else { return nil }
        return all.first { $0.interface == below.name }
    }

    /// The kernel told of a link. `settle` runs when what counts has changed.
    func told(of name: String, _ settle: @escaping (String) -> Void) {
        let now = isUpNow(name)
        guard let before = settled[name], before != now else {
            if let timer = timers.removeValue(forKey: name) { routers.loop.cancel(timer) }
            settled[name] = now
            return
        }
        let delays = delays(of: name)
        let delay = now ? delays?.upNanoseconds ?? 0 : delays?.downNanoseconds ?? 0
        guard delay > 0 else {
            settled[name] = now
            return settle(name)
        }
        guard timers[name] == nil else { return }
        timers[name] = routers.loop.after(nanoseconds: delay) { [unowned self] in
            timers[name] = nil
            guard isUpNow(name) == now else { return }
            settled[name] = now
            settle(name)
        }
    }

    /// Begins to follow a link as it is now.
    func begin(_ name: String) {
        if settled[name] == nil { settled[name] = isUpNow(name) }
    }
}
