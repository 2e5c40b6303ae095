// Keywords that declare stick tables and bind clients to servers by them.
// configuration manual: stick-table, stick match, stick on, stick store-request, stick
// store-response.

import ConfigLanguage
import Proxy
import Samples
import StickTables

extension ProxyKeywords {
    static let tables: [Row] = [
        Row(
            "stick-table", [.frontend, .backend, .listen],
            takes: [.rest("type <type> size <size> [expire <time>] [nopurge] [store <data>]*")],
            "Declares a table of this proxy."
        ) { draft, arguments, diagnostics in
            draft.note(arguments)
            draft.report(arguments, &diagnostics) {
                draft, diagnostics throws(ExpressionMistake) in
                try draft.declareTable(arguments, &diagnostics)
            }
        },
        stick("stick match", "Sends clients to the server that a table remembers.", .match),
        stick("stick on", "Remembers the server of a client in a table.", .matchAndStore),
        stick("stick store-request", "Remembers something of a request in a table.", .store),
        stick(
            "stick store-response", "Remembers something of a response in a table.", .store,
            in: .storeResponse),
    ]

    private static func stick(
        _ name: String, _ summary: String, _ use: StickRule.Use,
        in step: RuleStep = .stickRequest
    ) -> Row {
        Row(
            name, [.backend, .listen],
            takes: [.rest("<expr> [table <table>] [{if|unless} <condition>]")],
            elsewhere: .ignored, summary
        ) { draft, arguments, diagnostics in
            draft.note(arguments)
            draft.report(arguments, &diagnostics) {
                draft, diagnostics throws(ExpressionMistake) in
                try draft.addStickRule(use, step, arguments, &diagnostics)
            }
        }
    }
}

extension ProxyDraft {
    /// Reads the declaration of the proxy's table.
    fileprivate mutating func declareTable(
        _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) throws(ExpressionMistake) {
        if let table {
            throw ExpressionMistake(
                word: 0, offset: 0, length: 0,
                "there is a stick table already, declared at \(table.place.file):"
                    + "\(table.place.line)")
        }
        let read = try StickTableReader.read(arguments.words, name: proxy.name)
        for word in ["peers", "recv-only", "write-to"] {
            guard let index = arguments.words.firstIndex(of: word) else { continue }
            throw ExpressionMistake(
                word: index, offset: 0, length: word.utf8.count,
                "'\(word)' is not supported yet: there are no peers")
        }
        for warning in read.warnings {
            diagnostics.report(Diagnostic(.warning, warning, in: arguments))
        }
        table = DeclaredTable(read.configuration, place: SourcePlace(arguments.location))
    }

    /// Reads `<expr> [table <table>] [if|unless <condition>]`.
    fileprivate mutating func addStickRule(
        _ use: StickRule.Use, _ step: RuleStep, _ arguments: KeywordArguments,
        _ diagnostics: inout Diagnostics
    ) throws(ExpressionMistake) {
        let words = arguments.words
        let end = words.firstIndex { $0 == "if" || $0 == "unless" } ?? words.count
        guard end > 0 else {
            throw ExpressionMistake(
                word: 0, offset: 0, length: 0,
                "'\(arguments.keyword)' expects a sample expression")
        }
        var reader = ExpressionReader(words: Array(words[..<end]), from: 0)
        let key = try session.compiler.expression(&reader, in: step.place)
        var next = reader.nextWord
        var name = ""
        if next < end, words[next] == "table" {
            guard next + 1 < end else {
                throw ExpressionMistake(
                    word: next + 1, offset: 0, length: 0, "'table' expects the name of a table")
            }
            name = words[next + 1]
            next += 2
        }
        guard next == end else {
            throw ExpressionMistake(
                word: next, offset: 0, length: words[next].utf8.count,
                "'\(arguments.keyword)' does not expect '\(words[next])' here",
                suggestion: Spelling.nearest(to: words[next], among: ["table", "if", "unless"]))
        }
        let table = session.compiler.references.make(.table, name)
        table.keySource = key.type
        table.storesServer = true
        try append(
            step, StickRule(use, key, table), conditionAt: end, arguments, &diagnostics)
        if use != .match { storesServers = SourcePlace(arguments.location) }
    }

    /// What was kept for tables is written at the end of the response's list.
    mutating func finishStickRules() {
        guard let place = storesServers else { return }
        proxy.rules[Int(RuleStep.storeResponse.rawValue)].append(
            Rule(
                .storeResponse, StoreServer(), if: nil, text: "stick: remember the server",
                place: place))
    }
}
