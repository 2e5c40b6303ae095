// Reads `<expression> [flags] [operator] <value>...`, what follows an access list's name and what
// stands between braces (configuration manual: ACL basics). Control path.

import Addresses
import ConfigLanguage

/// The expression of a test as the compiler of expressions understood it.
public struct Criterion: Sendable {
    /// The number under which its samples are fetched.
    public let expression: Int
    /// The type of its samples.
    public let type: SampleType
    /// What messages call it.
    public let name: String
    /// What an access-list keyword such as `path_beg` implies; nil lets the type decide.
    public let method: MatchMethod?
    /// Whether its patterns are versions such as `3.1`.
    public let readsVersions: Bool
    /// How many words it took.
    public let wordCount: Int
    /// Is told each pattern that is written behind the expression; nil where nobody wants to know.
    public let notePattern: (@Sendable (_ pattern: String) -> Void)?

    /// An expression from its facts.
    public init(
        expression: Int, type: SampleType, name: String, method: MatchMethod? = nil,
        readsVersions: Bool = false, wordCount: Int = 1,
        notePattern: (@Sendable (_ pattern: String) -> Void)? = nil
    ) {
        self.expression = expression
        self.type = type
        self.name = name
        self.method = method
        self.readsVersions = readsVersions
        self.wordCount = wordCount
        self.notePattern = notePattern
    }
}

/// Compiles the expression that begins at a word.
///
/// Words in mistakes count from the first of `words`.
public typealias CriterionCompiler =
    (_ words: [String], _ first: Int) throws(ExpressionMistake) -> Criterion

/// A compiled test and what is doubtful about it.
struct ReadTest {
    let test: AccessTest
    let warnings: [ExpressionMistake]
}

/// Reads one test from words.
struct CriterionReader {
    private let words: [[UInt8]]
    private let end: Int
    private let store: PatternStore
    private let use: String
    private let name: String
    private var position: Int
    private let first: Int
    private let criterion: Criterion
    private var method: MatchMethod?
    private var options: PatternOptions
    private var isMap = false
    private var id: Int?
    private var views: [PatternView] = []
    private var sawEndOfFlags = false

    /// Reads the test in `words[range]`.
    static func read(
        _ words: [String], _ range: Range<Int>, in store: PatternStore, use: String,
        name: String = "", _ compile: CriterionCompiler
    ) throws(ExpressionMistake) -> ReadTest {
        guard !range.isEmpty else {
            throw ExpressionMistake(
                word: range.lowerBound, offset: 0, length: 0,
                "a sample fetch is missing in the ACL expression")
        }
        let criterion = try compile(Array(words[..<range.upperBound]), range.lowerBound)
        var reader = CriterionReader(words, range, store, use, name, criterion)
        try reader.readFlags()
        return try reader.readPatterns()
    }

    private init(
        _ words: [String], _ range: Range<Int>, _ store: PatternStore, _ use: String,
        _ name: String, _ criterion: Criterion
    ) {
        self.name = name
        self.words = words.map(\.anyBytes)
        self.store = store
        self.use = use
        self.criterion = criterion
        end = range.upperBound
        first = range.lowerBound
        position = range.lowerBound + criterion.wordCount
        method = criterion.method ?? MatchMethod.implied(by: criterion.type)
        options = PatternOptions(readsVersions: criterion.readsVersions, resolve: store.resolve)
    }

    // MARK: Flags

    private static let flags = ["-i", "-n", "-m", "-f", "-M", "-u", "--"]

    private mutating func readFlags() throws(ExpressionMistake) {
        while position < end, words[position].first == 0x2D {
            let flag = shown(words[position])
            position += 1
            switch flag {
            case "-i": options.ignoresCase = true
            case "-n": options.resolve = nil
            case "-M": isMap = true
            case "-u": try readID()
            case "-m": try readMethod()
            case "-f": try readFile()
            case "--":
                sawEndOfFlags = true
                return
            default:
                throw wrong(
                    position - 1,
                    "'\(flag)' is no ACL flag; patterns that begin with '-' come behind '--'")
            }
        }
    }

    private mutating func argument(of flag: String, _ what: String) throws(ExpressionMistake)
        -> String
    {
        guard position < end else {
            throw ExpressionMistake(
                word: position, offset: 0, length: 0, "'\(flag)' expects \(what)")
        }
        position += 1
        return shown(words[position - 1])
    }

    private mutating func readID() throws(ExpressionMistake) {
        let text = try argument(of: "-u", "a number")
        guard let number = Int(text), number >= 0, number < 1 << 31 else {
            throw wrong(position - 1, "'-u' expects a number, found '\(text)'")
        }
        if store.isUsed(id: number) {
            throw wrong(position - 1, "the id \(number) is used by another list already")
        }
        id = number
    }

    private mutating func readMethod() throws(ExpressionMistake) {
        let name = try argument(of: "-m", "a matching method")
        if !views.isEmpty {
            throw wrong(position - 1, "'-m' must stand before patterns and files")
        }
        if criterion.method == .group {
            throw wrong(
                position - 1, "'\(criterion.name)' is compared with groups and takes no '-m'")
        }
        guard let method = MatchMethod(name: name) else {
            throw wrong(
                position - 1, "'\(name)' is no matching method",
                suggestion: Spelling.nearest(to: name, among: MatchMethod.names))
        }
        guard method.takes(criterion.type) else {
            throw wrong(
                position - 1,
                "matching method '\(name)' compares \(method.input.name), "
                    + "'\(criterion.name)' gives \(criterion.type.name)")
        }
        if method != criterion.method { options.readsVersions = false }
        self.method = method
    }

