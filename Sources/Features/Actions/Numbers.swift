// Numbers in rules, written as they are or made by an expression.

import ConfigLanguage
import Proxy
import Samples

/// A number that is known at load, or found when a rule runs.
struct RuleNumber: Sendable {
    private let constant: Int64
    private let expression: Expression?

    /// A number that is known.
    init(_ constant: Int) {
        self.constant = Int64(constant)
        expression = nil
    }

    /// What an expression gives.
    init(_ expression: Expression) {
        constant = 0
        self.expression = expression
    }

    /// The number; nil where the expression gives none.
    func value(_ subject: Subject) -> Int64? {
        guard let expression else { return constant }
        return subject.withScratch { subject.integer(expression, &$0) }
    }
}

extension ActionReader {
    /// The expression that begins with the next word; it has to give a number.
    mutating func numberExpression() throws(ExpressionMistake) -> Expression {
        let start = position
        let expression = try expression()
        guard expression.type.canBecome(.integer) else {
            throw ExpressionMistake(
                word: start, offset: 0, length: words[start].utf8.count,
                "'\(name)' expects an expression that gives a number, and "
                    + "'\(expression.text)' gives \(expression.type.name)")
        }
        return expression
    }

    /// The next word as a time in milliseconds, or the expression that begins with it.
    mutating func timeOrExpression(
        _ expected: String, from least: Int
    ) throws(ExpressionMistake) -> RuleNumber {
        guard let word = peek, let first = word.utf8.first, first >= 0x30, first <= 0x39 else {
            return RuleNumber(try numberExpression())
        }
        let time = try time(expected)
        guard time >= least else { throw wrong("expects \(expected) of at least \(least)ms") }
        return RuleNumber(time)
    }

    /// The next word as a number, decimal or hexadecimal with `0x`, or the expression that begins
    /// with it.
    mutating func numberOrExpression(
        _ expected: String, upTo most: Int
    ) throws(ExpressionMistake) -> RuleNumber {
        guard let word = peek, let first = word.utf8.first, first >= 0x30, first <= 0x39 else {
            return RuleNumber(try numberExpression())
        }
        _ = skip(word)
        let isHexadecimal = word.hasPrefix("0x") || word.hasPrefix("0X")
        let number = isHexadecimal ? Int(word.dropFirst(2), radix: 16) : Int(word)
        guard let number, number <= most else {
            throw wrong("expects \(expected), from 0 to \(most)")
        }
        return RuleNumber(number)
    }
}
