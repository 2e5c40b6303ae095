// Reads the address syntax of the configuration in the order the prefixes may stand:
//
//     [stream+|dgram+|quic+] [family@ or protocol@] host[:port[-port]|:+n|:-n]

extension AddressSpecification {
    /// Looks up an environment variable; nil when it is not set.
    public typealias Environment = (_ name: String) -> String?

    /// Parses one address; variables in it are expanded even though they stand outside quotes.
    public static func parse(
        _ text: String, rules: Rules, environment: Environment = { _ in nil }
    ) -> Result<AddressSpecification, Mistake> {
        let expanded = expandVariables(text, environment)
        if expanded.isEmpty {
            return .failure(
                Mistake(
                    "'\(text)' resolves to an empty address (environment variable missing?)"))
        }
        return Result { () throws(Mistake) in
            var parser = AddressParser(text: text, rules: rules)
            return try parser.parse(expanded)
        }
    }

    /// Parses addresses separated by commas, as `bind` takes them. A trailing comma is fine.
    public static func parseList(
        _ text: String, rules: Rules, environment: Environment = { _ in nil }
    ) -> Result<[AddressSpecification], Mistake> {
        var parts = text.split(separator: ",", omittingEmptySubsequences: false)
        if parts.count > 1 && parts.last?.isEmpty == true { parts.removeLast() }
        var addresses: [AddressSpecification] = []
        for part in parts {
            switch parse(String(part), rules: rules, environment: environment) {
            case .success(let address): addresses.append(address)
            case .failure(let mistake): return .failure(mistake)
            }
        }
        return .success(addresses)
    }
}

/// Replaces `$NAME` and `${NAME}` by their values, unset ones by nothing.
func expandVariables(_ text: String, _ environment: AddressSpecification.Environment) -> String {
    guard text.utf8.contains(0x24) else { return text }
    var result = ""
    var rest = Substring(text)
    while let dollar = rest.firstIndex(of: "$") {
        result += rest[..<dollar]
        rest = rest[rest.index(after: dollar)...]
        let isBraced = rest.first == "{"
        let body = isBraced ? rest.dropFirst() : rest
        let name = body.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        let behind = body[name.endIndex...]
        if name.isEmpty || (isBraced && behind.first != "}") {
            result += "$"
            continue
        }
        result += environment(String(name)) ?? ""
        rest = isBraced ? behind.dropFirst() : behind
    }
    return result + rest
}

/// What a `name@` prefix means.
private struct AddressPrefix {
    enum Kind {
        case ip(IPAddress.Family?), unix, abstract, abstractShort, descriptor, pair, reverse
    }

    let kind: Kind
    var socketType: AddressSpecification.SocketType?
    var transport = AddressSpecification.Transport.plain

    static func named(_ name: Substring) -> AddressPrefix? {
        switch name {
        case "ip": AddressPrefix(kind: .ip(nil))
        case "ipv4": AddressPrefix(kind: .ip(.v4))
        case "ipv6": AddressPrefix(kind: .ip(.v6))
        case "unix": AddressPrefix(kind: .unix)
        case "uxst": AddressPrefix(kind: .unix, socketType: .stream)
        case "uxdg": AddressPrefix(kind: .unix, socketType: .datagram)
        case "abns": AddressPrefix(kind: .abstract)
        case "abnsz": AddressPrefix(kind: .abstractShort)
        case "fd": AddressPrefix(kind: .descriptor)
        case "sockpair": AddressPrefix(kind: .pair)
        case "rhttp", "rev": AddressPrefix(kind: .reverse)
        case "tcp": AddressPrefix(kind: .ip(nil), socketType: .stream)
        case "tcp4": AddressPrefix(kind: .ip(.v4), socketType: .stream)
        case "tcp6": AddressPrefix(kind: .ip(.v6), socketType: .stream)
        case "udp": AddressPrefix(kind: .ip(nil), socketType: .datagram)
        case "udp4": AddressPrefix(kind: .ip(.v4), socketType: .datagram)
        case "udp6": AddressPrefix(kind: .ip(.v6), socketType: .datagram)
        case "quic4": AddressPrefix(kind: .ip(.v4), socketType: .datagram, transport: .quic)
        case "quic6": AddressPrefix(kind: .ip(.v6), socketType: .datagram, transport: .quic)
        case "mptcp": AddressPrefix(kind: .ip(nil), socketType: .stream, transport: .multipath)
        case "mptcp4": AddressPrefix(kind: .ip(.v4), socketType: .stream, transport: .multipath)
        case "mptcp6": AddressPrefix(kind: .ip(.v6), socketType: .stream, transport: .multipath)
        default: nil
        }
    }
}

