// Addresses, routes, rules and commands in the words that keepalived dumps them in, which programs
// split at blanks. Measured with keepalived 2.2.7 and 2.3.4.

import Addresses
import VRRPConfig

/// Makes the lines of a dump.
enum KeepalivedWords {
    /// `'/path/to/script' 'argument'`
    static func command(_ command: ScriptCommand) -> String {
        command.arguments.map { "'\($0)'" }.joined(separator: " ")
    }

    /// `10.0.0.1/24 brd 10.0.0.255 dev eth0 scope global label eth0:1 set`
    ///
    /// - Parameters:
    ///   - device: the interface of an address that names none.
    ///   - isSet: whether the address is on its interface.
    static func address(_ address: VirtualAddress, device: String, isSet: Bool) -> String {
        var words = [bare(address.address, address.prefixLength)]
        if let broadcast = broadcast(of: address) { words += ["brd", broadcast.description] }
        words += ["dev", address.interface ?? device, "scope", scope(of: address)]
        if let label = address.label { words += ["label", label] }
        if let peer = address.peer {
            let length = address.peerPrefixLength ?? UInt8(peer.family.bitCount)
            words += ["peer", "\(peer)/\(length)"]
        }
        if address.isHome { words.append("home") }
        if address.detectsDuplicates { words.append("-nodad") }
        if address.managesTemporaryAddresses { words.append("mngtmpaddr") }
        if address.omitsPrefixRoute { words.append("noprefixroute") }
        if address.joinsGroup { words.append("autojoin") }
        words += lifetime(of: address)
        if address.isUntracked { words.append("no_track") }
        if isSet { words.append("set") }
        return words.joined(separator: " ")
    }

    /// `prepend 10.1.0.0/16 via inet 10.0.0.2 dev eth0 proto 18 metric 5`
    static func route(_ route: VirtualRoute) -> String {
        let placement =
            switch route.placement {
            case .prepended: "prepend"
            case .appended: "append"
            case .alone: "add"
            }
        var words = [placement]
        if route.kind != .unicast { words.append(route.kind.rawValue) }
        words.append(
            route.destination?.description ?? (route.family == .v4 ? "0.0.0.0/0" : "::/0"))
        add("from", route.source, to: &words)
        add("src", route.preferredSource, to: &words)
        add("tos", route.typeOfService, to: &words)
        words += gateway(route.hop)
        if let alternate = route.alternateGateway { words += ["or", alternate.description] }
        add("table", route.table, to: &words)
        // What may be lost is not marked as ours.
        add("proto", route.routeProtocol ?? (route.isUntracked ? nil : 18), to: &words)
        add("scope", route.scope, to: &words)
        add("metric", route.metric, to: &words)
        if route.hop.isOnLink { words.append("onlink") }
        if let realms = route.hop.realms { words += ["realms", Self.realms(realms)] }
        if route.usesECN { words += ["features", "ecn"] }
        for name in metricOrder {
            words += route.metrics.filter { $0.name == name }.flatMap(metric)
        }
        if let preference = route.routerPreference {
            words += ["pref", Self.preference(preference)]
        }
        if let propagates = route.propagatesTTL {
            words += ["ttl-propagate", propagates ? "enabled" : "disabled"]
        }
        for hop in route.nextHops {
            words += ["nexthop"] + gateway(hop) + ["weight", "\(hop.weight)"]
            if hop.isOnLink { words.append("onlink") }
            if let realms = hop.realms { words += ["realms", Self.realms(realms)] }
        }
        if route.isUntracked { words.append("no_track") }
        return words.joined(separator: " ")
    }

    /// `from 10.0.0.1 to 10.1.0.0/16 priority 500 tos 0x0 protocol 18 lookup 100`
    static func rule(_ rule: VirtualRule) -> String {
        var words = rule.isInverted ? ["not", "from"] : ["from"]
        words.append(rule.from.map { bare($0.address, $0.length) } ?? "all")
        if let destination = rule.to {
            words += ["to", bare(destination.address, destination.length)]
        }
        add("priority", rule.preference, to: &words)
        words += ["tos", hexadecimal(UInt32(rule.typeOfService ?? 0))]
        if let mark = rule.mark {
            words += [
                "fwmark", hexadecimal(mark) + (rule.markMask.map { "/\(hexadecimal($0))" } ?? ""),
            ]
        }
        add("iif", rule.inputInterface, to: &words)
        add("oif", rule.outputInterface, to: &words)
        add("suppress_prefixlen", rule.suppressedPrefixLength, to: &words)
        add("suppress_ifgroup", rule.suppressedGroup, to: &words)
        add("tun_id", rule.tunnelID, to: &words)
        add("uidrange", rule.users.map(range), to: &words)
        add("protocol", rule.ruleProtocol ?? (rule.isUntracked ? nil : 18), to: &words)
        add("ipproto", rule.ipProtocol, to: &words)
        add("sport", rule.sourcePorts.map(range), to: &words)
        add("dport", rule.destinationPorts.map(range), to: &words)
        add("realms", rule.realms.map(realms), to: &words)
        words += action(of: rule)
        if rule.isUntracked { words.append("no_track") }
        return words.joined(separator: " ")
    }
}

