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

    /// The method of that name; ``unlisted`` for others.
    public static func named(_ name: Span<UInt8>) -> Method {
        guard name.count >= 3, name.count <= 7 else { return .unlisted }
        var spelled: UInt64 = 0
        for index in 0..<name.count { spelled |= UInt64(name[index]) &<< UInt64(index &* 8) }
        return named(spelled | UInt64(Byte.space) &<< UInt64(name.count &* 8))
    }

    /// The length of a listed method that begins at `start` and is followed by a blank within
    /// eight bytes; zero when there is none, and `method` is then ``unlisted``.
    @inline(__always)
    static func usualLength(_ bytes: Span<UInt8>, at start: Int, method: inout Method) -> Int {
        method = .unlisted
        guard start &+ 8 <= bytes.count else { return shortLength(bytes, start, &method) }
        let loaded = bytes.load64(start)
        let blank = loaded ^ (Scanning.ones &* 0x20)
        let mask = (blank &- Scanning.ones) & ~blank & Scanning.tops
        guard mask != 0 else { return 0 }
        // All bytes up to the blank, which is compared with the name: a null byte in front of it
        // must not pass for the end of a name.
        method = named(loaded & (mask ^ (mask &- 1)))
        return method == .unlisted ? 0 : mask.trailingZeroBitCount &>> 3
    }

    /// ``usualLength(_:at:method:)`` where fewer than eight bytes have come.
    @inline(never)
    private static func shortLength(
        _ bytes: Span<UInt8>, _ start: Int, _ method: inout Method
    ) -> Int {
        var length = 0
        while start &+ length < bytes.count, bytes[start &+ length] != Byte.space {
            length &+= 1
        }
        guard start &+ length < bytes.count else { return 0 }
        method = named(Scanning.exactWord(bytes, at: start, length: length &+ 1))
        return method == .unlisted ? 0 : length
    }

    /// The method spelled by a word that ends with a blank.
    @inline(__always)
    private static func named(_ spelled: UInt64) -> Method {
        switch spelled {
        case word("GET "): .get
        case word("POST "): .post
        case word("HEAD "): .head
        case word("PUT "): .put
        case word("DELETE "): .delete
        case word("CONNECT "): .connect
        case word("OPTIONS "): .options
        case word("TRACE "): .trace
        case word("PATCH "): .patch
        default: .unlisted
        }
    }
}
