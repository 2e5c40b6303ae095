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

    /// Formats of later versions and the variables they make, by the configuration manual of 3.2.
    private static let later: [(format: String, value: String)] = [
        ("%(name)[str(x)]", "x"), ("%(a)HM %(b)HP", "GET /p"),
        ("%{+json}o %(method)HM %(path)HP", #"{"method": "GET", "path": "/p"}"#),
        ("%{+json}o %(n)[int(5)] %(t)[bool(1)] %(s)[str(x)]", #"{"n": 5, "t": true, "s": "x"}"#),
        (
            "%{+json}o %(n:str)[int(5)] %(t:bool)[int(7)] %(i:sint)[str(12)]",
            #"{"n": "5", "t": true, "i": 12}"#
        ),
        ("%{+json}o %(x)[req.hdr(x)]", #"{"x": "say \"hi\""}"#),
        ("%{+json}o %(none)[req.hdr(none)]", #"{"none": null}"#),
        ("%{+json}o unnamed %[int(1)]", "{}"),
        ("%{+json}[str(x)]", #""x""#), ("%{+json}[int(5)]", "5"), ("%{+json}[bool(0)]", "false"),
        ("%{+json}[req.hdr(x)]", #""say \"hi\"""#),
        ("%(:sint){+json}[str(12)]", "12"),
        ("%{+cbor}[int(10)]", "0A"), ("%{+cbor}[int(-1)]", "20"), ("%{+cbor}[int(500)]", "1901F4"),
        ("%{+cbor}[bool(1)]", "F5"), ("%{+cbor}[str(IETF)]", "6449455446"),
        ("%{+cbor}o %(n)[int(1)] %(s)[str(a)]", "BF616E0161736161FF"),
        ("%{+bin}o%[bin(414243)]", "ABC"), ("%{+bin,+cbor}o%(n)[int(1)]", "\u{BF}an\u{1}\u{FF}"),
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
        for (format, (expected, found)) in zip(Self.known, zip(expected, found)) {
            #expect(found == expected, "\(format)")
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
