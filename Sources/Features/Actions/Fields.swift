// Actions that change the fields of a head (configuration manual: set-header, add-header,
// del-header, replace-header, replace-value).

import Bytes
import ConfigLanguage
import HTTP
import Proxy
import Samples

extension ActionFamily {
    /// Fields.
    static let fields = ActionFamily(
        "fields",
        [
            ActionRow(
                "set-header", in: .http, "<name> <fmt>",
                "Removes all fields of a name and adds one with that value."
            ) { reader throws(ExpressionMistake) in
                try SetField(&reader, replaces: true)
            },
            ActionRow(
                "add-header", in: .http, "<name> <fmt>", "Adds a field with that value."
            ) { reader throws(ExpressionMistake) in
                try SetField(&reader, replaces: false)
            },
            ActionRow(
                "del-header", in: .http, "<name> [-m {str|beg|end|sub|reg}]",
                "Removes all fields of a name, or of names that match."
            ) { reader throws(ExpressionMistake) in try DeleteField(&reader) },
            ActionRow(
                "replace-header", in: .http, "<name> <regex> <fmt>",
                "Replaces the values of a field's lines that match a regular expression."
            ) { reader throws(ExpressionMistake) in try ReplaceField(&reader, splits: false) },
            ActionRow(
                "replace-value", in: .http, "<name> <regex> <fmt>",
                "Replaces each comma-separated value of a field that matches a regular expression."
            ) { reader throws(ExpressionMistake) in try ReplaceField(&reader, splits: true) },
        ])
}

extension ActionReader {
    /// The next word as a field's name in small letters.
    mutating func fieldName(
        in constants: ConstantBlock
    ) throws(ExpressionMistake) -> (KeptBytes, KnownField) {
        let name = try word("a field's name").utf8.map { byte in
            byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
        }
        guard name.span.isToken else {
            throw wrong("expects a field's name, made of letters, digits and characters like '-'")
        }
        let kept = KeptBytes(name, in: constants)
        return (kept, KnownField.named(kept.span))
    }

    /// Says that a rule about a field has no effect where the field frames the body.
    mutating func noteFraming(_ known: KnownField) {
        guard known == .contentLength || known == .transferEncoding else { return }
        note("where bodies end is the proxy's to say: '\(known.name)' stays as it is")
    }

    /// The next word as a regular expression whose groups replacements can name.
    mutating func regularExpression() throws(ExpressionMistake) -> RegularExpression {
        let pattern = try word("a regular expression")
        do throws(RegularExpressionMistake) {
            return try RegularExpression(pattern.anyBytes, captures: true)
        } catch {
            throw wrong(
                "expects a regular expression (at byte \(error.offset): \(error.text))")
        }
    }
}

/// `set-header`, `add-header`.
///
/// Safety: constants.
private final class SetField: Action, @unchecked Sendable {
    private let name: KeptBytes
    /// The name with what separates it from a value.
    private let begin: KeptBytes
    private let known: KnownField
    private let format: LogFormat
    /// The value, where it is always the same.
    private let constant: KeptBytes?
    private let replaces: Bool

    init(_ reader: inout ActionReader, replaces: Bool) throws(ExpressionMistake) {
        let constants = ConstantBlock()
        (name, known) = try reader.fieldName(in: constants)
        reader.noteFraming(known)
        let written = name
        begin = KeptBytes(written.span.array + Array(": ".utf8), in: constants)
        format = try reader.format("a format")
        constant = format.constant.map { KeptBytes($0, in: constants) }
        self.replaces = replaces
        super.init(keeping: constants)
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        // The value may read the field that is replaced.
        if constant == nil, !subject.render(format) { return subject.rewriteFailed }
        let name = self.name
        if replaces { subject.removeFields(name.span, known) }
        let begin = self.begin
        if let constant {
            return subject.addField(begin: begin.span, known, constant.span)
                ? .goOn : subject.rewriteFailed
        }
        return subject.addField(begin: begin.span, known, subject.renderedText)
            ? .goOn : subject.rewriteFailed
    }
}

/// `del-header`.
///
/// Safety: constants.
private final class DeleteField: Action, @unchecked Sendable {
    private enum Test {
        case same(KnownField)
        case begins, ends, contains
        case matches(RegularExpression)
    }
    private let name: KeptBytes
    private let test: Test

    init(_ reader: inout ActionReader) throws(ExpressionMistake) {
        let constants = ConstantBlock()
        let written = try reader.word("a field's name")
        let position = reader.position - 1
        let small = written.utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
        let kept = KeptBytes(small, in: constants)
        name = kept
        test = try Self.test(&reader, written, position, kept)
        if case .same(let known) = test { reader.noteFraming(known) }
        super.init(keeping: constants)
    }

