// An open listening socket and what it belongs to. Opened on the control path, watched by every
// worker, closed when the last generation that uses it has ended.

import Kernel

/// One bound and listening socket of a frontend.
public final class ListenerSocket: Sendable {
    /// The listening descriptor.
    public var number: Int32 { descriptor.number }
    /// The frontend's name: its identity over generations.
    public let frontend: String
    /// Index of the `bind` line in the frontend.
    public let bindIndex: Int
    /// The address the socket is bound to, from getsockname.
    public let address: RawSocketAddress
    /// The path of a UNIX socket that is to be removed when the process stops; nil otherwise.
    public let unixPath: String?
    /// Whether the descriptor was inherited rather than opened.
    public let isInherited: Bool

    private let descriptor: Descriptor

    public init(
        descriptor: consuming Descriptor, frontend: String, bindIndex: Int,
        address: RawSocketAddress, unixPath: String? = nil, isInherited: Bool = false
    ) {
        self.descriptor = descriptor
        self.frontend = frontend
        self.bindIndex = bindIndex
        self.address = address
        self.unixPath = unixPath
        self.isInherited = isInherited
    }
}
