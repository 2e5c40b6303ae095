// What listening sockets need beyond making and binding: their options by name, and letting go of a
// port for a while without losing the socket.

import CLinux
import Glibc

/// Socket types as the kernel numbers them.
public enum SocketTypeNumber {
    /// SOCK_STREAM.
    public static let stream = Int32(SOCK_STREAM.rawValue)
    /// SOCK_DGRAM.
    public static let datagram = Int32(SOCK_DGRAM.rawValue)
}

extension Descriptor {
    /// Lets the socket take an address whose former connections linger (SO_REUSEADDR).
    @discardableResult
    public borrowing func setReuseAddress() -> Bool { setOption(SOL_SOCKET, SO_REUSEADDR, one) }

    /// Lets several sockets listen on one address (SO_REUSEPORT).
    @discardableResult
    public borrowing func setReusePort() -> Bool {
        setOption(SOL_SOCKET, Int32(MARTLET_SO_REUSEPORT), one)
    }

    /// Whether an IPv6 socket refuses IPv4 clients (IPV6_V6ONLY).
    @discardableResult
    public borrowing func setV6Only(_ only: Bool) -> Bool {
        setOption(Int32(IPPROTO_IPV6), IPV6_V6ONLY, Int32(only ? 1 : 0))
    }

    /// Lets the socket take addresses the machine does not have (IP_TRANSPARENT, or IP_FREEBIND
    /// for who lacks the right to that).
    public borrowing func setTransparent(family: Int32) -> Bool {
        if family == AF_INET6
            && setOption(Int32(IPPROTO_IPV6), Int32(MARTLET_IPV6_TRANSPARENT), one)
        {
            return true
        }
        return setOption(Int32(IPPROTO_IP), Int32(MARTLET_IP_TRANSPARENT), one)
            || setOption(Int32(IPPROTO_IP), Int32(MARTLET_IP_FREEBIND), one)
    }

    /// Keeps the socket to one network interface (SO_BINDTODEVICE).
    public borrowing func bindToInterface(_ name: String) -> Bool {
        let bytes = Array(name.utf8) + [0]
        // Safety: the pointer covers `count` bytes for the duration of the call.
        return unsafe bytes.withUnsafeBytes { buffer in
            unsafe setsockopt(
                number, SOL_SOCKET, Int32(MARTLET_SO_BINDTODEVICE), buffer.baseAddress,
                UInt32(buffer.count)) == 0
        }
    }

    /// Limits segments to this many bytes (TCP_MAXSEG).
    public borrowing func setMaximumSegment(bytes: Int) -> Bool {
        setOption(Int32(IPPROTO_TCP), TCP_MAXSEG, Int32(clamping: bytes))
    }

    /// How long sent bytes may stay unconfirmed before the connection fails (TCP_USER_TIMEOUT).
    public borrowing func setUserTimeout(milliseconds: Int) -> Bool {
        setOption(Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, Int32(clamping: milliseconds))
    }

    /// Reports a connection only when its first bytes have come (TCP_DEFER_ACCEPT).
    public borrowing func setDeferAccept(seconds: Int) -> Bool {
        setOption(Int32(IPPROTO_TCP), TCP_DEFER_ACCEPT, Int32(clamping: seconds))
    }

    /// Accepts data in the first segment from known clients (TCP_FASTOPEN).
    public borrowing func setFastOpen(queue: Int) -> Bool {
        setOption(Int32(IPPROTO_TCP), TCP_FASTOPEN, Int32(clamping: queue))
    }

    /// Whether the socket listens.
    public borrowing func isListening() -> Bool {
        option(SOL_SOCKET, SO_ACCEPTCONN) == 1
    }

    /// SOCK_STREAM or SOCK_DGRAM; nil when the descriptor is no socket.
    public borrowing func socketType() -> Int32? { option(SOL_SOCKET, SO_TYPE) }

    /// A second descriptor for what another one names, close-on-exec.
    public static func duplicate(of number: Int32) throws(Errno) -> Descriptor {
        let copy = martlet_fcntl(number, F_DUPFD_CLOEXEC, 3)
        if copy < 0 { throw Errno.last }
        return Descriptor(owning: copy)
    }
}

extension Errno {
    /// ENOTSOCK.
    public static let notASocket = Errno(ENOTSOCK)
}

private var one: Int32 { 1 }

/// Operations on a listening socket that somebody else owns.
public enum ListeningSocket {
    /// Stops listening but stays bound, so that another process can take over the port.
    ///
    /// Connections that wait in the backlog are reset.
    public static func suspend(_ number: Int32) throws(Errno) {
        var address = sockaddr()
        address.sa_family = sa_family_t(AF_UNSPEC)
        // Safety: `address` lives for the duration of the call.
        if unsafe connect(number, &address, UInt32(MemoryLayout<sockaddr>.size)) < 0 {
            throw Errno.last
        }
    }

    /// Listens again.
    public static func resume(_ number: Int32, backlog: Int32) throws(Errno) {
        if listen(number, backlog) < 0 { throw Errno.last }
    }
}
