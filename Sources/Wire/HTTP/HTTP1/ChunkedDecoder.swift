// The chunked transfer coding (RFC 9112 §7.1), one piece at a time. Lenient readers of chunk sizes
// and extensions have been a way to smuggle; this one accepts the grammar and nothing beside it.

import Bytes

/// What ``ChunkedDecoder/step(_:)`` found at the start of its bytes.
public enum ChunkStep: Equatable, Sendable {
    /// A size line of `count` bytes announcing `size` bytes of data, not zero. A canonical line is
    /// digits without leading zeros and no extension; any other is to be written anew.
    case header(count: Int, size: UInt64, isCanonical: Bool)
    /// `count` bytes of chunk data.
    case data(count: Int)
    /// The line end behind a chunk's data.
    case chunkEnd(count: Int)
    /// The line of the last chunk, size zero.
    case lastChunk(count: Int, isCanonical: Bool)
    /// A trailer line of `count` bytes. One that is not kept must not be forwarded
    /// (RFC 9110 §6.5.1). Ranges of the line count from the start of the bytes.
    case trailer(count: Int, line: TrailerLine)
    /// The empty line that ends the body.
    case end(count: Int)
    /// More bytes are needed; nothing was consumed.
    case needMore
    case invalid(HTTPFault)
}

/// One line of a trailer section.
public struct TrailerLine: Equatable, Sendable {
    public var name: Range<Int>
    public var value: Range<Int>
    /// Whether the field may travel in a trailer section.
    public var isKept: Bool
}

/// Reads a chunked body. A plain value; copying it copies the place in the body.
///
/// ```
///  size ──(size > 0)──▶ data ──▶ dataEnd ──▶ size …
///    └───(size = 0)──▶ trailer ──(empty line)──▶ done
/// ```
@frozen
public struct ChunkedDecoder: Sendable {
    /// Longest extension of one chunk, in bytes.
    public static let extensionLimit = 256
    /// Most bytes of extensions in one body (RFC 9112 §7.1.1).
    public static let extensionTotalLimit = 16_384
    /// Longest trailer line, in bytes with its line end.
    public static let trailerLineLimit = 4096
    /// Most bytes of a trailer section.
    public static let trailerTotalLimit = 8192
    /// Most digits of a chunk size, leading zeros included.
    static let digitLimit = 16

    /// What the next byte belongs to.
    @usableFromInline
    enum State: UInt8, Sendable { case size, data, dataEnd, trailer, done }

    var state: State
    /// Bytes of the current chunk not yet seen.
    var remaining: UInt64 = 0
    /// Bytes of the pending trailer line already searched for its end.
    var scanned: UInt32 = 0
    var extensionBytes: UInt32 = 0
    var trailerBytes: UInt32 = 0

    /// A decoder at the start of a body.
    public init() { state = .size }

    /// Whether the body has ended.
    public var isComplete: Bool { state == .done }

    /// Bytes of chunk data that are certain to follow before the next framing.
    public var pendingData: UInt64 { state == .data ? remaining : 0 }

    /// Reads the next piece from the start of `bytes`. The caller takes the `count` bytes of the
    /// piece away before the next call; after ``ChunkStep/needMore`` it calls again with the same
    /// bytes and more behind them. Once the body is complete the answer is `.end(count: 0)`.
    public mutating func step(_ bytes: Span<UInt8>) -> ChunkStep {
        switch state {
        case .data:
            if bytes.isEmpty { return .needMore }
            let count = Int(min(UInt64(bytes.count), remaining))
            remaining &-= UInt64(count)
            if remaining == 0 { state = .dataEnd }
            return .data(count: count)
        case .dataEnd: return dataEnd(bytes)
        case .size: return sizeLine(bytes)
        case .trailer: return trailerLine(bytes)
        case .done: return .end(count: 0)
        }
    }

