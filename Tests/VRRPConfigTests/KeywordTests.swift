// Every keyword with what it does to the model, block by block.

import Addresses
import ConfigLanguage
import Foundation
import Testing

@testable import VRRPConfig

private let second: UInt64 = 1_000_000_000
private let millisecond: UInt64 = 1_000_000

@Suite struct GlobalKeywordTests {
    @Test func `keywords of the daemon are read`() throws {
        let loaded = load(
            """
            net_namespace blue
            instance edge
            use_pid_dir
            linkbeat_use_polling
            child_wait_time 9
            global_defs {
                router_id "a b"
                umask IRUSR|IWGRP
                notification_email {
                    x@y "N <a@b>"
                    w@w
                }
                notification_email_from k@h
                smtp_server mail.example 2525
                smtp_helo_name me
                smtp_connect_timeout 2.5
                no_email_faults
                vrrp_mcast_group4 224.0.0.100
                vrrp_mcast_group6 ff02::100
                default_interface eth9
                vrrp_garp_interval 0.001
                vrrp_gna_interval 0.000001
                dynamic_interfaces allow_if_changes
                vrrp_startup_delay 5.5
                vrrp_delay_after_boot 7
                log_unknown_vrids
                vmac_prefix v
                vmac_addr_prefix w
                disable_local_igmp
                nftables tab
                nftables_priority -3
                nftables_counters
                nftables_ifindex
                max_auto_priority 20
                min_auto_priority_delay 1000
                vrrp_priority -5
                vrrp_no_swap
                vrrp_cpu_affinity 0 3
                vrrp_rt_priority 40
                vrrp_rlimit_rttime 20000
                vrrp_netlink_cmd_rcv_bufs 100000
                vrrp_netlink_cmd_rcv_bufs_force
                vrrp_netlink_monitor_rcv_bufs 200000
                vrrp_netlink_monitor_rcv_bufs_force on
                process_monitor_rcv_bufs 300000
                process_monitor_rcv_bufs_force yes
                vrrp_rx_bufs_policy ADVERT
                vrrp_rx_bufs_multiplier 4
                use_symlink_paths
                startup_script "/bin/start a" root
                startup_script_timeout 5
                shutdown_script /bin/stop nobody nogroup
                shutdown_script_timeout 6
                script_user tester
                enable_script_security
                notify_fifo /run/a root root
                notify_fifo_script "/bin/a x"
                vrrp_notify_fifo /run/b
                vrrp_notify_fifo_script /bin/b
                fifo_write_vrrp_states_on_reload
                reload_check_config /var/log/check
                reload_time_file /run/when
                reload_repeat
                reload_file
                data_use_instance
                state_file_location /run/s/
                stats_file_location /run/t/
                json_file_location /run/j/
                json_version 2
                random_seed 11
                include_check +match
                iproute_usr_dir /u
                iproute_etc_dir /e
                status_socket /run/status 0660
                metrics_listen [::1]:9650
                events_file /var/log/events
            }
            """)
        let global = try #require(loaded.configuration?.global)
        #expect(loaded.grade != .repaired)
        #expect(global.networkNamespace == "blue" && global.instanceName == "edge")
        #expect(global.usesPIDDirectory && global.pollsAllLinks && global.childWaitSeconds == 9)
        #expect(global.routerID == "a b" && global.fileModeMask == 0o420)
        #expect(global.mail.recipients == ["x@y", "N <a@b>", "w@w"])
        #expect(global.mail.sender == "k@h" && global.mail.server == "mail.example")
        #expect(global.mail.port == 2525 && global.mail.heloName == "me")
        #expect(global.mail.timeoutNanoseconds == 2_500_000_000 && global.mail.omitsFaults)
        #expect(global.multicastGroup4 == IPAddress("224.0.0.100"))
        #expect(global.multicastGroup6 == IPAddress("ff02::100"))
        #expect(global.defaultInterface == "eth9")
        #expect(global.arpIntervalNanoseconds == millisecond)
        #expect(global.neighbourIntervalNanoseconds == 1000)
        #expect(global.allowsMissingInterfaces)
        #expect(global.startupDelayNanoseconds == 5_500_000_000)
        #expect(global.delayAfterBootNanoseconds == 7 * second && global.logsUnknownVRIDs)
        #expect(global.virtualMACPrefix == "v" && global.addressVirtualMACPrefix == "w")
        #expect(global.disablesLocalIGMP && global.nftablesTable == "tab")
        #expect(global.nftablesPriority == -3 && global.nftablesCounters)
        #expect(global.automaticPriorityLimit == 20)
        #expect(global.automaticPriorityDelayMicroseconds == 1000 && global.niceValue == -5)
        #expect(global.locksMemory && global.processors == [0, 3])
        #expect(global.realTimePriority == 40 && global.realTimeLimitMicroseconds == 20000)
        #expect(global.netlinkCommandBufferBytes == 100000 && global.forcesNetlinkCommandBuffer)
        #expect(global.netlinkMonitorBufferBytes == 200000 && global.forcesNetlinkMonitorBuffer)
        #expect(global.processMonitorBufferBytes == 300000 && global.forcesProcessMonitorBuffer)
        #expect(global.receiveBufferPolicy == .advert && global.receiveBufferMultiplier == 4)
        #expect(global.keepsSymbolicLinks && global.enforcesScriptSecurity)
        #expect(
            global.startupScript == ScriptCommand(arguments: ["/bin/start", "a"], user: "root"))
        #expect(
            global.shutdownScript
                == ScriptCommand(arguments: ["/bin/stop"], user: "nobody", group: "nogroup"))
        #expect(global.startupScriptTimeoutSeconds == 5 && global.shutdownScriptTimeoutSeconds == 6)
        var fifo = NotifyFifo(path: "/run/a")
        fifo.user = "root"
        fifo.group = "root"
        fifo.script = ScriptCommand(arguments: ["/bin/a", "x"], user: "tester")
        #expect(global.notifyFifo == fifo && global.vrrpNotifyFifo?.path == "/run/b")
        #expect(global.vrrpNotifyFifo?.script?.arguments == ["/bin/b"])
        #expect(global.writesStatesOnReload && global.checksBeforeReload)
        #expect(global.reloadCheckLog == "/var/log/check" && global.reloadTimeFile == "/run/when")
        #expect(global.repeatsReload && global.reloadFile == "" && global.stateFilesCarryInstance)
        #expect(global.stateFilePath == "/run/s/" && global.statsFilePath == "/run/t/")
        #expect(global.jsonFilePath == "/run/j/" && global.jsonVersion == 2)
        #expect(global.randomSeed == 11 && global.iprouteUserDirectory == "/u")
        #expect(global.iprouteSystemDirectory == "/e")
        #expect(global.statusSocket == StatusSocket(path: "/run/status", mode: 0o660))
        #expect(global.metricsAddress?.description == "[::1]:9650")
        #expect(global.eventsFile == "/var/log/events")
    }

    @Test func `defaults of instances are resolved into instances, wherever they stand`() throws {
        let text =
            instanceText("no_virtual_ipaddress")
                + """
                global_defs {
                    smtp_alert_vrrp
                    smtp_alert off
                    vrrp_garp_master_repeat 2
                    vrrp_garp_master_delay 3
                    vrrp_garp_lower_prio_delay 7
                    vrrp_garp_master_refresh 60
                    vrrp_garp_master_refresh_repeat 4
                    vrrp_garp_extra_if all 100
                    vrrp_down_timer_adverts 5
                    vrrp_lower_prio_no_advert
                    vrrp_higher_prio_send_advert
                    vrrp_version 3
                    v3_checksum_as_v2
                    vrrp_check_unicast_src
                    vrrp_skip_check_adv_addr
                vrrp_owner_ignore_adverts
                    vrrp_notify_priority_changes
                    vrrp_mcast_group4 224.0.0.99
                }
                """
        let instance = try #require(load(text).instance)
        var expected = AnnouncementSettings()
        expected.masterRepeat = 2
        expected.masterDelayNanoseconds = 3 * second
        expected.lowerPriorityRepeat = 2
        expected.lowerPriorityDelayNanoseconds = 7 * second
        expected.refreshNanoseconds = 60 * second
        expected.refreshRepeat = 4
        expected.extraInterfaceNanoseconds = 100 * second
        expected.extraOnAllInterfaces = true
        #expect(instance.announcements == expected)
        #expect(instance.downTimerAdverts == 5 && instance.staysSilentOnLowerPriority)
        #expect(instance.advertisesBeforeSteppingDown && instance.version == .three)
        #expect(instance.omitsPseudoHeader && !instance.checksUnicastSource)
        #expect(instance.skipsAddressCheckOfKnownSender && instance.notify.tellsPriorityChanges)
        #expect(instance.notify.sendsMail && instance.ownerIgnoresAdverts)
        #expect(instance.multicastDestination == IPAddress("224.0.0.99"))
    }

    @Test func `vrrp_strict counts for all, strict_mode for one`() throws {
        let text = "global_defs {\n vrrp_strict\n}\n"
        let address = "virtual_ipaddress { 1.2.3.4 }\n"
        let strict = try #require(load(text + instanceText(address)).instance)
        #expect(strict.isStrict && !strict.acceptsPackets && strict.staysSilentOnLowerPriority)
        #expect(strict.announcements.lowerPriorityRepeat == 0 && strict.ownerIgnoresAdverts)
        let lenient = load(text + instanceText("strict_mode off\n" + address)).instance
        #expect(lenient?.isStrict == false && lenient?.acceptsPackets == true)
    }

    @Test func `the general check of unicast sources is none of multicast instances`() throws {
        let text = "global_defs {\n vrrp_check_unicast_src\n}\n"
        let loaded = load(text + instanceText("virtual_ipaddress { 1.2.3.4 }"))
        #expect(loaded.texts == [] && loaded.instance?.checksUnicastSource == false)
        let unicast = instanceText("unicast_peer { 192.0.2.2 }\n virtual_ipaddress { 1.2.3.4 }")
        #expect(load(text + unicast).instance?.checksUnicastSource == true)
    }

    @Test func `minimal announcements are one without a second set`() throws {
        let text = "global_defs {\n vrrp_min_garp\n vrrp_garp_lower_prio_repeat 3\n}\n"
        let settings = try #require(load(text + instanceText("")).instance).announcements
        #expect(settings.masterRepeat == 1 && settings.masterDelayNanoseconds == 0)
        #expect(settings.refreshRepeat == 0)
        #expect(settings.lowerPriorityRepeat == 3 && settings.lowerPriorityDelayNanoseconds == 0)
    }

    @Test(arguments: [
        "metrics_listen 192.0.2.1:80", "status_socket /run/x 999", "umask 01000", "umask IRXXX",
        "smtp_server a 70000", "vrrp_version 4", "json_version 3", "vrrp_rt_priority 100",
        "vrrp_mcast_group4 1.2.3.4", "vrrp_mcast_group6 224.0.0.18", "vrrp_cpu_affinity x",
        "max_auto_priority 100", "script_user unheard", "vrrp_rx_bufs_policy much",
        "include_check sometimes", "dynamic_interfaces sometimes", "router_id",
        "smtp_alert perhaps", "vrrp_garp_extra_if all 90000", "notify_fifo_script /bin/x",
        "vrrp_startup_delay -1", "linkbeat_use_poling",
    ])
    func `a mistake is said and the rest is used`(_ line: String) {
        let loaded = load("global_defs {\n router_id a\n \(line)\n}\n" + instanceText(""))
        #expect(loaded.grade == .repaired, "\(loaded.texts)")
        #expect(loaded.configuration?.global.routerID == "a")
    }

    @Test func `groups, delays, polling and static items are read`() throws {
        let loaded = load(
            """
            linkbeat_interfaces {
                eth2
                eth3 ETHTOOL
            }
            interface_up_down_delays {
                eth0 0.5 1.5
                eth1 2
            }
            garp_group {
                garp_interval 0.001
                gna_interval 0.002
                interface eth0
            }
            garp_group {
                garp_interval 1
                interfaces {
                    eth1
                    eth2 eth3
                }
            }
            track_group G {
                group {
                    VI
                }
            }
            static_ipaddress {
                192.168.1.1/24 dev eth0 scope global track_group G
            }
            static_routes {
                192.168.2.0/24 via 192.168.1.100 dev eth0 track_group G
            }
            static_rules {
                from 192.168.2.0/24 table 1 preference 5 track_group G
            }

            """ + instanceText("no_virtual_ipaddress"))
        let configuration = try #require(loaded.configuration)
        #expect(loaded.texts.isEmpty)
        #expect(
            configuration.polledInterfaces == [
                PolledInterface(interface: "eth2"),
                PolledInterface(interface: "eth3", method: .ethtool),
            ])
        #expect(
            configuration.interfaceDelays == [
                InterfaceDelays(
                    interface: "eth0", downNanoseconds: 500 * millisecond,
                    upNanoseconds: 1500 * millisecond),
                InterfaceDelays(
                    interface: "eth1", downNanoseconds: 2 * second, upNanoseconds: 2 * second),
            ])
        #expect(
            configuration.announcementGroups.map(\.interfaces) == [
                ["eth0"], ["eth1", "eth2", "eth3"],
            ])
        #expect(configuration.announcementGroups[0].neighbourIntervalNanoseconds == 2 * millisecond)
        #expect(configuration.announcementGroups[1].neighbourIntervalNanoseconds == nil)
        #expect(configuration.trackGroups.first?.members == ["VI"])
        #expect(configuration.staticAddresses.first?.trackGroup == "G")
        #expect(configuration.staticRoutes.first?.trackGroup == "G")
        #expect(configuration.staticRules.first?.trackGroup == "G")
    }
}

