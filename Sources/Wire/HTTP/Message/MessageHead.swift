// What is known about a message once its head is parsed: start line, framing, and the facts about
// the connection. Plain numbers; ranges are offsets into the parsed bytes.

/// How the end of a body is found (RFC 9112 §6.3).
@frozen
public enum BodyFraming: Equatable, Sendable {
    /// No body follows the head.
    case none
    /// Exactly this many bytes, never zero.
    case length(UInt64)
    /// The chunked transfer coding.
    case chunked
    /// Everything up to the end of the connection (responses only).
    case untilClose
}

/// The four forms of a request target (RFC 9112 §3.2).
public enum TargetForm: UInt8, Sendable {
    case origin, absolute, authority, asterisk
}

/// Facts about a message that decide what happens to its connections.
@frozen
public struct HeadFacts: OptionSet, Sendable {
    public let rawValue: UInt16
    @inlinable @inline(__always)
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The sender closes after this exchange, by `Connection: close`.
    public static var saidClose: HeadFacts { @inlinable get { HeadFacts(rawValue: 1) } }
    /// The sender said `Connection: keep-alive`.
    public static var saidKeepAlive: HeadFacts { @inlinable get { HeadFacts(rawValue: 2) } }
    /// A request asks for another protocol and may get it, or a response grants it (101).
    public static var upgrade: HeadFacts { @inlinable get { HeadFacts(rawValue: 4) } }
    /// The upgrade asked for or granted is to WebSocket.
    public static var webSocket: HeadFacts { @inlinable get { HeadFacts(rawValue: 8) } }
    /// The client waits for 100 (Continue).
    public static var expectsContinue: HeadFacts { @inlinable get { HeadFacts(rawValue: 16) } }
    /// The framing was repaired (Content-Length dropped beside Transfer-Encoding): the connection
    /// the message came on is closed after the exchange (RFC 9112 §6.1).
    public static var mustClose: HeadFacts { @inlinable get { HeadFacts(rawValue: 32) } }
    /// After this response both connections carry opaque bytes (101, or 2xx to CONNECT).
    public static var tunnel: HeadFacts { @inlinable get { HeadFacts(rawValue: 64) } }
    /// The client said it accepts trailer fields (`TE: trailers`).
    public static var acceptsTrailers: HeadFacts { @inlinable get { HeadFacts(rawValue: 128) } }
    /// The target has an authority with a port that need not be said: that of its scheme, none
    /// behind a colon, or, of CONNECT, 80 or 443.
    public static var namesUsualPort: HeadFacts { @inlinable get { HeadFacts(rawValue: 16384) } }
    /// The target has an authority and an empty path, which means `/` (RFC 9110 §4.2.3); OPTIONS
    /// without a query asks about the whole server instead (RFC 9112 §3.2.4).
    public static var lacksPath: HeadFacts { @inlinable get { HeadFacts(rawValue: 32768) } }
    /// `Connection` names fields other than the usual ones.
    static var nominates: HeadFacts { HeadFacts(rawValue: 256) }
    /// `Connection` has the option `upgrade`.
    static var saidUpgrade: HeadFacts { HeadFacts(rawValue: 512) }
    /// A Content-Length line was seen, zero included.
    static var hasLength: HeadFacts { HeadFacts(rawValue: 1024) }
    /// A Transfer-Encoding line was seen.
    static var isChunked: HeadFacts { HeadFacts(rawValue: 2048) }
    /// `Upgrade` offers something other than HTTP/2.
    static var offersUpgrade: HeadFacts { HeadFacts(rawValue: 4096) }
    /// `Upgrade` offers HTTP/2.
    static var offersHTTP2: HeadFacts { HeadFacts(rawValue: 8192) }
}

