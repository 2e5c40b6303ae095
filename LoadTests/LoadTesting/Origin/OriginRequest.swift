// The request head as the demo origin reads it: enough to answer and to find the next request.
// It is lenient on purpose; strictness is the proxy's job and an origin must see what it lets by.

/// How a request's body is delimited.
public enum RequestBody: Sendable, Equatable {
    /// This many bytes follow the head.
    case length(Int)
    /// Chunked coding follows the head.
    case chunked
}

/// A request head, found at the front of what was received.
public struct OriginRequest: Sendable, Equatable {
    /// Length of the head with its blank line, in bytes.
    public let headBytes: Int
    /// Where the method stands in the head.
    public let method: Range<Int>
    /// Where the target stands in the head.
    public let target: Range<Int>
    /// Where the body ends.
    public let body: RequestBody
    /// Whether the connection stays open after the answer.
    public let keepsAlive: Bool
    /// Whether the client waits for `100 Continue` before it sends the body.
    public let expectsContinue: Bool
    /// Whether the client would like HTML.
    public let acceptsHTML: Bool

    /// What a search for a head found.
    public enum Result: Sendable, Equatable {
        case head(OriginRequest)
        /// The blank line has not arrived yet.
        case incomplete
        case malformed
    }

    /// Reads the head at the front of `bytes`.
    public static func read(_ bytes: Span<UInt8>) -> Result {
        // A blank line before the request line is allowed (RFC 9112 §2.2).
        var start = 0
        while start < bytes.count, bytes[start] == 13 || bytes[start] == 10 { start += 1 }
        guard let line = endOfLine(bytes, from: start) else { return .incomplete }
        guard let firstBlank = index(of: 32, in: bytes, from: start, to: line.text),
            let secondBlank = index(of: 32, in: bytes, from: firstBlank + 1, to: line.text)
        else { return .malformed }
        let isVersion10 = line.text - secondBlank >= 9 && bytes[secondBlank + 8] == 48
        var fields = FieldsOfInterest(keepsAlive: !isVersion10)
        var at = line.next
        while true {
            guard let end = endOfLine(bytes, from: at) else { return .incomplete }
            if end.text == at {
                at = end.next
                break
            }
            guard fields.take(bytes, at, end.text) else { return .malformed }
            at = end.next
        }
        return .head(
            OriginRequest(
                headBytes: at, method: start..<firstBlank, target: (firstBlank + 1)..<secondBlank,
                body: fields.chunked ? .chunked : .length(fields.length),
                keepsAlive: fields.keepsAlive, expectsContinue: fields.expectsContinue,
                acceptsHTML: fields.acceptsHTML))
    }
}

/// What the origin remembers of the fields while it walks over them.
private struct FieldsOfInterest {
    var length = 0
    var chunked = false
    var keepsAlive: Bool
    var expectsContinue = false
    var acceptsHTML = false

    init(keepsAlive: Bool) { self.keepsAlive = keepsAlive }

    /// Takes one field line; false when it is malformed.
    mutating func take(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        // Names are told apart by their first letter: few lines need a closer look.
        switch bytes[start] | 0x20 {
        case UInt8(ascii: "c"):
            if let value = value(of: "content-length", in: bytes, start, end) {
                guard let number = decimal(bytes, value) else { return false }
                length = number
            } else if let value = value(of: "connection", in: bytes, start, end) {
                if contains("close", in: bytes, value) { keepsAlive = false }
                if contains("keep-alive", in: bytes, value) { keepsAlive = true }
            }
        case UInt8(ascii: "t"):
            if let value = value(of: "transfer-encoding", in: bytes, start, end) {
                chunked = contains("chunked", in: bytes, value)
            }
        case UInt8(ascii: "e"):
            if let value = value(of: "expect", in: bytes, start, end) {
                expectsContinue = contains("100-continue", in: bytes, value)
            }
        case UInt8(ascii: "a"):
            if let value = value(of: "accept", in: bytes, start, end) {
                acceptsHTML = contains("text/html", in: bytes, value)
            }
        default: break
        }
        return true
    }
}
