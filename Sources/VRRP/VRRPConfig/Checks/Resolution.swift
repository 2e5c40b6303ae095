// After all blocks are read: defaults are filled in, names are looked up, and every instance gets
// the values that it will run with. Differences to what was written are said.

import Addresses
import ConfigLanguage

extension Reading {
    /// Completes the configuration.
    mutating func resolve() {
        finishDefaults()
        finishScripts()
        numberRules()
        configuration.instances = []
        for draft in instances {
            if let instance = resolved(draft) { configuration.instances.append(instance) }
        }
        configuration.syncGroups = syncGroups.compactMap { resolved($0) }
        resolveMembers()
        for index in configuration.trackGroups.indices {
            configuration.trackGroups[index].members = existing(
                configuration.trackGroups[index].members,
                in: "track_group '\(configuration.trackGroups[index].name)'",
                at: configuration.trackGroups[index].place.location)
        }
        if !foreignBlocks.isEmpty {
            let named = foreignBlocks.keys.sorted().joined(separator: ", ")
            let first = foreignBlocks.values.min { $0.line < $1.line }
            remarks.note(
                "load balancing is left out here (\(named)): write it into a configuration of "
                    + "martlet, which runs beside this daemon", at: first)
        }
    }

    private mutating func finishDefaults() {
        let given = defaults.given
        if defaults.usesMinimalAnnouncements {
            if !given.contains("vrrp_garp_master_repeat") {
                defaults.announcements.masterRepeat = 1
            }
            if !given.contains("vrrp_garp_master_delay") {
                defaults.announcements.masterDelayNanoseconds = 0
            }
            if !given.contains("vrrp_garp_master_refresh_repeat") {
                defaults.announcements.refreshRepeat = 0
            }
        }
        if !given.contains("vrrp_garp_lower_prio_repeat") {
            defaults.announcements.lowerPriorityRepeat = defaults.announcements.masterRepeat
        }
        if !given.contains("vrrp_garp_lower_prio_delay") {
            defaults.announcements.lowerPriorityDelayNanoseconds =
                defaults.announcements.masterDelayNanoseconds
        }
        if !given.contains("vmac_addr_prefix") {
            configuration.global.addressVirtualMACPrefix = configuration.global.virtualMACPrefix
        }
        if configuration.global.scriptUser == nil,
            surroundings.userExists("keepalived_script")
        {
            configuration.global.scriptUser = "keepalived_script"
        }
    }

    /// Gives rules without a preference one, from 16384 down in the order of the file.
    private mutating func numberRules() {
        var next: UInt32 = 16384
        func number(
            _ rules: [VirtualRule], _ title: String, _ place: SourceLocation?,
            _ remarks: inout Remarks
        ) -> [VirtualRule] {
            rules.map { rule in
                guard rule.preference == nil else { return rule }
                var rule = rule
                rule.preference = next
                remarks.warn(
                    "\(title): a rule without 'preference' gets \(next), which is probably not "
                        + "what is meant", at: place)
                next = next > 1 ? next - 1 : next
                return rule
            }
        }
        configuration.staticRules = number(
            configuration.staticRules, "static_rules", nil, &remarks)
        for index in instances.indices {
            let draft = instances[index]
            instances[index].definition.rules = number(
                draft.definition.rules, "(\(draft.definition.name))",
                draft.place(of: "virtual_rules"), &remarks)
        }
    }

    // MARK: Commands

    private mutating func finishScripts() {
        for (script, keyword) in [
            (fifoScript, "notify_fifo"), (vrrpFifoScript, "vrrp_notify_fifo"),
        ] {
            let isFirst = keyword == "notify_fifo"
            let fifo =
                isFirst ? configuration.global.notifyFifo : configuration.global.vrrpNotifyFifo
            guard let script else { continue }
            guard fifo != nil else {
                remarks.repair(
                    "'\(keyword)_script' without '\(keyword)' is left out", at: nil)
                continue
            }
            let command = withUser(script)
            if isFirst {
                configuration.global.notifyFifo?.script = command
            } else {
                configuration.global.vrrpNotifyFifo?.script = command
            }
        }
        let paths = [
            configuration.global.notifyFifo?.path, configuration.global.vrrpNotifyFifo?.path,
        ].compactMap { $0 }
        if Set(paths).count < paths.count {
            remarks.repair("two fifos have the same path; vrrp_notify_fifo is left out", at: nil)
            configuration.global.vrrpNotifyFifo = nil
        }
        configuration.global.startupScript = withUser(configuration.global.startupScript)
        configuration.global.shutdownScript = withUser(configuration.global.shutdownScript)
        for index in configuration.scripts.indices {
            configuration.scripts[index].command = withUser(configuration.scripts[index].command)
        }
    }