extension KeepalivedWords {
    private static func add(
        _ word: String, _ value: (some CustomStringConvertible)?, to words: inout [String]
    ) {
        if let value { words += [word, value.description] }
    }

    /// An address, with its prefix length unless that is the longest.
    private static func bare(_ address: IPAddress, _ length: UInt8) -> String {
        Int(length) == address.family.bitCount ? "\(address)" : "\(address)/\(length)"
    }

    private static func broadcast(of address: VirtualAddress) -> IPAddress? {
        let hostBits = address.address.family == .v4 ? 32 - UInt32(address.prefixLength) : 0
        let bits = UInt32(truncatingIfNeeded: address.address.low)
        let mask = hostBits >= 32 ? UInt32.max : (1 << hostBits) - 1
        return switch address.broadcast {
        case nil: nil
        case .address(let broadcast)?: broadcast
        case .hostBitsSet?: IPAddress(v4: bits | mask)
        case .hostBitsClear?: IPAddress(v4: bits & ~mask)
        }
    }

    /// The names of rt_scopes.
    private static func scope(of address: VirtualAddress) -> String {
        switch address.scope ?? (address.address.isLoopback ? 254 : 0) {
        case 0: "global"
        case 200: "site"
        case 253: "link"
        case 254: "host"
        case 255: "nowhere"
        case let number: "\(number)"
        }
    }

    private static func lifetime(of address: VirtualAddress) -> [String] {
        let isV6 = address.address.family == .v6
        switch address.preferredLifetime {
        case .seconds(0)?: return ["deprecated"]
        case .seconds(let seconds)?: return ["preferred_lft", "\(seconds)"]
        case .forever?: return isV6 ? ["preferred_lft", "forever"] : []
        case nil where !isV6: return []
        case nil:
            return address.prefixLength == 128 ? ["deprecated"] : ["preferred_lft", "forever"]
        }
    }

    private static func gateway(_ hop: VirtualRoute.NextHop) -> [String] {
        var words: [String] = []
        if let gateway = hop.gateway {
            words += ["via", gateway.family == .v4 ? "inet" : "inet6", gateway.description]
        }
        add("dev", hop.interface, to: &words)
        return words
    }

    private static let metricOrder: [VirtualRoute.Metric.Name] = [
        .rtt, .rttvar, .window, .cwnd, .ssthresh, .reordering, .minimumRetransmission, .mtu,
        .hoplimit, .advmss, .initcwnd, .initrwnd, .congestionControl, .quickack,
        .fastOpenNoCookie,
    ]

    private static func metric(_ metric: VirtualRoute.Metric) -> [String] {
        let value =
            switch metric.name {
            case .rtt, .rttvar, .minimumRetransmission: "\(metric.value)ms"
            case .congestionControl: metric.text ?? ""
            default: "\(metric.value)"
            }
        return [metric.name.rawValue] + (metric.isLocked ? ["lock"] : []) + [value]
    }

    /// RFC 4191 §2.1: 1 is high, 3 is low.
    private static func preference(_ preference: UInt8) -> String {
        switch preference {
        case 1: "high"
        case 3: "low"
        default: "medium"
        }
    }

    private static func action(of rule: VirtualRule) -> [String] {
        switch rule.action {
        case nil: rule.usesL3Device ? ["l3mdev"] : []
        case .table(let table)?: ["lookup", "\(table)"]
        case .goTo(let preference)?: ["goto", "\(preference)"]
        case .nop?: ["nop"]
        case .blackhole?: ["type", "blackhole"]
        case .unreachable?: ["type", "unreachable"]
        case .prohibit?: ["type", "prohibit"]
        }
    }

    private static func realms(_ realms: UInt32) -> String {
        let source = realms >> 16
        return source == 0 ? "\(realms & 0xFFFF)" : "\(source)/\(realms & 0xFFFF)"
    }

    private static func range(_ range: ClosedRange<some BinaryInteger>) -> String {
        "\(range.lowerBound)-\(range.upperBound)"
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        "0x\(String(value, radix: 16))"
    }
}
