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
            ) { reader throws(ExpressionMistake) in try SetVariable(&reader) }
        ])
}

/// `set-var(name[,condition...])`.
///
/// Safety: constants.
private final class SetVariable: Action, @unchecked Sendable {
    private let variable: VariableReference
    private let condition: VariableCondition
    private let expression: Expression

    init(_ reader: inout ActionReader) throws(ExpressionMistake) {
        (variable, condition) = try reader.variableParameter()
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
