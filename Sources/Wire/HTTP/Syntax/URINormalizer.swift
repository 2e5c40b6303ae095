// The normalizers of `http-request normalize-uri`, from a path and query into a buffer of the
// caller. Configuration manual: normalize-uri; RFC 3986 §6.2.2.

/// One way to make equal URIs look equal.
///
/// Each reads and writes a path and its query as ``PathParts/pathAndQuery`` finds them; what does
/// not begin with a slash is left alone.
public enum URINormalizer: Equatable, Sendable {
    /// `#` becomes `%23`.
    case fragmentEncode
    /// The first `#` and what follows it goes.
    case fragmentStrip
    /// Slashes side by side in the path become one.
    case pathMergeSlashes
    /// Segments `.` of the path go.
    case pathStripDot
    /// Segments `..` of the path go together with the segment before them; `full`: those with no
    /// segment before them, too. One that stays gets a slash behind it.
    case pathStripDotDot(full: Bool)
    /// Encoded letters, digits, `-`, `.`, `_` and `~` are decoded; `strict`: a percent sign
    /// without two hexadecimal digits is a mistake.
    case percentDecodeUnreserved(strict: Bool)
    /// Hexadecimal digits behind percent signs become capitals; `strict` as above.
    case percentToUppercase(strict: Bool)
    /// Parameters of the query between `&` are put in order of their names, equal names in the
    /// order in which they came. An empty one at the end goes.
    case querySortByName

    /// What became of a path and query.
    public enum Outcome: Equatable, Sendable {
        /// The input is normal already; what is in the output means nothing.
        case unchanged
        /// The normal form is the first bytes of the output, this many.
        case changed(Int)
        /// The input breaks the grammar and the normalizer is strict: answer 400.
        case invalid
        /// The output is too short, or a query has more than ``parameterLimit`` parameters.
        case tooLong
    }

    /// Most parameters of a query that is sorted.
    public static let parameterLimit = 1024

    /// Writes the normal form of `input` into `output`, for which the length of the input is
    /// enough but for two more bytes for each `#` that is encoded, and one for a `..` at the end.
    public func apply(
        to input: Span<UInt8>, into output: inout MutableSpan<UInt8>
    ) -> Outcome {
        guard !input.isEmpty, input[0] == Byte.slash else { return .unchanged }
        var count = 0
        let result: Result =
            switch self {
            case .fragmentEncode: Self.encodeFragment(input, &output, &count)
            case .fragmentStrip: Self.stripFragment(input, &output, &count)
            case .pathMergeSlashes: Self.mergeSlashes(input, &output, &count)
            case .pathStripDot: Self.stripDot(input, &output, &count)
            case .pathStripDotDot(let full): Self.stripDotDot(input, full, &output, &count)
            case .percentDecodeUnreserved(let strict):
                Self.escapes(input, .decode, strict, &output, &count)
            case .percentToUppercase(let strict):
                Self.escapes(input, .capitals, strict, &output, &count)
            case .querySortByName: QuerySort.write(input, &output, &count)
            }
        switch result {
        case .invalid: return .invalid
        case .tooLong: return .tooLong
        case .written:
            return Self.isSame(input, output, count) ? .unchanged : .changed(count)
        }
    }

    /// How writing ended.
    enum Result {
        case written, invalid, tooLong
    }

    /// Appends a byte; false when there is no room.
    @inline(__always)
    static func put(
        _ byte: UInt8, _ output: inout MutableSpan<UInt8>, _ count: inout Int
    ) -> Bool {
        guard count < output.count else { return false }
        output[count] = byte
        count &+= 1
        return true
    }

    /// Appends bytes of the input; false when there is no room.
    static func copy(
        _ input: Span<UInt8>, _ range: Range<Int>, _ output: inout MutableSpan<UInt8>,
        _ count: inout Int
    ) -> Bool {
        guard range.count <= output.count &- count else { return false }
        var index = range.lowerBound
        while index < range.upperBound {
            output[count] = input[index]
            count &+= 1
            index &+= 1
        }
        return true
    }

    /// The first `byte`, or the end of the input.
    static func first(_ byte: UInt8, _ input: Span<UInt8>, from start: Int = 0) -> Int {
        var index = start
        while index < input.count, input[index] != byte { index &+= 1 }
        return index
    }

    private static func isSame(
        _ input: Span<UInt8>, _ output: borrowing MutableSpan<UInt8>, _ count: Int
    ) -> Bool {
        guard count == input.count else { return false }
        var index = 0
        while index < count {
            if input[index] != output[index] { return false }
            index &+= 1
        }
        return true
    }

