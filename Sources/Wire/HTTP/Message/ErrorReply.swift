// A complete reply kept ready: a standard one, or the contents of an `errorfile`. Read once when
// the configuration is; afterwards only copied.

import Bytes

/// A reply of the proxy's own, split so that what depends on the connection can be put between.
public struct ErrorReply: Sendable {
    /// The status in its status line; 0 for a silent reply.
    public let status: Int
    /// Status line and fields with their line ends, without framing and connection fields.
    public let head: [UInt8]
    /// Where the file has its Content-Length among the lines of the head; the end where it has
    /// none.
    public let lengthOffset: Int
    /// The body, sent with a Content-Length.
    public let body: [UInt8]
    /// Whether the connection cannot go on after the reply.
    public let closes: Bool

    /// Whether nothing is sent at all (an empty `errorfile`); the connection just closes.
    public var isSilent: Bool { status == 0 }

    /// Why the contents of an `errorfile` cannot be used.
    public enum Mistake: Error, Equatable {
        /// The status line is not `HTTP/1.x` and a status.
        case badStatusLine
        /// A line of the head is not a field; its number, the status line being 1.
        case badField(line: Int)
        /// There is no empty line behind the fields.
        case noEmptyLine
        /// Content-Length says something else than the number of bytes that follow.
        case wrongLength(said: UInt64, found: Int)
        /// Transfer codings have no place in a file.
        case transferEncoding
    }

    /// The built-in reply for a status.
    public static func standard(_ status: Int) -> ErrorReply? {
        guard let text = StandardReply.bytes(status) else { return nil }
        // Safety: a static string lives for ever.
        let bytes = unsafe Array(
            UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        do {
            return try ErrorReply(parsing: bytes)
        } catch {
            preconditionFailure("a built-in reply is malformed")
        }
    }

    /// Checks the contents of an `errorfile`.
    ///
    /// Such files are written by hand: lines may end with a line feed alone, the version may be
    /// any 1.x, Content-Length may be missing. What is kept is strict again.
    public init(parsing file: [UInt8]) throws(Mistake) {
        if file.isEmpty {
            self.init(status: 0, head: [], lengthOffset: 0, body: [], closes: true)
            return
        }
        var lines = Lines(file: file)
        guard let first = lines.next(), let status = Self.status(file, first) else {
            throw .badStatusLine
        }
        var head = Array("HTTP/1.1 ".utf8) + file[first.dropFirst(9)] + Self.lineEnd
        var closes = false
        var said: UInt64?
        var lengthOffset: Int?
        while true {
            guard let line = lines.next() else { throw .noEmptyLine }
            if line.isEmpty { break }
            guard let field = Self.field(file, line) else { throw .badField(line: lines.number) }
            switch field.known {
            case .connection:
                closes = closes || Self.saysClose(file, field.value)
            case .contentLength:
                var index = field.value.lowerBound
                let number = HTTP1.decimal(file.span, &index, field.value.upperBound)
                guard let number, index == field.value.upperBound, said ?? number == number
                else { throw .badField(line: lines.number) }
                said = number
                lengthOffset = lengthOffset ?? head.count
            case .transferEncoding: throw .transferEncoding
            case .keepAlive, .proxyConnection, .upgrade, .te, .http2Settings: break
            default:
                head += file[field.name].map(\.asciiLowercased)
                head += [Byte.colon, Byte.space]
                head += file[field.value]
                head += Self.lineEnd
            }
        }
        let body = Array(file[lines.position...])
        if let said, said != UInt64(body.count) {
            throw .wrongLength(said: said, found: body.count)
        }
        self.init(
            status: status, head: head, lengthOffset: lengthOffset ?? head.count, body: body,
            closes: closes)
    }

    private init(status: Int, head: [UInt8], lengthOffset: Int, body: [UInt8], closes: Bool) {
        self.status = status
        self.head = head
        self.lengthOffset = lengthOffset
        self.body = body
        self.closes = closes
    }

    private static let lineEnd: [UInt8] = [Byte.carriageReturn, Byte.lineFeed]

    /// The status of `HTTP/1.x NNN reason`.
    private static func status(_ file: [UInt8], _ line: Range<Int>) -> Int? {
        let text = file[line]
        guard text.count >= 12, text.starts(with: Array("HTTP/1.".utf8)) else { return nil }
        let start = line.lowerBound
        guard file[start + 7].isIn(CharacterClass.digit), file[start + 8] == Byte.space,
            file[start + 9...start + 11].allSatisfy({ $0.isIn(CharacterClass.digit) }),
            text.count == 12 || file[start + 12] == Byte.space,
            Scanning.firstControl(text.span, from: 0) == text.count
        else { return nil }
        let status = file[start + 9...start + 11].reduce(0) { $0 * 10 + Int($1 - Byte.zero) }
        return status >= 200 && status <= 599 ? status : nil
    }

    private static func field(
        _ file: [UInt8], _ line: Range<Int>
    ) -> (name: Range<Int>, value: Range<Int>, known: KnownField)? {
        let span = file.span
        let nameEnd = min(Scanning.tokenEnd(span, from: line.lowerBound), line.upperBound)
        guard nameEnd > line.lowerBound, nameEnd < line.upperBound, span[nameEnd] == Byte.colon,
            Scanning.firstControl(span.extracting(line), from: 0) == line.count
        else { return nil }
        let start = Scanning.skipBlank(span, from: nameEnd + 1, to: line.upperBound)
        let end = Scanning.trimBlank(span, from: start, to: line.upperBound)
        let name = line.lowerBound..<nameEnd
        let known = KnownField.identify(span, at: name.lowerBound, length: name.count)
        return (name, start..<end, known)
    }

    private static func saysClose(_ file: [UInt8], _ value: Range<Int>) -> Bool {
        var options = TokenList(file.span, value)
        while let option = options.next() {
            if option.count == 5,
                Scanning.smallWord(file.span, at: option.lowerBound, length: 5) == word("close")
            {
                return true
            }
        }
        return false
    }
}

/// Lines that end with LF or CRLF.
private struct Lines {
    let file: [UInt8]
    /// First byte of the next line.
    private(set) var position = 0
    /// Number of the line last returned, from 1.
    private(set) var number = 0

    init(file: [UInt8]) { self.file = file }

    /// The next line without its end, or nil when no line end is left.
    mutating func next() -> Range<Int>? {
        guard let feed = file[position...].firstIndex(of: Byte.lineFeed) else { return nil }
        let hasReturn = feed > position && file[feed - 1] == Byte.carriageReturn
        let line = position..<(hasReturn ? feed - 1 : feed)
        position = feed + 1
        number += 1
        return line
    }
}
