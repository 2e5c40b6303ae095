// Reads formats: `%%`, `%alias`, `%{flags}alias`, `%(name)alias`, `%[expression]` and text between
// them. Control path.

import ConfigLanguage
import Samples

extension ExpressionCompiler {
    /// Compiles a format.
    ///
    /// - Parameters:
    ///   - text: the format as written.
    ///   - word: which word of the line it is, for mistakes.
    ///   - isHTTP: whether aliases of HTTP mode may be used.
    public func format(
        _ text: String, word: Int, in place: ExpressionPlace, isHTTP: Bool
    ) throws(ExpressionMistake) -> LogFormat {
        var reader = LogFormatReader(
            text: Array(text.utf8), word: word, place: place, isHTTP: isHTTP, compiler: self)
        return LogFormat(text: text, parts: try reader.read())
    }
}

/// Walks a format once from left to right.
private struct LogFormatReader {
    let text: [UInt8]
    let word: Int
    let place: ExpressionPlace
    let isHTTP: Bool
    let compiler: ExpressionCompiler
    private var parts: [LogFormat.Part] = []
    private var literal: [UInt8] = []
    private var position = 0
    private var commonFlags: LogFlags = []

    init(
        text: [UInt8], word: Int, place: ExpressionPlace, isHTTP: Bool,
        compiler: ExpressionCompiler
    ) {
        self.text = text
        self.word = word
        self.place = place
        self.isHTTP = isHTTP
        self.compiler = compiler
    }

    mutating func read() throws(ExpressionMistake) -> [LogFormat.Part] {
        while position < text.count {
            if text[position] == UInt8(ascii: "%") {
                try item()
            } else {
                literal.append(text[position])
                position += 1
            }
        }
        endLiteral()
        return parts
    }

    private mutating func endLiteral() {
        if literal.isEmpty { return }
        parts.append(.text(literal))
        literal = []
    }

    private mutating func item() throws(ExpressionMistake) {
        position += 1
        guard position < text.count else {
            throw mistake(position - 1, 1, "a format ends behind '%'; '%%' means one '%'")
        }
        if text[position] == UInt8(ascii: "%") {
            literal.append(UInt8(ascii: "%"))
            position += 1
            return
        }
        guard text[position] == UInt8(ascii: "[") else {
            throw mistake(position - 1, 2, "aliases are not supported yet here")
        }
        endLiteral()
        var reader = ExpressionReader(text: text, from: position + 1, until: UInt8(ascii: "]"))
        let start = position
        let expression: Expression
        do throws(ExpressionMistake) {
            expression = try compiler.expression(&reader, in: place)
        } catch {
            throw ExpressionMistake(
                word: word, offset: error.offset, length: error.length, error.text,
                suggestion: error.suggestion)
        }
        position = reader.position
        guard position < text.count, text[position] == UInt8(ascii: "]") else {
            throw mistake(start, text.count - start, "the bracket of '%[' is never closed")
        }
        position += 1
        parts.append(.expression(expression, commonFlags))
    }

    private func mistake(_ offset: Int, _ length: Int, _ text: String) -> ExpressionMistake {
        ExpressionMistake(word: word, offset: offset, length: length, text)
    }
}
