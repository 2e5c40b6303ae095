// A configuration printed back in its own language, with every default written out. What is printed
// loads to the same value again; that is also how `-d` can be trusted.

import Addresses

/// Prints configurations.
public struct VRRPConfigurationDump {
    /// Whether passwords and keys are replaced by stars; such a text does not load again.
    private let hidesSecrets: Bool
    private var writer = DumpWriter()

    private init(hidesSecrets: Bool) { self.hidesSecrets = hidesSecrets }

    /// The text of a configuration.
    public static func text(
        of configuration: VRRPConfiguration, hidesSecrets: Bool = false
    ) -> String {
        var dump = VRRPConfigurationDump(hidesSecrets: hidesSecrets)
        dump.write(configuration)
        return dump.writer.text
    }

    private mutating func write(_ configuration: VRRPConfiguration) {
        writeGlobal(configuration.global)
        writeInterfaces(configuration)
        for file in configuration.trackFiles { write(file) }
        for process in configuration.trackProcesses { write(process) }
        for script in configuration.scripts { write(script) }
        for bfd in configuration.bfdInstances { write(bfd) }
        for martlet in configuration.martlets { write(martlet) }
        for check in configuration.checks { write(check) }
        for instance in configuration.instances { write(instance) }
        for group in configuration.syncGroups { write(group) }
        for group in configuration.trackGroups {
            writer.block("track_group", [group.name]) { $0.list("group", group.members) }
        }
        writer.lines("static_ipaddress", configuration.staticAddresses.map(ItemText.address))
        writer.lines("static_routes", configuration.staticRoutes.map(ItemText.route))
        writer.lines("static_rules", configuration.staticRules.map(ItemText.rule))
    }

    // MARK: Global

    private mutating func writeGlobal(_ global: GlobalDefinitions) {
        writer.word("net_namespace", global.networkNamespace)
        writer.word("instance", global.instanceName)
        writer.mark("use_pid_dir", global.usesPIDDirectory)
        writer.mark("linkbeat_use_polling", global.pollsAllLinks)
        writer.line("child_wait_time", [String(global.childWaitSeconds)])
        writer.open("global_defs")
        writer.word("router_id", global.routerID)
        writeMail(global.mail)
        writeGlobalScripts(global)
        writeGlobalProtocol(global)
        writeScheduling(global)
        writeFiles(global)
        if let socket = global.statusSocket {
            writer.line("status_socket", [socket.path, String(socket.mode, radix: 8)])
        }
        if let address = global.metricsAddress {
            writer.line("metrics_listen", [address.description])
        }
        writer.word("events_file", global.eventsFile)
        writer.close()
    }

    private mutating func writeMail(_ mail: MailSettings) {
        if !mail.recipients.isEmpty { writer.list("notification_email", mail.recipients) }
        writer.word("notification_email_from", mail.sender)
        if let server = mail.server { writer.line("smtp_server", [server, String(mail.port)]) }
        writer.word("smtp_helo_name", mail.heloName)
        writer.line("smtp_connect_timeout", [Numbers.seconds(mail.timeoutNanoseconds)])
        writer.mark("no_email_faults", mail.omitsFaults)
    }

    private mutating func writeGlobalScripts(_ global: GlobalDefinitions) {
        if let user = global.scriptUser {
            writer.line("script_user", [user] + [global.scriptGroup].compactMap { $0 })
        }
        writer.mark("enable_script_security", global.enforcesScriptSecurity)
        writer.mark("use_symlink_paths", global.keepsSymbolicLinks)
        writer.command("startup_script", global.startupScript)
        writer.line("startup_script_timeout", [String(global.startupScriptTimeoutSeconds)])
        writer.command("shutdown_script", global.shutdownScript)
        writer.line("shutdown_script_timeout", [String(global.shutdownScriptTimeoutSeconds)])
        for (name, fifo) in [
            ("notify_fifo", global.notifyFifo), ("vrrp_notify_fifo", global.vrrpNotifyFifo),
        ] {
            guard let fifo else { continue }
            writer.line(name, [fifo.path] + [fifo.user, fifo.group].compactMap { $0 })
            writer.command("\(name)_script", fifo.script)
        }
        writer.mark("fifo_write_vrrp_states_on_reload", global.writesStatesOnReload)
    }

