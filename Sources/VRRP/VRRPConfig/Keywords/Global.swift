// Keywords of `global_defs`. keepalived.conf(5): Global definitions.

import Addresses
import ConfigLanguage

/// Reasons that several keywords without effect share.
enum WithoutEffect {
    /// Of keywords about LVS.
    static let kernelBalancer = "martlet balances outside of the kernel"
    /// Of keywords about SNMP.
    static let snmp = "there is no SNMP; 'metrics_listen' and 'status_socket' tell the same"
    /// Of keywords about DBus.
    static let dbus = "there is no DBus; 'status_socket' tells the same"
    /// Of names of processes.
    static let oneProcess = "there is one process, whose name stays"
    /// Of keywords about other firewalls.
    static let nftables = "nftables is used instead of iptables and ipsets"
    /// Of keywords about the process of BFD.
    static let bfdProcess = "BFD runs in the one process; the vrrp_ keyword counts"
}

extension VRRPKeyword {
    /// Rows of `global_defs`.
    static let global: [VRRPKeyword] =
        globalProcess + globalMail + globalProtocol + globalFirewall + globalScheduling
        + globalScripts + globalFiles + globalForeign + globalOurs

    private static let second: UInt64 = 1_000_000_000

    private static let globalProcess: [VRRPKeyword] = [
        .withoutEffect(
            "tmp_config_directory", .global, "DIRECTORY",
            "Names the directory of a copy of the configuration.",
            reason: "the configuration is read by one process and never copied"),
        .withoutEffect(
            "config_save_dir", .global, "DIRECTORY",
            "Names a directory for copies of the configuration around each reload.",
            reason: "the state before and after a reload is told by 'status_socket'"),
        .withoutEffect(
            "process_names", .global, "", "Gives processes names of their own.",
            reason: WithoutEffect.oneProcess),
        .withoutEffect(
            "process_name", .global, "NAME", "Names the parent process.",
            reason: WithoutEffect.oneProcess),
        .withoutEffect(
            "vrrp_process_name", .global, "NAME", "Names the VRRP process.",
            reason: WithoutEffect.oneProcess),
        .withoutEffect(
            "checker_process_name", .global, "NAME", "Names the checker process.",
            reason: WithoutEffect.oneProcess),
        .withoutEffect(
            "bfd_process_name", .global, "NAME", "Names the BFD process.",
            reason: WithoutEffect.oneProcess),
        .word("router_id", .global, "NAME", "Names this machine in mail.") {
            $0.configuration.global.routerID = $1
        },
        VRRPKeyword(
            "umask", .global, "NUMBER|BITS", "Sets the mode bits that files do not get.",
            apply: GlobalWords.umask),
        .integer(
            "random_seed", .global, 0...Int(UInt32.max), "Makes ${_RANDOM} repeatable."
        ) { $0.configuration.global.randomSeed = UInt64($1) },
        VRRPKeyword(
            "include_check", .global, "[[+|-]readable|match|wildcard_match|brace_match]...",
            "Sets which includes that find nothing are mistakes.",
            apply: GlobalWords.includeCheck),
    ]

    private static let globalMail: [VRRPKeyword] = [
        VRRPKeyword(
            "notification_email", .global, opensBlock: true, "Lists who gets mail."
        ) { reading, statement in
            for line in statement.children ?? [] {
                reading.configuration.global.mail.recipients += line.words
            }
        },
        .word("notification_email_from", .global, "ADDRESS", "Names the sender of mail.") {
            $0.configuration.global.mail.sender = $1
        },
        VRRPKeyword(
            "smtp_server", .global, "HOST [PORT]", "Names the server that takes mail.",
            apply: GlobalWords.smtpServer),
        .word("smtp_helo_name", .global, "NAME", "Names this host to the mail server.") {
            $0.configuration.global.mail.heloName = $1
        },
        .seconds(
            "smtp_connect_timeout", .global, 1_000_000...3_600_000_000_000,
            "Sets how long the mail server may take."
        ) { $0.configuration.global.mail.timeoutNanoseconds = $1 },
        .flag("smtp_alert", .global, "Sends mail by default.") { $0.defaults.smtpAlert = $1 },
        .flag("smtp_alert_vrrp", .global, "Sends mail about instances by default.") {
            $0.defaults.smtpAlertVRRP = $1
        },
        .withoutEffect(
            "smtp_alert_checker", .global, "[on|off]", "Sends mail about checkers by default.",
            reason: WithoutEffect.kernelBalancer),
        .flag("no_email_faults", .global, "Sends no mail about faults.") {
            $0.configuration.global.mail.omitsFaults = $1
        },
    ]