@Suite struct TrackerKeywordTests {
    @Test func `files, processes, scripts and sessions are read`() throws {
        let loaded = load(
            """
            track_file F {
                file "/tmp/a b"
                weight -5 reverse
                init_file 3 overwrite
            }
            vrrp_track_file G {
                file /tmp/g
            }
            vrrp_track_process P {
                process "/tmp/a b" param1 "param 2"
                param_match initial
                weight 7
                quorum 2
                quorum_max 4
                fork_delay 0.5
                terminate_delay 0.25
                full_command
            }
            vrrp_track_process Q {
                process haproxy
                param_match
                delay 2
                quorum_max 0
            }
            vrrp_script S {
                script "/bin/check a 'b c'"
                interval 0.25
                timeout 2
                weight -20 reverse
                rise 3
                fall 4
                user tester
                init_fail
            }
            bfd_instance B {
                neighbor_ip 192.0.2.2
                source_ip 192.0.2.1
                min_rx 3.312
                min_tx 20
                idle_tx 500
                multiplier 3
                passive
                ttl 64
                max_hops 2
                multihop
                weight 10
                vrrp
            }
            bfd_instance C {
                neighbour_ip 2001:db8::2
                hoplimit 255
            }
            """)
        let configuration = try #require(loaded.configuration)
        var file = TrackFileDefinition(name: "F")
        file.path = "/tmp/a b"
        file.weight = TrackWeight(-5, isReversed: true)
        file.initialization = .init(value: 3, overwrites: true)
        #expect(configuration.trackFiles.first == file)
        #expect(configuration.trackFiles.last?.weight == TrackWeight(1))
        var process = TrackProcessDefinition(name: "P")
        process.process = "/tmp/a b"
        process.parameters = ["param1", "param 2"]
        process.parameterMatch = .initial
        process.weight = TrackWeight(7)
        process.quorum = 2
        process.quorumLimit = 4
        process.forkDelayNanoseconds = 500 * millisecond
        process.terminateDelayNanoseconds = 250 * millisecond
        process.comparesCommandLine = true
        #expect(configuration.trackProcesses.first == process)
        #expect(configuration.trackProcesses.last?.forkDelayNanoseconds == 2 * second)
        #expect(configuration.trackProcesses.last?.quorumLimit == 0)
        #expect(configuration.trackProcesses.last?.parameterMatch == .exact)
        var script = ScriptDefinition(name: "S")
        script.command = ScriptCommand(arguments: ["/bin/check", "a", "b c"], user: "tester")
        script.intervalNanoseconds = 250 * millisecond
        script.timeoutNanoseconds = 2 * second
        script.weight = TrackWeight(-20, isReversed: true)
        script.rise = 3
        script.fall = 4
        script.beginsFailed = true
        #expect(configuration.scripts == [script])
        var bfd = BFDDefinition(name: "B")
        bfd.neighbour = IPAddress(v4: 0xC000_0202)
        bfd.source = IPAddress(v4: 0xC000_0201)
        bfd.minimumReceiveNanoseconds = 3_312_000
        bfd.minimumTransmitNanoseconds = 20 * millisecond
        bfd.idleTransmitNanoseconds = 500 * millisecond
        bfd.multiplier = 3
        bfd.isPassive = true
        bfd.hopLimit = 64
        bfd.allowedHops = 2
        bfd.isMultihop = true
        bfd.weight = TrackWeight(10)
        #expect(configuration.bfdInstances.first == bfd)
        #expect(configuration.bfdInstances.last?.hopLimit == 255)
        #expect(loaded.grade == .clean)
    }

