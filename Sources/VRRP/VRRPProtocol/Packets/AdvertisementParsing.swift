// Bytes to an advertisement: everything that can be judged from the packet alone, before an
// instance is known (RFC 9568 §7.1, first part). Pure, and never traps on what a peer chose.

import Addresses
import Bytes

/// A well-formed message, not yet judged by an instance.
public struct ParsedAdvertisement: Hashable, Sendable {
    /// What the message says; version 2 with its authentication.
    public var advertisement: Advertisement
    /// The type of authentication as written; zero in version 3.
    public var authenticationType: UInt8
    /// Bytes of the message proper.
    public var messageBytes: Int
    /// Where a trailer begins and ends; empty when nothing follows the message.
    public var trailer: Range<Int>
    /// Which ways of computing the checksum give the one written; empty: none.
    public var checksums: [ChecksumKind]

    /// The number of the virtual router in the first bytes of a message, to find its instance.
    public static func virtualRouter(of message: Span<UInt8>) -> UInt8? {
        message.count >= Advertisement.headerBytes ? message[1] : nil
    }

    /// Reads `message[range]`.
    ///
    /// Checks version, type, TTL, the length that the count needs, and the checksum, which must
    /// hold in one of the ways that exist. What follows the message is left for the instance to
    /// judge.
    /// `expected` is the only version taken; nil: both.
    public static func parse(
        _ message: Span<UInt8>, _ range: Range<Int>, _ envelope: PacketEnvelope,
        expecting expected: VRRPVersion? = nil, hopLimits: ClosedRange<UInt8> = 0...255
    ) throws(Rejection) -> ParsedAdvertisement {
        let bytes = message.extracting(range)
        guard bytes.count >= Advertisement.headerBytes else { throw .tooShort }
        guard let version = VRRPVersion(rawValue: bytes[0] >> 4),
            version == .three || envelope.source.family == .v4, version == expected ?? version
        else { throw .version }
        guard bytes[0] & 0x0F == MessageType.advertisement else { throw .type }
        guard hopLimits.contains(envelope.hopLimit) else { throw .ttl }
        let family = envelope.source.family
        let used = Advertisement.messageBytes(version, family, count: Int(bytes[3]))
        guard bytes.count >= used else { throw .count }
        let checksums = matching(bytes, used, version, envelope)
        guard !checksums.isEmpty else { throw .checksum }
        return ParsedAdvertisement(
            advertisement: read(bytes, version, family, used),
            authenticationType: version == .two ? bytes[4] : 0, messageBytes: used,
            trailer: used..<bytes.count, checksums: checksums)
    }

    /// The sum may also cover a trailer: whoever appends one may count it as part of the message.
    private static func matching(
        _ bytes: Span<UInt8>, _ used: Int, _ version: VRRPVersion, _ envelope: PacketEnvelope
    ) -> [ChecksumKind] {
        func fits(_ kind: ChecksumKind, _ length: Int) -> Bool {
            Checksum.over(
                bytes, 0..<length, kind: kind, from: envelope.source, to: envelope.destination)
                == 0
        }
        if version == .two {
            let isRight =
                fits(.messageOnly, used)
                || bytes.count != used && fits(.messageOnly, bytes.count)
            return isRight ? [.messageOnly] : []
        }
        let kinds: [ChecksumKind] =
            envelope.source.family == .v6
            ? [.pseudoHeader, .groupPseudoHeader]
            : [.pseudoHeader, .messageOnly, .groupPseudoHeader]
        return kinds.filter { kind in
            fits(kind, used) || bytes.count != used && fits(kind, bytes.count)
        }
    }

    private static func read(
        _ bytes: Span<UInt8>, _ version: VRRPVersion, _ family: IPAddress.Family, _ used: Int
    ) -> Advertisement {
        let width = family.bitCount / 8
        let count = Int(bytes[3])
        var addresses: [IPAddress] = []
        addresses.reserveCapacity(count)
        for index in 0..<count {
            let start = Advertisement.headerBytes + index * width
            if let address = IPAddress(networkOrder: bytes.extracting(start..<start + width)) {
                addresses.append(address)
            }
        }
        var advertisement = Advertisement(
            version: version, virtualRouter: bytes[1], priority: bytes[2], interval: 0,
            addresses: addresses)
        switch version {
        case .two:
            advertisement.interval = UInt64(bytes[5]) * ProtocolNumbers.second
            if bytes[4] == AuthenticationType.password.rawValue {
                advertisement.authentication = .password(
                    bytes.extracting(used - Advertisement.Authentication.dataBytes..<used).array)
            }
        case .three:
            let steps = UInt64(bytes[4] & 0x0F) << 8 | UInt64(bytes[5])
            advertisement.interval = steps * ProtocolNumbers.centisecond
        }
        return advertisement
    }
}

/// The types of authentication of version 2 (RFC 2338 §5.3.6).
enum AuthenticationType: UInt8 {
    case none = 0
    case password = 1
    case header = 2
}
