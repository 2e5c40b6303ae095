// The frames that tell a network where an address lives now, built and read: gratuitous ARP
// (RFC 5227 §3) and unsolicited neighbor advertisements (RFC 4861 §7.2.6). Pure.

import Addresses

/// Builds the frames.
public enum AddressAnnouncement {
    /// The frame for an address of either family.
    ///
    /// - Parameters:
    ///   - mac: where the address lives: that of the interface, or a virtual router's.
    ///   - isRouter: for IPv6, whether this machine forwards.
    public static func frame(
        for address: IPAddress, at mac: MACAddress, isRouter: Bool = false
    ) -> [UInt8] {
        switch address.family {
        case .v4: gratuitousARP(address, mac)
        case .v6: neighborAdvertisement(address, mac, isRouter: isRouter)
        }
    }

    /// An ARP request by broadcast whose sender and target are the address.
    private static func gratuitousARP(_ address: IPAddress, _ mac: MACAddress) -> [UInt8] {
        var frame = MACAddress.broadcast.bytes + mac.bytes
        frame += [0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 6, 4, 0x00, 0x01]
        frame += mac.bytes
        append(address, to: &frame)
        frame += [UInt8](repeating: 0, count: 6)
        append(address, to: &frame)
        // Drivers pad to Ethernet's least frame; raw frames of some do not.
        frame += [UInt8](repeating: 0, count: 60 - frame.count)
        return frame
    }

    /// To all nodes, hop limit 255, Override set, Solicited clear, with the target's MAC.
    private static func neighborAdvertisement(
        _ address: IPAddress, _ mac: MACAddress, isRouter: Bool
    ) -> [UInt8] {
        let allNodes = IPAddress(v6High: 0xFF02_0000_0000_0000, low: 1)
        var message: [UInt8] = [136, 0, 0, 0, isRouter ? 0xA0 : 0x20, 0, 0, 0]
        append(address, to: &message)
        message += [2, 1] + mac.bytes
        var summed: [UInt8] = []
        append(address, to: &summed)
        append(allNodes, to: &summed)
        summed += [0, 0, UInt8(message.count >> 8), UInt8(message.count & 255), 0, 0, 0, 58]
        let sum = InternetChecksum.of((summed + message).span)
        message[2] = UInt8(sum >> 8)
        message[3] = UInt8(sum & 255)
        var frame = MACAddress(multicast: allNodes).bytes + mac.bytes + [0x86, 0xDD]
        frame += [0x60, 0, 0, 0, UInt8(message.count >> 8), UInt8(message.count & 255), 58, 255]
        append(address, to: &frame)
        append(allNodes, to: &frame)
        return frame + message
    }

    private static func append(_ address: IPAddress, to bytes: inout [UInt8]) {
        for index in 0..<address.family.bitCount / 8 { bytes.append(address.byte(at: index)) }
    }
}

/// What a frame says about where an address lives.
public struct AddressClaim: Equatable, Sendable {
    /// The address.
    public var address: IPAddress
    /// Where it is said to live.
    public var mac: MACAddress
    /// Whether the frame announces (a gratuitous ARP, an unsolicited advertisement) and is not only
    /// a question or an answer that happens to name the sender.
    public var isAnnouncement: Bool

    /// Reads an ARP packet or a neighbor advertisement from a frame; nil for anything else.
    public init?(frame: Span<UInt8>) {
        guard frame.count >= 42 else { return nil }
        switch (frame[12], frame[13]) {
        case (0x08, 0x06): self.init(arp: frame.extracting(14..<frame.count))
        case (0x86, 0xDD): self.init(ipv6: frame.extracting(14..<frame.count))
        default: return nil
        }
    }

    private init?(arp: Span<UInt8>) {
        let expected: [UInt8] = [0, 1, 8, 0, 6, 4, 0]
        for index in 0..<7 where arp[index] != expected[index] { return nil }
        guard arp[7] == 1 || arp[7] == 2,
            let mac = MACAddress(arp.extracting(8..<14)),
            let sender = IPAddress(networkOrder: arp.extracting(14..<18)),
            let target = IPAddress(networkOrder: arp.extracting(24..<28)), !sender.isUnspecified
        else { return nil }
        self.address = sender
        self.mac = mac
        isAnnouncement = sender == target
    }

    private init?(ipv6 packet: Span<UInt8>) {
        // Hop limit 255 and code 0, or it is to be ignored (RFC 4861 §7.1.2).
        guard packet.count >= 64, packet[0] >> 4 == 6, packet[6] == 58, packet[7] == 255,
            packet[40] == 136, packet[41] == 0,
            let target = IPAddress(networkOrder: packet.extracting(48..<64)), !target.isMulticast
        else { return nil }
        var index = 64
        while index + 8 <= packet.count {
            let length = Int(packet[index + 1]) * 8
            if length == 0 { return nil }
            if packet[index] == 2, let mac = MACAddress(packet.extracting(index + 2..<index + 8)) {
                self.address = target
                self.mac = mac
                isAnnouncement = packet[44] & 0x40 == 0
                return
            }
            index += length
        }
        return nil
    }
}