private struct AddressParser {
    typealias Mistake = AddressSpecification.Mistake

    /// The text as written, quoted in every message.
    let text: String
    let rules: AddressSpecification.Rules

    mutating func parse(_ expanded: String) throws(Mistake) -> AddressSpecification {
        var rest = Substring(expanded)
        var forcedType: AddressSpecification.SocketType?
        var transport = AddressSpecification.Transport.plain
        for (word, type) in [("stream+", .stream), ("dgram+", .datagram), ("quic+", .datagram)]
            as [(String, AddressSpecification.SocketType)] where rest.hasPrefix(word)
        {
            rest = rest.dropFirst(word.count)
            forcedType = type
            if word == "quic+" { transport = .quic }
            break
        }
        var kind = rest.first == "/" ? AddressPrefix.Kind.unix : .ip(nil)
        if let at = rest.firstIndex(of: "@"), let prefix = AddressPrefix.named(rest[..<at]) {
            kind = prefix.kind
            forcedType = forcedType ?? prefix.socketType
            if transport == .plain { transport = prefix.transport }
            rest = rest[rest.index(after: at)...]
        }
        let socketType = forcedType ?? rules.socketType
        try check(socketType, transport)
        var specification = try place(kind, rest)
        specification.socketType = socketType
        specification.transport = transport
        return specification
    }

    private func check(
        _ type: AddressSpecification.SocketType, _ transport: AddressSpecification.Transport
    ) throws(Mistake) {
        if rules.allowsOtherType || type == rules.socketType || transport == .quic { return }
        throw Mistake(
            "\(type == .stream ? "stream" : "dgram")-type address not acceptable in '\(text)'")
    }

    private func place(
        _ kind: AddressPrefix.Kind, _ rest: Substring
    ) throws(Mistake) -> AddressSpecification {
        switch kind {
        case .ip(let family):
            return try host(rest, family)
        case .unix:
            return try unix(.path, rest)
        case .abstract:
            return try unix(.abstract, rest)
        case .abstractShort:
            return try unix(.abstractShort, rest)
        case .descriptor:
            if !rules.allowsDescriptor {
                throw Mistake("a file descriptor is not acceptable here in '\(text)'")
            }
            return AddressSpecification(place: .descriptor(try number(rest)), port: .absent)
        case .pair:
            return AddressSpecification(place: .socketPair(try number(rest)), port: .absent)
        case .reverse:
            return AddressSpecification(place: .reverse(String(rest)), port: .absent)
        }
    }

    private func number(_ digits: Substring) throws(Mistake) -> Int32 {
        guard let value = decimalNumber(digits.utf8, atMost: Int(Int32.max)) else {
            throw Mistake("file descriptor '\(digits)' is not a valid integer in '\(text)'")
        }
        return Int32(value)
    }

    private func unix(
        _ kind: UNIXSocketAddress.Kind, _ name: Substring
    ) throws(Mistake) -> AddressSpecification {
        let limit = UNIXSocketAddress.longestNameBytes
        guard name.utf8.count <= limit else {
            throw Mistake("socket path '\(text)' too long (max \(limit))")
        }
        guard let address = UNIXSocketAddress(kind, name: Array(name.utf8)) else {
            throw Mistake("invalid character in socket path '\(text)'")
        }
        if name.isEmpty { throw Mistake("missing socket path or name in '\(text)'") }
        return AddressSpecification(place: .unix(address), port: .absent)
    }

