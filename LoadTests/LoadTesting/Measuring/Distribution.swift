// How requests were spread over origins, by the name that each answer carried.

/// Counts by name.
public struct Distribution: Sendable, Equatable {
    /// One line of the report.
    public struct Share: Sendable, Equatable {
        /// The origin's name, or `(unnamed)` where an answer carried none.
        public let name: String
        /// Answers that carried it.
        public let count: Int
        /// Part of all answers, 0 to 1.
        public let fraction: Double
    }

    private var counts: [String: Int] = [:]

    /// A distribution that counted nothing yet.
    public init() {}

    /// The name under which answers without one are counted.
    public static let unnamed = "(unnamed)"

    /// Counts one answer.
    public mutating func record(_ name: String?) {
        counts[name ?? Self.unnamed, default: 0] += 1
    }

    /// Adds what another distribution counted.
    public mutating func merge(_ distribution: Distribution) {
        counts.merge(distribution.counts, uniquingKeysWith: +)
    }

    /// All answers counted.
    public var total: Int { counts.values.reduce(0, +) }

    /// Every name with its count, in the order of names.
    public var shares: [Share] {
        let whole = Double(max(total, 1))
        return counts.sorted { $0.key < $1.key }.map {
            Share(name: $0.key, count: $0.value, fraction: Double($0.value) / whole)
        }
    }

    /// The answers that carried this name.
    public func count(of name: String) -> Int { counts[name] ?? 0 }
}
