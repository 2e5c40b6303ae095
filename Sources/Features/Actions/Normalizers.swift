// Bringing request targets into one form (configuration manual: normalize-uri; RFC 3986 §6.2.2).

import ConfigLanguage
import HTTP
import Proxy
import Samples

extension ActionFamily {
    /// Normal forms.
    static let normalizers = ActionFamily(
        "normalizers",
        [
            ActionRow(
                "normalize-uri", in: .httpRequest, "<normalizer> [full|strict]",
                "Brings path and query into one of their equal forms."
            ) { reader throws(ExpressionMistake) in try NormalizeTarget(&reader) }
        ])
}

/// `normalize-uri`.
///
/// Safety: a constant.
private final class NormalizeTarget: Action, @unchecked Sendable {
    private let normalizer: URINormalizer

    init(_ reader: inout ActionReader) throws(ExpressionMistake) {
        let names = [
            "fragment-encode", "fragment-strip", "path-merge-slashes", "path-strip-dot",
            "path-strip-dotdot", "percent-decode-unreserved", "percent-to-uppercase",
            "query-sort-by-name",
        ]
        switch try reader.word("a normalizer") {
        case "fragment-encode": normalizer = .fragmentEncode
        case "fragment-strip": normalizer = .fragmentStrip
        case "path-merge-slashes": normalizer = .pathMergeSlashes
        case "path-strip-dot": normalizer = .pathStripDot
        case "path-strip-dotdot": normalizer = .pathStripDotDot(full: reader.skip("full"))
        case "percent-decode-unreserved":
            normalizer = .percentDecodeUnreserved(strict: reader.skip("strict"))
        case "percent-to-uppercase":
            normalizer = .percentToUppercase(strict: reader.skip("strict"))
        case "query-sort-by-name": normalizer = .querySortByName
        case let other:
            throw reader.wrong(
                "expects one of \(names.joined(separator: ", "))",
                suggestion: Spelling.nearest(to: other, among: names))
        }
        super.init()
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        subject.withScratch { scratch in
            var outcome = URINormalizer.Outcome.tooLong
            let made = scratch.make(as: .string) { output in
                // Safety: the span lies in the room that is given and ends with the call.
                _ = unsafe output.withUnsafeRoom { room in
                    var span = unsafe MutableSpan(_unsafeElements: room)
                    outcome = normalizer.apply(to: subject.pathAndQuery, into: &span)
                    if case .changed(let count) = outcome { return count }
                    return 0
                }
            }
            switch outcome {
            case .unchanged: return .goOn
            case .invalid: return .malformed
            case .tooLong: return subject.rewriteFailed
            case .changed:
                guard let made,
                    subject.setPath(scratch.bytes(of: made), keepsPath: false, keepsQuery: false)
                else { return subject.rewriteFailed }
                return .goOn
            }
        }
    }
}
