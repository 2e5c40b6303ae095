// Rules that are keywords of their own.
// configuration manual: redirect, monitor fail, force-persist, ignore-persist.

import Actions
import ConfigLanguage
import Proxy
import Samples

extension ProxyKeywords {
    static let standaloneRules: [Row] = [
        Row(
            "redirect", [.frontend, .backend, .listen],
            takes: [.rest(Redirect.notation + " [{if|unless} <condition>]")],
            "Answers requests with redirects."
        ) { draft, arguments, diagnostics in
            draft.note(arguments)
            draft.report(arguments, &diagnostics) {
                draft, diagnostics throws(ExpressionMistake) in
                try draft.addRedirect(arguments, &diagnostics)
            }
        },
        conditional(
            "monitor fail", [.frontend, .listen], .monitorFail,
            "Sets when requests for monitor-uri are answered with a failure."
        ) { MonitorFailure() },
        conditional(
            "force-persist", [.backend, .listen], .persistence,
            "Keeps clients on a server although it is down."
        ) { SetPersistence(isForced: true) },
        conditional(
            "ignore-persist", [.backend, .listen], .persistence,
            "Ignores the cookies that bind clients to servers."
        ) { SetPersistence(isForced: false) },
    ]

    /// A keyword that is nothing but an action under a condition.
    private static func conditional(
        _ name: String, _ sections: SectionSet, _ step: RuleStep, _ summary: String,
        _ action: @escaping @Sendable () -> Action
    ) -> Row {
        Row(
            name, sections, takes: [.rest("{if|unless} <condition>")], elsewhere: .ignored, summary
        ) { draft, arguments, diagnostics in
            draft.note(arguments)
            draft.report(arguments, &diagnostics) {
                draft, diagnostics throws(ExpressionMistake) in
                guard let first = arguments.words.first, first == "if" || first == "unless" else {
                    throw ExpressionMistake(
                        word: 0, offset: 0, length: arguments.words.first?.utf8.count ?? 0,
                        "'\(name)' expects 'if' or 'unless' and a condition")
                }
                try draft.append(step, action(), conditionAt: 0, arguments, &diagnostics)
            }
        }
    }
}

extension ProxyDraft {
    /// Reads `redirect ... [if|unless <condition>]`.
    fileprivate mutating func addRedirect(
        _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) throws(ExpressionMistake) {
        let words = arguments.words
        let end = words.firstIndex { $0 == "if" || $0 == "unless" } ?? words.count
        // The keyword stands in front of the words, so that mistakes can name it.
        var reader = ActionReader(
            words: ["redirect"] + words, name: 0, end: end + 1, step: .redirect,
            compiler: session.compiler, surroundings: surroundings(arguments))
        let action: Redirect
        do throws(ExpressionMistake) {
            action = try Redirect(&reader, usesFormats: false)
            if !reader.isAtEnd {
                throw reader.unexpected("an option of a redirect", among: Redirect.words)
            }
        } catch {
            throw ExpressionMistake(
                word: max(0, error.word - 1), offset: error.offset, length: error.length,
                error.text, suggestion: error.suggestion)
        }
        try append(.redirect, action, conditionAt: end, arguments, &diagnostics)
    }
}