    private static let globalProtocol: [VRRPKeyword] = [
        .address("vrrp_mcast_group4", .global, "Sets the IPv4 group of adverts.") {
            $0.setGroup($1, .v4)
        },
        .address("vrrp_mcast_group6", .global, "Sets the IPv6 group of adverts.") {
            $0.setGroup($1, .v6)
        },
        .word(
            "default_interface", .global, "INTERFACE",
            "Names the interface of static addresses that name none."
        ) { $0.configuration.global.defaultInterface = $1 },
        .announcements(
            "vrrp_garp_master_repeat", .global, atLeast: 1,
            "Sets how many announcements follow at once on becoming active."
        ) { $0.defaults.announcements.masterRepeat = $1 },
        .integer(
            "vrrp_garp_master_delay", .global, 0...86400,
            "Sets when a second set of announcements follows, in seconds; 0 for never."
        ) { $0.defaults.announcements.masterDelayNanoseconds = UInt64($1) * second },
        .announcements(
            "vrrp_garp_lower_prio_repeat", .global,
            "Sets how many announcements follow at once after a lower priority was heard."
        ) { $0.defaults.announcements.lowerPriorityRepeat = $1 },
        .integer(
            "vrrp_garp_lower_prio_delay", .global, 0...86400,
            "Sets when their second set follows, in seconds; 0 for never."
        ) { $0.defaults.announcements.lowerPriorityDelayNanoseconds = UInt64($1) * second },
        .integer(
            "vrrp_garp_master_refresh", .global, 0...86400,
            "Sets how often announcements are repeated while active, in seconds; 0 for never."
        ) { $0.defaults.announcements.refreshNanoseconds = UInt64($1) * second },
        .announcements(
            "vrrp_garp_master_refresh_repeat", .global,
            "Sets how many announcements a repetition has."
        ) { $0.defaults.announcements.refreshRepeat = $1 },
        .seconds(
            "vrrp_garp_interval", .global, 0...3_600_000_000_000,
            "Sets the time between two gratuitous ARPs on an interface."
        ) { $0.configuration.global.arpIntervalNanoseconds = $1 },
        .seconds(
            "vrrp_gna_interval", .global, 0...3_600_000_000_000,
            "Sets the time between two neighbour advertisements on an interface."
        ) { $0.configuration.global.neighbourIntervalNanoseconds = $1 },
        .flag("vrrp_min_garp", .global, "Announces once instead of five times and again.") {
            $0.defaults.usesMinimalAnnouncements = $1
        },
        VRRPKeyword(
            "vrrp_garp_extra_if", .global, "[all] SECONDS",
            "Announces again and again on interfaces of addresses that stand elsewhere."
        ) {
            $0.extraAnnouncements($1, { $0.defaults.announcements = $1 }, $0.defaults.announcements)
        },
        .integer(
            "vrrp_down_timer_adverts", .global, 1...100,
            "Sets how many missing adverts make the active router count as down."
        ) { $0.defaults.downTimerAdverts = $1 },
        .flag(
            "vrrp_lower_prio_no_advert", .global,
            "Stays silent when a lower priority is heard, as RFCs before 9568 want."
        ) { $0.defaults.staysSilentOnLowerPriority = $1 },
        .flag(
            "vrrp_higher_prio_send_advert", .global,
            "Sends a last advert before stepping down for a higher priority, which is the default."
        ) { $0.defaults.advertisesBeforeSteppingDown = $1 },
        .integer("vrrp_version", .global, 2...3, "Sets the version of IPv4 instances.") {
            $0.defaults.version = $1 == 2 ? .two : .three
        },
        .flag(
            "v3_checksum_as_v2", .global, "Leaves the pseudo header out of IPv4 sums in version 3."
        ) { $0.defaults.omitsPseudoHeader = $1 },
        .mark("disable_local_igmp", .global, "Stops IGMP reports for local groups.") {
            $0.configuration.global.disablesLocalIGMP = true
        },
        .flag("vrrp_check_unicast_src", .global, "Accepts unicast adverts of peers only.") {
            $0.defaults.checksUnicastSource = $1
        },
        .flag(
            "vrrp_skip_check_adv_addr", .global,
            "Compares the addresses of a known sender's adverts only once."
        ) { $0.defaults.skipsAddressCheck = $1 },
        .flag(
            "vrrp_owner_ignore_adverts", .global, "Lets the owner ignore all adverts it hears."
        ) { $0.defaults.ownerIgnoresAdverts = $1 },
        .flag("vrrp_strict", .global, "Keeps to the letter of the RFC.") {
            $0.defaults.isStrict = $1
        },
        .flag("vrrp_notify_priority_changes", .global, "Tells fifos about priorities too.") {
            $0.defaults.tellsPriorityChanges = $1
        },
        VRRPKeyword(
            "dynamic_interfaces", .global, "[allow_if_changes]",
            "Allows interfaces that come and go.", apply: GlobalWords.dynamicInterfaces),
        .seconds(
            "vrrp_startup_delay", .global, 0...3_600_000_000_000,
            "Holds instances back after the start."
        ) { $0.configuration.global.startupDelayNanoseconds = $1 },
        .seconds(
            "vrrp_delay_after_boot", .global, 0...3_600_000_000_000,
            "Holds instances back until the host has been up for so long."
        ) { $0.configuration.global.delayAfterBootNanoseconds = $1 },
        .mark("log_unknown_vrids", .global, "Logs adverts of virtual routers not known here.") {
            $0.configuration.global.logsUnknownVRIDs = true
        },
        .word("vmac_prefix", .global, "NAME", "Begins the names of macvlans.") {
            $0.configuration.global.virtualMACPrefix = $1
        },
        .word(
            "vmac_addr_prefix", .global, "NAME",
            "Begins the names of macvlans for addresses on other interfaces."
        ) { $0.configuration.global.addressVirtualMACPrefix = $1 },
    ]

