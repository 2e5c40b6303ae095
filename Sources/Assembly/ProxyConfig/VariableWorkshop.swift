// Expressions and formats that a command names while the process runs: compiled, carried out once,
// and forgotten. Control path.

import ConfigLanguage
import Kernel
import Proxy
import Samples

/// Sets variables of the process.
public struct VariableWorkshop: Sendable {
    private let engine: Engine
    private let environment: Environment
    private let surroundings: Surroundings

    private var names: VariableNames { engine.live.variableNames }

    /// A workshop for the variables of a process.
    public init(
        engine: Engine, environment: Environment, surroundings: Surroundings = .system
    ) {
        self.engine = engine
        self.environment = environment
        self.surroundings = surroundings
    }

    /// Sets a variable; false where the limits of variables do not allow it. What has no value
    /// changes nothing.
    ///
    /// - Parameters:
    ///   - name: the variable; only those of the process can be set.
    ///   - words: an expression's words, or one word with a format.
    /// - Throws: why there is no such expression.
    public func set(
        _ name: String, to words: [String], isFormat: Bool
    ) throws(ExpressionMistake) -> Bool {
        let generation = engine.generation
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
        session.patterns.finishLoading()
        let references = compiler.references
        if references.all.contains(where: { $0.name.isEmpty }) {
            throw ExpressionMistake(
                word: 0, offset: 0, length: 0,
                "a proxy must be named, since the command line is in none")
        }
        if let mistake = references.resolve(in: generation.configuration).first {
            throw ExpressionMistake(
                word: 0, offset: 0, length: 0, mistake.text, suggestion: mistake.suggestion)
        }
        return try carryOut(StartAssignment(try variable(name), value), in: generation)
    }

    private func variable(_ name: String) throws(ExpressionMistake) -> VariableReference {
        do throws(VariableNameMistake) { return try names.reference(to: name) } catch {
            throw ExpressionMistake(
                word: 0, offset: error.range.lowerBound, length: error.range.count, error.text,
                suggestion: error.suggestion)
        }
    }

    private func carryOut(
        _ assignment: StartAssignment, in generation: Generation
    ) throws(ExpressionMistake) -> Bool {
        do throws(Errno) {
            let result = try StartVariables.carryOut(assignment, in: generation, of: engine)
            return result != .refused
        } catch {
            throw ExpressionMistake(word: 0, offset: 0, length: 0, error.text)
        }
    }

    private func unexpected(_ words: [String], _ index: Int) -> ExpressionMistake {
        ExpressionMistake(
            word: index, offset: 0, length: words[index].utf8.count,
            "'\(words[index])' is not expected behind the expression")
    }
}
