// The one message of VRRP as a value, and its bytes (RFC 9568 §5.2, RFC 3768 §5.3).

import Addresses
import Bytes

/// An advertisement: what a master says.
///
/// ```
/// version 2                                        version 3
/// 0 version<<4|type  1 VRID  2 priority  3 count   the same
/// 4 auth type  5 interval, s  6-7 checksum         4-5 interval, 12 bits, 10 ms  6-7 checksum
/// 8 addresses, then always 8 bytes of data         8 addresses
/// ```
public struct Advertisement: Hashable, Sendable {
    /// The authentication of version 2 (RFC 2338 §5.3.6).
    public enum Authentication: Hashable, Sendable {
        /// Type 0.
        case none
        /// Type 1: eight bytes, filled up with zero.
        case password([UInt8])

        /// A password from text: longer ones are cut to eight bytes, as keepalived does.
        public static func password(text: String) -> Authentication {
            .password(Array(text.utf8.prefix(dataBytes)))
        }

        static let dataBytes = 8

        /// The eight bytes of the message's end.
        var data: [UInt8] {
            guard case .password(let bytes) = self else {
                return [UInt8](repeating: 0, count: Self.dataBytes)
            }
            let kept = bytes.prefix(Self.dataBytes)
            return kept + [UInt8](repeating: 0, count: Self.dataBytes - kept.count)
        }
    }

    /// The version of the message.
    public var version: VRRPVersion
    /// The number of the virtual router, 1...255.
    public var virtualRouter: UInt8
    /// The priority: 0 when the master stops, 255 for the owner.
    public var priority: UInt8
    /// The time between advertisements in nanoseconds; written rounded to the version's step.
    public var interval: UInt64
    /// The virtual addresses, all of one family; at most 255 are written.
    public var addresses: [IPAddress]
    /// Version 2 only.
    public var authentication: Authentication

    /// An advertisement.
    public init(
        version: VRRPVersion, virtualRouter: UInt8, priority: UInt8, interval: UInt64,
        addresses: [IPAddress], authentication: Authentication = .none
    ) {
        self.version = version
        self.virtualRouter = virtualRouter
        self.priority = priority
        self.interval = interval
        self.addresses = addresses
        self.authentication = authentication
    }

    static let headerBytes = 8

    /// Bytes of a message of that many addresses, without a trailer.
    public static func messageBytes(
        _ version: VRRPVersion, _ family: IPAddress.Family, count: Int
    ) -> Int {
        headerBytes + count * (family.bitCount / 8)
            + (version == .two ? Authentication.dataBytes : 0)
    }

    /// Replaces `message` by the bytes of the advertisement, checksum included.
    ///
    /// The checksum depends on the packet's addresses, so unicast needs one call per peer.
    public func encode(
        from source: IPAddress, to destination: IPAddress, checksum kind: ChecksumKind,
        into message: inout [UInt8]
    ) {
        let addresses = addresses.prefix(ProtocolNumbers.addressLimit)
        message.removeAll(keepingCapacity: true)
        message.append(version.rawValue << 4 | MessageType.advertisement)
        message.append(virtualRouter)
        message.append(priority)
        message.append(UInt8(addresses.count))
        appendInterval(to: &message)
        message.append(0)
        message.append(0)
        for address in addresses {
            for index in 0..<address.family.bitCount / 8 { message.append(address.byte(at: index)) }
        }
        if version == .two { message += authentication.data }
        let used: ChecksumKind =
            version == .two
            ? .messageOnly
            : source.family == .v6 && kind == .messageOnly ? .pseudoHeader : kind
        Self.fillChecksum(&message, used, from: source, to: destination)
    }

    /// Writes the checksum over the whole message into its field.
    static func fillChecksum(
        _ message: inout [UInt8], _ kind: ChecksumKind, from source: IPAddress,
        to destination: IPAddress
    ) {
        message[6] = 0
        message[7] = 0
        let sum = Checksum.over(
            message.span, 0..<message.count, kind: kind, from: source, to: destination)
        message[6] = UInt8(truncatingIfNeeded: sum >> 8)
        message[7] = UInt8(truncatingIfNeeded: sum)
    }

    private func appendInterval(to message: inout [UInt8]) {
        let limits = ProtocolNumbers.intervals(version)
        let interval = min(max(interval, limits.lowerBound), limits.upperBound)
        switch version {
        case .two:
            let second = ProtocolNumbers.second
            message.append(authentication == .none ? 0 : 1)
            message.append(UInt8(truncatingIfNeeded: (interval + second / 2) / second))
        case .three:
            let step = ProtocolNumbers.centisecond
            let steps = UInt16(truncatingIfNeeded: (interval + step / 2) / step)
            message.append(UInt8(truncatingIfNeeded: steps >> 8))
            message.append(UInt8(truncatingIfNeeded: steps))
        }
    }
}

/// The types of message; there is one (RFC 9568 §5.2.2).
enum MessageType {
    static let advertisement: UInt8 = 1
}