    private static let globalFirewall: [VRRPKeyword] = [
        VRRPKeyword(
            "nftables", .global, "[TABLE]", "Names the nftables table."
        ) { reading, statement in
            reading.expect(atMost: 1, in: statement)
            reading.configuration.global.nftablesTable = statement.arguments.first ?? "keepalived"
        },
        .integer(
            "nftables_priority", .global, -2_147_483_648...2_147_483_647,
            "Sets the priority of the chains in that table."
        ) { $0.configuration.global.nftablesPriority = $1 },
        .mark("nftables_counters", .global, "Counts what rules in that table match.") {
            $0.configuration.global.nftablesCounters = true
        },
        .withoutEffect(
            "nftables_ifindex", .global, "", "Matches interfaces by number instead of name.",
            reason: "rules match addresses alone, on whichever interface they come in"),
        .withoutEffect(
            "vrrp_iptables", .global, "[IN [OUT]]", "Names chains of iptables.",
            reason: WithoutEffect.nftables),
        .withoutEffect(
            "vrrp_ipsets", .global, "[NAME...]", "Names sets of ipset.",
            reason: WithoutEffect.nftables),
        .withoutEffect(
            "nftables_ipvs", .global, "[TABLE]", "Names the table that marks packets for IPVS.",
            reason: WithoutEffect.kernelBalancer),
        .withoutEffect(
            "nftables_ipvs_priority", .global, "NUMBER", "Sets the priority of that table's chain.",
            reason: WithoutEffect.kernelBalancer),
        .withoutEffect(
            "nftables_ipvs_start_fwmark", .global, "NUMBER", "Sets the first mark for IPVS.",
            reason: WithoutEffect.kernelBalancer),
    ]

