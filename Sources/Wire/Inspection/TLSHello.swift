// The kind and the version of a TLS hello from its first bytes (RFC 8446 §4, §5.1; for SSLv2 RFC
// 2246 appendix E). Configuration manual: req.ssl_hello_type, res.ssl_hello_type, req.ssl_ver.

/// Looks at the start of a TLS stream of either side.
///
///     16 03 01 00 c8 01 00 00 c4 03 03 ...
///     |  |     |     |  |        ^ version of the hello
///     |  |     |     |  length of the message
///     |  |     |     kind: 1 of a client, 2 of a server
///     |  |     length of the record
///     |  version of the record
///     a handshake record
public enum TLSHello {
    /// The kind of the first handshake message, once the whole message is there. A message over
    /// several records is not put together: what follows the first one counts as it comes.
    public static func kind(of bytes: Span<UInt8>) -> Inspected<Int> {
        if let early = record(bytes, shortest: 4, longest: .max) { return early }
        guard bytes.count >= 9 else { return .needsMore }
        if bytes.count &- 9 < bytes.number24(6) { return .needsMore }
        return .value(Int(bytes[5]))
    }

    /// The version that a client offers, as `major << 16 | minor`, once its first record or its
    /// SSLv2 hello is all there. TLS 1.3 offers 3.3, as TLS 1.2 does.
    public static func version(of bytes: Span<UInt8>) -> Inspected<Int> {
        guard bytes.count > 0 else { return .needsMore }
        if !isRecord(bytes[0]) { return version2(of: bytes) }
        if let early = record(bytes, shortest: 6, longest: 1 &<< 14 &+ 2048) { return early }
        guard bytes.count >= 11, bytes.count &- 5 >= bytes.number16(3) else { return .needsMore }
        return .value(Int(bytes[9]) &<< 16 | Int(bytes[10]))
    }

    /// Whether a byte begins a record, as HAProxy sees it.
    private static func isRecord(_ byte: UInt8) -> Bool {
        byte >= 0x14 && byte <= 0x17 || byte == 0xFF
    }

    /// Reads the five bytes of a record; nil when they are there and right.
    private static func record(
        _ bytes: Span<UInt8>, shortest: Int, longest: Int
    ) -> Inspected<Int>? {
        guard bytes.count > 0 else { return .needsMore }
        if !isRecord(bytes[0]) { return .other }
        guard bytes.count > 1 else { return .needsMore }
        if bytes[1] < 3 { return .other }
        guard bytes.count > 4 else { return .needsMore }
        let length = bytes.number16(3)
        return length < shortest || length > longest ? .other : nil
    }

    /// The version in an SSLv2 hello, whose parts must add up.
    ///
    ///     80 2e  01 03 01  00 15  00 00  00 10  ...
    ///     |      |  |      |      |      length of the challenge, 16 to 32
    ///     |      |  |      |      length of the session, 0 or 16
    ///     |      |  |      length of the ciphers, three bytes each
    ///     |      |  version
    ///     |      a client's hello
    ///     length; without the first bit a byte more, how much padding there is
    private static func version2(of bytes: Span<UInt8>) -> Inspected<Int> {
        let isShort = bytes[0] & 0x80 != 0
        let start = isShort ? 2 : 3
        guard bytes.count > start else { return .needsMore }
        if bytes[start] != 1 { return .other }
        guard bytes.count >= start &+ 9 else { return .needsMore }
        let length = bytes.number16(0) & (isShort ? 0x7FFF : 0x3FFF)
        let padding = isShort ? 0 : Int(bytes[2])
        let ciphers = bytes.number16(start &+ 3)
        let session = bytes.number16(start &+ 5)
        let challenge = bytes.number16(start &+ 7)
        guard ciphers % 3 == 0, session == 0 || session == 16, challenge >= 16, challenge <= 32,
            length == 9 &+ ciphers &+ session &+ challenge
        else { return .other }
        if bytes.count &- start < length &+ padding { return .needsMore }
        return .value(Int(bytes[start &+ 1]) &<< 16 | Int(bytes[start &+ 2]))
    }
}
