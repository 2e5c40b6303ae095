// Parameters of queries and bodies, against written values and against haproxy.

import RandomInputs
import Testing

@testable import HTTP

@Suite struct QueryParametersTests {
    /// A target, a name, a delimiter, the values in order.
    static let rows: [(target: String, name: String, delimiter: Character, values: [String])] = [
        ("/?a=1", "a", "?", ["1"]),
        ("/?b=1&a=2", "a", "?", ["2"]),
        ("/?a=1&a=2;a=3", "a", "?", ["1", "2", "3"]),
        ("/?a&a=2", "a", "?", ["2"]),
        ("/?a", "a", "?", []),
        ("/?a=", "a", "?", [""]),
        ("/?A=1&a=2", "a", "?", ["2"]),
        ("/?aa=1&a=2", "a", "?", ["2"]),
        ("/?a==b&x", "a", "?", ["=b"]),
        ("/?b=a=1", "a", "?", []),
        ("/?xa=1?a=2", "a", "?", ["2"]),
        ("/?&&a=1", "a", "?", ["1"]),
        ("/", "a", "?", []),
        ("/?", "a", "?", []),
        ("/a=1", "a", "?", []),
        ("/;a=1;b=2?a=5;a=7", "a", ";", ["1", "7"]),
        ("/;b;a=3?a=4", "a", ";", ["3?a=4"]),
        ("/x/a=3/b", "a", "/", ["3"]),
        ("/?b=1&=2&c&d=3", "", "?", ["1", "2", "3"]),
        ("/?a=%20&b", "a", "?", ["%20"]),
    ]

    @Test(arguments: rows) func `finds values in order`(
        _ row: (target: String, name: String, delimiter: Character, values: [String])
    ) {
        let ours = values(row.target, row.name, delimiter: row.delimiter.asciiValue!)
        #expect(ours == row.values)
    }

    @Test func `finds one occurrence by its number`() {
        let bytes = Array("a=1&b=2&a=3".utf8)
        let name = Array("a".utf8)
        func value(_ occurrence: Int) -> String? {
            bytes.text(
                QueryParameters.value(
                    named: name.span, occurrence: occurrence, in: bytes.span,
                    delimiter: 0x26))
        }
        #expect(value(1) == "1" && value(2) == "3")
        #expect(value(0) == nil && value(3) == nil && value(-1) == nil)
    }

    @Test func `finds a name of either case where asked to`() {
        #expect(values("/?Ab=1&aB=2&ab=3&a_=4", "aB", ignoringCase: true) == ["1", "2", "3"])
        #expect(values("/?[=1&{=2", "[", ignoringCase: true) == ["1"])
    }

    @Test(
        arguments: [
            ("a%20b", false, "a b"), ("%41%4a%4A", false, "AJJ"), ("a+b", false, "a+b"),
            ("a+b%2B", true, "a b+"), ("", true, ""), ("%", false, nil), ("%4", false, nil),
            ("%zz", false, nil), ("a%4g", true, nil), ("%25%32", false, "%2"),
        ] as [(String, Bool, String?)])
    func `decodes`(_ row: (String, Bool, String?)) {
        var output = [UInt8](repeating: 0, count: 16)
        var room = output.mutableSpan
        let count = QueryParameters.decode(
            Array(row.0.utf8).span, plusIsSpace: row.1, into: &room)
        #expect(count.map { String(decoding: output[..<$0], as: UTF8.self) } == row.2)
    }

    @Test func `decodes into what is just long enough`() {
        var output = [UInt8](repeating: 0, count: 2)
        var room = output.mutableSpan
        let fits = QueryParameters.decode(Array("%41b".utf8).span, plusIsSpace: false, into: &room)
        let isLong = QueryParameters.decode(Array("abc".utf8).span, plusIsSpace: false, into: &room)
        #expect(fits == 2 && isLong == nil)
    }

    @Test func `finds what haproxy finds`() throws {
        // Which short values some occurrence has, since an ACL looks at all of them.
        let candidates = ["1", "2", "a", "b", "=", "a=1", "%41"]
        let names = [("urlp(a)", "a", "?"), ("urlp", "", "?"), ("urlp(ab,;)", "ab", ";")]
        var rules: [String] = []
        var fetches = names.map(\.0)
        for (index, name) in names.enumerated() {
            for (place, candidate) in candidates.enumerated() {
                rules.append(
                    "set-var(txn.v\(index)\(place)) int(1) if { \(name.0) -m str \(candidate) }")
                fetches.append("var(txn.v\(index)\(place))")
            }
        }
        guard
            let haproxy = try ReferenceFetches(
                fetches + ["req.body_param(a)", "req.body_param"], rules: rules)
        else { return }
        var random = Seeded.fresh()
        let pieces = ["a", "b", "ab", "=", "=", "&", ";", "?", "1", "2", "/", "%41"]
        let targets =
            Self.rows.map(\.target)
            + (0..<600).map { _ in "/" + random.text(of: pieces, upTo: 14) }
        for target in targets {
            let theirs = try #require(
                haproxy.values(target: target, body: String(target.dropFirst())), "\(target)")
            for (index, name) in names.enumerated() {
                let ours = values(target, name.1, delimiter: name.2.utf8.first!)
                let first = theirs[index].map { String(decoding: $0, as: UTF8.self) }
                #expect(ours.first == first, "\(name.0) of \(target), seed \(random.seed)")
                for (place, candidate) in candidates.enumerated() {
                    let isThere = theirs[names.count + index * candidates.count + place] != nil
                    #expect(
                        ours.contains(candidate) == isThere,
                        "\(candidate) in \(name.0) of \(target), seed \(random.seed)")
                }
            }
            let body = Array(target.utf8.dropFirst())
            for (name, their) in zip(["a", ""], theirs.suffix(2)) {
                let ours = body.text(
                    QueryParameters.next(
                        named: Array(name.utf8).span, in: body.span, from: 0, delimiter: 0x26))
                #expect(
                    ours == their.map { String(decoding: $0, as: UTF8.self) },
                    "body \(target), seed \(random.seed)")
            }
        }
    }

    private func values(
        _ target: String, _ name: String, delimiter: UInt8 = 0x3F, ignoringCase: Bool = false
    ) -> [String] {
        let bytes = Array(target.utf8)
        let name = Array(name.utf8)
        guard var start = QueryParameters.start(of: bytes.span, delimiter: delimiter) else {
            return []
        }
        var values: [String] = []
        while let value = QueryParameters.next(
            named: name.span, in: bytes.span, from: start, delimiter: delimiter,
            ignoringCase: ignoringCase)
        {
            values.append(bytes.text(value)!)
            start = value.upperBound
        }
        return values
    }
}