    private mutating func writeGlobalProtocol(_ global: GlobalDefinitions) {
        writer.line("vrrp_mcast_group4", [global.multicastGroup4.description])
        writer.line("vrrp_mcast_group6", [global.multicastGroup6.description])
        writer.line("default_interface", [global.defaultInterface])
        writer.line("vrrp_garp_interval", [Numbers.seconds(global.arpIntervalNanoseconds)])
        writer.line("vrrp_gna_interval", [Numbers.seconds(global.neighbourIntervalNanoseconds)])
        writer.line("vrrp_startup_delay", [Numbers.seconds(global.startupDelayNanoseconds)])
        writer.line("vrrp_delay_after_boot", [Numbers.seconds(global.delayAfterBootNanoseconds)])
        writer.mark("log_unknown_vrids", global.logsUnknownVRIDs)
        if global.allowsMissingInterfaces {
            writer.line("dynamic_interfaces", [])
        }
        writer.line("vmac_prefix", [global.virtualMACPrefix])
        writer.line("vmac_addr_prefix", [global.addressVirtualMACPrefix])
        writer.mark("disable_local_igmp", global.disablesLocalIGMP)
        writer.line("nftables", [global.nftablesTable])
        writer.line("nftables_priority", [String(global.nftablesPriority)])
        writer.mark("nftables_counters", global.nftablesCounters)
    }

    private mutating func writeScheduling(_ global: GlobalDefinitions) {
        writer.number("vrrp_priority", global.niceValue)
        writer.number("vrrp_rt_priority", global.realTimePriority)
        writer.number("vrrp_rlimit_rttime", global.realTimeLimitMicroseconds)
        writer.number("max_auto_priority", global.automaticPriorityLimit)
        writer.number("min_auto_priority_delay", global.automaticPriorityDelayMicroseconds)
        writer.mark("vrrp_no_swap", global.locksMemory)
        if !global.processors.isEmpty {
            writer.line("vrrp_cpu_affinity", global.processors.map { String($0) })
        }
        writer.number("vrrp_netlink_cmd_rcv_bufs", global.netlinkCommandBufferBytes)
        writer.mark("vrrp_netlink_cmd_rcv_bufs_force", global.forcesNetlinkCommandBuffer)
        writer.number("vrrp_netlink_monitor_rcv_bufs", global.netlinkMonitorBufferBytes)
        writer.mark("vrrp_netlink_monitor_rcv_bufs_force", global.forcesNetlinkMonitorBuffer)
        writer.number("process_monitor_rcv_bufs", global.processMonitorBufferBytes)
        writer.mark("process_monitor_rcv_bufs_force", global.forcesProcessMonitorBuffer)
        switch global.receiveBufferPolicy {
        case .system: break
        case .mtu: writer.line("vrrp_rx_bufs_policy", ["MTU"])
        case .advert: writer.line("vrrp_rx_bufs_policy", ["ADVERT"])
        case .bytes(let count): writer.line("vrrp_rx_bufs_policy", [String(count)])
        }
        writer.number("vrrp_rx_bufs_multiplier", global.receiveBufferMultiplier)
    }

    private mutating func writeFiles(_ global: GlobalDefinitions) {
        if let mask = global.fileModeMask {
            writer.line("umask", ["0" + String(mask, radix: 8)])
        }
        if global.checksBeforeReload {
            writer.line("reload_check_config", [global.reloadCheckLog].compactMap { $0 })
        }
        writer.word("reload_time_file", global.reloadTimeFile)
        writer.mark("reload_repeat", global.repeatsReload)
        if let file = global.reloadFile { writer.line("reload_file", file.isEmpty ? [] : [file]) }
        writer.mark("data_use_instance", global.stateFilesCarryInstance)
        writer.word("state_file_location", global.stateFilePath)
        writer.word("stats_file_location", global.statsFilePath)
        writer.word("json_file_location", global.jsonFilePath)
        writer.number("json_version", global.jsonVersion)
        if let seed = global.randomSeed { writer.line("random_seed", [String(seed)]) }
        writer.word("iproute_usr_dir", global.iprouteUserDirectory)
        writer.word("iproute_etc_dir", global.iprouteSystemDirectory)
    }

