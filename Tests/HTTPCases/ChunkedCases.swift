// Chunked bodies (RFC 9112 §7.1): sizes, extensions, line ends, trailers.

import HTTP

private let strictEnds = "RFC 9112 §2.2: a lone line feed is a second way to end a line"
private let oldTrailers = "RFC 9110 §6.5.1: must not be merged or forwarded; HAProxy 2.6 forwards"

/// All chunked body cases.
public let chunkedCases: [ChunkedCase] = sizeCases + extensionCases + trailerCases

private let sizeCases: [ChunkedCase] = [
    ChunkedCase("one chunk", "2\r\nab\r\n0\r\n\r\n", .decoded("ab")),
    ChunkedCase("two chunks", "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", .decoded("abc")),
    ChunkedCase("no data", "0\r\n\r\n", .decoded("")),
    ChunkedCase("capital hexadecimal", "A\r\n0123456789\r\n0\r\n\r\n", .decoded("0123456789")),
    ChunkedCase("small hexadecimal", "a\r\n0123456789\r\n0\r\n\r\n", .decoded("0123456789")),
    ChunkedCase("leading zeros", "0002\r\nab\r\n0\r\n\r\n", .decoded("ab")),
    ChunkedCase("several zeros for the last chunk", "2\r\nab\r\n000\r\n\r\n", .decoded("ab")),
    ChunkedCase("line ends inside data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", .decoded("\r\n\r\n")),
    ChunkedCase("pipelined bytes behind the body", "0\r\n\r\nGET / HTTP/1.1\r\n", .decoded("")),
    ChunkedCase("hexadecimal prefix", "0x2\r\nab\r\n0\r\n\r\n", .refused(.badChunkSize)),
    ChunkedCase("plus sign", "+2\r\nab\r\n", .refused(.badChunkSize)),
    ChunkedCase("minus sign", "-2\r\nab\r\n", .refused(.badChunkSize)),
    ChunkedCase("blank before the size", " 2\r\nab\r\n", .refused(.badChunkSize)),
    ChunkedCase(
        "blank behind the size", "2 \r\nab\r\n0\r\n\r\n", .refused(.badChunkExtension),
        differs: "RFC 9112 §7.1: no blank there; HAProxy skips it"),
    ChunkedCase("no hexadecimal digit", "g\r\n", .refused(.badChunkSize)),
    ChunkedCase("empty size", "\r\n", .refused(.badChunkSize)),
    ChunkedCase("digit group separator", "1_0\r\n", .refused(.badChunkSize)),
    ChunkedCase("comma behind the size", "2,2\r\n", .refused(.badChunkSize)),
    ChunkedCase("size of 2^63", "8000000000000000\r\n", .refused(.chunkTooLarge)),
    ChunkedCase("size of 2^64 - 1", "FFFFFFFFFFFFFFFF\r\nab", .refused(.chunkTooLarge)),
    ChunkedCase("size of 17 digits", "FFFFFFFFFFFFFFFFF\r\nab", .refused(.chunkTooLarge)),
    ChunkedCase(
        "size of 17 digits, zeros mostly", "00000000000000002\r\nab\r\n0\r\n\r\n",
        .refused(.chunkTooLarge),
        differs: "RFC 9112 §7.1: a bound on digits; HAProxy takes any number"),
    ChunkedCase("large chunk, unfinished", "100000000\r\nab", .unfinished),
    ChunkedCase(
        "size line ended by a line feed", "2\nab\r\n0\r\n\r\n", .refused(.badChunkSize),
        differs: strictEnds),
    ChunkedCase("size line ended by a return", "2\rab\r\n0\r\n\r\n", .refused(.badChunkSize)),
    ChunkedCase(
        "data ended by a line feed", "2\r\nab\n0\r\n\r\n", .refused(.badChunkEnd),
        differs: strictEnds),
    ChunkedCase("data without an end", "2\r\nab0\r\n\r\n", .refused(.badChunkEnd)),
    ChunkedCase("more data than announced", "2\r\nabc\r\n0\r\n\r\n", .refused(.badChunkEnd)),
    ChunkedCase("less data than announced", "4\r\nab\r\n0\r\n\r\n", .refused(.badChunkEnd)),
    ChunkedCase("unfinished data", "4\r\nab", .unfinished),
    ChunkedCase("unfinished size", "4", .unfinished),
    ChunkedCase("unfinished end", "0\r\n", .unfinished),
]

