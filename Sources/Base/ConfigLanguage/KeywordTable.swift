// Looks keywords up and applies them: statements of a section, one keyword each, and options of a
// line, one after the other. All messages about unknown and misplaced words are made here.

/// Rows by name.
public struct KeywordTable<Builder>: Sendable {
    /// The rows in the order they were listed.
    public let rows: [Keyword<Builder>]
    private let indexOfName: [String: Int]
    /// The first words of names of several words, with the words that may follow.
    private let families: [String: [String]]
    private let longestName: Int

    /// A table of rows; traps when two have the same name.
    public init(_ rows: [Keyword<Builder>]) {
        self.rows = rows
        var indexOfName: [String: Int] = [:]
        var families: [String: [String]] = [:]
        var longest = 1
        for (index, row) in rows.enumerated() {
            precondition(
                indexOfName.updateValue(index, forKey: row.name) == nil, "\(row.name) twice")
            let words = row.name.split(separator: " ").map(String.init)
            longest = max(longest, words.count)
            if words.count > 1 {
                families[words[0], default: []].append(words.dropFirst().joined(separator: " "))
            }
        }
        self.indexOfName = indexOfName
        self.families = families
        self.longestName = longest
    }

    /// The row with exactly this name.
    public func row(named name: String) -> Keyword<Builder>? { indexOfName[name].map { rows[$0] } }

    /// The row whose name is the longest run of first words, and how many words that is.
    private func find(_ words: some Collection<String>) -> (row: Keyword<Builder>, length: Int)? {
        for length in stride(from: min(longestName, words.count), to: 0, by: -1) {
            let name = words.prefix(length).joined(separator: " ")
            if let index = indexOfName[name] ?? indexOfName[withoutParameter(name)] {
                return (rows[index], length)
            }
        }
        return nil
    }

    /// `set-var(txn.x)` as its row is named: `set-var()`.
    private func withoutParameter(_ name: String) -> String {
        name.firstIndex(of: "(").map { name[..<$0] + "()" } ?? name
    }
}

// MARK: Statements

extension KeywordTable {
    /// Where a statement stands.
    public struct Place: Sendable {
        /// The kind of section.
        public let kind: SectionSet
        /// The section for messages, such as `backend 'api'`.
        public let title: String

        /// A place from its parts.
        public init(kind: SectionSet, title: String) {
            self.kind = kind
            self.title = title
        }
    }

    /// Applies a statement's keyword to `builder`, or reports why it cannot be.
    public func apply(
        _ statement: Statement, in place: Place, to builder: inout Builder,
        _ diagnostics: inout Diagnostics
    ) {
        guard let (row, length) = find(statement.words) else {
            return diagnostics.report(unknown(statement, place))
        }
        let isInPlace = row.sections.contains(place.kind)
        if !isInPlace {
            diagnostics.report(misplaced(row, statement, place))
            if !isIgnored(row, place) { return }
        }
        guard allows(row, statement.prefix) else {
            return diagnostics.report(
                Diagnostic(
                    .alert, at: statement.location,
                    "negation/default is not supported for '\(row.name)' in \(place.title)"))
        }
        if let refusal = refusal(row, statement, place.title) { return diagnostics.report(refusal) }
        if row.status == .notYet { return }
        var reading = ArgumentReading(
            keyword: row.name, location: statement.location, section: place.title,
            prefix: statement.prefix, words: statement.words[length...])
        reading.dropEmptyTail(&diagnostics)
        guard let arguments = reading.readAll(row.arguments, &diagnostics) else { return }
        if isInPlace { row.apply(&builder, arguments, &diagnostics) }
    }

    private func allows(_ row: Keyword<Builder>, _ prefix: Statement.Prefix) -> Bool {
        switch prefix {
        case .none: true
        case .no: row.prefixes.contains(.no)
        case .byDefault: row.prefixes.contains(.byDefault)
        }
    }

    /// Why a known keyword cannot be used. `no` before one that does not work yet changes nothing.
    private func refusal(
        _ row: Keyword<Builder>, _ statement: Statement, _ section: String
    ) -> Diagnostic? {
        switch row.status {
        case .supported, .acceptedWithoutEffect: nil
        case .notYet where statement.prefix != .none: nil
        case .notYet:
            Diagnostic(
                .alert, at: statement.location, "'\(row.name)' in \(section) is not supported yet")
        case .refused(let advice):
            Diagnostic(
                .alert, at: statement.location,
                "'\(row.name)' in \(section) is not supported; \(advice)")
        }
    }

