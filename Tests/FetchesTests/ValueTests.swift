// What fetches of HTTP messages give: as haproxy does, and where it differs or cannot be asked, as
// written here.

import Foundation
import ReferenceHAProxy
import Testing

@testable import Fetches

@Suite struct ValueTests {
    @Test(arguments: Table.all)
    func `fetches give what haproxy gives`(_ table: Table) throws {
        let ours = try table.questions.ours(table.requests)
        for (request, our) in zip(table.requests, ours) { #expect(our != nil, "\(request)") }
        guard ReferenceProcess.program != nil else {
            print("haproxy is not installed: nothing to compare with")
            return
        }
        let theirs = try table.questions.theirs(table.requests)
        for index in table.requests.indices {
            let request = table.requests[index]
            let (our, their) = (
                try #require(ours[index]), try #require(theirs[index], "\(request)")
            )
            for (place, expression) in table.questions.expressions.enumerated() {
                // Methods that have no number are not kept right by its variables.
                if expression.hasPrefix("method") && request.hasPrefix("PURGE") { continue }
                #expect(our.values[place] == their.values[place], "\(expression) of \(request)")
            }
            for (place, condition) in table.questions.conditions.enumerated() {
                #expect(
                    our.verdicts[place] == their.verdicts[place], "{ \(condition) } of \(request)")
            }
        }
    }

    /// What is meant to differ from haproxy 2.6, or is new since.
    private static let written: [(expression: String, request: String, value: String?)] = [
        // The number that is there, in 64 bits.
        ("req.hdr_val(x)", Table.request("X: 4294967297"), "4294967297"),
        ("req.hdr_val(x)", Table.request("X: 1.2"), "1"),
        ("hdr_val(x)", Table.request("X: +5"), "5"),
        ("req.hdr_val(x)", Table.request("X: -5x"), "-5"),
        ("req.hdr_val(x)", Table.request("X: x"), "0"),
        ("req.cook_val(a)", Table.request("Cookie: a=\"5\""), "0"),
        ("urlp_val(a)", Table.request(line: "GET /?a=12%20 HTTP/1.1"), "12"),
        // RFC 7239 puts IPv6 in brackets.
        ("req.hdr_ip(x)", Table.request("X: [2001:db8::1]"), "2001:db8::1"),
        ("req.hdr_ip(x)", Table.request("X: [2001:db8::1]:80"), nil),
        ("req.hdr_ip(x)", Table.request("X: [1.2.3.4]"), nil),
        // An empty name means all fields, none at all means none of them.
        ("req.hdr()", Table.request("X: a", "Y: b,c"), "c"),
        ("req.fhdr()", Table.request("X: a", "Y: b,c"), "b,c"),
        ("req.fhdr", Table.request("X: a", "Y: b,c"), nil),
        ("query(with_qm)", Table.request(line: "GET /?a HTTP/1.1"), "?a"),
        ("query(with_qm)", Table.request(line: "GET /? HTTP/1.1"), ""),
        ("query(with_qm)", Table.request(line: "GET / HTTP/1.1"), nil),
        ("urlp(A,?,i)", Table.request(line: "GET /?a=1 HTTP/1.1"), "1"),
        ("urlp(A)", Table.request(line: "GET /?a=1 HTTP/1.1"), nil),
        (
            "req.body_param(A,i)",
            Table.request("Content-Length: 3", line: "POST / HTTP/1.1", body: "a=2"), "2"
        ),
        ("req.cook_names", Table.request("Cookie: a=1; b=2", "Cookie: c=3"), "a,b,c"),
        ("req.cook_names(;)", Table.request("Cookie: a=1; b=2; a=3"), "a;b;a"),
        ("req.cook_names", Table.request(), ""),
        ("http_auth_bearer(x)", Table.request("X: Bearer t"), "t"),
        ("http_auth_bearer(x)", Table.request("X: t"), nil),
        ("http_auth_bearer(x)", Table.request(), nil),
        ("http_auth_type", Table.request("Authorization: Basic bm9jb2xvbg=="), nil),
        ("capture.req.hdr(0)", Table.request(), nil),
        ("unique-id", Table.request(), nil),
        ("method", Table.request(line: "PURGE / HTTP/1.1"), "PURGE"),
    ]

    @Test func `written values hold`() throws {
        for entry in Self.written {
            let answer = try Questions(expressions: ["\(entry.expression),concat()"])
                .ours([entry.request])[0]
            let value = answer?.values[0].map { String(decoding: $0, as: UTF8.self) }
            #expect(value == entry.value, "\(entry.expression) of \(entry.request)")
        }
    }

    @Test(arguments: ["base32", "url32"])
    func `hashes with the client's address begin with the hash`(_ name: String) throws {
        let answer = try Questions(expressions: [name, "\(name)+src"])
            .ours([Table.request(line: "GET /a?b HTTP/1.1")])[0]
        let hash = try #require(answer?.values[0])
        let pair = try #require(answer?.values[1])
        #expect(hash.count == 8 && pair.count == 8)
        #expect(Array(hash[4...]) == Array(pair[..<4]))
        #expect(Array(pair[4...]) == [127, 0, 0, 1])
    }

    @Test func `replies have values of their own`() throws {
        let questions = Questions(
            expressions: [
                "res.cook_names", "res.cook_names(;)", "set-cookie(b)", "txn.status,concat()",
                "server_status,concat()", "res.hdr_names", "res.hdrs,length,concat()",
                "res.hdrs_bin,length,concat()", "res.body_len,concat()", "res.body_size,concat()",
                "capture.res.hdr(0)",
            ],
            reply: """
                HTTP/1.1 503 Busy\r
                Set-Cookie: a=1; Path=/\r
                Set-Cookie: b=2\r
                Content-Length: 4\r
                \r
                busy
                """)
        let answer = try #require(try questions.ours([Table.request()])[0])
        let values = answer.values.map { $0.map { String(decoding: $0, as: UTF8.self) } }
        #expect(values[0] == "a,b")
        #expect(values[1] == "a;b")
        #expect(values[2] == "2")
        #expect(values[3] == "503")
        #expect(values[4] == nil, "no server has answered")
        let names = try #require(values[5])
        #expect(names.hasPrefix("set-cookie,set-cookie,"))
        #expect(Int(values[6] ?? "") ?? 0 > 60)
        #expect(Int(values[7] ?? "") ?? 0 > 50)
        #expect(values[8] == "4")
        #expect(values[9] == "4")
        #expect(values[10] == nil)
    }

    @Test func `a chunked body is put together once for all its parameters`() throws {
        let pairs = (0..<3000).map { "a=\($0)" }.joined(separator: "&")
        let body = "\(String(pairs.utf8.count, radix: 16))\r\n\(pairs)\r\n0\r\n\r\n"
        let request = Table.request(
            "Transfer-Encoding: chunked", line: "POST / HTTP/1.1", body: body)
        let questions = Questions(
            expressions: ["req.body_param(a)"],
            conditions: ["req.body_param(a) -m str 2999", "req.body_param(a) -m str 3000"])
        let answer = try #require(try questions.ours([request])[0])
        #expect(answer.verdicts.count == 2 && !answer.verdicts[1])
    }
}