    @inline(__always)
    private mutating func dataEnd(_ bytes: Span<UInt8>) -> ChunkStep {
        if bytes.isEmpty { return .needMore }
        if bytes[0] != Byte.carriageReturn { return .invalid(.badChunkEnd) }
        if bytes.count == 1 { return .needMore }
        if bytes[1] != Byte.lineFeed { return .invalid(.badChunkEnd) }
        state = .size
        return .chunkEnd(count: 2)
    }

    /// `1*HEXDIG [chunk-ext] CRLF`
    @inline(__always)
    private mutating func sizeLine(_ bytes: Span<UInt8>) -> ChunkStep {
        var size: UInt64 = 0
        var index = 0
        while index < bytes.count, bytes[index].isIn(CharacterClass.hexadecimal) {
            if index == Self.digitLimit { return .invalid(.chunkTooLarge) }
            size = size &<< 4 | UInt64(bytes[index].hexadecimalValue)
            index &+= 1
        }
        if index == bytes.count { return .needMore }
        if index == 0 { return .invalid(.badChunkSize) }
        if size > UInt64(Int64.max) { return .invalid(.chunkTooLarge) }
        var isCanonical = bytes[0] != Byte.zero || index == 1
        let digits = index
        if bytes[index] != Byte.carriageReturn {
            isCanonical = false
            switch extensionEnd(bytes, from: index) {
            case .end(let end): index = end
            case .wait: return .needMore
            case .fault(let fault): return .invalid(fault)
            }
        }
        if index &+ 1 == bytes.count { return .needMore }
        if bytes[index &+ 1] != Byte.lineFeed { return .invalid(.badChunkSize) }
        extensionBytes &+= UInt32(truncatingIfNeeded: index &- digits)
        if size == 0 {
            state = .trailer
            return .lastChunk(count: index &+ 2, isCanonical: isCanonical)
        }
        state = .data
        remaining = size
        return .header(count: index &+ 2, size: size, isCanonical: isCanonical)
    }

    /// Checks a chunk extension that begins at `start`; `.end` is its carriage return.
    @inline(never)
    private func extensionEnd(_ bytes: Span<UInt8>, from start: Int) -> HTTP1.Step {
        var reader = ChunkExtension()
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if byte == Byte.carriageReturn, reader.mayEnd { return .end(index) }
            if !reader.accept(byte) {
                let isFirst = index == start && byte != Byte.space && byte != Byte.tab
                return .fault(isFirst ? .badChunkSize : .badChunkExtension)
            }
            index &+= 1
            let length = index &- start
            if length > Self.extensionLimit
                || Int(extensionBytes) &+ length > Self.extensionTotalLimit
            {
                return .fault(.chunkExtensionTooLong)
            }
        }
        return .wait(index)
    }

    /// A field line or the empty line at the end.
    private mutating func trailerLine(_ bytes: Span<UInt8>) -> ChunkStep {
        let end = Scanning.firstControl(bytes, from: Int(scanned))
        scanned = UInt32(truncatingIfNeeded: end)
        if end &+ 2 > Self.trailerLineLimit
            || Int(trailerBytes) &+ end &+ 2 > Self.trailerTotalLimit
        {
            return .invalid(.trailersTooLarge)
        }
        if end == bytes.count { return .needMore }
        switch bytes[end] {
        case Byte.carriageReturn: break
        case Byte.lineFeed: return .invalid(.bareLineFeed)
        default: return .invalid(.badTrailer)
        }
        if end &+ 1 == bytes.count { return .needMore }
        if bytes[end &+ 1] != Byte.lineFeed { return .invalid(.bareCarriageReturn) }
        scanned = 0
        if end == 0 {
            state = .done
            return .end(count: 2)
        }
        let nameEnd = Scanning.tokenEnd(bytes, from: 0)
        if nameEnd == 0 || bytes[nameEnd] != Byte.colon || nameEnd > Int(UInt16.max) {
            return .invalid(.badTrailer)
        }
        trailerBytes &+= UInt32(truncatingIfNeeded: end &+ 2)
        let valueStart = Scanning.skipBlank(bytes, from: nameEnd &+ 1, to: end)
        let valueEnd = Scanning.trimBlank(bytes, from: valueStart, to: end)
        let known = KnownField.identify(bytes, at: 0, length: nameEnd)
        let line = TrailerLine(
            name: 0..<nameEnd, value: valueStart..<valueEnd,
            isKept: known.isAllowedInTrailers && !Self.isForbiddenName(bytes, nameEnd))
        return .trailer(count: end &+ 2, line: line)
    }

    /// Names without a number that a trailer section may not hold either.
    private static func isForbiddenName(_ bytes: Span<UInt8>, _ length: Int) -> Bool {
        let first = Scanning.smallWord(bytes, at: 0, length: min(length, 8))
        switch (length, first) {
        // if-range, if-unmodified-since, max-forwards, content-location, content-disposition
        case (8, word("if-range")), (19, word("if-unmod")), (12, word("max-forw")),
            (16, word("content-")), (19, word("content-")):
            return true
        default:
            // x-forwarded-*, x-real-ip: what a proxy in front has said.
            return first == word("x-forwar") || (length == 9 && first == word("x-real-i"))
        }
    }
}

