// One line of `virtual_routes` or `static_routes`: the syntax of `ip route add` with keepalived's
// additions `or`, `gw`, `no_track` and `track_group`. keepalived.conf(5): static_routes.

import Addresses
import ConfigLanguage

extension Reading {
    /// The routes of a block; a line with a mistake is left out.
    mutating func routes(_ statement: Statement, _ place: ItemPlace) -> [VirtualRoute] {
        items(statement) { reading, line throws(ItemWords.Mistake) in
            try reading.route(line, place)
        }
    }

    private mutating func route(
        _ line: Statement, _ place: ItemPlace
    ) throws(ItemWords.Mistake) -> VirtualRoute {
        var words = ItemWords(line.words)
        var route = VirtualRoute()
        route.family = familyOfItem(line.words) ?? .v4
        var hasDestination = false
        while let option = words.takeOption() {
            if try readHop(option, &words, &route.hop, isNested: false) { continue }
            if try readNumbers(option, &words, &route) { continue }
            if try readMetric(option, &words, &route) { continue }
            switch option {
            case "inet6": route.family = .v6
            case "inet": route.family = .v4
            case "src": route.preferredSource = try words.takeAddress()
            case "from": route.source = try words.takePrefix(route.family)
            case "or": route.alternateGateway = try words.takeAddress()
            case "nexthop": route.nextHops.append(try nextHop(&words))
            case "append": route.placement = .appended
            case "prepend": route.placement = .prepended
            case "add": route.placement = .alone
            case "no_track" where place == .virtual: route.isUntracked = true
            case "track_group" where place == .fixed:
                route.trackGroup = try words.takeWord("a track_group")
            case "to":
                let kind = words.next.flatMap(VirtualRoute.Kind.init)
                if let kind, words.take(kind.rawValue) { route.kind = kind }
                route.destination = try words.takePrefix(route.family)
                hasDestination = true
            default:
                if !hasDestination, let kind = VirtualRoute.Kind(rawValue: option) {
                    route.kind = kind
                } else if !hasDestination, let prefix = parsePrefix(option, route.family) {
                    route.destination = prefix
                    hasDestination = true
                } else {
                    throw unknownRouteOption(option)
                }
            }
        }
        guard hasDestination else { throw ItemWords.Mistake("a route needs a destination") }
        // `default` is the absence of a destination.
        if let prefix = route.destination, prefix.length == 0 { route.destination = nil }
        try checkRoute(route)
        return route
    }

    /// Reads what one way of a route can have; false when the option is none of that.
    private mutating func readHop(
        _ option: String, _ words: inout ItemWords, _ hop: inout VirtualRoute.NextHop,
        isNested: Bool
    ) throws(ItemWords.Mistake) -> Bool {
        switch option {
        case "via", "gw":
            _ = words.take("inet6") || words.take("inet")
            hop.gateway = try words.takeAddress()
        case "dev", "oif": hop.interface = try words.takeWord("an interface")
        case "onlink": hop.isOnLink = true
        case "weight" where isNested: hop.weight = Int(try words.takeNumber(1...256))
        case "realms", "realm": hop.realms = try words.takeRealms(&names)
        case "encap":
            // A route without its encapsulation would send packets where they do not belong.
            throw ItemWords.Mistake(
                "'encap' is not supported: add the route by ip(8) in a notify script")
        default: return false
        }
        return true
    }

    private mutating func nextHop(
        _ words: inout ItemWords
    ) throws(ItemWords.Mistake) -> VirtualRoute.NextHop {
        var hop = VirtualRoute.NextHop()
        let options: Set = ["via", "gw", "dev", "oif", "onlink", "weight", "realms", "encap"]
        while let next = words.next, options.contains(next), let option = words.takeOption() {
            _ = try readHop(option, &words, &hop, isNested: true)
        }
        if hop == VirtualRoute.NextHop() {
            throw ItemWords.Mistake("'nexthop' expects 'via' or 'dev'")
        }
        return hop
    }

