// An open listening socket and what it belongs to. Opened on the control path, watched by every
// worker, closed when the last generation that uses it has ended.

import Addresses
import Kernel

/// What makes a listening socket the same over generations: as long as this is asked for, the
/// socket stays open and no client is refused.
public struct ListenerIdentity: Hashable, Sendable {
    /// Where the socket comes from.
    public enum Place: Hashable, Sendable {
        /// Opened by this process on an address.
        case address(SocketAddress)
        /// Inherited under this number.
        case inherited(Int32)
    }
    public var place: Place
    /// `interface`.
    public var interface: String?
    /// `transparent`.
    public var isTransparent = false
    /// `v6only` or `v4v6`; nil leaves it to the system.
    public var isV6Only: Bool?

    public init(_ place: Place) { self.place = place }
}

/// One bound and listening socket of a frontend.
public final class ListenerSocket: Sendable {
    /// The listening descriptor.
    public var number: Int32 { descriptor.number }
    /// The frontend's name: its identity over generations.
    public let frontend: String
    /// Index of the `bind` line in the frontend.
    public let bindIndex: Int
    /// The address the socket is bound to, from getsockname; of a UNIX socket the path as asked
    /// for.
    public let address: RawSocketAddress
    /// What makes it the same over generations; nil for sockets nobody asks for again.
    public let identity: ListenerIdentity?
    /// The path of a UNIX socket; nil otherwise.
    public let unixPath: String?
    /// Whether the descriptor was inherited rather than opened.
    public let isInherited: Bool

    private let descriptor: Descriptor

    public init(
        descriptor: consuming Descriptor, frontend: String, bindIndex: Int,
        address: RawSocketAddress, identity: ListenerIdentity? = nil, unixPath: String? = nil,
        isInherited: Bool = false
    ) {
        self.descriptor = descriptor
        self.frontend = frontend
        self.bindIndex = bindIndex
        self.address = address
        self.identity = identity
        self.unixPath = unixPath
        self.isInherited = isInherited
    }
}
