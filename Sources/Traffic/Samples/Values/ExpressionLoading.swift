// What compiling an expression may ask of the configuration around it, and the mistakes it finds.
// Control path: text is allowed here.

/// Answers the questions of arguments while a configuration is loaded.
public struct ExpressionLoading: Sendable {
    /// Gives a variable its number; nil when the name is wrong. Absent where variables cannot be
    /// used.
    public var variables: (@Sendable (_ name: String) -> VariableReference?)?
    /// Reads a whole file; nil when it cannot be read. Absent where files cannot be used.
    public var readFile: (@Sendable (_ path: String) -> [UInt8]?)?
    /// The lists of patterns; absent where maps cannot be used.
    public var patterns: PatternStore?
    /// What is being read, for messages: `converter 'lower'`.
    public var user = ""
    /// What floors above want to tell their own rows, such as references to proxies by name.
    public var references: (any AnyObject & Sendable)?
    /// The public keys that tokens are verified with; one for a whole configuration, since a
    /// variable can name a key that another line reads.
    public var tokenKeys: TokenKeys
    /// Gives an event sink its number; nil when there is none of that name. Absent where sinks
    /// cannot be used.
    public var sinks: (@Sendable (_ name: String) -> Int?)?
    /// Gives an access list its number; nil when there is none of that name. Absent where access
    /// lists cannot be used.
    public var accessLists: (@Sendable (_ name: String) -> Int?)?

    /// Answers to the questions of arguments.
    public init(
        variables: (@Sendable (String) -> VariableReference?)? = nil,
        readFile: (@Sendable (String) -> [UInt8]?)? = nil,
        patterns: PatternStore? = nil, tokenKeys: TokenKeys = TokenKeys(),
        sinks: (@Sendable (String) -> Int?)? = nil,
        accessLists: (@Sendable (String) -> Int?)? = nil
    ) {
        self.variables = variables
        self.readFile = readFile
        self.patterns = patterns
        self.tokenKeys = tokenKeys
        self.sinks = sinks
        self.accessLists = accessLists
    }

    /// The scopes a variable's name can begin with.
    static let scopes = ["proc", "sess", "txn", "req", "res", "check"]

    /// Whether text is a scope, a dot and a name of letters, digits, dots and underscores.
    static func looksLikeVariable(_ text: [UInt8]) -> Bool {
        guard let dot = text.firstIndex(of: 0x2E),
            scopes.contains(String(decoding: text[..<dot], as: UTF8.self))
        else { return false }
        let name = text[(dot + 1)...]
        return !name.isEmpty
            && name.allSatisfy { isLetterOrDigit($0) || $0 == 0x2E || $0 == 0x5F }
    }

    /// The number of the variable with that name.
    func variable(_ text: [UInt8]) throws(ArgumentMistake) -> VariableReference {
        let name = String(decoding: text, as: UTF8.self)
        guard Self.looksLikeVariable(text) else {
            let scopes = Self.scopes.dropLast().joined(separator: ", ")
            throw ArgumentMistake(
                expected: "a variable's name behind one of the scopes \(scopes) or check")
        }
        guard let variables else { throw ArgumentMistake("variables cannot be used here") }
        guard let reference = variables(name) else {
            throw ArgumentMistake("'\(name)' cannot be a variable")
        }
        return reference
    }
}

/// A mistake in one argument, before its place is known.
public struct ArgumentMistake: Error, Hashable, Sendable {
    /// Which argument it is in, counted from 0; nil means the one being read.
    public var index: Int?
    /// What is wrong; begins behind "converter 'x': ".
    public let text: String
    /// The nearest known spelling.
    public let suggestion: String?

    /// A mistake in words of its own.
    public init(_ text: String, at index: Int? = nil, suggestion: String? = nil) {
        self.index = index
        self.text = text
        self.suggestion = suggestion
    }

    /// Something other than what is expected.
    public init(expected: String, at index: Int? = nil, suggestion: String? = nil) {
        self.init("expects \(expected)", at: index, suggestion: suggestion)
    }
}

/// A mistake in an expression with the exact place to underline.
public struct ExpressionMistake: Error, Hashable, Sendable {
    /// Which of the words it is in.
    public let word: Int
    /// Where the wrong part begins, in bytes from the start of the word.
    public let offset: Int
    /// How many bytes are wrong; 0 where something is missing.
    public let length: Int
    /// What is wrong, without the suggestion.
    public let text: String
    /// The nearest known spelling.
    public let suggestion: String?

    /// A mistake from its parts.
    public init(
        word: Int, offset: Int, length: Int, _ text: String, suggestion: String? = nil
    ) {
        self.word = word
        self.offset = offset
        self.length = length
        self.text = text
        self.suggestion = suggestion
    }

    /// The whole message.
    public var message: String { suggestion.map { "\(text); did you mean '\($0)'?" } ?? text }
}

/// Whether a byte is an ASCII letter or digit.
func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: false
    }
}
