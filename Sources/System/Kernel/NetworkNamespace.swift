// Network namespaces: the calling thread leaves its own for a new one, a named one, or back.

import CLinux
import Glibc

/// A network namespace, held open by a descriptor.
public struct NetworkNamespace: ~Copyable {
    private let descriptor: Descriptor

    /// Where `ip netns` keeps the named ones (ip-netns(8)).
    public static let directory = "/run/netns"

    /// The calling thread's.
    public static func current() throws(Errno) -> NetworkNamespace {
        try NetworkNamespace(path: "/proc/thread-self/ns/net")
    }

    /// One that `ip netns add` made, by name.
    public static func named(_ name: String) throws(Errno) -> NetworkNamespace {
        if name.isEmpty || name.utf8.contains(0x2F) { throw Errno(EINVAL) }
        return try NetworkNamespace(path: "\(directory)/\(name)")
    }

    /// The one a path such as `/proc/PID/ns/net` names.
    public init(path: String) throws(Errno) {
        // Safety: the path is read during the call only.
        let number = unsafe martlet_open(path, O_RDONLY | O_CLOEXEC, 0)
        if number < 0 { throw Errno.last }
        descriptor = Descriptor(owning: number)
    }

    /// Moves the calling thread in. Sockets made from now on belong there and stay there.
    public borrowing func enter() throws(Errno) {
        if setns(descriptor.number, Int32(MARTLET_CLONE_NEWNET)) < 0 { throw Errno.last }
    }

    /// Moves the calling thread into a new namespace that holds a loopback interface, down.
    public static func enterNew() throws(Errno) {
        if unshare(Int32(MARTLET_CLONE_NEWNET)) < 0 { throw Errno.last }
    }
}
