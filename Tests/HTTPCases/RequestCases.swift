// Requests: start lines, fields, framing, routing, connection options.

import HTTP

/// All request cases.
public let requestCases: [MessageCase] =
    startLineCases + versionCases + targetCases + lineCases + lengthCases + codingCases
    + hostCases + connectionCases + relaxedRequestCases

private let host = "Host: a\r\n"
private let get = "GET / HTTP/1.1\r\nHost: a\r\n"
private let post = "POST / HTTP/1.1\r\nHost: a\r\n"
private let none = MessageCase.Outcome.accepted(.none)

private let startLineCases: [MessageCase] = [
    MessageCase("plain request", get + "\r\n", none),
    MessageCase("empty lines before the request line", "\r\n\r\n" + get + "\r\n", none),
    MessageCase(
        "bare line feed before the request line", "\n" + get + "\r\n", .refused(.bareLineFeed),
        differs: "RFC 9112 §2.2: only CRLF is an empty line; HAProxy skips the line feed"),
    MessageCase("bare return before the request line", "\rG", .refused(.bareCarriageReturn)),
    MessageCase("blank before the method", " " + get + "\r\n", .refused(.badMethod)),
    MessageCase("method with a wrong byte", "G@T / HTTP/1.1\r\n\(host)\r\n", .refused(.badMethod)),
    MessageCase("no method", "/ HTTP/1.1\r\n\(host)\r\n", .refused(.badMethod)),
    MessageCase("small-letter method is another method", "get / HTTP/1.1\r\n\(host)\r\n", none),
    MessageCase("unlisted method", "PROPFIND / HTTP/1.1\r\n\(host)\r\n", none),
    MessageCase("TLS hello on a plain port", "\u{16}\u{3}\u{1}\u{2}", .refused(.badMethod)),
    MessageCase("null byte first", "\u{0}", .refused(.badMethod)),
    MessageCase(
        "null bytes behind the method", "GET\u{0}\u{0} / HTTP/1.1\r\n\(host)\r\n",
        .refused(.badMethod)),
    MessageCase("SSH banner", "SSH-2.0-OpenSSH_9.2\r\n", .refused(.badMethod)),
    MessageCase(
        "PROXY protocol header where none is expected",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + get + "\r\n", .refused(.badVersion)),
    MessageCase(
        "two blanks after the method", "GET  / HTTP/1.1\r\n\(host)\r\n",
        .refused(.badRequestLine),
        differs: "RFC 9112 §3: one blank between the parts; HAProxy skips several"),
    MessageCase(
        "two blanks after the target", "GET /  HTTP/1.1\r\n\(host)\r\n",
        .refused(.badRequestLine),
        differs: "RFC 9112 §3: one blank between the parts; HAProxy skips several"),
    MessageCase(
        "tab after the method", "GET\t/ HTTP/1.1\r\n\(host)\r\n", .refused(.badMethod),
        differs: "RFC 9112 §3: a blank between the parts; HAProxy takes a tab"),
    MessageCase(
        "tab after the target", "GET /\tHTTP/1.1\r\n\(host)\r\n", .refused(.badTarget),
        differs: "RFC 9112 §3: a blank between the parts; HAProxy takes a tab"),
    MessageCase(
        "blank at the line's end", "GET / HTTP/1.1 \r\n\(host)\r\n", .refused(.badRequestLine)),
    MessageCase("four words", "GET / x HTTP/1.1\r\n\(host)\r\n", .refused(.badVersion)),
    MessageCase("two words", "GET HTTP/1.1\r\n\(host)\r\n", .refused(.http09)),
    MessageCase(
        "request line ended by a line feed", "GET / HTTP/1.1\nHost: a\r\n\r\n",
        .refused(.bareLineFeed),
        differs: "RFC 9112 §2.2: a lone line feed is a second way to end a line"),
    MessageCase(
        "request line ended by a return", "GET / HTTP/1.1\rHost: a\r\n\r\n",
        .refused(.bareCarriageReturn)),
    MessageCase("unfinished request line", "GET / HT", .unfinished),
    MessageCase("unfinished head", get, .unfinished),
]

