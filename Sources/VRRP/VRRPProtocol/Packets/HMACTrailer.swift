// The trailer of keepalived's `auth_hmac` (from 2.4.1 on; draft-cassen-vrrp-auth-hmac): an
// HMAC-SHA256 cut to 128 bits, and a sequence number made of the time. Works for both versions and
// families.

import Addresses
import Bytes
import COpenSSL

/// One key, known to all routers of the virtual router by its number.
public struct TrailerKey: Hashable, Sendable {
    /// The number, 1...255.
    public var number: UInt8
    /// The secret, 32...64 bytes.
    public var secret: [UInt8]

    /// Lengths that keepalived takes.
    public static let secretBytes = 32...64

    /// A key.
    public init(number: UInt8, secret: [UInt8]) {
        self.number = number
        self.secret = secret
    }
}

/// The settings of `auth_hmac`.
public struct TrailerRules: Hashable, Sendable {
    /// Who has to sign.
    public enum Mode: Sendable {
        /// We do not sign; trailers are checked where there are some. Ours: for the first step of
        /// a roll-out, before every router understands trailers.
        case receiveOnly
        /// We sign, and still accept packets without a trailer.
        case permissive
        /// We sign, and accept nothing without a trailer.
        case enforce
    }

    /// How old packets are recognised.
    public enum AntiReplay: Sendable {
        /// The time must be within the window, and grow for each sender.
        case time
        /// It must only grow for each sender: clocks may differ.
        case monotonic
    }

    /// Keys that are accepted.
    public var keys: [TrailerKey]
    /// The number of the key that signs.
    public var activeKey: UInt8
    /// How old packets are recognised.
    public var antiReplay: AntiReplay
    /// How far clocks may differ, in nanoseconds; 1...300 s.
    public var window: UInt64
    /// Who has to sign.
    public var mode: Mode

    /// Rules; the window's default is three intervals and at least five seconds.
    public init(
        keys: [TrailerKey], activeKey: UInt8, antiReplay: AntiReplay = .time, window: UInt64,
        mode: Mode = .enforce
    ) {
        self.keys = keys
        self.activeKey = activeKey
        self.antiReplay = antiReplay
        self.window = window
        self.mode = mode
    }

    /// The default window for an advert interval, both in nanoseconds.
    public static func window(forInterval interval: UInt64) -> UInt64 {
        min(max(3 * interval, 5 * ProtocolNumbers.second), 300 * ProtocolNumbers.second)
    }
}

/// The trailer's bytes.
///
/// ```
/// 0 kind (1)  1 key  2-3 zero  4-7 seconds since 1970  8-9 fraction  10-11 counter  12-27 code
/// ```
/// The code covers a pseudo header (family, version, VRID, zero, source address in 16 bytes), the
/// message, and the trailer. The layout above is keepalived's. What is **not** established by any
/// public description we had, and is chosen here: the family's number (IANA's: 1 and 2), that an
/// IPv4 address stands at the beginning of its 16 bytes, and that the checksum and the code count
/// as zero. Two routers of ours understand each other; keepalived may not.
public enum HMACTrailer {
    /// Bytes that a trailer adds to a message.
    public static let byteCount = 28

    static let kind: UInt8 = 1
    static let codeOffset = 12
    static let codeBytes = 16

    /// What a verified trailer says.
    struct Verified: Hashable {
        /// The number of the key.
        var key: UInt8
        /// Seconds, fraction and counter as one number.
        var sequence: UInt64
    }

    /// Appends a trailer to a message; false when the active key is missing or the code fails.
    ///
    /// The message's checksum is filled in before and covers the message alone.
    static func append(
        to message: inout [UInt8], sequence: UInt64, from source: IPAddress, _ rules: TrailerRules
    ) -> Bool {
        guard let key = rules.keys.first(where: { $0.number == rules.activeKey }) else {
            return false
        }
        let used = message.count
        message += [kind, key.number, 0, 0]
        for shift in stride(from: 56, through: 0, by: -8) {
            message.append(UInt8(truncatingIfNeeded: sequence >> UInt64(shift)))
        }
        guard let code = code(message.span, used, from: source, key) else {
            message.removeSubrange(used...)
            return false
        }
        message += code
        return true
    }

    /// Checks the trailer that follows the first `used` bytes.
    static func verify(
        _ message: Span<UInt8>, _ used: Int, from source: IPAddress, _ keys: [TrailerKey]
    ) throws(Rejection) -> Verified {
        guard message.count == used + byteCount, message[used] == kind else {
            throw .hmacMalformed
        }
        guard let key = keys.first(where: { $0.number == message[used + 1] }) else {
            throw .hmacUnknownKey
        }
        // A digest that cannot be computed must not match anything.
        guard let expected = code(message, used, from: source, key),
            ConstantTime.areEqual(
                expected, message.extracting(used + codeOffset..<used + byteCount).array)
        else { throw .hmacInvalid }
        var sequence: UInt64 = 0
        for index in used + 4..<used + codeOffset {
            sequence = sequence << 8 | UInt64(message[index])
        }
        return Verified(key: key.number, sequence: sequence)
    }

    /// The code over `message[..<used]` and the twelve bytes after it.
    private static func code(
        _ message: Span<UInt8>, _ used: Int, from source: IPAddress, _ key: TrailerKey
    ) -> [UInt8]? {
        let family: UInt8 = source.family == .v4 ? 1 : 2
        var input: [UInt8] = [family, message[0] >> 4, message[1], 0]
        let width = source.family.bitCount / 8
        for index in 0..<16 { input.append(index < width ? source.byte(at: index) : 0) }
        let start = input.count
        for index in 0..<used + codeOffset { input.append(message[index]) }
        input[start + 6] = 0
        input[start + 7] = 0
        input += [UInt8](repeating: 0, count: codeBytes)
        return MessageCode.sha256(key: key.secret, input).map { Array($0.prefix(codeBytes)) }
    }
}

/// HMAC-SHA256 (RFC 2104, FIPS 180-4).
enum MessageCode {
    static let byteCount = 32

    /// The 32 bytes of the code; nil when the library fails.
    static func sha256(key: [UInt8], _ input: [UInt8]) -> [UInt8]? {
        guard !key.isEmpty, !input.isEmpty else { return nil }
        var output = [UInt8](repeating: 0, count: byteCount)
        var count: UInt32 = 0
        // Safety: both inputs are not empty and live through the call; the output has the 32 bytes
        // that SHA-256 writes.
        let result = unsafe HMAC(
            EVP_sha256(), key, Int32(key.count), input, input.count, &output, &count)
        return unsafe result != nil && Int(count) == byteCount ? output : nil
    }
}