    /// The command under the default account when it names none.
    private func withUser(_ command: ScriptCommand) -> ScriptCommand {
        guard command.user == nil, let user = configuration.global.scriptUser else {
            return command
        }
        return ScriptCommand(
            arguments: command.arguments, user: user, group: configuration.global.scriptGroup)
    }

    private func withUser(_ command: ScriptCommand?) -> ScriptCommand? {
        command.map { withUser($0) }
    }

    private func withUsers(_ notify: NotifySettings) -> NotifySettings {
        var notify = notify
        notify.master = withUser(notify.master)
        notify.backup = withUser(notify.backup)
        notify.fault = withUser(notify.fault)
        notify.stop = withUser(notify.stop)
        notify.deleted = withUser(notify.deleted)
        notify.any = withUser(notify.any)
        notify.masterHearsLowerPriority = withUser(notify.masterHearsLowerPriority)
        return notify
    }

    // MARK: Instances

    private mutating func resolved(_ draft: InstanceDraft) -> InstanceDefinition? {
        var instance = draft.definition
        let given = draft.given
        let title = "vrrp_instance '\(instance.name)'"
        guard instance.virtualRouterID != 0 else {
            remarks.repair(
                "\(title) needs 'virtual_router_id'; the instance is left out",
                at: instance.place.location)
            return nil
        }
        if !given.contains("strict_mode") { instance.isStrict = defaults.isStrict }
        if instance.initialState == .master, !given.contains("priority") {
            instance.priority = 255
            remarks.warn(
                "(\(instance.name)) state MASTER without 'priority' makes it the owner of its "
                    + "addresses, with priority 255", at: draft.place(of: "state"))
        }
        resolveFamily(&instance, draft)
        resolveVersion(&instance, draft)
        resolveInterval(&instance, draft)
        resolveUnicast(&instance, draft)
        resolveElection(&instance, draft)
        resolveAnnouncements(&instance, given)
        resolveAuthentication(&instance, draft)
        moveExcess(&instance, draft)
        resolveHardwareAddress(&instance)
        instance.tracks = references(draft.tracks, in: title)
        instance.notify = withUsers(instance.notify)
        if !given.contains("notify_priority_changes") {
            instance.notify.tellsPriorityChanges = defaults.tellsPriorityChanges
        }
        instance.notify.sendsMail =
            draft.smtpAlert ?? defaults.smtpAlertVRRP ?? defaults.smtpAlert ?? false
        return instance
    }

    private mutating func resolveFamily(
        _ instance: inout InstanceDefinition, _ draft: InstanceDraft
    ) {
        let family =
            instance.virtualAddresses.first?.address.family
            ?? instance.unicastPeers.first?.address.family ?? instance.sourceAddress?.family
            ?? (draft.wantsIPv6 ? .v6 : .v4)
        instance.family = family
        let stray = instance.virtualAddresses.filter { $0.address.family != family }
        if !stray.isEmpty {
            remarks.repair(
                "(\(instance.name)) virtual_ipaddress holds IPv4 and IPv6 addresses, but an advert "
                    + "carries one family: \(stray[0].address) and all others that are not "
                    + "IPv\(family.rawValue) are left out; write them into "
                    + "virtual_ipaddress_excluded", at: draft.place(of: "virtual_ipaddress"))
            instance.virtualAddresses.removeAll { $0.address.family != family }
        }
        if draft.wantsIPv6, family == .v4 {
            remarks.warn(
                "(\(instance.name)) native_ipv6 does not count: its addresses are IPv4",
                at: draft.place(of: "native_ipv6"))
        }
        if let source = instance.sourceAddress, source.family != family {
            remarks.repair(
                "(\(instance.name)) the source address \(source) is of another family than the "
                    + "virtual addresses; the interface's address is used",
                at: instance.place.location)
            instance.sourceAddress = nil
        }
        let strangers = instance.unicastPeers.filter { $0.address.family != family }
        if let stranger = strangers.first {
            remarks.repair(
                "(\(instance.name)) peer \(stranger.address) is of another family than the "
                    + "virtual addresses; it is left out", at: draft.place(of: "unicast_peer"))
            instance.unicastPeers.removeAll { $0.address.family != family }
        }
    }

