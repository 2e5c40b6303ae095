// What goes with virtual addresses and is none: routes and rules, those that stay for the daemon's
// life, packets that are not accepted, and settings of interfaces.

import Addresses
import Daemon
import Kernel
import Netlink
import VRRPConfig

/// Keeps routes, rules, static entries and the table of addresses that are not accepted.
final class PathKeeper {
    private unowned let routers: VirtualRouters
    /// What was made for each instance, in the order it was made.
    private var made: [ObjectIdentifier: [Entry]] = [:]
    private var fixed: [Entry] = []
    /// Track groups with static entries whose interface is not there.
    private var waitingGroups: Set<String> = []
    private var firewall: Firewall?
    private var record = SysctlRecord()
    private let virtualLinks: VirtualLinks
    private var isLocalIGMPSet = false
    /// What could not be put back, and who is in fault because of that.
    private var missing: [Missing] = []
    private var retries: ControlTimer?

    private struct Missing {
        var entry: Entry
        var followers: [Instance]
        var tries = 0
    }

    /// After so many tries of a second each an instance stands for election again, to add its
    /// routes and rules anew.
    static let tryLimit = 5

    /// A route, rule or static address that is in the kernel.
    fileprivate struct Entry: Equatable {
        enum Thing: Equatable {
            case route(Route, NetlinkRequest.RoutePlace)
            case rule(RoutingRule)
            case address(InterfaceAddress)
        }

        var thing: Thing
        var isTracked: Bool
        /// The instances that are in fault when it cannot be put back.
        var trackGroup: String?

        var request: NetlinkRequest {
            switch thing {
            case .route(let route, let place): .add(route, place)
            case .rule(let rule): .add(rule)
            case .address(let address): .replace(address)
            }
        }

        var removal: NetlinkRequest {
            switch thing {
            case .route(let route, _): .delete(route)
            case .rule(let rule): .delete(rule)
            case .address(let address): .delete(address)
            }
        }

        var text: String {
            switch thing {
            case .route(let route, _): "route to \(route.destination)"
            case .rule(let rule): "rule \(rule.priority.map { "\($0)" } ?? "without preference")"
            case .address(let address): "address \(address.address)"
            }
        }
    }

    init(_ routers: VirtualRouters) {
        self.routers = routers
        virtualLinks = VirtualLinks(routers)
    }

    // MARK: Instances

    /// Makes what an instance needs before it begins: its virtual MAC, settings of its interface.
    func prepare(_ instance: Instance) {
        virtualLinks.make(for: instance, &record)
        if routers.configuration.global.disablesLocalIGMP, !isLocalIGMPSet {
            isLocalIGMPSet = true
            set("0", "net/ipv4/igmp_link_local_mcast_reports", instance)
        }
        guard instance.definition.promotesSecondaries, let name = instance.definition.interface,
            routers.network.link(named: name) != nil
        else { return }
        set("1", Sysctl.path(ipv4: "promote_secondaries", of: name), instance)
    }

    /// Whether a change of a link may be one of what ``prepare(_:)`` makes.
    func concerns(_ link: Link, _ instance: Instance) -> Bool {
        virtualLinks.concerns(link, instance)
            || instance.definition.promotesSecondaries && link.name == instance.definition.interface
    }

    private func set(_ value: String, _ path: String, _ instance: Instance) {
        do throws(Errno) {
            try record.set(value, at: path)
        } catch {
            routers.log.say(
                .warning, "(\(instance.name)) cannot set \(path) to \(value): \(error.text)")
        }
    }

    /// Follows the settings of the table of addresses that are not accepted.
    func followFirewall(_ global: GlobalDefinitions) {
        guard let before = firewall, !before.isMade(for: global) else { return }
        firewall = nil
        for instance in routers.instances
        where instance.election.state == .master && refusesPackets(instance) {
            refuse(addresses(of: instance), instance)
        }
        // The old table goes when the new one stands: nothing is accepted in between.
        if firewall == nil || global.nftablesTable != before.name { before.remove() }
    }

    /// Takes back what ``prepare(_:)`` has made.
    func dismantle(_ instances: [Instance]) {
        virtualLinks.remove(for: instances)
        guard routers.instances.isEmpty || routers.isStopping else { return }
        record.restore()
        isLocalIGMPSet = false
        if let firewall { firewall.remove() }
        firewall = nil
    }

    /// The addresses are there: adds routes and rules, and refuses packets where that is wanted.
    func take(_ instance: Instance) {
        let definition = instance.definition
        var entries = virtualLinks.policy(of: instance).map { thing in
            switch thing {
            case .route(let route): Entry(thing: .route(route, .instead), isTracked: false)
            case .rule(let rule): Entry(thing: .rule(rule), isTracked: false)
            }
        }
        entries += self.entries(of: definition, of: instance)
        add(entries, for: instance.name)
        made[ObjectIdentifier(instance)] = entries
        if refusesPackets(instance) { refuse(addresses(of: instance), instance) }
    }

