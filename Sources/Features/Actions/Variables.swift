// Actions on variables (configuration manual: set-var, set-var-fmt, unset-var).

import Proxy
import Samples

extension ActionFamily {
    /// Variables.
    static let variables = ActionFamily(
        "variables",
        [
            ActionRow(
                "set-var()", in: RuleSteps.http.union(.tcp), "<expr>",
                "Sets a variable to the value of an expression."
            ) { reader throws(ExpressionMistake) in try SetVariable(&reader) },
            ActionRow(
                "set-var-fmt()", in: RuleSteps.http.union(.tcp), "<fmt>",
                "Sets a variable to a text made of a format."
            ) { reader throws(ExpressionMistake) in try FormatVariable(&reader) },
            ActionRow(
                "unset-var()", in: RuleSteps.http.union(.tcp), "",
                "Forgets the value of a variable."
            ) { reader throws(ExpressionMistake) in try UnsetVariable(&reader) },
        ])
}

extension ActionReader {
    /// The variable and the conditions in the name's parentheses. A variable whose scope these
    /// rules do not have is never set; a warning says so.
    fileprivate mutating func reachableVariable() throws(ExpressionMistake) -> (
        VariableReference, VariableCondition
    ) {
        let (variable, condition) = try variableParameter()
        let scope = VariableScope(rawValue: variable.scope) ?? .check
        let isEarly = step == .connection || step == .session
        let isReachable =
            switch scope {
            case .process, .session: true
            case .transaction, .request, .response: !isEarly
            case .check: false
            }
        if !isReachable {
            note(
                "'\(name)' will never do anything: variables of scope '\(scope.word)' are not "
                    + "there in '\(step.keyword)' rules")
        }
        return (variable, condition)
    }
}

/// `set-var(name[,condition...])`.
///
/// Safety: constants.
private final class SetVariable: Action, @unchecked Sendable {
    private let variable: VariableReference
    private let condition: VariableCondition
    private let expression: Expression

    init(_ reader: inout ActionReader) throws(ExpressionMistake) {
        (variable, condition) = try reader.reachableVariable()
        expression = try reader.expression()
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        subject.withScratch { scratch in
            if let sample = subject.evaluate(expression, &scratch) {
                _ = subject.set(variable, to: sample, in: scratch, if: condition)
            }
        }
        return .goOn
    }
}

/// `set-var-fmt(name[,condition...])`.
///
/// Safety: constants.
private final class FormatVariable: Action, @unchecked Sendable {
    private let variable: VariableReference
    private let condition: VariableCondition
    private let format: LogFormat

    init(_ reader: inout ActionReader) throws(ExpressionMistake) {
        (variable, condition) = try reader.reachableVariable()
        format = try reader.format("a format", style: .plain)
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        guard subject.render(format) else { return .goOn }
        subject.withScratch { scratch in
            if let sample = scratch.copy(subject.renderedText) {
                _ = subject.set(variable, to: sample, in: scratch, if: condition)
            }
        }
        return .goOn
    }
}

/// `unset-var(name)`.
///
/// Safety: constants.
private final class UnsetVariable: Action, @unchecked Sendable {
    private let variable: VariableReference

    init(_ reader: inout ActionReader) throws(ExpressionMistake) {
        let (variable, condition) = try reader.reachableVariable()
        guard condition.isEmpty else {
            throw ExpressionMistake(
                word: reader.nameIndex, offset: reader.parameterOffset,
                length: reader.parameter?.utf8.count ?? 1,
                "'unset-var' takes a variable's name alone, without conditions")
        }
        self.variable = variable
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        subject.unset(variable)
        return .goOn
    }
}
