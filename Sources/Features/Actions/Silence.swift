// Giving a connection up without a word to the client (configuration manual: silent-drop).

import Proxy
import Samples

extension ActionFamily {
    /// Silence.
    static let silence = ActionFamily(
        "silence",
        [
            ActionRow(
                "silent-drop", in: RuleSteps.http.union(.tcp).subtracting(.httpAfterResponse),
                "[rst-ttl <ttl>]", "Forgets the connection and lets the client believe it stands."
            ) { reader throws(ExpressionMistake) in try SilentDrop(&reader) }
        ])
}

/// `silent-drop`.
///
/// Safety: a constant.
private final class SilentDrop: Action, @unchecked Sendable {
    /// The time to live of the reset that is sent instead; 0 sends nothing.
    private let hops: Int

    init(_ reader: inout ActionReader) throws(ExpressionMistake) {
        var hops = 0
        if reader.skip("rst-ttl") { hops = try reader.integer("a time to live", in: 1...255) }
        self.hops = hops
        super.init()
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        if hops > 0 {
            subject.resetClient(timeToLive: hops)
            return .reject
        }
        return .drop
    }

    override var endsList: Bool { true }
}