extension KnownField {
    /// Whether a trailer section may carry the field: not framing, routing, authentication,
    /// request conditions, content description or control data (RFC 9110 §6.5.1), nor what ends
    /// at each hop.
    var isAllowedInTrailers: Bool {
        switch self {
        case .unlisted, .server, .eTag, .accept, .userAgent, .via, .origin, .referer,
            .acceptLanguage, .acceptEncoding, .lastModified:
            true
        default: false
        }
    }
}

/// `*( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )`, byte by byte.
private struct ChunkExtension {
    private enum Place { case beforeSemicolon, beforeName, name, afterName, beforeValue, value }
    private enum Quote { case none, open, escape }

    private var place = Place.beforeSemicolon
    private var quote = Quote.none

    /// Whether the extension may end here.
    var mayEnd: Bool {
        if quote != .none { return false }
        switch place {
        case .name, .value: return true
        case .beforeSemicolon: return wasQuoted
        case .beforeName, .afterName, .beforeValue: return false
        }
    }

    private var wasQuoted = false

    /// Takes the next byte; false when the grammar has no place for it.
    mutating func accept(_ byte: UInt8) -> Bool {
        if quote != .none { return acceptQuoted(byte) }
        let isBlank = byte == Byte.space || byte == Byte.tab
        let isToken = byte.isIn(CharacterClass.token)
        switch place {
        case .beforeSemicolon:
            if byte == Byte.semicolon {
                place = .beforeName
                wasQuoted = false
                return true
            }
            wasQuoted = wasQuoted && !isBlank
            return isBlank
        case .beforeName:
            if isToken { place = .name }
            return isToken || isBlank
        case .name, .afterName:
            if isBlank {
                place = .afterName
                return true
            }
            return acceptAfterName(byte) || (place == .name && isToken)
        case .beforeValue:
            if isToken {
                place = .value
            } else if byte == 0x22 {
                quote = .open
                return true
            }
            return isToken || isBlank
        case .value:
            if isToken { return true }
            if byte == Byte.semicolon {
                place = .beforeName
                return true
            }
            if isBlank { place = .beforeSemicolon }
            return isBlank
        }
    }

    private mutating func acceptAfterName(_ byte: UInt8) -> Bool {
        switch byte {
        case Byte.semicolon: place = .beforeName
        case 0x3D: place = .beforeValue
        default: return false
        }
        return true
    }

    private mutating func acceptQuoted(_ byte: UInt8) -> Bool {
        let isText = byte >= 0x20 && byte != 0x7F || byte == Byte.tab
        if quote == .escape {
            quote = .open
            return isText
        }
        switch byte {
        case 0x5C: quote = .escape
        case 0x22:
            quote = .none
            place = .beforeSemicolon
            wasQuoted = true
        default: return isText
        }
        return true
    }
}
