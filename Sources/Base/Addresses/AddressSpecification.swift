// An address as `bind`, `server`, `log`, `source`, `stats socket` write it: prefixes, host, ports.
// configuration manual: 2.9 Address formats. Host names stay names; whoever loads resolves them.

/// What an address in the configuration asks for, before any name is resolved.
public struct AddressSpecification: Hashable, Sendable {
    /// Where the address points to.
    public enum Place: Hashable, Sendable {
        /// Every address of the machine: `*`, or nothing before the port.
        case wildcard(IPAddress.Family)
        /// A literal IP address.
        case address(IPAddress)
        /// A host name to resolve, in the family the prefix demands, if any.
        case name(String, IPAddress.Family?)
        /// A UNIX path or abstract name.
        case unix(UNIXSocketAddress)
        /// An inherited descriptor that is already bound (`fd@`).
        case descriptor(Int32)
        /// An inherited socket over which accepted descriptors arrive (`sockpair@`).
        case socketPair(Int32)
        /// Connections lent by a reverse-HTTP peer of this name (`rhttp@`).
        case reverse(String)
    }

    /// How the socket behaves to the kernel.
    public enum SocketType: Hashable, Sendable {
        /// SOCK_STREAM.
        case stream
        /// SOCK_DGRAM.
        case datagram
    }

    /// What runs on the socket.
    public enum Transport: Hashable, Sendable {
        /// TCP, UDP or UNIX, as the socket type says.
        case plain
        /// QUIC over datagrams.
        case quic
        /// Multipath TCP.
        case multipath
    }

    /// Where the address points to.
    public var place: Place
    /// The port part; always absent for UNIX addresses and descriptors.
    public var port: PortSpecification
    /// The socket type a prefix forced, or the one the keyword takes by default.
    public var socketType: SocketType
    /// What runs on the socket.
    public var transport: Transport

    /// A specification from its parts.
    public init(
        place: Place, port: PortSpecification, socketType: SocketType = .stream,
        transport: Transport = .plain
    ) {
        self.place = place
        self.port = port
        self.socketType = socketType
        self.transport = transport
    }

    /// What a keyword lets its address be.
    public struct Rules: Hashable, Sendable {
        /// Whether a port may, must or must not be there.
        public enum Port: Hashable, Sendable {
            /// A port may be written.
            case optional
            /// A port that is not zero must be written.
            case required
            /// No port may be written.
            case forbidden
        }

        /// Whether a port may, must or must not be there.
        public var port: Port
        /// Whether `first-last` is understood.
        public var allowsRange: Bool
        /// Whether `+n` and `-n` are understood.
        public var allowsOffset: Bool
        /// The socket type when no prefix says one.
        public var socketType: SocketType
        /// Whether a prefix may ask for the other socket type.
        public var allowsOtherType: Bool
        /// Whether `fd@` is understood.
        public var allowsDescriptor: Bool

        /// Rules from their parts.
        public init(
            port: Port, allowsRange: Bool = false, allowsOffset: Bool = false,
            socketType: SocketType = .stream, allowsOtherType: Bool = false,
            allowsDescriptor: Bool = false
        ) {
            self.port = port
            self.allowsRange = allowsRange
            self.allowsOffset = allowsOffset
            self.socketType = socketType
            self.allowsOtherType = allowsOtherType
            self.allowsDescriptor = allowsDescriptor
        }

        /// `bind`: a port or a range is needed; descriptors are welcome.
        public static let bind = Rules(port: .required, allowsRange: true, allowsDescriptor: true)
        /// `server`: the port may be missing or relative to the client's.
        public static let server = Rules(port: .optional, allowsOffset: true)
        /// `source`: an address with an optional port or range.
        public static let source = Rules(port: .optional, allowsRange: true)
        /// `log`: a datagram by default, a stream where asked for.
        public static let log = Rules(
            port: .optional, socketType: .datagram, allowsOtherType: true, allowsDescriptor: true)
        /// `stats socket`: a UNIX path, a descriptor, or an address with a port.
        public static let statsSocket = Rules(port: .required, allowsDescriptor: true)
    }

    /// Why a text is no address. The message quotes the text and reads on after `'bind' : `.
    public struct Mistake: Error, Hashable, Sendable, CustomStringConvertible {
        /// What is wrong.
        public let description: String

        init(_ description: String) { self.description = description }
    }
}

extension AddressSpecification: CustomStringConvertible {
    /// The address in a form that parses again.
    public var description: String {
        let suffix =
            switch port {
            case .absent: ""
            case .fixed(let range): ":\(range)"
            case .offset(let amount): amount < 0 ? ":\(amount)" : ":+\(amount)"
            }
        return switch place {
        case .wildcard(.v4): "*\(suffix)"
        case .wildcard(.v6): "[::]\(suffix)"
        case .address(let address):
            address.family == .v6 ? "[\(address)]\(suffix)" : "\(address)\(suffix)"
        case .name(let name, _): "\(name)\(suffix)"
        case .unix(let address):
            address.kind == .path && address.name.first != 0x2F
                ? "unix@\(address)" : address.description
        case .descriptor(let number): "fd@\(number)"
        case .socketPair(let number): "sockpair@\(number)"
        case .reverse(let name): "rhttp@\(name)"
        }
    }
}