    private static let globalScheduling: [VRRPKeyword] =
        [
            VRRPKeyword(
                "max_auto_priority", .global, "[-1..99]",
                "Limits the real-time priority taken when timers come late."
            ) { reading, statement in
                reading.expect(atMost: 1, in: statement)
                guard !statement.arguments.isEmpty else {
                    reading.configuration.global.automaticPriorityLimit = 99
                    return
                }
                if let limit = reading.integer(statement, in: -1...99) {
                    reading.configuration.global.automaticPriorityLimit = limit
                }
            },
            .integer(
                "min_auto_priority_delay", .global, 1...10_000_000,
                "Sets the lateness that raises the priority, in microseconds."
            ) { $0.configuration.global.automaticPriorityDelayMicroseconds = $1 },
            .integer("vrrp_priority", .global, -20...19, "Sets the nice value.") {
                $0.configuration.global.niceValue = $1
            },
            .mark("vrrp_no_swap", .global, "Keeps the daemon's memory from being swapped.") {
                $0.configuration.global.locksMemory = true
            },
            VRRPKeyword(
                "vrrp_cpu_affinity", .global, "CPU...",
                "Names the processors that the daemon uses.",
                apply: GlobalWords.processors),
            .integer("vrrp_rt_priority", .global, 1...99, "Sets a real-time priority.") {
                $0.configuration.global.realTimePriority = $1
            },
            .integer(
                "vrrp_rlimit_rttime", .global, 2...Int(Int32.max),
                "Limits how long the daemon may run without waiting, in microseconds."
            ) { $0.configuration.global.realTimeLimitMicroseconds = $1 },
            .integer(
                "vrrp_netlink_cmd_rcv_bufs", .global, 0...Int(Int32.max),
                "Sets the receive buffer of the netlink command socket."
            ) { $0.configuration.global.netlinkCommandBufferBytes = $1 },
            .flag(
                "vrrp_netlink_cmd_rcv_bufs_force", .global,
                "Lets that buffer exceed the host's limit."
            ) { $0.configuration.global.forcesNetlinkCommandBuffer = $1 },
            .integer(
                "vrrp_netlink_monitor_rcv_bufs", .global, 0...Int(Int32.max),
                "Sets the receive buffer of the netlink monitor socket."
            ) { $0.configuration.global.netlinkMonitorBufferBytes = $1 },
            .flag(
                "vrrp_netlink_monitor_rcv_bufs_force", .global,
                "Lets that buffer exceed the host's limit."
            ) { $0.configuration.global.forcesNetlinkMonitorBuffer = $1 },
            .integer(
                "process_monitor_rcv_bufs", .global, 0...Int(Int32.max),
                "Sets the receive buffer of the process monitor."
            ) { $0.configuration.global.processMonitorBufferBytes = $1 },
            .flag(
                "process_monitor_rcv_bufs_force", .global,
                "Lets that buffer exceed the host's limit."
            ) { $0.configuration.global.forcesProcessMonitorBuffer = $1 },
            VRRPKeyword(
                "vrrp_rx_bufs_policy", .global, "MTU|ADVERT|NUMBER",
                "Sets how receive buffers of adverts are sized.", apply: GlobalWords.bufferPolicy),
            .integer(
                "vrrp_rx_bufs_multiplier", .global, 1...65535, "Multiplies those sizes."
            ) { $0.configuration.global.receiveBufferMultiplier = $1 },
        ]
        + [
            "checker_priority", "checker_no_swap", "checker_cpu_affinity", "checker_rt_priority",
            "checker_rlimit_rttime", "bfd_priority", "bfd_no_swap", "bfd_cpu_affinity",
            "bfd_rt_priority", "bfd_rlimit_rttime",
        ].map { name in
            .withoutEffect(
                name, .global, "...", "Schedules a process that does not exist here.",
                reason: name.hasPrefix("bfd")
                    ? WithoutEffect.bfdProcess : WithoutEffect.kernelBalancer)
        }

