// Lines, words and blocks. What is expected was measured with keepalived 2.2.7 and 2.3.4 unless a
// test says that it differs.

import ConfigLanguage
import Testing

@testable import VRRPConfig

@Suite struct PreprocessorTests {
    @Test(arguments: [
        ("$A=1 2   3  \nx${A}y\nx$A\n$A y\nx$Ay", ["x1 2   3y", "x1 2   3", "1 2   3 y", "x$Ay"]),
        ("$E=\ne${E}f\n$E", ["ef"]),
        ("$F", ["$F"]),
        ("$U=${P}3\n$P=4\n${U}", ["43"]),
        ("$P=1\n$P=2\np${P}", ["p2"]),
        ("  $Q = 3", ["$Q = 3"]),
        ("$1A=3\n$B-C=3", ["$1A=3", "$B-C=3"]),
        ("$T=a#b\nt${T}t", ["tat"]),
        ("$R=5 # comment\nr${R}r", ["r5r"]),
        ("x ${UNKNOWN} y", ["x ${UNKNOWN} y"]),
        ("\"quoted # not comment\" ! comment", ["\"quoted # not comment\""]),
        ("'quoted ! comment'", ["'quoted"]),
        ("$C= \\\n one \\\n two { \\\n three \\\n } \\\n\n$C", ["one", "two {", "three", "}"]),
        ("$C= \\\na \\\n# comment\nb \\ # more\nc\n$C", ["a", "b", "c"]),
        ("$YY=\\\nYYc\ny\n$YY", ["y", "YYc"]),
        (
            "$BASE=10.2.${SUB}\n$SUB=0\n${BASE}.100/32\n$SUB=10\n${BASE}.100/32",
            ["10.2.0.100/32", "10.2.10.100/32"]
        ),
        ("$N= \\\n$NUM=1 \\\nv${NUM} \\\n$NUM=2 \\\nv${NUM}\n$N", ["v1", "v2"]),
        ("$IF_MAIN=@main\n$IF_MAIN priority 240", ["priority 240"]),
    ])
    func `definitions are put in where they are used`(_ text: String, _ expected: [String]) {
        #expect(lines(text).lines == expected)
    }

    @Test func `conditional lines follow the configuration's name`() {
        let text = "@main m1\n@^main m2\n@other m3\n@^other m4\n@main $D=7\nd${D}"
        #expect(lines(text).lines == ["m1", "m4", "d7"])
        #expect(lines(text, id: "other").lines == ["m2", "m3", "d${D}"])
    }

    @Test(arguments: [
        ("~SEQ(A, 0, 3) a${A}", ["a0", "a1", "a2", "a3"]),
        ("~SEQ(A, 3) b${A}", ["b1", "b2", "b3"]),
        ("~SEQ(A, -3) c${A}", ["c-1", "c-2", "c-3"]),
        ("~SEQ(A, 3, 1) d${A}", ["d3", "d2", "d1"]),
        ("~SEQ(A, 0, 5, 12) e${A}", ["e0", "e5", "e10"]),
        ("~SEQx(A, 0x90, 0x10, 0xc0) f${A}", ["f90", "fa0", "fb0", "fc0"]),
        ("~SEQ(A,1,2) ~SEQ(B,5,6) g${A}.${B}", ["g1.5", "g1.6", "g2.5", "g2.6"]),
        ("~LST(L, x, y,z) h${L}", ["hx", "hy", "hz"]),
        ("~LST({L, M}, {10,1},{20,4}) i${L}.${M}", ["i10.1", "i20.4"]),
        ("~LST(L,1,2) ~SEQ(S,1,2) j${L}-${S}", ["j1-1", "j1-2", "j2-1", "j2-2"]),
        ("$K=~LST(L,p,q)\n$K k${L}", ["kp", "kq"]),
        ("$N= \\\none_${L} \\\ntwo_${L}\n~LST(L,r,s) $N", ["one_r", "two_r", "one_s", "two_s"]),
        ("~SEQ(B,1,2) @main s${B}", ["s1", "s2"]),
        ("~SEQ (B,1,2) t${B}", ["t1", "t2"]),
        ("~LST({C,D},{1},{2,3}) u${C}.${D}", ["u1.", "u2.3"]),
        ("~LST(C,,x) v${C}.", ["v.", "vx."]),
    ])
    func `sequences and lists repeat what stands behind them`(
        _ text: String, _ expected: [String]
    ) {
        #expect(lines(text).lines == expected)
    }

