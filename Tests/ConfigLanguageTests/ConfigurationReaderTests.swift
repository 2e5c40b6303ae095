// Files to lines, sections and messages.

import ConfigLanguage
import Testing

@Suite struct ConfigurationReaderTests {
    /// Statements as text and messages as HAProxy would show them, without the level.
    private func read(
        _ text: String..., showsDiagnosis: Bool = false
    ) -> (lines: [String], messages: [String]) {
        let names = ["t.cfg", "u.cfg"]
        var reader = ConfigurationReader(
            files: zip(names, text).map { ConfigurationFile(name: $0, bytes: Array($1.utf8)) },
            sectionKeywords: ["global", "defaults", "frontend"],
            environment: Environment(["A": "aval"]),
            facts: ConfigurationFacts(version: ProgramVersion("3.5-dev0"), features: ["THREAD"]),
            showsDiagnosis: showsDiagnosis)
        var diagnostics = Diagnostics()
        var lines: [String] = []
        while let statement = reader.next(&diagnostics) {
            let prefix =
                switch statement.prefix {
                case .none: ""
                case .no: "no:"
                case .byDefault: "default:"
                }
            lines.append(
                (statement.opensSection ? ">" : "") + prefix
                    + statement.words.joined(separator: "|"))
        }
        let messages = diagnostics.entries.map { entry in
            String(entry.rendered(processID: 1).dropFirst("[ALERT]    (1) : config : ".count))
        }
        return (lines, messages)
    }

