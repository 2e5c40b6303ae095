// Access lists and conditions: what matches, and what is refused with its place.

import Samples
import Testing

@Suite struct AccessListTests {
    static let holding = [
        "{ int(3) 3 }", "{ int(3) 1:5 }", "{ int(3) 1-5 }", "{ int(3) 3: }", "{ int(3) :3 }",
        "{ int(3) gt 2 }", "{ int(3) gt 3 lt 5 }", "{ int(3) lt 1 gt 1 }", "{ int(3) ge 3 }",
        "{ int(3) le 3 }", "{ int(3) 1 2 3 }", "{ int(-3) lt 0 }", "{ int(5) lt -5 }",
        "{ version(196609) 3:3.1 }", "{ version(196609) gt 3.0 }", "{ version(196608) lt 3.1 }",
        "{ bool(1) }", "{ bool(0) -m int 0 }", "{ int(7) -m bool }", "{ bool(0) -m found }",
        "{ str(abc) abc }", "{ str(abc) x abc }", "{ str(aBc) -i AbC }", "{ str(-i) -- -i }",
        "{ str(abc) -m beg ab abcd }", "{ str(abc) -m beg -i AB }", "{ str(abc) -m end bc }",
        "{ str(abc) -m sub b }", "{ str(aXb) -m sub -i xB }", "{ str(abc) -m len 3 }",
        "{ str(abc) -m len gt 2 }", "{ str(abc) -m reg -- ^a }", "{ str(abc) -m reg -i ^A }",
        "{ str(abc) -m bin 616263 }", "{ bin(610062) -m bin 610062 }",
        "{ str(a/b) -m dir /b/ }", "{ str(a/b?c) -m dir c }", "{ str(/a/b/c) -m dir a/b }",
        "{ str(a:b) -m dom b }", "{ str(www.a.org) -m dom .a. }",
        "{ str(10.0.0.1) -m ip 10.0.0.0/8 }", "{ ipv4(10.0.0.1) 10.0.0.1 }",
        "{ ipv4(10.0.0.12) 10.12 }", "{ ipv4(10.0.0.1) ::ffff:10.0.0.0/104 }",
        "{ ipv4(10.0.0.1) ::/0 }", "{ ipv4(10.9.0.1) 10.0.0.1/255.0.255.255 }",
        "{ ipv6(::ffff:10.0.0.1) 10.0.0.0/8 }", "{ ipv6(2002:0a00:0001::5) 10.0.0.0/8 }",
        "{ ipv6(::10.0.0.1) 10.0.0.0/8 }", "{ ipv6(::1) 0.0.0.0/0 }",
        "{ ipv6(::1) 0.0.0.1/255.0.255.255 }", "{ ipv6(2001:db8::7) 2001:db8::/32 }",
        "{ method(GET) GET }", "{ method(get) get }", "{ method(foo) -i FOO }",
        "{ method(GET) -m str -i get }", "TRUE", "!FALSE", "! FALSE", "!! TRUE",
        "METH_TRUE or TRUE",
        "TRUE TRUE", "FALSE or TRUE", "FALSE || TRUE", "TRUE FALSE or TRUE",
        "{ str(a) b } or { str(a) a }", "!{ str(a) b }", "{ int(5) -m len 1 }",
        "{ str(12x) -m int 12 }", "{ str(abc),upper ABC }", "{ ipv4(1.2.3.4),ipmask(8) 1.0.0.0 }",
    ].filter { !$0.hasPrefix("METH_TRUE") }

    /// HAProxy compares the byte behind the text as well, which is zero behind a constant and not
    /// behind what comes from traffic: there it finds none, either.
    static let delimitersAlone = ["{ str(a/b/) -m dir / }", "{ str(a.b.) -m dom . }"]

    static let failing = [
        "{ int(3) 4 }", "{ int(8) lt 1-5 }", "{ int(3) gt 3 }",
        "{ int(-6) ge -7 lt -8 eq 9 } FALSE",
        "{ bool(0) }", "{ bool(1) } FALSE", "{ int(0) -m bool }", "{ str(x) -m bool }",
        "{ str(abc) ab }", "{ str(abc) ABC }", "{ str(abc) -m beg abcd }", "{ str(abc) -m end ab }",
        "{ str(abc) -m sub ac }", "{ str(abc) -m reg ^A }", "{ str(abc) -m bin -i 414243 }",
        "{ str(a/b) -m dir / }", "{ str(x) -m dom . }", "{ str(abc/def) -m dir ab }",
        "{ str(abc/def) -m dir bc }", "{ str(www.a.org) -m dom ww }", "{ str(a:b) -m dir b }",
        "{ ipv6(fe80::1) 0.0.0.0/0 }", "{ ipv4(11.0.0.1) 10.0.0.0/8 }", "{ ipv4(1.2.3.4) ::1 }",
        "{ method(GET) get }", "{ method(GET) -i get }", "{ method(get) -i GET }", "FALSE", "!TRUE",
        "!!! TRUE", "TRUE FALSE", "FALSE or", "!", "{ bin(610062) -m sub b }",
        "{ bin(610062) -m len 3 }", "{ str(abc),upper abc }",
    ]

