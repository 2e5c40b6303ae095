// Keywords outside of all blocks, and the blocks themselves. keepalived.conf(5): TOP HIERARCHY.

import Addresses
import ConfigLanguage

extension VRRPKeyword {
    /// Rows outside of all blocks.
    static let top: [VRRPKeyword] =
        [
            .word(
                "net_namespace", .top, "NAME",
                "Names the network namespace that the daemon runs in."
            ) { $0.configuration.global.networkNamespace = $1 },
            .withoutEffect(
                "net_namespace_ipvs", .top, "NAME",
                "Names the network namespace of the load balancer in the kernel.",
                reason: "martlet balances outside of the kernel"),
            .withoutEffect(
                "namespace_with_ipsets", .top, "", "Allows ipsets inside a network namespace.",
                reason: "nftables is used instead of iptables and ipsets"),
            .word(
                "instance", .top, "NAME", "Names this daemon, so that several can run beside it."
            ) { $0.configuration.global.instanceName = $1 },
            .mark("use_pid_dir", .top, "Puts pid files into a directory of their own.") {
                $0.configuration.global.usesPIDDirectory = true
            },
            .mark("linkbeat_use_polling", .top, "Polls the carrier of every interface.") {
                $0.configuration.global.pollsAllLinks = true
            },
            .integer(
                "child_wait_time", .top, 0...3600, "Sets how long the end may take, in seconds."
            ) { $0.configuration.global.childWaitSeconds = $1 },
            VRRPKeyword(
                "global_defs", .top, opensBlock: true, "Holds what concerns the daemon as a whole.",
                apply: Top.global),
            VRRPKeyword(
                "linkbeat_interfaces", .top, opensBlock: true,
                "Lists interfaces whose carrier is polled, each with MII, ETHTOOL or IOCTL behind it.",
                apply: Top.linkbeat),
            VRRPKeyword(
                "interface_up_down_delays", .top, opensBlock: true,
                "Lists interfaces with the seconds that a change of their link must last.",
                apply: Top.delays),
            VRRPKeyword(
                "track_group", .top, "NAME", opensBlock: true,
                "Names instances that follow static addresses, routes and rules.",
                apply: Top.trackGroup),
            VRRPKeyword(
                "static_ipaddress", .top, opensBlock: true,
                "Lists addresses that stay as long as the daemon runs."
            ) { $0.configuration.staticAddresses += $0.addresses($1, .fixed) },
            VRRPKeyword(
                "static_routes", .top, opensBlock: true,
                "Lists routes that stay as long as the daemon runs."
            ) { $0.configuration.staticRoutes += $0.routes($1, .fixed) },
            VRRPKeyword(
                "static_rules", .top, opensBlock: true,
                "Lists routing rules that stay as long as the daemon runs."
            ) { $0.configuration.staticRules += $0.rules($1, .fixed) },
            VRRPKeyword(
                "track_file", .top, "NAME", opensBlock: true,
                "Defines a file whose number changes priorities.", apply: Top.trackFile),
            VRRPKeyword(
                "vrrp_track_file", .top, "NAME", opensBlock: true, "Is the old name of track_file.",
                apply: Top.trackFile),
            VRRPKeyword(
                "vrrp_track_process", .top, "NAME", opensBlock: true,
                "Defines processes that must run.", apply: Top.trackProcess),
            VRRPKeyword(
                "bfd_instance", .top, "NAME", opensBlock: true,
                "Defines a session of bidirectional forwarding detection.", apply: Top.bfd),
            VRRPKeyword(
                "vrrp_script", .top, "NAME", opensBlock: true,
                "Defines a script that runs again and again and tells whether all is well.",
                apply: Top.script),
            VRRPKeyword(
                "track_martlet", .top, "NAME", opensBlock: true,
                "Defines a proxy whose health is asked over its admin socket.", apply: Top.martlet),
            VRRPKeyword(
                "track_check", .top, "NAME", opensBlock: true,
                "Defines a built-in check over TCP, a unix socket or HTTP.", apply: Top.check),
            VRRPKeyword(
                "vrrp_sync_group", .top, "NAME", opensBlock: true,
                "Binds instances that change their state together.", apply: Top.syncGroup),
            VRRPKeyword(
                "garp_group", .top, opensBlock: true,
                "Spaces the announcements of interfaces behind one switch.",
                apply: Top.announcementGroup),
            VRRPKeyword(
                "vrrp_instance", .top, "NAME", opensBlock: true,
                "Defines a virtual router with its addresses.", apply: Top.instance),
        ]
        + foreign.map { name in
            VRRPKeyword(
                name, .top, "...", opensBlock: true,
                "Belongs to the load balancer in the kernel, which martlet takes the place of."
            ) { reading, statement in
                if reading.foreignBlocks[name] == nil {
                    reading.foreignBlocks[name] = statement.place
                }
            }
        }

