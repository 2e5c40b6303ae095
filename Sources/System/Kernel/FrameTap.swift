// Hears multicast datagrams on an interface without joining their group at the IP layer: a virtual
// MAC that joined would send reports of its own, which move it in the tables of switches.

import Addresses
import Bytes
import CLinux
import Glibc

/// A packet socket that gives datagrams of one IP protocol as a raw socket would.
public struct FrameTap: ~Copyable {
    /// To be watched by its number.
    public let descriptor: Descriptor
    private let family: IPAddress.Family
    private let interface: UInt32

    /// The longest frame that is read whole.
    static let frameBytes = 4700
    private static let ethernetBytes = 14
    private static let ipv6Bytes = 40

    /// Listens on an interface for frames to a group that pass a filter.
    public init(
        _ family: IPAddress.Family, group: IPAddress, interface: UInt32, filter: PacketFilter
    ) throws(Errno) {
        let socket = try Descriptor.socket(
            family: AF_PACKET, type: Int32(SOCK_RAW.rawValue), protocol: 0)
        // Bound only when the filter holds, so that nothing slips in.
        try socket.attach(filter)
        let kind: UInt16 = family == .v4 ? 0x0800 : 0x86DD
        if martlet_packet_bind(socket.number, kind, interface) < 0 { throw Errno.last }
        let mac = MACAddress(multicast: group).bytes
        // Safety: the six bytes are read during the call only.
        let status = unsafe mac.withUnsafeBufferPointer {
            unsafe martlet_packet_multicast(socket.number, interface, $0.baseAddress)
        }
        if status < 0 { throw Errno.last }
        self.family = family
        self.interface = interface
        descriptor = socket
    }

    /// Takes one datagram; nil when there is none. What makes no sense as one is passed over.
    public borrowing func receive() -> Arrival? {
        var room = [UInt8](repeating: 0, count: Self.frameBytes)
        for _ in 0..<32 {
            switch descriptor.receive(into: &room) {
            case .bytes(let count):
                let frame = Array(room[..<count])
                if let arrival = arrival(frame.span) { return arrival }
            case .wouldBlock, .ended, .failed: return nil
            }
        }
        return nil
    }

    private borrowing func arrival(_ frame: Span<UInt8>) -> Arrival? {
        guard frame.count > Self.ethernetBytes else { return nil }
        let packet = frame.extracting(Self.ethernetBytes..<frame.count)
        return family == .v4 ? arrivalV4(packet) : arrivalV6(packet)
    }

    private borrowing func arrivalV4(_ packet: Span<UInt8>) -> Arrival? {
        guard let payload = IPv4Datagram.payload(of: packet) else { return nil }
        // The kernel's IP layer has not seen it: its checksum, and that it is no fragment, are ours
        // to check.
        guard payload.upperBound <= packet.count, packet[6] & 0x3F == 0, packet[7] == 0,
            InternetChecksum.of(packet.extracting(0..<payload.lowerBound)) == 0
        else { return nil }
        return IPv4Datagram.arrival(packet, payload, interface: interface)
    }

    private borrowing func arrivalV6(_ packet: Span<UInt8>) -> Arrival? {
        guard packet.count >= Self.ipv6Bytes, packet[0] >> 4 == 6 else { return nil }
        let length = Int(packet[4]) << 8 | Int(packet[5])
        guard Self.ipv6Bytes + length <= packet.count,
            let source = IPAddress(networkOrder: packet.extracting(8..<24)),
            let destination = IPAddress(networkOrder: packet.extracting(24..<40))
        else { return nil }
        return Arrival(
            payload: packet.extracting(Self.ipv6Bytes..<Self.ipv6Bytes + length).array,
            source: source, destination: destination, interface: interface,
            hopLimit: packet[7], trafficClass: packet[0] << 4 | packet[1] >> 4,
            calendarNanoseconds: nil, wasCut: false)
    }
}
