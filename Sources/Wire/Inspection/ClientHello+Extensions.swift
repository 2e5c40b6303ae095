// What a ClientHello's extensions say (RFC 6066 §3, RFC 7301, RFC 8422, RFC 5077, RFC 8446 §4.2).
// Configuration manual: req.ssl_sni, req.ssl_alpn, req.ssl_ec_ext, req.ssl_supported_groups,
// req.ssl_sigalgs, req.ssl_keyshare_groups, req.ssl_st_ext.

extension ClientHello {
    /// The kinds of extensions looked at (IANA, TLS ExtensionType Values).
    private enum Kind {
        static let serverName = 0
        static let supportedGroups = 10
        static let signatureAlgorithms = 13
        static let protocolNames = 16
        static let sessionTicket = 35
        static let keyShare = 51
    }

    /// The first name a client asks for when it is a host name; may be empty. Not looked at
    /// further: a second name of one list.
    public func serverName(in bytes: Span<UInt8>) -> Range<Int>? {
        guard let extensions else { return nil }
        var reader = Fields(extensions)
        while case .found(let body) = reader.seek(Kind.serverName, bytes) {
            guard body.count >= 5 else { return nil }
            let length = bytes.number16(body.lowerBound)
            if length < 4 || length > extensions.upperBound &- body.lowerBound &- 2 { return nil }
            if bytes[body.lowerBound &+ 2] != 0 { continue }
            var name = Fields(body.lowerBound &+ 3..<body.upperBound)
            return name.counted16(bytes)
        }
        return nil
    }

    /// The names of application protocols, each behind its length of one byte; nil without any.
    public func protocolNames(in bytes: Span<UInt8>) -> Range<Int>? {
        guard let body = body(of: Kind.protocolNames, in: bytes), body.count >= 3,
            body.count &- 3 >= Int(bytes[body.lowerBound &+ 2])
        else { return nil }
        return body.lowerBound &+ 2..<body.upperBound
    }

    /// The next protocol of ``protocolNames(in:)``, which loses it; nil at the end.
    public static func nextProtocol(
        in bytes: Span<UInt8>, _ names: inout Range<Int>
    ) -> Range<Int>? {
        var reader = Fields(names)
        guard let name = reader.counted8(bytes) else { return nil }
        names = reader.rest
        return name
    }

    /// Whether the client names groups (once: elliptic curves) at all.
    public func hasSupportedGroups(in bytes: Span<UInt8>) -> Bool {
        body(of: Kind.supportedGroups, in: bytes) != nil
    }

    /// The groups, two bytes each, without the length of the list; nil without a whole list.
    public func supportedGroups(in bytes: Span<UInt8>) -> Range<Int>? {
        list(of: Kind.supportedGroups, in: bytes)
    }

    /// The signature algorithms, two bytes each, without the length of the list.
    public func signatureAlgorithms(in bytes: Span<UInt8>) -> Range<Int>? {
        list(of: Kind.signatureAlgorithms, in: bytes)
    }

    /// The key shares: groups of two bytes with a counted key each, without the length of the list.
    public func keyShares(in bytes: Span<UInt8>) -> Range<Int>? {
        list(of: Kind.keyShare, in: bytes)
    }

    /// Where the group of the next of ``keyShares(in:)`` stands, two bytes; nil at the end and in
    /// front of a share that is cut off. `shares` loses it.
    public static func nextKeyShareGroup(
        in bytes: Span<UInt8>, _ shares: inout Range<Int>
    ) -> Range<Int>? {
        var reader = Fields(shares)
        guard reader.take(2), reader.counted16(bytes) != nil else { return nil }
        let group = shares.lowerBound..<shares.lowerBound &+ 2
        shares = reader.rest
        return group
    }

    /// 0 without the extension for session tickets, 1 with an empty one, 2 with a ticket; nil
    /// where extensions are missing or broken.
    public func sessionTicket(in bytes: Span<UInt8>) -> Int? {
        guard let extensions else { return nil }
        var reader = Fields(extensions)
        switch reader.seek(Kind.sessionTicket, bytes) {
        case .found(let body): return body.isEmpty ? 1 : 2
        case .absent: return 0
        case .broken: return nil
        }
    }

    /// The body of the first extension of a kind.
    private func body(of kind: Int, in bytes: Span<UInt8>) -> Range<Int>? {
        guard let extensions else { return nil }
        var reader = Fields(extensions)
        if case .found(let body) = reader.seek(kind, bytes) { return body }
        return nil
    }

    /// The list that is the body of an extension, behind its length of two bytes.
    private func list(of kind: Int, in bytes: Span<UInt8>) -> Range<Int>? {
        guard let body = body(of: kind, in: bytes) else { return nil }
        var reader = Fields(body)
        return reader.counted16(bytes)
    }
}

/// What came of looking for an extension.
private enum Search {
    case found(Range<Int>)
    case absent
    /// An extension on the way is longer than what is left.
    case broken
}

extension Fields {
    /// Takes extensions up to the first one of a kind.
    fileprivate mutating func seek(_ kind: Int, _ bytes: Span<UInt8>) -> Search {
        while rest.count >= 4 {
            let found = bytes.number16(rest.lowerBound)
            guard take(2), let body = counted16(bytes) else { return .broken }
            if found == kind { return .found(body) }
        }
        return .absent
    }
}
