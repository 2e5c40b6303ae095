// Keywords of `vrrp_instance` and the blocks inside it. keepalived.conf(5): VRRP instance(s).

import Addresses
import ConfigLanguage

private let second: UInt64 = 1_000_000_000

extension VRRPKeyword {
    /// Rows of `vrrp_instance`.
    static let instance: [VRRPKeyword] =
        instanceElection + instanceLink + instanceUnicast + instanceAnnouncements
        + instanceOwned
        + tracks(.instance) { $0.instance.tracks += $1 }
        + notifies(.instance, { $0.instance.definition.notify }) {
            $0.instance.definition.notify = $1
        } + [
            .command(
                "notify_master_rx_lower_pri", .instance,
                "Runs when the active router hears a lower priority."
            ) { $0.instance.definition.notify.masterHearsLowerPriority = $1 },
            .flag("notify_priority_changes", .instance, "Tells fifos about priorities too.") {
                $0.instance.definition.notify.tellsPriorityChanges = $1
            },
            .flag("smtp_alert", .instance, "Sends mail about changes.") {
                $0.instance.smtpAlert = $1
            },
        ]

    private static let instanceElection: [VRRPKeyword] = [
        .choice(
            "state", .instance, "MASTER|BACKUP", "Sets how the instance begins.",
            words: "MASTER or BACKUP"
        ) { $0.instance.definition.initialState = $1 },
        .integer("virtual_router_id", .instance, 1...255, "Sets the number on the wire.") {
            $0.instance.definition.virtualRouterID = UInt8($1)
        },
        .integer("priority", .instance, 1...255, "Sets the priority; 255 is the owner.") {
            $0.instance.definition.priority = UInt8($1)
        },
        .integer("version", .instance, 2...3, "Sets the protocol's version.") {
            $0.instance.definition.version = $1 == 2 ? .two : .three
        },
        .seconds(
            "advert_int", .instance, 10_000_000...255 * second,
            "Sets the time between adverts."
        ) { $0.instance.definition.advertIntervalNanoseconds = $1 },
        .mark("nopreempt", .instance, "Leaves a lower priority active.") {
            $0.instance.definition.preempts = false
        },
        .mark("preempt", .instance, "Takes over from a lower priority, which is the default.") {
            $0.instance.definition.preempts = true
        },
        .seconds(
            "preempt_delay", .instance, 0...1000 * second, "Waits before taking over."
        ) { $0.instance.definition.preemptDelayNanoseconds = $1 },
        .integer(
            "down_timer_adverts", .instance, 1...100,
            "Sets how many missing adverts make the active router count as down."
        ) { $0.instance.definition.downTimerAdverts = $1 },
        VRRPKeyword(
            "timer_expired_backup", .instance, "[1..254]",
            "Steps down when timers come so late that another may have taken over."
        ) { reading, statement in
            reading.expect(atMost: 1, in: statement)
            guard !statement.arguments.isEmpty else {
                reading.instance.definition.timerExpiredPriority = 254
                return
            }
            if let priority = reading.integer(statement, in: 1...254) {
                reading.instance.definition.timerExpiredPriority = UInt8(priority)
            }
        },
        .flag(
            "lower_prio_no_advert", .instance,
            "Stays silent when a lower priority is heard, as RFCs before 9568 want."
        ) { $0.instance.definition.staysSilentOnLowerPriority = $1 },
        .flag(
            "higher_prio_send_advert", .instance,
            "Sends a last advert before stepping down for a higher priority, which is the default."
        ) { $0.instance.definition.advertisesBeforeSteppingDown = $1 },
        .flag(
            "skip_check_adv_addr", .instance,
            "Compares the addresses of a known sender's adverts only once."
        ) { $0.instance.definition.skipsAddressCheckOfKnownSender = $1 },
        .flag(
            "owner_ignore_adverts", .instance, "Lets the owner ignore all adverts it hears."
        ) { $0.instance.definition.ownerIgnoresAdverts = $1 },
        .flag("strict_mode", .instance, "Keeps to the letter of the RFC.") {
            $0.instance.definition.isStrict = $1
        },
        .mark("accept", .instance, "Accepts packets to the addresses.") {
            $0.instance.definition.acceptsPackets = true
        },
        .mark("no_accept", .instance, "Drops packets to the addresses unless owner.") {
            $0.instance.definition.acceptsPackets = false
        },
        .withoutEffect(
            "debug", .instance, "0..4", "Sets how much is logged about the instance.",
            reason: "no keepalived has given it a meaning; '-D' logs more of everything"),
        VRRPKeyword(
            "authentication", .instance, opensBlock: true, "Holds the password of version 2."
        ) { reading, statement in
            let given = reading.given
            reading.read(statement.children ?? [], in: .authentication)
            reading.given = given
        },
        VRRPKeyword(
            "auth_hmac", .instance, opensBlock: true,
            "Holds the keys of signed adverts.", apply: SignatureWords.block),
    ]