private let versionCases: [MessageCase] = [
    MessageCase("HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", none),
    MessageCase("later minor version counts as 1.1", "GET / HTTP/1.2\r\n\(host)\r\n", none),
    MessageCase("HTTP/1.9", "GET / HTTP/1.9\r\n\(host)\r\n", none),
    MessageCase(
        "HTTP/2.0 in a request line", "GET / HTTP/2.0\r\n\(host)\r\n",
        .refused(.unsupportedVersion),
        differs:
            "RFC 9110 §15.6.6: another major version is another protocol; HAProxy sends it on as 1.1"
    ),
    MessageCase(
        "HTTP/3.0 in a request line", "GET / HTTP/3.0\r\n\(host)\r\n",
        .refused(.unsupportedVersion),
        differs:
            "RFC 9110 §15.6.6: another major version is another protocol; HAProxy sends it on as 1.1"
    ),
    MessageCase(
        "HTTP/0.9 spelled out", "GET / HTTP/0.9\r\n\(host)\r\n", .refused(.unsupportedVersion),
        differs: "RFC 9110 §15.6.6: another major version is another protocol; HAProxy sends it on"),
    MessageCase("HTTP/0.9 request", "GET /\r\n", .refused(.http09)),
    MessageCase("HTTP/0.9 request and an empty line", "GET /\r\n\r\n", .refused(.http09)),
    MessageCase(
        "HTTP/2 connection preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .refused(.http2Preface),
        differs: "RFC 9113 §3.4: HTTP/2 is not spoken yet; HAProxy switches to it"),
    MessageCase(
        "small-letter protocol name", "GET / http/1.1\r\n\(host)\r\n", .refused(.badVersion)),
    MessageCase("another protocol name", "GET / FOO/1.1\r\n\(host)\r\n", .refused(.badVersion)),
    MessageCase("HTTPS as protocol name", "GET / HTTPS/1.1\r\n\(host)\r\n", .refused(.badVersion)),
    MessageCase(
        "two-digit minor version", "GET / HTTP/1.01\r\n\(host)\r\n", .refused(.badRequestLine)),
    MessageCase("two-digit major version", "GET / HTTP/11.1\r\n\(host)\r\n", .refused(.badVersion)),
    MessageCase("no minor version", "GET / HTTP/1.\r\n\(host)\r\n", .refused(.badVersion)),
    MessageCase("comma in the version", "GET / HTTP/1,1\r\n\(host)\r\n", .refused(.badVersion)),
]

