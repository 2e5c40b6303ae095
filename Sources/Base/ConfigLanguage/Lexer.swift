// Cuts one line into words: blanks, comments, quotes, escapes, variables.
// configuration manual: 2.1 to 2.3. A pure function over bytes and an environment.
//
//     outside quotes   \x is an escape, # starts a comment, $ is a plain character
//     "weak"           escapes and $NAME ${NAME} ${NAME-default} ${NAME[*]}
//     'strong'         nothing is special but the closing quote

import Bytes

/// One word of a line.
public struct Word: Hashable, Sendable {
    /// The word's bytes after quotes, escapes and variables.
    public var bytes: [UInt8]
    /// Where the word begins in the line, counted from 1.
    public var column: Int

    /// The bytes as text that gives the same bytes back (`anyBytes`).
    public var text: String { String(anyBytes: bytes) }
}

/// Why a line cannot be cut into words.
public struct LexicalMistake: Error, Hashable, Sendable {
    /// What is wrong.
    public enum Reason: Hashable, Sendable {
        /// A quote that never closes.
        case unmatchedQuote
        /// A `${` without its `}`.
        case unmatchedBrace
        /// `\x` without two hexadecimal digits, or with `00`.
        case badHexadecimal
        /// A variable name that begins with a digit or something worse.
        case badVariableName
        /// A `[` in a variable that is not `[*]`.
        case badExpansion
        /// More words than a line may have.
        case tooManyWords
        /// Words that expand to more bytes than a line may have.
        case tooLong
    }

    /// What is wrong.
    public let reason: Reason
    /// Where in the line, counted from 1.
    public let column: Int

    /// The message as HAProxy words it, without place.
    public var text: String {
        let what =
            switch reason {
            case .unmatchedQuote: "unmatched quote"
            case .unmatchedBrace: "unmatched brace in environment variable name"
            case .badHexadecimal: "truncated or invalid hexadecimal sequence"
            case .badVariableName: "forbidden first char in environment variable name"
            case .badExpansion: "truncated or invalid word expansion sequence"
            case .tooManyWords: "too many words, more than \(Lexer.wordLimit)"
            case .tooLong: "line too long, more than \(Lexer.lineByteLimit) bytes"
            }
        return "\(what) at position \(column)"
    }
}

/// Cuts lines into words.
public struct Lexer {
    /// The most words a line may have.
    public static let wordLimit = 64
    /// The most bytes a line may have, before and after expansion.
    public static let lineByteLimit = 1 << 20

    /// What the words are cut for.
    public struct Options: OptionSet, Sendable {
        /// The bits.
        public let rawValue: UInt8

        /// Options from bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// `#` outside quotes starts a comment.
        public static let comments = Options(rawValue: 1)
    }

    private let line: [UInt8]
    private let options: Options
    private let lookUp: (String) -> String?

    private var position = 0
    private var words: [Word] = []
    private var word: [UInt8] = []
    private var wordStart: Int?
    private var expandedBytes = 0

    /// Cuts `line`, which holds no line feed, into words.
    ///
    /// `lookUp` answers for environment variables and for `.FILE`, `.LINE` and `.SECTION`.
    public static func words(
        of line: [UInt8], options: Options = .comments, lookUp: (String) -> String?
    ) -> Result<[Word], LexicalMistake> {
        withoutActuallyEscaping(lookUp) { escaping in
            var lexer = Lexer(line: line, options: options, lookUp: escaping)
            return Result { () throws(LexicalMistake) in try lexer.cut() }
        }
    }

    private init(line: [UInt8], options: Options, lookUp: @escaping (String) -> String?) {
        self.line = line
        self.options = options
        self.lookUp = lookUp
    }

    private mutating func cut() throws(LexicalMistake) -> [Word] {
        if line.count > Lexer.lineByteLimit { throw mistake(.tooLong, at: Lexer.lineByteLimit) }
        loop: while position < line.count {
            let byte = line[position]
            switch byte {
            case 0x20, 0x09...0x0D:
                try endWord()
                position += 1
            case 0x23 where options.contains(.comments):
                break loop
            case 0x22:
                try weakQuote()
            case 0x27:
                try strongQuote()
            case 0x5C:
                try escape(inQuotes: false)
            default:
                try append(byte, from: position)
                position += 1
            }
        }
        try endWord()
        return words
    }

    private mutating func strongQuote() throws(LexicalMistake) {
        let start = position
        beginWord(at: start)
        position += 1
        while position < line.count {
            let byte = line[position]
            position += 1
            if byte == 0x27 { return }
            try append(byte, from: start)
        }
        throw mistake(.unmatchedQuote, at: start)
    }

    private mutating func weakQuote() throws(LexicalMistake) {
        let start = position
        beginWord(at: start)
        position += 1
        while position < line.count {
            let byte = line[position]
            switch byte {
            case 0x22:
                position += 1
                return
            case 0x5C:
                try escape(inQuotes: true)
            case 0x24:
                try variable()
            default:
                try append(byte, from: start)
                position += 1
            }
        }
        throw mistake(.unmatchedQuote, at: start)
    }

