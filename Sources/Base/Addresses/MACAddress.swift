// Link-layer addresses of six bytes, and the ones VRRP reserves for virtual routers.

/// An Ethernet address.
public struct MACAddress: Hashable, Sendable, BitwiseCopyable {
    /// The 48 bits in host order (`0x0000_5E00_0107` is 00:00:5e:00:01:07).
    public let bits: UInt64

    /// An address from its 48 low bits; the others are cleared.
    @inlinable public init(bits: UInt64) { self.bits = bits & 0xFFFF_FFFF_FFFF }

    /// ff:ff:ff:ff:ff:ff.
    @inlinable public static var broadcast: MACAddress { MACAddress(bits: .max) }

    /// The address of a virtual router (RFC 9568 §7.3): 00-00-5E-00-01-VRID for IPv4,
    /// 00-00-5E-00-02-VRID for IPv6.
    public init(virtualRouter identifier: UInt8, family: IPAddress.Family) {
        self.init(bits: (family == .v4 ? 0x5E00_0100 : 0x5E00_0200) | UInt64(identifier))
    }

    /// Where a multicast group is sent to: 01:00:5e and 23 bits for IPv4 (RFC 1112 §6.4), 33:33 and
    /// 32 bits for IPv6 (RFC 2464 §7).
    public init(multicast group: IPAddress) {
        switch group.family {
        case .v4: self.init(bits: 0x0100_5E00_0000 | group.low & 0x7F_FFFF)
        case .v6: self.init(bits: 0x3333_0000_0000 | group.low & 0xFFFF_FFFF)
        }
    }

    /// Reads six bytes; nil for any other count.
    public init?(_ bytes: Span<UInt8>) {
        guard bytes.count == 6 else { return nil }
        var bits: UInt64 = 0
        for index in 0..<6 { bits = bits << 8 | UInt64(bytes[index]) }
        self.init(bits: bits)
    }

    /// Parses six pairs of hexadecimal digits between colons or hyphens; one digit may do for a
    /// pair.
    public init?(_ text: some StringProtocol) {
        var bits: UInt64 = 0
        let parts = text.utf8.split(
            omittingEmptySubsequences: false, whereSeparator: { $0 == 0x3A || $0 == 0x2D })
        guard parts.count == 6 else { return nil }
        for part in parts {
            guard part.count == 1 || part.count == 2 else { return nil }
            var value: UInt64 = 0
            for byte in part {
                guard let digit = hexadecimalDigit(byte) else { return nil }
                value = value << 4 | UInt64(digit)
            }
            bits = bits << 8 | value
        }
        self.init(bits: bits)
    }

    /// The byte at an index from 0 to 5 in the order of the wire.
    public func byte(at index: Int) -> UInt8 {
        precondition(index >= 0 && index < 6)
        return UInt8(truncatingIfNeeded: bits >> UInt64((5 - index) * 8))
    }

    /// The six bytes in the order of the wire.
    public var bytes: [UInt8] { (0..<6).map { byte(at: $0) } }

    /// The IPv6 interface identifier made from the address (RFC 4291 appendix A), as the low 64
    /// bits.
    public var interfaceIdentifier: UInt64 {
        let high = (bits >> 24) ^ 0x02_0000
        return high << 40 | 0xFF_FE00_0000 | bits & 0xFF_FFFF
    }
}

extension MACAddress: CustomStringConvertible {
    /// Six pairs of small hexadecimal digits between colons.
    public var description: String {
        let digits = Array("0123456789abcdef")
        return bytes.map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }
            .joined(separator: ":")
    }
}
