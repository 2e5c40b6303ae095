// What the laboratory saw on the wire: adverts (RFC 9568 §5.2, RFC 2338 §5.3), gratuitous ARP and
// unsolicited neighbour advertisements. Reads leniently: it is to show what was sent, not to judge.

import Addresses

/// One VRRP message that a host sent.
public struct SeenAdvert: Sendable {
    /// When, in nanoseconds of the monotonic clock.
    public var time: UInt64
    /// The host on whose port it came in.
    public var host: String
    /// Addresses of its IP header.
    public var source: IPAddress
    public var destination: IPAddress
    /// Sender's address on the link.
    public var hardwareAddress: [UInt8]
    /// TTL or hop limit.
    public var timeToLive: UInt8
    public var version: UInt8
    public var virtualRouterID: UInt8
    public var priority: UInt8
    /// How many addresses it says it lists.
    public var addressCount: Int
    /// The interval in it, in milliseconds.
    public var intervalMilliseconds: Int
    public var checksum: UInt16
    /// The whole message from the VRRP header on.
    public var message: [UInt8]
}

/// An address that a host announced as its own.
public struct SeenAnnouncement: Sendable {
    /// When, in nanoseconds of the monotonic clock.
    public var time: UInt64
    /// The host on whose port it came in.
    public var host: String
    public var address: IPAddress
    /// The hardware address that it gave.
    public var hardwareAddress: [UInt8]
}

/// What a frame was.
enum SeenFrame {
    case advert(SeenAdvert)
    case announcement(SeenAnnouncement)

    /// Reads an Ethernet frame; `nil` when it is neither.
    init?(_ frame: [UInt8], host: String, time: UInt64) {
        guard frame.count >= 34 else { return nil }
        let hardware = Array(frame[6..<12])
        switch frame.number16(at: 12) {
        case 0x0806:
            guard frame.count >= 42, let sender = frame.address(at: 28, bytes: 4),
                let target = frame.address(at: 38, bytes: 4), sender == target
            else { return nil }
            self = .announcement(
                SeenAnnouncement(
                    time: time, host: host, address: sender, hardwareAddress: Array(frame[22..<28]))
            )
        case 0x0800:
            let length = Int(frame[14] & 15) * 4
            let total = min(frame.number16(at: 16), frame.count - 14)
            guard frame[23] == 112, total >= length + 8,
                let source = frame.address(at: 26, bytes: 4),
                let destination = frame.address(at: 30, bytes: 4)
            else { return nil }
            self = .advert(
                SeenAdvert(
                    Array(frame[(14 + length)..<(14 + total)]), host: host, time: time,
                    source: source, destination: destination, hardware: hardware, life: frame[22]))
        case 0x86DD:
            guard frame.count >= 62, let source = frame.address(at: 22, bytes: 16),
                let destination = frame.address(at: 38, bytes: 16)
            else { return nil }
            let end = min(54 + frame.number16(at: 18), frame.count)
            if frame[20] == 112 {
                self = .advert(
                    SeenAdvert(
                        Array(frame[54..<end]), host: host, time: time, source: source,
                        destination: destination, hardware: hardware, life: frame[21]))
            } else if let target = frame.address(at: 62, bytes: 16), destination.byte(at: 0) == 0xFF
            {
                // The option with the hardware address is the last of the message.
                let given = end >= 86 ? Array(frame[(end - 6)..<end]) : hardware
                self = .announcement(
                    SeenAnnouncement(
                        time: time, host: host, address: target, hardwareAddress: given))
            } else {
                return nil
            }
        default: return nil
        }
    }
}

extension SeenAdvert {
    fileprivate init(
        _ message: [UInt8], host: String, time: UInt64, source: IPAddress, destination: IPAddress,
        hardware: [UInt8], life: UInt8
    ) {
        self.time = time
        self.host = host
        self.source = source
        self.destination = destination
        hardwareAddress = hardware
        timeToLive = life
        version = message[0] >> 4
        virtualRouterID = message[1]
        priority = message[2]
        addressCount = Int(message[3])
        intervalMilliseconds =
            version == 2 ? Int(message[5]) * 1000 : (message.number16(at: 4) & 0xFFF) * 10
        checksum = UInt16(message.number16(at: 6))
        self.message = message
    }
}

extension [UInt8] {
    /// Two bytes in network order.
    func number16(at index: Int) -> Int { Int(self[index]) << 8 | Int(self[index + 1]) }

    /// An address in network order; `nil` beyond the end.
    func address(at index: Int, bytes count: Int) -> IPAddress? {
        guard index + count <= self.count else { return nil }
        return IPAddress(networkOrder: span.extracting(index..<(index + count)))
    }
}

extension IPAddress {
    /// Its bytes in network order.
    var networkOrder: [UInt8] { (0..<(family.bitCount / 8)).map { byte(at: $0) } }

    /// The number of its family in socket calls.
    var socketFamily: Int32 { family == .v4 ? 2 : 10 }
}
