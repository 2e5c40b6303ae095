// Responses: status lines, framing by status and method, switching of protocols.

import HTTP

/// All response cases.
public let responseCases: [MessageCase] = statusCases + bodyCases + switchCases + relaxedCases

private let empty = "Content-Length: 0\r\n\r\n"
private let ok = "HTTP/1.1 200 OK\r\n"
private let none = MessageCase.Outcome.accepted(.none)
private let twoBytes = MessageCase.Outcome.accepted(.length(2))

private let statusCases: [MessageCase] = [
    MessageCase("plain response", ok + "Content-Length: 2\r\n\r\nok", twoBytes),
    MessageCase("no reason phrase", "HTTP/1.1 200 \r\n" + empty, none),
    MessageCase("no blank behind the status", "HTTP/1.1 200\r\n" + empty, none),
    MessageCase("bytes above 127 in the reason", "HTTP/1.1 200 O\u{E9}\r\n" + empty, none),
    MessageCase("status 600", "HTTP/1.1 600 OK\r\n" + empty, none),
    MessageCase("status 999", "HTTP/1.1 999 OK\r\n" + empty, none),
    MessageCase("HTTP/1.2", "HTTP/1.2 200 OK\r\n" + empty, none),
    MessageCase("status of letters", "HTTP/1.1 abc OK\r\n" + empty, .refused(.badStatus)),
    MessageCase(
        "two-digit status", "HTTP/1.1 20 OK\r\n" + empty, .refused(.badStatus),
        differs: "RFC 9112 §4: a status is three digits"),
    MessageCase(
        "four-digit status", "HTTP/1.1 2000 OK\r\n" + empty, .refused(.badStatus),
        differs: "RFC 9112 §4: a status is three digits; relaxed by option only"),
    MessageCase(
        "status 099", "HTTP/1.1 099 OK\r\n" + empty, .refused(.badStatus),
        differs: "RFC 9110 §15: codes begin at 100"),
    MessageCase("status and letter", "HTTP/1.1 200x OK\r\n" + empty, .refused(.badStatus)),
    MessageCase(
        "two blanks behind the version", "HTTP/1.1  200 OK\r\n" + empty, .refused(.badStatus),
        differs: "RFC 9112 §4: one blank; HAProxy skips several"),
    MessageCase(
        "HTTP/2.0", "HTTP/2.0 200 OK\r\n" + empty, .refused(.badStatusLine),
        differs: "RFC 9110 §2.5: another major version is another protocol"),
    MessageCase(
        "HTTP/0.9", "HTTP/0.9 200 OK\r\n" + empty, .refused(.badStatusLine),
        differs: "RFC 9110 §2.5: another major version is another protocol"),
    MessageCase("small-letter version", "http/1.1 200 OK\r\n" + empty, .refused(.badStatusLine)),
    MessageCase("another protocol", "ICY 200 OK\r\n\r\n", .refused(.badStatusLine)),
    MessageCase("no status line at all", "hello\r\n\r\n", .refused(.badStatusLine)),
    MessageCase(
        "empty line before the status line", "\r\nHTTP/1.1 200 OK\r\n" + empty,
        .refused(.badStatusLine),
        differs:
            "RFC 9112 §2.2: only servers skip empty lines; here they are bytes nobody asked for"),
    MessageCase(
        "control character in the reason", "HTTP/1.1 200 O\u{1}K\r\n" + empty,
        .refused(.badStatusLine), differs: "RFC 9112 §4: no control characters in a reason phrase"),
    MessageCase(
        "bare return in the reason", "HTTP/1.1 200 O\rK\r\n" + empty, .refused(.bareCarriageReturn)),
    MessageCase(
        "line feeds for line ends", "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        .refused(.bareLineFeed),
        differs: "RFC 9112 §2.2: a lone line feed is a second way to end a line"),
    MessageCase(
        "null byte in a value", ok + "X: a\u{0}b\r\n" + empty, .refused(.badFieldValue),
        differs: "RFC 9110 §5.5: a null byte must not be forwarded"),
    MessageCase("blank before the colon", ok + "X : b\r\n" + empty, .refused(.blankBeforeColon)),
    MessageCase(
        "folded line", ok + "X: a\r\n b\r\n" + empty, .refused(.foldedLine),
        differs: "RFC 9112 §5.2: folding is refused; HAProxy unfolds"),
    MessageCase(
        "150 field lines", ok + (0..<150).map { "x\($0): 1\r\n" }.joined() + empty,
        .refused(.tooManyFields)),
    MessageCase("unfinished head", ok + "Conte", .unfinished),
]