private let extensionCases: [ChunkedCase] = [
    ChunkedCase("extension name", "2;a\r\nab\r\n0\r\n\r\n", .decoded("ab")),
    ChunkedCase("extension value", "2;a=b;c=d\r\nab\r\n0;x\r\n\r\n", .decoded("ab")),
    ChunkedCase("quoted extension value", "2;a=\"x;\\\" y\"\r\nab\r\n0\r\n\r\n", .decoded("ab")),
    ChunkedCase("blanks in an extension", "2 ; a = b\r\nab\r\n0\r\n\r\n", .decoded("ab")),
    ChunkedCase(
        "extension without a name", "2;\r\nab\r\n0\r\n\r\n", .refused(.badChunkExtension),
        differs: "RFC 9112 §7.1.1: an extension has a name"),
    ChunkedCase(
        "extension without a value", "2;a=\r\nab\r\n", .refused(.badChunkExtension),
        differs: "RFC 9112 §7.1.1: a value follows the equals sign"),
    ChunkedCase(
        "line feed in an extension", "2;a\nb\r\nab\r\n0\r\n\r\n", .refused(.badChunkExtension),
        differs: "RFC 9112 §7.1.1: HAProxy 2.6 ends the line there and others do not"),
    ChunkedCase("return in an extension", "2;a\rb\r\nab\r\n0\r\n\r\n", .refused(.badChunkSize)),
    ChunkedCase(
        "line end inside quotes", "2;a=\"\r\nab\r\n0\r\n\r\n\"\r\n", .refused(.badChunkExtension),
        differs: "RFC 9112 §7.1.1: HAProxy does not look into extensions"),
    ChunkedCase(
        "control character in an extension", "2;a\u{1}\r\nab\r\n0\r\n\r\n",
        .refused(.badChunkExtension),
        differs: "RFC 9112 §7.1.1: HAProxy does not look into extensions"),
    ChunkedCase(
        "extension of 300 bytes", "2;" + String(repeating: "a", count: 300) + "\r\nab\r\n",
        .refused(.chunkExtensionTooLong),
        differs: "RFC 9112 §7.1.1: a reasonable limit; HAProxy's is its buffer"),
    ChunkedCase(
        "17 kB of extensions",
        String(repeating: "1;" + String(repeating: "e", count: 250) + "\r\nx\r\n", count: 70)
            + "0\r\n\r\n", .refused(.chunkExtensionTooLong),
        differs: "RFC 9112 §7.1.1: a reasonable limit on the total"),
]

private let trailerCases: [ChunkedCase] = [
    ChunkedCase("trailer", "0\r\nX: 1\r\n\r\n", .decoded("", trailers: "x: 1")),
    ChunkedCase(
        "two trailers", "0\r\nX: 1\r\nETag: \"a\"\r\n\r\n",
        .decoded("", trailers: "x: 1|etag: \"a\"")),
    ChunkedCase(
        "forbidden trailers",
        "0\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\nHost: x\r\nConnection: close\r\nX: z\r\n\r\n",
        .decoded("", trailers: "x: z"), differs: oldTrailers),
    ChunkedCase(
        "trailers for authentication and routing",
        "0\r\nAuthorization: b\r\nCookie: c\r\nX-Forwarded-For: 1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\nContent-Type: t\r\n\r\n",
        .decoded(""), differs: oldTrailers),
    ChunkedCase(
        "blank before a trailer's colon", "0\r\nX : 1\r\n\r\n", .refused(.badTrailer),
        differs: "RFC 9112 §5.1: no blank there; HAProxy mostly forwards it", isUnsteady: true),
    ChunkedCase(
        "folded trailer", "0\r\nX: 1\r\n y\r\n\r\n", .refused(.badTrailer),
        differs: "RFC 9112 §5.2: folding is refused; HAProxy unfolds"),
    ChunkedCase(
        "null byte in a trailer", "0\r\nX: \u{0}\r\n\r\n", .refused(.badTrailer),
        differs: "RFC 9110 §5.5: a null byte must not be forwarded"),
    ChunkedCase("trailer without colon", "0\r\nfoo\r\n\r\n", .refused(.badTrailer)),
    ChunkedCase("request line as trailer", "0\r\nGET / HTTP/1.1\r\n\r\n", .refused(.badTrailer)),
    ChunkedCase(
        "trailer ended by a line feed", "0\r\nX: 1\n\r\n", .refused(.bareLineFeed),
        differs: strictEnds),
    ChunkedCase(
        "body ended by a line feed", "0\r\n\n", .refused(.bareLineFeed), differs: strictEnds),
    ChunkedCase("body ended by two returns", "0\r\n\r\r\n", .refused(.bareCarriageReturn)),
    ChunkedCase(
        "trailer of 5000 bytes", "0\r\nX: " + String(repeating: "a", count: 5000) + "\r\n\r\n",
        .refused(.trailersTooLarge),
        differs: "RFC 9110 §6.5: a bound on trailers; HAProxy's is its buffer"),
    ChunkedCase(
        "9 kB of trailers",
        "0\r\n" + String(repeating: "X: " + String(repeating: "a", count: 1000) + "\r\n", count: 9)
            + "\r\n", .refused(.trailersTooLarge),
        differs: "RFC 9110 §6.5: a bound on trailers; HAProxy's is its buffer"),
]
