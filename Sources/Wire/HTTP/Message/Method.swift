// Request methods by number. A method without a number is carried by its bytes.

/// A request method; names are case-sensitive (RFC 9110 §9.1).
public enum Method: UInt8, Sendable {
    /// A method this proxy has no name for; its bytes are in the head.
    case unlisted
    case get, head, post, put, delete, connect, options, trace, patch

    /// Whether repeating the request has the effect of sending it once (RFC 9110 §9.2.2).
    public var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        case .post, .connect, .patch, .unlisted: false
        }
    }

    /// The name as sent, empty for ``unlisted``.
    public var name: StaticString {
        switch self {
        case .unlisted: ""
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .connect: "CONNECT"
        case .options: "OPTIONS"
        case .trace: "TRACE"
        case .patch: "PATCH"
        }
    }

    /// The method spelled by `bytes[range]`.
    @inline(__always)
    static func identify(_ bytes: Span<UInt8>, at start: Int, length: Int) -> Method {
        guard length >= 3, length <= 7 else { return .unlisted }
        let spelled = Scanning.exactWord(bytes, at: start, length: length)
        switch spelled {
        case word("GET"): return .get
        case word("POST"): return .post
        case word("HEAD"): return .head
        case word("PUT"): return .put
        case word("DELETE"): return .delete
        case word("CONNECT"): return .connect
        case word("OPTIONS"): return .options
        case word("TRACE"): return .trace
        case word("PATCH"): return .patch
        default: return .unlisted
        }
    }
}