    private static let instanceLink: [VRRPKeyword] = [
        .word("interface", .instance, "INTERFACE", "Names the interface of adverts.") {
            $0.instance.definition.interface = $1
        },
        .word("vrf", .instance, "INTERFACE", "Names the VRF of unicast without an interface.") {
            $0.instance.definition.vrf = $1
        },
        VRRPKeyword(
            "use_vmac", .instance, "[[name] INTERFACE] [MAC] [netlink_notify_msg] [group ID]",
            "Puts addresses and adverts on a macvlan with the virtual MAC.",
            apply: InstanceWords.virtualMAC),
        .mark(
            "use_vmac_addr", .instance, "Makes macvlans for addresses on other interfaces too."
        ) { $0.instance.definition.usesVirtualMACForAddresses = true },
        .mark("vmac_xmit_base", .instance, "Sends adverts on the base interface.") {
            $0.instance.definition.transmitsFromBase = true
        },
        VRRPKeyword(
            "use_ipvlan", .instance,
            "[[name] INTERFACE] [ADDRESS] [bridge|private|vepa] [group ID]",
            "Puts addresses and adverts on an ipvlan.", apply: InstanceWords.ipvlan),
        .mark("native_ipv6", .instance, "Is an old way to ask for IPv6.") {
            $0.instance.wantsIPv6 = true
        },
        .mark("dont_track_primary", .instance, "Ignores faults of the own interface.") {
            $0.instance.definition.tracksInterface = false
        },
        .mark("linkbeat_use_polling", .instance, "Polls the carrier of the own interface.") {
            $0.instance.definition.pollsLink = true
        },
        .address("mcast_src_ip", .instance, "Sets the source of adverts.") {
            $0.instance.definition.sourceAddress = $1
        },
        VRRPKeyword(
            "mcast_dst_ip", .instance, "GROUP", "Sets the group of adverts.",
            apply: InstanceWords.group),
        .mark("track_src_ip", .instance, "Counts a missing source address as a fault.") {
            $0.instance.definition.tracksSourceAddress = true
        },
        .flag(
            "v3_checksum_as_v2", .instance,
            "Leaves the pseudo header out of IPv4 sums in version 3."
        ) { $0.instance.definition.omitsPseudoHeader = $1 },
        .integer(
            "kernel_rx_buf_size", .instance, 1...Int(Int32.max),
            "Sets the receive buffer of adverts, in bytes."
        ) { $0.instance.definition.receiveBufferBytes = $1 },
        .withoutEffect(
            "lvs_sync_daemon_interface", .instance, "INTERFACE",
            "Starts the kernel's synchronization of connections.",
            reason: WithoutEffect.kernelBalancer),
    ]

    private static let instanceUnicast: [VRRPKeyword] = [
        .address("unicast_src_ip", .instance, "Sets the source of adverts.") {
            $0.instance.definition.sourceAddress = $1
        },
        VRRPKeyword(
            "unicast_peer", .instance, "{ ADDRESS [min_ttl 0..255] [max_ttl 0..255] }",
            opensBlock: true, "Lists peers that get adverts instead of the group.",
            apply: InstanceWords.peers),
        .flag("check_unicast_src", .instance, "Accepts adverts of peers only.") {
            $0.instance.definition.checksUnicastSource = $1
        },
        .mark("unicast_fault_no_peer", .instance, "Counts an empty list of peers as a fault.") {
            $0.instance.definition.faultsWithoutPeers = true
        },
        .integer("unicast_ttl", .instance, 0...255, "Sets the TTL of adverts to peers.") {
            $0.instance.definition.unicastTTL = UInt8($1)
        },
        VRRPKeyword(
            "old_unicast_checksum", .instance, "[never]",
            "Uses the sum of keepalived 1.3.6 and older, or never does."
        ) { reading, statement in
            reading.expect(atMost: 1, in: statement)
            switch statement.arguments.first {
            case nil: reading.instance.definition.oldChecksum = .always
            case "never": reading.instance.definition.oldChecksum = .never
            case let word: reading.mistake(statement, expected: "'never' or nothing", found: word)
            }
        },
    ]

