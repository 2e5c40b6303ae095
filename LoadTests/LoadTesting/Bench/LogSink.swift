// Where proxies send log lines during the bench: a UDP port whose datagrams are counted.

import CLinux
import Glibc
import Kernel
import Synchronization

/// Counts datagrams on a port of its own until the process ends.
public final class LogSink: Sendable {
    /// The port.
    public let port: Int
    private let counter = Atomic<Int>(0)

    /// Opens the port and starts a thread that reads from it.
    public init() throws(Errno) {
        guard let any = RawSocketAddress(commandLineWord: "127.0.0.1:0") else {
            throw Errno.addressNotAvailable
        }
        let socket = try Descriptor.socket(family: AF_INET, type: Int32(SOCK_DGRAM.rawValue))
        try socket.bind(to: any)
        socket.setOption(SOL_SOCKET, SO_RCVBUF, Int32(4 << 20))
        port = try socket.localAddress().port
        // The thread waits inside recv and owns the socket from here on.
        let number = socket.surrender()
        _ = martlet_fcntl(number, F_SETFL, 0)
        startThread { [self] in
            var block = [UInt8](repeating: 0, count: 4096)
            while true {
                // Safety: the block is as long as it says.
                let got = unsafe block.withUnsafeMutableBytes {
                    unsafe recv(number, $0.baseAddress, $0.count, 0)
                }
                if got > 0 { counter.add(1, ordering: .relaxed) }
                if got < 0, errno != EINTR { return }
            }
        }
    }

    /// Datagrams so far.
    public var count: Int { counter.load(ordering: .relaxed) }
}
