// The text of formats: what is a mistake and where, what is accepted, and what flags and encodings
// make of values.

import Foundation
import Logs
import Proxy
import Samples
import Testing

@Suite(.serialized) struct LogFormatTests {
    init() {
        setenv("TZ", "America/New_York", 1)
        tzset()
    }

    @Test(arguments: [
        ("%foo", true, "there is no alias '%foo'; '%%' means one '%'", 1..<4),
        ("%ci%", true, "a format ends behind '%'; '%%' means one '%'", 3..<4),
        ("a %{+Q", true, "the brace of an item's flags is never closed", 3..<6),
        ("%{+Q}", true, "an alias or '[' must follow '%{+Q}'", 0..<5),
        ("%{+Q}%ci", true, "an alias or '[' must follow '%{+Q}'", 0..<5),
        ("x % ci", true, "an alias must follow '%'; '%%' means one '%'", 2..<3),
        ("%[src", true, "the bracket of '%[' is never closed", 1..<5),
        ("%[src]%[srx]", true, "unknown sample fetch 'srx'", 8..<11),
        ("é%[src,lowe]", true, "unknown converter 'lowe'", 8..<12),
        ("%r", false, "alias '%r' is for HTTP mode only", 1..<2),
        ("%TR", false, "alias '%TR' is for HTTP mode only", 1..<3),
        ("%(name", true, "the parenthesis of an item's name is never closed", 1..<6),
        ("%(na.me)ci", true, "names of items consist of letters, digits, '_' and '-'", 4..<5),
        ("%(n:foo)ci", true, "'foo' is no type of an item; there are str, sint and bool", 4..<7),
        ("%(n)", true, "an alias or '[' must follow '%(n)'", 0..<4),
    ])
    func `A mistaken format is told with its place`(
        _ format: String, _ isHTTP: Bool, _ text: String, _ range: Range<Int>
    ) {
        let mistake = #expect(throws: ExpressionMistake.self) {
            try Formats.compile(format, isHTTP: isHTTP)
        }
        #expect(mistake?.text == text)
        #expect(mistake?.offset == range.lowerBound && mistake?.length == range.count)
        #expect(mistake?.word == 0)
    }

    @Test func `The nearest spelling is told`() {
        for (format, expected) in [("%hx", "%hr"), ("%[srx]", "src"), ("%(n:strr)s", "str")] {
            let mistake = #expect(throws: ExpressionMistake.self) {
                try Formats.compile(format)
            }
            #expect(mistake?.suggestion == expected)
        }
    }

    @Test(arguments: [
        ("%ci:%cp", "10.1.2.3:33312"), ("%%", "%"), ("a b", "a b"), (" a   b ", "a b "),
        ("%{+Q}o %t %s %{-Q}r", "22/Nov/2026:17:17:19.502 \"sv\" GET / HTTP/1.1"),
        // Flags are parted by commas; words that are none say nothing.
        ("%{+Q,+X}ci %{+Q,+X}s", "0A010203 \"sv\""), ("%{+Q+X}cp %{+Q+X}s", "8220 sv"),
        ("%{}ci%{,}cp%{+}cp", "10.1.2.33331233312"), ("%{Q}s %{+Z}s %{+Q foo}s", "sv sv sv"),
        ("%{+Q,foo}s", "\"sv\""), ("%{+Q,-Q}s", "sv"), ("%{+M}CC%{-M}CC", "-"),
        ("%{+Q}o %s %{-Q}o %s %{+X}o %s %cp", "\"sv\" sv sv 8220"),
        // Names matter to encodings only.
        ("%(name)ci", "10.1.2.3"), ("%(name:sint)cp %(:str)[int(3)]", "33312 3"),
        ("%(a-b_c){+Q}s", "\"sv\""),
        // A sign that begins no item stands for itself.
        ("%-ci x%/y%_z", "-ci x/y_z"), ("%ci%%%%%{+E}r", "10.1.2.3%%GET / HTTP/1.1"),
        ("%tsc", "----"), ("%[str(a)]%[str(b),upper]", "aB"), ("%[str(a)]]", "a]"),
        ("a %[var(txn.x)] b", "a - b"), ("%{+Q}[var(txn.x)]", "\"\""), ("%{-M}[var(txn.x)]a", "a"),
        ("%[str(a )] b", "a  b"), ("%{+Q,+E}[str(x\\]y)]", #""x\\\]y""#),
        ("%[bool(true)] %[int(-5)] %{+X}[src] %{+X}[int(65)]", "1 -5 10.1.2.3 65"),
        ("%[str(QQBC),b64dec]|%{+E}[str(QSJdQg==),b64dec]", #"A|A\"\]B"#),
    ])
    func `A format gives what haproxy makes of it`(_ format: String, _ expected: String) throws {
        let line = try LoggedLines().line(format, ordinaryFacts(), request: "GET / HTTP/1.1")
        #expect(line == expected)
    }

    /// Known answers by the rules of decision 0013: RFC 8259 §7, the examples of RFC 8949 appendix
    /// A, and the manual's own example.
    @Test(arguments: [
        ("%{+json}o a %[int(7)] %(b)[str(c)] d", #"{"b": "c"}"#),
        ("%{+cbor}o a %[int(7)] %(b)[str(c)] d", "BF61626163FF"),
        ("truth: %{+cbor}[bool(true)]", "truth: F5"),
        (
            "%{+json}o %(request)r %(custom_expr)[str(custom)]",
            #"{"request": "GET /a\"b\\?\u00C3\u00A9 HTTP/1.1", "custom_expr": "custom"}"#
        ),
        ("%{+json}o text", "{}"), ("%{+cbor}o text", "BFFF"),
        // Numbers are numbers, whatever they are made of; X makes them texts.
        (
            "%{+json}o %(Tt)Tt %(B)B %(ms)ms %(rt)rt %(cp)cp %(rc)rc",
            #"{"Tt": 27, "B": 512, "ms": 502, "rt": 41, "cp": 33312, "rc": 0}"#
        ),
        (
            "%{+json}o %(rt){+X}rt %(cp){+X}cp %(ci){+X}ci",
            #"{"rt": "0029", "cp": "8220", "ci": "0A010203"}"#
        ),
        (
            "%{+json}o %(i:str)[int(-5)] %(b:bool)[int(5)] %(s:sint)[str(77)] %(c:str)cp",
            #"{"i": "-5", "b": true, "s": 77, "c": "33312"}"#
        ),
        (
            "%{+json}o %(t)t %(ts)tsc %(id)ID %(x)[var(txn.x)] %(bp)bp",
            #"{"t": "22/Nov/2026:17:17:19.502", "ts": "----", "id": "", "x": "", "bp": ""}"#
        ),
        // Flags of strings do not matter; of two encodings the first holds.
        ("%{+json}o %(s){+Q,+E}s", #"{"s": "sv"}"#), ("%{+json,+cbor}o %(s)s", #"{"s": "sv"}"#),
        // An encoding of the whole is that of every item; one of an item is its own.
        ("%{+json}o %(s){+cbor}s", #"{"s": "sv"}"#), ("%{+json}s %s", #""sv" sv"#),
        // Bytes: short forms, escapes byte by byte, and characters where they may stay.
        ("%{+json}[str(CAkKDA0bIlwvfw==),b64dec]", #""\b\t\n\f\r\u001B\"\\/\u007F""#),
        ("%{+json}[str(w6nCgf8=),b64dec]", #""\u00C3\u00A9\u00C2\u0081\u00FF""#),
        ("%{+json,+utf8}[str(w6nCgf/igqzwn5iA),b64dec]", "\"é\\u0081\\u00FF€😀\""),
        // Surrogates, overlong forms and what ends too early are no characters.
        (
            "%{+json,+utf8}[str(7aCAwIDigg==),b64dec]",
            #""\u00ED\u00A0\u0080\u00C0\u0080\u00E2\u0082""#
        ),
        (
            "%{+cbor}[str(qq==),b64dec] %{+cbor}[str()] %{+cbor}r",
            "5F41AAFF F6 7F75474554202F6122625C3FC3A920485454502F312E31FF"
        ),
        ("%{+cbor}[int(0)] %{+cbor}[int(10)] %{+cbor}[int(23)] %{+cbor}[int(24)]", "00 0A 17 1818"),
        ("%{+cbor}[int(100)] %{+cbor}[int(1000)] %{+cbor}[int(1000000)]", "1864 1903E8 1A000F4240"),
        (
            "%{+cbor}[int(1000000000000)] %{+cbor}[int(-1)] %{+cbor}[int(-1000)]",
            "1B000000E8D4A51000 20 3903E7"
        ),
        (
            "%{+cbor}[int(9223372036854775807)] %{+cbor}[int(-9223372036854775808)]",
            "1B7FFFFFFFFFFFFFFF 3B7FFFFFFFFFFFFFFF"
        ),
        (
            "%{+cbor}[str(IETF)] %{+cbor}[bool(false)] %(x:str){+cbor}[int(-12)]",
            "6449455446 F4 632D3132"
        ),
        (
            "%{+cbor,+bin}o %(v)[str(AGE=),b64dec] %(n)[int(24)]",
            "\u{FFFD}av_B\0a\u{FFFD}an\u{18}\u{18}\u{FFFD}"
        ),
    ])
    func `An encoding has its known answers`(_ format: String, _ expected: String) throws {
        let line = try LoggedLines().line(
            format, ordinaryFacts(), request: "GET /a\"b\\?é HTTP/1.1")
        #expect(line == expected)
    }

    @Test func `A text of many bytes has a long head in CBOR`() throws {
        for (length, head) in [(23, "77"), (24, "7818"), (255, "78FF"), (300, "79012C")] {
            let text = String(repeating: "a", count: length)
            let line = try LoggedLines().line("%{+cbor}[str(\(text))]", ordinaryFacts())
            #expect(line == head + String(repeating: "61", count: length))
        }
    }

    @Test func `Formats of HTTP messages encode controls, and have no encodings`() throws {
        let compiler = Formats.compiler()
        let format = try compiler.format(
            "%{+json}o  %(a)s|%[str(CQELfyA=),b64dec]|%{+Q}[str(x)]|%[var(txn.x)]|%CC|%{+M}CC|%{+Q}s|"
                + "%{+E}[str(IlxdCiU=),b64dec]  b ", word: 3, in: .httpRequest, isHTTP: true)
        let warnings = compiler.takeWarnings()
        #expect(warnings.map(\.word) == [3] && warnings.map(\.offset) == [2])
        #expect(compiler.takeWarnings().isEmpty)
        try LoggedLines().stage {
            let text = $0.render(format, ordinaryFacts(), captures: [])
            #expect(text == "  sv|\t%01%0B%7F |x|||-|\"sv\"|\\\"\\\\\\]%0A%  b ")
        }
    }

    @Test func `Plain formats keep values, blanks and zeroes as they are`() throws {
        let format = try Formats.compile(
            " %[str(DQo=),b64dec]  %{+Q}[str(x)]%{+bin}o%[str(QQBC),b64dec]%CC ", style: .plain)
        try LoggedLines().stage {
            #expect(
                $0.render(format, ordinaryFacts(), captures: []) == " \r\n  \"x\"A\0B ")
        }
    }

    @Test func `A format without items is a constant`() throws {
        #expect(try Formats.compile("a%%b", style: .plain).constant == Array("a%b".utf8))
        #expect(try Formats.compile("", style: .plain).constant == [])
        #expect(try Formats.compile("a%s", style: .plain).constant == nil)
        #expect(try Formats.compile("%{+json}o", style: .plain).constant == nil)
    }

    @Test func `Formats say what has to be kept of a stream`() throws {
        #expect(try Formats.compile("%ci %t").needs == [])
        #expect(try Formats.compile("%HM %lc").needs == [.requestLine, .lineCount])
    }

    @Test func `Any bytes are read without coming to harm`() {
        let seed = UInt64.random(in: 0 ... .max)
        print("formats: seed \(seed)")
        var random = seed
        let parts = [
            "%", "{", "}", "[", "]", "(", ")", "+", "-", ",", ":", "Q", "json", "ci", "r", "hrl",
            "src", "str(a)", " ", "é", "\0", "o", "name", "sint", "%%",
        ]
        for _ in 0..<4000 {
            var text = ""
            for _ in 0..<(random >> 60) + 1 {
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += parts[Int(random >> 33) % parts.count]
            }
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            do throws(ExpressionMistake) {
                _ = try Formats.compile(text)
            } catch {
                #expect(
                    error.offset >= 0 && error.offset + error.length <= text.utf8.count, "\(text)")
            }
        }
    }
}
