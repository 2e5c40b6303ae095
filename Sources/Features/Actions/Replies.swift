// Actions that answer in place of a server (configuration manual: return, deny, tarpit).

import Proxy
import Samples

extension ActionFamily {
    /// Replies.
    static let replies = ActionFamily(
        "replies",
        [
            ActionRow(
                "return", in: [.httpRequest, .httpResponse], ReplyTemplate.notation,
                "Answers by itself."
            ) { reader throws(ExpressionMistake) in
                Answer(.answer, try ReplyTemplate.read(&reader, status: 200, impliesProxy: false))
            },
            ActionRow(
                "deny", in: [.httpRequest, .httpResponse],
                "[deny_status <code>] " + ReplyTemplate.notation,
                "Refuses the request, or keeps the response from the client."
            ) { reader throws(ExpressionMistake) in
                let status = reader.step == .httpResponse ? 502 : 403
                return Answer(
                    .denial,
                    try ReplyTemplate.read(&reader, status: status, impliesProxy: true))
            },
            ActionRow(
                "tarpit", in: .httpRequest, "[deny_status <code>] " + ReplyTemplate.notation,
                "Refuses the request after a while."
            ) { reader throws(ExpressionMistake) in
                Answer(.tarpit, try ReplyTemplate.read(&reader, status: 500, impliesProxy: true))
            },
        ])
}

/// `return`, `deny`, `tarpit`.
///
/// Safety: constants.
private final class Answer: Action, @unchecked Sendable {
    enum Kind { case answer, denial, tarpit }
    private let kind: Kind
    private let template: ReplyTemplate

    init(_ kind: Kind, _ template: ReplyTemplate) {
        self.kind = kind
        self.template = template
        super.init()
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        switch kind {
        case .answer: return template.make(subject) ? .reply : .failed
        case .denial:
            if template.isOfProxy { return .deny(status: template.status) }
            return template.make(subject) ? .deny(status: 0) : .failed
        case .tarpit:
            if template.isOfProxy { return .tarpit(status: template.status) }
            return template.make(subject) ? .tarpit(status: 0) : .failed
        }
    }

    override var endsList: Bool { true }
}