    /// The routes and rules of a definition.
    private func entries(of definition: InstanceDefinition, of instance: Instance) -> [Entry] {
        definition.routes.compactMap { line in
            entry(of: line, fallback: instance.addressInterface, instance.name)
        }
            + definition.rules.map { line in
                Entry(thing: .rule(RoutingRule(line)), isTracked: !line.isUntracked)
            }
    }

    /// Removes the routes and rules that a process before us has left. They bear the mark of who
    /// made them, so those of others stay.
    func clearLeftovers(of instances: [Instance]) {
        let entries = instances.flatMap { self.entries(of: $0.definition, of: $0) }
        let outcomes = routers.network.perform(entries.reversed().map(\.removal))
        for (entry, failure) in zip(entries.reversed(), outcomes) where failure == nil {
            routers.log.say(.notice, "removing \(entry.text), left from before")
        }
    }

    /// The addresses go: removes what came with them.
    func release(_ instance: Instance) {
        remove(made.removeValue(forKey: ObjectIdentifier(instance)) ?? [])
        if refusesPackets(instance) { firewall?.withdraw(addresses(of: instance)) }
    }

    /// Follows a reload of a master.
    func replace(_ instance: Instance, previous: InstanceDefinition) {
        let definition = instance.definition
        let isSame =
            previous.routes == definition.routes && previous.rules == definition.rules
            && previous.acceptsPackets == definition.acceptsPackets
            && previous.virtualAddresses == definition.virtualAddresses
            && previous.excludedAddresses == definition.excludedAddresses
        guard !isSame else { return }
        remove(made.removeValue(forKey: ObjectIdentifier(instance)) ?? [])
        if !previous.acceptsPackets, previous.priority != 255 {
            let old = previous.virtualAddresses + previous.excludedAddresses
            firewall?.withdraw(old.map(\.address))
        }
        take(instance)
    }

    private func refusesPackets(_ instance: Instance) -> Bool {
        !instance.definition.acceptsPackets && instance.definition.priority != 255
    }

    private func addresses(of instance: Instance) -> [IPAddress] {
        let definition = instance.definition
        return (definition.virtualAddresses + definition.excludedAddresses).map(\.address)
    }

    private func refuse(_ addresses: [IPAddress], _ instance: Instance) {
        do throws(NetlinkFailure) {
            if firewall == nil {
                firewall = try Firewall(routers.configuration.global)
            }
            try firewall?.insert(addresses)
        } catch {
            routers.log.say(
                .error, "(\(instance.name)) packets to its addresses are accepted: \(error)")
        }
    }

    /// The interface of a virtual MAC that an address belongs on.
    func interface(for address: VirtualAddress, of instance: Instance) -> String? {
        virtualLinks.interface(for: address, of: instance)
    }

    /// An address as it belongs on a virtual MAC's interface.
    func prepared(_ address: InterfaceAddress, of instance: Instance) -> InterfaceAddress {
        virtualLinks.prepared(address, of: instance)
    }

    // MARK: Static entries

    /// Adds what stays for the daemon's life.
    func addStatic(_ configuration: VRRPConfiguration) {
        fixed = staticEntries(configuration)
        addFixed(fixed)
        tellWaiting()
    }

    /// Adds static entries; those who follow what cannot be added are in fault.
    private func addFixed(_ entries: [Entry]) {
        for (entry, isThere) in zip(entries, add(entries, for: "static")) {
            tellFollowers(of: entry, nil, isThere: isThere)
            if !isThere { remember(entry, followers(of: entry, nil)) }
        }
    }

    /// An interface has come: static entries that need it are made.
    func completeStatic() {
        guard !waitingGroups.isEmpty || hasUnmade else { return }
        let missing = staticEntries(routers.configuration, isQuiet: true)
            .filter { !fixed.contains($0) }
        fixed += missing
        addFixed(missing)
        tellWaiting()
    }

    /// Whether there are fewer entries than lines, for interfaces are missing.
    private var hasUnmade: Bool {
        let configuration = routers.configuration
        return fixed.count < configuration.staticAddresses.count
            + configuration.staticRoutes.count + configuration.staticRules.count
    }

    /// Those who follow entries whose interface is not there are in fault.
    private func tellWaiting() {
        let groups = routers.configuration.trackGroups.filter { waitingGroups.contains($0.name) }
        let names = Set(groups.flatMap(\.members))
        for instance in routers.instances {
            instance.setFault(
                "static",
                names.contains(instance.name) ? "a static entry has no interface yet" : nil)
        }
    }