    private mutating func writeInterfaces(_ configuration: VRRPConfiguration) {
        writer.lines(
            "interface_up_down_delays",
            configuration.interfaceDelays.map {
                [
                    $0.interface, Numbers.seconds($0.downNanoseconds),
                    Numbers.seconds($0.upNanoseconds),
                ]
            })
        writer.lines(
            "linkbeat_interfaces",
            configuration.polledInterfaces.map {
                [$0.interface] + [$0.method?.rawValue].compactMap { $0 }
            })
        for group in configuration.announcementGroups {
            writer.block("garp_group", []) { writer in
                if let interval = group.arpIntervalNanoseconds {
                    writer.line("garp_interval", [Numbers.seconds(interval)])
                }
                if let interval = group.neighbourIntervalNanoseconds {
                    writer.line("gna_interval", [Numbers.seconds(interval)])
                }
                writer.list("interfaces", group.interfaces)
            }
        }
    }

    // MARK: What is followed

    private mutating func write(_ file: TrackFileDefinition) {
        writer.block("track_file", [file.name]) { writer in
            writer.line("file", [file.path])
            writer.weight(file.weight)
            if let initialization = file.initialization {
                writer.line(
                    "init_file",
                    [String(initialization.value)]
                        + (initialization.overwrites ? ["overwrite"] : []))
            }
        }
    }

    private mutating func write(_ process: TrackProcessDefinition) {
        writer.block("vrrp_track_process", [process.name]) { writer in
            writer.line("process", [process.process] + process.parameters)
            switch process.parameterMatch {
            case nil: break
            case .exact: writer.line("param_match", [])
            case .partial: writer.line("param_match", ["partial"])
            case .initial: writer.line("param_match", ["initial"])
            }
            writer.mark("full_command", process.comparesCommandLine)
            writer.weight(process.weight)
            writer.number("quorum", process.quorum)
            writer.number("quorum_max", process.quorumLimit)
            writer.line("fork_delay", [Numbers.seconds(process.forkDelayNanoseconds)])
            writer.line("terminate_delay", [Numbers.seconds(process.terminateDelayNanoseconds)])
        }
    }

    private mutating func write(_ script: ScriptDefinition) {
        writer.block("vrrp_script", [script.name]) { writer in
            writer.command("script", ScriptCommand(arguments: script.command.arguments))
            if let user = script.command.user {
                writer.line("user", [user] + [script.command.group].compactMap { $0 })
            }
            writer.line("interval", [Numbers.seconds(script.intervalNanoseconds)])
            writer.line("timeout", [Numbers.seconds(script.timeoutNanoseconds)])
            writer.weight(script.weight)
            writer.number("rise", script.rise)
            writer.number("fall", script.fall)
            writer.mark("init_fail", script.beginsFailed)
        }
    }

    private mutating func write(_ bfd: BFDDefinition) {
        writer.block("bfd_instance", [bfd.name]) { writer in
            writer.line("neighbor_ip", [bfd.neighbour.description])
            writer.word("source_ip", bfd.source?.description)
            writer.line("min_rx", [Numbers.milliseconds(bfd.minimumReceiveNanoseconds)])
            writer.line("min_tx", [Numbers.milliseconds(bfd.minimumTransmitNanoseconds)])
            writer.line("idle_tx", [Numbers.milliseconds(bfd.idleTransmitNanoseconds)])
            writer.number("multiplier", bfd.multiplier)
            writer.mark("passive", bfd.isPassive)
            writer.line(
                bfd.neighbour.family == .v4 ? "ttl" : "hoplimit", [String(bfd.hopLimit)])
            writer.number("max_hops", Int(bfd.allowedHops))
            writer.mark("multihop", bfd.isMultihop)
            writer.weight(bfd.weight)
        }
    }

    private mutating func write(_ martlet: MartletDefinition) {
        writer.block("track_martlet", [martlet.name]) { writer in
            writer.line("socket", [martlet.socketPath])
            writer.word("pid_file", martlet.pidFile)
            writer.duration("interval", martlet.intervalNanoseconds)
            writer.duration("timeout", martlet.timeoutNanoseconds)
            func weighted(_ weight: Int?) -> [String] {
                weight.map { ["weight", String($0)] } ?? []
            }
            if let delay = martlet.loopDelayNanoseconds {
                writer.line(
                    "loop_delay",
                    [Numbers.milliseconds(delay) + "ms"] + weighted(martlet.loopDelayWeight))
            }
            let listeners = weighted(martlet.listenersWeight)
            if martlet.needsAllListeners { writer.line("listeners", ["all"] + listeners) }
            if !martlet.listeners.isEmpty {
                writer.line("listeners", martlet.listeners + listeners)
            }
            if !martlet.acceptingAddresses.isEmpty {
                let addresses = martlet.acceptingAddresses.map(\.description)
                writer.line("accepts", addresses + weighted(martlet.acceptsWeight))
            }
            for backend in martlet.backends {
                writer.line(
                    "backend",
                    [backend.name, "min_percent", String(backend.minimumPercent)]
                        + (backend.countsWeights ? ["by_weight"] : [])
                        + weighted(backend.weight))
            }
            writer.number("rise", martlet.rise)
            writer.number("fall", martlet.fall)
            writer.weight(martlet.weight)
            writer.mark("init_fail", martlet.beginsFailed)
        }
    }