    @Test func `lines become statements and sections are recognised`() {
        let result = read(
            "  global#x\n maxconn 3\n\n# c\n\tno log\nfrontend f \"a b\"\n default x y\n no\n")
        #expect(
            result.lines == [
                ">global", "maxconn|3", "no:log", ">frontend|f|a b", "default:x|y", "no:",
            ])
        #expect(result.messages.isEmpty)
    }

    @Test func `a first word that is empty skips the line`() {
        #expect(read("\"$NONE\" x\nglobal\n").lines == [">global"])
    }

    @Test func `a last line without line feed is refused`() {
        let result = read("global\n maxconn 10")
        #expect(result.lines == [">global"])
        #expect(
            result.messages == [
                "parsing [t.cfg:2]: Missing LF on last line, "
                    + "file might have been truncated at position 12."
            ])
    }

    @Test func `a NUL is refused where it stands`() {
        #expect(
            read("global\n  maxconn 3\0 4\n daemon\n").messages == [
                "parsing [t.cfg:2]: Stray NUL character at position 12."
            ])
    }

    @Test func `mistakes inside words are shown under their line`() {
        #expect(
            read("global\n maxconn \"1\n").messages == [
                "parsing [t.cfg:2]: unmatched quote at position 10:\n   maxconn \"1\n           ^"
            ])
    }

    @Test(arguments: [
        ("1", ["a"]), ("0", ["z"]), ("", ["z"]), ("defined(A)", ["a"]),
        ("streq(\"$A\",aval)", ["a"]),
        ("0\n.elif 1", ["a"]), ("0\nb\n.elif 0\nc", ["z"]), ("0\nb\n.elif 1\nc", ["c", "a"]),
        ("1\nb\n.elif foo(\nc", ["b"]), ("0\n.if foo(\n.else\n.bogus\n.endif", ["z"]),
        ("1\n.if 0\nb\n.else\nc\n.endif", ["c", "a"]), ("0\n.if 1\nb\n.else\nc\n.endif", ["z"]),
    ])
    func `conditional blocks choose one branch`(head: String, chosen: [String]) {
        let result = read("global\n.if \(head)\na\n.else\nz\n.endif\nlast\n")
        #expect(result.lines == [">global"] + chosen + ["last"])
        #expect(result.messages.isEmpty)
    }

    @Test(arguments: [
        (".else\n", "lone '.else' with no matching '.if'."),
        (".elif 1\n", "lone '.elif' with no matching '.if'."),
        (".endif\n", "lone '.endif' with no matching '.if'."),
        (".if 1\n", "non-terminated '.if' block."),
        (".if 1\n.else\n.else\n.endif\n", "'.else' after '.else' is not permitted."),
        (".if 1\n.else\n.elif 1\n.endif\n", "'.elif' after '.else' is not permitted."),
        (".if 1\n.else foo\n.endif\n", "Unexpected argument 'foo' for '.else'."),
        (".if 1\n.endif foo\n", "Unexpected argument 'foo' for '.endif'."),
        (".if 0\n.else\n.alert y\n.endif\n", "'y'."), (".warning \"x\"\n", "'x'."),
        (".notice \"hi\"\n", "'hi'."), (".alert\n", "''."),
        (
            ".notice hi there\n",
            "Unexpected argument 'there' for '.notice'. "
                + "Use quotes if the message should contain spaces."
        ),
        (".notise hi\n", "unknown directive '.notise'; did you mean '.notice'?"),
        (
            ".if foo(\n.endif\n",
            "unparsable conditional expression 'foo(' in '.if' at position 1:\n  .if foo(\n      ^"
        ),
        (
            ".if defined(A)x\n.endif\n",
            "unexpected character 'x' at the end of conditional expression 'defined(A)x' in '.if' "
                + "at position 11:\n  .if defined(A)x\n                ^"
        ),
        (
            ".if streq(a)\n.endif\n",
            "missing arguments (got 1/2), type 'string' expected in argument 1 of predicate 'streq' "
                + "used in conditional expression in '.if' at position 8:\n  .if streq(a)\n             ^"
        ),
        (
            ".if 1 && (0\n.endif\n",
            "expected ')' after conditional expression '(0' in '.if' at position 6:\n"
                + "  .if 1 && (0\n           ^"
        ),
    ])
    func `directives complain as HAProxy does`(text: String, complaint: String) throws {
        let message = try #require(read(text).messages.first)
        let (place, rest) = (message.prefix { $0 != "]" }, message.drop { $0 != "]" })
        #expect(place.hasPrefix("parsing [t.cfg:") && rest == "]: " + complaint)
    }

    @Test func `a diagnosis is silent unless asked for`() {
        #expect(read(".diag \"d\"\n").messages.isEmpty)
        #expect(read(".diag \"d\"\n", showsDiagnosis: true).messages == ["parsing [t.cfg:1]: 'd'."])
    }

    @Test func `neither branch is read when a condition is not understood`() {
        let result = read(".if foo(\na\n.elif 1\nb\n.else\nc\n.endif\nd\n")
        #expect(result.lines == ["d"] && result.messages.count == 1)
    }

    @Test func `conditions nest to a bound`() {
        let deep =
            String(repeating: ".if 1\n", count: 33) + String(repeating: ".endif\n", count: 33)
        #expect(read(deep).messages == ["parsing [t.cfg:33]: too many nested '.if', max is 32."])
    }

    @Test func `the environment changes as lines are read`() {
        let result = read(
            """
            global
             setenv V b
             x "$V"
             presetenv V c
             x "$V"
             unsetenv V
             x "${V-z}"
             setenv V "d e"
             x "${V[*]}"
             resetenv V
             x "${A-gone}" "$V"
             setenv C
             unsetenv
            frontend f
             setenv N 1
             x "${N-unset}"

            """)
        #expect(
            result.lines.filter { $0.hasPrefix("x") } == [
                "x|b", "x|b", "x|z", "x|d|e", "x|gone|d e", "x|unset",
            ])
        #expect(
            result.messages == [
                "parsing [t.cfg:12]: 'setenv' expects a name and a value.",
                "parsing [t.cfg:13]: 'unsetenv' expects at least one variable name.",
            ])
    }

    @Test func `pseudo variables know file, line and section`() {
        let result = read(
            "x \"$.FILE:$.LINE:$.SECTION\"\nglobal\nx \"$.SECTION\"\nfrontend f\nx \"$.SECTION\"\n")
        #expect(result.lines.filter { $0.hasPrefix("x") } == ["x|t.cfg:1:", "x|global", "x|f"])
    }

    @Test func `a file ends a section and its conditions, and line numbers begin again`() {
        let result = read("global\n.if 1\n", "x \"$.SECTION$.LINE\"\n")
        #expect(result.lines == [">global", "x|1"])
        #expect(result.messages == ["parsing [t.cfg:2]: non-terminated '.if' block."])
    }

    @Test func `reading stops at the twentieth mistake`() {
        let result = read(String(repeating: "\"\n", count: 50) + "global\n")
        #expect(result.lines.isEmpty)
        #expect(result.messages.count == 21)
        #expect(result.messages.last == "20 mistakes found, the rest was not read")
    }
}
