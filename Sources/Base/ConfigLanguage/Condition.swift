// Conditions of `.if`, `.elif` and `-cc`. configuration manual: 2.4 Conditional blocks.
//
//     or        = and [ "||" or ]
//     and       = term [ "&&" and ]
//     term      = { "!" } ( integer | "(" or ")" | predicate )
//     predicate = name [ "(" [ argument { "," argument } ] ")" ]
//
// The whole text must parse, also the part that cannot change the result.

/// What a condition comes to.
public enum ConditionOutcome: Hashable, Sendable {
    /// It holds.
    case holds
    /// It does not hold.
    case fails
    /// It is no condition.
    case notUnderstood(ConditionMistake)
}

/// Why a text is no condition.
public struct ConditionMistake: Error, Hashable, Sendable {
    /// What is wrong, as HAProxy words it up to the place where the directive is named.
    public let text: String
    /// The byte at which it is wrong, counted from 0.
    public let offset: Int
}

/// Evaluates conditions.
public struct Condition {
    /// How deep parentheses may nest.
    public static let depthLimit = 64

    private let text: [UInt8]
    private let environment: Environment
    private let facts: ConfigurationFacts
    private var position = 0
    private var depth = 0

    /// Evaluates a condition whose words are already cut and joined by single blanks.
    ///
    /// An empty condition does not hold.
    public static func evaluate(
        _ text: [UInt8], environment: Environment, facts: ConfigurationFacts
    ) -> ConditionOutcome {
        var condition = Condition(text: text, environment: environment, facts: facts)
        do throws(ConditionMistake) {
            condition.skipBlanks()
            if condition.isAtEnd { return .fails }
            let value = try condition.alternatives()
            condition.skipBlanks()
            if !condition.isAtEnd { throw condition.strayCharacter() }
            return value ? .holds : .fails
        } catch {
            return .notUnderstood(error)
        }
    }

    /// Evaluates the argument of `-cc`: cuts words, expands variables, joins and evaluates.
    public static func evaluate(
        argument: String, environment: Environment, facts: ConfigurationFacts
    ) -> ConditionOutcome {
        let line = Array(argument.utf8)
        switch Lexer.words(of: line, options: [], lookUp: { environment[$0] }) {
        case .success(let words):
            return evaluate(
                Array(words.map(\.bytes).joined(separator: [0x20])), environment: environment,
                facts: facts)
        case .failure(let mistake):
            return .notUnderstood(ConditionMistake(text: mistake.text, offset: mistake.column - 1))
        }
    }

    private init(text: [UInt8], environment: Environment, facts: ConfigurationFacts) {
        self.text = text
        self.environment = environment
        self.facts = facts
    }

    private mutating func alternatives() throws(ConditionMistake) -> Bool {
        var value = try conjunction()
        while take("||") { value = try conjunction() || value }
        return value
    }

    private mutating func conjunction() throws(ConditionMistake) -> Bool {
        var value = try term()
        while take("&&") { value = try term() && value }
        return value
    }

    private mutating func term() throws(ConditionMistake) -> Bool {
        skipBlanks()
        let start = position
        var isNegated = false
        while !isAtEnd && text[position] == 0x21 {
            isNegated.toggle()
            position += 1
            skipBlanks()
        }
        if isAtEnd { throw unparsable(from: start) }
        if text[position] == 0x28 { return try group() != isNegated }
        if let number = try integer() { return number != isNegated }
        return try predicate() != isNegated
    }

    private mutating func group() throws(ConditionMistake) -> Bool {
        let start = position
        depth += 1
        defer { depth -= 1 }
        if depth > Condition.depthLimit {
            throw ConditionMistake(text: "too deeply nested conditional expression", offset: start)
        }
        position += 1
        let value = try alternatives()
        skipBlanks()
        guard !isAtEnd, text[position] == 0x29 else {
            throw ConditionMistake(
                text: "expected ')' after conditional expression '\(quoted(from: start))'",
                offset: start)
        }
        position += 1
        return value
    }

    /// A number in C's notation: whether it is other than zero, or nil when there is none.
    private mutating func integer() throws(ConditionMistake) -> Bool? {
        var index = position
        if text[index] == 0x2D || text[index] == 0x2B { index += 1 }
        guard index < text.count, isDigit(text[index]) else { return nil }
        var isNonZero = false
        let isHexadecimal =
            text[index...].starts(with: [0x30, 0x78]) && index + 2 < text.count
            && isHexadecimalDigit(text[index + 2])
        if isHexadecimal { index += 2 }
        while index < text.count,
            isHexadecimal ? isHexadecimalDigit(text[index]) : isDigit(text[index])
        {
            if text[index] != 0x30 { isNonZero = true }
            index += 1
        }
        position = index
        return isNonZero
    }

    private mutating func predicate() throws(ConditionMistake) -> Bool {
        let start = position
        while !isAtEnd,
            isDigit(text[position]) || isLetter(text[position]) || text[position] == 0x5F
        {
            position += 1
        }
        let name = String(decoding: text[start..<position], as: UTF8.self)
        guard let predicate = Predicate.named[name] else { throw unparsable(from: start) }
        let arguments = try arguments(of: name, count: predicate.argumentCount)
        return predicate.evaluate(arguments, environment, facts)
    }

