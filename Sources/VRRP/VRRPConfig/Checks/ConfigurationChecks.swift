// What a complete configuration is checked for: misuse that people meet again and again, each with
// a sentence that says what will happen.

import Addresses
import ConfigLanguage

/// Checks over a complete configuration.
struct ConfigurationChecks {
    /// What is checked.
    let configuration: VRRPConfiguration
    /// The world it will run in.
    let surroundings: VRRPSurroundings
    /// What is said, after what was said before.
    var remarks: Remarks
    /// Instances that cannot run.
    private(set) var unusable: Set<String> = []

    /// Checks of a configuration in a world.
    init(_ configuration: VRRPConfiguration, _ surroundings: VRRPSurroundings, _ remarks: Remarks) {
        self.configuration = configuration
        self.surroundings = surroundings
        self.remarks = remarks
    }

    /// Looks at everything.
    mutating func run() {
        if configuration.instances.isEmpty, remarks.grade != .unusable {
            remarks.warn("there is no vrrp_instance: nothing will be done", at: nil)
        }
        for instance in configuration.instances {
            checkAddresses(instance)
            checkElection(instance)
            checkInterface(instance)
            checkUnicast(instance)
        }
        checkRouterIDs()
        checkSharedAddresses()
        for group in configuration.syncGroups { checkGroup(group) }
        checkDelays()
        checkStatic()
        checkMail()
        checkScripts()
    }

    // MARK: One instance

    private mutating func checkAddresses(_ instance: InstanceDefinition) {
        let place = instance.place.location
        let count = instance.virtualAddresses.count
        if instance.meansNoAddresses, count > 0 {
            remarks.warn(
                "(\(instance.name)) no_virtual_ipaddress does not count: there are addresses",
                at: place)
        }
        if count == 0, !instance.meansNoAddresses {
            let others = instance.excludedAddresses.isEmpty ? "" : " of virtual_ipaddress"
            if instance.version == .three {
                remarks.refuse(
                    "(\(instance.name)) there are no addresses\(others), and version 3 forbids "
                        + "empty adverts; write 'no_virtual_ipaddress' if that is meant", at: place)
            } else {
                remarks.warn(
                    "(\(instance.name)) there are no addresses\(others): adverts will be empty; "
                        + "write 'no_virtual_ipaddress' if that is meant", at: place)
            }
        }
        if instance.family == .v6, let first = instance.virtualAddresses.first,
            first.address.high >> 54 != 0x3FA
        {
            let consequence =
                instance.isStrict ? "strict mode needs it" : "other routers may reject the adverts"
            remarks.warn(
                "(\(instance.name)) the first IPv6 address should be link-local (fe80::/10): "
                    + consequence, at: place)
        }
        if instance.isStrict, count == 0 {
            remarks.repair("(\(instance.name)) strict mode needs an address", at: place)
        }
        var seen: Set<IPAddress> = []
        for address in instance.virtualAddresses + instance.excludedAddresses
        where !seen.insert(address.address).inserted {
            remarks.warn("(\(instance.name)) address \(address.address) stands twice", at: place)
        }
    }

    private mutating func checkElection(_ instance: InstanceDefinition) {
        let place = instance.place.location
        let weighted = TrackKind.allCases.flatMap { kind in
            instance.tracks.references(kind).filter { $0.weight.value != 0 }
        }
        if instance.priority == 255, let first = weighted.first {
            remarks.warn(
                "(\(instance.name)) the priority of an owner (255) never changes: the weight of "
                    + "'\(first.name)' has no effect", at: place)
        }
        if !instance.preempts, let first = weighted.first {
            remarks.warn(
                "(\(instance.name)) nopreempt with the weight of '\(first.name)': when this "
                    + "router's priority falls below the others' while it is active, a router with "
                    + "nopreempt will not take over; use weight 0 (a fault), or preempt_delay "
                    + "instead of nopreempt", at: place)
        }
        if instance.priority == 255, instance.initialState == .backup {
            remarks.warn(
                "(\(instance.name)) the owner (priority 255) starts as MASTER only with "
                    + "'state MASTER'; it will wait as BACKUP first", at: place)
        }
        let sum = weighted.filter { ($0.weight.value > 0) != $0.weight.isReversed }
            .reduce(0) { $0 + abs($1.weight.value) }
        if instance.priority != 255, Int(instance.priority) + sum > 254 {
            remarks.warn(
                "(\(instance.name)) priority \(instance.priority) with all weights is above 254 "
                    + "and will be limited to 254", at: place)
        }
        if instance.oldChecksum != .detected,
            !(instance.isUnicast && instance.version == .three && instance.family == .v4)
        {
            remarks.warn(
                "(\(instance.name)) old_unicast_checksum counts for unicast in version 3 over "
                    + "IPv4 only", at: place)
        }
        if instance.timerExpiredPriority != nil, instance.preempts {
            remarks.warn(
                "(\(instance.name)) timer_expired_backup counts with nopreempt only", at: place)
        }
    }

