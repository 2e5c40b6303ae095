// The one way into the readers of this folder for fuzzers and for the test that replays their
// corpus. Beyond not trapping, each run checks what must hold for any input.

/// Reads an input as a target, a query, a field and cookies, and normalizes it in every way.
///
/// The part up to the first zero byte is a name to look for, or nothing without such a byte.
public func exerciseSyntax(_ input: Span<UInt8>) {
    var end = 0
    while end < input.count, input[end] != 0 { end &+= 1 }
    let hasName = end < input.count && end < 64
    let name = input.extracting(0..<(hasName ? end : 0))
    let text = hasName ? input.extracting((end &+ 1)...) : input
    SyntaxExercise.parameters(name, text)
    SyntaxExercise.elements(text)
    SyntaxExercise.cookies(name, text)
    SyntaxExercise.target(text)
    SyntaxExercise.normalizers(text)
}

/// The checks, one for each reader.
private enum SyntaxExercise {
    static func parameters(_ name: Span<UInt8>, _ text: Span<UInt8>) {
        for delimiter: UInt8 in [Byte.questionMark, Byte.ampersand, Byte.semicolon] {
            for ignoringCase in [false, true] {
                var position = 0
                var count = 0
                while let value = QueryParameters.next(
                    named: name, in: text, from: position, delimiter: delimiter,
                    ignoringCase: ignoringCase)
                {
                    precondition(value.lowerBound > position || position == 0)
                    precondition(text[value.lowerBound - 1] == Byte.equals)
                    position = value.upperBound
                    count += 1
                    guard count < 20 else { break }
                    let again = QueryParameters.value(
                        named: name, occurrence: count, in: text, delimiter: delimiter,
                        ignoringCase: ignoringCase)
                    precondition(again == value)
                }
            }
        }
        var output = [UInt8](repeating: 0, count: text.count)
        var room = output.mutableSpan
        let count = QueryParameters.decode(text, plusIsSpace: true, into: &room)
        precondition(count ?? 0 <= text.count)
    }

    static func elements(_ text: Span<UInt8>) {
        let count = FieldValues.count(in: text)
        var position = 0
        var number = 0
        while let element = FieldValues.next(in: text, at: &position) {
            number += 1
            precondition(element.upperBound < position && position <= text.count + 1)
            guard number < 20 else { continue }
            precondition(FieldValues.element(number, in: text) == element)
            precondition(FieldValues.element(number - 1 - count, in: text) == element)
        }
        precondition(number == count && count > 0)
        if let credentials = Credentials(in: text) {
            precondition(credentials.token.upperBound <= text.count)
            if let parts = Credentials.split(text.extracting(credentials.token)) {
                precondition(parts.user.upperBound < parts.password.lowerBound)
            }
        }
    }

    static func cookies(_ name: Span<UInt8>, _ text: Span<UInt8>) {
        for field in [Cookies.Field.request, .response] {
            var cursor = Cookies.Cursor()
            var count = 0
            var end = 0
            var chosen: Range<Int>?
            while let value = Cookies.next(named: name, in: text, at: &cursor, field: field) {
                precondition(value.lowerBound >= end && value.upperBound <= text.count)
                end = value.upperBound
                if count == 0 || !name.isEmpty { chosen = value }
                count += 1
            }
            // Of a response, what stands behind a cookie in its element is not counted.
            let counted = Cookies.count(named: name, in: text, field: field)
            precondition(field == .request ? counted == count : counted <= count)
            precondition((counted == 0) == (count == 0))
            precondition(Cookies.value(named: name, in: text, field: field) == chosen)
            cursor = Cookies.Cursor()
            end = 0
            while let pair = Cookies.next(in: text, at: &cursor, field: field) {
                precondition(!pair.name.isEmpty && pair.name.lowerBound >= end)
                precondition(pair.name.upperBound < pair.value.lowerBound)
                end = pair.value.upperBound
            }
        }
    }

    static func target(_ text: Span<UInt8>) {
        let parts = PathParts(of: text)
        precondition(parts.pathAndQuery.lowerBound == parts.path.lowerBound)
        precondition(parts.path.isEmpty || text[parts.path.lowerBound] == Byte.slash)
        precondition(parts.path.isEmpty == parts.pathAndQuery.isEmpty)
        if let query = parts.query { precondition(text[query.lowerBound - 1] == 0x3F) }
        if TargetAddress(of: text) != nil {
            precondition(PathParts.authority(of: text) != nil)
        }
    }

    static let all: [URINormalizer] = [
        .fragmentEncode, .fragmentStrip, .pathMergeSlashes, .pathStripDot,
        .pathStripDotDot(full: false), .pathStripDotDot(full: true),
        .percentDecodeUnreserved(strict: false), .percentDecodeUnreserved(strict: true),
        .percentToUppercase(strict: false), .percentToUppercase(strict: true), .querySortByName,
    ]

    /// What is normal stays as it is, but for what decoding or leaving out an end uncovers; and a
    /// short output is noticed.
    static func normalizers(_ text: Span<UInt8>) {
        for normalizer in all {
            var first = [UInt8](repeating: 0, count: text.count * 3 + 1)
            guard case .changed(let count) = normalize(text, normalizer, &first) else { continue }
            precondition(count <= text.count * 3 + 1)
            var second = first
            let again = normalize(first.span.extracting(0..<count), normalizer, &second)
            switch normalizer {
            case .percentDecodeUnreserved: break
            case .querySortByName: precondition(again != .invalid && again != .tooLong)
            default: precondition(again == .unchanged)
            }
            var short = [UInt8](repeating: 0, count: count - 1)
            precondition(normalize(text, normalizer, &short) == .tooLong)
        }
    }

    private static func normalize(
        _ text: Span<UInt8>, _ normalizer: URINormalizer, _ output: inout [UInt8]
    ) -> URINormalizer.Outcome {
        var room = output.mutableSpan
        return normalizer.apply(to: text, into: &room)
    }
}
