// Actions that change a request's line (configuration manual: set-method, set-path, set-pathq,
// set-query, set-uri, replace-path, replace-pathq, replace-uri).

import HTTP
import Proxy
import Samples

extension ActionFamily {
    /// Request lines.
    static let targets = ActionFamily(
        "targets",
        [
            row("set-method", .method, "Replaces the request's method."),
            row("set-path", .path, "Replaces the path and keeps the query."),
            row("set-pathq", .pathAndQuery, "Replaces path and query."),
            row("set-query", .query, "Replaces the query."),
            row("set-uri", .whole, "Replaces the whole request target."),
            replacement("replace-path", .path, "Replaces a path that matches."),
            replacement(
                "replace-pathq", .pathAndQuery, "Replaces path and query where they match."),
            replacement("replace-uri", .whole, "Replaces a request target that matches."),
        ])

    private static func row(_ name: String, _ part: LinePart, _ sentence: String) -> ActionRow {
        ActionRow(name, in: .httpRequest, "<fmt>", sentence) { reader throws(ExpressionMistake) in
            SetTarget(part, try reader.format("a format"))
        }
    }

    private static func replacement(
        _ name: String, _ part: LinePart, _ sentence: String
    ) -> ActionRow {
        ActionRow(name, in: .httpRequest, "<regex> <fmt>", sentence) {
            reader throws(ExpressionMistake) in
            ReplaceTarget(
                part, try reader.regularExpression(),
                try reader.format("a format that replaces what matches"))
        }
    }
}

/// A part of a request line.
enum LinePart: Sendable {
    case method, path, pathAndQuery, query, whole
}

extension Subject {
    /// Replaces a part of the request line; false when there is no room, or nothing would be left.
    func set(_ part: LinePart, to text: Span<UInt8>) -> Bool {
        switch part {
        case .method: setMethod(text)
        case .path: setPath(text, keepsPath: false, keepsQuery: true)
        case .pathAndQuery: setPath(text, keepsPath: false, keepsQuery: false)
        case .query: setPath(text, keepsPath: true, keepsQuery: false)
        case .whole: setTarget(text)
        }
    }

    /// A part of the request line.
    @_lifetime(borrow self)
    func text(of part: LinePart) -> Span<UInt8> {
        switch part {
        case .method: return methodText
        case .whole: return target
        case .pathAndQuery: return pathAndQuery
        case .path, .query:
            let whole = pathAndQuery
            let mark = whole.firstIndex(of: 0x3F) ?? whole.count
            return part == .path
                ? whole.extracting(0..<mark)
                : whole.extracting(min(mark + 1, whole.count)..<whole.count)
        }
    }
}

/// `set-method`, `set-path`, `set-pathq`, `set-query`, `set-uri`.
///
/// Safety: constants.
private final class SetTarget: Action, @unchecked Sendable {
    private let part: LinePart
    private let format: LogFormat

    init(_ part: LinePart, _ format: LogFormat) {
        self.part = part
        self.format = format
        super.init()
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        guard subject.render(format), subject.set(part, to: subject.renderedText) else {
            return subject.rewriteFailed
        }
        return .goOn
    }
}

/// `replace-path`, `replace-pathq`, `replace-uri`.
///
/// Safety: constants.
private final class ReplaceTarget: Action, @unchecked Sendable {
    private let part: LinePart
    private let expression: RegularExpression
    private let format: LogFormat

    init(_ part: LinePart, _ expression: RegularExpression, _ format: LogFormat) {
        self.part = part
        self.expression = expression
        self.format = format
        super.init()
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        // A path begins with a slash: `*` and the target of CONNECT have none.
        let path = subject.pathAndQuery
        if part != .whole, path.isEmpty || path[0] != 0x2F { return .goOn }
        guard subject.matches(expression, subject.text(of: part)) else { return .goOn }
        // The format may match expressions of its own: the groups are found again behind it.
        guard subject.render(format), subject.matches(expression, subject.text(of: part)) else {
            return subject.rewriteFailed
        }
        let isSet = subject.withScratch { scratch in
            let made = scratch.make(as: .string) { output in
                subject.expand(
                    subject.renderedText, of: subject.text(of: part), into: &output)
            }
            guard let made else { return false }
            return subject.set(part, to: scratch.bytes(of: made))
        }
        return isSet ? .goOn : subject.rewriteFailed
    }
}
