// The `.data` dump: everything that is known, for people. The lines that exporters look for (names,
// states, interfaces, numbers and addresses of instances, states of scripts) are keepalived's; the
// others are in its style.

import Kernel
import VRRPConfig
import VRRPProtocol

/// Makes the dump that SIGUSR1 asks keepalived for.
enum KeepalivedData {
    /// The dump of a status.
    static func text(of status: DaemonStatus) -> String {
        var lines = ["------< Global definitions >------"] + globalLines(status)
        lines.append("------< VRRP Topology >------")
        lines += status.instances.flatMap(instanceLines)
        add("VRRP Sync groups", status.groups.flatMap(groupLines), to: &lines)
        let configuration = status.configuration
        add("VRRP Scripts", configuration.scripts.flatMap { scriptLines($0, status) }, to: &lines)
        add(
            "VRRP Track files", configuration.trackFiles.flatMap { fileLines($0, status) },
            to: &lines)
        add(
            "VRRP Track processes",
            configuration.trackProcesses.flatMap { processLines($0, status) }, to: &lines)
        let others = status.trackers.filter { !["script", "file", "process"].contains($0.kind) }
        add("Other trackers", others.flatMap(trackerLines), to: &lines)
        return lines.map { Report.plain($0) + "\n" }.joined()
    }

    private static func add(_ title: String, _ more: [String], to lines: inout [String]) {
        if !more.isEmpty { lines += ["------< \(title) >------"] + more }
    }

    private static func globalLines(_ status: DaemonStatus) -> [String] {
        let global = status.configuration.global
        return [
            " Version = martlet-vrrp \(status.version)",
            " Configuration file = \(status.configurationPath)",
            " Process = \(status.processID)",
            " Running since = \(time(status.startedAt))",
            " Reloads = \(status.reloads), refused = \(status.refusedReloads)",
            " Network namespace = \(global.networkNamespace ?? "(default)")",
            " Router ID = \(global.routerID ?? Host.name)",
            " Dynamic interfaces = \(global.allowsMissingInterfaces)",
            " VRRP IPv4 mcast group = \(global.multicastGroup4)",
            " VRRP IPv6 mcast group = \(global.multicastGroup6)",
            " Gratuitous ARP interval = \(seconds(global.arpIntervalNanoseconds))",
            " Gratuitous NA interval = \(seconds(global.neighbourIntervalNanoseconds))",
            " Script security \(global.enforcesScriptSecurity ? "enabled" : "disabled")",
            " json_version \(global.jsonVersion)",
            " Adverts of unknown routers = \(status.unknownVRIDs)",
            " Packets of no instance rejected = \(status.strayRejections.total)",
            " Longest delay of the loop = \(seconds(status.longestDelay))",
        ]
    }

    // MARK: Instances

    private static func instanceLines(_ instance: InstanceStatus) -> [String] {
        let definition = instance.definition
        var lines = [" VRRP Instance = \(definition.name)"]
        lines.append("   VRRP Version = \(definition.version.rawValue)")
        if let group = instance.group { lines.append("   Sync group = \(group)") }
        if definition.family == .v6 { lines.append("   Using Native IPv6") }
        lines.append("   State = \(word(instance.state))")
        if let master = instance.masterAddress {
            lines.append("   Master router = \(master)")
            lines.append("   Master priority = \(instance.masterPriority)")
        }
        if definition.isUnicast { lines += ["   Flags:", "     Using unicast"] }
        lines.append("   Wantstate = \(word(instance.wantedState))")
        lines += list("Faults", instance.faults)
        switch instance.hold {
        case .none: break
        case .yielding: lines.append("   Held back = handed over")
        case .standby: lines.append("   Held back = stays backup")
        }
        if instance.isSplit { lines.append("   Two masters = yes") }
        lines.append("   Last transition = \(time(instance.lastTransition))")
        lines.append("   Master down timer = \(instance.masterDownNanoseconds / 1000) usecs")
        if definition.virtualMAC != nil {
            lines.append(
                "   Use VMAC, i/f name \(instance.interfaceShown), "
                    + "xmit_base = \(definition.transmitsFromBase)")
        }
        lines.append("   Interface = \(interface(of: instance))")
        if !definition.tracksInterface { lines.append("   VRRP interface tracking disabled") }
        if definition.isStrict { lines.append("   Enforcing strict VRRP compliance") }
        let source = instance.source.map(\.description) ?? "(none)"
        let configured = definition.sourceAddress == nil ? "" : " (from configuration)"
        lines.append("   Using src_ip = \(source)\(configured)")
        if !definition.isUnicast {
            lines.append("   Multicast address \(definition.multicastDestination)")
        }
        return lines + settingLines(instance) + belongingLines(instance)
    }