    private mutating func readFile() throws(ExpressionMistake) {
        let name = try argument(of: "-f", "the name of a list")
        let method = try requiredMethod()
        do throws(PatternStoreMistake) {
            let source = try store.open(name, isMap: isMap, use: use)
            source.isUsedByAccessList = true
            views.append(try store.view(of: source, method, options))
        } catch {
            throw wrong(position - 1, error.text)
        }
    }

    private func requiredMethod() throws(ExpressionMistake) -> MatchMethod {
        if let method { return method }
        throw wrong(
            first,
            "'\(criterion.name)' gives \(criterion.type.name), which needs a matching method: '-m'")
    }

    // MARK: Patterns

    private mutating func readPatterns() throws(ExpressionMistake) -> ReadTest {
        let method = try requiredMethod()
        var warnings: [ExpressionMistake] = []
        // Each test has a list of its own, which may be filled at run time, and a number for it:
        // those of the lists behind depend on that.
        if !method.takesPatterns {
            _ = store.makeWords(use: criterion.name, id: id)
        } else if position < end || method != .group {
            if position == end && id == nil && views.isEmpty && !sawEndOfFlags {
                warnings.append(
                    wrong(
                        first,
                        "no pattern to compare '\(criterion.name)' with, so this never matches; "
                            + "'-m found' asks whether it is there, '--' says that this is "
                            + "intended"))
            }
            let source = store.makeWords(use: criterion.name, id: id)
            if method == .int || method == .len {
                try readNumbers(into: source)
            } else {
                for word in position..<end { try add(words[word], at: word, method, to: source) }
            }
            do throws(PatternStoreMistake) {
                views.append(try store.view(of: source, method, options))
            } catch {
                throw wrong(position, error.text)
            }
        } else if views.isEmpty && method == .group {
            throw wrong(first, "'\(criterion.name)' expects groups to compare with")
        }
        let text = words[first..<end].map { shown($0) }.joined(separator: " ")
        let test = AccessTest(
            expression: criterion.expression, method: method, views: views, name: name, text: text)
        return ReadTest(test: test, warnings: warnings)
    }

    private func add(
        _ text: [UInt8], at word: Int, _ method: MatchMethod, to source: PatternSource
    ) throws(ExpressionMistake) {
        do throws(PatternMistake) {
            // Read here so that a mistake has its place; the view reads it again.
            _ = try Pattern(text, for: method, options)
        } catch {
            let range = error.range.clamped(to: 0..<words[word].count)
            throw ExpressionMistake(
                word: word, offset: range.lowerBound, length: range.count, error.text)
        }
        source.load(key: text, value: nil, line: 0)
        criterion.notePattern?(shown(text))
    }

    private static let operators = ["eq", "ge", "gt", "le", "lt"]

    /// Numbers with operators: `ge 3` is the range `3:`, and so on. An operator holds for all
    /// numbers behind it and does not change what is written as a range.
    private func readNumbers(into source: PatternSource) throws(ExpressionMistake) {
        var comparison = "eq"
        let method = self.method ?? .int
        for word in position..<end {
            let text = shown(words[word])
            if Self.operators.contains(text) {
                comparison = text
                continue
            }
            // Differs: HAProxy takes the word, and compares as if it were 'eq'.
            if text == "ne" {
                throw wrong(word, "'ne' is no operator; write '!' before the condition")
            }
            let isRange = words[word].contains { $0 == 0x3A || $0 == 0x2D }
            if comparison == "eq" || isRange {
                let isWord = words[word].first.map { $0 > 0x39 } ?? true
                if isWord && !isRange {
                    throw wrong(
                        word, "'\(text)' is neither a number nor an operator",
                        suggestion: Spelling.nearest(to: text, among: Self.operators))
                }
                try add(words[word], at: word, method, to: source)
            } else {
                let range = try compared(comparison, with: text, at: word)
                try add(range.anyBytes, at: word, method, to: source)
            }
        }
    }

    private func compared(
        _ comparison: String, with text: String, at word: Int
    ) throws(ExpressionMistake) -> String {
        let digits = words[word][...]
        let number = options.readsVersions ? Pattern.version(digits) : Pattern.integer(digits)
        guard let number else {
            throw wrong(
                word, "'\(text)' is neither a number nor an operator",
                suggestion: Spelling.nearest(to: text, among: Self.operators))
        }
        if comparison == "gt" && number == .max
            || comparison == "lt" && number == 0
                && options.readsVersions
        {
            throw wrong(word, "nothing can be compared with '\(text)' like this")
        }
        let write = { (number: Int64) in
            options.readsVersions ? "\(number >> 16).\(number & 0xFFFF)" : "\(number)"
        }
        return switch comparison {
        case "ge": "\(write(number)):"
        case "gt": "\(write(number + 1)):"
        case "le": ":\(write(number))"
        default: ":\(write(number - 1))"
        }
    }

    private func wrong(
        _ word: Int, _ text: String, suggestion: String? = nil
    ) -> ExpressionMistake {
        ExpressionMistake(
            word: word, offset: 0, length: words[word].count, text, suggestion: suggestion)
    }
}
