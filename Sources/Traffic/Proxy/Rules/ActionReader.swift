// Hands the words of a rule to the function that makes its action: one by one, as expressions, as
// formats, as numbers. Mistakes carry the word to underline. Control path.

import ConfigLanguage
import Samples

/// The words of a rule between the action's name and its condition.
public struct ActionReader {
    /// All words of the line.
    public let words: [String]
    /// The next word to read.
    public private(set) var position: Int
    /// One past the last word of the action: the condition's `if` or `unless`, or the line's end.
    public let end: Int
    /// The word that names the action.
    public let nameIndex: Int
    /// The list the rule belongs to.
    public let step: RuleStep
    /// Compiles expressions and formats.
    public let compiler: ExpressionCompiler
    /// What else rules may ask of the configuration while it is read.
    public let surroundings: RuleSurroundings
    /// What was said of words that are read all the same.
    public private(set) var warnings: [String] = []
    /// What is worth knowing and no reason to refuse a file where warnings are forbidden.
    public private(set) var notes: [String] = []

    /// A reader that stands behind the word at `name`.
    public init(
        words: [String], name: Int, end: Int, step: RuleStep, compiler: ExpressionCompiler,
        surroundings: RuleSurroundings
    ) {
        self.words = words
        nameIndex = name
        position = name + 1
        self.end = end
        self.step = step
        self.compiler = compiler
        self.surroundings = surroundings
    }

    /// The word that names the action, parentheses included.
    public var name: String { words[nameIndex] }

    /// The text in the parentheses of the name; nil where there are none.
    public var parameter: String? {
        guard let open = name.firstIndex(of: "("), name.hasSuffix(")") else { return nil }
        return String(name[name.index(after: open)...].dropLast())
    }

    /// Where the parameter begins in the name, in bytes.
    public var parameterOffset: Int {
        name.utf8.firstIndex(of: 0x28).map {
            name.utf8.distance(from: name.utf8.startIndex, to: $0) + 1
        } ?? name.utf8.count
    }

    /// Whether all words are read.
    public var isAtEnd: Bool { position >= end }

    /// The next word without reading it; nil at the end.
    public var peek: String? { isAtEnd ? nil : words[position] }

    /// The next word; a mistake names what is expected when there is none.
    public mutating func word(_ expected: String) throws(ExpressionMistake) -> String {
        guard !isAtEnd else { throw missing(expected) }
        position += 1
        return words[position - 1]
    }

    /// Reads the next word if it is this one.
    public mutating func skip(_ word: String) -> Bool {
        guard peek == word else { return false }
        position += 1
        return true
    }