    /// Follows a reload.
    func replaceStatic(_ previous: VRRPConfiguration, _ next: VRRPConfiguration) {
        guard
            previous.staticAddresses != next.staticAddresses
                || previous.staticRoutes != next.staticRoutes
                || previous.staticRules != next.staticRules
        else { return }
        let entries = staticEntries(next)
        let gone = fixed.filter { !entries.contains($0) }
        for entry in gone { tellFollowers(of: entry, nil, isThere: true) }
        self.missing.removeAll { gone.contains($0.entry) }
        remove(gone)
        let fresh = entries.filter { !fixed.contains($0) }
        fixed = entries
        addFixed(fresh)
        tellWaiting()
    }

    /// Removes what was added for the daemon's life.
    func removeStatic() {
        remove(fixed)
        fixed = []
    }

    private func staticEntries(
        _ configuration: VRRPConfiguration, isQuiet: Bool = false
    ) -> [Entry] {
        let fallback = configuration.global.defaultInterface
        waitingGroups = []
        var entries: [Entry] = configuration.staticAddresses.compactMap { line in
            let name = line.interface ?? fallback
            guard let link = routers.network.link(named: name) else {
                if !isQuiet {
                    routers.log.say(.error, "no interface \(name) for static \(line.address)")
                }
                if let group = line.trackGroup { waitingGroups.insert(group) }
                return nil
            }
            return Entry(
                thing: .address(InterfaceAddress(line, on: link.index)), isTracked: true,
                trackGroup: line.trackGroup)
        }
        entries += configuration.staticRoutes.compactMap { line in
            var made = entry(of: line, fallback: nil, "static", isQuiet: isQuiet)
            made?.trackGroup = line.trackGroup
            if made == nil, let group = line.trackGroup { waitingGroups.insert(group) }
            return made
        }
        entries += configuration.staticRules.map { line in
            Entry(
                thing: .rule(RoutingRule(line)), isTracked: !line.isUntracked,
                trackGroup: line.trackGroup)
        }
        return entries
    }

    // MARK: The kernel

    private func entry(
        of line: VirtualRoute, fallback: String?, _ name: String, isQuiet: Bool = false
    ) -> Entry? {
        guard
            let route = Route(
                line, fallback: fallback, index: { routers.network.link(named: $0)?.index })
        else {
            if !isQuiet {
                routers.log.say(.error, "(\(name)) a route names an interface that is not there")
            }
            return nil
        }
        let place: NetlinkRequest.RoutePlace =
            switch line.placement {
            case .prepended: .first
            case .appended: .last
            case .alone: .only
            }
        return Entry(thing: .route(route, place), isTracked: !line.isUntracked)
    }

    /// Adds entries; whether each is there afterwards.
    @discardableResult
    private func add(_ entries: [Entry], for name: String) -> [Bool] {
        let outcomes = routers.network.perform(entries.map(\.request))
        return zip(entries, outcomes).map { entry, failure in
            guard let failure else { return true }
            if failure.errno == NetlinkFailure.exists {
                if case .route(_, .only) = entry.thing {
                    routers.log.say(
                        .info, "(\(name)) \(entry.text) is not added: there is one already")
                }
                return true
            }
            routers.log.say(.error, "(\(name)) cannot add \(entry.text): \(failure)")
            return false
        }
    }

    private func remove(_ entries: [Entry]) {
        // Rules before the routes of their tables, routes before what they lead by.
        let gone: Set<Int32> = [
            NetlinkFailure.noSuchRoute.code, NetlinkFailure.noSuchObject.code,
            NetlinkFailure.noSuchInterface.code, NetlinkFailure.noSuchAddress.code,
        ]
        let outcomes = routers.network.perform(entries.reversed().map(\.removal))
        for (entry, failure) in zip(entries.reversed(), outcomes) {
            guard let failure, !gone.contains(failure.errno.code) else { continue }
            routers.log.say(.warning, "cannot remove \(entry.text): \(failure)")
        }
    }

    // MARK: Repair

    /// A route or rule is gone that others removed: it is put back once; when that fails, those who
    /// follow it are in fault.
    func lost(_ request: NetworkEvent) {
        for instance in routers.instances {
            for entry in made[ObjectIdentifier(instance)] ?? [] where entry.isLost(request) {
                putBack(entry, instance)
            }
        }
        for entry in fixed where entry.isLost(request) { putBack(entry, nil) }
    }

    /// A link is up again or an address came back: the kernel has removed routes without a word.
    func restore() {
        let owners = routers.instances.flatMap { instance in
            (made[ObjectIdentifier(instance)] ?? []).map { _ in Optional(instance) }
        }
        let all = routers.instances.flatMap { made[ObjectIdentifier($0)] ?? [] } + fixed
        let followed = owners + fixed.map { _ in nil }
        let outcomes = routers.network.perform(all.map(\.request))
        for ((entry, instance), failure) in zip(zip(all, followed), outcomes) {
            let isThere = failure == nil || failure?.errno == NetlinkFailure.exists
            if isThere { tellFollowers(of: entry, instance, isThere: true) }
            if failure == nil { routers.log.say(.debug, "\(entry.text) is put back") }
        }
        retry()
    }

