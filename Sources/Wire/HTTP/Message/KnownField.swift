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

    /// The field with that name, any case.
    public static func named(_ name: Span<UInt8>) -> KnownField {
        identify(name, at: 0, length: name.count)
    }

    /// The field named by `length` token characters at `start`, any case.
    static func identify(_ bytes: Span<UInt8>, at start: Int, length: Int) -> KnownField {
        guard length >= 2, length <= 20 else { return .unlisted }
        let first = Scanning.smallWord(bytes, at: start, length: length)
        if length <= 8 { return identify(first, length: length) }
        let second = Scanning.smallWord(bytes, at: start &+ 8, length: length &- 8)
        if length <= 16 { return identify(first, second, length: length) }
        let third = Scanning.smallWord(bytes, at: start &+ 16, length: length &- 16)
        return identify(first, second, third)
    }

    /// The field with a name of up to eight bytes, given as a word of small letters.
    @inline(__always)
    static func identify(_ name: UInt64, length: Int) -> KnownField {
        switch length {
        case 2:
            switch name {
            case word("te"): .te
            default: .unlisted
            }
        case 3:
            switch name {
            case word("via"): .via
            case word("age"): .age
            default: .unlisted
            }
        case 4:
            switch name {
            case word("host"): .host
            case word("date"): .date
            case word("vary"): .vary
            case word("etag"): .eTag
            default: .unlisted
            }
        case 5:
            switch name {
            case word("range"): .range
            default: .unlisted
            }
        case 6:
            switch name {
            case word("expect"): .expect
            case word("cookie"): .cookie
            case word("server"): .server
            case word("pragma"): .pragma
            case word("accept"): .accept
            case word("origin"): .origin
            default: .unlisted
            }
        case 7:
            switch name {
            case word("upgrade"): .upgrade
            case word("trailer"): .trailer
            case word("expires"): .expires
            case word("referer"): .referer
            default: .unlisted
            }
        case 8:
            switch name {
            case word("location"): .location
            case word("if-match"): .ifMatch
            default: .unlisted
            }
        default: .unlisted
        }
    }

    /// The field with a name of nine to sixteen bytes, given as two words of small letters.
    @inline(__always)
    static func identify(_ first: UInt64, _ second: UInt64, length: Int) -> KnownField {
        switch length {
        case 9:
            switch (first, second) {
            case (word("forwarde"), word("d")): .forwarded
            default: .unlisted
            }
        case 10:
            switch (first, second) {
            case (word("connecti"), word("on")): .connection
            case (word("keep-ali"), word("ve")): .keepAlive
            case (word("set-cook"), word("ie")): .setCookie
            case (word("user-age"), word("nt")): .userAgent
            default: .unlisted
            }
        case 11:
            switch (first, second) {
            case (word("retry-af"), word("ter")): .retryAfter
            default: .unlisted
            }
        case 12:
            switch (first, second) {
            case (word("content-"), word("type")): .contentType
            default: .unlisted
            }
        case 13:
            switch (first, second) {
            case (word("x-origin"), word("al-to")): .xOriginalTo
            case (word("authoriz"), word("ation")): .authorization
            case (word("last-mod"), word("ified")): .lastModified
            case (word("cache-co"), word("ntrol")): .cacheControl
            case (word("content-"), word("range")): .contentRange
            case (word("if-none-"), word("match")): .ifNoneMatch
            default: .unlisted
            }
        case 14:
            switch (first, second) {
            case (word("content-"), word("length")): .contentLength
            case (word("http2-se"), word("ttings")): .http2Settings
            default: .unlisted
            }
        case 15:
            switch (first, second) {
            case (word("x-forwar"), word("ded-for")): .xForwardedFor
            case (word("accept-e"), word("ncoding")): .acceptEncoding
            case (word("accept-l"), word("anguage")): .acceptLanguage
            default: .unlisted
            }
        case 16:
            switch (first, second) {
            case (word("proxy-co"), word("nnection")): .proxyConnection
            case (word("www-auth"), word("enticate")): .wwwAuthenticate
            case (word("content-"), word("encoding")): .contentEncoding
            default: .unlisted
            }
        default: .unlisted
        }
    }

    /// The field with a longer name; the third word's length tells the name's.
    private static func identify(
        _ first: UInt64, _ second: UInt64, _ third: UInt64
    ) -> KnownField {
        switch (first, second, third) {
        case (word("transfer"), word("-encodin"), word("g")): .transferEncoding
        case (word("x-forwar"), word("ded-prot"), word("o")): .xForwardedProto
        case (word("if-modif"), word("ied-sinc"), word("e")): .ifModifiedSince
        case (word("sec-webs"), word("ocket-ke"), word("y")): .secWebSocketKey
        case (word("proxy-au"), word("thentica"), word("te")): .proxyAuthenticate
        case (word("proxy-au"), word("thorizat"), word("ion")): .proxyAuthorization
        case (word("sec-webs"), word("ocket-ac"), word("cept")): .secWebSocketAccept
        default: .unlisted
        }
    }
}
