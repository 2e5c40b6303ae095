// Reads configuration files as a sequence of statements: cuts lines, evaluates conditional blocks,
// applies changes of the environment as they are met. Pure: files and environment are values.

/// A configuration file's name and content.
public struct ConfigurationFile: Hashable, Sendable {
    /// The name as given on the command line.
    public let name: String
    /// The content.
    public let bytes: [UInt8]

    /// A file from its name and content.
    public init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}

/// One line of configuration with its words.
public struct Statement: Hashable, Sendable {
    /// What stood before the keyword.
    public enum Prefix: Hashable, Sendable {
        /// Nothing.
        case none
        /// `no`.
        case no
        /// `default`.
        case byDefault
    }

    /// Where it stands.
    public let location: SourceLocation
    /// What stood before the keyword.
    public let prefix: Prefix
    /// The keyword and its arguments; never empty, the first word may be empty behind `no`.
    public let words: [String]
    /// Whether this is the first line of a section.
    public let opensSection: Bool

    /// A statement from its parts.
    public init(
        location: SourceLocation, prefix: Prefix = .none, words: [String],
        opensSection: Bool = false
    ) {
        self.location = location
        self.prefix = prefix
        self.words = words
        self.opensSection = opensSection
    }
}

/// Reads statements one after the other.
public struct ConfigurationReader: Sendable {
    /// How deep `.if` may nest.
    public static let conditionDepthLimit = 32

    /// The environment as the lines read so far have left it.
    public private(set) var environment: Environment
    private let files: [ConfigurationFile]
    private let sectionKeywords: Set<String>
    private let facts: ConfigurationFacts
    private let showsDiagnosis: Bool

    private var fileIndex = 0
    private var offset = 0
    private var lineNumber = 0
    private var section: (keyword: String, name: String) = ("", "")
    private var blocks: [ConditionalBlock] = []

    /// A reader over files in their order.
    ///
    /// `sectionKeywords` are the words that begin a section; `showsDiagnosis` lets `.diag` speak.
    public init(
        files: [ConfigurationFile], sectionKeywords: Set<String>, environment: Environment,
        facts: ConfigurationFacts, showsDiagnosis: Bool = false
    ) {
        self.files = files
        self.sectionKeywords = sectionKeywords
        self.environment = environment
        self.facts = facts
        self.showsDiagnosis = showsDiagnosis
    }

    /// The next statement, or nil behind the last one or when too many mistakes were found.
    public mutating func next(_ diagnostics: inout Diagnostics) -> Statement? {
        while fileIndex < files.count && !diagnostics.isFull {
            guard let line = nextLine(&diagnostics) else {
                endFile(&diagnostics)
                continue
            }
            let mistakesBefore = diagnostics.alertCount
            guard let words = cut(line, &diagnostics), let first = words.first else { continue }
            assert(diagnostics.alertCount == mistakesBefore)
            if first.bytes.first == 0x2E {
                direct(words, line, &diagnostics)
            } else if blocks.allSatisfy(\.isActive), !first.bytes.isEmpty {
                if let statement = statement(words, &diagnostics) { return statement }
            }
        }
        return nil
    }

    // MARK: Lines

    /// The next line without its line feed; nil at the end of the file.
    private mutating func nextLine(_ diagnostics: inout Diagnostics) -> [UInt8]? {
        let bytes = files[fileIndex].bytes
        guard offset < bytes.count else { return nil }
        lineNumber += 1
        guard let end = bytes[offset...].firstIndex(of: 0x0A) else {
            let length = bytes.count - offset
            offset = bytes.count
            alert(
                "Missing LF on last line, file might have been truncated at position \(length + 1).",
                &diagnostics)
            return nil
        }
        defer { offset = end + 1 }
        return Array(bytes[offset..<end])
    }

    private mutating func endFile(_ diagnostics: inout Diagnostics) {
        if !blocks.isEmpty { alert("non-terminated '.if' block.", &diagnostics) }
        blocks = []
        section = ("", "")
        fileIndex += 1
        offset = 0
        lineNumber = 0
    }

    private func cut(_ line: [UInt8], _ diagnostics: inout Diagnostics) -> [Word]? {
        if let stray = line.firstIndex(of: 0) {
            alert("Stray NUL character at position \(stray + 1).", &diagnostics)
            return nil
        }
        switch Lexer.words(of: line, lookUp: { value(of: $0) }) {
        case .success(let words):
            return words
        case .failure(let mistake):
            diagnostics.report(
                Diagnostic(
                    .alert, at: location, mistake.text, excerpt: excerpt(line, mistake.column),
                    isLexical: true))
            return nil
        }
    }

    private func value(of name: String) -> String? {
        switch name {
        case ".FILE": files[fileIndex].name
        case ".LINE": String(lineNumber)
        case ".SECTION": section.name.isEmpty ? section.keyword : section.name
        default: environment[name]
        }
    }

    // MARK: Statements

    private mutating func statement(
        _ words: [Word], _ diagnostics: inout Diagnostics
    ) -> Statement? {
        var texts = words.map(\.text)
        let prefix: Statement.Prefix =
            switch texts[0] {
            case "no": .no
            case "default": .byDefault
            default: .none
            }
        if prefix != .none {
            texts.removeFirst()
            if texts.isEmpty { texts = [""] }
        }
        let opensSection = prefix == .none && sectionKeywords.contains(texts[0])
        if opensSection {
            section = (texts[0], texts.count > 1 ? texts[1] : "")
        } else if section.keyword == "global", prefix == .none,
            let complaint = environment.apply(texts[0], Array(texts.dropFirst())),
            !complaint.isEmpty
        {
            alert(complaint, &diagnostics)
            return nil
        }
        return Statement(
            location: location, prefix: prefix, words: texts, opensSection: opensSection)
    }