    /// Addresses that no advert has room for are held, but not advertised: those that keepalived
    /// moves too, so that both advertise the same list.
    private mutating func moveExcess(
        _ instance: inout InstanceDefinition, _ draft: InstanceDraft
    ) {
        let mtu = surroundings.interfaces?.first { $0.name == instance.interface }?.mtu ?? 1500
        let isV4 = instance.family == .v4
        // IP header, VRRP header, 16 bytes that are left free, the password's field in version 2,
        // and a signature.
        var used = (isV4 ? 20 : 40) + 8 + 16 + (instance.version == .two ? 8 : 0)
        if case .hmac(let hmac) = instance.authentication, hmac.mode != .receiveOnly { used += 28 }
        let room = min(255, max(1, (mtu - used) / (isV4 ? 4 : 16)))
        let count = instance.virtualAddresses.count
        guard count > room else { return }
        remarks.warn(
            "(\(instance.name)) an advert has room for \(room) of its \(count) addresses; the "
                + "others are held but not advertised, like those of virtual_ipaddress_excluded",
            at: draft.place(of: "virtual_ipaddress"))
        instance.excludedAddresses += instance.virtualAddresses[room...]
        instance.virtualAddresses.removeSubrange(room...)
    }

    private mutating func resolveVersion(
        _ instance: inout InstanceDefinition, _ draft: InstanceDraft
    ) {
        if !draft.given.contains("version") { instance.version = defaults.version }
        if instance.family == .v6, instance.version == .two {
            if draft.given.contains("version") {
                remarks.repair(
                    "(\(instance.name)) IPv6 needs version 3, which is used",
                    at: draft.place(of: "version"))
            }
            instance.version = .three
        }
    }

    private mutating func resolveInterval(
        _ instance: inout InstanceDefinition, _ draft: InstanceDraft
    ) {
        let second: UInt64 = 1_000_000_000
        let written = instance.advertIntervalNanoseconds
        let step: UInt64
        let limit: UInt64
        switch instance.version {
        case .two: (step, limit) = (second, 255 * second)
        case .three: (step, limit) = (10_000_000, 40_950_000_000)
        }
        let rounded = min(limit, max(step, (written + step / 2) / step * step))
        guard rounded != written else { return }
        instance.advertIntervalNanoseconds = rounded
        let reason =
            instance.version == .two
            ? "version 2 knows whole seconds only; 'version 3' allows 10 ms"
            : "version 3 knows 0.01 to 40.95 seconds in steps of 0.01"
        remarks.repair(
            "(\(instance.name)) advert_int \(Numbers.seconds(written)) becomes "
                + "\(Numbers.seconds(rounded)): \(reason); all routers must use the same",
            at: draft.place(of: "advert_int"))
    }

