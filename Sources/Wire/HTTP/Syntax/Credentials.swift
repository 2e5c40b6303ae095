// Where the credentials stand in an `Authorization` value (RFC 7617, RFC 6750). Ranges only: who
// asks decodes. Configuration manual: http_auth_type, http_auth_user, http_auth_bearer.

/// Credentials of a scheme that the fetches know.
public struct Credentials: Equatable, Sendable {
    /// The schemes.
    public enum Scheme: Sendable {
        /// `Basic`: a base64 text of user, colon and password.
        case basic
        /// `Bearer`: a token.
        case bearer
    }

    public var scheme: Scheme
    /// What follows the scheme and its spaces: base64, or the token itself. May be empty.
    public var token: Range<Int>

    /// Reads the first element of a field's value; nil for other schemes and when there is no
    /// space behind the scheme.
    ///
    /// Differs: HAProxy takes the beginning of a scheme's name for the scheme, as in `B dTpw`.
    public init?(in value: Span<UInt8>) {
        var position = 0
        guard let element = FieldValues.next(in: value, at: &position) else { return nil }
        var end = element.lowerBound
        while end < element.upperBound, value[end] != Byte.space { end &+= 1 }
        if end == element.upperBound { return nil }
        let length = end &- element.lowerBound
        let name = Scanning.smallWord(value, at: element.lowerBound, length: min(length, 8))
        switch (length, name) {
        case (5, word("basic")): scheme = .basic
        case (6, word("bearer")): scheme = .bearer
        default: return nil
        }
        while end < element.upperBound, value[end] == Byte.space { end &+= 1 }
        token = end..<element.upperBound
    }

    /// User and password in the decoded text of `Basic`: apart at the first colon, and read no
    /// further than a zero byte. Nil without a colon.
    public static func split(
        _ text: Span<UInt8>
    ) -> (user: Range<Int>, password: Range<Int>)? {
        var end = 0
        var colon = -1
        while end < text.count, text[end] != 0 {
            if colon < 0, text[end] == Byte.colon { colon = end }
            end &+= 1
        }
        return colon < 0 ? nil : (0..<colon, colon &+ 1..<end)
    }
}