    private mutating func checkInterface(_ instance: InstanceDefinition) {
        let place = instance.place.location
        if instance.interface == nil {
            if !instance.isUnicast {
                remarks.refuse("(\(instance.name)) needs 'interface'", at: place)
            } else if instance.sourceAddress == nil {
                remarks.refuse(
                    "(\(instance.name)) needs 'interface' or 'unicast_src_ip'", at: place)
            }
            if instance.virtualMAC != nil || instance.ipvlan != nil {
                remarks.refuse(
                    "(\(instance.name)) use_vmac and use_ipvlan need 'interface'", at: place)
            }
        } else if instance.vrf != nil {
            remarks.warn("(\(instance.name)) vrf does not count with 'interface'", at: place)
        }
        let used =
            [instance.interface, instance.vrf].compactMap { $0 }
            + instance.tracks.interfaces.map(\.name)
            + (instance.virtualAddresses + instance.excludedAddresses).compactMap(\.interface)
        for name in unique(used) { checkExists(name, instance.name, place) }
        if let interfaces = surroundings.interfaces, let name = instance.interface,
            interfaces.contains(where: { $0.name == name && $0.isLoopback })
        {
            remarks.refuse(
                "(\(instance.name)) cannot run on the loopback interface '\(name)'", at: place)
        }
        if instance.virtualMAC != nil, instance.ipvlan != nil {
            remarks.refuse("(\(instance.name)) has use_vmac and use_ipvlan", at: place)
        }
        if instance.transmitsFromBase, instance.virtualMAC == nil, instance.ipvlan == nil {
            remarks.warn(
                "(\(instance.name)) vmac_xmit_base has no effect without use_vmac", at: place)
        }
        if let ipvlan = instance.ipvlan, ipvlan.address == nil, instance.family == .v4 {
            remarks.refuse("(\(instance.name)) use_ipvlan needs an address for IPv4", at: place)
        }
        if instance.virtualMAC != nil, instance.isUnicast, !instance.transmitsFromBase {
            remarks.warn(
                "(\(instance.name)) unicast with use_vmac needs vmac_xmit_base: without it "
                    + "switches see the virtual MAC of backups too and send traffic astray",
                at: place)
        }
    }

    private mutating func checkExists(
        _ name: String, _ instance: String, _ place: SourceLocation?
    ) {
        guard let interfaces = surroundings.interfaces,
            !interfaces.contains(where: { $0.name == name })
        else { return }
        // A macvlan that an instance makes is there later.
        let isMade = configuration.instances.contains {
            $0.virtualMAC?.interfaceName == name || $0.ipvlan?.interfaceName == name
                || name.hasPrefix(configuration.global.virtualMACPrefix + ".")
        }
        if configuration.global.allowsMissingInterfaces || isMade {
            if !isMade {
                remarks.warn(
                    "(\(instance)) interface '\(name)' is not there; the instance waits for it",
                    at: place)
            }
            return
        }
        remarks.refuse(
            "(\(instance)) interface '\(name)' is not there ('dynamic_interfaces' allows that)",
            at: place)
    }

    private mutating func checkUnicast(_ instance: InstanceDefinition) {
        let place = instance.place.location
        if instance.faultsWithoutPeers, instance.unicastPeers.isEmpty {
            remarks.warn(
                "(\(instance.name)) has no unicast_peer: it stays in FAULT", at: place)
        }
        for peer in instance.unicastPeers {
            if peer.address.isMulticast || peer.address.isUnspecified {
                remarks.refuse("(\(instance.name)) \(peer.address) can be no peer", at: place)
            }
            if let low = peer.minimumTTL, let high = peer.maximumTTL, low > high {
                remarks.warn(
                    "(\(instance.name)) min_ttl of peer \(peer.address) is above max_ttl: every "
                        + "advert of it will be dropped", at: place)
            }
        }
        let peers = Set(instance.unicastPeers.map(\.address))
        if let shared = instance.virtualAddresses.first(where: { peers.contains($0.address) }) {
            remarks.warn(
                "(\(instance.name)) peer \(shared.address) is one of the virtual addresses",
                at: place)
        }
        // The own address among the peers is tolerated: generated files list everybody.
        if let source = instance.sourceAddress, peers == [source] {
            remarks.warn(
                "(\(instance.name)) the only peer is the own address: nobody hears the adverts",
                at: place)
        }
    }

    // MARK: Several instances

