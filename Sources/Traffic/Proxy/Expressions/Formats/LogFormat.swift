// Formats: text with `%` aliases and `%[expressions]` (configuration manual: custom log format).
// Log lines, values of fields, variables and replies are made by them. Compiled at load to a flat
// table, so that writing one looks nothing up.

import Bytes
import ConfigLanguage
import Samples

/// A piece of a format.
///
/// Safety: the format keeps the objects.
@safe
struct LogPart {
    /// What kind of piece it is.
    enum Kind: UInt8 {
        /// One byte.
        case byte
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
    var kind: Kind
    /// The byte; of an alias or an expression, one that stands before it, 0 where there is none.
    var byte: UInt8 = 0
    /// What stands before it is a blank that may be left out.
    var followsBlank = false
    /// How it is written.
    var item: LogItem
    /// Where its text, or its name, is in the format's bytes.
    var start: UInt32 = 0
    /// How long that is.
    var length: UInt32 = 0
    /// What an alias stands for.
    let value: Unmanaged<LogValue>?
    /// The expression.
    let expression: Unmanaged<Expression>?

    /// A piece, to be filled in.
    init(_ kind: Kind, _ item: LogItem = LogItem([])) {
        self.kind = kind
        self.item = item
        unsafe value = nil
        unsafe expression = nil
    }

    /// An alias whose value the format keeps.
    init(_ value: LogValue, like part: LogPart) {
        kind = .alias
        item = part.item
        start = part.start
        length = part.length
        // Safety: as the type says; so below.
        unsafe self.value = Unmanaged.passUnretained(value)
        unsafe expression = nil
    }

    /// An expression that the format keeps.
    init(_ expression: Expression, like part: LogPart) {
        kind = .expression
        item = part.item
        start = part.start
        length = part.length
        unsafe value = nil
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
    /// Keeps the values and expressions of the parts.
    private let kept: [AnyObject]

    init(
        text: String, needs: LogNeeds, parts: [LogPart], bytes: [UInt8], flags: LogFlags,
        keeping kept: [AnyObject]
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
        self.kept = kept
    }

    deinit {
        // Safety: as in `init`.
        unsafe parts.deinitialize(count: count)
        unsafe parts.deallocate()
        unsafe bytes.deallocate()
    }

    /// The text or name of a part.
    @_lifetime(borrow self)
    private func text(of part: UnsafeMutablePointer<LogPart>) -> Span<UInt8> {
        let start = unsafe Int(part.pointee.start)
        let length = unsafe Int(part.pointee.length)
        precondition(start &+ length <= byteCount)
        // Safety: the range is inside the block, which lives as long as the format.
        let span = unsafe Span(_unsafeStart: bytes + start, count: length)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// The text where it holds neither alias nor expression.
    public var constant: [UInt8]? {
        if count == 0 { return flags.isDisjoint(with: .encodings) ? [] : nil }
        // Safety: there is a first part.
        guard count == 1, flags.isDisjoint(with: .encodings) else { return nil }
        let kind = unsafe parts.pointee.kind
        guard kind == .text || kind == .byte else { return nil }
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
            let byte = unsafe part.pointee.byte
            if byte != 0 {
                let isBlank = unsafe part.pointee.followsBlank
                if !isBlank || !wasBlank { output.append(byte) }
                wasBlank = isBlank
            }
            switch unsafe part.pointee.kind {
            case .byte: break
            case .text:
                output.append(unsafe text(of: part))
                wasBlank = false
            case .blank:
                if !wasBlank { output.append(0x20) }
                wasBlank = true
            case .alias:
                // An alias without a value leaves the blanks around it side by side.
                if unsafe write(aliasOf: part, for: subject, to: &output) { wasBlank = false }
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

    /// Writes an alias; says whether there was anything to write.
    @inline(__always)
    private func write(
        aliasOf part: UnsafeMutablePointer<LogPart>, for subject: Subject,
        to output: inout OutputBytes
    ) -> Bool {
        // Safety: the format keeps the value.
        guard let value = unsafe part.pointee.value else { return false }
        let item = unsafe part.pointee.item
        let mark = output.count
        unsafe value._withUnsafeGuaranteedRef {
            if item.flags.isDisjoint(with: .encodings) {
                $0.write(subject, item, &output)
            } else {
                $0.encode(subject, item, &output)
            }
        }
        if output.hasOverflowed, unsafe value._withUnsafeGuaranteedRef({ !$0.mayBeCut }) {
            output.truncate(to: mark)
        }
        return output.count != mark
    }

    /// Writes the named items as a map of the encoding.
    private func writeMap(for subject: Subject, to output: inout OutputBytes) {
        let item = LogItem(flags)
        output.beginMap(item)
        var isFirst = true
        for index in 0..<count {
            // Safety: as in `write(for:to:)`.
            let part = unsafe parts + index
            guard unsafe part.pointee.kind == .alias || part.pointee.kind == .expression,
                unsafe part.pointee.length > 0
            else { continue }
            output.append(key: unsafe text(of: part), item, isFirst: isFirst)
            isFirst = false
            let own = unsafe part.pointee.item
            if let expression = unsafe part.pointee.expression {
                unsafe expression._withUnsafeGuaranteedRef {
                    subject.encode($0, own, to: &output)
                }
            } else if let value = unsafe part.pointee.value {
                unsafe value._withUnsafeGuaranteedRef { $0.encode(subject, own, &output) }
            }
            if output.hasOverflowed { return }
        }
        output.endMap(item)
    }
}
