// The words of addresses, routes and rules.

import Addresses

/// Words of items.
enum ItemText {
    /// The words of an address.
    static func address(_ item: VirtualAddress) -> [String] {
        var words = ["\(item.address)/\(item.prefixLength)"]
        switch item.broadcast {
        case nil: break
        case .address(let address): words += ["brd", address.description]
        case .hostBitsSet: words += ["brd", "+"]
        case .hostBitsClear: words += ["brd", "-"]
        }
        words += pair("dev", item.interface)
        if item.usesVirtualMAC { words.append("use_vmac") }
        words += pair("scope", item.scope)
        words += pair("label", item.label)
        if let peer = item.peer {
            words += ["peer", item.peerPrefixLength.map { "\(peer)/\($0)" } ?? "\(peer)"]
        }
        if item.isHome { words.append("home") }
        if item.detectsDuplicates { words.append("-nodad") }
        if item.managesTemporaryAddresses { words.append("mngtmpaddr") }
        if item.omitsPrefixRoute { words.append("noprefixroute") }
        if item.joinsGroup { words.append("autojoin") }
        if item.isUntracked { words.append("no_track") }
        words += pair("track_group", item.trackGroup)
        switch item.preferredLifetime {
        case nil: break
        case .forever: words += ["preferred_lft", "forever"]
        case .seconds(let seconds): words += ["preferred_lft", String(seconds)]
        }
        return words
    }

    /// The words of a route.
    static func route(_ route: VirtualRoute) -> [String] {
        var words: [String] = []
        if route.family == .v6 { words.append("inet6") }
        if route.family == .v4, route.hop.gateway?.family == .v6 { words.append("inet") }
        if route.kind != .unicast { words.append(route.kind.rawValue) }
        words.append(route.destination?.description ?? "default")
        words += pair("from", route.source)
        words += pair("src", route.preferredSource)
        words += pair("tos", route.typeOfService)
        words += pair("or", route.alternateGateway)
        words += pair("table", route.table)
        words += pair("protocol", route.routeProtocol)
        words += pair("scope", route.scope)
        words += pair("metric", route.metric)
        for metric in route.metrics {
            words.append(metric.name.rawValue)
            if metric.isLocked { words.append("lock") }
            words.append(metric.text ?? String(metric.value))
        }
        if route.usesECN { words += ["features", "ecn"] }
        if let preference = route.routerPreference {
            words += ["pref", preference == 0 ? "medium" : preference == 1 ? "high" : "low"]
        }
        if let propagates = route.propagatesTTL {
            words += ["ttl-propagate", propagates ? "enabled" : "disabled"]
        }
        switch route.placement {
        case .prepended: break
        case .appended: words.append("append")
        case .alone: words.append("add")
        }
        if route.isUntracked { words.append("no_track") }
        words += pair("track_group", route.trackGroup)
        words += hop(route.hop)
        for next in route.nextHops {
            words.append("nexthop")
            words += hop(next)
            words += ["weight", String(next.weight)]
        }
        return words
    }

    private static func hop(_ hop: VirtualRoute.NextHop) -> [String] {
        var words = pair("via", hop.gateway) + pair("dev", hop.interface)
        if hop.isOnLink { words.append("onlink") }
        words += pair("realms", hop.realms.map(realms))
        return words
    }

    /// The words of a rule.
    static func rule(_ rule: VirtualRule) -> [String] {
        var words: [String] = []
        if rule.family == .v6 { words.append("inet6") }
        if rule.isInverted { words.append("not") }
        words += ["from", rule.from?.description ?? "all"]
        words += pair("to", rule.to)
        words += pair("preference", rule.preference)
        words += pair("tos", rule.typeOfService)
        if let mark = rule.mark {
            words += ["fwmark", rule.markMask.map { "\(mark)/\($0)" } ?? String(mark)]
        }
        words += pair("iif", rule.inputInterface)
        words += pair("oif", rule.outputInterface)
        words += pair("realms", rule.realms.map(realms))
        if rule.usesL3Device { words.append("l3mdev") }
        words += pair("protocol", rule.ruleProtocol)
        words += pair("suppress_prefixlength", rule.suppressedPrefixLength)
        words += pair("suppress_ifgroup", rule.suppressedGroup)
        words += pair("tun_id", rule.tunnelID)
        words += pair("uidrange", rule.users.map { "\($0.lowerBound)-\($0.upperBound)" })
        words += pair("ip_proto", rule.ipProtocol)
        words += pair("sport", rule.sourcePorts.map { "\($0.lowerBound)-\($0.upperBound)" })
        words += pair("dport", rule.destinationPorts.map { "\($0.lowerBound)-\($0.upperBound)" })
        switch rule.action {
        case nil: break
        case .table(let table): words += ["table", String(table)]
        case .goTo(let preference): words += ["goto", String(preference)]
        case .nop: words.append("nop")
        case .blackhole: words.append("blackhole")
        case .unreachable: words.append("unreachable")
        case .prohibit: words.append("prohibit")
        }
        if rule.isUntracked { words.append("no_track") }
        words += pair("track_group", rule.trackGroup)
        return words
    }

    private static func realms(_ number: UInt32) -> String {
        number >> 16 == 0 ? String(number) : "\(number >> 16)/\(number & 0xFFFF)"
    }

    /// A keyword and its value, or nothing.
    private static func pair(_ keyword: String, _ value: (some CustomStringConvertible)?)
        -> [String]
    {
        value.map { [keyword, $0.description] } ?? []
    }
}
