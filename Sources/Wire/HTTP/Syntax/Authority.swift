// `host [":" port]` (RFC 3986 §3.2): the value of Host, the authority of a target. Checked to the
// last byte, since the host decides where a request goes.

/// A checked authority without user information.
struct Authority {
    /// The host; an IPv6 literal with its brackets. May be empty.
    var host: Range<Int>
    /// The port, or -1 when there is none or it is empty.
    var port: Int

    /// Whether `start ..< end` is an authority. Names and IPv4 addresses are decided here, the
    /// rest by ``parse(_:_:)``.
    @inline(__always)
    static func isValid(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        var index = start
        while index &+ 8 <= bytes.count {
            let skipped = Scanning.plainHostBytes(bytes.load64(index))
            index &+= skipped
            if skipped < 8 || index >= end { break }
        }
        if index >= end { return true }
        if bytes[index] != Byte.colon { return parse(bytes, start..<end) != nil }
        if end &- index > 6 { return false }
        var port = 0
        index &+= 1
        while index < end {
            let digit = bytes[index] &- Byte.zero
            if digit > 9 { return false }
            port = port &* 10 &+ Int(digit)
            index &+= 1
        }
        return port <= 65535
    }

    /// Reads all of `range` as an authority; nil when it is not one.
    @inline(never)
    static func parse(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Authority? {
        guard let end = hostEnd(bytes, range) else { return nil }
        var authority = Authority(host: range.lowerBound..<end, port: -1)
        if end == range.upperBound { return authority }
        guard bytes[end] == Byte.colon, range.upperBound &- end <= 6 else { return nil }
        var index = end &+ 1
        if index == range.upperBound { return authority }
        var port = 0
        while index < range.upperBound {
            let byte = bytes[index]
            guard byte.isIn(CharacterClass.digit) else { return nil }
            port = port &* 10 &+ Int(byte &- Byte.zero)
            index &+= 1
        }
        guard port <= 65535 else { return nil }
        authority.port = port
        return authority
    }

    /// Where the host in front of a possible port ends; nil when it holds a wrong byte.
    @inline(__always)
    private static func hostEnd(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        var index = range.lowerBound
        if index < range.upperBound, bytes[index] == 0x5B { return literalEnd(bytes, range) }
        while index < range.upperBound {
            let byte = bytes[index]
            if byte.isIn(CharacterClass.registeredName) {
                index &+= 1
            } else if byte == 0x25 {
                guard index &+ 2 < range.upperBound,
                    bytes[index &+ 1].isIn(CharacterClass.hexadecimal),
                    bytes[index &+ 2].isIn(CharacterClass.hexadecimal)
                else { return nil }
                index &+= 3
            } else {
                return byte == Byte.colon ? index : nil
            }
        }
        return index
    }

    /// The end of `[` IPv6 address `]`.
    private static func literalEnd(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        var index = range.lowerBound &+ 1
        var colons = 0
        while index < range.upperBound {
            let byte = bytes[index]
            if byte == 0x5D { return colons >= 2 ? index &+ 1 : nil }
            if byte == Byte.colon {
                colons &+= 1
            } else if !byte.isIn(CharacterClass.hexadecimal), byte != Byte.period {
                return nil
            }
            index &+= 1
        }
        return nil
    }

    /// Whether both name the same host and port, a missing port meaning `defaultPort`
    /// (-1 for none).
    func agrees(with peer: Authority, defaultPort: Int, in bytes: Span<UInt8>) -> Bool {
        let port = self.port < 0 ? defaultPort : self.port
        let peerPort = peer.port < 0 ? defaultPort : peer.port
        return port == peerPort && Scanning.equalIgnoringCase(bytes, host, peer.host)
    }
}