    @Test(arguments: holding)
    func `a condition holds`(_ condition: String) throws {
        #expect(try Constants.evaluate(condition))
    }

    @Test(arguments: failing + delimitersAlone)
    func `a condition does not hold`(_ condition: String) throws {
        #expect(try !Constants.evaluate(condition))
    }

    /// The condition, the wrong word, the wrong bytes in it and a part of the message.
    static let refused: [(String, Int, Range<Int>, String)] = [
        ("{ int(3) abc }", 3, 0..<3, "'abc' is neither a number nor an operator"),
        ("{ int(3) 3 gd 5 }", 4, 0..<2, "did you mean 'ge'?"),
        ("{ int(3) 5:3 }", 3, 0..<3, "lower bound"),
        ("{ int(3) 5:x }", 3, 2..<3, "'x' is not a number"),
        ("{ int(3) : }", 3, 0..<1, "no bounds"),
        ("{ int(3) ne 3 }", 3, 0..<2, "'ne' is no operator"),
        ("{ int(3) lt 3x }", 4, 0..<2, "'3x'"),
        ("{ int(3) 99999999999999999999 }", 3, 0..<20, "is not a number"),
        ("{ int(3) gt 9223372036854775807 }", 4, 0..<19, "nothing"),
        ("{ int(3) -5 }", 3, 0..<2, "'--'"),
        ("{ str(a) -m foo b }", 4, 0..<3, "'foo' is no matching method"),
        ("{ str(a) -m rge b }", 4, 0..<3, "did you mean 'reg'?"),
        ("{ str(a) -m }", 4, 0..<0, "'-m' expects a matching method"),
        ("{ bin(00) aa }", 2, 0..<7, "needs a matching method"),
        ("{ bin(00) -m int 3 }", 4, 0..<3, "'int' compares an integer"),
        ("{ str(a) -m bin 616 }", 5, 2..<3, "odd number"),
        ("{ str(a) -m bin 6g }", 5, 1..<2, "'g' is not a hexadecimal digit"),
        ("{ str(a) -m reg a( }", 5, 1..<2, "no regular expression"),
        ("{ ipv4(1.2.3.4) 1.2.3.4/33 }", 3, 8..<10, "0 to 32"),
        ("{ ipv4(1.2.3.4) ::1/129 }", 3, 4..<7, "0 to 128"),
        ("{ ipv4(1.2.3.4) 1.2.3.400 }", 3, 0..<9, "is not a valid IPv4 or IPv6 address"),
        ("{ ipv4(1.2.3.4) -n 10.12 }", 4, 0..<5, "is not a valid IPv4 or IPv6 address"),
        ("{ str(a) -f /none }", 4, 0..<5, "cannot open the pattern file '/none'"),
        ("{ str(a) -f words -M -f words }", 7, 0..<5, "cannot be both"),
        ("{ str(a) -f words -m beg a }", 6, 0..<3, "before patterns"),
        ("{ int(1) -f words }", 4, 0..<5, "'one' is not a number at line 2 of 'words'"),
        ("{ str(a) -u x a }", 4, 0..<1, "expects a number"),
        ("{ str(a) -u 5 a } or { str(a) -u 5 b }", 11, 0..<1, "the id 5 is used"),
        ("{ }", 2, 0..<0, "a sample fetch is missing"),
        ("{ nosuch a }", 2, 0..<6, "unknown fetch 'nosuch'"),
        ("{ str(a),uper a }", 2, 7..<11, "upper"),
        ("{ str(a) a", 1, 0..<1, "the closing '}' is missing"),
        ("TRUE && FALSE", 2, 0..<2, "no ACL is named '&&'"),
        ("!METH_GTE", 1, 1..<9, "did you mean 'METH_GET'?"),
        ("{TRUE}", 1, 0..<6, "braces must be words of their own"),
        ("REQ_CONTENT", 1, 0..<11, "the predefined ACL 'REQ_CONTENT' cannot be used here"),
    ]

