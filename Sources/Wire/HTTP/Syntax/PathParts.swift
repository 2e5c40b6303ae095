// What a request target is made of for the fetches: path, query, the address an absolute form
// names. Configuration manual: path, pathq, query, base, base32, url32, url_ip, url_port.

import Bytes

/// Parts of a request target, found anew since rules may have changed it.
public struct PathParts: Equatable, Sendable {
    /// The path and the query with its question mark; empty when the target has no path, as `*`,
    /// an authority, or an absolute form that ends with its authority.
    public var pathAndQuery: Range<Int>
    /// The path: up to the first question mark. A fragment, where one is let pass, is part of it.
    public var path: Range<Int>
    /// What follows the first question mark of the target; nil without one.
    public var query: Range<Int>?

    /// Finds the parts of a target in any form.
    public init(of target: Span<UInt8>) {
        let count = target.count
        var start = count
        if let authority = Self.authority(of: target) {
            start = authority.upperBound
        } else if count > 0, target[0] == Byte.slash {
            start = 0
        }
        var end = start
        while end < count, target[end] != Byte.questionMark { end &+= 1 }
        pathAndQuery = start..<count
        path = start..<end
        query = QueryParameters.start(of: target).map { $0..<count }
    }

    /// The authority of an absolute form: what stands between `scheme://` and the next slash; nil
    /// in the other forms.
    public static func authority(of target: Span<UInt8>) -> Range<Int>? {
        let count = target.count
        guard count > 0, target[0].isIn(CharacterClass.letter) else { return nil }
        var index = 1
        while index < count, target[index].isIn(CharacterClass.scheme) { index &+= 1 }
        guard index &+ 2 < count, target[index] == Byte.colon,
            target[index &+ 1] == Byte.slash, target[index &+ 2] == Byte.slash
        else { return nil }
        let start = index &+ 3
        var end = start
        while end < count, target[end] != Byte.slash { end &+= 1 }
        return start..<end
    }

    /// `base32`, and `url32` when given path and query: the hash of a host (the first element of
    /// the Host field, or nothing) and a path behind one another.
    public static func hash(host: Span<UInt8>, path: Span<UInt8>) -> UInt32 {
        // HAProxy takes bytes for signed numbers here, unlike in its converter.
        Hash32.avalanche(
            Hash32.signedSDBM(path, continuing: Hash32.signedSDBM(host, continuing: 0)))
    }
}

/// The IPv4 address and the port in an absolute form of `http` or `https`.
///
/// As in HAProxy, what follows the four numbers may be anything but a period, a port is read as
/// far as it has digits and kept to 16 bits, and names and IPv6 literals are no addresses.
public struct TargetAddress: Equatable, Sendable {
    /// The address; its first octet in the highest byte.
    public var address: UInt32
    /// The port, or that of the scheme where none is written.
    public var port: UInt16

    /// Reads the address of a target; nil when it names none.
    public init?(of target: Span<UInt8>) {
        guard let authority = PathParts.authority(of: target),
            let schemePort = Self.schemePort(target, authority.lowerBound &- 3)
        else { return nil }
        var index = authority.lowerBound
        guard let address = Self.address(target, &index, authority.upperBound) else { return nil }
        self.address = address
        port = schemePort
        guard index &+ 1 < authority.upperBound, target[index] == Byte.colon else { return }
        port = 0
        index &+= 1
        while index < authority.upperBound, target[index].isIn(CharacterClass.digit) {
            port = port &* 10 &+ UInt16(target[index] &- Byte.zero)
            index &+= 1
        }
    }

    /// The default port of the scheme that ends at `end`; nil when the scheme is another one.
    private static func schemePort(_ target: Span<UInt8>, _ end: Int) -> UInt16? {
        switch (end, Scanning.smallWord(target, at: 0, length: min(end, 8))) {
        case (4, word("http")): 80
        case (5, word("https")): 443
        default: nil
        }
    }

    /// Four decimal numbers up to 255 with periods between them and none behind.
    private static func address(
        _ target: Span<UInt8>, _ index: inout Int, _ end: Int
    ) -> UInt32? {
        var address: UInt32 = 0
        var octets = 0
        while true {
            let start = index
            var octet: UInt32 = 0
            while index < end, target[index].isIn(CharacterClass.digit) {
                octet = octet &* 10 &+ UInt32(target[index] &- Byte.zero)
                if octet > 255 { return nil }
                index &+= 1
            }
            if index == start { return nil }
            address = address &<< 8 | octet
            octets &+= 1
            let isPeriod = index < end && target[index] == Byte.period
            if octets == 4 { return isPeriod ? nil : address }
            if !isPeriod { return nil }
            index &+= 1
        }
    }
}
