// Reads formats: `%%`, `%alias`, `%{flags}alias`, `%(name:type){flags}alias`,
// `%{flags}[expression]` and the text between them. Control path. Source: configuration manual,
// "Custom log format".

import ConfigLanguage
import Samples

extension ExpressionCompiler {
    /// Compiles a format.
    ///
    /// - Parameters:
    ///   - text: the format as written.
    ///   - word: which word of the line it is, for mistakes.
    ///   - isHTTP: whether aliases of HTTP mode may be used.
    ///   - style: what the format is for; nil follows from the place.
    public func format(
        _ text: String, word: Int, in place: ExpressionPlace, isHTTP: Bool,
        style: LogFormatStyle? = nil
    ) throws(ExpressionMistake) -> LogFormat {
        let style = style ?? .usual(in: place)
        let before = formatNeeds
        var reader = LogFormatReader(
            text: text.anyBytes, word: word, place: place, isHTTP: isHTTP, style: style,
            compiler: self)
        try reader.read()
        let format = reader.finish(text)
        // What a log line wants is a matter of its frontend alone.
        if style == .line { formatNeeds = before } else { note(format.needs) }
        return format
    }
}

extension LogFormatStyle {
    /// What formats are for in a place when nothing else is said.
    static func usual(in place: ExpressionPlace) -> LogFormatStyle {
        switch place {
        case .log: .line
        case .uniqueID: .identifier
        default: .message
        }
    }
}

/// Walks a format once from left to right.
private struct LogFormatReader {
    let text: [UInt8]
    let word: Int
    let place: ExpressionPlace
    let isHTTP: Bool
    let style: LogFormatStyle
    let compiler: ExpressionCompiler
    private var parts: [LogPart] = []
    private var bytes: [UInt8] = []
    private var kept: [AnyObject] = []
    private var needs: LogNeeds = []
    private var position = 0
    /// What `%o` says, and what the style does.
    private var commonFlags: LogFlags
    /// Where the flags of an encoding stand, for a warning.
    private var encodingRange: Range<Int>?

    init(
        text: [UInt8], word: Int, place: ExpressionPlace, isHTTP: Bool, style: LogFormatStyle,
        compiler: ExpressionCompiler
    ) {
        self.text = text
        self.word = word
        self.place = place
        self.isHTTP = isHTTP
        self.style = style
        self.compiler = compiler
        commonFlags = style.flags
    }

    mutating func read() throws(ExpressionMistake) {
        while position < text.count {
            switch text[position] {
            case UInt8(ascii: "%"): try item()
            case UInt8(ascii: " ") where style.mergesBlanks:
                position += 1
                if parts.last?.kind != .blank { parts.append(LogPart(.blank)) }
            default:
                append(text[position])
                position += 1
            }
        }
    }

    /// The format that was read.
    mutating func finish(_ written: String) -> LogFormat {
        settleEncodings()
        return LogFormat(
            text: written, needs: needs, parts: joined, bytes: bytes, flags: commonFlags,
            keeping: kept)
    }

    /// The parts with bytes and blanks put into the items behind them: half as many to walk.
    private var joined: [LogPart] {
        var joined: [LogPart] = []
        for var part in parts {
            if part.kind == .alias || part.kind == .expression, let last = joined.last,
                last.kind == .blank || last.kind == .byte
            {
                part.byte = last.kind == .blank ? 0x20 : last.byte
                part.followsBlank = last.kind == .blank
                joined.removeLast()
            }
            joined.append(part)
        }
        return joined
    }

    /// An encoding of the whole is that of all items, and so is whether bytes stand as they are.
    ///
    /// As in HAProxy, what goes into an HTTP message is encoded for that, and not otherwise.
    private mutating func settleEncodings() {
        let isForHTTP = style == .message || style == .identifier
        let encoding = isForHTTP ? [] : commonFlags.intersection(.encodings)
        if isForHTTP { commonFlags.subtract(.encodings) }
        for index in parts.indices {
            if !encoding.isEmpty || isForHTTP {
                parts[index].item.flags.subtract(.encodings)
                parts[index].item.flags.formUnion(encoding)
            }
            parts[index].item.flags.remove(.binary)
            if commonFlags.contains(.binary) { parts[index].item.flags.insert(.binary) }
        }
        if isForHTTP, let range = encodingRange {
            compiler.warn(
                mistake(
                    range.lowerBound, range.count,
                    "formats of HTTP messages have no encoding; this one is ignored"))
        }
    }

    private mutating func append(_ byte: UInt8) {
        if let last = parts.last, last.kind == .text || last.kind == .byte,
            Int(last.start + last.length) == bytes.count
        {
            parts[parts.count - 1].kind = .text
            parts[parts.count - 1].byte = 0
            parts[parts.count - 1].length += 1
        } else {
            var part = LogPart(byte == 0 ? .text : .byte)
            part.byte = byte
            part.start = UInt32(bytes.count)
            part.length = 1
            parts.append(part)
        }
        bytes.append(byte)
    }

    // MARK: Items

