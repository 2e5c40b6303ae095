// Formats where a request reads them: bodies, fields, variables and unique identifiers, beside
// haproxy; and what only later versions than Debian's know, against written answers.

import Foundation
import Testing

@Suite(.serialized, .enabled(if: Program.martletServes, "martlet does not serve yet"))
struct FormatAnswerTests {
    /// What the places make of a format.
    private struct Shown: Equatable, CustomStringConvertible {
        var body: String
        var field: String?
        var variable: String?
        var description: String { "\(body.debugDescription) \(field ?? "-") \(variable ?? "-")" }
    }

    /// Formats that Debian's haproxy knows.
    private static let known = [
        "plain", " blanks  inside ", "%%", "100%%", "a%%b", "%[str(x)]", "<%[str()]>",
        "<%[var(txn.none)]>", "%[int(5)]%[int(-5)]", "%[bool(1)] %[bool(0)]",
        "%[ipv4(192.0.2.1)]", "%[ipv6(2001:db8::1)]", "%[bin(00ff41)]", "%[bin(0d0a)]",
        "%[bin(414243)]", "%{+X}[bin(414243)]", "%{+X}[int(255)]", "%{+X}[str(abc)]",
        "%{+Q}[str(a)]", "%{+Q}[str()]", "%{+Q}[var(txn.none)]", "%{+E}[req.hdr(x)]",
        "%{+Q,+E}[req.hdr(x)]", "%{+Q}[req.hdr(x)]", "%[req.hdr(x)]", "%[req.fhdr(x)]",
        "%{+M}[req.hdr(x)]", "%{+Q}o %[str(a)] %[str(b)]", "%{+Q}o %{-Q}[str(a)] %[str(b)]",
        "%{+X}o %[int(16)] %{-X}[int(16)]", "%HM", "%HU", "%HP", "%HQ", "%HV", "%r", "%{+Q}r",
        "%HM %HU %HV", "%b", "%f", "%ft", "%s", "%B", "%U", "%ci:%cp", "%bi:%bp",
        "%fi:%fp", "%si:%sp", "%ts", "%tsc", "%CC|%CS", "%hr|%hs", "%hrl|%hsl", "%{+Q}hr",
        "%{+Q}hrl", "%rc", "%sq/%bq", "%sslc|%sslv", "%[src]|%[dst]", "%ac,%fc,%bc,%sc",
        "%lc", "%[method]", "%[path]", "%[url]", "%[query]", "%[capture.req.hdr(0)]",
        "%[req.hdr(x),upper]", "%[req.hdr(x),length]", "%[str(a),concat(b)]",
        "%[req.hdr(none)]text", "{%[str(x)]}", "[%[str(x)]]", "a\\b", "it's", "\"quoted\"",
        "caf\u{E9}", "%{}[str(x)]", "%{+Q+E}[req.hdr(x)]", "tab\there", "%[str(a)]%%%[str(b)]",
        "%[req.body]", "%[rand(1)]", "%[str(%%)]",
    ]

    /// What later versions make of formats of bodies, where Debian's haproxy encodes controls and
    /// leaves quotes out: as HAProxy 3.2.26 answers.
    private static let laterBodies: [String: String] = [
        "%[bin(0d0a)]": "\r\n", "%{+Q}[str(a)]": #""a""#, "%{+Q}[str()]": #""""#,
        "%{+Q}[var(txn.none)]": #""""#, "%{+Q,+E}[req.hdr(x)]": #""say \"hi\"""#,
        "%{+Q}[req.hdr(x)]": #""say "hi"""#, "%{+Q}o %[str(a)] %[str(b)]": #" "a" "b""#,
        "%{+Q}o %{-Q}[str(a)] %[str(b)]": #" a "b""#,
    ]

    /// Formats of later versions and the variables they make: by the configuration manual of 3.2,
    /// and where it is silent as HAProxy 3.2.26 answers (decision 0013).
    private static let later: [(format: String, value: String)] =
        names + types + json + utf8 + cbor + cborNumbers + twoEncodings + stricter

