// Words, quotes, escapes and variables of a line.

import ConfigLanguage
import Testing

@Suite struct LexerTests {
    private func cut(_ line: String) -> Result<[Word], LexicalMistake> {
        let values = [
            "A": "aval", "L": "x y  z", "E": "", ".FILE": "t.cfg", ".LINE": "2",
            ".SECTION": "global",
        ]
        return Lexer.words(of: Array(line.utf8)) { values[$0] }
    }

    static let words: [(String, [String])] = [
        (#"foo bar"#, ["foo", "bar"]), ("\tfoo \t bar\r", ["foo", "bar"]), ("", []), ("   ", []),
        ("# all", []), (#"foo#b"#, ["foo"]), (##"foo\#b"##, ["foo#b"]), (#""foo#b""#, ["foo#b"]),
        (#"'foo#b'"#, ["foo#b"]), (#"foo\d"#, [#"foo\d"#]), (#"foo\"#, [#"foo\"#]),
        (#"foo\ bar"#, ["foo bar"]), (#"foo\$A"#, [#"foo\$A"#]), (#"foo$A"#, ["foo$A"]),
        (#""foo\$A""#, ["foo$A"]), (#""foo$A""#, ["fooaval"]), (#""foo\d""#, [#"foo\d"#]),
        (#""foo\'a""#, ["foo'a"]), (#"'foo\'"#, [#"foo\"#]), (#"foo\""#, [#"foo""#]),
        (#"foo\'b"#, ["foo'b"]), (#"foo\x41b"#, ["fooAb"]), (#""foo\x41b""#, ["fooAb"]),
        (#"'foo\x41b'"#, [#"foo\x41b"#]), (#"a\tb\nc\rd"#, ["a\tb\nc\rd"]), (#""a"b"c""#, ["abc"]),
        (#""${A}b""#, ["avalb"]), (#""$Ab""#, [""]), (#""${A[*]}b""#, ["avalb"]),
        (#""a${L[*]}b" q"#, ["ax", "y", "zb", "q"]), (#""${L[*]}" k"#, ["x", "y", "z", "k"]),
        (#"m "${E[*]}" k"#, ["m", "k"]), (#"m "${U[*]}" k"#, ["m", "k"]),
        (#"m "${U}" k"#, ["m", "", "k"]),
        (#""${U-d}k""#, ["dk"]), (#""${E-d}k""#, ["k"]), (#""${U-$A}k""#, ["$Ak"]),
        (#""${U-a\}b}k""#, [#"a\b}k"#]), (#""${U-"a}k""#, [#""ak"#]),
        (#""${U-a b[*]}""#, ["a b[*]"]),
        (#""${U[*]-a b}""#, ["a", "b"]), (#""${.FILE}:$.LINE""#, ["t.cfg:2"]),
        (#""${.SECTION}k""#, ["globalk"]), (#"a\,b"#, [#"a\,b"#]), (#"foo\\\\b"#, [#"foo\\b"#]),
        (#""" x"#, ["", "x"]), (#"''"#, [""]), (#""$A-b""#, ["aval-b"]),
        (#""${A[*]-x}""#, ["aval"]),
    ]

    @Test(arguments: words)
    func `cuts words as HAProxy does`(line: String, words: [String]) throws {
        #expect(try cut(line).get().map(\.text) == words)
    }

    static let mistakes: [(String, LexicalMistake.Reason, Int)] = [
        (#" maxconn "1"#, .unmatchedQuote, 10), (#"a'b"#, .unmatchedQuote, 2),
        (#""a\""#, .unmatchedQuote, 1), (#""a\"#, .unmatchedQuote, 1),
        (#" maxconn \xZZ"#, .badHexadecimal, 10), (#"a\x4"#, .badHexadecimal, 2),
        (#""\x""#, .badHexadecimal, 2), (#"a\x00b"#, .badHexadecimal, 2),
        (#""${A"#, .unmatchedBrace, 3), (#" maxconn "${A-1""#, .unmatchedBrace, 12),
        (#""${A+}""#, .unmatchedBrace, 3), (#"" ${AÉ}""#, .unmatchedBrace, 4),
        (#" maxconn "$""#, .badVariableName, 12), (#" maxconn "${1}""#, .badVariableName, 13),
        (#""${.FOO}""#, .badVariableName, 4), (#""${}""#, .badVariableName, 4),
        (#""${A[}""#, .badExpansion, 5),
    ]

    @Test(arguments: mistakes)
    func `refuses with HAProxy's reason and column`(
        line: String, reason: LexicalMistake.Reason, column: Int
    ) {
        guard case .failure(let mistake) = cut(line) else {
            Issue.record("\(line) was accepted")
            return
        }
        #expect(mistake.reason == reason)
        #expect(mistake.column == column)
    }

    @Test func `a line has at most 64 words`() throws {
        let fits = Array(repeating: "a", count: 64).joined(separator: " ")
        #expect(try cut(fits).get().count == 64)
        guard case .failure(let mistake) = cut(fits + " b") else {
            Issue.record("accepted")
            return
        }
        #expect(mistake.reason == .tooManyWords && mistake.column == 129)
    }

    @Test func `a line has a bound before and after expansion`() {
        let long = [UInt8](repeating: 0x61, count: Lexer.lineByteLimit)
        #expect(throws: Never.self) { try Lexer.words(of: long) { _ in nil }.get() }
        #expect(throws: LexicalMistake.self) {
            try Lexer.words(of: long + [0x61]) { _ in nil }.get()
        }
        let value = String(repeating: "b", count: Lexer.lineByteLimit / 2)
        #expect(throws: LexicalMistake.self) {
            try Lexer.words(of: Array(#""$V" "$V" "$V""#.utf8)) { _ in value }.get()
        }
    }

    @Test func `columns point at the first byte of each word`() throws {
        let words = try cut(#"  ab "c d"  'e'f"#).get()
        #expect(words.map(\.column) == [3, 6, 13])
    }
}
