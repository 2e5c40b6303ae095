// Compiling a log format: text with % aliases becomes a short list of instructions over a blob of
// text. Expressions (`%[...]`) are known and refused until there are any.
// Source: configuration manual, "Custom log format".

/// Flags of an item.
struct LogFlags: OptionSet, BitwiseCopyable, Sendable {
    let rawValue: UInt8
    /// `Q`: quotes around strings.
    static let quoted = LogFlags(rawValue: 1)
    /// `X`: addresses, ports and counters in hexadecimal.
    static let hexadecimal = LogFlags(rawValue: 2)
    /// `E`: a backslash before quotes, backslashes and closing brackets.
    static let escaped = LogFlags(rawValue: 4)
}

/// One step of rendering a line. 12 bytes.
struct LogInstruction: BitwiseCopyable, Sendable {
    enum Kind: UInt8, BitwiseCopyable, Sendable {
        /// Copies a piece of the blob.
        case text
        /// A blank, unless it would begin the line or follow another.
        case blank
        case variable
    }
    var kind: Kind
    var variable: LogVariable = .origin
    var flags: LogFlags = []
    var offset: UInt32 = 0
    var length: UInt32 = 0
}

/// What is wrong with a log format.
public struct LogFormatMistake: Error, Equatable, Sendable {
    /// What was found and what was expected.
    public let text: String

    public init(text: String) { self.text = text }
}

/// A log format that can be compiled into a plan.
public enum LogFormat {
    /// Checks a format as written after `log-format`; throws what is wrong with it.
    ///
    /// - Parameter isHTTP: whether the proxy is in HTTP mode; some aliases exist only there.
    public static func check(_ format: String, isHTTP: Bool) throws(LogFormatMistake) {
        var blob: [UInt8] = []
        _ = try compile(format, isHTTP: isHTTP, into: &blob)
    }

    /// Turns a format into instructions; literal text is appended to `blob`.
    static func compile(
        _ format: String, isHTTP: Bool, into blob: inout [UInt8]
    ) throws(LogFormatMistake) -> [LogInstruction] {
        var compiler = LogFormatCompiler(text: Array(format.utf8), isHTTP: isHTTP, blob: blob)
        let instructions = try compiler.run()
        blob = compiler.blob
        return instructions
    }
}

/// Walks a format once from left to right.
private struct LogFormatCompiler {
    let text: [UInt8]
    let isHTTP: Bool
    var blob: [UInt8]
    private var instructions: [LogInstruction] = []
    private var commonFlags: LogFlags = []
    private var position = 0

    init(text: [UInt8], isHTTP: Bool, blob: [UInt8]) {
        self.text = text
        self.isHTTP = isHTTP
        self.blob = blob
    }

    mutating func run() throws(LogFormatMistake) -> [LogInstruction] {
        while position < text.count {
            let byte = text[position]
            switch byte {
            case UInt8(ascii: "%"): try item()
            case UInt8(ascii: " "):
                position += 1
                if instructions.last?.kind != .blank {
                    instructions.append(LogInstruction(kind: .blank))
                }
            default: literal()
            }
        }
        return instructions
    }

    private mutating func literal() {
        let start = position
        while position < text.count, text[position] != UInt8(ascii: "%"),
            text[position] != UInt8(ascii: " ")
        {
            position += 1
        }
        append(text[start..<position])
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>) {
        let offset = UInt32(blob.count)
        blob += bytes
        if let last = instructions.last, last.kind == .text, last.offset + last.length == offset {
            instructions[instructions.count - 1].length += UInt32(bytes.count)
        } else {
            instructions.append(
                LogInstruction(kind: .text, offset: offset, length: UInt32(bytes.count)))
        }
    }