    private mutating func resolveUnicast(
        _ instance: inout InstanceDefinition, _ draft: InstanceDraft
    ) {
        instance.isUnicast = !instance.unicastPeers.isEmpty || instance.faultsWithoutPeers
        let hasBounds = instance.unicastPeers.contains {
            $0.minimumTTL != nil || $0.maximumTTL != nil
        }
        if !draft.given.contains("check_unicast_src") {
            instance.checksUnicastSource = instance.isUnicast && defaults.checksUnicastSource
        }
        let hasUnicastWords =
            instance.unicastTTL != nil || instance.checksUnicastSource
            || draft.given.contains("unicast_src_ip")
        if !instance.isUnicast, hasUnicastWords {
            remarks.warn(
                "(\(instance.name)) has unicast keywords but no unicast_peer: adverts go to the "
                    + "multicast group ('unicast_fault_no_peer' makes that a fault)",
                at: instance.place.location)
        }
        if hasBounds { instance.checksUnicastSource = true }
        let group =
            instance.family == .v4
            ? configuration.global.multicastGroup4 : configuration.global.multicastGroup6
        if !draft.given.contains("mcast_dst_ip") {
            instance.multicastDestination = group
        } else if instance.multicastDestination.family != instance.family {
            remarks.repair(
                "(\(instance.name)) mcast_dst_ip is of another family than the virtual "
                    + "addresses; \(group) is used", at: draft.place(of: "mcast_dst_ip"))
            instance.multicastDestination = group
        }
        if !draft.given.contains("v3_checksum_as_v2") {
            instance.omitsPseudoHeader = defaults.omitsPseudoHeader
        }
        if !draft.given.contains("skip_check_adv_addr") {
            instance.skipsAddressCheckOfKnownSender = defaults.skipsAddressCheck
        }
        if instance.isUnicast, instance.isStrict {
            remarks.warn(
                "(\(instance.name)) strict mode forbids unicast, which is used all the same",
                at: draft.place(of: "unicast_peer"))
        }
    }

    private mutating func resolveElection(
        _ instance: inout InstanceDefinition, _ draft: InstanceDraft
    ) {
        let given = draft.given
        let isOwner = instance.priority == 255
        if !given.contains("owner_ignore_adverts") {
            instance.ownerIgnoresAdverts = defaults.ownerIgnoresAdverts ?? instance.isStrict
        }
        if instance.isStrict, isOwner {
            instance.initialState = .master
        } else if instance.isStrict, instance.initialState == .master {
            remarks.repair(
                "(\(instance.name)) strict mode has state MASTER with priority 255 only; "
                    + "state BACKUP is used", at: draft.place(of: "state"))
            instance.initialState = .backup
        }
        if instance.initialState == .master {
            if !instance.preempts {
                remarks.repair(
                    "(\(instance.name)) nopreempt does not count with state MASTER: the instance "
                        + "will take over from a lower priority; write 'state BACKUP'",
                    at: draft.place(of: "nopreempt"))
                instance.preempts = true
            }
            if instance.preemptDelayNanoseconds > 0 {
                remarks.repair(
                    "(\(instance.name)) preempt_delay does not count with state MASTER; "
                        + "write 'state BACKUP'", at: draft.place(of: "preempt_delay"))
                instance.preemptDelayNanoseconds = 0
            }
        }
        if !instance.preempts, instance.preemptDelayNanoseconds > 0 {
            remarks.warn(
                "(\(instance.name)) preempt_delay has no effect with nopreempt, except at the "
                    + "start", at: draft.place(of: "preempt_delay"))
        }
        if instance.isStrict, instance.preemptDelayNanoseconds > 0 {
            remarks.repair(
                "(\(instance.name)) strict mode knows no preempt_delay; it is not used",
                at: draft.place(of: "preempt_delay"))
            instance.preemptDelayNanoseconds = 0
        }
        if !given.contains("down_timer_adverts") {
            instance.downTimerAdverts = defaults.downTimerAdverts
        }
        if !given.contains("lower_prio_no_advert") {
            instance.staysSilentOnLowerPriority =
                defaults.staysSilentOnLowerPriority ?? instance.isStrict
        }
        if !given.contains("higher_prio_send_advert") {
            instance.advertisesBeforeSteppingDown =
                defaults.advertisesBeforeSteppingDown ?? !instance.isStrict
        }
        if instance.isStrict {
            if !instance.staysSilentOnLowerPriority {
                remarks.repair(
                    "(\(instance.name)) strict mode stays silent when a lower priority is heard; "
                        + "lower_prio_no_advert is used", at: instance.place.location)
                instance.staysSilentOnLowerPriority = true
            }
            if instance.advertisesBeforeSteppingDown {
                remarks.repair(
                    "(\(instance.name)) strict mode sends no advert before stepping down; "
                        + "higher_prio_send_advert is not used", at: instance.place.location)
                instance.advertisesBeforeSteppingDown = false
            }
            if instance.transmitsFromBase {
                remarks.repair(
                    "(\(instance.name)) strict mode sends adverts from the virtual MAC; "
                        + "vmac_xmit_base is not used", at: draft.place(of: "vmac_xmit_base"))
                instance.transmitsFromBase = false
            }
        }
        let saysAccept = given.contains("accept") || given.contains("no_accept")
        if !saysAccept { instance.acceptsPackets = !instance.isStrict || isOwner }
        if instance.isStrict, instance.version == .two, given.contains("accept"), !isOwner {
            remarks.repair(
                "(\(instance.name)) strict mode knows no 'accept' in version 2; packets to the "
                    + "addresses are dropped", at: draft.place(of: "accept"))
            instance.acceptsPackets = false
        }
    }