private let targetCases: [MessageCase] = [
    MessageCase("unusual but harmless bytes", "GET /\"<>\\^`{|} HTTP/1.1\r\n\(host)\r\n", none),
    MessageCase("fragment", "GET /a#b HTTP/1.1\r\n\(host)\r\n", .refused(.fragmentInTarget)),
    MessageCase("byte above 127", "GET /\u{E9} HTTP/1.1\r\n\(host)\r\n", .refused(.badTarget)),
    MessageCase("control character", "GET /\u{1} HTTP/1.1\r\n\(host)\r\n", .refused(.badTarget)),
    MessageCase("delete character", "GET /\u{7F} HTTP/1.1\r\n\(host)\r\n", .refused(.badTarget)),
    MessageCase("null byte", "GET /\u{0} HTTP/1.1\r\n\(host)\r\n", .refused(.badTarget)),
    MessageCase("relative path", "GET foo HTTP/1.1\r\n\(host)\r\n", .refused(.badTarget)),
    MessageCase("asterisk with OPTIONS", "OPTIONS * HTTP/1.1\r\n\(host)\r\n", none),
    MessageCase(
        "asterisk with GET", "GET * HTTP/1.1\r\n\(host)\r\n", .refused(.badTarget),
        differs: "RFC 9112 §3.2.4: the asterisk form is of OPTIONS alone"),
    MessageCase(
        "asterisk and more", "OPTIONS *x HTTP/1.1\r\n\(host)\r\n", .refused(.badTarget),
        differs: "RFC 9112 §3.2.4: the asterisk stands alone"),
    MessageCase("absolute form", "GET http://a/x HTTP/1.1\r\n\(host)\r\n", none),
    MessageCase("absolute form without path", "GET http://a HTTP/1.1\r\n\(host)\r\n", none),
    MessageCase("absolute form, host in capitals", "GET http://A/ HTTP/1.1\r\n\(host)\r\n", none),
    MessageCase("absolute form, default port", "GET http://a:80/ HTTP/1.1\r\n\(host)\r\n", none),
    MessageCase(
        "absolute form, default port of https", "GET https://a:443/ HTTP/1.1\r\n\(host)\r\n", none),
    MessageCase("default port in Host alone", "GET http://a/ HTTP/1.1\r\nHost: a:80\r\n\r\n", none),
    MessageCase(
        "another host than Host", "GET http://b/ HTTP/1.1\r\n\(host)\r\n",
        .refused(.conflictingHost)),
    MessageCase(
        "another port than Host", "GET https://a:80/ HTTP/1.1\r\n\(host)\r\n",
        .refused(.conflictingHost)),
    MessageCase(
        "user information", "GET http://u@a/ HTTP/1.1\r\n\(host)\r\n", .refused(.badTarget),
        differs: "RFC 9110 §4.2.4: user information is to be treated as an error"),
    MessageCase(
        "empty host in the target", "GET http:///x HTTP/1.1\r\nHost:\r\n\r\n", .refused(.badTarget),
        differs: "RFC 9110 §4.2.1: an http URI with an empty host must be refused"),
    MessageCase(
        "query behind the host", "GET http://a?x HTTP/1.1\r\n\(host)\r\n", none,
        differs: "RFC 3986 §3.3: a path may be empty before a query"),
    MessageCase(
        "scheme without slashes", "GET http:a HTTP/1.1\r\n\(host)\r\n", .refused(.badTarget)),
    MessageCase(
        "scheme that begins with a digit", "GET 1http://a/ HTTP/1.1\r\n\(host)\r\n",
        .refused(.badTarget)),
    MessageCase("CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", none),
    MessageCase(
        "CONNECT, Host without the usual port", "CONNECT a:443 HTTP/1.1\r\n\(host)\r\n", none),
    MessageCase("CONNECT, IPv6", "CONNECT [::1]:80 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", none),
    MessageCase(
        "CONNECT, another Host", "CONNECT a:80 HTTP/1.1\r\nHost: b:80\r\n\r\n",
        .refused(.conflictingHost)),
    MessageCase(
        "CONNECT, unusual port missing in Host", "CONNECT a:8443 HTTP/1.1\r\n\(host)\r\n",
        .refused(.conflictingHost)),
    MessageCase("CONNECT without port", "CONNECT a HTTP/1.1\r\n\(host)\r\n", .refused(.badTarget)),
    MessageCase(
        "CONNECT with an empty port", "CONNECT a: HTTP/1.1\r\n\(host)\r\n", .refused(.badTarget)),
    MessageCase("CONNECT to a path", "CONNECT / HTTP/1.1\r\n\(host)\r\n", .refused(.badTarget)),
    MessageCase(
        "CONNECT to port 0", "CONNECT a:0 HTTP/1.1\r\nHost: a:0\r\n\r\n", .refused(.badTarget),
        differs: "RFC 9110 §9.3.6: an invalid port must be refused"),
    MessageCase(
        "CONNECT to port 99999", "CONNECT a:99999 HTTP/1.1\r\nHost: a:99999\r\n\r\n",
        .refused(.badTarget), differs: "RFC 9110 §9.3.6: an invalid port must be refused"),
    MessageCase(
        "CONNECT with user information", "CONNECT u@a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n",
        .refused(.badTarget), differs: "RFC 9112 §3.2.3: the authority form is host and port alone"),
    MessageCase(
        "CONNECT in absolute form", "CONNECT http://a:80/ HTTP/1.1\r\n\(host)\r\n",
        .refused(.badTarget), differs: "RFC 9112 §3.2.3: CONNECT takes the authority form alone"),
    MessageCase(
        "CONNECT with content",
        "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\nContent-Length: 2\r\n\r\nab",
        .refused(.unexpectedConnectContent),
        differs: "RFC 9110 §9.3.6: CONNECT has no content; HAProxy lets it into the tunnel"),
    MessageCase(
        "CONNECT with a chunked body",
        "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        .refused(.unexpectedConnectContent),
        differs: "RFC 9110 §9.3.6: CONNECT has no content; HAProxy lets it into the tunnel"),
]

