// Variables of the process that the global section sets.
// configuration manual: set-var, set-var-fmt.

import ConfigLanguage
import Proxy
import Samples

extension GlobalKeywords {
    static let variables: [Row] = [
        Row(
            "set-var", .global, takes: [.word("<variable>"), .rest("<expr>")],
            "Sets a variable of the process when it starts."
        ) { draft, arguments, diagnostics in
            draft.assign(arguments, &diagnostics) { compiler throws(ExpressionMistake) in
                var reader = ExpressionReader(words: arguments.words, from: 1)
                guard arguments.words.count > 1 else {
                    throw ExpressionMistake(
                        word: 1, offset: 0, length: 0, "'set-var' expects a sample expression")
                }
                let expression = try compiler.expression(&reader, in: .start)
                if reader.nextWord < arguments.words.count {
                    let word = arguments.words[reader.nextWord]
                    throw ExpressionMistake(
                        word: reader.nextWord, offset: 0, length: word.utf8.count,
                        "'set-var' does not expect '\(word)' behind its expression")
                }
                return .expression(expression)
            }
        },
        Row(
            "set-var-fmt", .global, takes: [.word("<variable>"), .word("<format>")],
            "Sets a variable of the process to a text made of a format when it starts."
        ) { draft, arguments, diagnostics in
            draft.assign(arguments, &diagnostics) { compiler throws(ExpressionMistake) in
                .format(
                    try compiler.format(
                        arguments.word(1), word: 1, in: .start, isHTTP: true))
            }
        },
    ]
}

extension GlobalDraft {
    /// Adds an assignment to the variable that the first word names.
    fileprivate mutating func assign(
        _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics,
        _ value: (ExpressionCompiler) throws(ExpressionMistake) -> StartAssignment.Value
    ) {
        session.compiler.references.place = SourcePlace(arguments.location)
        let references = session.compiler.references
        references.proxyName = nil
        let known = references.all.count
        do throws(ExpressionMistake) {
            let variable = try variable(arguments.word(0))
            let value = try value(session.compiler)
            // They are found when everything has been read; values are worked out without them.
            if references.all.count > known {
                let name = references.all[known].name
                throw ExpressionMistake(
                    word: 1, offset: 0, length: arguments.words[1].utf8.count,
                    "a value that is set at the start cannot name '\(name)': there are no "
                        + "proxies, servers and stick tables yet")
            }
            assignments.append(StartAssignment(variable, value))
        } catch {
            diagnostics.report(Diagnostic(.alert, error, in: arguments))
        }
    }

    private func variable(_ name: String) throws(ExpressionMistake) -> VariableReference {
        do throws(VariableNameMistake) {
            let variable = try session.variables.reference(to: name)
            if variable.scope == VariableScope.process.rawValue { return variable }
        } catch {
            throw ExpressionMistake(
                word: 0, offset: error.range.lowerBound, length: error.range.count, error.text,
                suggestion: error.suggestion)
        }
        throw ExpressionMistake(
            word: 0, offset: 0, length: name.utf8.count,
            "only variables of the process are there at the start: 'proc.' and a name")
    }
}