    /// What follows a `%`. A sign that begins no item stands for itself, as in HAProxy.
    private mutating func item() throws(ExpressionMistake) {
        let start = position
        position += 1
        var part = LogPart(.alias, LogItem(commonFlags))
        var isItem = false
        if peek == UInt8(ascii: "(") {
            try readName(into: &part)
            isItem = true
        }
        if peek == UInt8(ascii: "{") {
            try readFlags(into: &part.item.flags)
            isItem = true
        }
        switch peek {
        case UInt8(ascii: "["): try expression(part)
        case let byte? where isAlphanumeric(byte): try alias(part, from: start)
        case nil where !isItem:
            throw mistake(start, 1, "a format ends behind '%'; '%%' means one '%'")
        case let byte? where !isItem && !isBlank(byte):
            append(byte)
            position += 1
        default:
            throw mistake(
                start, position - start,
                isItem
                    ? "an alias or '[' must follow '\(string(start..<position))'"
                    : "an alias must follow '%'; '%%' means one '%'")
        }
    }

    private mutating func alias(_ part: LogPart, from start: Int) throws(ExpressionMistake) {
        let nameStart = position
        while let byte = peek, isAlphanumeric(byte) { position += 1 }
        let name = string(nameStart..<position)
        if name == "o" {
            commonFlags = part.item.flags
            return
        }
        guard let row = compiler.aliases[name] else {
            throw ExpressionMistake(
                word: word, offset: nameStart, length: position - nameStart,
                "there is no alias '%\(name)'; '%%' means one '%'",
                suggestion: Spelling.nearest(to: name, among: compiler.aliases.rows.map(\.name))
                    .map { "%\($0)" })
        }
        if row.isHTTPOnly && !isHTTP {
            throw mistake(
                nameStart, position - nameStart, "alias '%\(name)' is for HTTP mode only")
        }
        needs.formUnion(row.needs)
        kept.append(row.value)
        parts.append(LogPart(row.value, like: part))
    }

    private mutating func expression(_ part: LogPart) throws(ExpressionMistake) {
        let start = position
        var reader = ExpressionReader(text: text, from: position + 1, until: UInt8(ascii: "]"))
        let expression: Expression
        do throws(ExpressionMistake) {
            expression = try compiler.expression(&reader, in: place)
        } catch {
            throw ExpressionMistake(
                word: word, offset: error.offset, length: error.length, error.text,
                suggestion: error.suggestion)
        }
        position = reader.position
        guard peek == UInt8(ascii: "]") else {
            throw mistake(start, text.count - start, "the bracket of '%[' is never closed")
        }
        position += 1
        if expression.needs.contains(.requestLine) { needs.insert(.requestLine) }
        kept.append(expression)
        parts.append(LogPart(expression, like: part))
    }

    // MARK: Names and flags

    /// `(name)`, `(name:type)` or `(:type)`.
    private mutating func readName(into part: inout LogPart) throws(ExpressionMistake) {
        let start = position
        position += 1
        let nameStart = position
        while let byte = peek, isAlphanumeric(byte) || byte == 0x5F || byte == 0x2D {
            position += 1
        }
        let name = nameStart..<position
        if peek == UInt8(ascii: ":") {
            position += 1
            let typeStart = position
            while let byte = peek, isAlphanumeric(byte) { position += 1 }
            let word = string(typeStart..<position)
            guard let known = LogItemType.names.first(where: { $0.name == word }) else {
                throw ExpressionMistake(
                    word: self.word, offset: typeStart, length: position - typeStart,
                    "'\(word)' is no type of an item; there are str, sint and bool",
                    suggestion: Spelling.nearest(to: word, among: LogItemType.names.map(\.name)))
            }
            part.item.type = known.type
        }
        guard peek != nil else {
            throw mistake(
                start, text.count - start, "the parenthesis of an item's name is never closed")
        }
        guard peek == UInt8(ascii: ")") else {
            throw mistake(
                position, 1, "names of items consist of letters, digits, '_' and '-'")
        }
        position += 1
        part.start = UInt32(bytes.count)
        part.length = UInt32(name.count)
        bytes += text[name]
    }

    /// `{+Q,-X}`. As in HAProxy, words that name no flag, or that have no sign, say nothing; of
    /// several signs between two commas the last holds.
    private mutating func readFlags(into flags: inout LogFlags) throws(ExpressionMistake) {
        let start = position
        position += 1
        let inside = position
        while let byte = peek, byte != UInt8(ascii: "}") { position += 1 }
        guard peek != nil else {
            throw mistake(start, text.count - start, "the brace of an item's flags is never closed")
        }
        for word in text[inside..<position].split(separator: UInt8(ascii: ",")) {
            guard
                let sign = word.lastIndex(where: {
                    $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-")
                })
            else { continue }
            let name = string(word.index(after: sign)..<word.endIndex)
            guard let flag = LogFlags.names.first(where: { $0.name == name })?.flag else {
                continue
            }
            if word[sign] == UInt8(ascii: "-") {
                flags.remove(flag)
                continue
            }
            if !flag.isDisjoint(with: .encodings) {
                encodingRange = inside..<position
                // As in HAProxy, the first one holds until it is taken away.
                if !flags.isDisjoint(with: .encodings) && !flags.contains(flag) {
                    compiler.warn(
                        mistake(
                            word.startIndex, word.count,
                            "there is an encoding already; this one is ignored"))
                    continue
                }
            }
            flags.insert(flag)
        }
        position += 1
    }

    // MARK: Bytes

    private var peek: UInt8? { position < text.count ? text[position] : nil }

    private func string(_ range: Range<Int>) -> String {
        String(decoding: text[range], as: UTF8.self)
    }

    private func mistake(_ offset: Int, _ length: Int, _ text: String) -> ExpressionMistake {
        ExpressionMistake(word: word, offset: offset, length: length, text)
    }

    private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte >= 0x09 && byte <= 0x0D }

    private func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}
