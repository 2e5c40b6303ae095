// The three unusual forms of a request target (RFC 9112 §3.2) and what they say about the host.

/// Request targets other than the origin form.
enum Target {
    /// Finds the form of the target and its parts; returns the fault of a wrong one.
    @inline(never)
    static func classify(
        _ bytes: Span<UInt8>, _ policy: HTTP1.Policy, _ head: inout MessageHead
    ) -> HTTPFault? {
        let range = head.targetRange
        if head.method == .connect { return authorityForm(bytes, range, policy, &head) }
        if bytes[range.lowerBound] == Byte.asterisk {
            head.form = .asterisk
            head.pathStart = head.targetStart
            return range.count == 1 && head.method == .options ? nil : .badTarget
        }
        return absoluteForm(bytes, range, &head)
    }

    /// `host:port`, of CONNECT alone. An empty or impossible port is refused (RFC 9110 §9.3.6).
    private static func authorityForm(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ policy: HTTP1.Policy,
        _ head: inout MessageHead
    ) -> HTTPFault? {
        head.form = .authority
        setAuthority(range, &head)
        head.pathStart = UInt32(truncatingIfNeeded: range.upperBound)
        let parsed = Authority.parse(bytes, range)
        if let parsed, parsed.port == 80 || parsed.port == 443 {
            head.facts.insert(.namesUsualPort)
        }
        if policy.contains(.unsafeViolations) { return nil }
        guard let authority = parsed else { return .badTarget }
        return authority.port > 0 && !authority.host.isEmpty ? nil : .badTarget
    }

    /// `scheme://authority` and a path. User information is refused (RFC 9110 §4.2.4), and so is
    /// an empty host (§4.2.1).
    private static func absoluteForm(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ head: inout MessageHead
    ) -> HTTPFault? {
        head.form = .absolute
        var index = range.lowerBound
        guard bytes[index].isIn(CharacterClass.letter) else { return .badTarget }
        while index < range.upperBound, bytes[index].isIn(CharacterClass.scheme) { index &+= 1 }
        guard index &+ 2 < range.upperBound, bytes[index] == Byte.colon,
            bytes[index &+ 1] == Byte.slash, bytes[index &+ 2] == Byte.slash
        else { return .badTarget }
        let start = index &+ 3
        var end = start
        while end < range.upperBound, bytes[end] != Byte.slash, bytes[end] != Byte.questionMark {
            end &+= 1
        }
        guard let authority = Authority.parse(bytes, start..<end), !authority.host.isEmpty
        else { return .badTarget }
        setAuthority(start..<end, &head)
        head.pathStart = UInt32(truncatingIfNeeded: end)
        let lacksPath =
            end == range.upperBound ? head.method != .options : bytes[end] != Byte.slash
        if lacksPath { head.facts.insert(.lacksPath) }
        let hasColon = authority.host.upperBound < end
        if hasColon, authority.port < 0 || authority.port == schemePort(bytes, head) {
            head.facts.insert(.namesUsualPort)
        }
        return nil
    }

    private static func setAuthority(_ range: Range<Int>, _ head: inout MessageHead) {
        head.authorityStart = UInt32(truncatingIfNeeded: range.lowerBound)
        head.authorityLength = UInt32(truncatingIfNeeded: range.count)
    }

    /// Whether a Host value names what the target names (RFC 9112 §3.2.2). The RFC lets a proxy
    /// trust the target alone; refusing a difference leaves nothing to the next reader.
    static func hostAgrees(
        _ bytes: Span<UInt8>, _ host: Range<Int>, _ head: MessageHead
    ) -> Bool {
        guard let named = Authority.parse(bytes, host),
            let target = Authority.parse(bytes, head.authorityRange)
        else { return false }
        var defaultPort = -1
        if head.form == .authority {
            if target.port == 80 || target.port == 443 { defaultPort = target.port }
        } else {
            defaultPort = schemePort(bytes, head)
        }
        return named.agrees(with: target, defaultPort: defaultPort, in: bytes)
    }

    /// The port a scheme means when none is written; -1 for schemes unknown here.
    private static func schemePort(_ bytes: Span<UInt8>, _ head: MessageHead) -> Int {
        let start = Int(head.targetStart)
        let length = Int(head.authorityStart) &- 3 &- start
        switch (length, Scanning.smallWord(bytes, at: start, length: min(length, 8))) {
        case (4, word("http")): return 80
        case (5, word("https")): return 443
        default: return -1
        }
    }
}