    /// At a backslash: takes what it and the next bytes stand for.
    private mutating func escape(inQuotes: Bool) throws(LexicalMistake) {
        let start = position
        let next = start + 1 < line.count ? line[start + 1] : 0
        let meaning: UInt8?
        switch next {
        case 0x20, 0x5C, 0x23, 0x22, 0x27: meaning = next
        case 0x24: meaning = inQuotes ? next : nil
        case 0x6E: meaning = 0x0A
        case 0x72: meaning = 0x0D
        case 0x74: meaning = 0x09
        case 0x78:
            try append(try hexadecimal(at: start), from: start)
            position = start + 4
            return
        default: meaning = nil
        }
        try append(meaning ?? 0x5C, from: start)
        position = start + (meaning == nil ? 1 : 2)
    }

    /// Differs: `\x00` is refused, for HAProxy silently cuts the word there.
    private func hexadecimal(at start: Int) throws(LexicalMistake) -> UInt8 {
        guard start + 3 < line.count, let high = hexadecimalDigit(line[start + 2]),
            let low = hexadecimalDigit(line[start + 3]), high | low != 0
        else { throw mistake(.badHexadecimal, at: start) }
        return high << 4 | low
    }

    /// At a dollar sign inside weak quotes: replaces the variable by its value.
    private mutating func variable() throws(LexicalMistake) {
        let dollar = position
        let isBraced = dollar + 1 < line.count && line[dollar + 1] == 0x7B
        let start = dollar + (isBraced ? 2 : 1)
        let name = try variableName(at: start)
        var end = start + name.utf8.count
        var isList = false
        var fallback: [UInt8]?
        if isBraced {
            if line[end...].starts(with: [0x5B]) {
                guard line[end...].starts(with: [0x5B, 0x2A, 0x5D]) else {
                    throw mistake(.badExpansion, at: end)
                }
                isList = true
                end += 3
            }
            if line[end...].starts(with: [0x2D]) {
                guard let close = line[end...].firstIndex(of: 0x7D) else {
                    throw mistake(.unmatchedBrace, at: start - 1)
                }
                fallback = Array(line[(end + 1)..<close])
                end = close
            }
            guard line[end...].starts(with: [0x7D]) else {
                throw mistake(.unmatchedBrace, at: start - 1)
            }
            end += 1
        }
        let value = lookUp(name).map(\.anyBytes) ?? fallback ?? []
        try insert(value, asList: isList, isAlone: isAlone(from: dollar, to: end))
        position = end
    }

    private func variableName(at start: Int) throws(LexicalMistake) -> String {
        var end = start
        if end < line.count, line[end] == 0x2E { end += 1 }
        while end < line.count, isNameByte(line[end]) { end += 1 }
        let name = String(decoding: line[start..<end], as: UTF8.self)
        let isPseudo = [".FILE", ".LINE", ".SECTION"].contains(name)
        let first = name.utf8.first ?? 0x30
        if !isPseudo && (first == 0x2E || (first >= 0x30 && first <= 0x39)) {
            throw mistake(.badVariableName, at: start)
        }
        return name
    }

    /// Whether nothing but the quotes stands around the variable in its word.
    private func isAlone(from dollar: Int, to end: Int) -> Bool {
        guard word.isEmpty, dollar > 0, end < line.count else { return false }
        let follower = end + 1 < line.count ? line[end + 1] : 0x20
        return line[dollar - 1] == 0x22 && line[end] == 0x22
            && (follower == 0x20 || (0x09...0x0D).contains(follower) || follower == 0x23)
    }

    /// Puts a value into the word; as a list, blanks in it end the word and begin the next.
    ///
    /// Differs: a list without elements that stands alone makes no word at all.
    private mutating func insert(
        _ value: [UInt8], asList isList: Bool, isAlone: Bool
    ) throws(LexicalMistake) {
        if !isList {
            for byte in value { try append(byte, from: position) }
            return
        }
        let start = wordStart ?? position
        let elements = value.split { $0 == 0x20 || (0x09...0x0D).contains($0) }
        if elements.isEmpty && isAlone { wordStart = nil }
        for (index, element) in elements.enumerated() {
            if index > 0 { try endWord() }
            beginWord(at: start)
            for byte in element { try append(byte, from: start) }
        }
    }

    private mutating func beginWord(at index: Int) {
        if wordStart == nil { wordStart = index }
    }

    private mutating func append(_ byte: UInt8, from index: Int) throws(LexicalMistake) {
        beginWord(at: index)
        expandedBytes += 1
        if expandedBytes > Lexer.lineByteLimit { throw mistake(.tooLong, at: index) }
        word.append(byte)
    }

    private mutating func endWord() throws(LexicalMistake) {
        guard let start = wordStart else { return }
        if words.count == Lexer.wordLimit { throw mistake(.tooManyWords, at: start) }
        words.append(Word(bytes: word, column: start + 1))
        word = []
        wordStart = nil
    }

    private func mistake(_ reason: LexicalMistake.Reason, at index: Int) -> LexicalMistake {
        LexicalMistake(reason: reason, column: index + 1)
    }
}

private func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
    default: false
    }
}

private func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
}