    private static let globalScripts: [VRRPKeyword] = [
        .flag("use_symlink_paths", .global, "Keeps symbolic links in paths of scripts.") {
            $0.configuration.global.keepsSymbolicLinks = $1
        },
        .command("startup_script", .global, "Runs once before instances start.") {
            $0.configuration.global.startupScript = $1
        },
        .integer(
            "startup_script_timeout", .global, 1...1000, "Limits that run, in seconds."
        ) { $0.configuration.global.startupScriptTimeoutSeconds = $1 },
        .command("shutdown_script", .global, "Runs once after all has ended.") {
            $0.configuration.global.shutdownScript = $1
        },
        .integer(
            "shutdown_script_timeout", .global, 1...1000, "Limits that run, in seconds."
        ) { $0.configuration.global.shutdownScriptTimeoutSeconds = $1 },
        VRRPKeyword(
            "script_user", .global, "USER [GROUP]",
            "Names the account of scripts that name none.", apply: GlobalWords.scriptUser),
        .flag(
            "enable_script_security", .global,
            "Refuses to run scripts as root that others can write."
        ) { $0.configuration.global.enforcesScriptSecurity = $1 },
        VRRPKeyword(
            "notify_fifo", .global, "PATH [USER [GROUP]]", "Names a fifo that hears of changes."
        ) { reading, statement in
            if let fifo = reading.fifo(statement) { reading.configuration.global.notifyFifo = fifo }
        },
        .command(
            "notify_fifo_script", .global, "Runs with that fifo's path as last argument."
        ) { $0.fifoScript = $1 },
        VRRPKeyword(
            "vrrp_notify_fifo", .global, "PATH [USER [GROUP]]",
            "Names a fifo that hears of changes of instances."
        ) { reading, statement in
            if let fifo = reading.fifo(statement) {
                reading.configuration.global.vrrpNotifyFifo = fifo
            }
        },
        .command(
            "vrrp_notify_fifo_script", .global, "Runs with that fifo's path as last argument."
        ) { $0.vrrpFifoScript = $1 },
        .flag(
            "fifo_write_vrrp_states_on_reload", .global,
            "Tells fifos every state again at a reload."
        ) { $0.configuration.global.writesStatesOnReload = $1 },
    ]

    private static let globalFiles: [VRRPKeyword] = [
        VRRPKeyword(
            "reload_check_config", .global, "[LOG]",
            "Checks a configuration before it is loaded again, which is always done here."
        ) { reading, statement in
            reading.expect(atMost: 1, in: statement)
            reading.configuration.global.checksBeforeReload = true
            reading.configuration.global.reloadCheckLog = statement.arguments.first
        },
        .word(
            "reload_time_file", .global, "PATH", "Names the file that holds the time of a reload."
        ) { $0.configuration.global.reloadTimeFile = $1 },
        .mark("reload_repeat", .global, "Reloads every day at that time.") {
            $0.configuration.global.repeatsReload = true
        },
        VRRPKeyword(
            "reload_file", .global, "[PATH]",
            "Names a file that exists while the configuration is read."
        ) { reading, statement in
            reading.expect(atMost: 1, in: statement)
            reading.configuration.global.reloadFile = statement.arguments.first ?? ""
        },
        .flag("data_use_instance", .global, "Puts the daemon's name into names of state files.") {
            $0.configuration.global.stateFilesCarryInstance = $1
        },
        .word("state_file_location", .global, "PATH", "Sets where the state is written.") {
            $0.configuration.global.stateFilePath = $1
        },
        .word("stats_file_location", .global, "PATH", "Sets where counters are written.") {
            $0.configuration.global.statsFilePath = $1
        },
        .word("json_file_location", .global, "PATH", "Sets where the state is written as JSON.") {
            $0.configuration.global.jsonFilePath = $1
        },
        .integer("json_version", .global, 1...2, "Chooses the shape of that JSON.") {
            $0.configuration.global.jsonVersion = $1
        },
        .word("iproute_usr_dir", .global, "DIRECTORY", "Sets where names of tables stand.") {
            $0.configuration.global.iprouteUserDirectory = $1
            $0.names.move(user: $1, system: nil)
        },
        .word("iproute_etc_dir", .global, "DIRECTORY", "Sets where they may be overridden.") {
            $0.configuration.global.iprouteSystemDirectory = $1
            $0.names.move(user: nil, system: $1)
        },
    ]

    private static let globalForeign: [VRRPKeyword] =
        [
            "lvs_sync_daemon", "lvs_timeouts", "lvs_flush", "lvs_flush_on_stop", "lvs_flush_onstop",
            "lvs_notify_fifo", "lvs_notify_fifo_script", "lvs_netlink_cmd_rcv_bufs",
            "lvs_netlink_cmd_rcv_bufs_force", "lvs_netlink_monitor_rcv_bufs",
            "lvs_netlink_monitor_rcv_bufs_force", "checker_log_all_failures", "rs_init_notifies",
            "no_checker_emails",
        ].map { name in
            VRRPKeyword(
                name, .global, "...",
                "Belongs to the load balancer in the kernel, which martlet takes the place of."
            ) { reading, statement in
                if reading.foreignBlocks[name] == nil {
                    reading.foreignBlocks[name] = statement.place
                }
            }
        }
        + [
            "snmp_socket", "enable_snmp_vrrp", "enable_snmp_keepalived", "enable_snmp_checker",
            "enable_snmp_rfc", "enable_snmp_rfcv2", "enable_snmp_rfcv3", "enable_traps",
            "snmp_vs_stats_update_interval", "snmp_rs_stats_update_interval",
        ].map { name in
            .withoutEffect(
                name, .global, "...", "Speaks SNMP to the outside.", reason: WithoutEffect.snmp)
        }
        + ["enable_dbus", "dbus_service_name", "dbus_no_interface_name"].map { name in
            .withoutEffect(
                name, .global, "...", "Speaks DBus to the outside.", reason: WithoutEffect.dbus)
        }