    private func host(
        _ rest: Substring, _ family: IPAddress.Family?
    ) throws(Mistake) -> AddressSpecification {
        let (host, portText) = splitPort(rest)
        let port = try port(portText)
        let place = try self.place(ofHost: host, family)
        return AddressSpecification(place: place, port: port)
    }

    /// Cuts at the last colon unless it is inside brackets; without one there is no port.
    private func splitPort(_ rest: Substring) -> (host: Substring, port: Substring?) {
        guard let cut = rest.lastIndex(where: { $0 == ":" || $0 == "]" }), rest[cut] == ":" else {
            return (rest, nil)
        }
        return (rest[..<cut], rest[rest.index(after: cut)...])
    }

    private func place(
        ofHost host: Substring, _ family: IPAddress.Family?
    ) throws(Mistake) -> AddressSpecification.Place {
        if host.isEmpty || host == "*" { return .wildcard(family ?? .v4) }
        if host == "::" && family != .v4 { return .wildcard(.v6) }
        let isBracketed = host.first == "[" && host.last == "]"
        let bare = isBracketed ? host.dropFirst().dropLast() : host
        if let address = IPAddress(bare) {
            let fits = family == nil || family == address.family
            if fits && (!isBracketed || address.family == .v6) {
                return address.isUnspecified ? .wildcard(address.family) : .address(address)
            }
            throw Mistake("invalid address: '\(host)' in '\(text)'")
        }
        guard !isBracketed, isHostName(host) else {
            throw Mistake("invalid address: '\(host)' in '\(text)'")
        }
        return .name(String(host), family)
    }

    /// Letters, digits, dots, hyphens and underscores: anything else no resolver would take.
    private func isHostName(_ host: Substring) -> Bool {
        host.utf8.count <= 253
            && host.utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
                default: false
                }
            }
    }

    private func port(_ written: Substring?) throws(Mistake) -> PortSpecification {
        guard let written, !written.isEmpty else {
            if rules.port == .required { throw Mistake("missing port specification in '\(text)'") }
            return .absent
        }
        if rules.port == .forbidden {
            throw Mistake("port specification not permitted here in '\(text)'")
        }
        if let sign = written.first, sign == "+" || sign == "-" {
            return try offset(written.dropFirst(), isNegative: sign == "-")
        }
        guard let dash = written.firstIndex(of: "-") else {
            return .fixed(PortRange(try portNumber(written)))
        }
        if !rules.allowsRange { throw Mistake("port range not permitted here in '\(text)'") }
        let first = try portNumber(written[..<dash])
        let last = try portNumber(written[written.index(after: dash)...])
        guard let range = PortRange(first, through: last) else {
            throw Mistake("invalid port range '\(written)'")
        }
        return .fixed(range)
    }

    private func offset(
        _ digits: Substring, isNegative: Bool
    ) throws(Mistake) -> PortSpecification {
        if !rules.allowsOffset { throw Mistake("port offset not permitted here in '\(text)'") }
        guard let amount = decimalNumber(digits.utf8, atMost: 65535) else {
            throw Mistake("invalid port offset '\(digits)' in '\(text)'")
        }
        return .offset(Int32(isNegative ? -amount : amount))
    }

    /// Differs: digits must fill the whole port; HAProxy reads `80a` as 80.
    private func portNumber(_ digits: Substring) throws(Mistake) -> UInt16 {
        guard let value = decimalNumber(digits.utf8, atMost: 65535),
            value > 0 || rules.port != .required
        else { throw Mistake("invalid port '\(digits)'") }
        return UInt16(value)
    }
}