    private static func test(
        _ reader: inout ActionReader, _ written: String, _ position: Int, _ name: KeptBytes
    ) throws(ExpressionMistake) -> Test {
        guard reader.skip("-m") else { return .same(KnownField.named(name.span)) }
        let methods = ["str", "beg", "end", "sub", "reg"]
        switch try reader.word("a method") {
        case "str": return .same(KnownField.named(name.span))
        case "beg": return .begins
        case "end": return .ends
        case "sub": return .contains
        case "reg":
            do throws(RegularExpressionMistake) {
                return .matches(try RegularExpression(written.anyBytes, ignoresCase: false))
            } catch {
                throw ExpressionMistake(
                    word: position, offset: 0, length: written.utf8.count,
                    "'\(written)' is no regular expression: at byte \(error.offset): "
                        + error.text)
            }
        case let other:
            throw reader.wrong(
                "expects \(methods.joined(separator: ", ")) behind '-m'",
                suggestion: Spelling.nearest(to: other, among: methods))
        }
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        let name = self.name
        if case .same(let known) = test {
            subject.removeFields(name.span, known)
            return .goOn
        }
        for index in 0..<subject.fieldCount {
            let line = subject.field(index)
            if subject.isSeen(line) && isWanted(subject.name(of: line), name.span, subject) {
                subject.removeField(index)
            }
        }
        return .goOn
    }

    private func isWanted(
        _ name: Span<UInt8>, _ wanted: Span<UInt8>, _ subject: Subject
    ) -> Bool {
        let rest = name.count - wanted.count
        switch test {
        case .same: return false
        case .matches(let expression):
            // Names are in small letters to rules, however they came.
            return subject.withScratch { scratch in
                let small = scratch.make(as: .string) { output in
                    for index in 0..<name.count { output.append(name[index].asciiLowercased) }
                }
                return small.map { subject.matches(expression, scratch.bytes(of: $0)) } ?? false
            }
        case .begins:
            return rest >= 0 && name.extracting(0..<wanted.count).isSame(ignoringCaseOf: wanted)
        case .ends:
            return rest >= 0
                && name.extracting(rest..<name.count).isSame(ignoringCaseOf: wanted)
        case .contains:
            guard rest >= 0 else { return false }
            for start in 0...rest
            where name.extracting(start..<start + wanted.count).isSame(ignoringCaseOf: wanted) {
                return true
            }
            return false
        }
    }
}

/// `replace-header`, `replace-value`.
///
/// Safety: constants.
private final class ReplaceField: Action, @unchecked Sendable {
    private let name: KeptBytes
    private let known: KnownField
    private let expression: RegularExpression
    private let format: LogFormat
    private let splits: Bool

    init(_ reader: inout ActionReader, splits: Bool) throws(ExpressionMistake) {
        let constants = ConstantBlock()
        (name, known) = try reader.fieldName(in: constants)
        reader.noteFraming(known)
        expression = try reader.regularExpression()
        format = try reader.format("a format that replaces what matches")
        self.splits = splits
        super.init(keeping: constants)
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        guard subject.render(format) else { return subject.rewriteFailed }
        let name = self.name
        var index = 0
        while let found = subject.nextField(name.span, known, from: index) {
            index = found + 1
            if !replace(found, subject) { return subject.rewriteFailed }
        }
        return .goOn
    }

    /// Replaces what matches in one line; false when that does not fit.
    private func replace(_ index: Int, _ subject: Subject) -> Bool {
        subject.withScratch { scratch in
            var matches = false
            let made = scratch.make(as: .string) { output in
                let value = subject.value(of: subject.field(index))
                if splits {
                    matches = writeValues(value, subject, &output)
                } else {
                    matches = write(value, subject, &output)
                }
            }
            if !matches { return true }
            guard let made else { return false }
            return subject.replaceField(index, value: scratch.bytes(of: made))
        }
    }

    /// Writes a value with what matches replaced; false where nothing does.
    private func write(
        _ value: Span<UInt8>, _ subject: Subject, _ output: inout OutputBytes
    ) -> Bool {
        guard subject.matches(expression, value) else { return false }
        subject.expand(subject.renderedText, of: value, into: &output)
        return true
    }

    /// Writes values with those replaced that match; false where none does.
    private func writeValues(
        _ line: Span<UInt8>, _ subject: Subject, _ output: inout OutputBytes
    ) -> Bool {
        var matches = false
        var start = 0
        while true {
            let end = line.endOfListValue(from: start)
            let value = line.extracting(start..<end)
            if write(value.withoutBlanks, subject, &output) {
                matches = true
            } else {
                output.append(value)
            }
            guard end < line.count else { return matches }
            output.append(0x2C)
            start = end + 1
        }
    }
}

extension Span where Element == UInt8 {
    /// Where a value of a comma-separated list ends: at the next comma that no quotes enclose.
    func endOfListValue(from start: Int) -> Int {
        var index = start
        var isQuoted = false
        while index < count {
            switch self[index] {
            case 0x22: isQuoted.toggle()
            case 0x5C where isQuoted: index += 1
            case 0x2C where !isQuoted: return index
            default: break
            }
            index += 1
        }
        return Swift.min(index, count)
    }
}