    /// Tries again what could not be put back. A static entry ends the fault when it is back; an
    /// instance adds its own when it serves again.
    private func retry() {
        var rest: [Missing] = []
        for var one in missing {
            one.tries += 1
            let isFixed = fixed.contains(one.entry)
            let isBack: Bool
            if isFixed {
                let failure = routers.network.perform([one.entry.request]).first ?? nil
                isBack = failure == nil || failure?.errno == NetlinkFailure.exists
            } else {
                isBack = one.tries >= Self.tryLimit
            }
            guard isBack else {
                rest.append(one)
                continue
            }
            for follower in one.followers { follower.setFault(one.entry.faultKey, nil) }
        }
        missing = rest
        if missing.isEmpty, let timer = retries {
            routers.loop.cancel(timer)
            retries = nil
        }
    }

    private func remember(_ entry: Entry, _ followers: [Instance]) {
        missing.removeAll { $0.entry == entry }
        missing.append(Missing(entry: entry, followers: followers))
        guard retries == nil else { return }
        retries = routers.loop.every(milliseconds: 1000) { [unowned self] in
            retry()
            routers.drain()
        }
    }

    private func putBack(_ entry: Entry, _ instance: Instance?) {
        guard entry.isTracked else { return }
        let failure = routers.network.perform([entry.request]).first ?? nil
        let isBack = failure == nil || failure?.errno == NetlinkFailure.exists
        tellFollowers(of: entry, instance, isThere: isBack)
        guard isBack else {
            remember(entry, followers(of: entry, instance))
            return routers.log.say(
                .error, "cannot put back \(entry.text): \(failure?.description ?? "")")
        }
        instance?.counters.putBack += 1
        routers.log.say(.warning, "\(entry.text) was removed by somebody else and is put back")
        routers.emit(
            .putBack(instance: instance?.name ?? "static", what: entry.text, interface: nil))
    }

    /// Those who follow an entry are in fault while it cannot be made.
    private func tellFollowers(of entry: Entry, _ instance: Instance?, isThere: Bool) {
        for follower in followers(of: entry, instance) {
            follower.setFault(entry.faultKey, isThere ? nil : "\(entry.text) is not there")
        }
    }

    private func followers(of entry: Entry, _ instance: Instance?) -> [Instance] {
        if let instance { return [instance] }
        let names =
            routers.configuration.trackGroups.first { $0.name == entry.trackGroup }?.members ?? []
        return routers.instances.filter { names.contains($0.name) }
    }
}

extension PathKeeper.Entry {
    /// What the fault of its loss is named by.
    fileprivate var faultKey: String { "lost:\(text)" }

    /// Whether a report says that it was removed.
    fileprivate func isLost(_ event: NetworkEvent) -> Bool {
        switch (thing, event) {
        case (.route(let route, _), .routeRemoved(let gone)): route.isSame(as: gone)
        case (.rule(let rule), .ruleRemoved(let gone)): rule.isSame(as: gone)
        case (.address(let address), .addressRemoved(let gone)): address.isSame(as: gone)
        default: false
        }
    }
}

extension NoAcceptTable {
    /// The table that `nftables`, `nftables_priority` and `nftables_counters` describe.
    init(_ global: GlobalDefinitions) {
        self.init(
            named: global.nftablesTable, priority: Int32(clamping: global.nftablesPriority),
            counts: global.nftablesCounters)
    }
}

/// The table of addresses that are not accepted. keepalived.conf(5): no_accept, nftables.
private final class Firewall {
    private var socket: NetlinkSocket
    private let table: NoAcceptTable

    init(_ global: GlobalDefinitions) throws(NetlinkFailure) {
        table = NoAcceptTable(global)
        do throws(Errno) {
            socket = try NetlinkSocket(.netfilter)
        } catch {
            throw NetlinkFailure(error)
        }
        try socket.transact(table.install([]))
    }

    /// Whether it is the one for these settings.
    func isMade(for global: GlobalDefinitions) -> Bool { table == NoAcceptTable(global) }

    func insert(_ addresses: [IPAddress]) throws(NetlinkFailure) {
        try socket.transact(table.insert(addresses))
    }

    func withdraw(_ addresses: [IPAddress]) {
        // Fails for addresses that are not in it, which is what is wanted.
        try? socket.transact(table.withdraw(addresses))
    }

    func remove() { try? socket.transact([table.remove()]) }

    /// The table's name.
    var name: String { table.name }
}