    /// Blocks of the load balancer in the kernel.
    static let foreign = ["virtual_server_group", "virtual_server", "SSL"]
}

/// The blocks.
private enum Top {
    static func global(_ reading: inout Reading, _ statement: Statement) {
        reading.given = reading.defaults.given
        reading.read(statement.children ?? [], in: .global)
        reading.defaults.given = reading.given
    }

    static func linkbeat(_ reading: inout Reading, _ statement: Statement) {
        for line in statement.children ?? [] where !line.words.isEmpty {
            var polled = PolledInterface(interface: line.name)
            if let word = line.arguments.first {
                polled.method = PolledInterface.Method(rawValue: word.uppercased())
                if polled.method == nil {
                    reading.remarks.repair(
                        "'\(word)' behind '\(line.name)' expects MII, ETHTOOL or IOCTL; "
                            + "they are tried in order", at: line.place)
                }
            }
            reading.configuration.polledInterfaces.removeAll { $0.interface == line.name }
            reading.configuration.polledInterfaces.append(polled)
        }
    }

    static func delays(_ reading: inout Reading, _ statement: Statement) {
        let limit: UInt64 = 255_000_000_000
        for line in statement.children ?? [] where !line.words.isEmpty {
            let numbers = line.arguments.map { Numbers.decimal($0, unit: 1_000_000_000) }
            guard let first = numbers.first, numbers.count <= 2, let down = first, down <= limit,
                let up = numbers.count == 2 ? numbers[1] : down, up <= limit
            else {
                reading.remarks.repair(
                    "'\(line.name)' in interface_up_down_delays expects one or two delays of at "
                        + "most 255 seconds; the line is left out", at: line.place)
                continue
            }
            reading.configuration.interfaceDelays.removeAll { $0.interface == line.name }
            reading.configuration.interfaceDelays.append(
                InterfaceDelays(interface: line.name, downNanoseconds: down, upNanoseconds: up))
        }
    }

    /// Opens a named block: says so and returns nil when the name is missing or taken.
    private static func title(_ reading: inout Reading, _ statement: Statement) -> String? {
        guard let name = reading.blockTitle(statement) else { return nil }
        // The old name of a block names the same things.
        let kind = statement.name == "vrrp_track_file" ? "track_file" : statement.name
        let key = "\(kind) \(name)"
        if let earlier = reading.titles[key] {
            reading.remarks.repair(
                "\(statement.name) '\(name)' is already defined at "
                    + "\(DefinitionPlace(earlier)); this one is left out", at: statement.place)
            return nil
        }
        reading.titles[key] = statement.place
        return name
    }

    static func trackGroup(_ reading: inout Reading, _ statement: Statement) {
        guard let name = title(&reading, statement) else { return }
        reading.trackGroup = TrackGroup(name: name)
        reading.trackGroup.place = DefinitionPlace(statement.place)
        reading.read(statement.children ?? [], in: .trackGroup, called: name)
        reading.configuration.trackGroups.append(reading.trackGroup)
    }

    static func trackFile(_ reading: inout Reading, _ statement: Statement) {
        guard let name = title(&reading, statement) else { return }
        reading.trackFile = TrackFileDefinition(name: name)
        reading.trackFile.place = DefinitionPlace(statement.place)
        reading.read(statement.children ?? [], in: .trackFile, called: name)
        guard !reading.trackFile.path.isEmpty else {
            return incomplete(&reading, statement, name, needs: "file")
        }
        reading.configuration.trackFiles.append(reading.trackFile)
    }

    static func trackProcess(_ reading: inout Reading, _ statement: Statement) {
        guard let name = title(&reading, statement) else { return }
        reading.trackProcess = TrackProcessDefinition(name: name)
        reading.trackProcess.place = DefinitionPlace(statement.place)
        reading.read(statement.children ?? [], in: .trackProcess, called: name)
        guard !reading.trackProcess.process.isEmpty else {
            return incomplete(&reading, statement, name, needs: "process")
        }
        if let limit = reading.trackProcess.quorumLimit, limit > 0,
            limit < reading.trackProcess.quorum
        {
            reading.remarks.repair(
                "quorum_max of '\(name)' is below quorum; quorum is taken for it",
                at: statement.place)
            reading.trackProcess.quorumLimit = reading.trackProcess.quorum
        }
        reading.configuration.trackProcesses.append(reading.trackProcess)
    }

