// Actions that change a response's line, and the interim response of hints (configuration manual:
// set-status, early-hint).

import HTTP
import Proxy
import Samples

extension ActionFamily {
    /// Status lines.
    static let statuses = ActionFamily(
        "statuses",
        [
            ActionRow(
                "set-status", in: [.httpResponse, .httpAfterResponse],
                "<status> [reason <str>]", "Replaces the response's status."
            ) { reader throws(ExpressionMistake) in try SetStatus(&reader) },
            ActionRow(
                "early-hint", in: .httpRequest, "<name> <fmt>",
                "Sends the client a field in an interim response of status 103."
            ) { reader throws(ExpressionMistake) in try EarlyHint(&reader) },
        ])
}

/// `set-status`.
///
/// Safety: constants.
private final class SetStatus: Action, @unchecked Sendable {
    private let status: Int
    private let reason: KeptBytes

    /// Differs: HAProxy takes statuses from 100 on, and a client then waits for another response.
    init(_ reader: inout ActionReader) throws(ExpressionMistake) {
        let constants = ConstantBlock()
        status = try reader.integer("a status", in: 200...999)
        var reason = ""
        if reader.skip("reason") { reason = try reader.word("a reason") }
        self.reason = KeptBytes(reason.anyBytes, in: constants)
        super.init(keeping: constants)
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        let reason = self.reason
        return subject.setStatus(status, reason.span) ? .goOn : subject.rewriteFailed
    }
}

/// `early-hint`. Rules that follow one another without conditions share one interim response.
///
/// Safety: constants; `isLast` is written by the thread that loads, before any worker sees it.
private final class EarlyHint: Action, @unchecked Sendable {
    /// The next rule adds nothing to the interim response.
    private var isLast = true
    private let name: KeptBytes
    private let format: LogFormat

    init(_ reader: inout ActionReader) throws(ExpressionMistake) {
        let constants = ConstantBlock()
        (name, _) = try reader.fieldName(in: constants)
        format = try reader.format("a format")
        super.init(keeping: constants)
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        let name = self.name
        guard subject.render(format),
            subject.addHint(name.span, subject.renderedText, isLast: isLast)
        else { return subject.rewriteFailed }
        return .goOn
    }

    override func settle(before next: Rule?) {
        isLast = !(next?.action is EarlyHint) || next?.condition != nil
    }
}