    @Test func `the proxy's health and built-in checks are read`() throws {
        let loaded = load(
            """
            track_martlet M {
                socket /run/martlet.sock
                pid_file /run/martlet.pid
                interval 100ms
                timeout 50ms
                loop_delay 20ms weight -5
                listeners web api weight 7
                listeners all weight 7
                accepts 192.0.2.7:80 [::1]:443 weight -8
                backend pages min_percent 50 by_weight weight -20
                backend api min_percent 100
                rise 2
                fall 3
                weight -50
                init_fail
            }
            track_check T {
                tcp 192.0.2.7 443
                interval 0.2
                timeout 100ms
                rise 2
                fall 3
                weight 5
                init_fail
            }
            track_check U {
                unix /run/x
            }
            track_check H {
                http http://[::1]:8080/health?x=1 expect 200-299 host example.org
            }
            track_check I {
                http http://192.0.2.9 expect 204
            }
            """)
        let configuration = try #require(loaded.configuration)
        var martlet = MartletDefinition(name: "M")
        martlet.socketPath = "/run/martlet.sock"
        martlet.pidFile = "/run/martlet.pid"
        martlet.intervalNanoseconds = 100 * millisecond
        martlet.timeoutNanoseconds = 50 * millisecond
        martlet.loopDelayNanoseconds = 20 * millisecond
        martlet.loopDelayWeight = -5
        martlet.listeners = ["web", "api"]
        martlet.needsAllListeners = true
        martlet.listenersWeight = 7
        martlet.acceptingAddresses = ["192.0.2.7:80", "[::1]:443"].compactMap {
            parseSocketAddress($0)
        }
        martlet.acceptsWeight = -8
        martlet.backends = [
            .init(name: "pages", minimumPercent: 50, countsWeights: true, weight: -20),
            .init(name: "api", minimumPercent: 100),
        ]
        martlet.rise = 2
        martlet.fall = 3
        martlet.weight = TrackWeight(-50)
        martlet.beginsFailed = true
        #expect(configuration.martlets == [martlet])
        #expect(configuration.checks.count == 4)
        #expect(configuration.checks[0].intervalNanoseconds == 200 * millisecond)
        #expect(configuration.checks[0].beginsFailed && configuration.checks[0].fall == 3)
        #expect(configuration.checks[1].target == .unix("/run/x"))
        #expect(configuration.checks[1].timeoutNanoseconds == second)
        let loopback = IPSocketAddress(.loopbackV6, port: 8080)
        #expect(
            configuration.checks[2].target
                == .http(
                    .init(
                        address: loopback, target: "/health?x=1", host: "example.org",
                        expected: 200...299)))
        let other = IPSocketAddress(IPAddress(v4: 0xC000_0209), port: 80)
        #expect(configuration.checks[3].target == .http(.init(address: other, expected: 204...204)))
        #expect(loaded.grade == .clean)
    }

    @Test(arguments: [
        "track_martlet M {\n}", "track_martlet M {\n socket /x\n interval 5years\n}",
        "track_martlet M {\n socket /x\n backend b\n}",
        "track_martlet M {\n socket /x\n backend b min_percent 0\n}",
        "track_martlet M {\n socket /x\n loop_delay 5ms weight 254\n}",
        "track_martlet M {\n socket /x\n listeners all weight x\n}",
        "track_martlet M {\n socket /x\n listeners web weight\n}",
        "track_martlet M {\n socket /x\n listeners weight 5\n}",
        "track_martlet M {\n socket /x\n listeners web weight 5\n listeners api weight 6\n}",
        "track_martlet M {\n socket /x\n accepts 192.0.2.1:80 weight 5\n accepts 192.0.2.1:81\n}",
        "track_martlet M {\n socket /x\n accepts 192.0.2.1\n}",
        "track_martlet M {\n socket /x\n accepts\n}",
        "track_check T {\n}", "track_check T {\n tcp 1.2.3.4\n}",
        "track_check T {\n http ftp://1.2.3.4/\n}", "track_check T {\n http http://name/\n}",
        "track_check T {\n http http://1.2.3.4/ expect 99-600\n}",
        "vrrp_script S {\n interval 1\n}", "vrrp_script S {\n script \"\"\n}",
        "vrrp_script S {\n script /x\n weight 300\n}",
        "vrrp_script S {\n script /x\n}\nvrrp_script S {\n script /y\n}",
        "vrrp_script {\n script /x\n}", "vrrp_script S", "track_file F {\n}",
        "vrrp_track_process P {\n}", "bfd_instance B {\n}",
        "bfd_instance B {\n neighbor_ip 1.2.3.4\n source_ip ::1\n}",
        "vrrp_track_process P {\n process x\n quorum 3\n quorum_max 2\n}",
        "garp_group {\n}", "garp_group {\n interface eth0\n}",
        "interface_up_down_delays {\n eth0 300\n}", "linkbeat_interfaces {\n eth0 SEMAPHORE\n}",
        "vrrp_sync_group G {\n group {\n nobody\n }\n}",
    ])
    func `a definition that is not complete is said`(_ text: String) {
        let loaded = load(text + "\n" + instanceText("no_virtual_ipaddress"))
        #expect(loaded.grade == .repaired, "\(loaded.texts)")
        #expect(loaded.configuration?.instances.count == 1)
    }
}