    private mutating func write(_ check: CheckDefinition) {
        writer.block("track_check", [check.name]) { writer in
            switch check.target {
            case .tcp(let address):
                writer.line("tcp", [address.address.description, String(address.port)])
            case .unix(let path): writer.line("unix", [path])
            case .http(let request):
                let expected = request.expected
                writer.line(
                    "http",
                    [
                        "http://\(request.address)\(request.target)", "expect",
                        "\(expected.lowerBound)-\(expected.upperBound)",
                    ] + (request.host.map { ["host", $0] } ?? []))
            }
            writer.duration("interval", check.intervalNanoseconds)
            writer.duration("timeout", check.timeoutNanoseconds)
            writer.number("rise", check.rise)
            writer.number("fall", check.fall)
            writer.weight(check.weight)
            writer.mark("init_fail", check.beginsFailed)
        }
    }

    private mutating func write(_ group: SyncGroupDefinition) {
        writer.open("vrrp_sync_group", [group.name])
        writer.list("group", group.members)
        writer.tracks(group.tracks)
        writer.mark("global_tracking", group.tracksGlobally)
        writer.mark("sync_group_tracking_weight", group.allowsWeights)
        writer.notify(group.notify)
        writer.close()
    }

    // MARK: Instances

    private mutating func write(_ instance: InstanceDefinition) {
        writer.open("vrrp_instance", [instance.name])
        writeElection(instance)
        writeLink(instance)
        writeUnicast(instance)
        writeAnnouncements(instance.announcements)
        writer.lines("virtual_ipaddress", instance.virtualAddresses.map(ItemText.address))
        writer.lines(
            "virtual_ipaddress_excluded", instance.excludedAddresses.map(ItemText.address))
        writer.mark("no_virtual_ipaddress", instance.meansNoAddresses)
        writer.mark("promote_secondaries", instance.promotesSecondaries)
        writer.lines("virtual_routes", instance.routes.map(ItemText.route))
        writer.lines("virtual_rules", instance.rules.map(ItemText.rule))
        writer.mark("dont_track_primary", !instance.tracksInterface)
        writer.tracks(instance.tracks)
        writer.notify(instance.notify)
        writer.command(
            "notify_master_rx_lower_pri", instance.notify.masterHearsLowerPriority)
        writer.close()
    }

    private mutating func writeElection(_ instance: InstanceDefinition) {
        writer.line("state", [instance.initialState.rawValue])
        writer.number("virtual_router_id", Int(instance.virtualRouterID))
        writer.number("priority", Int(instance.priority))
        writer.number("version", instance.version.rawValue)
        writer.line("advert_int", [Numbers.seconds(instance.advertIntervalNanoseconds)])
        writer.line(instance.preempts ? "preempt" : "nopreempt", [])
        if instance.preemptDelayNanoseconds > 0 {
            writer.line("preempt_delay", [Numbers.seconds(instance.preemptDelayNanoseconds)])
        }
        writer.number("down_timer_adverts", instance.downTimerAdverts)
        writer.flag("lower_prio_no_advert", instance.staysSilentOnLowerPriority)
        writer.flag("higher_prio_send_advert", instance.advertisesBeforeSteppingDown)
        writer.number("timer_expired_backup", instance.timerExpiredPriority.map { Int($0) })
        writer.flag("owner_ignore_adverts", instance.ownerIgnoresAdverts)
        writer.flag("strict_mode", instance.isStrict)
        writer.line(instance.acceptsPackets ? "accept" : "no_accept", [])
        writer.flag("skip_check_adv_addr", instance.skipsAddressCheckOfKnownSender)
        writeAuthentication(instance.authentication)
    }

