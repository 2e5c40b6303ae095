// Whether a stream begins with an HTTP request. Configuration manual: req.proto_http.

import HTTP

/// Looks for HTTP with the parser that HTTP traffic goes through, so that what is recognised is
/// what will be accepted.
public enum HTTPRequestStart {
    /// Whether `bytes` begin with the whole head of a valid request, or with the preface of
    /// HTTP/2. Ask again with the same `head` and `table` and more bytes, or with fresh ones.
    ///
    /// Differs: what our parser refuses is no HTTP, such as a request line without a version.
    public static func isThere(
        _ bytes: Span<UInt8>, policy: HTTP1.Policy = [], into table: inout FieldTable,
        head: inout MessageHead
    ) -> Inspected<Bool> {
        switch HTTP1.parseRequest(bytes, policy: policy, into: &table, head: &head) {
        case .complete, .invalid(.http2Preface): .value(true)
        case .incomplete: .needsMore
        case .invalid: .other
        }
    }
}
