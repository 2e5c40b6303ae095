// One row of the differential tables.

import Testing

/// An expression and what is known of its value.
struct Case: CustomTestStringConvertible, Sendable {
    let expression: String
    /// The version of haproxy from which on values are equal; nil where ours is meant to differ.
    let since: Int?
    /// The value as text where the reference may be too old: nil inside means no value.
    let expected: String??
    /// Why ours differs.
    let reason: String?

    var testDescription: String { expression }

    /// Every haproxy since 2.6 gives our value.
    static func same(_ expression: String) -> Case {
        Case(expression: expression, since: 206, expected: nil, reason: nil)
    }

    /// Newer ones give our value; it is written here, too.
    static func new(_ expression: String, _ expected: String?, since: Int = 302) -> Case {
        Case(expression: expression, since: since, expected: .some(expected), reason: nil)
    }

    /// Ours differs on purpose or compares with nothing.
    static func ours(_ expression: String, _ expected: String?, _ reason: String) -> Case {
        Case(expression: expression, since: nil, expected: .some(expected), reason: reason)
    }
}
