// Elements of list fields, against written values and against haproxy.

import RandomInputs
import Testing

@testable import HTTP

@Suite struct FieldValuesTests {
    static let rows: [(value: String, elements: [String])] = [
        ("", [""]),
        ("a", ["a"]),
        ("a,b", ["a", "b"]),
        (" a ,\tb\t", ["a", "b"]),
        (",", ["", ""]),
        ("a,", ["a", ""]),
        ("a,, b", ["a", "", "b"]),
        ("\"a,b\",c", ["\"a,b\"", "c"]),
        ("\"a\\\",b\",c", ["\"a\\\",b\"", "c"]),
        ("a\"b,c\"d,e", ["a\"b,c\"d", "e"]),
        ("\"a,b", ["\"a,b"]),
        ("a\\,b", ["a\\", "b"]),
        ("'a,b'", ["'a", "b'"]),
        ("a b, c d", ["a b", "c d"]),
        ("\"\\", ["\"\\"]),
    ]

    @Test(arguments: rows)
    func `splits a value at its commas`(_ row: (value: String, elements: [String])) {
        let bytes = Array(row.value.utf8)
        var elements: [String] = []
        var position = 0
        while let element = FieldValues.next(in: bytes.span, at: &position) {
            elements.append(bytes.text(element)!)
        }
        let count = FieldValues.count(in: bytes.span)
        #expect(elements == row.elements && count == row.elements.count)
        for index in -count - 1...count + 1 {
            let element = FieldValues.element(index, in: bytes.span)
            let place = index > 0 ? index - 1 : count + index
            let isThere = index != 0 && place >= 0 && place < count
            #expect(bytes.text(element) == (isThere ? elements[place] : nil), "\(index)")
        }
    }

    @Test func `an occurrence may be any number`() {
        let bytes = Array("a,b".utf8)
        #expect(FieldValues.element(.max, in: bytes.span) == nil)
        #expect(FieldValues.element(.min, in: bytes.span) == nil)
    }

    @Test func `splits as haproxy does`() throws {
        let occurrences = [1, 2, 3, -1, -2, -3]
        let fetches = occurrences.map { "req.hdr(x,\($0))" } + ["req.hdr_cnt(x)"]
        guard let haproxy = try ReferenceFetches(fetches) else { return }
        var random = Seeded.fresh()
        let pieces = ["a", "b", ",", ",", " ", "\t", "\"", "\\", ";", "="]
        let texts =
            Self.rows.map(\.value) + (0..<1000).map { _ in random.text(of: pieces, upTo: 14) }
        for text in texts.map(\.trimmed) {
            let theirs = try #require(haproxy.values(fields: "X: \(text)\r\n"), "\(text)")
            let bytes = Array(text.utf8)
            for (occurrence, their) in zip(occurrences, theirs) {
                let ours = FieldValues.element(occurrence, in: bytes.span)
                #expect(
                    bytes.text(ours) == their.map { String(decoding: $0, as: UTF8.self) },
                    "\(occurrence) of \(text), seed \(random.seed)")
            }
            let count = FieldValues.count(in: bytes.span)
            #expect(count == number(theirs.last!), "\(text), seed \(random.seed)")
        }
    }
}
