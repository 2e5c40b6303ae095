// Cookies, against written values and against haproxy.

import ReferenceHAProxy
import RandomInputs
import Testing

@testable import HTTP

@Suite struct CookiesTests {
    /// A `Cookie` value, the values of `a` in order, how many cookies there are.
    static let requests: [(value: String, found: [String], count: Int)] = [
        ("a=1", ["1"], 1),
        ("a=1; b=2; a=3", ["1", "3"], 3),
        ("b=1,a=2", ["2"], 2),
        (" a\t=\t1 ;b=2", ["1"], 2),
        ("a=x y ; a=2", ["x y", "2"], 2),
        ("a=;b=1", [""], 2),
        ("a=  ;b=2", [""], 2),
        ("b=1; a=", [""], 2),
        ("a=", [], 1),
        ("b=1;a=", [], 2),
        ("a", [], 0),
        ("a;a=2", ["2"], 1),
        ("b a=1; a=2", ["2"], 2),
        ("A=1", [], 1),
        ("aa=1; a=2", ["2"], 2),
        ("a=b=c", ["b=c"], 1),
        ("=a=1; a=2", ["2"], 2),
        ("$Version=1; a=3; $Path=/", ["3"], 1),
        ("a=$1", ["$1"], 1),
        ("a=\"1;2\"; b=3", ["\"1;2\""], 2),
        ("b=\"1\\\"; a=2\"; a=3", ["3"], 2),
        ("b=\"1; a=2", [], 1),
        ("b=1\\; a=1", ["1"], 2),
        (",,a=1", ["1"], 1),
        ("", [], 0),
        (";", [], 0),
    ]

    @Test(arguments: requests)
    func `finds cookies of a request`(_ row: (value: String, found: [String], count: Int)) {
        #expect(values("a", row.value, .request) == row.found)
        let bytes = Array(row.value.utf8)
        let count = Cookies.count(named: [UInt8]().span, in: bytes.span, field: .request)
        #expect(count == row.count)
        let last = Cookies.value(named: Array("a".utf8).span, in: bytes.span, field: .request)
        #expect(bytes.text(last) == row.found.last)
    }

    /// A `Set-Cookie` value, the values of `a` in order.
    static let responses: [(value: String, found: [String])] = [
        ("a=1", ["1"]),
        ("a=1; Path=/; Secure", ["1"]),
        ("b=1; a=2", []),
        ("b=1,a=2", ["2"]),
        ("b=\"1,a=2\"; a=3, a=4", ["4"]),
        ("a=1; a=2", ["1", "2"]),
        ("a=\"1;2\"; b=3", ["\"1;2\""]),
        ("$a=1; a=2", ["2"]),
        ("a;a=2", ["2"]),
        ("b=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT; Path=/", []),
        ("a= ; x", [""]),
    ]

    @Test(arguments: responses)
    func `finds cookies of a response`(_ row: (value: String, found: [String])) {
        #expect(values("a", row.value, .response) == row.found)
    }

    @Test func `tells names and values in order`() {
        let pairs = all("$a=0;a=1; b ; =2,c=\"x;y\" ;d = ,e", .request)
        #expect(pairs.map(\.0) == ["a", "c", "d"])
        #expect(pairs.map(\.1) == ["1", "\"x;y\"", ""])
        let set = all("sid=7; Path=/; Secure, a=\"1,2\"; Max-Age=3", .response)
        #expect(set.map(\.0) == ["sid", "a"] && set.map(\.1) == ["7", "\"1,2\""])
    }

    @Test func `the first of all cookies has no name to ask for`() {
        let bytes = Array("b=1; a=2".utf8)
        let value = Cookies.value(named: [UInt8]().span, in: bytes.span, field: .request)
        #expect(bytes.text(value) == "1")
    }

    private static let pieces = [
        "a", "b", "ab", "=", "=", ";", ";", ",", " ", "\t", "\"", "\\", "$", "1", "x", "; ",
    ]

    @Test func `finds what haproxy finds in a request`() throws {
        let fetches = [
            "req.cook(a)", "req.cook(ab)", "req.cook", "req.cook_cnt(a)", "req.cook_cnt(ab)",
            "req.cook_cnt",
        ]
        guard let haproxy = try ReferenceFetches(fetches) else { return }
        try compare(Self.requests.map(\.value), .request) {
            haproxy.values(fields: "Cookie: \($0)\r\n")
        }
    }

    @Test func `finds what haproxy finds in a response`() throws {
        let fetches = [
            "res.cook(a)", "res.cook(ab)", "res.cook", "res.cook_cnt(a)", "res.cook_cnt(ab)",
            "res.cook_cnt",
        ]
        guard let haproxy = try ReferenceFetches(fetches, fromResponse: true) else { return }
        try compare(Self.responses.map(\.value), .response) {
            haproxy.values(fields: "X: \($0)\r\n")
        }
    }

    private func compare(
        _ rows: [String], _ field: Cookies.Field, _ ask: (String) -> [[UInt8]?]?
    ) throws {
        var random = Seeded.fresh("cookies of a \(field)")
        let texts =
            rows + (0..<1500).map { _ in random.text(of: Self.pieces, upTo: 18) }
        for text in texts {
            // A field's value comes without the blanks around it, and an empty one is not set.
            let trimmed = text.trimmed
            if trimmed.isEmpty { continue }
            // Debian's haproxy counts attributes of a `Set-Cookie`; later versions do not.
            let countsMore = field == .response && !ReferenceProcess.isLater
            let theirs = try #require(ask(trimmed), "\(trimmed)")
            let bytes = Array(trimmed.utf8)
            for (index, name) in ["a", "ab", ""].enumerated() {
                let name = Array(name.utf8)
                let ours = Cookies.value(named: name.span, in: bytes.span, field: field)
                let value = theirs[index].map { String(decoding: $0, as: UTF8.self) }
                #expect(bytes.text(ours) == value, "\(name) in \(trimmed), seed \(random.seed)")
                let count = Cookies.count(named: name.span, in: bytes.span, field: field)
                let their = number(theirs[3 + index])
                #expect(
                    count == their || countsMore && count < their ?? 0,
                    "\(name) in \(trimmed), seed \(random.seed)")
            }
        }
    }

    private func values(_ name: String, _ text: String, _ field: Cookies.Field) -> [String] {
        let bytes = Array(text.utf8)
        let name = Array(name.utf8)
        var values: [String] = []
        var cursor = Cookies.Cursor()
        while let value = Cookies.next(
            named: name.span, in: bytes.span, at: &cursor, field: field)
        {
            values.append(bytes.text(value)!)
        }
        return values
    }

    private func all(_ text: String, _ field: Cookies.Field) -> [(String, String)] {
        let bytes = Array(text.utf8)
        var pairs: [(String, String)] = []
        var cursor = Cookies.Cursor()
        while let pair = Cookies.next(in: bytes.span, at: &cursor, field: field) {
            pairs.append((bytes.text(pair.name)!, bytes.text(pair.value)!))
        }
        return pairs
    }
}

extension String {
    /// Without spaces and tabs at both ends.
    var trimmed: String {
        let blanks: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(drop(while: blanks).reversed().drop(while: blanks).reversed())
    }
}
