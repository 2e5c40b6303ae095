// What a keyword's function receives: where the keyword stands, its words, and the values its
// shapes made of them.

/// A keyword in its place with its arguments, read by the shapes of its row.
public struct KeywordArguments: Sendable {
    /// The keyword as the row names it.
    public let keyword: String
    /// Where it stands.
    public let location: SourceLocation
    /// The section for messages, such as `backend 'api'`.
    public let section: String
    /// What stood before the keyword.
    public let prefix: Statement.Prefix
    /// The words behind the keyword, up to the first empty one.
    public let words: [String]
    /// One value for each shape; nil where an optional argument is absent.
    public let values: [ArgumentValue?]

    /// Arguments from their parts.
    public init(
        keyword: String, location: SourceLocation, section: String, prefix: Statement.Prefix,
        words: [String], values: [ArgumentValue?]
    ) {
        self.keyword = keyword
        self.location = location
        self.section = section
        self.prefix = prefix
        self.words = words
        self.values = values
    }

    /// Whether the keyword stands without `no`.
    public var isOn: Bool { prefix != .no }

    /// Whether the argument at `index` was written.
    public func has(_ index: Int) -> Bool { index < values.count && values[index] != nil }

    /// The word at `index`; traps when the row's shape there is no word or it is absent.
    public func word(_ index: Int) -> String {
        guard case .word(let text)? = values[index] else {
            preconditionFailure("row '\(keyword)' has no word at \(index)")
        }
        return text
    }

    /// The word at `index`, or nil when it is absent.
    public func optionalWord(_ index: Int) -> String? { has(index) ? word(index) : nil }

    /// The number, time or size at `index`; traps when the row's shape there is none of them.
    public func number(_ index: Int) -> Int {
        guard case .number(let value)? = values[index] else {
            preconditionFailure("row '\(keyword)' has no number at \(index)")
        }
        return value
    }

    /// The number at `index`, or nil when it is absent.
    public func optionalNumber(_ index: Int) -> Int? { has(index) ? number(index) : nil }

    /// Whether the argument at `index` is `on`; traps when the row's shape there is no switch.
    public func isOn(_ index: Int) -> Bool {
        guard case .isOn(let value)? = values[index] else {
            preconditionFailure("row '\(keyword)' has no switch at \(index)")
        }
        return value
    }

    /// A mistake about what the keyword expects.
    public func expects(
        _ expected: String, found: String?, suggestion: String? = nil
    ) -> Diagnostic {
        Diagnostic(
            at: location, keyword: keyword, section: section, expected: expected, found: found,
            suggestion: suggestion)
    }

    /// A mistake in other words; the keyword and section are put in front.
    public func mistake(_ text: String) -> Diagnostic {
        Diagnostic(.alert, at: location, "'\(keyword)' in \(section) : \(text)")
    }

    /// A warning in its own words.
    public func warning(_ text: String) -> Diagnostic { Diagnostic(.warning, at: location, text) }

    /// Something worth knowing about the statement, which no option makes a mistake of.
    public func note(_ text: String) -> Diagnostic { Diagnostic(.notice, at: location, text) }
}
