// The trailer of keepalived's `auth_hmac` (as of 2.4.2; draft-cassen-vrrp-auth-hmac): an
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
        /// We do not sign; trailers are checked where there are some: the first step of a
        /// roll-out, before every router understands trailers.
        case receiveOnly
        /// We sign, and still accept packets without a trailer.
        case permissive
        /// We sign, and accept nothing without a trailer.
        case enforce
    }

    /// How old packets are recognised.
    public enum AntiReplay: Sendable {
        /// The time must be within the window, and grow for each sender. A clock that was set is
        /// followed once the old time is out of the window.
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

    /// Rules.
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

    /// The window in whole seconds, as times are compared.
    var windowSeconds: UInt64 { window / ProtocolNumbers.second }
}

/// The trailer's bytes.
///
/// ```
/// 0 kind (1)  1 key  2-3 zero  4-7 seconds since 1970  8-9 fraction  10-11 counter  12-27 code
/// ```
/// The code covers a pseudo header, the message and the trailer, where the checksum and the code
/// count as zero:
///
/// ```
/// 0 family (4 or 6)  1 version  2 VRID  3 zero  4-19 source, IPv4 in the first four bytes
/// ```
/// Over IPv4 the checksum covers the message alone, over IPv6 the trailer too.
public enum HMACTrailer {
    /// Bytes that a trailer adds to a message.
    public static let byteCount = 28

    static let kind: UInt8 = 1
    static let codeOffset = 12
    static let codeBytes = 16

    /// What a trailer says.
    struct Claim: Hashable {
        /// The number of the key.
        var key: UInt8
        /// Seconds, fraction and counter as one number.
        var sequence: UInt64
    }

    /// Appends a trailer to a whole message; false when the active key is missing or the code
    /// fails.
    ///
    /// The code does not depend on the checksum, but over IPv6 the checksum covers the trailer:
    /// there is one over all that a packet carries (RFC 8200 §8.1), and kernels check it for those
    /// who ask.
    static func sign(
        _ message: inout [UInt8], sequence: UInt64, from source: IPAddress,
        to destination: IPAddress, _ rules: TrailerRules
    ) -> Bool {
        guard append(to: &message, sequence, from: source, rules) else { return false }
        if source.family == .v6 {
            Advertisement.fillChecksum(&message, .pseudoHeader, from: source, to: destination)
        }
        return true
    }

    private static func append(
        to message: inout [UInt8], _ sequence: UInt64, from source: IPAddress, _ rules: TrailerRules
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

    /// Reads the trailer that follows the first `used` bytes, and believes nothing of it.
    static func read(_ message: Span<UInt8>, _ used: Int) throws(Rejection) -> Claim {
        guard message.count == used + byteCount, message[used] == kind,
            message[used + 2] == 0, message[used + 3] == 0
        else { throw .hmacMalformed }
        var sequence: UInt64 = 0
        for index in used + 4..<used + codeOffset {
            sequence = sequence << 8 | UInt64(message[index])
        }
        return Claim(key: message[used + 1], sequence: sequence)
    }

    /// Checks the code of the trailer that was read behind the first `used` bytes.
    static func verify(
        _ message: Span<UInt8>, _ used: Int, _ claim: Claim, from source: IPAddress,
        _ keys: [TrailerKey]
    ) throws(Rejection) {
        guard let key = keys.first(where: { $0.number == claim.key }) else {
            throw .hmacUnknownKey
        }
        // A digest that cannot be computed must not match anything.
        guard let expected = code(message, used, from: source, key),
            ConstantTime.areEqual(
                expected, message.extracting(used + codeOffset..<used + byteCount).array)
        else { throw .hmacInvalid }
    }

    /// The code over `message[..<used]` and the twelve bytes after it.
    private static func code(
        _ message: Span<UInt8>, _ used: Int, from source: IPAddress, _ key: TrailerKey
    ) -> [UInt8]? {
        let family: UInt8 = source.family == .v4 ? 4 : 6
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