    private mutating func writeAuthentication(_ authentication: Authentication) {
        switch authentication {
        case .none: break
        case .password(let bytes):
            let password = hidesSecrets ? "********" : String(decoding: bytes, as: UTF8.self)
            writer.block("authentication", []) { writer in
                writer.line("auth_type", ["PASS"])
                writer.line("auth_pass", [password])
            }
        case .hmac(let hmac):
            let hidesSecrets = hidesSecrets
            writer.block("auth_hmac", []) { writer in
                for key in hmac.keys {
                    let digits = key.secret.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
                    let secret = hidesSecrets ? "********" : "hex:" + digits.joined()
                    writer.line("key", [String(key.id), secret])
                }
                writer.number("active_key", Int(hmac.activeKey))
                writer.line("anti_replay", [hmac.replayGuard.rawValue])
                writer.number("time_window", hmac.timeWindowSeconds)
                writer.line("mode", [hmac.mode.rawValue])
            }
        }
    }

    private mutating func writeLink(_ instance: InstanceDefinition) {
        writer.word("interface", instance.interface)
        writer.word("vrf", instance.vrf)
        if let mac = instance.virtualMAC {
            var words = mac.interfaceName.map { ["name", $0] } ?? []
            if let bytes = mac.hardwareAddress {
                words.append(
                    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
                        .joined(separator: ":"))
            }
            words += mac.linkGroup.map { ["group", $0] } ?? []
            writer.line("use_vmac", words)
        }
        writer.mark("use_vmac_addr", instance.usesVirtualMACForAddresses)
        writer.mark("vmac_xmit_base", instance.transmitsFromBase)
        if let ipvlan = instance.ipvlan {
            var words = ipvlan.interfaceName.map { ["name", $0] } ?? []
            if let address = ipvlan.address {
                words.append(ipvlan.prefixLength.map { "\(address)/\($0)" } ?? "\(address)")
            }
            words.append(ipvlan.mode.rawValue)
            words += ipvlan.linkGroup.map { ["group", $0] } ?? []
            writer.line("use_ipvlan", words)
        }
        writer.mark("linkbeat_use_polling", instance.pollsLink)
        writer.number("kernel_rx_buf_size", instance.receiveBufferBytes)
        let tellsFamily = !instance.virtualAddresses.isEmpty || !instance.unicastPeers.isEmpty
        writer.mark(
            "native_ipv6",
            instance.family == .v6 && !tellsFamily && instance.sourceAddress == nil)
    }

    private mutating func writeUnicast(_ instance: InstanceDefinition) {
        writer.word(
            instance.isUnicast ? "unicast_src_ip" : "mcast_src_ip",
            instance.sourceAddress?.description)
        writer.mark("track_src_ip", instance.tracksSourceAddress)
        writer.line("mcast_dst_ip", [instance.multicastDestination.description])
        writer.lines(
            "unicast_peer",
            instance.unicastPeers.map { peer in
                [peer.address.description]
                    + (peer.minimumTTL.map { ["min_ttl", String($0)] } ?? [])
                    + (peer.maximumTTL.map { ["max_ttl", String($0)] } ?? [])
            })
        writer.flag("check_unicast_src", instance.checksUnicastSource)
        writer.number("unicast_ttl", instance.unicastTTL.map { Int($0) })
        writer.mark("unicast_fault_no_peer", instance.faultsWithoutPeers)
        switch instance.oldChecksum {
        case .detected: break
        case .always: writer.line("old_unicast_checksum", [])
        case .never: writer.line("old_unicast_checksum", ["never"])
        }
        writer.flag("v3_checksum_as_v2", instance.omitsPseudoHeader)
    }

    private mutating func writeAnnouncements(_ settings: AnnouncementSettings) {
        writer.number("garp_master_repeat", settings.masterRepeat)
        writer.line("garp_master_delay", [Numbers.seconds(settings.masterDelayNanoseconds)])
        writer.number("garp_lower_prio_repeat", settings.lowerPriorityRepeat)
        writer.line(
            "garp_lower_prio_delay", [Numbers.seconds(settings.lowerPriorityDelayNanoseconds)])
        writer.line("garp_master_refresh", [Numbers.seconds(settings.refreshNanoseconds)])
        writer.number("garp_master_refresh_repeat", settings.refreshRepeat)
        writer.line(
            "garp_extra_if",
            (settings.extraOnAllInterfaces ? ["all"] : [])
                + [Numbers.seconds(settings.extraInterfaceNanoseconds)])
    }
}
