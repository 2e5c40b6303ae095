// Packet sockets: whole link-layer frames out of any interface, and a listener for what other
// machines announce.

import CLinux
import Glibc

/// A socket that sends and receives whole Ethernet frames. Needs CAP_NET_RAW.
public struct PacketSocket: ~Copyable {
    /// EtherTypes.
    public enum Kind: UInt16, Sendable {
        case ipv4 = 0x0800
        case arp = 0x0806
        case ipv6 = 0x86DD
    }

    /// One frame that came in.
    public struct Frame: Equatable, Sendable {
        /// From the destination address on.
        public var bytes: [UInt8]
        /// Index of the interface.
        public var interface: UInt32
    }

    /// The socket; to be watched by its number.
    public let descriptor: Descriptor
    private let kind: Kind?

    /// A socket that only sends, out of any interface.
    public static func sender() throws(Errno) -> PacketSocket {
        let socket = try Descriptor.socket(
            family: AF_PACKET, type: Int32(SOCK_RAW.rawValue), protocol: 0)
        return PacketSocket(descriptor: socket, kind: nil)
    }

    /// A socket that receives what comes in on an interface and passes a filter.
    public static func listener(
        _ kind: Kind, interface: UInt32, filter: PacketFilter, receiveBufferBytes: Int32 = 65536
    ) throws(Errno) -> PacketSocket {
        // Bound only when the filter holds, so that nothing slips in.
        let socket = try Descriptor.socket(
            family: AF_PACKET, type: Int32(SOCK_RAW.rawValue), protocol: 0)
        try socket.attach(filter)
        socket.setReceiveBuffer(bytes: receiveBufferBytes)
        socket.setOption(SOL_PACKET, Int32(MARTLET_PACKET_IGNORE_OUTGOING), Int32(1))
        if martlet_packet_bind(socket.number, kind.rawValue, interface) < 0 { throw Errno.last }
        return PacketSocket(descriptor: socket, kind: kind)
    }

    private init(descriptor: consuming Descriptor, kind: Kind?) {
        self.descriptor = descriptor
        self.kind = kind
    }

    /// Sends a frame out of an interface.
    public borrowing func send(_ frame: [UInt8], interface: UInt32) -> WriteResult {
        guard frame.count >= 14 else { return .failed(Errno(EINVAL)) }
        let kind = UInt16(frame[12]) << 8 | UInt16(frame[13])
        // Safety: the bytes are read during the call only.
        let put = unsafe frame.withUnsafeBytes {
            unsafe martlet_packet_send(
                descriptor.number, $0.baseAddress, $0.count, kind, interface)
        }
        if put >= 0 { return .bytes(put) }
        let code = errno
        return code == EAGAIN ? .wouldBlock : .failed(Errno(code))
    }

    /// Takes one frame, cut to 512 bytes; nil when there is none or the interface is gone or down.
    public borrowing func receive() -> Frame? {
        var room = [UInt8](repeating: 0, count: 512)
        var interface: UInt32 = 0
        var direction: UInt8 = 0
        // Safety: the kernel writes at most the array's count.
        let got = unsafe room.withUnsafeMutableBytes {
            unsafe martlet_packet_receive(
                descriptor.number, $0.baseAddress, $0.count, &interface, &direction)
        }
        if got < 0 { return nil }
        room.removeLast(room.count - got)
        return Frame(bytes: room, interface: interface)
    }
}

private let SOL_PACKET: Int32 = 263
