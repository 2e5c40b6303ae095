// UDP sockets that know how far a datagram has come: those of protocols that trust only neighbours
// (RFC 5082). Sends with a chosen TTL or hop limit.

import Addresses
import CLinux
import Glibc

/// A UDP socket that tells the TTL or hop limit of what it receives.
public struct HopCountedSocket: ~Copyable {
    /// To be watched by its number.
    public let descriptor: Descriptor
    private let family: IPAddress.Family

    /// One datagram.
    public struct Arrival: Equatable, Sendable {
        /// Its bytes, cut to 512.
        public var bytes: [UInt8]
        /// Who sent it.
        public var sender: IPAddress
        /// TTL or hop limit as it arrived.
        public var hopLimit: UInt8
    }

    /// Opens a socket bound to an address.
    ///
    /// - Parameter hopLimit: TTL or hop limit of what is sent.
    public init(boundTo address: IPSocketAddress, hopLimit: UInt8) throws(Errno) {
        let isV6 = address.address.family == .v6
        let socket = try Descriptor.socket(
            family: isV6 ? AF_INET6 : AF_INET, type: Int32(SOCK_DGRAM.rawValue))
        socket.setOption(SOL_SOCKET, SO_REUSEADDR, Int32(1))
        if isV6 { socket.setOption(Int32(IPPROTO_IPV6), IPV6_V6ONLY, Int32(1)) }
        let level = Int32(isV6 ? IPPROTO_IPV6 : IPPROTO_IP)
        let option = isV6 ? IPV6_UNICAST_HOPS : IP_TTL
        guard socket.setOption(level, option, Int32(hopLimit)),
            martlet_want_hops(socket.number, isV6 ? 1 : 0) == 0
        else { throw Errno.last }
        try socket.bind(to: RawSocketAddress(address))
        family = address.address.family
        descriptor = socket
    }

    /// Sends a datagram.
    public borrowing func send(_ bytes: [UInt8], to address: IPSocketAddress) -> WriteResult {
        descriptor.sendDatagram(bytes.span, to: RawSocketAddress(address))
    }

    /// Takes one datagram; nil when there is none.
    public borrowing func receive() -> Arrival? {
        var room = [UInt8](repeating: 0, count: 512)
        var sender = sockaddr_storage()
        var hops: Int32 = 0
        // Safety: the call writes at most the array's count, and into the two values that live
        // here.
        let got = unsafe room.withUnsafeMutableBytes {
            unsafe martlet_receive_with_hops(
                descriptor.number, $0.baseAddress, $0.count, &sender, &hops)
        }
        guard got >= 0 else { return nil }
        room.removeLast(room.count - got)
        var raw = RawSocketAddress()
        raw.storage = sender
        guard let address = raw.ip else { return nil }
        return Arrival(
            bytes: room, sender: address.address, hopLimit: UInt8(clamping: hops))
    }
}
