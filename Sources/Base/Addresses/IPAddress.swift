// One IPv4 or IPv6 address as a small trivial value. The bytes are kept as two numbers in host
// order, so masks, comparisons and hashing are integer arithmetic; network order exists only at
// the edges.

/// An IPv4 or IPv6 address.
///
/// An IPv4 address lives in the low 32 bits of `low`; `high` is then zero.
public struct IPAddress: Hashable, Sendable, BitwiseCopyable {
    /// Which of the two address sizes a value holds.
    public enum Family: UInt8, Sendable, BitwiseCopyable {
        /// 32 bits, dotted quad.
        case v4 = 4
        /// 128 bits, RFC 4291.
        case v6 = 6

        /// Bits in an address of this family: 32 or 128.
        @inlinable public var bitCount: Int { self == .v4 ? 32 : 128 }
    }

    /// The first 64 bits of an IPv6 address; zero for IPv4.
    public let high: UInt64
    /// The last 64 bits of an IPv6 address, or the 32 bits of an IPv4 address.
    public let low: UInt64
    /// The family that gives `high` and `low` their meaning.
    public let family: Family

    /// An IPv4 address from its 32 bits in host order (`0x7F00_0001` is 127.0.0.1).
    @inlinable public init(v4 bits: UInt32) {
        high = 0
        low = UInt64(bits)
        family = .v4
    }

    /// An IPv6 address from its two halves in host order.
    @inlinable public init(v6High high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
        family = .v6
    }

    /// 0.0.0.0.
    @inlinable public static var anyV4: IPAddress { IPAddress(v4: 0) }
    /// The unspecified address `::`.
    @inlinable public static var anyV6: IPAddress { IPAddress(v6High: 0, low: 0) }
    /// 127.0.0.1.
    @inlinable public static var loopbackV4: IPAddress { IPAddress(v4: 0x7F00_0001) }
    /// The loopback address `::1`.
    @inlinable public static var loopbackV6: IPAddress { IPAddress(v6High: 0, low: 1) }

    /// Whether this is 0.0.0.0 or `::`.
    @inlinable public var isUnspecified: Bool { high == 0 && low == 0 }

    /// Whether this is inside 127.0.0.0/8 or is `::1`.
    @inlinable public var isLoopback: Bool {
        family == .v4 ? low >> 24 == 127 : high == 0 && low == 1
    }

    /// Whether this is inside 224.0.0.0/4 or `ff00::/8`.
    @inlinable public var isMulticast: Bool {
        family == .v4 ? low >> 28 == 0xE : high >> 56 == 0xFF
    }

    /// Whether this is an IPv4 address written as `::ffff:a.b.c.d`.
    @inlinable public var isMappedV4: Bool {
        family == .v6 && high == 0 && low >> 32 == 0xFFFF
    }

    /// The IPv4 address inside a mapped one, and every other address unchanged.
    @inlinable public var unmapped: IPAddress {
        isMappedV4 ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : self
    }

    /// The byte at `index` in network order; 4 bytes for IPv4, 16 for IPv6.
    @inlinable public func byte(at index: Int) -> UInt8 {
        precondition(index >= 0 && index < family.bitCount / 8)
        if family == .v4 { return UInt8(truncatingIfNeeded: low >> UInt64((3 - index) * 8)) }
        let half = index < 8 ? high : low
        return UInt8(truncatingIfNeeded: half >> UInt64((7 - index % 8) * 8))
    }

    /// Reads an address from 4 or 16 bytes in network order; nil for any other count.
    public init?(networkOrder bytes: Span<UInt8>) {
        func number(_ range: Range<Int>) -> UInt64 {
            var value: UInt64 = 0
            for index in range { value = value << 8 | UInt64(bytes[index]) }
            return value
        }
        switch bytes.count {
        case 4: self.init(v4: UInt32(truncatingIfNeeded: number(0..<4)))
        case 16: self.init(v6High: number(0..<8), low: number(8..<16))
        default: return nil
        }
    }
}

extension IPAddress: Comparable {
    /// IPv4 before IPv6, then by number.
    public static func < (left: IPAddress, right: IPAddress) -> Bool {
        if left.family != right.family { return left.family == .v4 }
        return (left.high, left.low) < (right.high, right.low)
    }
}
