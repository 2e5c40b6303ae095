// Actions that end a list of rules without a reply: let through, refuse, close (configuration
// manual: allow, accept, reject, close).

import Proxy
import Samples

extension ActionFamily {
    /// Verdicts.
    static let verdicts = ActionFamily(
        "verdicts",
        [
            ActionRow("allow", in: .http, "", "Looks at no further rule of the list.") {
                _ throws(ExpressionMistake) in Verdict(.stop)
            },
            ActionRow("accept", in: .tcp, "", "Looks at no further rule of the list.") {
                _ throws(ExpressionMistake) in Verdict(.stop)
            },
            ActionRow(
                "reject",
                in: [.connection, .session, .contentRequest, .contentResponse, .httpRequest],
                "", "Closes the connection without a reply."
            ) { _ throws(ExpressionMistake) in Verdict(.reject) },
            ActionRow(
                "close", in: .contentResponse, "",
                "Closes the server's connection, and the client's once it has got everything."
            ) { _ throws(ExpressionMistake) in Verdict(.close) },
        ])
}

/// `monitor fail`: the monitor's request fails.
///
/// Safety: it holds nothing.
public final class MonitorFailure: Action, @unchecked Sendable {
    /// A failure.
    public init() { super.init() }

    public override func run(_ subject: Subject, isAgain: Bool) -> ActionResult { .stop }
}

/// Always the same verdict.
///
/// Safety: a constant.
private final class Verdict: Action, @unchecked Sendable {
    private let result: ActionResult

    init(_ result: ActionResult) { self.result = result }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult { result }

    override var endsList: Bool { true }
}