@Suite struct InstanceKeywordTests {
    @Test func `every keyword of an instance is read`() throws {
        let loaded = load(
            """
            vrrp_script S {
                script /bin/true
                weight 9 reverse
            }
            track_file F {
                file /f
            }
            vrrp_track_process P {
                process p
            }
            bfd_instance B {
                neighbor_ip 192.0.2.9
            }
            track_martlet M {
                socket /m
            }
            track_check C {
                unix /c
            }
            vrrp_instance VI {
                state BACKUP
                interface eth0
                virtual_router_id 7
                priority 120
                version 3
                advert_int 0.25
                nopreempt
                down_timer_adverts 4
                timer_expired_backup 200
                lower_prio_no_advert
                higher_prio_send_advert
                skip_check_adv_addr
                strict_mode off
                owner_ignore_adverts
                no_accept
                debug 2
                use_vmac name vm.7 02:00:5e:00:01 netlink_notify_msg group 3
                use_vmac_addr
                vmac_xmit_base
                dont_track_primary
                linkbeat_use_polling
                unicast_src_ip 192.0.2.1
                track_src_ip
                unicast_peer {
                    192.0.2.2 min_ttl 200 max_ttl 254
                    192.0.2.3
                }
                unicast_ttl 64
                old_unicast_checksum never
                v3_checksum_as_v2
                kernel_rx_buf_size 5000
                garp_master_repeat 1
                garp_master_delay 2
                garp_lower_prio_repeat 3
                garp_lower_prio_delay 4
                garp_master_refresh 5
                garp_master_refresh_repeat 6
                garp_extra_if 7
                auth_hmac {
                    key 1 hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
                    key 2 file:/etc/key
                    active_key 2
                    anti_replay monotonic
                    time_window 9
                    mode receive-only
                }
                virtual_ipaddress {
                    192.0.2.10/24 brd + dev eth1 use_vmac scope site label eth1:x home
                    192.0.2.11 brd 192.0.2.255 peer 192.0.2.12/30 noprefixroute autojoin no_track
                }
                virtual_ipaddress_excluded {
                    2001:db8::1/64 -nodad mngtmpaddr preferred_lft forever
                    2001:db8::2/128 preferred_lft 30
                }
                promote_secondaries
                track_interface {
                    eth2 weight -10
                }
                track_script {
                    S
                }
                track_file {
                    F weight 254 reverse
                }
                track_process {
                    P weight 5 noreverse
                }
                track_bfd {
                    B
                }
                track_martlet {
                    M weight 0 reverse
                }
                track_check {
                    C
                }
                notify_master "/bin/n master"
                notify_backup "/bin/n backup" tester
                notify_fault /bin/n nobody nogroup
                notify_stop /bin/n
                notify_deleted
                notify "/bin/n any"
                notify_master_rx_lower_pri /bin/n
                notify_priority_changes
                smtp_alert
            }
            """, world(["/etc/key": "0123456789abcdef0123456789abcdef\n"]))
        let instance = try #require(loaded.instance)
        #expect(loaded.grade == .clean, "\(loaded.texts)")
        #expect(instance.initialState == .backup && instance.interface == "eth0")
        #expect(instance.virtualRouterID == 7 && instance.priority == 120)
        #expect(instance.version == .three && instance.family == .v4)
        #expect(instance.advertIntervalNanoseconds == 250 * millisecond && !instance.preempts)
        #expect(instance.downTimerAdverts == 4 && instance.timerExpiredPriority == 200)
        #expect(instance.staysSilentOnLowerPriority && instance.advertisesBeforeSteppingDown)
        #expect(instance.skipsAddressCheckOfKnownSender && !instance.isStrict)
        #expect(!instance.acceptsPackets)
        #expect(instance.ownerIgnoresAdverts)
        var mac = VirtualMAC()
        mac.interfaceName = "vm.7"
        mac.hardwareAddress = [2, 0, 0x5E, 0, 1, 7]
        mac.linkGroup = "3"
        #expect(instance.virtualMAC == mac && instance.usesVirtualMACForAddresses)
        #expect(instance.transmitsFromBase && !instance.tracksInterface && instance.pollsLink)
        #expect(instance.isUnicast && instance.sourceAddress == IPAddress("192.0.2.1"))
        #expect(instance.tracksSourceAddress && instance.checksUnicastSource)
        #expect(
            instance.unicastPeers.map(\.minimumTTL) == [200, nil] && instance.unicastTTL == 64)
        #expect(instance.oldChecksum == .never && instance.omitsPseudoHeader)
        #expect(instance.receiveBufferBytes == 5000)
        var announcements = AnnouncementSettings()
        announcements.masterRepeat = 1
        announcements.masterDelayNanoseconds = 2 * second
        announcements.lowerPriorityRepeat = 3
        announcements.lowerPriorityDelayNanoseconds = 4 * second
        announcements.refreshNanoseconds = 5 * second
        announcements.refreshRepeat = 6
        announcements.extraInterfaceNanoseconds = 7 * second
        #expect(instance.announcements == announcements)
        var hmac = HMACAuthentication()
        hmac.keys = [
            .init(id: 1, secret: Array(0..<32)),
            .init(id: 2, secret: Array("0123456789abcdef0123456789abcdef".utf8)),
        ]
        hmac.activeKey = 2
        hmac.replayGuard = .monotonic
        hmac.timeWindowSeconds = 9
        hmac.mode = .receiveOnly
        #expect(instance.authentication == .hmac(hmac))
        #expect(instance.promotesSecondaries)
        checkAddresses(instance)
        #expect(instance.tracks.interfaces == [TrackReference(name: "eth2", weight: .init(-10))])
        #expect(
            instance.tracks.scripts == [
                TrackReference(name: "S", weight: .init(9, isReversed: true))
            ])
        #expect(instance.tracks.files.first?.weight == TrackWeight(254, isReversed: true))
        #expect(instance.tracks.processes.first?.weight == TrackWeight(5))
        #expect(instance.tracks.bfdInstances.first?.name == "B")
        #expect(instance.tracks.martlets.first?.weight == TrackWeight(0, isReversed: true))
        #expect(instance.tracks.checks.first?.name == "C")
        let notify = instance.notify
        #expect(notify.master == ScriptCommand(arguments: ["/bin/n", "master"]))
        #expect(notify.backup == ScriptCommand(arguments: ["/bin/n", "backup"], user: "tester"))
        #expect(notify.fault?.group == "nogroup" && notify.stop != nil)
        #expect(notify.tellsDeleted && notify.deleted == nil)
        #expect(notify.any?.arguments.last == "any" && notify.masterHearsLowerPriority != nil)
        #expect(notify.tellsPriorityChanges && notify.sendsMail)
    }

    private func checkAddresses(_ instance: InstanceDefinition) {
        #expect(instance.virtualAddresses.count == 2 && instance.excludedAddresses.count == 2)
        let first = instance.virtualAddresses[0]
        #expect(first.prefixLength == 24 && first.broadcast == .hostBitsSet)
        #expect(first.interface == "eth1" && first.usesVirtualMAC && first.scope == 200)
        #expect(first.label == "eth1:x" && first.isHome)
        let second = instance.virtualAddresses[1]
        #expect(second.prefixLength == 32 && second.peerPrefixLength == 30)
        #expect(second.broadcast == .address(IPAddress(v4: 0xC000_02FF)))
        #expect(second.omitsPrefixRoute && second.joinsGroup && second.isUntracked)
        let third = instance.excludedAddresses[0]
        #expect(third.detectsDuplicates && third.managesTemporaryAddresses)
        #expect(third.preferredLifetime == .forever)
        #expect(instance.excludedAddresses[1].preferredLifetime == .seconds(30))
    }

    @Test(arguments: [
        "192.0.2.9 foo", "192.0.2.9 scope foo", "192.0.2.9 brd +", "192.0.2.9 peer 1.2.3.4/40",
        "192.0.2.9/33", "192.0.2.9 use_vmac", "192.0.2.9 peer ::1", "192.0.2.9 192.0.2.8",
        "192.0.2.9 track_group G", "192.0.2.9 dev", "192.0.2.9/255.0.255.0",
    ])
    func `an address stays when an option of it is wrong`(_ line: String) {
        let loaded = load(instanceText("virtual_ipaddress {\n \(line)\n}"))
        #expect(loaded.grade == .repaired)
        let plain = VirtualAddress(address: IPAddress(v4: 0xC000_0209), prefixLength: 32)
        #expect(loaded.instance?.virtualAddresses == [plain])
    }

    @Test func `other forms of keywords are read`() throws {
        let loaded = load(
            """
            vrrp_instance A {
                state MASTER
                interface eth0
                virtual_router_id 1
                priority 255
                preempt
                accept
                mcast_src_ip 192.0.2.1
                mcast_dst_ip 224.0.0.77
                authentication {
                    auth_type PASS
                    auth_pass "a b"
                }
                virtual_ipaddress { 192.0.2.10 }
            }
            vrrp_instance B {
                vrf blue
                virtual_router_id 2
                preempt_delay 4.12
                native_ipv6
                unicast_src_ip 2001:db8::1
                unicast_fault_no_peer
                check_unicast_src
                timer_expired_backup
                old_unicast_checksum
                no_virtual_ipaddress
            }
            vrrp_instance C {
                interface eth0
                virtual_router_id 3
                use_ipvlan name iv 192.0.2.3/24 private group 2
                virtual_ipaddress { 192.0.2.30 }
            }
            vrrp_sync_group G {
                group {
                    A C
                }
                track_interface {
                    eth1
                }
                sync_group_tracking_weight
                notify_master /bin/g
                notify_priority_changes
                smtp_alert off
            }
            """)
        let instances = try #require(loaded.configuration?.instances)
        #expect(loaded.grade == .clean, "\(loaded.texts)")
        #expect(instances[0].initialState == .master && instances[0].priority == 255)
        #expect(instances[0].multicastDestination == IPAddress("224.0.0.77"))
        #expect(instances[0].sourceAddress == IPAddress("192.0.2.1") && !instances[0].isUnicast)
        #expect(instances[0].authentication == .password(Array("a b".utf8)))
        #expect(instances[1].interface == nil && instances[1].vrf == "blue")
        #expect(instances[1].family == .v6 && instances[1].version == .three)
        #expect(instances[1].preemptDelayNanoseconds == 4_120_000_000)
        #expect(instances[1].isUnicast && instances[1].faultsWithoutPeers)
        #expect(instances[1].timerExpiredPriority == 254 && instances[1].oldChecksum == .always)
        var ipvlan = IPVLAN()
        ipvlan.interfaceName = "iv"
        ipvlan.address = IPAddress("192.0.2.3")
        ipvlan.prefixLength = 24
        ipvlan.mode = .private
        ipvlan.linkGroup = "2"
        #expect(instances[2].ipvlan == ipvlan)
        let group = try #require(loaded.configuration?.syncGroups.first)
        #expect(group.members == ["A", "C"] && group.allowsWeights && !group.notify.sendsMail)
        #expect(group.notify.master?.arguments == ["/bin/g"] && group.notify.tellsPriorityChanges)
        #expect(group.tracks.interfaces == [TrackReference(name: "eth1")])
    }

    @Test(arguments: [
        "state UP", "priority 0", "priority 256", "priority abc", "priority", "version 4",
        "advert_int 0", "advert_int 300", "preempt_delay 1001", "unicast_ttl 256",
        "mcast_dst_ip 1.2.3.4", "mcast_dst_ip ff05::1", "use_vmac a b c",
        "use_vmac 01:00:5e:00:01:01", "use_vmac averyveryverylongname",
        "unicast_peer {\n 1.2.3.4 1.2.3.5\n}", "unicast_peer {\n nobody\n}",
        "virtual_ipaddress {\n 300.1.1.1\n}", "virtual_ipaddress {\n 1.2.3.4 foo\n}",
        "virtual_ipaddress {\n 1.2.3.4/33\n}", "virtual_ipaddress {\n dev eth0\n}",
        "virtual_ipaddress {\n ::1 brd +\n}", "virtual_ipaddress {\n 1.2.3.4 use_vmac\n}",
        "virtual_ipaddress", "authentication {\n auth_type PASS\n}",
        "authentication {\n auth_type MAYBE\n auth_pass x\n}", "track_script {\n nothing\n}",
        "track_interface {\n eth0 weight 254\n}", "track_interface {\n eth0 wait 1\n}",
        "notify_master", "notify_master /bin/x unheard", "notify_master \"/bin/x 'a\"",
        "old_unicast_checksum always", "timer_expired_backup 255", "garp_master_delay 1.5",
        "garp_extra_if some 5",
    ])
    func `a wrong value is said and the instance runs with what it had`(_ line: String) {
        let loaded = load(instanceText("priority 77\n version 3\n no_virtual_ipaddress\n \(line)"))
        #expect(loaded.grade == .repaired, "\(loaded.texts)")
        #expect(loaded.instance?.priority == 77)
        #expect(loaded.diagnostics.contains { $0.location?.line ?? 0 >= 7 })
    }

    @Test(arguments: [
        "authentication {\n auth_type AH\n auth_pass x\n}", "auth_hmac {\n}",
        "auth_hmac {\n key 1 short\n}",
        "auth_hmac {\n key 1 file:/none\n}", "auth_hmac {\n key 1 hex:0g\n}",
        "auth_hmac {\n key 1 0123456789abcdef0123456789abcdef\n active_key 2\n}",
        "auth_hmac {\n key 1 0123456789abcdef0123456789abcdef\n}",
        "use_ipvlan", "use_vmac\n use_ipvlan 1.2.3.4", "unicast_peer {\n 224.0.0.18\n}",
    ])
    func `what would be unsafe is refused`(_ line: String) {
        let loaded = load(instanceText("virtual_ipaddress { 1.2.3.4 }\n \(line)"))
        #expect(loaded.grade == .unusable, "\(loaded.texts)")
        #expect(loaded.configuration == nil)
    }
}

