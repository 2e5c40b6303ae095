// Why a received packet is dropped, and one counter for each reason. A dropped packet reaches no
// state machine, so it can neither silence a master nor keep a backup waiting.

/// Why a packet was not believed; the order is that of the checks (RFC 9568 §7.1).
public enum Rejection: UInt8, Error, Sendable, CaseIterable {
    /// Fewer bytes than the headers need.
    case tooShort
    /// The IP header's lengths do not fit what arrived.
    case ipLength
    /// Not the protocol number of VRRP.
    case ipProtocol
    /// A version that the instance does not speak.
    case version
    /// A type that is no advertisement.
    case type
    /// A TTL or hop limit other than 255 on a group, or outside the range set for a peer.
    case ttl
    /// Fewer bytes than the count of addresses needs, or no address where one must be.
    case count
    /// More bytes than the count of addresses needs, and no trailer is expected.
    case excess
    /// The checksum is wrong in every way of computing it that is accepted.
    case checksum
    /// No instance has this number on this interface and family.
    case unknownVRID
    /// To a group where unicast is spoken, or the reverse, or of another family.
    case castMismatch
    /// Our own packet came back.
    case looped
    /// Version 2: another type of authentication than ours.
    case authType
    /// Version 2: the password differs.
    case authData
    /// Version 2: IPsec AH, which is not supported.
    case authAH
    /// Version 2: the interval differs from ours. Version 3: an interval of zero.
    case interval
    /// The list of addresses differs from ours, where that is a reason to drop.
    case addressList
    /// The sender is none of the configured peers.
    case notAPeer
    /// The owner of the addresses listens to nobody.
    case ownerIgnores
    /// No trailer where one is required.
    case hmacMissing
    /// A trailer of an unknown kind.
    case hmacMalformed
    /// A trailer with a key that is not configured.
    case hmacUnknownKey
    /// A trailer whose code is wrong.
    case hmacInvalid
    /// A trailer whose time is outside the window.
    case hmacStale
    /// A trailer whose sequence number was seen before, or is older than one seen.
    case hmacReplay
    /// The kernel delivered only a part of the packet.
    case truncated
}

/// One counter for each reason.
public struct RejectionCounters: Sendable, Equatable {
    private var counts = [UInt64](repeating: 0, count: Rejection.allCases.count)

    /// Nothing rejected yet.
    public init() {}

    /// How often a reason applied.
    public subscript(reason: Rejection) -> UInt64 { counts[Int(reason.rawValue)] }

    /// Counts one packet.
    public mutating func count(_ reason: Rejection) { counts[Int(reason.rawValue)] &+= 1 }

    /// All rejected packets.
    public var total: UInt64 { counts.reduce(0, &+) }
}