    // MARK: Directives

    private mutating func direct(
        _ words: [Word], _ line: [UInt8], _ diagnostics: inout Diagnostics
    ) {
        let name = words[0].text
        switch name {
        case ".if", ".elif":
            condition(name, words, line, &diagnostics)
        case ".else", ".endif":
            if words.count > 1 {
                alert("Unexpected argument '\(words[1].text)' for '\(name)'.", &diagnostics)
            }
            name == ".else" ? turn(&diagnostics) : close(&diagnostics)
        default:
            if blocks.allSatisfy(\.isActive) { speak(name, words, &diagnostics) }
        }
    }

    private mutating func condition(
        _ name: String, _ words: [Word], _ line: [UInt8], _ diagnostics: inout Diagnostics
    ) {
        if name == ".if" {
            if blocks.count == ConfigurationReader.conditionDepthLimit {
                let limit = ConfigurationReader.conditionDepthLimit
                alert("too many nested '.if', max is \(limit).", &diagnostics)
            }
            let isReached = blocks.allSatisfy(\.isActive)
            blocks.append(ConditionalBlock(isReached: isReached))
        } else {
            guard let block = blocks.last else {
                return alert("lone '.elif' with no matching '.if'.", &diagnostics)
            }
            if block.hasElse {
                return alert("'.elif' after '.else' is not permitted.", &diagnostics)
            }
        }
        let last = blocks.count - 1
        guard blocks[last].needsCondition else {
            blocks[last].isActive = false
            return
        }
        blocks[last].enter(if: evaluate(name, words, line, &diagnostics))
    }

    private func evaluate(
        _ name: String, _ words: [Word], _ line: [UInt8], _ diagnostics: inout Diagnostics
    ) -> Bool? {
        let text = Array(words.dropFirst().map(\.bytes).joined(separator: [0x20]))
        switch Condition.evaluate(text, environment: environment, facts: facts) {
        case .holds: return true
        case .fails: return false
        case .notUnderstood(let mistake):
            let start = words.count > 1 ? words[1].column : words[0].column
            diagnostics.report(
                Diagnostic(
                    .alert, at: location,
                    "\(mistake.text) in '\(name)' at position \(mistake.offset + 1)",
                    excerpt: excerpt(line, start + mistake.offset), isLexical: true))
            return nil
        }
    }

    private mutating func turn(_ diagnostics: inout Diagnostics) {
        guard let block = blocks.last else {
            return alert("lone '.else' with no matching '.if'.", &diagnostics)
        }
        if block.hasElse { return alert("'.else' after '.else' is not permitted.", &diagnostics) }
        let last = blocks.count - 1
        blocks[last].hasElse = true
        blocks[last].isActive = false
        if blocks[last].needsCondition { blocks[last].enter(if: true) }
    }

    private mutating func close(_ diagnostics: inout Diagnostics) {
        if blocks.popLast() == nil {
            alert("lone '.endif' with no matching '.if'.", &diagnostics)
        }
    }

    /// `.diag`, `.notice`, `.warning` and `.alert`.
    private func speak(_ name: String, _ words: [Word], _ diagnostics: inout Diagnostics) {
        let levels: [String: Diagnostic.Level] = [
            ".diag": .diag, ".notice": .notice, ".warning": .warning, ".alert": .alert,
        ]
        guard let level = levels[name] else {
            let known = [".if", ".elif", ".else", ".endif"] + levels.keys.sorted()
            diagnostics.report(
                Diagnostic(
                    .alert, at: location, "unknown directive '\(name)'", isLexical: true,
                    suggestion: Spelling.nearest(to: name, among: known)))
            return
        }
        if words.count > 2 {
            return alert(
                "Unexpected argument '\(words[2].text)' for '\(name)'. "
                    + "Use quotes if the message should contain spaces.", &diagnostics)
        }
        if level == .diag && !showsDiagnosis { return }
        let message = words.count > 1 ? words[1].text : ""
        diagnostics.report(Diagnostic(level, at: location, "'\(message)'.", isLexical: true))
    }

    // MARK: Messages

    private var location: SourceLocation {
        SourceLocation(file: files[fileIndex].name, line: lineNumber)
    }

    private func alert(_ text: String, _ diagnostics: inout Diagnostics) {
        diagnostics.report(Diagnostic(.alert, at: location, text, isLexical: true))
    }

    private func excerpt(_ line: [UInt8], _ column: Int) -> Diagnostic.Excerpt {
        Diagnostic.Excerpt(text: String(decoding: line, as: UTF8.self), column: column)
    }
}

/// One level of `.if` … `.endif`.
///
///     needsCondition ── holds ──► active ── .elif/.else ──► done
///           └── fails: stays, waiting for the next .elif or .else
private struct ConditionalBlock: Sendable {
    /// Whether lines now are read.
    var isActive = false
    /// Whether no branch was taken yet, so the next condition decides.
    var needsCondition: Bool
    /// Whether `.else` was met.
    var hasElse = false

    /// A block whose `.if` is reached, or one inside a branch that is left out.
    init(isReached: Bool) { needsCondition = isReached }

    /// Takes the branch if the condition holds; nil, a mistake, leaves out every branch.
    mutating func enter(if holds: Bool?) {
        isActive = holds ?? false
        if holds != false { needsCondition = false }
    }
}