    /// The next word as a whole number of a range.
    public mutating func integer(
        _ expected: String, in range: ClosedRange<Int>
    ) throws(ExpressionMistake) -> Int {
        let text = try word(expected)
        guard let value = Int(text), range.contains(value) else {
            throw wrong("expects \(expected), from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// The next word as a time in milliseconds.
    public mutating func time(_ expected: String) throws(ExpressionMistake) -> Int {
        let text = try word(expected)
        guard case .success(let value) = Units.milliseconds(text) else {
            throw wrong("expects \(expected), a time such as 5s")
        }
        return value
    }

    /// Says something about words that are read all the same.
    public mutating func warn(_ text: String) { warnings.append(text) }

    /// As ``warn(_:)``, where HAProxy says nothing: a file that it starts with `-dW` starts here.
    public mutating func note(_ text: String) { notes.append(text) }

    /// The expression that begins with the next word.
    public mutating func expression() throws(ExpressionMistake) -> Expression {
        guard !isAtEnd else { throw missing("a sample expression") }
        var reader = ExpressionReader(words: Array(words[..<end]), from: position)
        let expression = try compiler.expression(&reader, in: step.place)
        position = reader.nextWord
        return expression
    }

    /// The next word as a format.
    ///
    /// - Parameter style: what the format is for; names of our own and values of variables are
    ///   ``LogFormatStyle/plain``.
    public mutating func format(
        _ expected: String, style: LogFormatStyle = .message
    ) throws(ExpressionMistake) -> LogFormat {
        let text = try word(expected)
        return try compiler.format(
            text, word: position - 1, in: step.place, isHTTP: surroundings.isHTTP, style: style)
    }

    /// The variable that a text names.
    public func variable(
        _ name: String, word: Int, offset: Int
    ) throws(ExpressionMistake) -> VariableReference {
        do throws(VariableNameMistake) {
            return try surroundings.variables.reference(to: name)
        } catch {
            throw ExpressionMistake(
                word: word, offset: offset + error.range.lowerBound, length: error.range.count,
                error.text, suggestion: error.suggestion)
        }
    }

    /// The variable and the conditions in the parentheses of the name, such as
    /// `set-var(txn.x,ifnotset)`.
    public func variableParameter() throws(ExpressionMistake) -> (
        VariableReference, VariableCondition
    ) {
        let offset = parameterOffset
        guard let parameter, !parameter.isEmpty else {
            throw ExpressionMistake(
                word: nameIndex, offset: 0, length: name.utf8.count,
                "'\(name)' expects a variable's name in parentheses, such as (txn.name)")
        }
        let parts = parameter.split(separator: ",", omittingEmptySubsequences: false)
        var condition: VariableCondition = []
        var place = offset + parts[0].utf8.count + 1
        for part in parts.dropFirst() {
            guard let one = VariableCondition(name: String(part)) else {
                throw ExpressionMistake(
                    word: nameIndex, offset: place, length: part.utf8.count,
                    "'\(part)' is no condition of a variable",
                    suggestion: Spelling.nearest(to: String(part), among: VariableCondition.names))
            }
            condition.formUnion(one)
            place += part.utf8.count + 1
        }
        return (
            try variable(String(parts[0]), word: nameIndex, offset: offset), condition
        )
    }

    /// A mistake about the word that was read last.
    public func wrong(_ text: String, suggestion: String? = nil) -> ExpressionMistake {
        let word = max(position - 1, nameIndex)
        return ExpressionMistake(
            word: word, offset: 0, length: words[word].utf8.count,
            "'\(name)' \(text), found '\(words[word])'", suggestion: suggestion)
    }

    /// A mistake about the word that comes next, or about the end of the line.
    public func unexpected(_ expected: String, among known: [String] = []) -> ExpressionMistake {
        guard let next = peek else { return missing(expected) }
        return ExpressionMistake(
            word: position, offset: 0, length: next.utf8.count,
            "'\(name)' expects \(expected), found '\(next)'",
            suggestion: Spelling.nearest(to: next, among: known))
    }

    /// A mistake about the rule as a whole.
    public func mistake(_ text: String) -> ExpressionMistake {
        ExpressionMistake(
            word: nameIndex, offset: 0, length: name.utf8.count, "'\(name)': \(text)")
    }

    private func missing(_ expected: String) -> ExpressionMistake {
        ExpressionMistake(
            word: end, offset: 0, length: 0, "'\(name)' expects \(expected) as argument")
    }
}

/// What rules may ask of the configuration while it is read.
public struct RuleSurroundings {
    /// Whether the proxy is in HTTP mode.
    public var isHTTP: Bool
    /// Whether it is a `defaults` section, whose rules may run for any proxy.
    public var isDefaults: Bool
    /// Gives variables their numbers.
    public var variables: VariableNames
    /// Reads a file whose path may be relative; throws why it cannot.
    public var readFile: (_ path: String) -> Result<[UInt8], RuleFileFailure>
    /// The replies of an `http-errors` section; nil when there is none of that name. It may stand
    /// behind the rule: asked for once everything is read (``whenAllIsRead``).
    public var errorSet: (_ name: String) -> [Int: [UInt8]]?
    /// Calls a function once all sections are read; it says what is wrong, if anything is.
    public var whenAllIsRead: (_ body: @escaping () -> LateFinding?) -> Void
    /// The proxy the rule stands in has clients, servers or both; a `defaults` section may get
    /// both.
    public var capability: ProxyCapability
    /// The capture slots of requests in the rule's section. Rules may add one (`capture ... len`).
    public var requestCaptures: CaptureAllocation
    /// As `requestCaptures`, of responses.
    public var responseCaptures: CaptureAllocation
    /// The bandwidth limits of the rule's section; more may stand behind the rule.
    public var limits: DeclaredLimits

    /// Surroundings from their parts.
    public init(
        isHTTP: Bool, isDefaults: Bool, variables: VariableNames,
        readFile: @escaping (String) -> Result<[UInt8], RuleFileFailure>,
        errorSet: @escaping (String) -> [Int: [UInt8]]?,
        whenAllIsRead: @escaping (@escaping () -> LateFinding?) -> Void,
        capability: ProxyCapability, requestCaptures: CaptureAllocation,
        responseCaptures: CaptureAllocation, limits: DeclaredLimits
    ) {
        self.isHTTP = isHTTP
        self.isDefaults = isDefaults
        self.variables = variables
        self.readFile = readFile
        self.errorSet = errorSet
        self.whenAllIsRead = whenAllIsRead
        self.requestCaptures = requestCaptures
        self.responseCaptures = responseCaptures
        self.capability = capability
        self.limits = limits
    }
}

/// What is found about a rule once all sections are read.
public struct LateFinding: Sendable {
    /// In words.
    public let text: String
    /// Whether the configuration cannot be used; else it is a warning.
    public let isMistake: Bool
    /// The nearest known spelling of a name.
    public let suggestion: String?

    /// A finding in words.
    public init(_ text: String, isMistake: Bool, suggestion: String? = nil) {
        self.text = text
        self.isMistake = isMistake
        self.suggestion = suggestion
    }
}

/// Why a file cannot be used.
public struct RuleFileFailure: Error, Sendable {
    /// What is wrong, such as `No such file or directory`.
    public let text: String

    /// A failure in words.
    public init(_ text: String) { self.text = text }
}

/// The capture slots of a section while its lines are read.
public final class CaptureAllocation {
    /// How many bytes each slot keeps, in the order in which they were declared.
    public private(set) var lengths: [Int] = []

    /// No slots.
    public init() {}

    /// Adds a slot and returns its number.
    public func add(length: Int) -> Int {
        lengths.append(length)
        return lengths.count - 1
    }
}
