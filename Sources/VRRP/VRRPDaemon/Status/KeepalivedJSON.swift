// keepalived's JSON dump: its keys, their order and the shapes of its values, on one line, as
// exporters of metrics read it. Measured with keepalived 2.2.7 and 2.3.4.

import VRRPConfig
import VRRPProtocol

/// Makes the dump that signal 36 asks keepalived for.
enum KeepalivedJSON {
    /// The dump of a status; `json_version` 1 is an array of instances, 2 an object.
    static func bytes(
        of status: DaemonStatus, since baseline: CounterBaseline = CounterBaseline()
    ) -> [UInt8] {
        var json = JSONText(solidus: .escaped)
        if status.configuration.global.jsonVersion < 2 {
            write(status, baseline, into: &json)
        } else {
            json.object { json in
                json.member("vrrp") { write(status, baseline, into: &$0) }
                json.member("track_process") { writeProcesses(status, into: &$0) }
            }
        }
        return json.bytes
    }

    private static func write(
        _ status: DaemonStatus, _ baseline: CounterBaseline, into json: inout JSONText
    ) {
        json.array { json in
            for instance in status.instances {
                json.object { json in
                    json.member("data") { json in
                        json.object { json in
                            writeData(instance, into: &json)
                            writeBelongings(instance, status, into: &json)
                        }
                    }
                    json.member("stats") { json in
                        json.object { json in
                            for (name, value) in baseline.counters(of: instance) {
                                json.member(name, value)
                            }
                        }
                    }
                }
            }
        }
    }

    private static func writeData(_ instance: InstanceStatus, into json: inout JSONText) {
        let definition = instance.definition
        let announcements = definition.announcements
        json.member("iname", definition.name)
        json.member("dont_track_primary", definition.tracksInterface ? 0 : 1)
        json.member("skip_check_adv_addr", definition.skipsAddressCheckOfKnownSender ? 1 : 0)
        json.member("strict_mode", definition.isStrict ? 1 : 0)
        json.member(
            "vmac_ifname", definition.virtualMAC == nil ? "" : instance.addressInterface)
        json.member("ifp_ifname", instance.interfaceShown)
        json.member("master_priority", instance.masterPriority)
        json.key("last_transition")
        json.seconds(microseconds: instance.lastTransition)
        json.member("garp_delay", seconds(announcements.masterDelayNanoseconds))
        json.member("garp_refresh", seconds(announcements.refreshNanoseconds))
        json.member("garp_rep", announcements.masterRepeat)
        json.member("garp_refresh_rep", announcements.refreshRepeat)
        json.member("garp_lower_prio_delay", seconds(announcements.lowerPriorityDelayNanoseconds))
        json.member("garp_lower_prio_rep", announcements.lowerPriorityRepeat)
        json.member("lower_prio_no_advert", definition.staysSilentOnLowerPriority ? 1 : 0)
        json.member("higher_prio_send_advert", definition.advertisesBeforeSteppingDown ? 1 : 0)
        json.member("vrid", definition.virtualRouterID)
        json.member("base_priority", definition.priority)
        json.member("effective_priority", instance.priority)
        json.member("vipset", instance.hasAddresses)
        json.member("promote_secondaries", definition.promotesSecondaries)
        json.key("adver_int")
        json.shortSeconds(nanoseconds: definition.advertIntervalNanoseconds)
        json.key("master_adver_int")
        json.shortSeconds(nanoseconds: instance.masterIntervalShown)
        json.member("accept", definition.acceptsPackets ? 1 : 0)
        json.member("nopreempt", !definition.preempts)
        json.member("preempt_delay", seconds(definition.preemptDelayNanoseconds))
        json.member("state", instance.state.keepalivedNumber)
        json.member("wantstate", instance.wantedState.keepalivedNumber)
        json.member("version", definition.version.rawValue)
        json.member("smtp_alert", definition.notify.sendsMail)
        json.member("notify_deleted", definition.notify.tellsDeleted)
    }

    /// What is there only when there is something.
    private static func writeBelongings(
        _ instance: InstanceStatus, _ status: DaemonStatus, into json: inout JSONText
    ) {
        let definition = instance.definition
        let notify = definition.notify
        for (name, command) in [
            ("script_backup", notify.backup), ("script_master", notify.master),
            ("script_fault", notify.fault), ("script_stop", notify.stop),
            ("script_deleted", notify.deleted), ("script", notify.any),
            ("script_master_rx_lower_pri", notify.masterHearsLowerPriority),
        ] {
            json.member(name, ifPresent: command.map(KeepalivedWords.command))
        }
        let tracks = definition.tracks
        let scripts = tracks.scripts.compactMap { reference in
            status.configuration.scripts.first { $0.name == reference.name }
        }
        for (name, lines) in [
            ("vips", instance.addressLines), ("evips", instance.excludedLines),
            ("vroutes", definition.routes.map(KeepalivedWords.route)),
            ("vrules", definition.rules.map(KeepalivedWords.rule)),
            ("track_ifp", tracks.interfaces.map(\.name)),
            ("track_script", scripts.map { KeepalivedWords.command($0.command) }),
            ("track_process", tracks.processes.map(\.name)),
        ] where !lines.isEmpty {
            json.member(name, lines)
        }
        if case .password(let password) = definition.authentication {
            json.member("auth_type", 1)
            json.key("auth_data")
            json.string(Array(password.prefix(8)))
        } else {
            json.member("auth_type", 0)
        }
    }