    /// `%%`, `%name`, `%{flags}name`, `%(name)alias`, `%[expression]`.
    private mutating func item() throws(LogFormatMistake) {
        let start = position
        position += 1
        if peek == UInt8(ascii: "%") {
            append(text[position...position])
            position += 1
            return
        }
        if peek == UInt8(ascii: "(") { try skipName() }
        var flags = commonFlags
        if peek == UInt8(ascii: "{") {
            try readFlags(into: &flags)
            guard peek != nil else {
                throw mistake(
                    "parse argument modifier without variable name near '\(string(start...))'")
            }
        }
        // A lone minus before an alias once asked for nothing to be logged; it is still accepted.
        if peek == UInt8(ascii: "-") { position += 1 }
        switch peek {
        case nil: throw mistake("truncated line after '%'")
        case UInt8(ascii: "["): throw refusedExpression()
        case let byte? where isAlphanumeric(byte): try alias(flags)
        default:
            throw mistake(
                """
                unexpected variable name near '\(string(position...position))' at position \
                \(position) line : '\(string(0...))'. Maybe you want to write a single '%', use \
                the syntax '%%'
                """)
        }
    }

    private mutating func alias(_ flags: LogFlags) throws(LogFormatMistake) {
        let start = position
        while let byte = peek, isAlphanumeric(byte) { position += 1 }
        let name = string(start..<position)
        if name == "o" {
            commonFlags = flags
            return
        }
        guard let row = LogVariable.rows.first(where: { $0.alias == name }) else {
            throw mistake(
                """
                no such format variable '\(name)'. If you wanted to emit the '%' character \
                verbatim, you need to use '%%'
                """)
        }
        if row.isHTTPOnly && !isHTTP {
            throw mistake("format variable '\(name)' is reserved for HTTP mode")
        }
        instructions.append(
            LogInstruction(kind: .variable, variable: row.variable, flags: flags))
    }

    private mutating func readFlags(into flags: inout LogFlags) throws(LogFormatMistake) {
        position += 1
        let start = position
        while let byte = peek, byte != UInt8(ascii: "}") {
            if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") {
                position += 1
            }
            let wordStart = position
            while let letter = peek, isAlphanumeric(letter) { position += 1 }
            if wordStart == position {
                if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: ",")
                {
                    continue
                }
                throw mistake("unexpected '\(string(position...position))' among flags")
            }
            try apply(string(wordStart..<position), sign: byte, to: &flags)
        }
        guard peek != nil else { throw mistake("truncated line after '\(string(start...))'") }
        position += 1
    }

    private func apply(
        _ word: String, sign: UInt8, to flags: inout LogFlags
    ) throws(LogFormatMistake) {
        let flag: LogFlags
        switch word {
        case "Q": flag = .quoted
        case "X": flag = .hexadecimal
        case "E": flag = .escaped
        case "bin", "json", "utf8", "cbor":
            throw mistake("flag '\(word)' is not supported yet")
        default: return
        }
        if sign == UInt8(ascii: "+") {
            flags.insert(flag)
        } else if sign == UInt8(ascii: "-") {
            flags.remove(flag)
        }
    }

    /// The name of an item matters to encodings only.
    private mutating func skipName() throws(LogFormatMistake) {
        let start = position
        while let byte = peek, byte != UInt8(ascii: ")") { position += 1 }
        guard peek != nil else { throw mistake("missing ')' after '\(string(start...))'") }
        position += 1
    }

    private func refusedExpression() -> LogFormatMistake {
        let rest = string((position + 1)...)
        guard let end = rest.firstIndex(of: "]") else {
            return mistake("missing ']' after '\(rest)'")
        }
        return mistake("sample expression '%[\(rest[..<end])]' is not supported yet")
    }

    private var peek: UInt8? { position < text.count ? text[position] : nil }

    private func string(_ range: some RangeExpression<Int>) -> String {
        String(decoding: text[range], as: UTF8.self)
    }

    private func mistake(_ text: String) -> LogFormatMistake { LogFormatMistake(text: text) }

    private func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}