private let bodyCases: [MessageCase] = [
    MessageCase("length zero", ok + empty, none),
    MessageCase("no framing", ok + "\r\nok", .accepted(.untilClose)),
    MessageCase("no framing in HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nok", .accepted(.untilClose)),
    MessageCase(
        "the same length twice", ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", twoBytes),
    MessageCase(
        "two lengths", ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        .refused(.conflictingContentLength)),
    MessageCase(
        "invalid length", ok + "Content-Length: abc\r\n\r\nok", .refused(.badContentLength)),
    MessageCase(
        "length and chunked: the length is dropped",
        ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        .accepted(.chunked)),
    MessageCase(
        "chunked", ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        .accepted(.chunked)),
    MessageCase(
        "chunked in HTTP/1.0",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        .refused(.transferEncodingInHTTP10),
        differs: "RFC 9112 §6.1: faulty framing; HAProxy forwards"),
    MessageCase("gzip", ok + "Transfer-Encoding: gzip\r\n\r\nok", .refused(.badTransferEncoding)),
    MessageCase(
        "gzip, chunked", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        .refused(.unknownTransferCoding)),
    MessageCase(
        "chunked, chunked", ok + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        .refused(.badTransferEncoding)),
    MessageCase(
        "identity", ok + "Transfer-Encoding: identity\r\n\r\nok", .refused(.badTransferEncoding)),
    MessageCase(
        "empty coding", ok + "Transfer-Encoding:\r\n\r\nok", .refused(.badTransferEncoding),
        differs: "RFC 9112 §6.1: not a list of codings; relaxed by option only"),
    MessageCase("204 has no body", "HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nok", none),
    MessageCase(
        "204 is never chunked", "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n", none),
    MessageCase("304 has no body", "HTTP/1.1 304 No\r\nContent-Length: 2\r\n\r\n", none),
    MessageCase(
        "304 may say it would be chunked", "HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n",
        none),
    MessageCase("205 with content", "HTTP/1.1 205 Reset\r\nContent-Length: 2\r\n\r\nok", twoBytes),
    MessageCase("100 has no body", "HTTP/1.1 100 Continue\r\n\r\n", none),
    MessageCase("103 with a length", "HTTP/1.1 103 Early\r\nContent-Length: 5\r\n\r\n", none),
    MessageCase("answer to HEAD", ok + "Content-Length: 2\r\n\r\n", none, to: .head),
    MessageCase(
        "chunked answer to HEAD", ok + "Transfer-Encoding: chunked\r\n\r\n", none, to: .head),
    MessageCase("answer to HEAD without framing", ok + "\r\n", none, to: .head),
]

private let switchCases: [MessageCase] = [
    MessageCase(
        "101 nobody asked for", "HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        .refused(.unexpectedUpgrade)),
    MessageCase(
        "101", "HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nfoo", none,
        upgradeAsked: true),
    MessageCase(
        "101 with a length",
        "HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\nContent-Length: 2\r\n\r\nfoo",
        none, upgradeAsked: true),
    MessageCase(
        "101 without Upgrade", "HTTP/1.1 101 S\r\n\r\n", .refused(.unexpectedUpgrade),
        upgradeAsked: true),
    MessageCase(
        "101 in HTTP/1.0", "HTTP/1.0 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        .refused(.unexpectedUpgrade), differs: "RFC 9110 §7.8: Upgrade is of HTTP/1.1",
        upgradeAsked: true),
    MessageCase(
        "200 to an upgrade request",
        ok + "Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 2\r\n\r\nok",
        twoBytes, upgradeAsked: true),
    MessageCase("200 to CONNECT", ok + "\r\nfoo", none, to: .connect),
    MessageCase(
        "200 with a length to CONNECT", ok + "Content-Length: 2\r\n\r\nfoo", none, to: .connect),
    MessageCase(
        "chunked 200 to CONNECT", ok + "Transfer-Encoding: chunked\r\n\r\nfoo", none, to: .connect),
    MessageCase(
        "400 to CONNECT", "HTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\nok", twoBytes, to: .connect),
]

private let relaxedCases: [MessageCase] = [
    relaxed("relaxed: four-digit status", "HTTP/1.1 2000 OK\r\n" + empty, none),
    relaxed(
        "relaxed: status above 16 bits", "HTTP/1.1 70000 OK\r\n" + empty, .refused(.badStatus),
        differs: "configuration manual: a relaxed status fits in 16 bits; HAProxy 2.6 does not look"
    ),
    relaxed("relaxed: another protocol", "RTSP/1.0 200 OK\r\n" + empty, none),
    relaxed("relaxed: wrong byte in a name drops the line", ok + "X(: a\r\n" + empty, none),
    relaxed("relaxed: null byte in a value", ok + "X: a\u{0}\r\n" + empty, none),
    relaxed("relaxed: empty coding", ok + "Transfer-Encoding:\r\n\r\nok", .accepted(.untilClose)),
    relaxed(
        "relaxed: two lines of chunked",
        ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        .accepted(.chunked), differs: "configuration manual: relaxed by the option since 2.7"),
    relaxed(
        "relaxed: chunked, chunked", ok + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        .accepted(.chunked), differs: "configuration manual: relaxed by the option since 2.7"),
]

private func relaxed(
    _ name: String, _ text: String, _ outcome: MessageCase.Outcome, differs: String? = nil
) -> MessageCase {
    MessageCase(name, text, outcome, differs: differs, policy: .unsafeViolations)
}
