// Formats: text with `%` aliases and `%[expressions]` (configuration manual: custom log format).
// Log lines, values of fields, variables and replies are made by them. Compiled at load to a flat
// table, so that writing one looks nothing up.

import Bytes
import ConfigLanguage
import Samples

/// A piece of a format.
///
/// Safety: the format keeps the expression.
@safe
struct LogPart {
    /// What kind of piece it is.
    enum Kind: UInt8 {
        /// Text as it stands.
        case text
        /// A blank, unless it would begin the text or follow another.
        case blank
        /// An alias.
        case alias
        /// An expression.
        case expression
    }

    /// What kind of piece it is.
    let kind: Kind
    /// How it is written.
    var item: LogItem
    /// Where its text, or its name, is in the format's bytes.
    var bytes = 0..<0
    /// What an alias stands for.
    var value = LogValue.number { _ in 0 }
    /// The expression.
    let expression: Unmanaged<Expression>?

    /// A piece, to be filled in.
    init(_ kind: Kind, _ item: LogItem = LogItem([])) {
        self.kind = kind
        self.item = item
        unsafe expression = nil
    }

    /// An expression that the format keeps.
    init(_ expression: Expression, _ item: LogItem) {
        kind = .expression
        self.item = item
        // Safety: as the type says.
        unsafe self.expression = Unmanaged.passUnretained(expression)
    }
}

/// A compiled format.
///
/// Safety: nothing of it changes after it was made; the table of parts is owned by it alone.
@safe
public final class LogFormat: @unchecked Sendable {
    /// As it was written.
    public let text: String
    /// What has to be kept of a stream for it.
    public let needs: LogNeeds
    private let parts: UnsafeMutablePointer<LogPart>
    private let count: Int
    /// The text of all parts.
    private let bytes: UnsafeMutablePointer<UInt8>
    private let byteCount: Int
    /// The flags that the format as a whole has.
    private let flags: LogFlags
    /// Keeps the expressions of the parts.
    private let expressions: [Expression]

    init(
        text: String, needs: LogNeeds, parts: [LogPart], bytes: [UInt8], flags: LogFlags,
        expressions: [Expression]
    ) {
        self.text = text
        self.needs = needs
        count = parts.count
        // Safety: initialised here, element by element, and freed in `deinit`.
        unsafe self.parts = .allocate(capacity: max(1, parts.count))
        for (index, part) in parts.enumerated() {
            unsafe (self.parts + index).initialize(to: part)
        }
        byteCount = bytes.count
        unsafe self.bytes = .allocate(capacity: max(1, bytes.count))
        for (index, byte) in bytes.enumerated() {
            unsafe (self.bytes + index).initialize(to: byte)
        }
        self.flags = flags
        self.expressions = expressions
    }

    deinit {
        // Safety: as in `init`.
        unsafe parts.deinitialize(count: count)
        unsafe parts.deallocate()
        unsafe bytes.deallocate()
    }

    /// The bytes of a part.
    @_lifetime(borrow self)
    private func text(_ range: Range<Int>) -> Span<UInt8> {
        precondition(range.upperBound <= byteCount)
        // Safety: the range is inside the block, which lives as long as the format.
        let span = unsafe Span(_unsafeStart: bytes + range.lowerBound, count: range.count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// The text where it holds neither alias nor expression.
    public var constant: [UInt8]? {
        if count == 0 { return flags.isDisjoint(with: .encodings) ? [] : nil }
        // Safety: there is a first part.
        guard count == 1, flags.isDisjoint(with: .encodings), unsafe parts.pointee.kind == .text
        else { return nil }
        return unsafe Array(UnsafeBufferPointer(start: bytes, count: byteCount))
    }

    /// Writes the format for a stream.
    ///
    /// What does not fit sets the output's `hasOverflowed`, and nothing is written behind it.
    func write(for subject: Subject, to output: inout OutputBytes) {
        if !flags.isDisjoint(with: .encodings) { return writeMap(for: subject, to: &output) }
        var wasBlank = true
        var index = 0
        while index < count {
            // Safety: the index is below the count; the part stays where it is.
            let part = unsafe parts + index
            index &+= 1
            let mark = output.count
            switch unsafe part.pointee.kind {
            case .text:
                output.append(text(unsafe part.pointee.bytes))
                wasBlank = false
            case .blank:
                if !wasBlank { output.append(0x20) }
                wasBlank = true
            case .alias:
                unsafe subject.write(part.pointee.value, part.pointee.item, to: &output)
                // An alias without a value leaves the blanks around it side by side.
                if output.count != mark { wasBlank = false }
            case .expression:
                if let expression = unsafe part.pointee.expression {
                    unsafe expression._withUnsafeGuaranteedRef {
                        unsafe subject.write($0, part.pointee.item, to: &output)
                    }
                }
                wasBlank = false
            }
            if output.hasOverflowed { return }
        }
    }

    /// Writes the named items as a map of the encoding.
    private func writeMap(for subject: Subject, to output: inout OutputBytes) {
        let item = LogItem(flags)
        output.beginMap(item)
        var isFirst = true
        for index in 0..<count {
            // Safety: as in `write(for:to:)`.
            let part = unsafe parts + index
            let name = unsafe part.pointee.bytes
            guard unsafe part.pointee.kind == .alias || part.pointee.kind == .expression,
                !name.isEmpty
            else { continue }
            output.append(key: text(name), item, isFirst: isFirst)
            isFirst = false
            if let expression = unsafe part.pointee.expression {
                unsafe expression._withUnsafeGuaranteedRef {
                    unsafe subject.encode($0, part.pointee.item, to: &output)
                }
            } else {
                unsafe subject.encode(part.pointee.value, part.pointee.item, to: &output)
            }
            if output.hasOverflowed { return }
        }
        output.endMap(item)
    }
}