    private func unknown(_ statement: Statement, _ place: Place) -> Diagnostic {
        let first = statement.words[0]
        guard let followers = families[first] else {
            let known = rows.filter { $0.sections.contains(place.kind) }.map(\.name)
            return Diagnostic(
                .alert, at: statement.location,
                "unknown keyword '\(first)' in '\(place.kind.names.first ?? "")' section",
                suggestion: Spelling.nearest(to: first, among: firstWords(known)))
        }
        let found = statement.words.count > 1 ? statement.words[1] : ""
        let fitting = followers.filter {
            row(named: "\(first) \($0)")?.sections.contains(place.kind) ?? false
        }
        let near = Spelling.nearest(to: found, among: fitting)
        if fitting.count > KeywordTable.longestChoice && !found.isEmpty {
            return Diagnostic(
                .alert, at: statement.location,
                "unknown keyword '\(first) \(found)' in '\(place.kind.names.first ?? "")' section",
                suggestion: near.map { "\(first) \($0)" })
        }
        return Diagnostic(
            at: statement.location, keyword: first, section: place.title,
            expected: fitting.count > KeywordTable.longestChoice
                ? "a name behind it" : list(fitting),
            found: found.isEmpty ? nil : found, suggestion: near)
    }

    /// Names that are listed in full in a message; more than these would hide what matters.
    private static var longestChoice: Int { 12 }

    /// Whether the keyword is passed over in a frontend or backend where it has no meaning.
    private func isIgnored(_ row: Keyword<Builder>, _ place: Place) -> Bool {
        row.elsewhere == .ignored && (place.kind == .frontend || place.kind == .backend)
    }

    private func misplaced(
        _ row: Keyword<Builder>, _ statement: Statement, _ place: Place
    ) -> Diagnostic {
        if isIgnored(row, place) {
            let name = row.name.hasPrefix("option ") ? String(row.name.dropFirst(7)) : row.name
            let isTimeout = row.name.hasPrefix("timeout ")
            let side = place.kind == .backend ? "frontend" : "backend"
            return Diagnostic(
                .warning, at: statement.location,
                "'\(name)' \(isTimeout ? "will be ignored" : "ignored") because \(place.title) has "
                    + "no \(side) capability\(isTimeout ? "" : ".")")
        }
        return Diagnostic(
            .alert, at: statement.location,
            "'\(row.name)' is not allowed in \(place.title); it belongs to "
                + list(row.sections.names) + " sections")
    }

    private func firstWords(_ names: [String]) -> [String] {
        names.map { String($0.split(separator: " ")[0]) }
    }
}

// MARK: Options

extension KeywordTable {
    /// Applies options that follow each other on a line, such as those of `bind` and `server`.
    ///
    /// `title` names the line in messages, such as `server api/s1`.
    public func applyOptions(
        _ words: ArraySlice<String>, of line: KeywordArguments, title: String,
        in kind: SectionSet, to builder: inout Builder, _ diagnostics: inout Diagnostics
    ) {
        var rest = words
        while let first = rest.first, !diagnostics.isFull {
            guard let (row, length) = find(rest.prefix(1)), row.sections.contains(kind) else {
                diagnostics.report(
                    Diagnostic(
                        .alert, at: line.location, "'\(title)' : unknown keyword '\(first)'",
                        suggestion: Spelling.nearest(
                            to: first,
                            among: rows.filter { $0.sections.contains(kind) }.map(\.name))))
                return
            }
            let statement = Statement(location: line.location, words: Array(rest))
            if let refusal = refusal(row, statement, "'\(title)'") {
                // How many arguments it takes is not known, so reading stops at the first.
                return diagnostics.report(refusal)
            }
            var reading = ArgumentReading(
                keyword: row.name, location: line.location, section: "'\(title)'", prefix: .none,
                words: rest.dropFirst(length))
            guard let arguments = reading.read(row.arguments, &diagnostics) else { return }
            rest = reading.words
            row.apply(&builder, arguments, &diagnostics)
        }
    }
}

// MARK: Arguments

