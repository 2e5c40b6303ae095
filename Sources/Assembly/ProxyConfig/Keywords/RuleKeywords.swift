// Keywords that hold rules and access lists: what they are about is in the catalogs of actions and
// fetches.
// configuration manual: acl, http-request, http-response, http-after-response, tcp-request,
// tcp-response, use_backend.

import ConfigLanguage
import Proxy
import Samples

extension ProxyKeywords {
    static let rules: [Row] =
        [
            Row(
                "acl", .proxies,
                takes: [.rest("<aclname> <criterion> [flags] [operator] <value>...")],
                "Adds a test to an access list that conditions use by its name."
            ) { draft, arguments, diagnostics in
                draft.note(arguments)
                // Proxies do not inherit lists, and there are no rules here that could use one.
                if draft.isUnnamedDefaults {
                    return diagnostics.report(
                        arguments.mistake("is not allowed: the section has no name"))
                }
                draft.report(arguments, &diagnostics) {
                    draft, _ throws(ExpressionMistake) in
                    try draft.lists.declare(
                        arguments.words, from: 0, use: "acl '\(arguments.words.first ?? "")'")
                }
            },
            rule("http-request", .proxies, .httpRequest, "Acts on requests."),
            rule("http-response", .proxies, .httpResponse, "Acts on responses of servers."),
            rule(
                "http-after-response", .proxies, .httpAfterResponse,
                "Acts on every response, our own included."),
            rule(
                "tcp-request connection", .clientSide, .connection,
                "Acts on connections before anything is read from them."),
            rule(
                "tcp-request session", .clientSide, .session,
                "Acts on connections once they are set up."),
            rule(
                "tcp-request content", .proxies, .contentRequest, "Acts on a stream's first bytes."),
            rule(
                "tcp-response content", .serverSide, .contentResponse,
                "Acts on the first bytes of a response."),
            Row(
                "tcp-request inspect-delay", .proxies, takes: [.time],
                "Sets how long bytes are awaited that tcp-request content rules need."
            ) { setDelay(\.inspectDelay, &$0, $1, &$2) },
            Row(
                "tcp-response inspect-delay", .serverSide, takes: [.time],
                "Sets how long bytes are awaited that tcp-response content rules need."
            ) { setDelay(\.inspectResponseDelay, &$0, $1, &$2) },
        ] + choices

    /// The first delay of a section holds, one that defaults have given it included.
    private static func setDelay(
        _ delay: WritableKeyPath<ProxyConfiguration, Int>, _ draft: inout ProxyDraft,
        _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        if draft.isUnnamedDefaults {
            diagnostics.report(
                arguments.mistake(
                    "'\(arguments.keyword)' cannot stand in a defaults section without a name"))
        } else if draft.proxy[keyPath: delay] != 0 {
            diagnostics.report(
                arguments.warning("'\(arguments.keyword)' is ignored: it was defined before"))
        } else {
            draft.proxy[keyPath: delay] = arguments.number(0)
        }
    }

    private static let choices: [Row] = [
        choice(
            "use_backend", [.frontend, .listen], .switching, "<backend>",
            "Sends what a condition fits to a backend."),
        choice(
            "use-server", [.backend, .listen], .useServer, "<server>",
            "Sends what a condition fits to a server."),
    ]

    /// `use_backend` and `use-server`: a name or a format, and a condition.
    private static func choice(
        _ name: String, _ sections: SectionSet, _ step: RuleStep, _ target: String,
        _ summary: String
    ) -> Row {
        Row(
            name, sections, takes: [.word(target), .rest("[{if|unless} <condition>]")],
            elsewhere: .ignored, summary
        ) { draft, arguments, diagnostics in
            draft.note(arguments)
            draft.report(arguments, &diagnostics) {
                draft, diagnostics throws(ExpressionMistake) in
                if step == .useServer && arguments.words.count == 1 {
                    throw ExpressionMistake(
                        word: 0, offset: 0, length: arguments.word(0).utf8.count,
                        "'use-server' requires either 'if' or 'unless' followed by a condition")
                }
                let action = try draft.choice(step, arguments)
                try draft.append(step, action, conditionAt: 1, arguments, &diagnostics)
            }
        }
    }

