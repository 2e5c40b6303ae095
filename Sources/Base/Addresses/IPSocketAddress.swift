// An IP address with a port: what the data path keeps for each connection. 24 bytes, trivially
// copyable, and convertible to and from the kernel's sockaddr_in and sockaddr_in6 bytes.

/// An IP address, a port and, for link-local IPv6, the interface it belongs to.
public struct IPSocketAddress: Hashable, Sendable, BitwiseCopyable {
    private let high: UInt64
    private let low: UInt64
    /// The interface index of a link-local IPv6 address; zero otherwise.
    public let scope: UInt32
    /// The port in host order.
    public let port: UInt16
    private let family: IPAddress.Family

    /// An address with a port in host order.
    @inlinable public init(_ address: IPAddress, port: UInt16, scope: UInt32 = 0) {
        self.init(
            high: address.high, low: address.low, scope: scope, port: port, family: address.family)
    }

    @usableFromInline
    init(high: UInt64, low: UInt64, scope: UInt32, port: UInt16, family: IPAddress.Family) {
        self.high = high
        self.low = low
        self.scope = scope
        self.port = port
        self.family = family
    }

    /// The address without its port.
    public var address: IPAddress {
        family == .v4
            ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : IPAddress(v6High: high, low: low)
    }

    /// The same address with another port.
    public func with(port: UInt16) -> IPSocketAddress {
        IPSocketAddress(high: high, low: low, scope: scope, port: port, family: family)
    }

    /// 0.0.0.0:0, what a connection without a known peer shows.
    public static var unspecified: IPSocketAddress { IPSocketAddress(.anyV4, port: 0) }
}

extension IPSocketAddress {
    /// The most bytes `writeText` can write: a bracketed IPv6 address, a colon and five digits.
    public static let longestTextBytes = IPAddress.longestTextBytes + 8

    /// Writes `a.b.c.d:port` or `[v6]:port` at `start` and returns the index behind its last byte.
    ///
    /// Traps unless `longestTextBytes` fit behind `start`.
    @discardableResult
    public func writeText(into target: inout MutableSpan<UInt8>, at start: Int = 0) -> Int {
        precondition(start >= 0 && start <= target.count - IPSocketAddress.longestTextBytes)
        var writer = TextWriter(position: start)
        if family == .v6 { writer.byte(0x5B, into: &target) }
        writer.position = address.writeText(into: &target, at: writer.position)
        if family == .v6 { writer.byte(0x5D, into: &target) }
        writer.byte(0x3A, into: &target)
        writer.decimal(UInt32(port), into: &target)
        return writer.position
    }
}

extension IPSocketAddress: CustomStringConvertible {
    /// `a.b.c.d:port` or `[v6]:port`.
    public var description: String {
        var bytes = [UInt8](repeating: 0, count: IPSocketAddress.longestTextBytes)
        var span = bytes.mutableSpan
        let end = writeText(into: &span)
        return String(decoding: bytes[..<end], as: UTF8.self)
    }
}

extension IPSocketAddress {
    /// Bytes in a `sockaddr_in`.
    public static let sockaddrBytesV4 = 16
    /// Bytes in a `sockaddr_in6`, the most `writeSockaddr` writes.
    public static let sockaddrBytesV6 = 28

    /// Writes the kernel's form at the front of `target` and returns its byte count, 16 or 28.
    ///
    ///     sockaddr_in   family(2, host order) port(2) address(4) zero(8)
    ///     sockaddr_in6  family(2, host order) port(2) flow(4) address(16) scope(4, host order)
    @discardableResult
    public func writeSockaddr(into target: inout MutableSpan<UInt8>) -> Int {
        let isV4 = family == .v4
        let count = isV4 ? IPSocketAddress.sockaddrBytesV4 : IPSocketAddress.sockaddrBytesV6
        precondition(target.count >= count)
        for index in 0..<count { target[index] = 0 }
        write16(isV4 ? SocketFamily.inet : SocketFamily.inet6, into: &target, at: 0)
        target[2] = UInt8(truncatingIfNeeded: port >> 8)
        target[3] = UInt8(truncatingIfNeeded: port)
        let address = address
        let start = isV4 ? 4 : 8
        for index in 0..<(isV4 ? 4 : 16) { target[start + index] = address.byte(at: index) }
        if !isV4 {
            write16(UInt16(truncatingIfNeeded: scope.littleEndian), into: &target, at: 24)
            write16(UInt16(truncatingIfNeeded: scope.littleEndian >> 16), into: &target, at: 26)
        }
        return count
    }

    /// Reads a `sockaddr_in` or `sockaddr_in6`; nil for another family or a short span.
    public init?(sockaddr bytes: Span<UInt8>) {
        guard bytes.count >= IPSocketAddress.sockaddrBytesV4 else { return nil }
        let port = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
        switch read16(bytes, at: 0) {
        case SocketFamily.inet:
            guard let address = IPAddress(networkOrder: bytes.extracting(4..<8)) else { return nil }
            self.init(address, port: port)
        case SocketFamily.inet6:
            guard bytes.count >= IPSocketAddress.sockaddrBytesV6,
                let address = IPAddress(networkOrder: bytes.extracting(8..<24))
            else { return nil }
            let scope = UInt32(read16(bytes, at: 24)) | UInt32(read16(bytes, at: 26)) << 16
            self.init(address, port: port, scope: UInt32(littleEndian: scope))
        default:
            return nil
        }
    }
}

/// Linux address family numbers, the first two bytes of every sockaddr.
public enum SocketFamily {
    /// AF_UNIX.
    public static let unix: UInt16 = 1
    /// AF_INET.
    public static let inet: UInt16 = 2
    /// AF_INET6.
    public static let inet6: UInt16 = 10
}

/// Writes two bytes in the order this machine keeps a 16-bit number.
func write16(_ value: UInt16, into target: inout MutableSpan<UInt8>, at index: Int) {
    let ordered = UInt16(littleEndian: value)
    target[index] = UInt8(truncatingIfNeeded: ordered)
    target[index + 1] = UInt8(truncatingIfNeeded: ordered >> 8)
}

/// Reads two bytes in the order this machine keeps a 16-bit number.
func read16(_ bytes: Span<UInt8>, at index: Int) -> UInt16 {
    UInt16(littleEndian: UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8)
}
