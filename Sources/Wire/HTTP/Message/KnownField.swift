// Field names that some part of the proxy looks for. A field line carries the number, so that
// rules and framing never compare names again.

/// A field name known by number.
public enum KnownField: UInt8, Sendable, CaseIterable {
    /// A name this table does not list.
    case unlisted
    // Those a parser acts upon come first; `http2Settings` is the last of them.
    case host, contentLength, transferEncoding, connection, expect, upgrade, keepAlive, te
    case proxyConnection, http2Settings
    case trailer, proxyAuthenticate, proxyAuthorization
    case xForwardedFor, xForwardedProto, xOriginalTo, forwarded, via
    case cookie, setCookie, authorization, wwwAuthenticate
    case date, server, location, retryAfter, vary, age, expires, eTag, lastModified
    case cacheControl, pragma
    case accept, acceptEncoding, acceptLanguage, userAgent, referer, origin, range
    case contentType, contentEncoding, contentRange
    case ifMatch, ifNoneMatch, ifModifiedSince
    case secWebSocketKey, secWebSocketAccept

    /// Whether a parser acts upon the field.
    @inline(__always)
    var isActedUpon: Bool { rawValue <= KnownField.http2Settings.rawValue }

    /// Whether the field belongs to one connection and is never forwarded as it came
    /// (RFC 9110 §7.6.1).
    public var isHopByHop: Bool {
        switch self {
        case .connection, .keepAlive, .te, .transferEncoding, .upgrade, .proxyConnection,
            .http2Settings:
            true
        default: false
        }
    }

    /// The field name in small letters, empty for ``unlisted``.
    public var name: StaticString {
        switch self {
        case .unlisted: ""
        case .host: "host"
        case .contentLength: "content-length"
        case .transferEncoding: "transfer-encoding"
        case .connection: "connection"
        case .expect: "expect"
        case .upgrade: "upgrade"
        case .keepAlive: "keep-alive"
        case .te: "te"
        case .trailer: "trailer"
        case .proxyConnection: "proxy-connection"
        case .proxyAuthenticate: "proxy-authenticate"
        case .proxyAuthorization: "proxy-authorization"
        case .http2Settings: "http2-settings"
        case .xForwardedFor: "x-forwarded-for"
        case .xForwardedProto: "x-forwarded-proto"
        case .xOriginalTo: "x-original-to"
        case .forwarded: "forwarded"
        case .via: "via"
        case .cookie: "cookie"
        case .setCookie: "set-cookie"
        case .authorization: "authorization"
        case .wwwAuthenticate: "www-authenticate"
        case .date: "date"
        case .server: "server"
        case .location: "location"
        case .retryAfter: "retry-after"
        case .vary: "vary"
        case .age: "age"
        case .expires: "expires"
        case .eTag: "etag"
        case .lastModified: "last-modified"
        case .cacheControl: "cache-control"
        case .pragma: "pragma"
        case .accept: "accept"
        case .acceptEncoding: "accept-encoding"
        case .acceptLanguage: "accept-language"
        case .userAgent: "user-agent"
        case .referer: "referer"
        case .origin: "origin"
        case .range: "range"
        case .contentType: "content-type"
        case .contentEncoding: "content-encoding"
        case .contentRange: "content-range"
        case .ifMatch: "if-match"
        case .ifNoneMatch: "if-none-match"
        case .ifModifiedSince: "if-modified-since"
        case .secWebSocketKey: "sec-websocket-key"
        case .secWebSocketAccept: "sec-websocket-accept"
        }
    }

    /// The field named by `length` token characters at `start`, any case.
    @inline(__always)
    static func identify(_ bytes: Span<UInt8>, at start: Int, length: Int) -> KnownField {
        guard length >= 2, length <= 20 else { return .unlisted }
        let first = Scanning.smallWord(bytes, at: start, length: length)
        if length <= 8 { return identify(first, length: length) }
        if length <= 16 {
            let second = Scanning.smallWord(bytes, at: start &+ 8, length: length &- 8)
            return identify(first, second, length: length)
        }
        // Names of 17 to 20 bytes: the second word overlaps into the last eight bytes.
        let second = Scanning.smallWord(bytes, at: start &+ 8, length: 8)
        let third = Scanning.smallWord(bytes, at: start &+ 16, length: length &- 16)
        return identify(first, second, third)
    }

    @inline(__always)
    private static func identify(_ first: UInt64, length: Int) -> KnownField {
        switch first {
        case word("host"): .host
        case word("accept"): .accept
        case word("cookie"): .cookie
        case word("referer"): .referer
        case word("origin"): .origin
        case word("date"): .date
        case word("server"): .server
        case word("vary"): .vary
        case word("etag"): .eTag
        case word("age"): .age
        case word("expires"): .expires
        case word("pragma"): .pragma
        case word("via"): .via
        case word("range"): .range
        case word("expect"): .expect
        case word("upgrade"): .upgrade
        case word("te"): .te
        case word("trailer"): .trailer
        case word("location"): .location
        case word("if-match"): .ifMatch
        default: .unlisted
        }
    }

    @inline(__always)
    private static func identify(
        _ first: UInt64, _ second: UInt64, length: Int
    ) -> KnownField {
        switch (first, second) {
        case (word("connecti"), word("on")): .connection
        case (word("content-"), word("length")): .contentLength
        case (word("content-"), word("type")): .contentType
        case (word("content-"), word("range")): .contentRange
        case (word("content-"), word("encoding")): .contentEncoding
        case (word("user-age"), word("nt")): .userAgent
        case (word("accept-e"), word("ncoding")): .acceptEncoding
        case (word("accept-l"), word("anguage")): .acceptLanguage
        case (word("cache-co"), word("ntrol")): .cacheControl
        case (word("x-forwar"), word("ded-for")): .xForwardedFor
        case (word("set-cook"), word("ie")): .setCookie
        case (word("last-mod"), word("ified")): .lastModified
        case (word("authoriz"), word("ation")): .authorization
        case (word("keep-ali"), word("ve")): .keepAlive
        case (word("if-none-"), word("match")): .ifNoneMatch
        case (word("proxy-co"), word("nnection")): .proxyConnection
        case (word("forwarde"), word("d")): .forwarded
        case (word("x-origin"), word("al-to")): .xOriginalTo
        case (word("retry-af"), word("ter")): .retryAfter
        case (word("http2-se"), word("ttings")): .http2Settings
        case (word("www-auth"), word("enticate")): .wwwAuthenticate
        default: .unlisted
        }
    }

    @inline(__always)
    private static func identify(
        _ first: UInt64, _ second: UInt64, _ third: UInt64
    ) -> KnownField {
        switch (first, second, third) {
        case (word("transfer"), word("-encodin"), word("g")): .transferEncoding
        case (word("if-modif"), word("ied-sinc"), word("e")): .ifModifiedSince
        case (word("x-forwar"), word("ded-prot"), word("o")): .xForwardedProto
        case (word("sec-webs"), word("ocket-ke"), word("y")): .secWebSocketKey
        case (word("sec-webs"), word("ocket-ac"), word("cept")): .secWebSocketAccept
        case (word("proxy-au"), word("thentica"), word("te")): .proxyAuthenticate
        case (word("proxy-au"), word("thorizat"), word("ion")): .proxyAuthorization
        default: .unlisted
        }
    }
}