    private mutating func checkRouterIDs() {
        struct Wire: Hashable {
            var id: UInt8
            var family: IPAddress.Family
            var interface: String?
            var destination: IPAddress?
        }
        var seen: [Wire: InstanceDefinition] = [:]
        for instance in configuration.instances {
            let wire = Wire(
                id: instance.virtualRouterID, family: instance.family,
                interface: instance.interface,
                destination: instance.isUnicast ? nil : instance.multicastDestination)
            guard let earlier = seen[wire] else {
                seen[wire] = instance
                continue
            }
            let peers = Set(earlier.unicastPeers.map(\.address))
            if instance.isUnicast, peers.isDisjoint(with: instance.unicastPeers.map(\.address)) {
                continue
            }
            remarks.refuse(
                "(\(instance.name)) has virtual_router_id \(instance.virtualRouterID) like "
                    + "'\(earlier.name)' (\(earlier.place)) on the same interface and family: "
                    + "they would take each other's adverts for their own",
                at: instance.place.location)
        }
    }

    private mutating func checkSharedAddresses() {
        struct Home: Hashable {
            var address: IPAddress
            var interface: String?
        }
        var homes: [Home: String] = [:]
        for instance in configuration.instances {
            let all = instance.virtualAddresses + instance.excludedAddresses
            for address in all {
                let home = Home(
                    address: address.address, interface: address.interface ?? instance.interface)
                if let earlier = homes[home], earlier != instance.name {
                    remarks.warn(
                        "(\(instance.name)) address \(address.address) belongs to '\(earlier)' "
                            + "too: whichever steps down takes it away from the other",
                        at: instance.place.location)
                }
                homes[home] = instance.name
            }
        }
    }

    private mutating func checkGroup(_ group: SyncGroupDefinition) {
        let members = configuration.instances.filter { group.members.contains($0.name) }
        let place = group.place.location
        if Set(members.map(\.advertIntervalNanoseconds)).count > 1 {
            remarks.warn(
                "instances of sync group '\(group.name)' have different advert_int: they find out "
                    + "about a dead router at different times, and all follow the first", at: place)
        }
        if Set(members.map(\.version)).count > 1 {
            remarks.warn(
                "instances of sync group '\(group.name)' have different versions and so different "
                    + "timers", at: place)
        }
        if Set(members.map(\.preempts)).count > 1 {
            remarks.warn(
                "instances of sync group '\(group.name)' differ in nopreempt: one will take over "
                    + "and pull the others along", at: place)
        }
        if Set(members.map(\.priority)).count > 1 {
            remarks.warn(
                "instances of sync group '\(group.name)' have different priorities; the order "
                    + "must be the same on every router", at: place)
        }
        if members.contains(where: { $0.priority == 255 }),
            members.contains(where: { $0.priority != 255 })
        {
            remarks.warn(
                "sync group '\(group.name)' mixes an owner (255) with others: they will be "
                    + "elected again and again", at: place)
        }
    }

    // MARK: The rest

    private mutating func checkDelays() {
        for delays in configuration.interfaceDelays {
            for instance in configuration.instances {
                let used =
                    [instance.interface].compactMap { $0 } + instance.tracks.interfaces.map(\.name)
                let adverts = UInt64(max(1, instance.downTimerAdverts - 1))
                guard used.contains(delays.interface),
                    delays.downNanoseconds >= adverts * instance.advertIntervalNanoseconds
                else { continue }
                remarks.warn(
                    "the down delay of '\(delays.interface)' is not below \(adverts) advert "
                        + "intervals of '\(instance.name)': a backup takes over before this router "
                        + "gives up; the delay will be shortened", at: instance.place.location)
            }
        }
    }

    private mutating func checkStatic() {
        let names = Set(configuration.trackGroups.map(\.name))
        let used =
            configuration.staticAddresses.compactMap(\.trackGroup)
            + configuration.staticRoutes.compactMap(\.trackGroup)
            + configuration.staticRules.compactMap(\.trackGroup)
        for name in unique(used) where !names.contains(name) {
            remarks.repair(
                "track_group '\(name)' is not defined; nothing follows", at: nil,
                suggestion: Spelling.nearest(to: name, among: names.sorted()))
        }
        for name in unique(configuration.staticAddresses.compactMap(\.interface)) {
            checkExists(name, "static_ipaddress", nil)
        }
    }

    private mutating func checkMail() {
        let senders =
            configuration.instances.filter(\.notify.sendsMail).map(\.name)
            + configuration.syncGroups.filter(\.notify.sendsMail).map(\.name)
        guard let first = senders.first else { return }
        if configuration.global.mail.recipients.isEmpty {
            remarks.warn(
                "(\(first)) has smtp_alert but notification_email is empty: no mail is sent",
                at: nil)
        }
    }

    private mutating func checkScripts() {
        let checks = ScriptChecks(configuration, surroundings)
        checks.run(&remarks)
    }
}

/// The values in their order, each once.
func unique<Value: Hashable>(_ values: [Value]) -> [Value] {
    var seen: Set<Value> = []
    return values.filter { seen.insert($0).inserted }
}