    private static func writeProcesses(_ status: DaemonStatus, into json: inout JSONText) {
        json.array { json in
            for definition in status.configuration.trackProcesses {
                let tracker = status.trackers.first {
                    $0.kind == "process" && $0.name == definition.name
                }
                json.object { write(definition, tracker, into: &$0) }
            }
        }
    }

    private static func write(
        _ definition: TrackProcessDefinition, _ tracker: TrackerStatus?, into json: inout JSONText
    ) {
        json.member("process", definition.name)
        if !definition.parameters.isEmpty {
            json.member("parameters", definition.parameters.joined(separator: " "))
        }
        json.member("param_match", definition.matchWord)
        json.member("min_processes", definition.quorum)
        json.member("max_processes", ifPresent: definition.quorumLimit)
        json.member("current_processes", tracker?.number ?? 0)
        json.member("have_quorum", tracker?.isGood ?? false)
        json.member("weight", definition.weight.value)
        json.key("terminate_delay")
        json.shortSeconds(nanoseconds: definition.terminateDelayNanoseconds)
        json.key("fork_delay")
        json.shortSeconds(nanoseconds: definition.forkDelayNanoseconds)
        json.member("fork_delay_timer_running", tracker?.pending == true)
        json.member("terminate_delay_timer_running", tracker?.pending == false)
        json.member("full_command", definition.looksAtCommandLine)
    }

    /// Whole seconds, as keepalived cuts them.
    private static func seconds(_ nanoseconds: UInt64) -> UInt64 { nanoseconds / 1_000_000_000 }
}

// MARK: - What the dumps share

extension TrackProcessDefinition {
    /// The word for how parameters are compared.
    var matchWord: String {
        switch parameterMatch {
        case nil: parameters.isEmpty ? "none" : "exact"
        case .exact?: "exact"
        case .partial?: "partial"
        case .initial?: "initial"
        }
    }

    /// Whether the command line is read, and not the name alone.
    var looksAtCommandLine: Bool {
        comparesCommandLine || !parameters.isEmpty || parameterMatch != nil
    }
}

extension InstanceStatus {
    /// The interface that is shown: the virtual MAC's where there is one.
    var interfaceShown: String {
        if definition.virtualMAC != nil, !addressInterface.isEmpty { return addressInterface }
        return definition.interface ?? addressInterface
    }

    /// The state that keepalived would strive for.
    var wantedState: Election.State {
        state != .initial ? state : definition.initialState == .master ? .master : .backup
    }

    /// Whether the virtual addresses are there.
    var hasAddresses: Bool { addressesSet.contains(true) || excludedSet.contains(true) }

    /// The interval learnt from the master, or ours.
    var masterIntervalShown: UInt64 {
        masterIntervalNanoseconds == 0
            ? definition.advertIntervalNanoseconds : masterIntervalNanoseconds
    }

    /// The virtual addresses, one line each.
    var addressLines: [String] { lines(of: definition.virtualAddresses, addressesSet) }

    /// Those that adverts leave out.
    var excludedLines: [String] { lines(of: definition.excludedAddresses, excludedSet) }

    private func lines(of addresses: [VirtualAddress], _ isSet: [Bool]) -> [String] {
        let base = definition.virtualMAC == nil ? nil : definition.interface
        let device = interfaceShown + (base.map { "@\($0)" } ?? "")
        return addresses.enumerated().map { index, address in
            KeepalivedWords.address(
                address, device: device, isSet: index < isSet.count && isSet[index])
        }
    }
}

extension InstanceCounters {
    /// The counters by keepalived's names, in its order.
    var keepalived: [(name: String, value: UInt64)] {
        let rejected = { (reasons: [Rejection]) in
            reasons.reduce(UInt64(0)) { $0 &+ rejections[$1] }
        }
        return [
            ("advert_rcvd", advertsReceived), ("advert_sent", advertsSent),
            ("become_master", becameMaster), ("release_master", releasedMaster),
            ("packet_len_err", rejected([.tooShort, .ipLength, .count, .excess, .truncated])),
            ("advert_interval_err", rejected([.interval]) &+ intervalDiffered),
            ("ip_ttl_err", rejected([.ttl])), ("invalid_type_rcvd", rejected([.type])),
            ("addr_list_err", rejected([.addressList]) &+ addressListDiffered),
            ("invalid_authtype", rejected([.authAH])),
            ("authtype_mismatch", rejected([.authType])),
            (
                "auth_failure",
                rejected([
                    .authData, .hmacMissing, .hmacMalformed, .hmacUnknownKey, .hmacInvalid,
                    .hmacStale, .hmacReplay,
                ])
            ),
            ("pri_zero_rcvd", priorityZeroReceived), ("pri_zero_sent", priorityZeroSent),
        ]
    }
}
