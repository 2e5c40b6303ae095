// The control packet of BFD (RFC 5880 §4.1), and what of it can be judged before a session is known
// (§6.8.6). Times on the wire are microseconds; here they are nanoseconds.

import Bytes

/// The state of a session (RFC 5880 §6.2).
public enum BFDState: UInt8, Sendable, CaseIterable {
    /// Held down on purpose.
    case adminDown = 0
    /// Nobody is heard.
    case down = 1
    /// The peer is heard; it does not hear us yet.
    case initializing = 2
    /// Both hear one another.
    case up = 3
}

/// Why a session left the state Up (RFC 5880 §4.1).
public enum BFDDiagnostic: UInt8, Sendable, CaseIterable {
    case none = 0
    case detectionTimeExpired = 1
    case echoFailed = 2
    case neighborSignaledDown = 3
    case forwardingPlaneReset = 4
    case pathDown = 5
    case concatenatedPathDown = 6
    case administrativelyDown = 7
    case reverseConcatenatedPathDown = 8
}

/// A control packet.
///
/// ```
/// 0 version<<5|diagnostic  1 state<<6|P F C A D M  2 multiplier  3 length
/// 4-7 my discriminator  8-11 your discriminator
/// 12-15 desired min TX  16-19 required min RX  20-23 required min echo RX, all in µs
/// ```
public struct BFDPacket: Sendable, Hashable {
    /// Why a packet is dropped, in the order of the checks.
    public enum Rejection: UInt8, Error, Sendable, CaseIterable {
        /// Fewer bytes than a packet has.
        case tooShort
        /// Not version 1.
        case version
        /// The length field does not fit the packet.
        case length
        /// A multiplier of zero.
        case multiplier
        /// The bit that must be zero.
        case multipoint
        /// The sender names no session of its own.
        case myDiscriminator
        /// It names none of ours, though it claims to hear us.
        case yourDiscriminator
        /// It carries authentication, which no session uses.
        case authentication
        /// It went over more hops than allowed (RFC 5881 §5, RFC 5883 §5).
        case hops
    }

    /// The sender's state.
    public var state: BFDState
    /// Why it last left Up; values not known count as none.
    public var diagnostic = BFDDiagnostic.none
    /// Asks for an answer.
    public var isPoll = false
    /// Is the answer.
    public var isFinal = false
    /// The sender's BFD does not share its fate with its control plane.
    public var isControlPlaneIndependent = false
    /// The sender wants no periodic packets once both are Up.
    public var isDemand = false
    /// After how many missed packets the sender counts as gone, 1...255.
    public var multiplier: UInt8
    /// The sender's number of the session; never zero.
    public var myDiscriminator: UInt32
    /// Our number of it, as far as the sender knows.
    public var yourDiscriminator: UInt32
    /// How often the sender wants to send, in nanoseconds.
    public var desiredTransmit: UInt64
    /// How often the sender can receive, in nanoseconds; 0: it wants nothing.
    public var requiredReceive: UInt64
    /// How often the sender can receive echo packets, in nanoseconds; 0: no echo.
    public var requiredEchoReceive: UInt64 = 0

    /// A packet with no flags.
    public init(
        state: BFDState, multiplier: UInt8, myDiscriminator: UInt32, yourDiscriminator: UInt32,
        desiredTransmit: UInt64, requiredReceive: UInt64
    ) {
        self.state = state
        self.multiplier = multiplier
        self.myDiscriminator = myDiscriminator
        self.yourDiscriminator = yourDiscriminator
        self.desiredTransmit = desiredTransmit
        self.requiredReceive = requiredReceive
    }

    /// Bytes of a packet.
    public static let byteCount = 24
    /// The UDP port of a single hop (RFC 5881 §4).
    public static let singleHopPort: UInt16 = 3784
    /// The UDP port of many hops (RFC 5883 §5).
    public static let multihopPort: UInt16 = 4784
    /// The ports that packets are sent from (RFC 5881 §4).
    public static let sourcePorts: ClosedRange<UInt16> = 49152...65535

    private enum Flag {
        static let poll: UInt8 = 0x20
        static let final: UInt8 = 0x10
        static let independent: UInt8 = 0x08
        static let authentication: UInt8 = 0x04
        static let demand: UInt8 = 0x02
        static let multipoint: UInt8 = 0x01
    }

    /// Whether a packet that arrived with a TTL may have come that far; 255: from anywhere.
    public static func admits(hopLimit: UInt8, maximumHops: UInt8) -> Bool {
        Int(hopLimit) + Int(maximumHops) >= 255
    }

    /// The bytes.
    public var bytes: [UInt8] {
        var flags = state.rawValue << 6
        if isPoll { flags |= Flag.poll }
        if isFinal { flags |= Flag.final }
        if isControlPlaneIndependent { flags |= Flag.independent }
        if isDemand { flags |= Flag.demand }
        var bytes = [1 << 5 | diagnostic.rawValue, flags, multiplier, UInt8(Self.byteCount)]
        for value in [
            myDiscriminator, yourDiscriminator, Self.microseconds(desiredTransmit),
            Self.microseconds(requiredReceive), Self.microseconds(requiredEchoReceive),
        ] {
            for shift: UInt32 in [24, 16, 8, 0] {
                bytes.append(UInt8(truncatingIfNeeded: value >> shift))
            }
        }
        return bytes
    }

    private static func microseconds(_ nanoseconds: UInt64) -> UInt32 {
        UInt32(min(nanoseconds / 1000, UInt64(UInt32.max)))
    }

    /// Reads a packet: the payload of one datagram.
    public static func parse(_ bytes: Span<UInt8>) throws(Rejection) -> BFDPacket {
        guard bytes.count >= byteCount else { throw .tooShort }
        guard bytes[0] >> 5 == 1 else { throw .version }
        let length = Int(bytes[3])
        guard length >= byteCount, length <= bytes.count else { throw .length }
        guard bytes[2] != 0 else { throw .multiplier }
        let flags = bytes[1]
        guard flags & Flag.multipoint == 0 else { throw .multipoint }
        let mine = number(bytes, 4)
        let yours = number(bytes, 8)
        guard mine != 0 else { throw .myDiscriminator }
        guard let state = BFDState(rawValue: flags >> 6) else { throw .version }
        guard yours != 0 || state == .down || state == .adminDown else {
            throw .yourDiscriminator
        }
        guard flags & Flag.authentication == 0 else { throw .authentication }
        var packet = BFDPacket(
            state: state, multiplier: bytes[2], myDiscriminator: mine, yourDiscriminator: yours,
            desiredTransmit: UInt64(number(bytes, 12)) * 1000,
            requiredReceive: UInt64(number(bytes, 16)) * 1000)
        packet.requiredEchoReceive = UInt64(number(bytes, 20)) * 1000
        packet.diagnostic = BFDDiagnostic(rawValue: bytes[0] & 0x1F) ?? .none
        packet.isPoll = flags & Flag.poll != 0
        packet.isFinal = flags & Flag.final != 0
        packet.isControlPlaneIndependent = flags & Flag.independent != 0
        packet.isDemand = flags & Flag.demand != 0
        return packet
    }

    private static func number(_ bytes: Span<UInt8>, _ start: Int) -> UInt32 {
        var value: UInt32 = 0
        for index in start..<start + 4 { value = value << 8 | UInt32(bytes[index]) }
        return value
    }
}