    /// The arguments in parentheses; a predicate with one argument may stand without them.
    private mutating func arguments(
        of name: String, count: Int
    ) throws(ConditionMistake) -> [String] {
        var arguments: [String] = []
        if !isAtEnd, text[position] == 0x28 {
            position += 1
            repeat {
                arguments.append(String(decoding: try argument(of: name), as: UTF8.self))
            } while arguments.count < count && takeComma()
            guard !isAtEnd, text[position] == 0x29 else {
                let before = isAtEnd ? "" : " before '\(quoted(from: position))'"
                throw argumentMistake("expected ')'\(before)", arguments.count, name)
            }
            if arguments == [""] && count != 1 { arguments = [] }
            if arguments.count < count {
                throw argumentMistake(
                    "missing arguments (got \(max(1, arguments.count))/\(count)), type 'string' expected",
                    max(1, arguments.count), name)
            }
            position += 1
        } else if count > 1 {
            throw argumentMistake(
                "missing arguments (got 0/\(count)), type 'string' expected", 1, name)
        }
        while arguments.count < count { arguments.append("") }
        return arguments
    }

    /// One argument with quotes and escapes of the second level; stops before `,` or `)`.
    private mutating func argument(of name: String) throws(ConditionMistake) -> [UInt8] {
        var bytes: [UInt8] = []
        var quote: UInt8?
        while !isAtEnd {
            let byte = text[position]
            if let open = quote, byte == open {
                quote = nil
            } else if quote == nil, byte == 0x22 || byte == 0x27 {
                quote = byte
            } else if quote == nil, byte == 0x2C || byte == 0x29 {
                return bytes
            } else if quote != 0x27, byte == 0x5C, let meaning = escapeMeaning() {
                bytes.append(meaning)
                position += 1
            } else {
                bytes.append(byte)
            }
            position += 1
        }
        if quote != nil { throw argumentMistake("unmatched quote", 1, name) }
        return bytes
    }

    private func escapeMeaning() -> UInt8? {
        guard position + 1 < text.count else { return nil }
        let next = text[position + 1]
        return switch next {
        case 0x20, 0x5C, 0x22, 0x27: next
        case 0x6E: 0x0A
        case 0x72: 0x0D
        case 0x74: 0x09
        default: nil
        }
    }

    private func argumentMistake(_ what: String, _ number: Int, _ name: String) -> ConditionMistake
    {
        ConditionMistake(
            text:
                "\(what) in argument \(number) of predicate '\(name)' used in conditional expression",
            offset: min(position, text.count))
    }

    private mutating func take(_ operation: String) -> Bool {
        skipBlanks()
        guard text[position...].starts(with: operation.utf8) else { return false }
        position += operation.utf8.count
        return true
    }

    private mutating func takeComma() -> Bool {
        guard !isAtEnd, text[position] == 0x2C else { return false }
        position += 1
        return true
    }

    private mutating func skipBlanks() {
        while !isAtEnd, text[position] == 0x20 || text[position] == 0x09 { position += 1 }
    }

    private var isAtEnd: Bool { position >= text.count }

    private func quoted(from start: Int) -> String {
        String(decoding: text[min(start, text.count)...], as: UTF8.self)
    }

    private func unparsable(from start: Int) -> ConditionMistake {
        ConditionMistake(
            text: "unparsable conditional expression '\(quoted(from: start))'", offset: start)
    }

    private func strayCharacter() -> ConditionMistake {
        let character = quoted(from: position).first.map(String.init) ?? ""
        return ConditionMistake(
            text: "unexpected character '\(character)' at the end of conditional expression "
                + "'\(quoted(from: 0))'", offset: position)
    }
}

/// A question a condition can ask.
private struct Predicate: Sendable {
    let argumentCount: Int
    let evaluate: @Sendable ([String], Environment, ConfigurationFacts) -> Bool

    static let named: [String: Predicate] = [
        "defined": Predicate(argumentCount: 1) { words, environment, _ in
            environment[words[0]] != nil
        },
        "feature": Predicate(argumentCount: 1) { words, _, facts in
            facts.features.contains(words[0])
        },
        "enabled": Predicate(argumentCount: 1) { words, _, facts in
            facts.enabledOptions.contains(words[0])
        },
        "streq": Predicate(argumentCount: 2) { words, _, _ in words[0] == words[1] },
        "strneq": Predicate(argumentCount: 2) { words, _, _ in words[0] != words[1] },
        "strstr": Predicate(argumentCount: 2) { words, _, _ in
            contains(Array(words[0].utf8), Array(words[1].utf8))
        },
        "version_atleast": Predicate(argumentCount: 1) { words, _, facts in
            facts.version >= ProgramVersion(words[0])
        },
        "version_before": Predicate(argumentCount: 1) { words, _, facts in
            facts.version < ProgramVersion(words[0])
        },
        "openssl_version_atleast": Predicate(argumentCount: 1) { words, _, facts in
            facts.opensslVersion.map { $0 >= ProgramVersion(words[0]) } ?? false
        },
        "openssl_version_before": Predicate(argumentCount: 1) { words, _, facts in
            facts.opensslVersion.map { $0 < ProgramVersion(words[0]) } ?? false
        },
        "ssllib_name_startswith": Predicate(argumentCount: 1) { words, _, facts in
            facts.tlsLibraryName?.hasPrefix(words[0]) ?? false
        },
        "awslc_api_atleast": Predicate(argumentCount: 1) { _, _, _ in false },
        "awslc_api_before": Predicate(argumentCount: 1) { _, _, _ in false },
        "fips_mode": Predicate(argumentCount: 0) { _, _, facts in facts.isFIPS },
    ]

    private static func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
        guard part.count <= bytes.count else { return false }
        return (0...(bytes.count - part.count)).contains { bytes[$0...].starts(with: part) }
    }
}

private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

private func isLetter(_ byte: UInt8) -> Bool {
    (byte >= 0x41 && byte <= 0x5A) || (byte >= 0x61 && byte <= 0x7A)
}

private func isHexadecimalDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x66)
}