    static func bfd(_ reading: inout Reading, _ statement: Statement) {
        guard let name = title(&reading, statement) else { return }
        reading.bfd = BFDDefinition(name: name)
        reading.bfd.place = DefinitionPlace(statement.place)
        reading.readBlock(statement, in: .bfd, called: name)
        guard reading.given.contains("neighbor_ip") || reading.given.contains("neighbour_ip"),
            !reading.bfd.neighbour.isUnspecified
        else { return incomplete(&reading, statement, name, needs: "neighbor_ip") }
        if let source = reading.bfd.source, source.family != reading.bfd.neighbour.family {
            reading.remarks.repair(
                "source_ip of '\(name)' is of another family than neighbor_ip; it is left out",
                at: statement.place)
            reading.bfd.source = nil
        }
        let isV6 = reading.bfd.neighbour.family == .v6
        if !reading.given.contains(isV6 ? "hoplimit" : "ttl") {
            reading.bfd.hopLimit = isV6 ? 64 : 255
        }
        reading.configuration.bfdInstances.append(reading.bfd)
    }

    static func script(_ reading: inout Reading, _ statement: Statement) {
        guard let name = title(&reading, statement) else { return }
        reading.script = ScriptDefinition(name: name)
        reading.script.place = DefinitionPlace(statement.place)
        reading.readBlock(statement, in: .script, called: name)
        guard !reading.script.command.arguments.isEmpty else {
            return incomplete(&reading, statement, name, needs: "script")
        }
        if !reading.given.contains("timeout") {
            reading.script.timeoutNanoseconds = reading.script.intervalNanoseconds
        }
        reading.configuration.scripts.append(reading.script)
    }

    static func martlet(_ reading: inout Reading, _ statement: Statement) {
        guard let name = title(&reading, statement) else { return }
        reading.martlet = MartletDefinition(name: name)
        reading.martlet.place = DefinitionPlace(statement.place)
        reading.readBlock(statement, in: .martlet, called: name)
        guard !reading.martlet.socketPath.isEmpty else {
            return incomplete(&reading, statement, name, needs: "socket")
        }
        if !reading.given.contains("timeout") {
            reading.martlet.timeoutNanoseconds = reading.martlet.intervalNanoseconds
        }
        reading.configuration.martlets.append(reading.martlet)
    }

    static func check(_ reading: inout Reading, _ statement: Statement) {
        guard let name = title(&reading, statement) else { return }
        reading.check = CheckDefinition(name: name)
        reading.check.place = DefinitionPlace(statement.place)
        reading.readBlock(statement, in: .check, called: name)
        guard reading.check.target != .unix("") else {
            return incomplete(&reading, statement, name, needs: "tcp, unix or http")
        }
        if !reading.given.contains("timeout") {
            reading.check.timeoutNanoseconds = reading.check.intervalNanoseconds
        }
        reading.configuration.checks.append(reading.check)
    }

    static func syncGroup(_ reading: inout Reading, _ statement: Statement) {
        guard let name = title(&reading, statement) else { return }
        reading.syncGroup = SyncGroupDraft(definition: SyncGroupDefinition(name: name))
        reading.syncGroup.definition.place = DefinitionPlace(statement.place)
        reading.readBlock(statement, in: .syncGroup, called: name)
        reading.syncGroup.given = reading.given
        reading.syncGroups.append(reading.syncGroup)
    }

    static func announcementGroup(_ reading: inout Reading, _ statement: Statement) {
        reading.announcementGroup = AnnouncementGroup()
        reading.announcementGroup.place = DefinitionPlace(statement.place)
        reading.readBlock(statement, in: .announcementGroup)
        if reading.given.isSuperset(of: ["interface", "interfaces"]) {
            reading.remarks.repair(
                "garp_group has either 'interface' or 'interfaces'; all of them are taken",
                at: statement.place)
        }
        guard !reading.announcementGroup.interfaces.isEmpty else {
            return incomplete(&reading, statement, "", needs: "interface")
        }
        if reading.given.isDisjoint(with: ["garp_interval", "gna_interval"]) {
            return incomplete(&reading, statement, "", needs: "garp_interval or gna_interval")
        }
        let earlier = Set(reading.configuration.announcementGroups.flatMap(\.interfaces))
        for interface in reading.announcementGroup.interfaces where earlier.contains(interface) {
            reading.remarks.repair(
                "'\(interface)' is already in a garp_group; the first one counts",
                at: statement.place)
        }
        reading.announcementGroup.interfaces.removeAll { earlier.contains($0) }
        reading.configuration.announcementGroups.append(reading.announcementGroup)
    }

    static func instance(_ reading: inout Reading, _ statement: Statement) {
        guard let name = title(&reading, statement) else { return }
        reading.instance = InstanceDraft(definition: InstanceDefinition(name: name))
        reading.instance.definition.place = DefinitionPlace(statement.place)
        reading.readBlock(statement, in: .instance, called: name)
        reading.instance.given = reading.given
        reading.instances.append(reading.instance)
    }

    private static func incomplete(
        _ reading: inout Reading, _ statement: Statement, _ name: String, needs keyword: String
    ) {
        let title = name.isEmpty ? statement.name : "\(statement.name) '\(name)'"
        reading.remarks.repair(
            "\(title) needs '\(keyword)'; the block is left out", at: statement.place)
    }
}