    private static func encodeFragment(
        _ input: Span<UInt8>, _ output: inout MutableSpan<UInt8>, _ count: inout Int
    ) -> Result {
        var index = 0
        while index < input.count {
            if input[index] == Byte.hash {
                guard put(Byte.percent, &output, &count), put(0x32, &output, &count),
                    put(0x33, &output, &count)
                else { return .tooLong }
            } else if !put(input[index], &output, &count) {
                return .tooLong
            }
            index &+= 1
        }
        return .written
    }

    private static func stripFragment(
        _ input: Span<UInt8>, _ output: inout MutableSpan<UInt8>, _ count: inout Int
    ) -> Result {
        copy(input, 0..<first(Byte.hash, input), &output, &count) ? .written : .tooLong
    }

    private static func mergeSlashes(
        _ input: Span<UInt8>, _ output: inout MutableSpan<UInt8>, _ count: inout Int
    ) -> Result {
        let pathEnd = first(Byte.questionMark, input)
        var index = 0
        while index < pathEnd {
            let isRepeated =
                index > 0 && input[index] == Byte.slash && input[index &- 1] == Byte.slash
            if !isRepeated, !put(input[index], &output, &count) { return .tooLong }
            index &+= 1
        }
        return copy(input, pathEnd..<input.count, &output, &count) ? .written : .tooLong
    }

    private static func stripDot(
        _ input: Span<UInt8>, _ output: inout MutableSpan<UInt8>, _ count: inout Int
    ) -> Result {
        let pathEnd = first(Byte.questionMark, input)
        var start = 0
        while start < pathEnd {
            // At a slash; its segment follows. A dot goes together with the slash behind it.
            let end = min(first(Byte.slash, input, from: start &+ 1), pathEnd)
            if end == start &+ 2, input[start &+ 1] == Byte.period {
                if end == pathEnd, !put(Byte.slash, &output, &count) { return .tooLong }
            } else if !copy(input, start..<end, &output, &count) {
                return .tooLong
            }
            start = end
        }
        return copy(input, pathEnd..<input.count, &output, &count) ? .written : .tooLong
    }

    /// The output is the stack of segments: `..` takes the last one off.
    private static func stripDotDot(
        _ input: Span<UInt8>, _ full: Bool, _ output: inout MutableSpan<UInt8>,
        _ count: inout Int
    ) -> Result {
        let pathEnd = first(Byte.questionMark, input)
        // Bytes at the start of the output that are `/..` again and again and stay.
        var kept = 0
        var start = 0
        while start < pathEnd {
            let end = min(first(Byte.slash, input, from: start &+ 1), pathEnd)
            let isParent =
                end == start &+ 3 && input[start &+ 1] == Byte.period
                && input[start &+ 2] == Byte.period
            if !isParent || (count == kept && !full) {
                guard copy(input, start..<end, &output, &count) else { return .tooLong }
                if isParent { kept = count }
            } else if count > kept {
                repeat { count &-= 1 } while output[count] != Byte.slash
            }
            if isParent, end == pathEnd, !put(Byte.slash, &output, &count) { return .tooLong }
            start = end
        }
        return copy(input, pathEnd..<input.count, &output, &count) ? .written : .tooLong
    }

    /// What happens to a valid escape.
    private enum EscapeChange {
        case decode, capitals
    }

    private static func escapes(
        _ input: Span<UInt8>, _ change: EscapeChange, _ strict: Bool,
        _ output: inout MutableSpan<UInt8>, _ count: inout Int
    ) -> Result {
        var index = 0
        while index < input.count {
            let byte = input[index]
            guard byte == Byte.percent, let value = Escape.value(input, at: index &+ 1) else {
                if byte == Byte.percent, strict { return .invalid }
                guard put(byte, &output, &count) else { return .tooLong }
                index &+= 1
                continue
            }
            let first = input[index &+ 1]
            let second = input[index &+ 2]
            let isWritten: Bool
            switch change {
            case .decode where isUnreserved(value):
                isWritten = put(value, &output, &count)
            case .decode:
                isWritten = copy(input, index..<index &+ 3, &output, &count)
            case .capitals:
                isWritten =
                    put(byte, &output, &count) && put(capital(first), &output, &count)
                    && put(capital(second), &output, &count)
            }
            guard isWritten else { return .tooLong }
            index &+= 3
        }
        return .written
    }

    private static func capital(_ digit: UInt8) -> UInt8 {
        digit.isIn(CharacterClass.letter) ? digit & 0xDF : digit
    }

    /// `ALPHA / DIGIT / "-" / "." / "_" / "~"` (RFC 3986 §2.3).
    private static func isUnreserved(_ byte: UInt8) -> Bool {
        byte.isIn(CharacterClass.letter | CharacterClass.digit) || byte == 0x2D
            || byte == Byte.period || byte == 0x5F || byte == 0x7E
    }
}