private let lineCases: [MessageCase] = [
    MessageCase("no blank behind the colon", get + "X:a\r\n\r\n", none),
    MessageCase("blanks around a value", get + "X: \t a \t\r\n\r\n", none),
    MessageCase("empty value", get + "X:\r\n\r\n", none),
    MessageCase("bytes above 127 in a value", get + "X: \u{E9}\r\n\r\n", none),
    MessageCase("tab inside a value", get + "X: a\tb\r\n\r\n", none),
    MessageCase("blank before the colon", get + "X : a\r\n\r\n", .refused(.blankBeforeColon)),
    MessageCase("tab before the colon", get + "X\t: a\r\n\r\n", .refused(.blankBeforeColon)),
    MessageCase(
        "blank before Content-Length's colon", post + "Content-Length : 2\r\n\r\nab",
        .refused(.blankBeforeColon)),
    MessageCase("empty name", get + ": a\r\n\r\n", .refused(.badFieldName)),
    MessageCase("no colon", get + "foo\r\n\r\n", .refused(.badFieldName)),
    MessageCase("null byte in a name", get + "X\u{0}: a\r\n\r\n", .refused(.badFieldName)),
    MessageCase("bracket in a name", get + "X(: a\r\n\r\n", .refused(.badFieldName)),
    MessageCase("byte above 127 in a name", get + "X\u{E9}: a\r\n\r\n", .refused(.badFieldName)),
    MessageCase(
        "blank before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", .refused(.foldedLine)),
    MessageCase(
        "folded line", get + "X: a\r\n b\r\n\r\n", .refused(.foldedLine),
        differs: "RFC 9112 §5.2: folding is refused; HAProxy unfolds"),
    MessageCase(
        "folded line with a tab", get + "X: a\r\n\tb\r\n\r\n", .refused(.foldedLine),
        differs: "RFC 9112 §5.2: folding is refused; HAProxy unfolds"),
    MessageCase(
        "folded Transfer-Encoding", post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        .refused(.badTransferEncoding),
        differs: "RFC 9112 §5.2: folding is refused; HAProxy unfolds"),
    MessageCase(
        "null byte in a value", get + "X: a\u{0}b\r\n\r\n", .refused(.badFieldValue),
        differs: "RFC 9110 §5.5: a null byte must not be forwarded"),
    MessageCase(
        "control character in a value", get + "X: a\u{1}b\r\n\r\n", .refused(.badFieldValue),
        differs: "RFC 9110 §5.5: control characters are invalid in values"),
    MessageCase(
        "delete character in a value", get + "X: a\u{7F}b\r\n\r\n", .refused(.badFieldValue),
        differs: "RFC 9110 §5.5: control characters are invalid in values"),
    MessageCase("bare return in a value", get + "X: a\rb\r\n\r\n", .refused(.bareCarriageReturn)),
    MessageCase(
        "two returns at a line's end", get + "X: a\r\r\n\r\n", .refused(.bareCarriageReturn)),
    MessageCase(
        "line feed ends a field line", get + "X: a\n\r\n", .refused(.bareLineFeed),
        differs: "RFC 9112 §2.2: a lone line feed is a second way to end a line"),
    MessageCase(
        "line feed ends the head", get + "X: a\r\n\n", .refused(.bareLineFeed),
        differs: "RFC 9112 §2.2: a lone line feed is a second way to end a line"),
    MessageCase("two returns end the head", get + "\r\r\n", .refused(.bareCarriageReturn)),
    MessageCase(
        "second request line in the fields", get + "GET /2 HTTP/1.1\r\n\r\n",
        .refused(.blankBeforeColon)),
    MessageCase(
        "100 field lines", get + (0..<99).map { "x\($0): 1\r\n" }.joined() + "\r\n", none),
    MessageCase(
        "101 field lines", get + (0..<100).map { "x\($0): 1\r\n" }.joined() + "\r\n",
        .refused(.tooManyFields)),
]