    private static let globalOurs: [VRRPKeyword] = [
        VRRPKeyword(
            "status_socket", .global, "PATH [MODE]",
            "Names the socket that 'martlet-vrrp status' asks.", apply: GlobalWords.statusSocket),
        VRRPKeyword(
            "metrics_listen", .global, "ADDRESS:PORT",
            "Serves metrics for Prometheus over HTTP, on a loopback address only.",
            apply: GlobalWords.metrics),
        .word("events_file", .global, "PATH", "Writes every event as a line of JSON.") {
            $0.configuration.global.eventsFile = $1
        },
    ]
}

extension Reading {
    /// Sets a multicast group of its family.
    mutating func setGroup(_ address: IPAddress, _ family: IPAddress.Family) {
        guard address.isMulticast, address.family == family else {
            remarks.repair(
                "\(address) is no multicast address of IPv\(family.rawValue); "
                    + "the group stays as it was", at: nil)
            return
        }
        if family == .v4 {
            configuration.global.multicastGroup4 = address
        } else {
            configuration.global.multicastGroup6 = address
        }
    }

    /// `[all] SECONDS` of announcements on other interfaces.
    mutating func extraAnnouncements(
        _ statement: Statement, _ set: (inout Reading, AnnouncementSettings) -> Void,
        _ before: AnnouncementSettings
    ) {
        let isAll = statement.arguments.first == "all"
        let text = statement.arguments.dropFirst(isAll ? 1 : 0).first
        guard let text, let seconds = Numbers.decimal(text, unit: 1_000_000_000),
            seconds <= 86_400_000_000_000
        else {
            return mistake(statement, expected: "[all] and seconds up to 86400", found: text)
        }
        var changed = before
        changed.extraInterfaceNanoseconds = seconds
        changed.extraOnAllInterfaces = isAll
        set(&self, changed)
    }

    /// `PATH [USER [GROUP]]`.
    mutating func fifo(_ statement: Statement) -> NotifyFifo? {
        expect(atMost: 3, in: statement)
        guard let path = word(statement) else { return nil }
        var fifo = NotifyFifo(path: path)
        fifo.user = statement.words.count > 2 ? statement.words[2] : nil
        fifo.group = statement.words.count > 3 ? statement.words[3] : nil
        return accountExists(fifo.user, fifo.group, statement) ? fifo : nil
    }
}

/// Keywords with arguments of their own.
private enum GlobalWords {
    static func umask(_ reading: inout Reading, _ statement: Statement) {
        reading.expect(atMost: 1, in: statement)
        guard let word = reading.word(statement) else { return }
        let mask = Numbers.unsigned(word).map(Int.init(truncatingIfNeeded:)) ?? bits(word)
        guard let mask, (0...0o777).contains(mask) else {
            return reading.mistake(statement, expected: "a number or bits", found: word)
        }
        reading.configuration.global.fileModeMask = mask
    }

    /// `IRUSR|IWGRP` and their kin.
    private static func bits(_ text: String) -> Int? {
        var mask = 0
        for part in text.split(separator: "|", omittingEmptySubsequences: false) {
            let name = part.trimmingPrefix("S_")
            let shifts = ["USR": 6, "GRP": 3, "OTH": 0, "U": 6, "G": 3, "O": 0]
            let kinds: [(String, Int)] = [("IRWX", 7), ("IR", 4), ("IW", 2), ("IX", 1)]
            guard let kind = kinds.first(where: { name.hasPrefix($0.0) }),
                let shift = shifts[String(name.dropFirst(kind.0.utf8.count))]
            else { return nil }
            mask |= kind.1 << shift
        }
        return mask
    }