    private mutating func resolveAnnouncements(
        _ instance: inout InstanceDefinition, _ given: Set<String>
    ) {
        let general = defaults.announcements
        var own = instance.announcements
        if !given.contains("garp_master_repeat") { own.masterRepeat = general.masterRepeat }
        if !given.contains("garp_master_delay") {
            own.masterDelayNanoseconds = general.masterDelayNanoseconds
        }
        if !given.contains("garp_lower_prio_repeat") {
            own.lowerPriorityRepeat = general.lowerPriorityRepeat
        }
        if !given.contains("garp_lower_prio_delay") {
            own.lowerPriorityDelayNanoseconds = general.lowerPriorityDelayNanoseconds
        }
        if !given.contains("garp_master_refresh") {
            own.refreshNanoseconds = general.refreshNanoseconds
        }
        if !given.contains("garp_master_refresh_repeat") {
            own.refreshRepeat = general.refreshRepeat
        }
        if !given.contains("garp_extra_if") {
            own.extraInterfaceNanoseconds = general.extraInterfaceNanoseconds
            own.extraOnAllInterfaces = general.extraOnAllInterfaces
        }
        if instance.isStrict {
            own.lowerPriorityRepeat = 0
            own.lowerPriorityDelayNanoseconds = 0
        }
        instance.announcements = own
    }

    private mutating func resolved(
        _ written: HMACAuthentication, _ instance: InstanceDefinition, _ draft: InstanceDraft
    ) -> HMACAuthentication {
        var hmac = written
        let place = draft.place(of: "auth_hmac")
        if hmac.keys.isEmpty {
            remarks.refuse(
                "(\(instance.name)) 'auth_hmac' needs a 'key'; without one adverts would not be "
                    + "protected", at: place)
        } else if hmac.activeKey == 0 {
            remarks.refuse(
                "(\(instance.name)) 'auth_hmac' needs 'active_key', the number of the key that "
                    + "signs", at: place)
        } else if !hmac.keys.contains(where: { $0.id == hmac.activeKey }) {
            remarks.refuse(
                "(\(instance.name)) 'active_key \(hmac.activeKey)' of auth_hmac names no key that "
                    + "is defined", at: place)
        }
        if instance.isStrict, hmac.mode != .enforce {
            remarks.repair(
                "(\(instance.name)) strict mode takes signed adverts only; auth_hmac's mode is "
                    + "enforce", at: place)
            hmac.mode = .enforce
        }
        if hmac.timeWindowSeconds == 0 {
            let seconds = Int(instance.advertIntervalNanoseconds / 1_000_000_000)
            hmac.timeWindowSeconds = min(300, max(5, 3 * seconds))
        }
        return hmac
    }