private let lengthCases: [MessageCase] = [
    MessageCase("Content-Length", post + "Content-Length: 2\r\n\r\nab", .accepted(.length(2))),
    MessageCase("Content-Length of zero", post + "Content-Length: 0\r\n\r\n", none),
    MessageCase(
        "leading zero is the same number", post + "Content-Length: 02\r\n\r\nab",
        .accepted(.length(2))),
    MessageCase(
        "the same length twice", post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab",
        .accepted(.length(2))),
    MessageCase(
        "the same length in a list", post + "Content-Length: 2, 2\r\n\r\nab", .accepted(.length(2))),
    MessageCase(
        "two lengths", post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        .refused(.conflictingContentLength)),
    MessageCase(
        "two lengths in a list", post + "Content-Length: 2, 3\r\n\r\nabc",
        .refused(.conflictingContentLength)),
    MessageCase(
        "list that ends with a comma", post + "Content-Length: 2,\r\n\r\nab",
        .refused(.badContentLength)),
    MessageCase(
        "list that begins with a comma", post + "Content-Length: ,2\r\n\r\nab",
        .refused(.badContentLength)),
    MessageCase(
        "two numbers without a comma", post + "Content-Length: 2 2\r\n\r\nab",
        .refused(.badContentLength)),
    MessageCase("plus sign", post + "Content-Length: +2\r\n\r\nab", .refused(.badContentLength)),
    MessageCase("minus sign", post + "Content-Length: -1\r\n\r\n", .refused(.badContentLength)),
    MessageCase(
        "hexadecimal length", post + "Content-Length: 0x2\r\n\r\nab", .refused(.badContentLength)),
    MessageCase("empty length", post + "Content-Length:\r\n\r\nab", .refused(.badContentLength)),
    MessageCase(
        "length with a fraction", post + "Content-Length: 2.0\r\n\r\nab",
        .refused(.badContentLength)),
    MessageCase(
        "length in quotes", post + "Content-Length: \"2\"\r\n\r\nab", .refused(.badContentLength)),
    MessageCase(
        "length of 2^63", post + "Content-Length: 9223372036854775808\r\n\r\n",
        .refused(.badContentLength)),
    MessageCase(
        "length of 2^64", post + "Content-Length: 18446744073709551616\r\n\r\n",
        .refused(.badContentLength),
        differs:
            "RFC 9110 §8.6: overflow must be prevented; HAProxy reads zero and forwards the text"),
    MessageCase(
        "length of 2^64 - 1", post + "Content-Length: 18446744073709551615\r\n\r\n",
        .refused(.badContentLength), differs: "RFC 9110 §8.6: overflow must be prevented"),
    MessageCase(
        "length of 23 digits", post + "Content-Length: 99999999999999999999999\r\n\r\n",
        .refused(.badContentLength)),
    MessageCase("GET with content", get + "Content-Length: 2\r\n\r\nab", .accepted(.length(2))),
    MessageCase(
        "HTTP/1.0 GET with content", "GET / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab",
        .refused(.unexpectedContent)),
    MessageCase(
        "HTTP/1.0 HEAD with content", "HEAD / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab",
        .refused(.unexpectedContent)),
    MessageCase(
        "HTTP/1.0 DELETE with content", "DELETE / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab",
        .refused(.unexpectedContent)),
    MessageCase(
        "HTTP/1.0 GET with length zero", "GET / HTTP/1.0\r\nContent-Length: 0\r\n\r\n", none),
    MessageCase(
        "HTTP/1.0 POST with content", "POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab",
        .accepted(.length(2))),
    MessageCase(
        "HTTP/1.0 GET with content where allowed", "GET / HTTP/1.0\r\nContent-Length: 2\r\n\r\nab",
        .accepted(.length(2)), policy: .payloadWithAnyMethod),
]

