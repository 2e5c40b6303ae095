// What one instance believes: the second part of the checks of RFC 9568 §7.1 and RFC 3768 §7.1, in
// the order of VRRP's receivers. Holds what has to be remembered between packets: sequence numbers
// of senders, and the old kind of checksum once a peer was met that uses it.

import Addresses
import Bytes

/// A peer of a unicast instance: `unicast_peer`.
public struct UnicastPeer: Hashable, Sendable {
    /// Its address.
    public var address: IPAddress
    /// The TTL or hop limit that its packets arrive with: `min_ttl`, `max_ttl`.
    public var hopLimits: ClosedRange<UInt8>

    /// A peer.
    public init(_ address: IPAddress, hopLimits: ClosedRange<UInt8> = 0...255) {
        self.address = address
        self.hopLimits = hopLimits
    }
}

/// What an instance expects of the packets it receives.
public struct ReceiveRules: Sendable, Equatable {
    /// What another list of addresses than ours means.
    public enum AddressListRule: Sendable {
        /// Noted, and accepted (RFC 9568 §7.1).
        case note
        /// Dropped, unless the sender is the owner (RFC 3768 §7.1).
        case drop
        /// Noted, and not looked at again while the same sender speaks: `skip_check_adv_addr`.
        case skipForKnownSender
    }

    /// Which way of the old checksum of unicast packets is accepted: `old_unicast_checksum`.
    public enum OldChecksumRule: Sendable {
        /// Accepted once met, and answered in kind.
        case learn
        /// Always used and accepted.
        case always
        /// Refused.
        case never
    }

    /// The version spoken.
    public var version: VRRPVersion
    /// The family of the advertised addresses.
    public var family: IPAddress.Family
    /// The number of the virtual router.
    public var virtualRouter: UInt8
    /// Our interval in nanoseconds.
    public var interval: UInt64
    /// Our addresses as advertised; the order does not matter.
    public var addresses: [IPAddress]
    /// What another list means.
    public var addressListRule = AddressListRule.note
    /// The addresses of our own packets, to know them when they come back.
    public var ownAddresses: [IPAddress] = []
    /// The group; nil: the one of the family.
    public var group: IPAddress?
    /// Whether the instance speaks to peers, not to a group.
    public var isUnicast = false
    /// The configured peers.
    public var peers: [UnicastPeer] = []
    /// Drops what comes from others than peers: `check_unicast_src`.
    public var checksUnicastSource = false
    /// Version 2: what must be in the packet.
    public var authentication = Advertisement.Authentication.none
    /// Which old checksum is accepted.
    public var oldChecksumRule = OldChecksumRule.learn
    /// We own the addresses now and listen to nobody: `owner_ignore_adverts`, strict.
    public var ignoresAll = false
    /// The trailer's keys and rules; nil: no trailer is expected.
    public var trailer: TrailerRules?

    /// Rules for one instance.
    public init(
        version: VRRPVersion, family: IPAddress.Family, virtualRouter: UInt8, interval: UInt64,
        addresses: [IPAddress]
    ) {
        self.version = version
        self.family = family
        self.virtualRouter = virtualRouter
        self.interval = interval
        self.addresses = addresses
    }
}

/// Checks packets for one instance.
public struct AdvertisementReceiver: Sendable {
    /// What was odd about an accepted packet, worth a log line at a limited rate and a counter.
    public enum Notice: Hashable, Sendable {
        /// The sender has other addresses than we do.
        case addressListDiffers
        /// Version 3: the sender's interval in nanoseconds is not ours.
        case intervalDiffers(UInt64)
        /// No trailer, which is still allowed: `mode permissive`.
        case unsigned
        /// The trailer's clock is that many seconds from ours, more than half the window.
        case clocksDiffer(Int64)
        /// The checksum covers other bytes than ours do.
        case checksumDiffers(ChecksumKind)
        /// From now on our packets carry the old checksum, as this peer's do.
        case oldChecksumLearnt
    }