    private static func rule(
        _ name: String, _ sections: SectionSet, _ step: RuleStep, _ summary: String
    ) -> Row {
        Row(
            name, sections, takes: [.rest("<action> [<options>...] [{if|unless} <condition>]")],
            summary
        ) { draft, arguments, diagnostics in
            draft.note(arguments)
            draft.report(arguments, &diagnostics) {
                draft, diagnostics throws(ExpressionMistake) in
                try draft.addRule(step, arguments, &diagnostics)
            }
        }
    }
}

extension ProxyDraft {
    /// Tells the compiler where it is.
    func note(_ arguments: KeywordArguments) {
        session.compiler.references.place = SourcePlace(arguments.location)
        session.patterns.place =
            "file '\(arguments.location.file)' line \(arguments.location.line)"
        session.compiler.references.proxyName = isDefaults ? nil : proxy.name
        session.compiler.references.lists = lists
    }

    /// Runs `body` and reports its mistake with the word that is wrong, and the warnings of access
    /// lists.
    mutating func report(
        _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics,
        _ body: (inout ProxyDraft, inout Diagnostics) throws(ExpressionMistake) -> Void
    ) {
        do throws(ExpressionMistake) {
            try body(&self, &diagnostics)
        } catch {
            diagnostics.report(Diagnostic(.alert, error, in: arguments))
        }
        for warning in lists.warnings {
            diagnostics.report(Diagnostic(.warning, warning, in: arguments))
        }
        lists.warnings = []
        for warning in session.compiler.takeWarnings() {
            diagnostics.report(Diagnostic(.warning, warning, in: arguments))
        }
    }

    /// Reads `<action> ... [if|unless <condition>]`.
    mutating func addRule(
        _ step: RuleStep, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) throws(ExpressionMistake) {
        let words = arguments.words
        let catalog = ActionCatalog.all
        guard let first = words.first else {
            throw ExpressionMistake(
                word: 0, offset: 0, length: 0, "'\(step.keyword)' expects an action")
        }
        if first.hasPrefix("lua.") {
            throw ExpressionMistake(
                word: 0, offset: 0, length: first.utf8.count,
                "action '\(first)' is not supported: there is no Lua")
        }
        guard let row = catalog.row(first, in: step) else {
            throw ExpressionMistake(
                word: 0, offset: 0, length: first.utf8.count,
                "'\(step.keyword)' has no action '\(first)'",
                suggestion: Spelling.nearest(to: first, among: catalog.names(in: step)))
        }
        switch row.status {
        case .supported: break
        case .notYet(let reason):
            throw ExpressionMistake(
                word: 0, offset: 0, length: first.utf8.count,
                "action '\(row.name)' is not supported yet: \(reason)")
        case .refused(let advice):
            throw ExpressionMistake(
                word: 0, offset: 0, length: first.utf8.count,
                "action '\(row.name)' is not supported: \(advice)")
        }
        let end = words.firstIndex { $0 == "if" || $0 == "unless" } ?? words.count
        var reader = ActionReader(
            words: words, name: 0, end: end, step: step, compiler: session.compiler,
            surroundings: surroundings(arguments))
        let action = try row.make(&reader)
        if !reader.isAtEnd {
            throw ExpressionMistake(
                word: reader.position, offset: 0, length: words[reader.position].utf8.count,
                "'\(first)' does not expect '\(words[reader.position])' here; it is written "
                    + "'\(row.name) \(row.notation)'",
                suggestion: Spelling.nearest(to: words[reader.position], among: ["if", "unless"]))
        }
        for warning in reader.warnings { diagnostics.report(arguments.warning(warning)) }
        for note in reader.notes { diagnostics.report(arguments.note(note)) }
        try append(step, action, conditionAt: end, arguments, &diagnostics)
    }

    /// The action of `use_backend` or `use-server`, whose target may be a format.
    func choice(
        _ step: RuleStep, _ arguments: KeywordArguments
    ) throws(ExpressionMistake) -> Action {
        let target = arguments.word(0)
        guard target.contains("%") else {
            let kind = step == .switching ? ProxyReference.Kind.backend : .server
            let reference = session.compiler.references.make(kind, target)
            reference.isTarget = true
            return step == .switching ? UseBackend(reference) : UseServer(reference)
        }
        let format = try session.compiler.format(
            target, word: 0, in: step.place, isHTTP: proxy.mode == .http, style: .plain)
        return step == .switching ? UseBackend(format) : UseServer(format)
    }

