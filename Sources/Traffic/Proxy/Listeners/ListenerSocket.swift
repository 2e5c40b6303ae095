// An open listening socket and what it belongs to. Opened on the control path, watched by workers.
// It is closed when it was retired and no worker watches it any more, however long streams of its
// generation go on: a port is free, and refuses, as soon as nobody listens.

import Addresses
import Kernel
import Synchronization

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
    /// The listening descriptor; -1 once closed.
    public var number: Int32 { descriptor.load(ordering: .relaxed) }
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
    /// Connections the kernel may queue, for listening again after a pause.
    public let backlog: Int32

    private let descriptor: Atomic<Int32>
    /// How many workers watch, plus ``retired`` once nobody is to begin any more.
    private let watchers = Atomic<Int>(0)
    private static let retired = 1 << 32

    public init(
        descriptor: consuming Descriptor, frontend: String, bindIndex: Int,
        address: RawSocketAddress, identity: ListenerIdentity? = nil, unixPath: String? = nil,
        isInherited: Bool = false, backlog: Int32 = 1024
    ) {
        self.descriptor = Atomic(descriptor.surrender())
        self.frontend = frontend
        self.bindIndex = bindIndex
        self.address = address
        self.identity = identity
        self.unixPath = unixPath
        self.isInherited = isInherited
        self.backlog = backlog
    }

    deinit { close() }

    /// Whether the socket is to be closed, or is.
    public var isRetired: Bool {
        watchers.load(ordering: .relaxed) >= ListenerSocket.retired
    }

    /// Says that a worker will use the descriptor; false when it must not any more.
    func beginWatch() -> Bool {
        let count = watchers.add(1, ordering: .acquiringAndReleasing).newValue
        if count < ListenerSocket.retired { return true }
        endWatch()
        return false
    }

    /// Says that a worker has let go of the descriptor.
    func endWatch() {
        let left = watchers.subtract(1, ordering: .acquiringAndReleasing).newValue
        if left == ListenerSocket.retired { close() }
    }

    /// Closes the socket as soon as no worker watches it. Any thread; once is enough.
    public func retire() {
        let old = watchers.bitwiseOr(
            ListenerSocket.retired, ordering: .acquiringAndReleasing
        ).oldValue
        if old == 0 { close() }
    }

    private func close() {
        Descriptor(owning: descriptor.exchange(-1, ordering: .acquiringAndReleasing)).close()
    }
}