    /// An accepted advertisement.
    public struct Accepted: Sendable, Equatable {
        /// What it says.
        public var advertisement: Advertisement
        /// Who says it.
        public var envelope: PacketEnvelope
        /// What was odd about it.
        public var notices: [Notice]
    }

    /// The rules; a reload replaces them and keeps what was learnt.
    public var rules: ReceiveRules {
        didSet { usual = nil }
    }
    /// How the instance computes the checksum of what it sends.
    public var sentChecksum: ChecksumKind {
        didSet { usual = nil }
    }
    private(set) var guardian = ReplayGuard()
    private var knownSender: IPAddress?

    /// A packet that was accepted without a remark, under the rules that hold.
    private struct Usual {
        let bytes: [UInt8]
        let accepted: Accepted
    }

    /// What a master says again and again: the same bytes from the same sender mean the same.
    private var usual: Usual?

    /// A receiver that has seen nothing.
    public init(rules: ReceiveRules, sentChecksum: ChecksumKind) {
        self.rules = rules
        self.sentChecksum = sentChecksum
    }

    /// Judges `message[range]`.
    ///
    /// `wallClock` is the time since 1970 in nanoseconds, for the trailer alone.
    public mutating func receive(
        _ message: Span<UInt8>, _ range: Range<Int>, _ envelope: PacketEnvelope,
        wallClock: UInt64
    ) throws(Rejection) -> Accepted {
        if let usual, usual.accepted.envelope == envelope,
            Self.areEqual(usual.bytes, message, range)
        {
            knownSender = envelope.source
            return usual.accepted
        }
        guard envelope.source.family == rules.family, envelope.destination.family == rules.family
        else { throw .castMismatch }
        let parsed = try ParsedAdvertisement.parse(
            message, range, envelope, expecting: rules.version, hopLimits: hopLimits(envelope))
        try checkLength(parsed)
        var notices: [Notice] = []
        try checkChecksum(parsed, &notices)
        guard parsed.advertisement.virtualRouter == rules.virtualRouter else { throw .unknownVRID }
        let group = rules.group ?? ProtocolNumbers.group(rules.family)
        guard envelope.destination.isMulticast != rules.isUnicast,
            rules.isUnicast || envelope.destination == group
        else { throw .castMismatch }
        guard !rules.ownAddresses.contains(envelope.source) else { throw .looped }
        if rules.version == .two { try checkAuthentication(parsed) }
        try checkInterval(parsed, &notices)
        try checkAddresses(parsed, envelope, &notices)
        // Marks of senders are for those that we know.
        if rules.isUnicast, rules.checksUnicastSource || rules.trailer != nil {
            guard rules.peers.contains(where: { $0.address == envelope.source }) else {
                throw .notAPeer
            }
        }
        guard !rules.ignoresAll else { throw .ownerIgnores }
        if let trailer = rules.trailer {
            try checkTrailer(
                message.extracting(range), parsed, envelope, trailer, wallClock, &notices)
        }
        remember(parsed, envelope, &notices)
        let accepted = Accepted(
            advertisement: parsed.advertisement, envelope: envelope, notices: notices)
        // What depends on more than the packet and the rules is looked at each time.
        if notices.isEmpty, rules.trailer == nil, rules.addressListRule != .skipForKnownSender {
            usual = Usual(bytes: message.extracting(range).array, accepted: accepted)
        }
        return accepted
    }

    /// Compares without telling by its time where they differ: a password is among the bytes.
    private static func areEqual(
        _ known: [UInt8], _ message: Span<UInt8>, _ range: Range<Int>
    ) -> Bool {
        guard known.count == range.count else { return false }
        var difference: UInt8 = 0
        for index in known.indices {
            difference |= known[index] ^ message[range.lowerBound + index]
        }
        return difference == 0
    }

    /// How a packet may arrive: from a group it has not crossed a router.
    private func hopLimits(_ envelope: PacketEnvelope) -> ClosedRange<UInt8> {
        guard rules.isUnicast else {
            return ProtocolNumbers.hopLimit...ProtocolNumbers.hopLimit
        }
        return rules.peers.first { $0.address == envelope.source }?.hopLimits ?? 0...255
    }

