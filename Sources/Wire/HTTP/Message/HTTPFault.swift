// Why a message is refused: one case per cause, with the status a client is answered and a short
// reason for logs and `show errors`.

/// The cause for which a message or its framing is refused.
public enum HTTPFault: UInt8, Error, Sendable, CaseIterable {
    // Request line.
    case badMethod, badTarget, fragmentInTarget, badRequestLine, badVersion, unsupportedVersion
    case http09, http2Preface, targetTooLong
    // Status line.
    case badStatusLine, badStatus
    // Lines and fields.
    case bareLineFeed, bareCarriageReturn, badFieldName, blankBeforeColon, foldedLine
    case badFieldValue, tooManyFields, headTooLarge, restrictedFieldName
    // Framing.
    case badContentLength, conflictingContentLength, badTransferEncoding, unknownTransferCoding
    case repeatedTransferEncoding, transferEncodingInHTTP10, unexpectedContent
    case unexpectedConnectContent
    // Routing.
    case missingHost, repeatedHost, badHost, conflictingHost
    // Connection.
    case badConnection, badWebSocketKey, unexpectedUpgrade
    // Chunked bodies.
    case badChunkSize, chunkTooLarge, badChunkExtension, chunkExtensionTooLong, badChunkEnd
    case badTrailer, trailersTooLarge

    /// The status to answer a client whose request has this fault. A response with any fault is
    /// answered 502.
    public var status: Int {
        switch self {
        case .unexpectedContent: 413
        case .targetTooLong: 414
        case .headTooLarge: 431
        case .restrictedFieldName: 403
        case .unknownTransferCoding: 501
        case .unsupportedVersion, .http2Preface: 505
        default: 400
        }
    }

    /// A few words for logs; never sent to a client.
    public var reason: StaticString {
        switch self {
        case .badMethod: "method is not a token"
        case .badTarget: "invalid request target"
        case .fragmentInTarget: "fragment in request target"
        case .badRequestLine: "malformed request line"
        case .badVersion: "malformed HTTP version"
        case .unsupportedVersion: "HTTP major version is not 1"
        case .http09: "HTTP/0.9 request"
        case .http2Preface: "HTTP/2 preface on an HTTP/1 connection"
        case .targetTooLong: "request line does not fit the buffer"
        case .badStatusLine: "malformed status line"
        case .badStatus: "invalid status code"
        case .bareLineFeed: "line feed without carriage return"
        case .bareCarriageReturn: "carriage return without line feed"
        case .badFieldName: "invalid field name"
        case .blankBeforeColon: "blank before colon"
        case .foldedLine: "folded field line"
        case .badFieldValue: "control character in field value"
        case .tooManyFields: "too many field lines"
        case .headTooLarge: "head does not fit the buffer"
        case .restrictedFieldName: "restricted character in field name"
        case .badContentLength: "invalid Content-Length"
        case .conflictingContentLength: "Content-Length values differ"
        case .badTransferEncoding: "chunked is not the last transfer coding"
        case .unknownTransferCoding: "unknown transfer coding"
        case .repeatedTransferEncoding: "repeated Transfer-Encoding"
        case .transferEncodingInHTTP10: "Transfer-Encoding in HTTP/1.0"
        case .unexpectedContent: "content not allowed with this method"
        case .unexpectedConnectContent: "content in a CONNECT request"
        case .missingHost: "missing Host"
        case .repeatedHost: "repeated Host"
        case .badHost: "invalid Host"
        case .conflictingHost: "Host differs from the target's authority"
        case .badConnection: "malformed Connection"
        case .badWebSocketKey: "missing or invalid Sec-WebSocket-Key"
        case .unexpectedUpgrade: "protocol switch nobody asked for"
        case .badChunkSize: "invalid chunk size"
        case .chunkTooLarge: "chunk size overflow"
        case .badChunkExtension: "invalid chunk extension"
        case .chunkExtensionTooLong: "chunk extension too long"
        case .badChunkEnd: "chunk data not followed by a line end"
        case .badTrailer: "invalid trailer field"
        case .trailersTooLarge: "trailers too large"
        }
    }
}