    private static let instanceAnnouncements: [VRRPKeyword] = [
        .announcements(
            "garp_master_repeat", .instance, atLeast: 1,
            "Sets how many announcements follow at once on becoming active."
        ) { $0.instance.definition.announcements.masterRepeat = $1 },
        .integer(
            "garp_master_delay", .instance, 0...86400,
            "Sets when a second set of announcements follows, in seconds; 0 for never."
        ) { $0.instance.definition.announcements.masterDelayNanoseconds = UInt64($1) * second },
        .announcements(
            "garp_lower_prio_repeat", .instance,
            "Sets how many announcements follow at once after a lower priority was heard."
        ) { $0.instance.definition.announcements.lowerPriorityRepeat = $1 },
        .integer(
            "garp_lower_prio_delay", .instance, 0...86400,
            "Sets when their second set follows, in seconds; 0 for never."
        ) {
            $0.instance.definition.announcements.lowerPriorityDelayNanoseconds =
                UInt64($1) * second
        },
        .integer(
            "garp_master_refresh", .instance, 0...86400,
            "Sets how often announcements are repeated while active, in seconds; 0 for never."
        ) { $0.instance.definition.announcements.refreshNanoseconds = UInt64($1) * second },
        .announcements(
            "garp_master_refresh_repeat", .instance,
            "Sets how many announcements a repetition has."
        ) { $0.instance.definition.announcements.refreshRepeat = $1 },
        VRRPKeyword(
            "garp_extra_if", .instance, "[all] SECONDS",
            "Announces again and again on interfaces of addresses that stand elsewhere."
        ) {
            $0.extraAnnouncements(
                $1, { $0.instance.definition.announcements = $1 },
                $0.instance.definition.announcements)
        },
    ]

    private static let instanceOwned: [VRRPKeyword] = [
        VRRPKeyword(
            "virtual_ipaddress", .instance, opensBlock: true,
            "Lists the addresses that adverts carry."
        ) { $0.instance.definition.virtualAddresses += $0.addresses($1, .virtual) },
        VRRPKeyword(
            "virtual_ipaddress_excluded", .instance, opensBlock: true,
            "Lists addresses that adverts leave out."
        ) { $0.instance.definition.excludedAddresses += $0.addresses($1, .virtual) },
        .mark("no_virtual_ipaddress", .instance, "Says that no addresses are meant.") {
            $0.instance.definition.meansNoAddresses = true
        },
        .mark(
            "promote_secondaries", .instance,
            "Keeps the other addresses of a network when the first one goes."
        ) { $0.instance.definition.promotesSecondaries = true },
        VRRPKeyword(
            "virtual_routes", .instance, opensBlock: true,
            "Lists routes that exist while active."
        ) { $0.instance.definition.routes += $0.routes($1, .virtual) },
        VRRPKeyword(
            "virtual_rules", .instance, opensBlock: true,
            "Lists routing rules that exist while active."
        ) { $0.instance.definition.rules += $0.rules($1, .virtual) },
    ]

    /// Rows of `authentication`.
    static let authentication: [VRRPKeyword] = [
        VRRPKeyword(
            "auth_type", .authentication, "PASS", "Chooses the password of version 2."
        ) { reading, statement in
            reading.expect(atMost: 1, in: statement)
            guard let word = reading.word(statement) else { return }
            switch word.uppercased() {
            case "PASS", "NONE": reading.instance.authenticationType = word.uppercased()
            case "AH":
                reading.instance.authenticationType = "NONE"
                reading.remarks.refuse(
                    "'auth_type AH' is not supported: IPsec AH with HMAC-MD5 protects nothing "
                        + "today; use 'auth_hmac', or PASS", at: statement.place)
            default: reading.mistake(statement, expected: "PASS", found: word)
            }
        },
        .word("auth_pass", .authentication, "PASSWORD", "Sets the password of 8 bytes.") {
            $0.instance.password = Array($1.utf8)
        },
    ]
}

