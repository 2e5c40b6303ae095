// Adverts that no daemon sent: to try what a daemon does with strangers, forgeries and junk.

import Addresses

/// A VRRP message with its headers, every field of which may be wrong.
public struct CraftedAdvert: Sendable {
    /// Over what a checksum is taken (RFC 9568 §5.2.8, RFC 3768 §5.3.8).
    public enum Checksum: Sendable {
        /// The message with a pseudo header of its addresses.
        case withPseudoHeader
        /// The message alone.
        case messageOnly
    }

    public var version: UInt8 = 3
    public var type: UInt8 = 1
    public var id: UInt8 = 51
    public var priority: UInt8 = 50
    /// In the unit of the version: centiseconds in 3, seconds in 2.
    public var interval = 10
    public var addresses = [IPAddress(v4: 0x0A09_0064)]
    public var source = IPAddress(v4: 0x0A09_0063)
    public var destination = IPAddress(v4: 0xE000_0012)
    public var timeToLive: UInt8 = 255
    public var authentication: [UInt8] = []
    public var checksum = Checksum.withPseudoHeader
    /// Added to the sum, to make it wrong.
    public var checksumError: UInt16 = 0

    /// An advert of version 3 from 10.9.0.99 for id 51 and 10.9.0.100, with priority 50.
    public init() {}

    /// The same advert, changed.
    public func with(
        _ change: (inout CraftedAdvert) throws -> Void
    ) rethrows -> CraftedAdvert {
        var copy = self
        try change(&copy)
        return copy
    }

    /// The message behind the IP header.
    public var message: [UInt8] {
        var bytes = [version << 4 | type, id, priority, UInt8(truncatingIfNeeded: addresses.count)]
        if version == 2 {
            bytes += [authentication.isEmpty ? 0 : 1, UInt8(truncatingIfNeeded: interval)]
        } else {
            bytes += [UInt8(interval >> 8 & 15), UInt8(interval & 255)]
        }
        bytes += [0, 0]
        for address in addresses { bytes += address.networkOrder }
        if version == 2 {
            bytes += (authentication + [UInt8](repeating: 0, count: 8)).prefix(8)
        }
        let usesPseudoHeader = version == 3 && checksum == .withPseudoHeader
        let sum =
            internetChecksum(
                usesPseudoHeader
                    ? pseudoHeader(source, destination, bytes.count) + bytes : bytes)
            &+ checksumError
        bytes[6] = UInt8(sum >> 8)
        bytes[7] = UInt8(sum & 255)
        return bytes
    }

    /// The whole Ethernet frame.
    public var frame: [UInt8] { Self.frame(message, source, destination, timeToLive) }

    /// Whether the checksum of a changed message happens to be right.
    static func isSound(_ message: [UInt8], _ advert: CraftedAdvert) -> Bool {
        let prefix = pseudoHeader(advert.source, advert.destination, message.count)
        return internetChecksum(prefix + message) == 0 || internetChecksum(message) == 0
    }

    /// A frame around any bytes.
    public static func frame(
        _ message: [UInt8], _ source: IPAddress, _ destination: IPAddress, _ life: UInt8 = 255
    ) -> [UInt8] {
        let sender: [UInt8] = [2, 0, 0, 0, 9, 9]
        if source.family == .v6 {
            let group: [UInt8] = [0x33, 0x33] + destination.networkOrder[12...]
            let head: [UInt8] = [
                0x60, 0, 0, 0, UInt8(message.count >> 8 & 255), UInt8(message.count & 255), 112,
                life,
            ]
            return group + sender + [0x86, 0xDD] + head + source.networkOrder
                + destination.networkOrder + message
        }
        let low = destination.networkOrder
        let group: [UInt8] =
            low[0] == 224
            ? [1, 0, 0x5E, low[1] & 127, low[2], low[3]]
            : [2, 0, 0, 0, 0, low[3]]
        let total = 20 + message.count
        var head: [UInt8] = [
            0x45, 0xC0, UInt8(total >> 8 & 255), UInt8(total & 255), 0, 1, 0, 0, life, 112, 0, 0,
        ]
        head += source.networkOrder + low
        let sum = internetChecksum(head)
        head[10] = UInt8(sum >> 8)
        head[11] = UInt8(sum & 255)
        return group + sender + [8, 0] + head + message
    }
}

extension SeenAdvert {
    /// Whether the checksum is right when taken that way.
    public func hasChecksum(_ kind: CraftedAdvert.Checksum) -> Bool {
        let prefix =
            kind == .withPseudoHeader ? pseudoHeader(source, destination, message.count) : []
        return internetChecksum(prefix + message) == 0
    }
}

/// The one's complement sum of RFC 1071.
private func internetChecksum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    var index = 0
    while index < bytes.count {
        let low = index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0
        sum += UInt32(bytes[index]) << 8 | low
        index += 2
    }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    return ~UInt16(sum)
}

/// What stands before a message when its sum is taken.
private func pseudoHeader(_ source: IPAddress, _ destination: IPAddress, _ count: Int) -> [UInt8] {
    let ends = source.networkOrder + destination.networkOrder
    let length = [UInt8(count >> 8 & 255), UInt8(count & 255)]
    return source.family == .v4
        ? ends + [0, 112] + length : ends + [0, 0] + length + [0, 0, 0, 112]
}