/// Reads words by shapes.
struct ArgumentReading {
    let keyword: String
    let location: SourceLocation
    let section: String
    let prefix: Statement.Prefix
    /// The words not read yet.
    var words: ArraySlice<String>

    /// An empty word ends the arguments; a warning says so when more follow.
    mutating func dropEmptyTail(_ diagnostics: inout Diagnostics) {
        guard let empty = words.firstIndex(of: "") else { return }
        if words[empty...].contains(where: { !$0.isEmpty }) {
            diagnostics.report(
                Diagnostic(
                    .warning, at: location,
                    "argument number \(empty - words.startIndex + 1) of '\(keyword)' is empty and "
                        + "marks the end of the argument list; all subsequent arguments will be ignored"
                ))
        }
        words = words[..<empty]
    }

    /// Reads every word; one too many is a mistake.
    mutating func readAll(
        _ shapes: [ArgumentShape], _ diagnostics: inout Diagnostics
    ) -> KeywordArguments? {
        guard let arguments = read(shapes, &diagnostics) else { return nil }
        if let extra = words.first {
            diagnostics.report(
                Diagnostic(
                    .alert, at: location,
                    "'\(keyword)' in \(section) cannot handle unexpected argument '\(extra)'"))
            return nil
        }
        return arguments
    }

    /// Reads as many words as the shapes take.
    mutating func read(
        _ shapes: [ArgumentShape], _ diagnostics: inout Diagnostics
    ) -> KeywordArguments? {
        let start = words.startIndex
        let all = words
        var values: [ArgumentValue?] = []
        for shape in shapes {
            switch take(shape) {
            case .success(let value):
                values.append(value)
            case .failure(let mistake):
                diagnostics.report(mistake.diagnostic)
                return nil
            }
        }
        return KeywordArguments(
            keyword: keyword, location: location, section: section, prefix: prefix,
            words: Array(all[start..<words.startIndex]), values: values)
    }

    private struct ShapeMistake: Error { let diagnostic: Diagnostic }

    private mutating func take(_ shape: ArgumentShape) -> Result<ArgumentValue?, ShapeMistake> {
        if case .rest = shape.kind {
            words = words[words.endIndex...]
            return .success(nil)
        }
        guard let word = words.first, !word.isEmpty else {
            return shape.isOptional ? .success(nil) : .failure(mistake(shape, found: nil))
        }
        if case .tagged(let literal) = shape.kind {
            if word != literal { return .success(nil) }
            words = words.dropFirst()
            guard let value = words.popFirst(), !value.isEmpty else {
                return .failure(mistake(shape, found: nil))
            }
            return .success(.word(value))
        }
        if case .choice(let known) = shape.kind, shape.isOptional, !known.contains(word) {
            return .success(nil)
        }
        guard let value = convert(word, shape.kind) else {
            return .failure(mistake(shape, found: word))
        }
        words = words.dropFirst()
        return .success(value)
    }

    private func convert(_ word: String, _ kind: ArgumentShape.Kind) -> ArgumentValue? {
        switch kind {
        case .word: return .word(word)
        case .integer(let range): return number(Units.integer(word), in: range)
        case .milliseconds(let unit):
            return number(Units.milliseconds(word, unit: unit), in: 0...Units.longestMilliseconds)
        case .seconds: return number(Units.seconds(word), in: 0...Units.longestMilliseconds)
        case .size(let range): return number(Units.size(word), in: range)
        case .choice(let known): return known.contains(word) ? .word(word) : nil
        case .onOff: return word == "on" || word == "off" ? .isOn(word == "on") : nil
        case .rest, .tagged: preconditionFailure("taken before")
        }
    }

    private func number(
        _ result: Result<Int, Units.Mistake>, in range: ClosedRange<Int>
    ) -> ArgumentValue? {
        guard case .success(let value) = result, range.contains(value) else { return nil }
        return .number(value)
    }

    private func mistake(_ shape: ArgumentShape, found: String?) -> ShapeMistake {
        var suggestion: String?
        if case .choice(let known) = shape.kind, let found {
            suggestion = Spelling.nearest(to: found, among: known)
        }
        return ShapeMistake(
            diagnostic: Diagnostic(
                at: location, keyword: keyword, section: section, expected: shape.expectation,
                found: found, suggestion: suggestion))
    }
}