/// A parsed head, request or response. Also carries where parsing stopped, so that the same value
/// is passed again when more bytes have come.
@frozen
public struct MessageHead: Sendable {
    /// Bytes of the whole head, empty lines before it included; set when parsing is complete.
    public var length: UInt32 = 0
    /// First byte of the start line.
    public var startLine: UInt32 = 0
    /// First byte and length of the target (request) or reason phrase (response).
    var targetStart: UInt32 = 0
    var targetLength: UInt32 = 0
    var authorityStart: UInt32 = 0
    var authorityLength: UInt32 = 0
    var pathStart: UInt32 = 0
    var methodLength: UInt32 = 0
    var versionStart: UInt32 = 0
    /// First byte of the line that was not complete, and how far it was searched for what
    /// `pending` names.
    var lineStart: UInt32 = 0
    var scanned: UInt32 = 0
    /// One bit per ``KnownField`` seen.
    var seen: UInt64 = 0
    var contentLength: UInt64 = 0
    /// How the body's end is found.
    public var framing: BodyFraming = .none
    /// The request's method; of a response, the method it answers.
    public var method: Method = .unlisted
    /// The form of the request's target.
    public var form: TargetForm = .origin
    /// Status code of a response.
    public var status: UInt16 = 0
    /// 0 for HTTP/1.0, 1 for HTTP/1.1 and every later minor version.
    public var minorVersion: UInt8 = 1
    var stage: Stage
    var pending: Pending
    /// Index of the Host line in the field table, or -1.
    public var hostIndex: Int16 = -1
    var lengthIndex: Int16 = -1
    /// Bytes of a version that is forwarded as it was spelled; zero for the usual ones.
    var versionLength: UInt8 = 0
    /// An HTTP/0.9 request, which has no fields.
    var isSimple = false
    /// Connection facts.
    public var facts: HeadFacts = []

    /// How far parsing has come.
    @usableFromInline
    enum Stage: UInt8, Sendable { case startLine, fields, complete }

    /// What must appear behind `scanned` before reading the pending line again can help.
    @usableFromInline
    enum Pending: UInt8, Sendable {
        /// Anything: the line is short, or was left at a place of its own.
        case anything
        /// A byte that is not part of a token.
        case tokenEnd
        /// A byte that is not part of a target.
        case targetEnd
        /// A control character other than a tab.
        case control
    }

    /// A head of which nothing is known yet.
    @inline(__always)
    public init() {
        stage = .startLine
        pending = .anything
    }

    /// The method as a range of the parsed bytes.
    public var methodRange: Range<Int> { Int(startLine)..<Int(startLine &+ methodLength) }

    /// The whole request target as a range of the parsed bytes.
    public var targetRange: Range<Int> { Int(targetStart)..<Int(targetStart &+ targetLength) }

    /// Whether the target can be said in a more usual way that means the same.
    public var hasUnusualTarget: Bool {
        !facts.isDisjoint(with: [.namesUsualPort, .lacksPath])
    }

    /// The reason phrase as a range of the parsed bytes; may be empty.
    public var reasonRange: Range<Int> { targetRange }

    /// The authority in the target (absolute and authority form), else empty.
    public var authorityRange: Range<Int> {
        Int(authorityStart)..<Int(authorityStart &+ authorityLength)
    }

    /// Path and query: all of an origin-form target, what follows the authority of an absolute one
    /// (possibly nothing, which means `/`), empty for the authority form, `*` for the asterisk.
    public var pathAndQueryRange: Range<Int> {
        Int(pathStart)..<Int(targetStart &+ targetLength)
    }

    /// The path alone: ``pathAndQueryRange`` up to a question mark.
    public func pathRange(in bytes: Span<UInt8>) -> Range<Int> {
        let whole = pathAndQueryRange
        return whole.lowerBound..<questionMark(in: bytes, whole)
    }

    /// The query behind the question mark, or nil when there is none.
    public func queryRange(in bytes: Span<UInt8>) -> Range<Int>? {
        let whole = pathAndQueryRange
        let mark = questionMark(in: bytes, whole)
        return mark < whole.upperBound ? mark &+ 1..<whole.upperBound : nil
    }

    /// Whether a field known by number was seen at all, forwarded or not.
    @inline(__always)
    public func has(_ field: KnownField) -> Bool { seen & (1 &<< UInt64(field.rawValue)) != 0 }

    /// Whether the sender wants to use its connection again: by its version, its `Connection`
    /// field, and the state of its framing.
    public var keepsAlive: Bool {
        if facts.contains(.saidClose) || facts.contains(.mustClose) { return false }
        if framing == .untilClose || facts.contains(.tunnel) { return false }
        return minorVersion >= 1 || facts.contains(.saidKeepAlive)
    }

    /// Whether a response is an interim one (1xx other than 101) after which another head follows.
    public var isInterim: Bool { status >= 100 && status < 200 && status != 101 }

    private func questionMark(in bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        var index = range.lowerBound
        while index < range.upperBound, bytes[index] != 0x3F { index &+= 1 }
        return index
    }
}
