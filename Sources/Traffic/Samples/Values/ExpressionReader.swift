// Cuts the words of an expression into calls: `name`, or `name(argument,...)`, separated by commas
// (configuration manual 2.2: quotes, backslashes and commas inside arguments). A chain may go on in
// the next word, as old configurations have it: `src ipmask(24)`.

/// One name of an expression with its arguments as text.
public struct ExpressionCall: Hashable, Sendable {
    /// One argument with quotes and backslashes resolved.
    public struct Argument: Hashable, Sendable {
        /// What it says.
        public let text: [UInt8]
        /// Where it stands in its word, quotes included.
        public let range: Range<Int>
        /// Whether any part of it was quoted.
        public let isQuoted: Bool
    }

    /// The name of the fetch or converter.
    public let name: String
    /// Which word it stands in.
    public let word: Int
    /// Where the name stands in its word.
    public let nameRange: Range<Int>
    /// Where the call ends: behind the name or behind the closing parenthesis.
    public let end: Int
    /// The arguments; one empty argument between bare parentheses is none.
    public let arguments: [Argument]
    /// Whether parentheses follow the name.
    public let hasParentheses: Bool

    /// A mistake about the name.
    public func mistake(_ text: String, suggestion: String? = nil) -> ExpressionMistake {
        ExpressionMistake(
            word: word, offset: nameRange.lowerBound, length: nameRange.count, text,
            suggestion: suggestion)
    }

    /// A mistake about the argument at `index`, or about the end of the call where there is none.
    public func mistake(argument index: Int, _ text: String, suggestion: String? = nil)
        -> ExpressionMistake
    {
        let isThere = index < arguments.count
        let place = isThere ? arguments[index].range : max(end - 1, nameRange.upperBound)..<end
        return ExpressionMistake(
            word: word, offset: place.lowerBound, length: isThere ? place.count : 0, text,
            suggestion: suggestion)
    }
}

/// Reads the calls of one expression from a line's words.
public struct ExpressionReader: Sendable {
    /// The word in which reading goes on.
    public private(set) var word: Int
    /// Where reading goes on in that word.
    public private(set) var position: Int
    private let words: [[UInt8]]
    private let terminator: UInt8?
    private var hasStarted = false

    /// Reads from the word at `index` on.
    public init(words: [String], from index: Int = 0) {
        self.words = words.map(\.anyBytes)
        word = index
        position = 0
        terminator = nil
    }

    /// Reads inside one text, from `offset` until `terminator`, such as the `]` behind `%[`.
    public init(text: some Sequence<UInt8>, from offset: Int = 0, until terminator: UInt8) {
        words = [Array(text)]
        word = 0
        position = offset
        self.terminator = terminator
    }

    /// The fetch at the start of the expression.
    public mutating func readFetch() throws(ExpressionMistake) -> ExpressionCall {
        hasStarted = true
        guard word < words.count else {
            throw ExpressionMistake(
                word: word, offset: 0, length: 0, "a sample fetch is missing")
        }
        let range = nameRange(at: position)
        if range.isEmpty {
            throw ExpressionMistake(
                word: word, offset: position, length: words[word].count - position,
                "a sample fetch is expected here")
        }
        return try call(range)
    }

    /// The next converter, or nil behind the last.
    ///
    /// A word that does not begin with the name of a converter, as far as `isKnown` says, ends the
    /// chain and is not read.
    public mutating func readConverter(
        isKnown: (String) -> Bool
    ) throws(ExpressionMistake) -> ExpressionCall? {
        guard word < words.count else { return nil }
        if !hasStarted { return try nextCall(isKnown, mayEnd: true) }
        guard !isAtEnd else {
            if terminator != nil { return nil }
            word += 1
            position = 0
            return try nextCall(isKnown, mayEnd: true)
        }
        guard byte == 0x2C else {
            throw ExpressionMistake(
                word: word, offset: position, length: words[word].count - position,
                "a comma is missing before '\(text(from: position))'")
        }
        while !isAtEnd && byte == 0x2C { position += 1 }
        if isAtEnd && terminator == nil {
            word += 1
            position = 0
            return try nextCall(isKnown, mayEnd: true)
        }
        if isAtEnd {
            throw ExpressionMistake(
                word: word, offset: position - 1, length: 1,
                "a converter is expected behind the last comma")
        }
        return try nextCall(isKnown, mayEnd: false)
    }