    static func includeCheck(_ reading: inout Reading, _ statement: Statement) {
        for word in statement.arguments {
            let isSigned = word.hasPrefix("+") || word.hasPrefix("-")
            if IncludeChecks.named(isSigned ? String(word.dropFirst()) : word) == nil {
                reading.mistake(
                    statement, expected: "readable, match, wildcard_match or brace_match",
                    found: word)
            }
        }
    }

    static func smtpServer(_ reading: inout Reading, _ statement: Statement) {
        reading.expect(atMost: 2, in: statement)
        guard let host = reading.word(statement) else { return }
        reading.configuration.global.mail.server = host
        guard statement.words.count > 2 else { return }
        guard let port = UInt16(statement.words[2]), port > 0 else {
            return reading.mistake(statement, expected: "a port", found: statement.words[2])
        }
        reading.configuration.global.mail.port = port
    }

    static func dynamicInterfaces(_ reading: inout Reading, _ statement: Statement) {
        reading.expect(atMost: 1, in: statement)
        reading.configuration.global.allowsMissingInterfaces = true
        guard let word = statement.arguments.first else { return }
        guard word == "allow_if_changes" else {
            return reading.mistake(statement, expected: "'allow_if_changes'", found: word)
        }
        reading.remarks.note(
            "'allow_if_changes' has no effect here: an interface may always come back as another",
            at: statement.place)
    }

    static func processors(_ reading: inout Reading, _ statement: Statement) {
        let numbers = statement.arguments.map { Numbers.integer($0) ?? -1 }
        guard !numbers.isEmpty, numbers.allSatisfy({ (0..<1024).contains($0) }) else {
            return reading.mistake(
                statement, expected: "numbers of processors", found: statement.arguments.first)
        }
        reading.configuration.global.processors = numbers
    }

    static func bufferPolicy(_ reading: inout Reading, _ statement: Statement) {
        reading.expect(atMost: 1, in: statement)
        guard let word = reading.word(statement) else { return }
        switch word.uppercased() {
        case "MTU": reading.configuration.global.receiveBufferPolicy = .mtu
        case "ADVERT": reading.configuration.global.receiveBufferPolicy = .advert
        default:
            if let bytes = reading.integer(statement, in: 1...Int(Int32.max)) {
                reading.configuration.global.receiveBufferPolicy = .bytes(bytes)
            }
        }
    }

    static func scriptUser(_ reading: inout Reading, _ statement: Statement) {
        reading.expect(atMost: 2, in: statement)
        guard let user = reading.word(statement) else { return }
        let group = statement.words.count > 2 ? statement.words[2] : nil
        guard reading.accountExists(user, group, statement) else { return }
        reading.configuration.global.scriptUser = user
        reading.configuration.global.scriptGroup = group
    }

    static func statusSocket(_ reading: inout Reading, _ statement: Statement) {
        reading.expect(atMost: 2, in: statement)
        guard let path = reading.word(statement) else { return }
        guard path.utf8.count <= 107 else {
            return reading.mistake(statement, expected: "a path of at most 107 bytes", found: path)
        }
        var socket = StatusSocket(path: path)
        if statement.words.count > 2 {
            guard let mode = UInt32(statement.words[2], radix: 8), mode <= 0o777 else {
                return reading.mistake(
                    statement, expected: "an octal mode", found: statement.words[2])
            }
            socket.mode = mode
        }
        reading.configuration.global.statusSocket = socket
    }

    static func metrics(_ reading: inout Reading, _ statement: Statement) {
        reading.expect(atMost: 1, in: statement)
        guard let word = reading.word(statement) else { return }
        guard let address = parseSocketAddress(word), address.port > 0 else {
            return reading.mistake(statement, expected: "ADDRESS:PORT", found: word)
        }
        guard address.address.isLoopback else {
            return reading.mistake(statement, expected: "a loopback address", found: word)
        }
        reading.configuration.global.metricsAddress = address
    }
}

/// `a.b.c.d:port` or `[v6]:port`.
func parseSocketAddress(_ text: String) -> IPSocketAddress? {
    guard let colon = text.lastIndex(of: ":"),
        let port = UInt16(text[text.index(after: colon)...])
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
        host = host.dropFirst().dropLast()
        guard let address = IPAddress(host), address.family == .v6 else { return nil }
        return IPSocketAddress(address, port: port)
    }
    guard let address = IPAddress(host), address.family == .v4 else { return nil }
    return IPSocketAddress(address, port: port)
}
