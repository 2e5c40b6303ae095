// The Internet checksum over a VRRP message, with and without a pseudo header (RFC 1071; RFC 9568
// §5.2.8). Routers disagree about the pseudo header of IPv4, so a sender has a setting and a
// receiver accepts both.

import Addresses

/// What the checksum of an advertisement covers beside the message.
public enum ChecksumKind: Hashable, Sendable {
    /// The message alone: version 2 always; version 3 over IPv4 as RFC 9568 and
    /// `v3_checksum_as_v2` have it.
    case messageOnly
    /// Also the pseudo header of the packet's addresses: version 3 over IPv6 always, over IPv4 as
    /// keepalived does by default.
    case pseudoHeader
    /// The pseudo header names the group although the packet goes to one peer, as keepalived up to
    /// 1.3.6 computed it: `old_unicast_checksum`.
    case groupPseudoHeader
}

/// The 16-bit one's complement sum of RFC 1071, built up from pieces of even length.
struct Checksum {
    private var sum: UInt64 = 0

    /// Adds bytes; an odd last byte counts as the high half of a word.
    mutating func add(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        var index = range.lowerBound
        while index + 1 < range.upperBound {
            sum &+= UInt64(bytes[index]) << 8 | UInt64(bytes[index + 1])
            index += 2
        }
        if index < range.upperBound { sum &+= UInt64(bytes[index]) << 8 }
    }

    /// Adds the bytes of an address.
    mutating func add(_ address: IPAddress) {
        for value in [address.high, address.low] {
            for shift in [48, 32, 16, 0] { sum &+= value >> UInt64(shift) & 0xFFFF }
        }
    }

    /// Adds the rest of a pseudo header: the length and the protocol number. The layouts of IPv4
    /// and IPv6 differ, their sums do not.
    mutating func add(length: Int) {
        sum &+= UInt64(length) & 0xFFFF
        sum &+= UInt64(length) >> 16
        sum &+= UInt64(ProtocolNumbers.ipProtocol)
    }

    /// The complement of the sum, folded to 16 bits; zero over a message whose field is right.
    var value: UInt16 {
        var folded = sum
        while folded > 0xFFFF { folded = folded & 0xFFFF &+ folded >> 16 }
        return ~UInt16(truncatingIfNeeded: folded)
    }

    /// The checksum of `message[range]` as it stands; zero when its field is filled in rightly.
    static func over(
        _ message: Span<UInt8>, _ range: Range<Int>, kind: ChecksumKind, from source: IPAddress,
        to destination: IPAddress
    ) -> UInt16 {
        var sum = Checksum()
        sum.add(message, range)
        if kind != .messageOnly {
            sum.add(source)
            sum.add(
                kind == .pseudoHeader ? destination : ProtocolNumbers.group(destination.family))
            sum.add(length: range.count)
        }
        return sum.value
    }
}