    private static func settingLines(_ instance: InstanceStatus) -> [String] {
        let definition = instance.definition
        let announcements = definition.announcements
        var lines = [
            "   Gratuitous ARP delay = \(whole(announcements.masterDelayNanoseconds))",
            "   Gratuitous ARP repeat = \(announcements.masterRepeat)",
            "   Gratuitous ARP refresh = \(whole(announcements.refreshNanoseconds))",
            "   Gratuitous ARP refresh repeat = \(announcements.refreshRepeat)",
            "   Gratuitous ARP lower priority delay = "
                + "\(whole(announcements.lowerPriorityDelayNanoseconds))",
            "   Gratuitous ARP lower priority repeat = \(announcements.lowerPriorityRepeat)",
            "   Down timer adverts = \(definition.downTimerAdverts)",
            "   Send advert after receive lower priority advert = "
                + "\(!definition.staysSilentOnLowerPriority)",
            "   Send advert after receive higher priority advert = "
                + "\(definition.advertisesBeforeSteppingDown)",
            "   Virtual Router ID = \(definition.virtualRouterID)",
            "   Priority = \(definition.priority)",
            "   Effective priority = \(instance.priority)",
            "   Total priority = \(instance.priority)",
            "   Advert interval = \(interval(definition))",
        ]
        if definition.version == .three, instance.masterAddress != nil {
            let milliseconds = instance.masterIntervalShown / 1_000_000
            lines.append("   Master advert interval = \(milliseconds) milli-sec")
        }
        lines.append("   Accept = \(definition.acceptsPackets ? "enabled" : "disabled")")
        lines.append("   Preempt = \(definition.preempts ? "enabled" : "disabled")")
        if definition.preemptDelayNanoseconds > 0 {
            lines.append("   Preempt delay = \(seconds(definition.preemptDelayNanoseconds)) secs")
        }
        let promotes = definition.promotesSecondaries ? "enabled" : "disabled"
        lines.append("   Promote_secondaries = \(promotes)")
        return lines + authentication(definition)
    }

    /// The password stands there as in keepalived's dump: the file is for its owner alone.
    private static func authentication(_ definition: InstanceDefinition) -> [String] {
        switch definition.authentication {
        case .none: definition.version == .two ? ["   Authentication type = none"] : []
        case .password(let password):
            [
                "   Authentication type = SIMPLE_PASSWORD",
                "   Password = \(String(decoding: password.prefix(8), as: UTF8.self))",
            ]
        case .hmac(let settings):
            [
                "   Authentication type = HMAC_SHA256",
                "   Keys = \(settings.keys.map { "\($0.id)" }.joined(separator: " ")), "
                    + "active \(settings.activeKey), mode \(settings.mode.rawValue)",
            ]
        }
    }

    private static func belongingLines(_ instance: InstanceStatus) -> [String] {
        let definition = instance.definition
        let addresses = instance.addressLines
        var lines = list("Virtual IP (\(addresses.count))", addresses, colon: ":")
        lines += list("Virtual IP Excluded", instance.excludedLines)
        if definition.isUnicast {
            lines.append("   Check unicast src : \(definition.checksUnicastSource ? "yes" : "no")")
            lines += list(
                "Unicast Peer",
                definition.unicastPeers.map {
                    "\($0.address) min_ttl \($0.minimumTTL ?? 0) max_ttl \($0.maximumTTL ?? 255)"
                })
        }
        lines += list("Virtual Routes", definition.routes.map(KeepalivedWords.route))
        lines += list("Virtual Rules", definition.rules.map(KeepalivedWords.rule))
        let tracks = definition.tracks
        for (title, references) in [
            ("Tracked interfaces", tracks.interfaces), ("Tracked scripts", tracks.scripts),
            ("Tracked files", tracks.files), ("Tracked processes", tracks.processes),
            ("Tracked BFDs", tracks.bfdInstances), ("Tracked proxies", tracks.martlets),
            ("Tracked checks", tracks.checks),
        ] {
            lines += list(title, references.map(line))
        }
        return lines + notifyLines(definition.notify)
    }

    private static func notifyLines(_ notify: NotifySettings) -> [String] {
        var lines = [
            "   Using smtp notification = \(notify.sendsMail ? "yes" : "no")",
            "   Notify deleted = \(notify.tellsDeleted ? "Deleted" : "Fault")",
        ]
        for (title, command) in [
            ("Backup", notify.backup), ("Master", notify.master), ("Fault", notify.fault),
            ("Stop", notify.stop), ("Deleted", notify.deleted), ("Generic", notify.any),
            ("Master rx lower pri", notify.masterHearsLowerPriority),
        ] {
            guard let command else { continue }
            lines.append(
                "   \(title) state transition script = \(KeepalivedWords.command(command))"
                    + (command.user.map { ", user \($0)" } ?? ""))
        }
        return lines
    }

    // MARK: Groups and trackers

    private static func groupLines(_ group: GroupStatus) -> [String] {
        [" VRRP Sync Group = \(group.definition.name), \(word(group.state))"]
            + list("VRRP member instances", group.definition.members)
            + notifyLines(group.definition.notify)
    }