private let codingCases: [MessageCase] = [
    MessageCase(
        "chunked", post + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", .accepted(.chunked)),
    MessageCase(
        "chunked in capitals", post + "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n",
        .accepted(.chunked)),
    MessageCase(
        "length, then chunked: the length is dropped",
        post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        .accepted(.chunked)),
    MessageCase(
        "chunked, then length: the length is dropped",
        post + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
        .accepted(.chunked)),
    MessageCase(
        "chunked and an invalid length",
        post + "Transfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n0\r\n\r\n",
        .refused(.badContentLength)),
    MessageCase(
        "gzip alone", post + "Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
        .refused(.badTransferEncoding)),
    MessageCase(
        "gzip, chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        .refused(.unknownTransferCoding),
        differs: "RFC 9112 §6.1: 501 for a coding not understood; HAProxy says 422"),
    MessageCase(
        "chunked, gzip", post + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        .refused(.badTransferEncoding)),
    MessageCase(
        "chunked, chunked", post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        .refused(.badTransferEncoding)),
    MessageCase(
        "two lines of chunked",
        post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        .refused(.repeatedTransferEncoding)),
    MessageCase(
        "chunked, then identity",
        post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        .refused(.repeatedTransferEncoding)),
    MessageCase(
        "identity", post + "Transfer-Encoding: identity\r\n\r\n", .refused(.badTransferEncoding)),
    MessageCase(
        "empty coding", post + "Transfer-Encoding:\r\n\r\n", .refused(.badTransferEncoding)),
    MessageCase(
        "xchunked", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        .refused(.badTransferEncoding)),
    MessageCase(
        "chunked with a parameter", post + "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n",
        .refused(.badTransferEncoding)),
    MessageCase(
        "chunked in quotes", post + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
        .refused(.badTransferEncoding)),
    MessageCase(
        "vertical tab before chunked", post + "Transfer-Encoding: \u{B}chunked\r\n\r\n0\r\n\r\n",
        .refused(.badFieldValue)),
    MessageCase(
        "chunked and a comma", post + "Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n",
        .refused(.badTransferEncoding),
        differs: "RFC 9112 §6.1: a spelling that others do not take for chunked"),
    MessageCase(
        "TE with a hyphen for Transfer-Encoding", post + "Transfer_Encoding: chunked\r\n\r\n", none),
    MessageCase(
        "chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        .refused(.transferEncodingInHTTP10),
        differs: "RFC 9112 §6.1: faulty framing; HAProxy forwards and closes"),
    MessageCase(
        "chunked GET in HTTP/1.0", "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        .refused(.unexpectedContent)),
]

private let hostCases: [MessageCase] = [
    MessageCase(
        "no Host", "GET / HTTP/1.1\r\n\r\n", .refused(.missingHost),
        differs: "RFC 9112 §3.2: 400 without Host; HAProxy forwards"),
    MessageCase(
        "absolute form without Host", "GET http://a/ HTTP/1.1\r\n\r\n", .refused(.missingHost),
        differs: "RFC 9112 §3.2: 400 without Host; HAProxy forwards"),
    MessageCase(
        "two different Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        .refused(.repeatedHost)),
    MessageCase(
        "the same Host twice", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        .refused(.repeatedHost),
        differs: "RFC 9112 §3.2: 400 for more than one Host line; HAProxy keeps one"),
    MessageCase("empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", none),
    MessageCase("Host with port", "GET / HTTP/1.1\r\nHost: a:8080\r\n\r\n", none),
    MessageCase("Host with an empty port", "GET / HTTP/1.1\r\nHost: a:\r\n\r\n", none),
    MessageCase("Host of IPv6", "GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n", none),
    MessageCase("Host with an escape", "GET / HTTP/1.1\r\nHost: a%2Eb\r\n\r\n", none),
    MessageCase("Host with an underscore", "GET / HTTP/1.1\r\nHost: a_b\r\n\r\n", none),
    invalidHost("path in Host", "a/b"),
    invalidHost("blank in Host", "a b"),
    invalidHost("list in Host", "a, b"),
    invalidHost("comma in Host", "a,b"),
    invalidHost("user information in Host", "u@a"),
    invalidHost("port above 65535", "a:99999"),
    invalidHost("port of letters", "a:http"),
    invalidHost("two ports", "a:80:80"),
    invalidHost("unfinished IPv6", "[::1"),
    invalidHost("letters in IPv6", "[::xyz]"),
    invalidHost("something behind IPv6", "[::1]x"),
    invalidHost("unfinished escape", "a%2"),
    invalidHost("query in Host", "a?b"),
    invalidHost("byte above 127 in Host", "\u{E9}"),
]

private func invalidHost(_ name: String, _ value: String) -> MessageCase {
    MessageCase(
        name, "GET / HTTP/1.1\r\nHost: \(value)\r\n\r\n", .refused(.badHost),
        differs: "RFC 9112 §3.2: 400 for an invalid Host value; HAProxy forwards")
}

private let webSocketKey = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

private let connectionCases: [MessageCase] = [
    MessageCase("close", get + "Connection: close\r\n\r\n", none),
    MessageCase(
        "close and keep-alive", get + "Connection: close\r\nConnection: keep-alive\r\n\r\n", none),
    MessageCase("empty elements", get + "Connection: , ,close,,\r\n\r\n", none),
    MessageCase("empty Connection", get + "Connection:\r\n\r\n", none),
    MessageCase(
        "two words in an element", get + "Connection: a b\r\n\r\n", .refused(.badConnection),
        differs: "RFC 9110 §7.6.1: a connection option is a token; HAProxy forwards the field"),
    MessageCase(
        "nominates Host and Content-Length",
        post + "Connection: host, content-length\r\nContent-Length: 2\r\n\r\nab",
        .accepted(.length(2))),
    MessageCase("nominates a field", get + "Connection: x\r\nX: 1\r\n\r\n", none),
    MessageCase(
        "nominates 65 fields",
        get + "Connection: " + (0..<65).map { "f\($0)" }.joined(separator: ",") + "\r\n\r\n",
        .refused(.badConnection),
        differs: "RFC 9110 §17.5: a bound on what one field may ask for; HAProxy forwards the field"
    ),
    MessageCase("upgrade", get + "Connection: upgrade\r\nUpgrade: foo/2\r\n\r\n", none),
    MessageCase("Upgrade without Connection", get + "Upgrade: foo\r\n\r\n", none),
    MessageCase("Connection: upgrade without Upgrade", get + "Connection: upgrade\r\n\r\n", none),
    MessageCase("upgrade to h2c", get + "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n", none),
    MessageCase(
        "upgrade with content",
        post + "Connection: upgrade\r\nUpgrade: foo\r\nContent-Length: 2\r\n\r\nab",
        .accepted(.length(2))),
    MessageCase(
        "malformed Upgrade", get + "Connection: upgrade\r\nUpgrade: a b\r\n\r\n",
        .refused(.badConnection),
        differs: "RFC 9110 §7.8: a protocol is a token; HAProxy forwards the field"),
    MessageCase(
        "WebSocket", get + "Connection: Upgrade\r\nUpgrade: websocket\r\n" + webSocketKey + "\r\n",
        none),
    MessageCase(
        "WebSocket without key", get + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        .refused(.badWebSocketKey)),
    MessageCase(
        "WebSocket with a short key",
        get + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: abc\r\n\r\n",
        .refused(.badWebSocketKey)),
    MessageCase(
        "WebSocket in HTTP/1.0",
        "GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        .refused(.badWebSocketKey)),
    MessageCase(
        "Expect", post + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
        .accepted(.length(2))),
    MessageCase("unknown expectation", get + "Expect: foo\r\n\r\n", none),
]

private let relaxedRequestCases: [MessageCase] = [
    relaxed("relaxed: HTTP/0.9", "GET /x\r\n", none),
    relaxed("relaxed: POST without version", "POST /x\r\n\r\n", .refused(.http09)),
    relaxed("relaxed: another protocol name", "GET / RTSP/1.0\r\n\(host)\r\n", none),
    relaxed("relaxed: long version numbers", "GET / HTTP/11.01\r\n\(host)\r\n", none),
    relaxed(
        "relaxed: small-letter protocol name", "GET / http/1.1\r\n\(host)\r\n",
        .refused(.badVersion)),
    relaxed("relaxed: byte above 127 in the target", "GET /\u{E9} HTTP/1.1\r\n\(host)\r\n", none),
    relaxed("relaxed: fragment", "GET /a#b HTTP/1.1\r\n\(host)\r\n", none),
    relaxed(
        "relaxed: delete character in the target", "GET /\u{7F} HTTP/1.1\r\n\(host)\r\n",
        .refused(.badTarget)),
    relaxed("relaxed: wrong byte in a name drops the line", get + "X(: a\r\nY: b\r\n\r\n", none),
    relaxed("relaxed: null byte in a name drops the line", get + "X\u{0}: a\r\n\r\n", none),
    relaxed(
        "relaxed: blank before the colon", get + "X : a\r\n\r\n", .refused(.blankBeforeColon),
        differs: "RFC 9112 §5.1: must be refused; HAProxy forwards the name with its blank"),
    relaxed("relaxed: no colon", get + "foo\r\n\r\n", .refused(.badFieldName)),
    relaxed("relaxed: null byte in a value", get + "X: a\u{0}b\r\n\r\n", none),
    relaxed("relaxed: bare return", get + "X: a\rb\r\n\r\n", .refused(.bareCarriageReturn)),
    relaxed("relaxed: CONNECT without port", "CONNECT a HTTP/1.1\r\n\(host)\r\n", none),
    relaxed("relaxed: target against Host", "GET http://b/ HTTP/1.1\r\n\(host)\r\n", none),
    relaxed(
        "relaxed: two different Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        .refused(.repeatedHost)),
    relaxed("relaxed: no Host", "GET / HTTP/1.1\r\n\r\n", none),
    relaxed(
        "relaxed: relative path", "GET foo HTTP/1.1\r\n\(host)\r\n", .refused(.badTarget),
        differs: "RFC 9112 §3.2: not among the relaxations the manual lists; HAProxy forwards"),
    relaxed(
        "relaxed: WebSocket without key",
        get + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", none,
        differs: "configuration manual: relaxed by the option since 2.7"),
    relaxed(
        "relaxed: chunked, chunked", post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        .refused(.badTransferEncoding)),
]

private func relaxed(
    _ name: String, _ text: String, _ outcome: MessageCase.Outcome, differs: String? = nil
) -> MessageCase {
    MessageCase(name, text, outcome, differs: differs, policy: .unsafeViolations)
}