    /// Adds a rule whose condition begins at a word.
    mutating func append(
        _ step: RuleStep, _ action: Action, conditionAt start: Int,
        _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) throws(ExpressionMistake) {
        var condition: Samples.Condition?
        if start < arguments.words.count {
            condition = try lists.condition(
                arguments.words, from: start, use: "\(step.keyword) rule")
        }
        if isUnnamedDefaults {
            throw ExpressionMistake(
                word: 0, offset: 0, length: 0,
                "rules cannot stand in a defaults section without a name")
        }
        let rule = Rule(
            step, action, if: condition,
            text: ([arguments.keyword] + arguments.words).joined(separator: " "),
            place: SourcePlace(arguments.location))
        warnOfPlace(rule, arguments, &diagnostics)
        warnOfOrder(rule, arguments, &diagnostics)
        proxy.rules[Int(step.rawValue)].append(rule)
        ownRules.append(rule)
        lastRules[step] = rule
    }

    /// An access list that reads what is not there never matches.
    private func warnOfPlace(
        _ rule: Rule, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        guard let condition = rule.condition else { return }
        let compiler = session.compiler
        for number in lists.expressions(of: condition) {
            let missing = rule.step.place.missing(of: compiler.needs(of: number))
            if missing.isEmpty { continue }
            diagnostics.report(
                arguments.warning(
                    "a condition of this '\(rule.step.keyword)' rule will never match because "
                        + "'\(compiler.expression(numbered: number).text)' needs "
                        + "\(missing.names), which are not there"))
        }
    }

    /// The section has been read: its rules get its access lists.
    mutating func finishRules() {
        if !requestCaptures.lengths.isEmpty { proxy.requestCaptures = requestCaptures.lengths }
        if !responseCaptures.lengths.isEmpty { proxy.responseCaptures = responseCaptures.lengths }
        session.compiler.references.finish(lists)
        let own = Set(ownRules.map { ObjectIdentifier($0) })
        for list in proxy.rules {
            for (index, rule) in list.enumerated() where own.contains(ObjectIdentifier(rule)) {
                rule.action.settle(before: index + 1 < list.count ? list[index + 1] : nil)
            }
        }
        let table = lists.finish()
        session.compiler.references.finish(lists, table)
        for rule in ownRules { rule.table = table }
    }

    /// What the rules of the section may ask.
    func surroundings(_ arguments: KeywordArguments) -> RuleSurroundings {
        let session = session
        let file = arguments.location.file
        return RuleSurroundings(
            isHTTP: proxy.mode == .http || isDefaults, isDefaults: isDefaults,
            variables: session.variables,
            readFile: { path in
                session.surroundings.readFile(
                    session.path(path, in: file), Surroundings.errorFileByteLimit
                ).mapError {
                    switch $0 {
                    case .tooLong(let limit): RuleFileFailure("more than \(limit) bytes")
                    case .failed(let code): RuleFileFailure(code.text)
                    }
                }
            }, errorSet: { session.errorSets[$0] },
            whenAllIsRead: { session.checkLate(at: arguments.location, $0) },
            capability: proxy.capability, requestCaptures: requestCaptures,
            responseCaptures: responseCaptures, limits: limits)
    }
}

extension Diagnostic {
    /// A mistake in one of a keyword's words, which is underlined.
    init(_ level: Level, _ mistake: ExpressionMistake, in arguments: KeywordArguments) {
        let words = arguments.words
        var text = arguments.keyword
        var column = text.count + 2
        for (index, word) in words.enumerated() {
            text += " " + word
            if index < mistake.word { column += word.count + 1 }
        }
        let offset: Int
        if mistake.word < words.count {
            let word = words[mistake.word]
            let prefix = word.utf8.prefix(max(0, mistake.offset))
            offset = String(decoding: prefix, as: UTF8.self).count
        } else {
            offset = 0
        }
        self.init(
            level, at: arguments.location, "\(arguments.section) : \(mistake.text)",
            excerpt: Excerpt(
                text: text, column: column + offset, length: max(1, mistake.length)),
            suggestion: mistake.suggestion)
    }
}