    private static func scriptLines(
        _ script: ScriptDefinition, _ status: DaemonStatus
    ) -> [String] {
        let tracker = tracker("script", script.name, status)
        return [
            " VRRP Script = \(script.name)",
            "   Command = \(KeepalivedWords.command(script.command))",
            "   Interval = \(seconds(script.intervalNanoseconds)) sec",
            "   Timeout = \(seconds(script.timeoutNanoseconds)) sec",
            "   Weight = \(script.weight.value)\(script.weight.isReversed ? " reverse" : "")",
            "   Rise = \(script.rise)", "   Fall = \(script.fall)",
            "   Status = \(tracker?.isGood.map { $0 ? "GOOD" : "BAD" } ?? "INIT")",
        ] + resultLines(tracker)
    }

    private static func fileLines(
        _ file: TrackFileDefinition, _ status: DaemonStatus
    ) -> [String] {
        let tracker = tracker("file", file.name, status)
        return [
            " Track file = \(file.name)", "   File = \(file.path)",
            "   Status = \(tracker?.number ?? 0)", "   Weight = \(file.weight.value)",
        ] + resultLines(tracker)
    }

    private static func processLines(
        _ process: TrackProcessDefinition, _ status: DaemonStatus
    ) -> [String] {
        let tracker = tracker("process", process.name, status)
        var lines = [" VRRP Track process = \(process.name)", "   Process = \(process.process)"]
        if !process.parameters.isEmpty {
            lines.append("   Parameters = \(process.parameters.joined(separator: " "))")
        }
        if process.parameterMatch != nil { lines.append("   Param match = \(process.matchWord)") }
        lines.append("   Min processes = \(process.quorum)")
        if let limit = process.quorumLimit { lines.append("   Max processes = \(limit)") }
        return lines + [
            "   Current processes = \(tracker?.number ?? 0)",
            "   Have quorum = \(tracker?.isGood ?? false)", "   Weight = \(process.weight.value)",
            "   Terminate delay = \(seconds(process.terminateDelayNanoseconds))s",
            "   Fork delay = \(seconds(process.forkDelayNanoseconds))s",
            "   Full command = \(process.looksAtCommandLine)",
        ] + resultLines(tracker)
    }

    private static func trackerLines(_ tracker: TrackerStatus) -> [String] {
        let status = tracker.isGood.map { $0 ? "GOOD" : "BAD" } ?? "INIT"
        return [" Tracker \(tracker.kind) = \(tracker.name)", "   Status = \(status)"]
            + resultLines(tracker)
    }

    /// What was found last, and who follows.
    private static func resultLines(_ tracker: TrackerStatus?) -> [String] {
        guard let tracker else { return [] }
        var lines: [String] = []
        if !tracker.detail.isEmpty { lines.append("   Found last = \(tracker.detail)") }
        if tracker.runs > 0 {
            lines.append("   Runs = \(tracker.runs), failed = \(tracker.failures)")
            lines.append("   Last took = \(seconds(tracker.lastDurationNanoseconds)) sec")
        }
        return lines
            + list(
                "Tracking instances", tracker.followers.map { "\($0.name), weight \($0.weight)" })
    }

    private static func tracker(
        _ kind: String, _ name: String, _ status: DaemonStatus
    ) -> TrackerStatus? {
        status.trackers.first { $0.kind == kind && $0.name == name }
    }
}

// MARK: - Words

extension KeepalivedData {
    private static func word(_ state: Election.State) -> String { state.word.uppercased() }

    private static func list(
        _ title: String, _ lines: [String], colon: String = " :"
    ) -> [String] {
        lines.isEmpty ? [] : ["   \(title)\(colon)"] + lines.map { "     \($0)" }
    }

    private static func line(_ reference: TrackReference) -> String {
        let direction = reference.weight.isReversed ? " reverse" : ""
        return "\(reference.name) weight \(reference.weight.value)\(direction)"
    }

    private static func interface(of instance: InstanceStatus) -> String {
        guard instance.definition.virtualMAC != nil, let base = instance.definition.interface else {
            return instance.interfaceShown
        }
        return "\(instance.interfaceShown), vmac on \(base)"
    }

    private static func interval(_ definition: InstanceDefinition) -> String {
        definition.version == .two
            ? "\(whole(definition.advertIntervalNanoseconds)) sec"
            : "\(definition.advertIntervalNanoseconds / 1_000_000) milli-sec"
    }

    private static func whole(_ nanoseconds: UInt64) -> UInt64 { nanoseconds / 1_000_000_000 }

    private static func seconds(_ nanoseconds: UInt64) -> String {
        JSONText.shortDecimal(Int64(clamping: nanoseconds), digits: 9)
    }

    /// `1795782498.250014 (2026-11-27T12:28:18.250014Z)`
    private static func time(_ microseconds: Int64) -> String {
        let stamp = JSONText.decimal(microseconds, digits: 6)
        return "\(stamp) (\(StampedEvent.timeText(microseconds)))"
    }
}
