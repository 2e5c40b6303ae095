// Keyword rows: lookup, shapes of arguments, and what is said about wrong lines.

import ConfigLanguage
import Testing

@Suite struct KeywordTableTests {
    /// What the rows below fill.
    struct Built {
        var log: [String] = []
    }

    static let table = KeywordTable<Built>([
        Keyword("maxconn", .clientSide, takes: [.count], "Bounds connections.") {
            built, arguments, _ in
            built.log.append("maxconn \(arguments.number(0))")
        },
        Keyword("timeout client", .clientSide, takes: [.time], "Bounds waiting.") {
            built, arguments, _ in
            built.log.append("client \(arguments.number(0))")
        },
        Keyword("timeout connect", .serverSide, takes: [.time], "Bounds connecting.") { _, _, _ in
        },
        Keyword(
            "option httplog", .proxies, takes: [.choice("clf").optional], prefixes: .both, "Logs."
        ) { built, arguments, _ in
            built.log.append("httplog \(arguments.isOn) \(arguments.optionalWord(0) ?? "-")")
        },
        Keyword("mode", .proxies, takes: [.choice("tcp", "http")], "Chooses.") {
            built, arguments, _ in
            built.log.append("mode \(arguments.word(0))")
        },
        Keyword("source", .serverSide, takes: [.word("<address>"), .tagged("interface")], "From.") {
            built, arguments, _ in
            built.log.append("source \(arguments.word(0)) \(arguments.optionalWord(1) ?? "-")")
        },
        Keyword("weight", .backend, takes: [.integer(0...256)], "Weighs.") { built, arguments, _ in
            built.log.append("weight \(arguments.number(0))")
        },
        Keyword("backup", .backend, "Stands by.") { built, _, _ in built.log.append("backup") },
        Keyword("balance", .serverSide, takes: [.choice("a", "b")], elsewhere: .ignored, "Spreads.")
        {
            built, _, _ in
            built.log.append("balance")
        },
        .notYet("http-check set-var()", .proxies, "Sets."),
        .notYet("stick-table", .proxies, prefixes: .no, "Remembers."),
        .refused("nbproc", .frontend, "Processes.", advice: "use 'nbthread'"),
        .withoutEffect("tune.x", .proxies, takes: [.onOff], "Tunes.", reason: "nothing to tune"),
    ])

    private func apply(_ line: String, in kind: SectionSet = .frontend) -> [String] {
        var words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        var prefix = Statement.Prefix.none
        if words[0] == "no" {
            prefix = .no
            words.removeFirst()
        }
        var built = Built()
        var diagnostics = Diagnostics()
        Self.table.apply(
            Statement(location: SourceLocation(file: "f", line: 1), prefix: prefix, words: words),
            in: KeywordTable.Place(kind: kind, title: "\(kind.names[0]) 'x'"), to: &built,
            &diagnostics)
        return built.log + diagnostics.entries.map(\.text)
    }

    @Test(arguments: [
        ("maxconn 10", "maxconn 10"), ("timeout client 2s", "client 2000"),
        ("option httplog", "httplog true -"), ("option httplog clf", "httplog true clf"),
        ("no option httplog", "httplog false -"), ("mode tcp", "mode tcp"),
    ])
    func `a statement fills what is being built`(line: String, effect: String) {
        #expect(apply(line) == [effect])
    }

    @Test(arguments: [
        ("maxconn", "'maxconn' in frontend 'x' expects an integer argument"),
        ("maxconn 10k", "'maxconn' in frontend 'x' expects an integer argument, found '10k'"),
        ("maxconn 1 2", "'maxconn' in frontend 'x' cannot handle unexpected argument '2'"),
        ("maxcon 1", "unknown keyword 'maxcon' in 'frontend' section; did you mean 'maxconn'?"),
        ("xyz", "unknown keyword 'xyz' in 'frontend' section"),
        (
            "timeout cliet 1",
            "'timeout' in frontend 'x' expects 'client', found 'cliet'; did you mean 'client'?"
        ),
        ("timeout", "'timeout' in frontend 'x' expects 'client'"),
        (
            "mode htp",
            "'mode' in frontend 'x' expects 'tcp' or 'http', found 'htp'; did you mean 'http'?"
        ),
        ("weight 3", "'weight' is not allowed in frontend 'x'; it belongs to 'backend' sections"),
        ("balance a", "'balance' ignored because frontend 'x' has no backend capability."),
        ("http-check set-var(a) 1", "'http-check set-var()' in frontend 'x' is not supported yet"),
        ("no maxconn 3", "negation/default is not supported for 'maxconn' in frontend 'x'"),
        ("stick-table type ip", "'stick-table' in frontend 'x' is not supported yet"),
        ("nbproc 2", "'nbproc' in frontend 'x' is not supported; use 'nbthread'"),
        ("tune.x maybe", "'tune.x' in frontend 'x' expects 'on' or 'off', found 'maybe'"),
    ])
    func `a mistake names keyword, section, expectation and spelling`(line: String, text: String) {
        #expect(apply(line) == [text])
    }

    @Test func `an ignored keyword is checked all the same`() {
        #expect(
            apply("balance c") == [
                "'balance' ignored because frontend 'x' has no backend capability.",
                "'balance' in frontend 'x' expects 'a' or 'b', found 'c'",
            ])
    }

    @Test func `no before a keyword that does not work yet changes nothing`() {
        #expect(apply("no stick-table") == [])
    }

    @Test func `an empty argument ends the line with a warning`() {
        #expect(
            apply("mode tcp  http") == [
                "mode tcp",
                "argument number 2 of 'mode' is empty and marks the end of the argument list; "
                    + "all subsequent arguments will be ignored",
            ])
        #expect(apply("mode tcp ") == ["mode tcp"])
    }

    @Test(arguments: [
        (["weight", "3", "backup"], ["weight 3", "backup"]),
        (["source", "1.2.3.4", "backup"], ["source 1.2.3.4 -", "backup"]),
        (["source", "1.2.3.4", "interface", "lo", "backup"], ["source 1.2.3.4 lo", "backup"]),
        (["wieght", "3"], ["'server x/s' : unknown keyword 'wieght'; did you mean 'weight'?"]),
        (["weight"], ["'weight' in 'server x/s' expects an integer between 0 and 256"]),
        (
            ["backup", "stick-table"],
            ["backup", "'stick-table' in 'server x/s' is not supported yet"]
        ),
    ])
    func `options of a line follow each other`(words: [String], effect: [String]) {
        let line = KeywordArguments(
            keyword: "server", location: SourceLocation(file: "f", line: 1), section: "backend 'x'",
            prefix: .none, words: words, values: [])
        var built = Built()
        var diagnostics = Diagnostics()
        Self.table.applyOptions(
            words[...], of: line, title: "server x/s", in: .backend, to: &built, &diagnostics)
        #expect(built.log + diagnostics.entries.map(\.text) == effect)
    }

    @Test func `rows know their notation`() {
        #expect(Self.table.row(named: "option httplog")?.notation == "option httplog [clf]")
        #expect(Self.table.row(named: "mode")?.notation == "mode tcp|http")
    }
}
