// Expressions and formats that a command names while the process runs: compiled, worked out once,
// and forgotten. Control path.

import ConfigLanguage
import Kernel
import Proxy
import Samples

/// Works out values of variables of the process.
public struct VariableWorkshop: Sendable {
    private let names: VariableNames
    private let environment: Environment
    private let surroundings: Surroundings

    /// A workshop for the variables of a process.
    public init(
        names: VariableNames, environment: Environment, surroundings: Surroundings = .system
    ) {
        self.names = names
        self.environment = environment
        self.surroundings = surroundings
    }

    /// What a variable becomes.
    ///
    /// - Parameters:
    ///   - name: the variable; only those of the process can be set.
    ///   - words: an expression's words, or one word with a format.
    /// - Throws: why there is no such value.
    public func value(
        of name: String, from words: [String], isFormat: Bool
    ) throws(ExpressionMistake) -> StartVariable {
        let session = LoadSession(
            surroundings: surroundings, environment: environment, variables: names)
        let compiler = session.compiler
        let value: StartAssignment.Value
        if isFormat {
            if words.count > 1 { throw unexpected(words, 1) }
            value = .format(try compiler.format(words[0], word: 0, in: .process, isHTTP: true))
        } else {
            var reader = ExpressionReader(words: words, from: 0)
            value = .expression(try compiler.expression(&reader, in: .process))
            if reader.nextWord < words.count { throw unexpected(words, reader.nextWord) }
        }
        var configuration = Configuration()
        session.handOver(to: &configuration)
        if let mistake = compiler.references.resolve(in: configuration).first {
            throw ExpressionMistake(
                word: 0, offset: 0, length: 0, mistake.text, suggestion: mistake.suggestion)
        }
        return try evaluate(try variable(name), value, configuration)
    }

    private func variable(_ name: String) throws(ExpressionMistake) -> VariableReference {
        do throws(VariableNameMistake) { return try names.reference(to: name) } catch {
            throw ExpressionMistake(
                word: 0, offset: error.range.lowerBound, length: error.range.count, error.text,
                suggestion: error.suggestion)
        }
    }

    private func evaluate(
        _ variable: VariableReference, _ value: StartAssignment.Value,
        _ configuration: Configuration
    ) throws(ExpressionMistake) -> StartVariable {
        do throws(Errno) {
            let found = try StartVariables.evaluate(
                [StartAssignment(variable, value)], under: configuration)
            if let first = found.first { return first }
        } catch {
            throw ExpressionMistake(word: 0, offset: 0, length: 0, error.text)
        }
        throw ExpressionMistake(word: 0, offset: 0, length: 0, "the expression has no value")
    }

    private func unexpected(_ words: [String], _ index: Int) -> ExpressionMistake {
        ExpressionMistake(
            word: index, offset: 0, length: words[index].utf8.count,
            "'\(words[index])' is not expected behind the expression")
    }
}
