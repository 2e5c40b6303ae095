// Any address a socket can have: IP, or a UNIX path or abstract name. Control path only; the data
// path keeps `IPSocketAddress`.

/// The name of a UNIX socket.
public struct UNIXSocketAddress: Hashable, Sendable {
    /// Where the name lives.
    public enum Kind: UInt8, Sendable {
        /// A file system path.
        case path
        /// The abstract name space, the name padded with zeros to the full 108 bytes (`abns@`).
        case abstract
        /// The abstract name space, only the name's own bytes (`abnsz@`).
        case abstractShort
        /// No name: one end of a socket pair, or a client that never bound.
        case unnamed
    }

    /// The most bytes a path or a name may have; the kernel's field has 108 with its zero.
    public static let longestNameBytes = 107
    /// Bytes in a full `sockaddr_un`.
    public static let sockaddrBytes = 110

    /// Where the name lives.
    public let kind: Kind
    /// The path, or the abstract name without its leading zero.
    public let name: [UInt8]

    /// A UNIX address; nil when `name` is too long, holds a zero, or is empty where it may not be.
    public init?(_ kind: Kind, name: [UInt8]) {
        guard name.count <= UNIXSocketAddress.longestNameBytes, !name.contains(0) else {
            return nil
        }
        if kind == .unnamed && !name.isEmpty { return nil }
        self.kind = kind
        self.name = name
    }

    /// Writes a `sockaddr_un` at the front of `target` and returns the length to give the kernel.
    @discardableResult
    public func writeSockaddr(into target: inout MutableSpan<UInt8>) -> Int {
        precondition(target.count >= UNIXSocketAddress.sockaddrBytes)
        for index in 0..<UNIXSocketAddress.sockaddrBytes { target[index] = 0 }
        write16(SocketFamily.unix, into: &target, at: 0)
        let start = kind == .path ? 2 : 3
        for index in name.indices { target[start + index] = name[index] }
        return switch kind {
        case .path: 3 + name.count
        case .abstract: UNIXSocketAddress.sockaddrBytes
        case .abstractShort: 3 + name.count
        case .unnamed: 2
        }
    }

    /// Reads the `length` valid bytes of a `sockaddr_un`; nil for another family.
    public init?(sockaddr bytes: Span<UInt8>) {
        guard bytes.count >= 2, read16(bytes, at: 0) == SocketFamily.unix else { return nil }
        var end = min(bytes.count, UNIXSocketAddress.sockaddrBytes)
        if end == 2 {
            self.init(.unnamed, name: [])
            return
        }
        let isAbstract = bytes[2] == 0
        let isFull = end == UNIXSocketAddress.sockaddrBytes
        var name: [UInt8] = []
        if isAbstract {
            while end > 3 && bytes[end - 1] == 0 { end -= 1 }
            for index in 3..<max(3, end) { name.append(bytes[index]) }
            self.init(isFull ? .abstract : .abstractShort, name: name)
        } else {
            for index in 2..<end where bytes[index] != 0 { name.append(bytes[index]) }
            self.init(.path, name: name)
        }
    }
}

extension UNIXSocketAddress: CustomStringConvertible {
    /// The path, or the name behind `abns@` or `abnsz@`, or `unix` for an unnamed socket.
    public var description: String {
        let text = String(decoding: name, as: UTF8.self)
        return switch kind {
        case .path: text
        case .abstract: "abns@" + text
        case .abstractShort: "abnsz@" + text
        case .unnamed: "unix"
        }
    }
}

/// Any address a socket can be bound or connected to.
public enum SocketAddress: Hashable, Sendable {
    /// An IPv4 or IPv6 address with a port.
    case ip(IPSocketAddress)
    /// A UNIX path or abstract name.
    case unix(UNIXSocketAddress)

    /// Room that holds every form: a full `sockaddr_un`.
    public static let longestSockaddrBytes = UNIXSocketAddress.sockaddrBytes

    /// Writes the kernel's form and returns the length to give the kernel.
    ///
    /// Traps unless `longestSockaddrBytes` fit.
    @discardableResult
    public func writeSockaddr(into target: inout MutableSpan<UInt8>) -> Int {
        switch self {
        case .ip(let address): address.writeSockaddr(into: &target)
        case .unix(let address): address.writeSockaddr(into: &target)
        }
    }

    /// Reads any address the kernel filled in; nil for a family that is neither IP nor UNIX.
    public init?(sockaddr bytes: Span<UInt8>) {
        if let address = IPSocketAddress(sockaddr: bytes) {
            self = .ip(address)
        } else {
            guard let address = UNIXSocketAddress(sockaddr: bytes) else { return nil }
            self = .unix(address)
        }
    }
}

extension SocketAddress: CustomStringConvertible {
    /// The text of the address inside.
    public var description: String {
        switch self {
        case .ip(let address): address.description
        case .unix(let address): address.description
        }
    }
}
