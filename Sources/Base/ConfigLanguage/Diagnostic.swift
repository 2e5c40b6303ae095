// What is said about a configuration: one message with its place, rendered the way HAProxy renders
// it, so that people and programs that read HAProxy's start-up log read ours.

/// A line of a configuration file.
public struct SourceLocation: Hashable, Sendable {
    /// The file as named on the command line.
    public let file: String
    /// The line, counted from 1.
    public let line: Int

    /// A line of a file.
    public init(file: String, line: Int) {
        self.file = file
        self.line = line
    }
}

/// One message about the configuration.
public struct Diagnostic: Error, Hashable, Sendable {
    /// How bad it is.
    public enum Level: Int, Hashable, Sendable, Comparable {
        /// Said only when diagnostics were asked for (`-dD`).
        case diag
        /// Worth knowing.
        case notice
        /// Probably not what the user means; refused under `-dW` and `zero-warning`.
        case warning
        /// The configuration cannot be used, unless the message says it goes on.
        case alert

        /// Less urgent before more urgent.
        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    /// The line the message is about with a mark under one column.
    public struct Excerpt: Hashable, Sendable {
        /// The line's text.
        public let text: String
        /// The marked column, counted from 1.
        public let column: Int
        /// How many columns are marked.
        public let length: Int

        /// A line and what is marked in it.
        public init(text: String, column: Int, length: Int = 1) {
            self.text = text
            self.column = column
            self.length = length
        }
    }

    /// How bad it is.
    public let level: Level
    /// The line it is about, if it is about one.
    public let location: SourceLocation?
    /// The section's kind and name as text, such as `backend 'api'`.
    public let section: String?
    /// The keyword it is about.
    public let keyword: String?
    /// What stood in the file.
    public let found: String?
    /// What could have stood there.
    public let expected: String?
    /// The nearest known spelling of what was found.
    public let suggestion: String?
    /// The message without place and level.
    public let text: String
    /// The marked line, for mistakes inside words.
    public let excerpt: Excerpt?
    /// Whether this comes from cutting lines, where no blank stands before the colon.
    public let isLexical: Bool
    /// Whether the configuration cannot be used because of it; some alerts only complain.
    public let isRefusal: Bool

    /// A message in one piece.
    public init(
        _ level: Level, at location: SourceLocation? = nil, _ text: String,
        excerpt: Excerpt? = nil, isLexical: Bool = false, isRefusal: Bool? = nil,
        suggestion: String? = nil
    ) {
        self.level = level
        self.location = location
        self.section = nil
        self.keyword = nil
        self.found = nil
        self.expected = nil
        self.suggestion = suggestion
        self.text = suggestion.map { "\(text); did you mean '\($0)'?" } ?? text
        self.excerpt = excerpt
        self.isLexical = isLexical
        self.isRefusal = isRefusal ?? (level == .alert)
    }

    /// A keyword that got something other than it expects.
    ///
    /// Reads: `'balance' in backend 'api' expects an algorithm, found 'leastcon'; did you mean …?`
    public init(
        _ level: Level = .alert, at location: SourceLocation?, keyword: String, section: String?,
        expected: String, found: String?, suggestion: String? = nil
    ) {
        self.level = level
        self.location = location
        self.section = section
        self.keyword = keyword
        self.found = found
        self.expected = expected
        self.suggestion = suggestion
        let place = section.map { " in \($0)" } ?? ""
        let finding = found.map { ", found '\($0)'" } ?? ""
        let advice = suggestion.map { "; did you mean '\($0)'?" } ?? ""
        self.text = "'\(keyword)'\(place) expects \(expected)\(finding)\(advice)"
        self.excerpt = nil
        self.isLexical = false
        self.isRefusal = level == .alert
    }
}

extension Diagnostic {
    /// The message as the start-up log shows it, without a final line feed.
    ///
    ///     [ALERT]    (412) : config : parsing [edge.cfg:37] : TEXT
    ///     [ALERT]    (412) : config : parsing [edge.cfg:37]: LEXICAL TEXT:
    ///       the line
    ///           ^
    public func rendered(processID: Int32) -> String {
        var line = "\(level.label)(\(processID)) : config : "
        if let location {
            line += "parsing [\(location.file):\(location.line)]\(isLexical ? ":" : " :") "
        }
        line += text
        guard let excerpt else { return line }
        let margin = String(repeating: " ", count: max(0, excerpt.column - 1))
        let rest = String(repeating: "~", count: max(0, excerpt.length - 1))
        return "\(line):\n  \(excerpt.text)\n  \(margin)^\(rest)"
    }
}

extension Diagnostic.Level {
    /// The level in brackets, padded to the width HAProxy uses.
    public var label: String {
        switch self {
        case .diag: "[DIAG]     "
        case .notice: "[NOTICE]   "
        case .warning: "[WARNING]  "
        case .alert: "[ALERT]    "
        }
    }
}
