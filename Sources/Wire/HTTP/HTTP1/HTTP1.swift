// HTTP/1 over spans: heads in, heads out, chunked bodies. No sockets, no allocation per message.
// RFC 9110 and RFC 9112 are read as security texts: what two readers could take in two ways is
// refused, or repaired in the way the RFC names.

/// The HTTP/1 codec.
public enum HTTP1 {
    /// What parsing a head came to.
    public enum HeadResult: Equatable, Sendable {
        /// The head is complete and valid; `MessageHead.length` bytes belong to it.
        case complete
        /// More bytes are needed. Call again with the same bytes and more behind them.
        case incomplete
        /// The message must be refused, whatever follows.
        case invalid(HTTPFault)
    }

    /// Relaxations asked for by name in the configuration; none by default.
    public struct Policy: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// `option accept-unsafe-violations-in-http-request` or `-response`: exactly the
        /// violations the configuration manual lists there.
        public static let unsafeViolations = Policy(rawValue: 1)
        /// Global `h1-accept-payload-with-any-method`.
        public static let payloadWithAnyMethod = Policy(rawValue: 2)
        /// Global `h1-do-not-close-on-insecure-transfer-encoding`.
        public static let keepAfterRepair = Policy(rawValue: 4)
    }

    /// The fault of a head that has filled its buffer without an end.
    public static func overflow(_ head: MessageHead) -> HTTPFault {
        head.stage == .startLine ? .targetTooLong : .headTooLarge
    }

    /// Most fields `Connection` may nominate in one message.
    static let nominationLimit = 64
}

/// The bytes the grammars of HTTP/1, URIs and fields are made of.
enum Byte {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let quote: UInt8 = 0x22
    static let hash: UInt8 = 0x23
    static let dollar: UInt8 = 0x24
    static let percent: UInt8 = 0x25
    static let ampersand: UInt8 = 0x26
    static let asterisk: UInt8 = 0x2A
    static let plus: UInt8 = 0x2B
    static let comma: UInt8 = 0x2C
    static let period: UInt8 = 0x2E
    static let slash: UInt8 = 0x2F
    static let zero: UInt8 = 0x30
    static let colon: UInt8 = 0x3A
    static let semicolon: UInt8 = 0x3B
    static let equals: UInt8 = 0x3D
    static let questionMark: UInt8 = 0x3F
    static let backslash: UInt8 = 0x5C
}
