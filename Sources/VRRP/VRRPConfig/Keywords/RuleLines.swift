// One line of `virtual_rules` or `static_rules`: the syntax of `ip rule add`.
// keepalived.conf(5): static_rules.

import Addresses
import ConfigLanguage

extension Reading {
    /// The rules of a block; a line with a mistake is left out.
    mutating func rules(_ statement: Statement, _ place: ItemPlace) -> [VirtualRule] {
        items(statement) { reading, line throws(ItemWords.Mistake) in
            try reading.rule(line, place)
        }
    }

    private mutating func rule(
        _ line: Statement, _ place: ItemPlace
    ) throws(ItemWords.Mistake) -> VirtualRule {
        var words = ItemWords(line.words)
        var rule = VirtualRule()
        rule.family = familyOfItem(line.words) ?? .v4
        while let option = words.takeOption() {
            if try readMatch(option, &words, &rule) { continue }
            if try readAction(option, &words, &rule) { continue }
            switch option {
            case "inet6": rule.family = .v6
            case "inet": rule.family = .v4
            case "preference", "priority", "order", "pref":
                rule.preference = UInt32(try words.takeNumber(0...UInt64(UInt32.max)))
            case "protocol", "proto":
                rule.ruleProtocol = UInt8(try words.takeName(.protocols, atMost: 255, &names))
            case "realms", "realm": rule.realms = try words.takeRealms(&names)
            case "suppress_prefixlength", "sup_pl":
                rule.suppressedPrefixLength = UInt32(try words.takeNumber(0...128))
            case "suppress_ifgroup", "sup_group":
                rule.suppressedGroup = try words.takeName(.groups, atMost: .max, &names)
            case "no_track" where place == .virtual: rule.isUntracked = true
            case "track_group" where place == .fixed:
                rule.trackGroup = try words.takeWord("a track_group")
            default: throw unknownRuleOption(option)
            }
        }
        try checkRule(rule)
        return rule
    }

    private mutating func readMatch(
        _ option: String, _ words: inout ItemWords, _ rule: inout VirtualRule
    ) throws(ItemWords.Mistake) -> Bool {
        switch option {
        case "not": rule.isInverted = true
        case "from": rule.from = try specificPrefix(&words, rule)
        case "to": rule.to = try specificPrefix(&words, rule)
        case "tos", "dsfield":
            rule.typeOfService = UInt8(try words.takeName(.fields, atMost: 255, &names))
        case "fwmark":
            let (mark, mask) = try words.take("MARK or MARK/MASK") { word in parseMark(word) }
            rule.mark = mark
            rule.markMask = mask
        case "iif", "dev": rule.inputInterface = try words.takeWord("an interface")
        case "oif": rule.outputInterface = try words.takeWord("an interface")
        case "l3mdev": rule.usesL3Device = true
        case "tun_id": rule.tunnelID = try words.takeNumber(0...UInt64.max)
        case "uidrange":
            rule.users = try words.take("FROM-TO") { word in
                parseRange(word).flatMap { range in
                    UInt32(exactly: range.upperBound).map { UInt32(range.lowerBound)...$0 }
                }
            }
        case "ip_proto", "ipproto":
            rule.ipProtocol = try words.take("a protocol") { word in parseProtocol(word) }
        case "sport": rule.sourcePorts = try takePorts(&words)
        case "dport": rule.destinationPorts = try takePorts(&words)
        default: return false
        }
        return true
    }

    /// A prefix; nil for all addresses.
    private func specificPrefix(
        _ words: inout ItemWords, _ rule: VirtualRule
    ) throws(ItemWords.Mistake) -> Prefix? {
        let prefix = try words.takePrefix(rule.family)
        return prefix.length == 0 ? nil : prefix
    }

    private mutating func readAction(
        _ option: String, _ words: inout ItemWords, _ rule: inout VirtualRule
    ) throws(ItemWords.Mistake) -> Bool {
        switch option {
        case "table", "lookup":
            rule.action = .table(try words.takeName(.tables, atMost: .max, &names))
        case "goto":
            rule.action = .goTo(UInt32(try words.takeNumber(0...UInt64(UInt32.max))))
        case "nop": rule.action = .nop
        case "blackhole": rule.action = .blackhole
        case "unreachable": rule.action = .unreachable
        case "prohibit": rule.action = .prohibit
        default: return false
        }
        return true
    }

    private func takePorts(
        _ words: inout ItemWords
    ) throws(ItemWords.Mistake) -> ClosedRange<UInt16> {
        try words.take("a port or FROM-TO") { word in
            parseRange(word).flatMap { range in
                UInt16(exactly: range.upperBound).map { UInt16(range.lowerBound)...$0 }
            }
        }
    }

    private func checkRule(_ rule: VirtualRule) throws(ItemWords.Mistake) {
        if rule.action == nil, !rule.usesL3Device {
            throw ItemWords.Mistake("a rule needs 'table', 'goto' or another action")
        }
        let addresses = [rule.from?.address, rule.to?.address]
        guard addresses.allSatisfy({ $0.map { $0.family == rule.family } ?? true }) else {
            throw ItemWords.Mistake("the addresses of the rule are of different families")
        }
        if case .goTo(let target) = rule.action, let preference = rule.preference,
            target <= preference
        {
            throw ItemWords.Mistake("'goto' only goes to a higher preference")
        }
    }

    private func unknownRuleOption(_ option: String) -> ItemWords.Mistake {
        let known = [
            "from", "to", "table", "lookup", "preference", "priority", "iif", "oif", "tos",
            "dsfield", "fwmark", "realms", "goto", "suppress_prefixlength", "suppress_ifgroup",
            "uidrange", "ip_proto", "sport", "dport", "l3mdev", "protocol", "tun_id", "not",
            "inet6", "no_track", "track_group", "blackhole", "unreachable", "prohibit", "nop",
        ]
        return .unknown(option, "a rule", among: known)
    }
}

/// `NUMBER` or `FROM-TO`.
private func parseRange(_ word: String) -> ClosedRange<UInt64>? {
    let parts = word.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard let low = Numbers.unsigned(parts[0]),
        let high = parts.count == 2 ? Numbers.unsigned(parts[1]) : low, low <= high,
        high <= UInt64(UInt32.max)
    else { return nil }
    return low...high
}

/// `MARK` or `MARK/MASK`.
private func parseMark(_ word: String) -> (UInt32, UInt32?)? {
    let parts = word.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let mark = Numbers.unsigned(parts[0]).flatMap({ UInt32(exactly: $0) }) else {
        return nil
    }
    guard parts.count == 2 else { return (mark, nil) }
    guard let mask = Numbers.unsigned(parts[1]).flatMap({ UInt32(exactly: $0) }) else {
        return nil
    }
    return (mark, mask)
}

/// An IP protocol by number or by one of the names that rules are written with.
private func parseProtocol(_ word: String) -> UInt8? {
    if let number = Numbers.unsigned(word) { return UInt8(exactly: number) }
    let lower = word.lowercased()
    return [
        "icmp": 1, "igmp": 2, "ipip": 4, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "ah": 51,
        "icmpv6": 58, "ipv6-icmp": 58, "ospf": 89, "vrrp": 112, "sctp": 132, "udplite": 136,
    ][lower]
}