    private mutating func nextCall(
        _ isKnown: (String) -> Bool, mayEnd: Bool
    ) throws(ExpressionMistake) -> ExpressionCall? {
        hasStarted = true
        guard word < words.count else { return nil }
        let range = nameRange(at: position)
        if range.isEmpty {
            if mayEnd { return nil }
            throw ExpressionMistake(
                word: word, offset: position, length: words[word].count - position,
                "a converter is expected here")
        }
        if mayEnd && !isKnown(String(decoding: words[word][range], as: UTF8.self)) { return nil }
        return try call(range)
    }

    /// The first word that was not read.
    public var nextWord: Int { word < words.count && position > 0 ? word + 1 : word }

    /// What was read since the begin of a call, as written.
    public func text(since call: ExpressionCall) -> String {
        var text: [UInt8] = []
        for index in call.word..<min(word + 1, words.count) {
            let start = index == call.word ? call.nameRange.lowerBound : 0
            let end = index == word ? position : words[index].count
            if end <= start { continue }
            if !text.isEmpty { text.append(0x20) }
            text += words[index][start..<end]
        }
        return String(decoding: text, as: UTF8.self)
    }

    private var isAtEnd: Bool {
        position >= words[word].count || words[word][position] == terminator
    }

    private var byte: UInt8 { words[word][position] }

    private func text(from offset: Int) -> String {
        String(decoding: words[word][offset...], as: UTF8.self)
    }

    private func nameRange(at start: Int) -> Range<Int> {
        var end = start
        while end < words[word].count {
            let byte = words[word][end]
            let isMark = [0x2B, 0x2D, 0x2E, 0x3A, 0x5F].contains(byte)
            guard isLetterOrDigit(byte) || isMark else { break }
            end += 1
        }
        return start..<end
    }

    private mutating func call(_ range: Range<Int>) throws(ExpressionMistake) -> ExpressionCall {
        let name = String(decoding: words[word][range], as: UTF8.self)
        position = range.upperBound
        let hasParentheses = position < words[word].count && byte == 0x28
        let arguments = hasParentheses ? try readArguments(of: name) : []
        return ExpressionCall(
            name: name, word: word, nameRange: range, end: position, arguments: arguments,
            hasParentheses: hasParentheses)
    }

    private mutating func readArguments(
        of name: String
    ) throws(ExpressionMistake) -> [ExpressionCall.Argument] {
        let opening = position
        var arguments: [ExpressionCall.Argument] = []
        repeat {
            position += 1
            arguments.append(try readArgument(of: name, opening))
        } while byte == 0x2C
        position += 1
        if arguments.count == 1 && arguments[0].text.isEmpty && !arguments[0].isQuoted { return [] }
        return arguments
    }

    /// One argument up to the comma or parenthesis behind it.
    private mutating func readArgument(
        of name: String, _ opening: Int
    ) throws(ExpressionMistake) -> ExpressionCall.Argument {
        let bytes = words[word]
        let start = position
        var text: [UInt8] = []
        var quote: UInt8?
        var isQuoted = false
        while position < bytes.count {
            let byte = bytes[position]
            if byte == quote {
                quote = nil
            } else if quote == nil && (byte == 0x22 || byte == 0x27) {
                quote = byte
                isQuoted = true
            } else if quote == nil && (byte == 0x2C || byte == 0x29) {
                return ExpressionCall.Argument(
                    text: text, range: start..<position, isQuoted: isQuoted)
            } else if byte == 0x5C && quote != 0x27, position + 1 < bytes.count,
                let meant = escaped(bytes[position + 1])
            {
                text.append(meant)
                position += 1
            } else {
                text.append(byte)
            }
            position += 1
        }
        throw ExpressionMistake(
            word: word, offset: opening, length: bytes.count - opening,
            quote == nil
                ? "the parenthesis behind '\(name)' is never closed"
                : "a quote in the arguments of '\(name)' is never closed")
    }

    /// What a backslash and `byte` mean together; nil when the backslash stands for itself.
    private func escaped(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x20, 0x22, 0x27, 0x5C: byte
        case 0x6E: 0x0A
        case 0x72: 0x0D
        case 0x74: 0x09
        default: nil
        }
    }
}
