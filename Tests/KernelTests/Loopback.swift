// Connected sockets for tests, without a word about addresses.

import Addresses
import Glibc
@testable import Kernel

/// Two ends of a connection over the loopback interface.
struct Loopback: ~Copyable {
    var near: Descriptor
    var far: Descriptor

    /// - Parameters:
    ///   - sendBytes: SO_SNDBUF of the near end; 0 leaves the kernel's.
    ///   - receiveBytes: SO_RCVBUF of the far end.
    init(sendBytes: Int32 = 0, receiveBytes: Int32 = 0) throws {
        let listener = try Self.listener()
        if receiveBytes > 0 { listener.setOption(SOL_SOCKET, SO_RCVBUF, receiveBytes) }
        let client = try Descriptor.socket(family: AF_INET, type: Int32(SOCK_STREAM.rawValue))
        if sendBytes > 0 { client.setOption(SOL_SOCKET, SO_SNDBUF, sendBytes) }
        _ = try client.connect(to: try listener.localAddress())
        let isReady = awaits(listener.number, POLLIN) && awaits(client.number, POLLOUT)
        let accepted = try Self.accepted(listener, isReady: isReady)
        near = client
        far = accepted
    }

    private static func accepted(
        _ listener: borrowing Descriptor, isReady: Bool
    ) throws -> Descriptor {
        guard isReady else { throw Errno.timedOut }
        var address = RawSocketAddress()
        switch listener.accept(from: &address) {
        case .accepted(let accepted): return accepted
        case .wouldBlock: throw Errno(EAGAIN)
        case .failed(let failure): throw failure
        }
    }

    /// A socket that listens on a free port.
    static func listener(backlog: Int32 = 16) throws -> Descriptor {
        let socket = try Descriptor.socket(family: AF_INET, type: Int32(SOCK_STREAM.rawValue))
        try socket.bind(to: anyPort)
        try socket.listen(backlog: backlog)
        return socket
    }

    /// Any free port of 127.0.0.1.
    static var anyPort: RawSocketAddress {
        RawSocketAddress(IPSocketAddress(IPAddress("127.0.0.1")!, port: 0))
    }
}

/// Waits until a descriptor is ready; false after ten seconds.
func awaits(_ number: Int32, _ events: Int32) -> Bool {
    var wanted = pollfd(fd: number, events: Int16(events), revents: 0)
    return poll(&wanted, 1, 10_000) == 1
}