    @Test(arguments: [
        "~SEQ(A, 0, 0, 5) m", "~SEQ(A, a, 5) n", "~SEQ(B, 5, 1, 0) o", "~SEQ(B, 1, 2",
        "~LST(B) p", "~LST(C,\"a b\",c) w", "~SEQ(1A,1,2) x", "~LST({A,{B}},1) x",
    ])
    func `a sequence that is none is left out and said`(_ text: String) {
        let result = lines(text)
        #expect(result.lines.isEmpty)
        #expect(result.messages.count == 1)
    }

    @Test func `what the language defines itself is there`() {
        let text = """
            p_${_PWD}
            i_${_INSTANCE}
            h_${_HASH}_
            b_${_BANG}_
            r_${_RANDOM 3 3}
            e_${_ENV HOME}
            n_${_ENV NOTHING}
            """
        #expect(
            lines(text).lines == [
                "p_/etc/keepalived", "i_main", "h_#_", "b_!_", "r_3", "e_/home-of-tests", "n_",
            ])
        let random = lines("random_seed 5\n~SEQ(A,1,9) ${_RANDOM 10 20}").lines.dropFirst()
        #expect(random.allSatisfy { (10...20).contains(Int($0) ?? 0) })
        #expect(
            random.elementsEqual(lines("random_seed 5\n~SEQ(A,1,9) ${_RANDOM 10 20}").lines[1...]))
    }

    @Test func `includes are read where they stand, relative to the file that names them`() {
        let files = [
            "/etc/keepalived/inc/a.conf": "ina\ninclude sub/*.conf\n$Z=5",
            "/etc/keepalived/inc/sub/s.conf": "ins_${_PWD}\n$Y=6",
            "/etc/keepalived/inc/sub/.hidden.conf": "hidden",
        ]
        let text = """
            include inc/a.conf
            z${Z} y${Y}
            @other include inc/a.conf
            $I=include inc/a.conf
            $I
            include inc/{a,b}.conf
            """
        let own = ["ina", "ins_/etc/keepalived/inc/sub"]
        #expect(lines(text, files).lines == own + ["z5 y6"] + own + own)
    }

    @Test(arguments: [
        ("include", false, false, false), ("includer", false, false, false),
        ("includem", true, false, false), ("includew", true, true, false),
        ("includeb", false, false, true), ("includea", true, true, true),
    ])
    func `each include keyword insists on what its name says`(
        _ keyword: String, _ literal: Bool, _ wildcard: Bool, _ brace: Bool
    ) {
        func isMistake(_ pattern: String) -> Bool {
            var remarks = Remarks()
            var preprocessor = Preprocessor(
                world([
                    "/etc/keepalived/m.conf": "\(keyword) \(pattern)",
                    "/etc/keepalived/a.conf": "x",
                ]))
            preprocessor.readMain("m.conf", &remarks)
            return remarks.grade != .clean
        }
        #expect(isMistake("nothere.conf") == literal)
        #expect(isMistake("nothere*.conf") == wildcard)
        #expect(isMistake("{a,b}.conf") == brace)
        #expect(!isMistake("a.conf"))
    }

    @Test func `include_check counts for the file it stands in and those below`() {
        let files = ["/etc/keepalived/b.conf": "include_check\ninclude x*.conf"]
        let text = "include b.conf\ninclude y*.conf\ninclude_check wildcard_match\ninclude z*.conf"
        #expect(lines(text, files).messages.count == 2)
        #expect(
            lines("include_check\ninclude_check -match -wildcard_match -brace_match\ninclude x*")
                .messages.isEmpty)
    }

    @Test func `everything without end has an end`() {
        #expect(lines("$V=${V}x\n${V}\nafter").lines == ["after"])
        #expect(lines("$V= \\\n$V\n$V").messages.count == 1)
        #expect(lines("include a.conf").messages.count == 1)
        let wide = (0..<6).map { "~SEQ(A\($0),1,60000) " }.joined() + "@other x"
        let result = lines(wide)
        #expect(result.lines.isEmpty)
        #expect(result.messages.count == 1)
        #expect(lines("$C= \\\na \\\nb\nx${C}y").messages.count == 1)
    }

    @Test func `a missing main file makes a configuration unusable`() {
        let loaded = VRRPConfigurationLoader.load(path: "none.conf", surroundings: world())
        #expect(loaded.grade == .unusable && loaded.lacksMainFile)
        #expect(loaded.configuration == nil)
        #expect(loaded.texts == ["'none.conf' cannot be read: No such file or directory"])
        #expect(!load(instanceText("version 3")).lacksMainFile)
    }
}

@Suite struct WordsTests {
    @Test(arguments: [
        ("a \"b c\"d e", ["a", "b c", "d", "e"]), ("esc\\ aped", ["esc\\", "aped"]),
        ("esc\"\\tq\"", ["esc", "\\tq"]), ("'a b'", ["'a", "b'"]), ("\"\" x", ["", "x"]),
        ("r\\ s", ["r\\", "s"]),
    ])
    func `most keywords know double quotes only`(_ text: String, _ expected: [String]) {
        #expect(Words.plain(Array(text.utf8)[...]) == .success(expected))
    }