    private func checkLength(_ parsed: ParsedAdvertisement) throws(Rejection) {
        guard !parsed.trailer.isEmpty else { return }
        guard rules.trailer != nil, parsed.trailer.count == HMACTrailer.byteCount else {
            throw .excess
        }
    }

    private func checkChecksum(
        _ parsed: ParsedAdvertisement, _ notices: inout [Notice]
    ) throws(Rejection) {
        guard rules.version == .three else { return }
        var kinds = parsed.checksums
        if !rules.isUnicast || rules.oldChecksumRule == .never {
            // To a group, the old sum and the new are the same number.
            kinds.removeAll { $0 == .groupPseudoHeader }
        }
        guard let kind = kinds.first else { throw .checksum }
        if !kinds.contains(sentChecksum) { notices.append(.checksumDiffers(kind)) }
    }

    private func checkAuthentication(_ parsed: ParsedAdvertisement) throws(Rejection) {
        switch AuthenticationType(rawValue: parsed.authenticationType) {
        case .header: throw .authAH
        case .none?:
            guard rules.authentication == .none else { throw .authType }
        case .password:
            guard rules.authentication != .none else { throw .authType }
            guard
                ConstantTime.areEqual(
                    parsed.advertisement.authentication.data, rules.authentication.data)
            else { throw .authData }
        case nil: throw .authType
        }
    }

    private func checkInterval(
        _ parsed: ParsedAdvertisement, _ notices: inout [Notice]
    ) throws(Rejection) {
        let interval = parsed.advertisement.interval
        switch rules.version {
        case .two:
            guard interval == rules.interval else { throw .interval }
        case .three:
            guard interval > 0 else { throw .interval }
            if interval != rules.interval { notices.append(.intervalDiffers(interval)) }
        }
    }

    private func checkAddresses(
        _ parsed: ParsedAdvertisement, _ envelope: PacketEnvelope, _ notices: inout [Notice]
    ) throws(Rejection) {
        if rules.addressListRule == .skipForKnownSender, knownSender == envelope.source { return }
        // Nearly always the same list in the same order.
        let heard = parsed.advertisement.addresses
        guard heard != rules.addresses, Set(heard) != Set(rules.addresses) else { return }
        if rules.addressListRule == .drop,
            parsed.advertisement.priority != ProtocolNumbers.ownerPriority
        {
            throw .addressList
        }
        notices.append(.addressListDiffers)
    }

    private mutating func checkTrailer(
        _ message: Span<UInt8>, _ parsed: ParsedAdvertisement, _ envelope: PacketEnvelope,
        _ trailer: TrailerRules, _ wallClock: UInt64, _ notices: inout [Notice]
    ) throws(Rejection) {
        guard !parsed.trailer.isEmpty else {
            guard trailer.mode == .enforce else {
                notices.append(.unsigned)
                return
            }
            throw .hmacMissing
        }
        let claim = try HMACTrailer.read(message, parsed.messageBytes)
        let skew = try ReplayGuard.checkTime(claim.sequence, trailer, wallClock: wallClock)
        try HMACTrailer.verify(
            message, parsed.messageBytes, claim, from: envelope.source, trailer.keys)
        try guardian.admit(
            claim.sequence, from: envelope.source, trailer, wallClock: wallClock)
        if let skew { notices.append(.clocksDiffer(skew)) }
    }

    private mutating func remember(
        _ parsed: ParsedAdvertisement, _ envelope: PacketEnvelope, _ notices: inout [Notice]
    ) {
        knownSender = envelope.source
        guard rules.version == .three, rules.isUnicast, rules.oldChecksumRule == .learn,
            sentChecksum != .groupPseudoHeader, parsed.checksums == [.groupPseudoHeader]
        else { return }
        sentChecksum = .groupPseudoHeader
        notices.append(.oldChecksumLearnt)
    }
}

/// Comparison whose time does not tell where two secrets differ.
enum ConstantTime {
    /// Whether two lists of bytes are the same; only their lengths may be learnt from the time.
    static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }
}