/// Keywords with arguments of their own.
private enum InstanceWords {
    static func virtualMAC(_ reading: inout Reading, _ statement: Statement) {
        var result = VirtualMAC()
        var words = statement.arguments
        while let word = words.popFirst() {
            switch word {
            case "name":
                guard let name = words.popFirst() else {
                    return reading.mistake(statement, expected: "a name behind 'name'", found: nil)
                }
                result.interfaceName = name
            case "netlink_notify_msg":
                reading.remarks.note(
                    "'netlink_notify_msg' has no effect here: others hear of a macvlan when it is "
                        + "made, and nothing more is sent for the interface below it",
                    at: statement.place)
            case "group":
                guard let group = words.popFirst() else {
                    return reading.mistake(statement, expected: "a group", found: nil)
                }
                result.linkGroup = group
            default:
                if let bytes = hardwareAddress(word) {
                    result.hardwareAddress = bytes
                } else if result.interfaceName == nil, isInterfaceName(word) {
                    result.interfaceName = word
                } else {
                    return reading.mistake(
                        statement, expected: "an interface name and a MAC", found: word)
                }
            }
        }
        if let name = result.interfaceName, !isInterfaceName(name) {
            return reading.mistake(
                statement, expected: "an interface name of at most 15 bytes", found: name)
        }
        reading.instance.definition.virtualMAC = result
    }

    static func ipvlan(_ reading: inout Reading, _ statement: Statement) {
        var result = IPVLAN()
        var words = statement.arguments
        while let word = words.popFirst() {
            if word == "name" || word == "group" {
                guard let value = words.popFirst() else {
                    return reading.mistake(
                        statement, expected: "a word behind '\(word)'", found: nil)
                }
                if word == "name" { result.interfaceName = value } else { result.linkGroup = value }
            } else if let mode = IPVLAN.Mode(rawValue: word) {
                result.mode = mode
            } else if let (address, length) = parseInterfaceAddress(word) {
                result.address = address
                result.prefixLength = length
            } else if result.interfaceName == nil, isInterfaceName(word) {
                result.interfaceName = word
            } else {
                return reading.mistake(
                    statement, expected: "an interface name, an address and a mode", found: word)
            }
        }
        reading.instance.definition.ipvlan = result
    }

    /// Six bytes, or five with the number of the virtual router to follow (then a zero).
    private static func hardwareAddress(_ word: String) -> [UInt8]? {
        let parts = word.split(separator: ":", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { $0.utf8.count <= 2 ? UInt8($0, radix: 16) : nil }
        guard bytes.count == parts.count, (5...6).contains(bytes.count), bytes[0] & 1 == 0 else {
            return nil
        }
        return bytes
    }

    static func group(_ reading: inout Reading, _ statement: Statement) {
        reading.expect(atMost: 1, in: statement)
        guard let address = reading.address(statement) else { return }
        guard address.isMulticast, address.family == .v4 || address.byte(at: 1) & 0xF == 2 else {
            return reading.mistake(
                statement, expected: "a multicast address, link-local for IPv6",
                found: statement.words[1])
        }
        reading.instance.definition.multicastDestination = address
    }

    static func peers(_ reading: inout Reading, _ statement: Statement) {
        let peers = reading.items(statement) { _, line throws(ItemWords.Mistake) in
            var words = ItemWords(line.words)
            let first = words.takeOption() ?? ""
            guard let address = IPAddress(first) else {
                throw ItemWords.Mistake("'\(first)' is no address")
            }
            var peer = UnicastPeer(address: address)
            while let option = words.takeOption() {
                switch option {
                case "min_ttl": peer.minimumTTL = UInt8(try words.takeNumber(0...255))
                case "max_ttl": peer.maximumTTL = UInt8(try words.takeNumber(0...255))
                default: throw ItemWords.Mistake("'\(option)' is no option of a peer")
                }
            }
            return peer
        }
        for peer in peers {
            if reading.instance.definition.unicastPeers.contains(where: {
                $0.address == peer.address
            }) {
                reading.remarks.warn("peer \(peer.address) stands twice", at: statement.place)
                continue
            }
            reading.instance.definition.unicastPeers.append(peer)
        }
    }
}

/// Whether the kernel takes a word as the name of an interface.
func isInterfaceName(_ word: String) -> Bool {
    !word.isEmpty && word.utf8.count <= 15 && word != "." && word != ".."
        && !word.utf8.contains { $0 == 0x2F || $0 == 0x3A || Letter.isBlank($0) }
}