    private static let names: [(format: String, value: String)] = [
        ("%(name)[str(x)]", "x"), ("%(a)HM %(b)HP", "GET /p"), ("%()[int(1)]", "1"),
        ("%{+json}o %(method)HM %(path)HP", #"{"method": "GET", "path": "/p"}"#),
        ("%{+json}o %(a-b_9)[int(1)]%(a-b_9)[int(2)]", #"{"a-b_9": 1, "a-b_9": 2}"#),
        ("%{+json}o unnamed %[int(1)] %HM %()[int(2)]", "{}"),
        ("%{+json}o text %(a)[int(1)] text", #"{"a": 1}"#),
        ("%(a)[int(1)] %{+json}o", #"{"a": 1}"#), ("%(n){+json}[str(a)]", #""a""#),
    ]

    private static let types: [(format: String, value: String)] = [
        ("%(a:sint)[str(12x)]", "12x"), ("%(a:bool)[int(7)]", "7"),
        (
            "%{+json}o %(n:str)[int(5)] %(t:bool)[int(7)] %(i:sint)[str(12)]",
            #"{"n": "5", "t": true, "i": 12}"#
        ),
        (
            "%{+json}o %(a:sint)[bool(1)] %(b:sint)[bool(0)] %(c:str)[bool(1)]",
            #"{"a": 1, "b": 0, "c": "1"}"#
        ),
        (
            "%{+json}o %(a:sint)[str(12x)] %(b:sint)[str(x)] %(c:bool)[str(x)]",
            #"{"a": 12, "b": 0, "c": false}"#
        ),
        (
            "%{+json}o %(a:sint)[ipv4(192.0.2.1)] %(b:bool)[ipv4(192.0.2.1)] %(c:sint)[method]",
            #"{"a": 3221225985, "b": "", "c": ""}"#
        ),
        ("%{+json}o %(a:sint)HM %(b:str)ST %(c:bool)sq", #"{"a": "GET", "b": "-1", "c": false}"#),
        ("%(:sint){+json}[str(12)]", "12"), ("%(:sint){+cbor}[bool(1)]", "01"),
        ("%(:bool){+cbor}[int(7)]", "F5"), ("%(:str){+cbor}[int(-12)]", "632D3132"),
    ]

    private static let json: [(format: String, value: String)] = [
        ("%{+json}o %(n)[int(5)] %(t)[bool(1)] %(s)[str(x)]", #"{"n": 5, "t": true, "s": "x"}"#),
        ("%{+json}o %(x)[req.hdr(x)]", #"{"x": "say \"hi\""}"#),
        ("%{+json}o %(none)[req.hdr(none)] %(empty)[str()]", #"{"none": "", "empty": ""}"#),
        ("%{+json}o %(a)[ipv4(192.0.2.1)] %(b)[method]", #"{"a": "192.0.2.1", "b": "GET"}"#),
        ("%{+json}[str(x)]", #""x""#), ("%{+json}[int(5)]", "5"), ("%{+json}[bool(0)]", "false"),
        ("%{+json}[req.hdr(x)]", #""say \"hi\"""#), ("%{+json,+Q}[str(x)]", #""x""#),
        ("%{+json,+E}[req.hdr(y)]", #""a\\]b""#), ("x%{+json}[str(a)]y", #"x"a"y"#),
        ("%{+json}[str(%08%09%0a%0b%0c%0d%1f%7f),url_dec]", #""\b\t\n\u000B\f\r\u001F\u007F""#),
        ("%{+json}[str(%22%5c%2f),url_dec]", #""\"\\/""#),
        ("%{+json}[str(caf%c3%a9),url_dec]", #""caf\u00C3\u00A9""#),
        ("%{+json}[bin(c3a9)]", #""\u00C3\u00A9""#),
        ("%{+json,+X}[int(255)]", "255"),
        ("%{+json}hrl", #"["say \"hi\""]"#), ("%{+json}hsl", #"["-"]"#),
    ]

    private static let utf8: [(format: String, value: String)] = [
        ("%{+json,+utf8}[str(caf%c3%a9),url_dec]", "\"caf\u{C3}\u{A9}\""),
        ("%{+utf8}o%{+json}[str(caf%c3%a9),url_dec]", "\"caf\u{C3}\u{A9}\""),
        ("%{+json,+utf8}[str(%f0%9f%98%80),url_dec]", "\"\u{F0}\u{9F}\u{98}\u{80}\""),
        ("%{+json,+utf8}[str(%f4%8f%bf%bf),url_dec]", "\"\u{F4}\u{8F}\u{BF}\u{BF}\""),
        ("%{+json,+utf8}[str(%c2%80%c2%9f%c2%a0),url_dec]", "\"\\u0080\\u009F\u{C2}\u{A0}\""),
        ("%{+json,+utf8}[str(%c3),url_dec]", #""\u00C3""#),
        ("%{+json,+utf8}[str(%e2%82x%f0%9f%98),url_dec]", #""\u00E2\u0082x\u00F0\u009F\u0098""#),
        ("%{+json,+utf8}[str(%ed%a0%80%c0%80),url_dec]", #""\u00ED\u00A0\u0080\u00C0\u0080""#),
        ("%{+json,+utf8}[str(%f4%90%80%80),url_dec]", #""\u00F4\u0090\u0080\u0080""#),
        ("%{+json,+utf8}[str(%e0%80%80%ff),url_dec]", #""\u00E0\u0080\u0080\u00FF""#),
        ("%{+cbor,+utf8}[str(%c3%a9),url_dec]", "62C3A9"), ("%{+utf8}[str(a)]", "a"),
    ]

    private static let cbor: [(format: String, value: String)] = [
        ("%{+cbor}[bool(1)]", "F5"), ("%{+cbor}[bool(0)]", "F4"),
        ("%{+cbor}[str(IETF)]", "6449455446"), ("%{+cbor}[bin(00ff41)]", "5F4300FF41FF"),
        ("%{+cbor}[ipv4(192.0.2.1)]", "693139322E302E322E31"), ("%{+cbor}[method]", "63474554"),
        ("%{+cbor}[str(%c3),url_dec]", "61C3"), ("%{+cbor,+E}[req.hdr(y)]", "64615C5D62"),
        ("%{+cbor}[req.hdr(none)]", "F6"), ("%{+cbor}[str()]", "F6"), ("%{+cbor}b", "6166"),
        ("%{+cbor}si", "F6"), ("%{+cbor}sp", "F6"), ("%(:sint){+cbor}[method]", "F6"),
        ("%{+cbor}o %(n)[int(1)] %(s)[str(a)]", "BF616E0161736161FF"), ("%{+cbor}o", "BFFF"),
        ("%{+cbor}HM", "7F63474554FF"), ("%{+cbor}hsl", "9F7F612DFFFF"),
        ("%{+bin}o%[bin(414243)]", "ABC"), ("%{+bin,+cbor}o%(n)[int(1)]", "\u{BF}an\u{1}\u{FF}"),
        ("%{+bin}o%{+cbor}[str(a)]", "aa"), ("%{+bin,+cbor}[str(a)]", "6161"),
    ]

    /// RFC 8949, appendix A.
    private static let cborNumbers: [(format: String, value: String)] = [
        ("%{+cbor}[int(0)]", "00"), ("%{+cbor}[int(1)]", "01"), ("%{+cbor}[int(10)]", "0A"),
        ("%{+cbor}[int(23)]", "17"), ("%{+cbor}[int(24)]", "1818"), ("%{+cbor}[int(25)]", "1819"),
        ("%{+cbor}[int(100)]", "1864"), ("%{+cbor}[int(1000)]", "1903E8"),
        ("%{+cbor}[int(1000000)]", "1A000F4240"),
        ("%{+cbor}[int(1000000000000)]", "1B000000E8D4A51000"), ("%{+cbor}[int(-1)]", "20"),
        ("%{+cbor}[int(-10)]", "29"), ("%{+cbor}[int(-100)]", "3863"),
        ("%{+cbor}[int(-1000)]", "3903E7"),
        ("%{+cbor}[int(-9223372036854775808)]", "3B7FFFFFFFFFFFFFFF"),
    ]

    private static let twoEncodings: [(format: String, value: String)] = [
        ("%{+json,+cbor}[str(x)]", #""x""#), ("%{+cbor,+json}[str(x)]", "6178"),
        ("%{+json,-json,+cbor}[str(x)]", "6178"), ("%{+json,+cbor,-json}[str(x)]", "x"),
        ("%{+json}o%{+cbor}o%(a)[int(1)]", #"{"a": 1}"#),
        ("%{+json}o %(a){+cbor}[int(1)]", #"{"a": 1}"#),
        ("%{+json}o %(a){-json}[int(1)]", #"{"a": 1}"#), ("%{+json}o%{-json}o%(a)[int(1)]", "1"),
    ]

    /// Where HAProxy 3.2.26 contradicts the manual, or writes neither JSON nor CBOR.
    private static let stricter: [(format: String, value: String)] = [
        ("%{+cbor,+Q}[str(x)]", "6178"), ("%{+bin,+json}o%(n)[bin(4142)]", #"{"n": "AB"}"#),
        ("%{+json}[bin(410042)]", #""A\u0000B""#), ("%(:bool){+json}[int(256)]", "true"),
        ("%(:str){+cbor}ST", "622D31"), ("%{+json}hr", #""{say \"hi\"}""#),
        ("%{+json}o %(a){+X}ci", #"{"a": "unix"}"#),
        ("%{+json,+utf8}[str(%ef%bf%bf),url_dec]", "\"\u{EF}\u{BF}\u{BF}\""),
    ]

    private static let request =
        "GET /p?q=1 HTTP/1.1\r\nHost: h\r\nX: say \"hi\"\r\nY: a\\]b\r\n"

    private static func shown(_ program: Program, _ formats: [String]) throws -> [Shown] {
        let proxy = try RunningProxy(program) { folder in
            var text = """
                defaults
                    mode http
                    timeout client 5s
                    timeout connect 5s
                    timeout server 5s
                frontend f
                    bind unix@\(folder)/f
                    capture request header X len 20
                    capture response header X len 20
                    capture cookie none len 5

                """
            for (index, format) in formats.enumerated() {
                let format = AskedProxy.quoted(format)
                let field = "\"<" + format.dropFirst().dropLast() + ">\""
                let isAsked = "if { req.hdr(case) -m str \(index) }"
                text += "    http-request set-var-fmt(txn.f) \(format) \(isAsked)\n"
                text += "    http-request return content-type text/plain lf-string \(format)"
                text += " hdr field \(field) hdr variable %[var(txn.f),hex]. \(isAsked)\n"
            }
            return text
        }
        let client = KeptClient { proxy.connect("f") }
        return try formats.indices.map { index in
            let bytes = Array((request + "case: \(index)\r\n\r\n").utf8)
            let answer = try #require(client.answer(to: bytes), "\(formats[index])")
            return Shown(
                body: "\(answer.status) " + text(answer.body), field: answer.value("field"),
                variable: answer.value("variable"))
        }
    }

    @Test(.enabled(if: Program.haproxyIsThere, "haproxy is not installed"))
    func `formats are read alike where requests read them`() throws {
        let expected = try Self.shown(.haproxy, Self.known)
        let found = try Self.shown(.martlet, Self.known)
        for (format, (answer, found)) in zip(Self.known, zip(expected, found)) {
            var expected = answer
            if let body = Self.laterBodies[format] { expected.body = "200 " + body }
            #expect(found == expected, "\(format)")
        }
    }

    @Test func `bodies are encoded, and fields are not`() throws {
        let encoded = Self.later.filter { !$0.format.hasPrefix("%{+bin") }
        let found = try Self.shown(.martlet, encoded.map(\.format))
        for (entry, found) in zip(encoded, found) {
            #expect(found.body == "200 " + entry.value, "\(entry.format)")
            #expect(found.field?.contains("{\"") != true, "\(entry.format)")
        }
    }

    @Test func `names, types and encodings of later versions`() throws {
        let found = try Self.shown(.martlet, Self.later.map(\.format))
        for (entry, found) in zip(Self.later, found) {
            let digits = Input.bytes(entry.value).map { byte in
                String(byte >> 4, radix: 16, uppercase: true)
                    + String(byte & 15, radix: 16, uppercase: true)
            }
            #expect(found.variable == digits.joined() + ".", "\(entry.format)")
        }
    }

    @Test(.enabled(if: Program.haproxyIsThere, "haproxy is not installed"))
    func `unique identifiers are made alike`() throws {
        let formats = [
            "%[path]", "plain", "a  b", "%{+X}o%HM-%[int(255)]", "%HM%HP%HQ", "%{+Q}[req.hdr(x)]",
            "%ci_%cp_%fi_%fp", "%[req.hdr(none)]", "%%", "%[req.hdr(y)]", "\u{E9}%[req.hdr(x)]",
        ]
        func identifiers(_ program: Program) throws -> [WireMessage?] {
            let proxy = try RunningProxy(program) { folder in
                formats.indices.reduce(
                    "defaults\n    mode http\n    timeout client 5s\n"
                ) { text, index in
                    """
                    \(text)frontend f\(index)
                        bind unix@\(folder)/f\(index)
                        unique-id-format \(AskedProxy.quoted(formats[index]))
                        http-request set-var(txn.id) unique-id
                        http-request set-path /other
                        http-request return content-type text/plain lf-string "%ID|%[unique-id]" hdr \
                    id %[var(txn.id),hex].

                    """
                }
            }
            return formats.indices.map { index in
                KeptClient { proxy.connect("f\(index)") }
                    .answer(to: Array((Self.request + "\r\n").utf8))
            }
        }
        let expected = try identifiers(.haproxy)
        let found = try identifiers(.martlet)
        for (format, (expected, found)) in zip(formats, zip(expected, found)) {
            #expect(expected != nil && found?.body == expected?.body, "\(format)")
            #expect(found?.value("id") == expected?.value("id"), "\(format)")
        }
    }
}
