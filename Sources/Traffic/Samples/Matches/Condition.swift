// A compiled condition: groups of terms, true when all terms of any group are. Evaluating it
// allocates nothing and stops as soon as the result is certain.

import Structures

/// What follows `if` or `unless`.
public final class Condition: Sendable {
    /// An access list, perhaps negated.
    public struct Term: BitwiseCopyable, Sendable, Hashable {
        /// Which list of the ``AccessTable``.
        public let list: UInt32
        /// Whether `!` stands before it.
        public let isNegated: Bool
        /// Whether an `or` follows, or nothing.
        public internal(set) var endsGroup = false

        init(list: UInt32, isNegated: Bool) {
            self.list = list
            self.isNegated = isNegated
        }
    }

    @usableFromInline let terms: FixedArray<Term>
    /// Whether it was written with `unless`.
    public let isUnless: Bool

    init(_ terms: [Term], isUnless: Bool) {
        var list = FlatList<Term>()
        for term in terms { list.append(term) }
        self.terms = FixedArray(copying: list.span)
        self.isUnless = isUnless
    }

    /// The terms in their order, for those who explain.
    public var allTerms: [Term] { (0..<terms.count).map { terms[$0] } }

    /// Whether the rule applies; `test` says what one test gives, by its number.
    ///
    /// A group with an unknown term is unknown unless another of its terms fails.
    @inlinable
    public func evaluate(
        in table: AccessTable, _ test: (_ number: Int) -> TestResult
    ) -> TestResult {
        var result = TestResult.fail
        var group = TestResult.pass
        var index = 0
        while index < terms.count {
            let term = terms[index]
            if group != .fail {
                let list = Self.evaluate(term, in: table, test)
                group = TestResult.least(group, list)
            }
            if term.endsGroup {
                if group == .pass { return isUnless ? .fail : .pass }
                if group == .unknown { result = .unknown }
                group = .pass
            }
            index += 1
        }
        return isUnless ? result.negated : result
    }

    @inlinable
    static func evaluate(
        _ term: Term, in table: AccessTable, _ test: (_ number: Int) -> TestResult
    ) -> TestResult {
        var result = TestResult.fail
        var place = Int(table.starts[Int(term.list)])
        let end = Int(table.starts[Int(term.list) + 1])
        while place < end {
            let one = test(Int(table.members[place]))
            if one == .pass {
                result = .pass
                break
            }
            if one == .unknown { result = .unknown }
            place += 1
        }
        return term.isNegated ? result.negated : result
    }
}

extension TestResult {
    /// The weaker of two results that must both hold.
    @inlinable
    static func least(_ left: TestResult, _ right: TestResult) -> TestResult {
        left.rawValue < right.rawValue ? left : right
    }
}