@Suite struct RowTests {
    @Test func `no row stands twice, and every row has a sentence`() {
        var seen: Set<String> = []
        for row in VRRPKeywords.all {
            #expect(seen.insert("\(row.block) \(row.name)").inserted, "\(row.name)")
            #expect(row.summary.hasSuffix(".") && row.summary.count > 10, "\(row.name)")
        }
    }

    @Test func `every row that works is tried by a test or an example`() throws {
        let root = ExamplesTests.root
        var text = ""
        let paths =
            ["Tests/VRRPConfigTests/KeywordTests.swift", "Tests/VRRPConfigTests/RouteTests.swift"]
            + ["Tests/VRRPConfigTests/ChecksTests.swift"]
            + ExamplesTests.files.map { "conf/\($0)" }
        for path in paths { text += try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8) }
        let words = Set(text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init))
        for row in VRRPKeywords.all where row.status == .supported {
            let isForeign =
                VRRPKeyword.foreign.contains(row.name) || row.summary.hasPrefix("Belongs to")
            #expect(words.contains(row.name) || isForeign, "\(row.block) \(row.name)")
        }
    }

    @Test func `what has no effect is noted once and never a mistake`() {
        for row in VRRPKeywords.all {
            guard case .acceptedWithoutEffect = row.status else { continue }
            let inner =
                switch row.block {
                case .top: "\(row.name) x\n" + instanceText("no_virtual_ipaddress")
                case .instance: instanceText("no_virtual_ipaddress\n \(row.name) x")
                case .bfd:
                    "bfd_instance B {\n neighbor_ip 1.2.3.4\n \(row.name)\n}\n"
                        + instanceText("no_virtual_ipaddress")
                default:
                    "\(row.block.rawValue) {\n \(row.name) x\n \(row.name) y\n}\n"
                        + instanceText("no_virtual_ipaddress")
                }
            let loaded = load(inner)
            #expect(loaded.grade == .clean, "\(row.name) \(loaded.texts)")
            #expect(loaded.diagnostics.map(\.level) == [.notice], "\(row.name)")
        }
    }

    @Test func `load balancing in the kernel is left out with one notice`() {
        let loaded = load(
            instanceText("no_virtual_ipaddress")
                + """
                global_defs {
                    lvs_sync_daemon eth0 VI
                    lvs_flush
                }
                virtual_server_group G {
                    192.0.2.1 80
                }
                virtual_server 192.0.2.1 80 {
                    lvs_sched rr
                    real_server 192.0.2.2 80 {
                        TCP_CHECK { connect_timeout 3 }
                    }
                }
                virtual_server group G {
                }
                """)
        #expect(loaded.grade == .clean)
        #expect(loaded.diagnostics.count == 1)
        #expect(loaded.texts.first?.contains("martlet") == true)
        #expect(loaded.texts.first?.contains("virtual_server") == true)
    }
}