    private mutating func resolveAuthentication(
        _ instance: inout InstanceDefinition, _ draft: InstanceDraft
    ) {
        let place = draft.place(of: "authentication")
        if let hmac = draft.hmac {
            if draft.given.contains("authentication") {
                remarks.repair(
                    "(\(instance.name)) has 'authentication' and 'auth_hmac'; auth_hmac is used",
                    at: place)
            }
            instance.authentication = .hmac(resolved(hmac, instance, draft))
            return
        }
        guard draft.given.contains("authentication") else { return }
        guard draft.authenticationType != "NONE" else { return }
        guard let password = draft.password, draft.authenticationType != nil else {
            remarks.repair(
                "(\(instance.name)) authentication needs 'auth_type PASS' and 'auth_pass'; "
                    + "adverts are not authenticated", at: place)
            return
        }
        if instance.version == .three {
            remarks.repair(
                "(\(instance.name)) version 3 has no passwords; adverts are not authenticated "
                    + "('auth_hmac' signs them)", at: place)
            return
        }
        if instance.isStrict {
            remarks.repair(
                "(\(instance.name)) strict mode knows no authentication; adverts are not "
                    + "authenticated", at: place)
            return
        }
        if password.count > 8 {
            remarks.warn(
                "(\(instance.name)) auth_pass is longer than 8 bytes; only "
                    + "'\(String(decoding: password.prefix(8), as: UTF8.self))' counts", at: place)
        }
        instance.authentication = .password(Array(password.prefix(8)))
    }

    /// Five bytes get the number of the virtual router as the sixth.
    private func resolveHardwareAddress(_ instance: inout InstanceDefinition) {
        if let bytes = instance.virtualMAC?.hardwareAddress, bytes.count == 5 {
            instance.virtualMAC?.hardwareAddress = bytes + [instance.virtualRouterID]
        }
    }

    // MARK: References

    private mutating func references(_ drafts: [TrackDraft], in title: String) -> TrackReferences {
        var tracks = TrackReferences()
        for draft in drafts {
            guard let standard = standardWeight(draft) else {
                let known = knownNames(draft.kind)
                remarks.repair(
                    "\(title) follows \(draft.kind.keyword) '\(draft.name)', which is not "
                        + "defined; it is left out", at: draft.place,
                    suggestion: Spelling.nearest(to: draft.name, among: known))
                continue
            }
            let weight = TrackWeight(
                draft.weight ?? standard.value, isReversed: draft.isReversed ?? standard.isReversed)
            let reference = TrackReference(name: draft.name, weight: weight)
            if tracks.names(draft.kind).contains(draft.name) {
                remarks.warn(
                    "\(title) follows \(draft.kind.keyword) '\(draft.name)' twice; the first "
                        + "counts", at: draft.place)
                continue
            }
            tracks.append(reference, draft.kind)
        }
        return tracks
    }

    /// The weight of a definition; nil when there is none of that name.
    private func standardWeight(_ draft: TrackDraft) -> TrackWeight? {
        let name = draft.name
        return switch draft.kind {
        case .interface: TrackWeight()
        case .script: configuration.scripts.first { $0.name == name }?.weight
        case .file: configuration.trackFiles.first { $0.name == name }?.weight
        case .process: configuration.trackProcesses.first { $0.name == name }?.weight
        case .bfd: configuration.bfdInstances.first { $0.name == name }?.weight
        case .martlet: configuration.martlets.first { $0.name == name }?.weight
        case .check: configuration.checks.first { $0.name == name }?.weight
        }
    }

    private func knownNames(_ kind: TrackKind) -> [String] {
        switch kind {
        case .interface: []
        case .script: configuration.scripts.map(\.name)
        case .file: configuration.trackFiles.map(\.name)
        case .process: configuration.trackProcesses.map(\.name)
        case .bfd: configuration.bfdInstances.map(\.name)
        case .martlet: configuration.martlets.map(\.name)
        case .check: configuration.checks.map(\.name)
        }
    }

    // MARK: Groups

    private mutating func resolved(_ draft: SyncGroupDraft) -> SyncGroupDefinition? {
        var group = draft.definition
        let title = "vrrp_sync_group '\(group.name)'"
        group.tracks = references(draft.tracks, in: title)
        group.notify = withUsers(group.notify)
        if !draft.given.contains("notify_priority_changes") {
            group.notify.tellsPriorityChanges = defaults.tellsPriorityChanges
        }
        group.notify.sendsMail =
            draft.smtpAlert ?? defaults.smtpAlertVRRP ?? defaults.smtpAlert ?? false
        group.members = existing(group.members, in: title, at: group.place.location)
        if group.members.isEmpty {
            remarks.repair("\(title) has no instances; it is left out", at: group.place.location)
            return nil
        }
        if group.members.count == 1 {
            remarks.warn(
                "\(title) has one instance, which has nothing to keep step with",
                at: group.place.location)
        }
        return group
    }

