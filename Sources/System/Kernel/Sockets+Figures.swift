// What the kernel knows of a connection: what it has measured, where the client wanted to go before
// the address was translated, and which addresses are the machine's own.

import Addresses
import CLinux
import Glibc

/// What the kernel has measured of a TCP connection (TCP_INFO).
public struct TCPFigures: Sendable, BitwiseCopyable {
    private var values: InlineArray<8, UInt32>

    /// Nothing measured yet.
    fileprivate init() { values = InlineArray(repeating: 0) }

    /// Asks for the figures of a socket; nil where it is no TCP connection.
    fileprivate init?(socket: Int32) {
        self.init()
        var values = InlineArray<8, UInt32>(repeating: 0)
        // Safety: the array holds eight words next to each other, as many as the call fills.
        let status = unsafe withUnsafeMutableBytes(of: &values) { bytes in
            unsafe martlet_tcp_figures(
                socket, bytes.baseAddress!.assumingMemoryBound(to: UInt32.self))
        }
        if status < 0 { return nil }
        self.values = values
    }

    /// Round trip time, microseconds.
    public var roundTripMicroseconds: UInt32 { values[0] }
    /// How much the round trip time varies, microseconds.
    public var variationMicroseconds: UInt32 { values[1] }
    /// Segments sent and not acknowledged.
    public var unacknowledged: UInt32 { values[2] }
    /// Segments acknowledged selectively.
    public var selectivelyAcknowledged: UInt32 { values[3] }
    /// Segments held to be lost.
    public var lost: UInt32 { values[4] }
    /// Segments sent again and not acknowledged yet.
    public var retransmitted: UInt32 { values[5] }
    /// Segments before the highest one that was acknowledged selectively; newer kernels say 0.
    public var forwardAcknowledged: UInt32 { values[6] }
    /// How far segments may be out of order before one is held to be lost.
    public var reordering: UInt32 { values[7] }
}

extension Descriptor {
    /// What the kernel has measured of this connection; nil where it is no TCP connection.
    public borrowing func transportFigures() -> TCPFigures? { TCPFigures(socket: number) }

    /// The address the client wanted before the machine translated it (SO_ORIGINAL_DST); nil where
    /// nothing was translated, or the machine does not track connections.
    public borrowing func originalDestination(isIPv6: Bool) -> RawSocketAddress? {
        var address = RawSocketAddress()
        let level = isIPv6 ? Int32(IPPROTO_IPV6) : Int32(IPPROTO_IP)
        // Safety: the pointers are used only for the call.
        let status = unsafe address.withMutableSocketAddress {
            unsafe getsockopt(number, level, MARTLET_SO_ORIGINAL_DST, $0, $1)
        }
        return status < 0 ? nil : address
    }
}

/// The addresses of this machine.
public enum LocalAddresses {
    /// Whether an address is one of the machine's own.
    ///
    /// Costs a few system calls: a socket is bound to the address, which only own ones allow.
    public static func hold(_ address: IPAddress) -> Bool {
        let family = address.family == .v4 ? AF_INET : AF_INET6
        let type = Int32(SOCK_DGRAM.rawValue)
        guard let probe = try? Descriptor.socket(family: family, type: type) else { return false }
        let place = RawSocketAddress(IPSocketAddress(address, port: 0))
        return (try? probe.bind(to: place)) != nil
    }
}