    @Test(arguments: [
        ("abcd\" efg h jkl \"mnop", ["abcd efg h jkl mnop"]),
        ("abcd \"efg h jkl\" mnop", ["abcd", "efg h jkl", "mnop"]),
        (#"\a\b\E\f\n\r\t\v"#, ["\u{7}\u{8}\u{1B}\u{C}\n\r\t\u{B}"]),
        (#"\101\x41\cA\\\"\q"#, ["AA\u{1}\\\"q"]), (#"\x20f\x69le"#, [" file"]),
        ("'a b'c \"\"", ["a bc", ""]),
    ])
    func `commands know both quotes and escapes`(_ text: String, _ expected: [String]) {
        #expect(Words.escaped(Array(text.utf8)[...]) == .success(expected))
    }

    @Test func `a quote that is not closed is a mistake`() {
        #expect(Words.plain(Array("a \"b".utf8)[...]) == .failure(.unterminatedQuote))
        #expect(Words.escaped(Array("a 'b".utf8)[...]) == .failure(.unterminatedQuote))
        #expect(load("global_defs {\n router_id \"a\n}").grade == .repaired)
    }

    @Test(arguments: [
        (
            #""/bin/echo ' sp\\x20\x41 ' a'b c'd \"q r\" e\ f""#,
            ["/bin/echo", " sp\\x20A ", "ab cd", "q r", "e", "f"]
        ),
        (#"/bin/echo  a"#, ["/bin/echo"]), (#""/bin/echo a" root"#, ["/bin/echo", "a"]),
        (#"'killall -0 "a b"'"#, ["killall", "-0", "a b"]),
        (#""/usr/bin/echo a\\x41b \\\\x41 \\q""#, ["/usr/bin/echo", "a\\x41b", "\\\\x41", "\\q"]),
    ])
    func `commands are cut twice, as in keepalived 2.3`(_ text: String, _ expected: [String]) {
        let loaded = load("vrrp_script s {\n script \(text)\n}")
        if text.hasSuffix("  a") {
            // What stands behind the command is an account, which must exist.
            #expect(loaded.configuration?.scripts.isEmpty == true)
        } else {
            #expect(loaded.configuration?.scripts.first?.command.arguments == expected)
        }
    }
}

@Suite struct BlockTests {
    private func tree(_ text: String) -> (String, [String]) {
        var remarks = Remarks()
        let parts = text.split(separator: "\n", omittingEmptySubsequences: false)
        let logical = parts.enumerated().map { index, line in
            LogicalLine(
                text: Array(line.utf8), place: SourceLocation(file: "t", line: index + 1))
        }
        let statements = StatementTree.build(logical, &remarks)
        return (show(statements), remarks.entries.map(\.text))
    }

    private func show(_ statements: [VRRPConfig.Statement]) -> String {
        statements.map { statement in
            let words = statement.words.joined(separator: " ")
            return words + (statement.children.map { "{\(show($0))}" } ?? "")
        }.joined(separator: ";")
    }

    @Test(arguments: [
        ("a {\n b 1\n}\nc", "a{b 1};c"), ("a\n{\n b\n}", "a{b}"),
        ("vrrp_instance V { interface lo\n x }", "vrrp_instance V{interface lo;x}"),
        ("a { b { c } d }}", "a{b{c};d}"), ("a \"x {\" y", "a x { y"),
        ("a { b\n} c", "a{b};c"), ("a{b}", "a{b}"),
    ])
    func `braces end lines`(_ text: String, _ expected: String) {
        #expect(tree(text).0 == expected)
    }

    @Test func `braces too many and too few are said`() {
        #expect(tree("a { b }}").1.count == 1)
        #expect(tree("a { b").1.count == 1)
        #expect(tree("{ b }").1.count == 1)
        #expect(tree(String(repeating: "a { ", count: 100)).1.count == 2)
    }

    @Test func `an unknown block is left out and what follows is still read`() {
        let loaded = load(
            """
            vrrp_instance VL {
              foo4 {
                foo5
                priority 3
              }
              interface eth0
              virtual_router_id 7
              no_virtual_ipaddress
              priority 4
              prioritty 5
            }
            """)
        #expect(loaded.instance?.priority == 4)
        #expect(loaded.grade == .repaired)
        #expect(loaded.diagnostics.count == 2)
        let last = loaded.diagnostics.last
        #expect(last?.location == SourceLocation(file: "vrrp.conf", line: 10))
        #expect(last?.suggestion == "priority")
    }
}