    private mutating func readNumbers(
        _ option: String, _ words: inout ItemWords, _ route: inout VirtualRoute
    ) throws(ItemWords.Mistake) -> Bool {
        switch option {
        case "table": route.table = try words.takeName(.tables, atMost: .max, &names)
        case "vrf": throw ItemWords.Mistake("'vrf' needs a table of its own: write 'table N'")
        case "tos", "dsfield":
            route.typeOfService = UInt8(try words.takeName(.fields, atMost: 255, &names))
        case "protocol", "proto":
            route.routeProtocol = UInt8(try words.takeName(.protocols, atMost: 255, &names))
        case "scope":
            route.scope = UInt8(try words.takeName(.scopes, atMost: 255, &names))
        case "metric", "priority", "preference":
            route.metric = UInt32(try words.takeNumber(0...UInt64(UInt32.max)))
        case "features":
            while words.take("ecn") { route.usesECN = true }
            if !route.usesECN { throw ItemWords.Mistake("'features' expects 'ecn'") }
        case "pref":
            route.routerPreference = try words.take("'low', 'medium' or 'high'") { word in
                ["medium": 0, "high": 1, "low": 3][word]
            }
        case "ttl-propagate":
            route.propagatesTTL = try words.take("'enabled' or 'disabled'") { word in
                ["enabled": true, "disabled": false][word]
            }
        default: return false
        }
        return true
    }

    private func readMetric(
        _ option: String, _ words: inout ItemWords, _ route: inout VirtualRoute
    ) throws(ItemWords.Mistake) -> Bool {
        guard let name = VirtualRoute.Metric.Name(rawValue: option) else { return false }
        let isLocked = words.take("lock")
        var metric = VirtualRoute.Metric(name: name, value: 0, isLocked: isLocked)
        switch name {
        case .congestionControl: metric.text = try words.takeWord("an algorithm")
        case .minimumRetransmission, .rtt, .rttvar:
            metric.value = try words.take("milliseconds or a time such as 2s") { word in
                let scaled =
                    word.hasSuffix("s")
                    ? Numbers.duration(word) : Numbers.decimal(word, unit: 1_000_000)
                return scaled.flatMap { UInt32(exactly: $0 / 1_000_000) }
            }
        default: metric.value = UInt32(try words.takeNumber(0...UInt64(UInt32.max)))
        }
        route.metrics.append(metric)
        return true
    }

    private func checkRoute(_ route: VirtualRoute) throws(ItemWords.Mistake) {
        let addresses: [IPAddress?] =
            [
                route.destination?.address, route.source?.address, route.preferredSource,
                route.alternateGateway,
            ] + route.nextHops.map(\.gateway)
        // A gateway of the other family is allowed for IPv4 over IPv6 (RFC 5549).
        guard addresses.allSatisfy({ $0.map { $0.family == route.family } ?? true }) else {
            throw ItemWords.Mistake("the addresses of the route are of different families")
        }
        // The kernel would take the route, and packets from everywhere with it.
        if let source = route.source, route.family == .v4 {
            throw ItemWords.Mistake(
                "'from \(source)' is for IPv6 only (IPv4 has rules with 'from' and 'table' for it)")
        }
        if !route.nextHops.isEmpty, route.hop.gateway != nil || route.hop.interface != nil {
            throw ItemWords.Mistake("a route has either 'nexthop' or 'via' and 'dev'")
        }
        if route.alternateGateway != nil, route.hop.gateway == nil {
            throw ItemWords.Mistake("'or' needs 'via'")
        }
    }

    private func unknownRouteOption(_ option: String) -> ItemWords.Mistake {
        if option == "weight" {
            return ItemWords.Mistake("'weight' stands behind 'nexthop' only")
        }
        let known =
            [
                "via", "gw", "or", "dev", "src", "to", "from", "table", "scope", "protocol", "tos",
                "metric", "onlink", "nexthop", "weight", "realms", "features", "encap", "append",
                "inet6", "no_track", "track_group", "pref", "default",
            ] + VirtualRoute.Metric.Name.allCases.map(\.rawValue)
            + VirtualRoute.Kind.allCases.map(\.rawValue)
        return .unknown(option, "a route", among: known)
    }
}

/// The family that the words of a route or rule tell: `inet6`, `inet`, or the first address.
func familyOfItem(_ words: [String]) -> IPAddress.Family? {
    if words.contains("inet6") { return .v6 }
    if words.contains("inet") { return .v4 }
    for (index, word) in words.enumerated() {
        // The gateway of an IPv4 route may be IPv6.
        if index > 0, words[index - 1] == "via" || words[index - 1] == "gw" { continue }
        if let prefix = Prefix(word) { return prefix.address.family }
    }
    for word in words {
        if let address = IPAddress(word) { return address.family }
    }
    return nil
}