    /// The names of instances that exist, each once.
    private mutating func existing(
        _ members: [String], in title: String, at place: SourceLocation?
    ) -> [String] {
        var known: [String] = []
        let names = configuration.instances.map(\.name)
        for member in members {
            if !names.contains(member) {
                remarks.repair(
                    "\(title) names instance '\(member)', which is not there; it is left out",
                    at: place, suggestion: Spelling.nearest(to: member, among: names))
            } else if known.contains(member) {
                remarks.repair("\(title) names instance '\(member)' twice", at: place)
            } else {
                known.append(member)
            }
        }
        return known
    }

    /// Members belong to one group, and have no weights of their own unless that is allowed.
    private mutating func resolveMembers() {
        var home: [String: String] = [:]
        for index in configuration.syncGroups.indices {
            let group = configuration.syncGroups[index]
            for member in group.members {
                if let first = home[member] {
                    remarks.repair(
                        "instance '\(member)' is in the sync groups '\(first)' and "
                            + "'\(group.name)'; it stays in the first", at: group.place.location)
                    configuration.syncGroups[index].members.removeAll { $0 == member }
                } else {
                    home[member] = group.name
                }
            }
            if group.tracksGlobally { gatherTracks(index) }
            if !group.allowsWeights { dropWeights(index) }
        }
        configuration.syncGroups.removeAll { $0.members.isEmpty }
    }

    /// `global_tracking`: what members follow becomes what the group follows.
    private mutating func gatherTracks(_ index: Int) {
        let group = configuration.syncGroups[index]
        remarks.warn(
            "global_tracking of '\(group.name)' is old: what its instances follow counts for the "
                + "group; write the track_ blocks into the group", at: group.place.location)
        for position in configuration.instances.indices
        where group.members.contains(configuration.instances[position].name) {
            for kind in TrackKind.allCases {
                for reference in configuration.instances[position].tracks.references(kind)
                where !configuration.syncGroups[index].tracks.names(kind).contains(reference.name) {
                    configuration.syncGroups[index].tracks.append(reference, kind)
                }
            }
            configuration.instances[position].tracks = TrackReferences()
        }
    }

    private mutating func dropWeights(_ index: Int) {
        let group = configuration.syncGroups[index]
        for position in configuration.instances.indices
        where group.members.contains(configuration.instances[position].name) {
            let instance = configuration.instances[position]
            for kind in TrackKind.allCases {
                for reference in instance.tracks.references(kind)
                where reference.weight.value != 0 {
                    remarks.repair(
                        "(\(instance.name)) \(kind.keyword) '\(reference.name)' has a weight, but "
                            + "instances of sync group '\(group.name)' would then elect "
                            + "differently; it is not followed. Put it into the group, or write "
                            + "'sync_group_tracking_weight' there", at: instance.place.location)
                    configuration.instances[position].tracks.remove(reference.name, kind)
                }
            }
        }
    }
}

extension TrackReferences {
    /// The names of a kind.
    func names(_ kind: TrackKind) -> [String] { references(kind).map(\.name) }

    /// Replaces the references of a kind.
    mutating func set(_ references: [TrackReference], _ kind: TrackKind) {
        switch kind {
        case .interface: interfaces = references
        case .script: scripts = references
        case .file: files = references
        case .process: processes = references
        case .bfd: bfdInstances = references
        case .martlet: martlets = references
        case .check: checks = references
        }
    }

    /// Adds a reference.
    mutating func append(_ reference: TrackReference, _ kind: TrackKind) {
        set(references(kind) + [reference], kind)
    }

    /// Takes a reference away.
    mutating func remove(_ name: String, _ kind: TrackKind) {
        set(references(kind).filter { $0.name != name }, kind)
    }
}
