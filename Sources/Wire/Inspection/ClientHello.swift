// Where the parts of a TLS ClientHello stand (RFC 8446 §4.1.2), from a raw stream.

/// A ClientHello at the start of a stream, as ranges of the stream's bytes.
///
/// The message must stand in the first record as a whole. Differs: HAProxy reads on into the
/// header of the next record, answers up to four bytes before the end of the message, and reads
/// names past the end of their extension.
public struct ClientHello: Equatable, Sendable {
    /// The version it offers, as `major << 16 | minor`.
    public var version: Int
    /// The session identifier, up to 32 bytes.
    public var session: Range<Int>
    /// The cipher suites, two bytes each, without the length of the list.
    public var ciphers: Range<Int>
    /// The extensions, without the length of their list; nil in a hello that has none.
    public var extensions: Range<Int>?

    /// Finds the hello at the start of `bytes`.
    public static func find(in bytes: Span<UInt8>) -> Inspected<ClientHello> {
        guard bytes.count > 0 else { return .needsMore }
        if bytes[0] != 0x16 { return .other }
        guard bytes.count > 1 else { return .needsMore }
        if bytes[1] < 3 { return .other }
        guard bytes.count > 5 else { return .needsMore }
        if bytes[5] != 1 { return .other }
        guard bytes.count >= 9 else { return .needsMore }
        let end = 9 &+ bytes.number24(6)
        if end > 5 &+ bytes.number16(3) { return .other }
        if bytes.count < end { return .needsMore }
        guard let hello = ClientHello(bytes, 9..<end, record: bytes.number16(3)) else {
            return .other
        }
        return .value(hello)
    }

    /// The fewest bytes a record with extensions has: a hello without a session, with one cipher
    /// suite, one method and two bytes of extensions. As in HAProxy, a shorter one has none.
    private static let shortestRecord = 49

    /// Reads the body of the message, which is all there.
    private init?(_ bytes: Span<UInt8>, _ body: Range<Int>, record: Int) {
        var reader = Fields(body)
        guard reader.take(34), let session = reader.counted8(bytes), session.count <= 32,
            let ciphers = reader.counted16(bytes), ciphers.count >= 2,
            let methods = reader.counted8(bytes), methods.count >= 1
        else { return nil }
        let major = Int(bytes[body.lowerBound])
        let minor = Int(bytes[body.lowerBound &+ 1])
        // As in HAProxy: SSLv3 has no extensions, and a minor version of zero is no TLS.
        if major < 3 || minor < 1 { return nil }
        version = major &<< 16 | minor
        self.session = session
        self.ciphers = ciphers
        extensions = nil
        if reader.rest.count >= 2, record >= Self.shortestRecord {
            guard let list = reader.counted16(bytes) else { return nil }
            extensions = list
        }
    }
}

/// Takes parts off the front of a range.
struct Fields {
    /// What was not taken yet.
    private(set) var rest: Range<Int>

    /// Everything in `range`.
    init(_ range: Range<Int>) { rest = range }

    /// Takes `count` bytes; false when there are fewer.
    mutating func take(_ count: Int) -> Bool {
        guard rest.count >= count else { return false }
        rest = rest.lowerBound &+ count..<rest.upperBound
        return true
    }

    /// Takes a length of one byte and as many bytes behind it; nil when there are fewer.
    mutating func counted8(_ bytes: Span<UInt8>) -> Range<Int>? {
        let start = rest.lowerBound
        guard take(1), take(Int(bytes[start])) else { return nil }
        return start &+ 1..<rest.lowerBound
    }

    /// Takes a length of two bytes and as many bytes behind it; nil when there are fewer.
    mutating func counted16(_ bytes: Span<UInt8>) -> Range<Int>? {
        let start = rest.lowerBound
        guard take(2), take(bytes.number16(start)) else { return nil }
        return start &+ 2..<rest.lowerBound
    }
}