    @Test(arguments: refused.indices)
    func `a wrong condition is refused with the place of the mistake`(_ index: Int) {
        let (condition, word, range, message) = Self.refused[index]
        do {
            _ = try Constants.evaluate(condition, files: ["words": "# comment\none\n"])
            Issue.record("\(condition) was accepted")
        } catch let mistake as ExpressionMistake {
            #expect(mistake.word == word, "\(condition): \(mistake)")
            #expect(mistake.message.contains(message), "\(condition): \(mistake.message)")
            let found = mistake.offset..<mistake.offset + mistake.length
            #expect(found == range, "\(condition): \(mistake)")
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test func `lines with one name are one list, also behind the condition that names it`() throws
    {
        let constants = Constants()
        let lists = AccessLists(
            store: PatternStore { _ in .missing }, compile: constants.compile)
        try lists.declare(["acl", "a", "str(x)", "y"], use: "test")
        let condition = try lists.condition(["if", "a"], from: 0, use: "test")
        try lists.declare(["acl", "a", "str(x)", "x"], use: "test")
        let table = lists.finish()
        #expect(table.tests(of: 0) == [0, 1])
        var scratch = SampleScratch()
        var expressions = RegularExpressionScratch()
        var asked: [Int] = []
        let result = condition.evaluate(in: table) { number in
            asked.append(number)
            return constants.result(of: table.tests[number], &scratch, &expressions)
        }
        #expect(result == .pass && asked == [0, 1])
    }

    @Test(arguments: [("a/b", 1), ("a b", 1), ("", 0), ("or", 0), ("OR", 0), ("é", 0)])
    func `a name with other characters is refused`(_ name: String, _ offset: Int) {
        let lists = AccessLists(
            store: PatternStore { _ in .missing }, compile: Constants().compile)
        #expect {
            try lists.declare(["acl", name, "str(a)", "a"], use: "test")
        } throws: { ($0 as? ExpressionMistake)?.offset == offset }
    }

    @Test func `a test without patterns is doubtful, an empty part of a condition is not`() throws {
        let lists = AccessLists(
            store: PatternStore { _ in .missing }, compile: Constants().compile)
        for words in [["{", "str(a)", "}"], ["{", "str(a)", "-i", "}"]] {
            lists.warnings = []
            _ = try lists.condition(["if"] + words, from: 0, use: "test")
            #expect(lists.warnings.count == 1, "\(words)")
        }
        lists.warnings = []
        for words in [
            ["{", "str(a)", "--", "}"], ["{", "int(1)", "-m", "bool", "}"], ["TRUE"],
            ["{", "str(a)", "-u", "7", "}"], [], ["TRUE", "or"], ["or", "TRUE"], ["TRUE", "!"],
            ["FALSE", "OR", "TRUE"],
        ] {
            _ = try lists.condition(["unless"] + words, from: 0, use: "test")
        }
        #expect(lists.warnings.isEmpty)
    }

    @Test func `what cannot be said yet is unknown unless it does not matter`() throws {
        let lists = AccessLists(
            store: PatternStore { _ in .missing }, compile: Constants().compile)
        for name in ["pass", "fail", "unknown"] {
            try lists.declare(["acl", name, "str(x)", "x"], use: "test")
        }
        let results: [TestResult] = [.pass, .fail, .unknown]
        for (words, wanted) in [
            ("unknown", TestResult.unknown), ("!unknown", .unknown), ("unknown pass", .unknown),
            ("unknown fail", .fail), ("fail unknown", .fail), ("unknown or pass", .pass),
            ("unknown or fail", .unknown), ("pass unknown or fail", .unknown),
        ] {
            let split = Constants.words(words)
            let condition = try lists.condition(["if"] + split, from: 0, use: "test")
            let opposite = try lists.condition(["unless"] + split, from: 0, use: "test")
            let table = lists.finish()
            #expect(condition.evaluate(in: table) { results[$0] } == wanted, "\(words)")
            #expect(opposite.evaluate(in: table) { results[$0] } == wanted.negated, "\(words)")
        }
    }

    @Test func `patterns come from files, with and without regard to case`() throws {
        let files = [
            "exact": "# no comment\n\n  one \n\tTwo\r\nthree\n #four", "folded": "Alpha\nBETA",
            "map": "key1 value one\n  key2\tvalue2  \nkey3",
        ]
        for (condition, wanted) in [
            ("{ str(Two) -f exact }", true), ("{ str(two) -f exact }", false),
            ("{ str(three) -f file@exact }", true), ("{ str(#four) -f exact }", true),
            ("{ str(alpha) -f exact -i -f folded }", true), ("{ str(TWO) -f exact -i x }", false),
            ("{ str(X) -f exact -i x }", true), ("{ str(key2) -M -f map }", true),
            ("{ str(value2) -M -f map }", false), ("{ str(x) -f virt@none }", false),
            ("{ str(x) -f opt@missing }", false), ("{ str(one) -f exact -f virt@other }", false),
        ] {
            #expect(try Constants.evaluate(condition, files: files) == wanted, "\(condition)")
        }
    }
}
