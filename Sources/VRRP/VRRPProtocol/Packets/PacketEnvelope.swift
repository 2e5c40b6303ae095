// What the IP layer says about a received VRRP message. A raw IPv4 socket delivers the header with
// the message; for IPv6 the kernel tells source, destination and hop limit beside it.

import Addresses
import Bytes

/// Where a message came from and went to.
public struct PacketEnvelope: Hashable, Sendable {
    /// The sender.
    public var source: IPAddress
    /// Whom it was sent to: a group, or us.
    public var destination: IPAddress
    /// TTL or hop limit as it arrived.
    public var hopLimit: UInt8

    /// What is known of an IPv6 packet from control messages.
    public init(source: IPAddress, destination: IPAddress, hopLimit: UInt8) {
        self.source = source
        self.destination = destination
        self.hopLimit = hopLimit
    }

    static let leastHeaderBytes = 20

    /// Reads the IPv4 header of a datagram from a raw socket.
    ///
    /// The message is what lies between the header with its options and the total length; bytes
    /// beyond are Ethernet padding of short frames and ignored (RFC 9568 §7.1).
    public static func parseIPv4(
        _ datagram: Span<UInt8>
    ) throws(Rejection) -> (envelope: PacketEnvelope, message: Range<Int>) {
        guard datagram.count >= leastHeaderBytes else { throw .tooShort }
        guard datagram[0] >> 4 == 4 else { throw .castMismatch }
        let headerBytes = Int(datagram[0] & 0x0F) * 4
        let totalBytes = Int(datagram[2]) << 8 | Int(datagram[3])
        guard headerBytes >= leastHeaderBytes, totalBytes >= headerBytes,
            totalBytes <= datagram.count
        else { throw .ipLength }
        guard datagram[9] == ProtocolNumbers.ipProtocol else { throw .ipProtocol }
        let envelope = PacketEnvelope(
            source: address(datagram, at: 12), destination: address(datagram, at: 16),
            hopLimit: datagram[8])
        return (envelope, headerBytes..<totalBytes)
    }

    private static func address(_ bytes: Span<UInt8>, at start: Int) -> IPAddress {
        var value: UInt32 = 0
        for index in start..<start + 4 { value = value << 8 | UInt32(bytes[index]) }
        return IPAddress(v4: value)
    }
}
