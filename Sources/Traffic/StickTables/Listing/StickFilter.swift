// The conditions `data.<type> <operator> <value>` of admin commands.
// Source: management manual, show table.

import ConfigLanguage

/// Conditions on the data of entries, all of which must hold.
public struct StickFilter: Sendable {
    /// How a value is compared.
    public enum Comparison: String, Sendable, CaseIterable {
        case eq, ne, le, ge, lt, gt

        /// Whether `left` compares so with `right`.
        public func holds(_ left: Int64, _ right: Int64) -> Bool {
            switch self {
            case .eq: left == right
            case .ne: left != right
            case .le: left <= right
            case .ge: left >= right
            case .lt: left < right
            case .gt: left > right
            }
        }
    }

    private struct Condition: Sendable {
        let type: StickDataType
        let index: Int
        let comparison: Comparison
        let value: Int64
    }

    /// The most conditions of a command.
    public static let mostConditions = 4

    private var conditions: [Condition] = []

    /// No condition: every entry passes.
    public init() {}

    /// Adds a condition; it never holds where the table does not store the element under that name,
    /// and never for server keys, which are no numbers.
    public mutating func add(
        _ type: StickDataType, index: Int = 0, _ comparison: Comparison, _ value: Int64
    ) {
        conditions.append(
            Condition(type: type, index: index, comparison: comparison, value: value))
    }

    /// How many conditions there are.
    public var count: Int { conditions.count }

    /// Whether all conditions hold for an entry.
    func holds(
        _ shard: inout StickShard, _ place: UInt32, _ layout: borrowing StickRecordLayout
    ) -> Bool {
        for condition in conditions {
            guard condition.type.kind != .name,
                let element = layout.place(of: condition.type, condition.index),
                condition.comparison.holds(shard.read(element, place), condition.value)
            else { return false }
        }
        return true
    }
}
