// Log lines of streams (configuration manual: set-log-level, do-log).

import ConfigLanguage
import Proxy
import Samples

extension ActionFamily {
    /// Log lines.
    static let logging = ActionFamily(
        "logging",
        [
            ActionRow(
                "set-log-level", in: contents, "<level>",
                "Sets the level of this stream's log line, or keeps it from being written."
            ) { reader throws(ExpressionMistake) in try SetLogLevel(&reader) },
            ActionRow(
                "do-log", in: contents.union([.connection, .session]), "",
                "Sends the log line as it is so far; the usual one follows at its time."
            ) { reader throws(ExpressionMistake) in WriteLine(LogOrigin(reader.step)) },
        ])

    private static let contents: RuleSteps = [
        .contentRequest, .contentResponse, .httpRequest, .httpResponse, .httpAfterResponse,
    ]
}

/// `set-log-level`.
///
/// Safety: a constant.
private final class SetLogLevel: Action, @unchecked Sendable {
    /// 0 to 7; nil for silence.
    private let level: Int8?

    private static let names = [
        "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
    ]

    init(_ reader: inout ActionReader) throws(ExpressionMistake) {
        let word = try reader.word("a level")
        let known = Self.names + ["silent"]
        guard let index = known.firstIndex(of: word) else {
            throw reader.wrong(
                "expects one of \(known.joined(separator: ", "))",
                suggestion: Spelling.nearest(to: word, among: known))
        }
        level = word == "silent" ? nil : Int8(index)
        super.init()
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        subject.setLogLevel(level)
        return .goOn
    }
}

/// `do-log`.
///
/// Safety: a constant.
private final class WriteLine: Action, @unchecked Sendable {
    private let origin: LogOrigin

    init(_ origin: LogOrigin) {
        self.origin = origin
        super.init()
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        subject.writeLine(as: origin)
        return .goOn
    }
}

extension LogOrigin {
    /// A rule of a step.
    fileprivate init(_ step: RuleStep) {
        self =
            switch step {
            case .connection: .connectionRule
            case .session: .sessionRule
            case .contentRequest: .contentRequestRule
            case .contentResponse: .contentResponseRule
            case .httpRequest: .requestRule
            case .httpResponse: .responseRule
            case .httpAfterResponse: .afterResponseRule
            default: .unspecified
            }
    }
}
