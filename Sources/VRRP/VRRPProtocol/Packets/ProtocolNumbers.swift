// The numbers of VRRP that both versions share: protocol, groups, limits, virtual hardware
// addresses (RFC 9568 §5.1, §7.3; RFC 3768 §5.2).

import Addresses

/// A version of VRRP.
public enum VRRPVersion: UInt8, Sendable, CaseIterable {
    /// RFC 3768 with the authentication of RFC 2338: IPv4 only, whole seconds.
    case two = 2
    /// RFC 9568: IPv4 and IPv6, steps of 10 ms.
    case three = 3
}

/// Numbers of the protocol.
public enum ProtocolNumbers {
    /// The number of VRRP among the protocols above IP.
    public static let ipProtocol: UInt8 = 112
    /// The TTL or hop limit that every advertisement starts with.
    public static let hopLimit: UInt8 = 255
    /// The group that IPv4 advertisements go to, 224.0.0.18.
    public static let groupV4 = IPAddress(v4: 0xE000_0012)
    /// The group that IPv6 advertisements go to, `ff02::12`.
    public static let groupV6 = IPAddress(v6High: 0xFF02 << 48, low: 0x12)
    /// The priority of a router that owns the addresses.
    public static let ownerPriority: UInt8 = 255
    /// The priority that says: this master stops.
    public static let stopPriority: UInt8 = 0
    /// The most addresses that one advertisement can name.
    public static let addressLimit = 255
    /// One centisecond in nanoseconds: the step of intervals of version 3.
    public static let centisecond: UInt64 = 10_000_000
    /// One second in nanoseconds: the step of intervals of version 2.
    public static let second: UInt64 = 1_000_000_000

    /// The group of a family.
    public static func group(_ family: IPAddress.Family) -> IPAddress {
        family == .v4 ? groupV4 : groupV6
    }

    /// The six bytes of the hardware address that a virtual router owns (RFC 9568 §7.3).
    public static func hardwareAddress(
        ofVirtualRouter number: UInt8, _ family: IPAddress.Family
    ) -> [UInt8] {
        [0x00, 0x00, 0x5E, 0x00, family == .v4 ? 0x01 : 0x02, number]
    }

    /// The intervals that a version can express, in nanoseconds.
    public static func intervals(_ version: VRRPVersion) -> ClosedRange<UInt64> {
        version == .two ? second...255 * second : centisecond...4095 * centisecond
    }
}
