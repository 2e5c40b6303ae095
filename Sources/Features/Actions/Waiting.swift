// Actions that wait (configuration manual: wait-for-body, wait-for-handshake, pause).

import ConfigLanguage
import Proxy
import Samples

extension ActionFamily {
    /// Waiting.
    static let waiting = ActionFamily(
        "waiting",
        [
            ActionRow(
                "wait-for-body", in: [.httpRequest, .httpResponse],
                "time <time> [at-least <bytes>]", "Waits for the message's body."
            ) { reader throws(ExpressionMistake) in try WaitForBody(&reader) },
            ActionRow(
                "wait-for-handshake", in: .httpRequest, "",
                "Waits for the end of a TLS handshake whose request came early."
            ) { _ throws(ExpressionMistake) in
                // Without early data a request comes behind the handshake.
                Action()
            },
            ActionRow(
                "pause", in: [.httpRequest, .httpResponse], "{ <timeout> | <expr> }",
                "Waits for a time."
            ) { reader throws(ExpressionMistake) in
                Pause(try reader.timeOrExpression("a time", from: 0))
            },
        ])
}

/// `wait-for-body`.
///
/// Safety: constants.
private final class WaitForBody: Action, @unchecked Sendable {
    private let milliseconds: Int
    private let bytes: Int

    init(_ reader: inout ActionReader) throws(ExpressionMistake) {
        var milliseconds: Int?
        var bytes = 0
        while let word = reader.peek {
            if reader.skip("time") {
                milliseconds = try reader.time("a time")
            } else if reader.skip("at-least") {
                bytes = try reader.size()
            } else {
                throw reader.unexpected("'time' or 'at-least'", among: ["time", "at-least"])
            }
            _ = word
        }
        guard let milliseconds else {
            throw reader.mistake("it is written 'wait-for-body time <time> [at-least <bytes>]'")
        }
        self.milliseconds = milliseconds
        self.bytes = bytes
        super.init()
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        if subject.hasBody(atLeast: bytes) { return .goOn }
        guard isAgain else {
            subject.askForBody()
            // Without a time it is the stream's own timeouts that end the wait.
            let limit = milliseconds == 0 ? UInt64(Int32.max) : UInt64(milliseconds)
            return .wait(until: subject.now + limit)
        }
        let end = subject.waitEnd
        return subject.now >= end ? .timedOut : .wait(until: end)
    }
}

/// `pause`.
///
/// Safety: constants.
private final class Pause: Action, @unchecked Sendable {
    private let milliseconds: RuleNumber

    init(_ milliseconds: RuleNumber) {
        self.milliseconds = milliseconds
        super.init()
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        if isAgain {
            return subject.now >= subject.waitEnd ? .goOn : .wait(until: subject.waitEnd)
        }
        guard let time = milliseconds.value(subject), time > 0 else { return .goOn }
        let bounded = min(UInt64(time), UInt64(Units.longestMilliseconds))
        return .wait(until: subject.now + bounded)
    }
}

extension ActionReader {
    /// The next word as a number of bytes.
    fileprivate mutating func size() throws(ExpressionMistake) -> Int {
        guard case .success(let bytes) = Units.size(try word("a size")) else {
            throw wrong("expects a size such as 16k")
        }
        return bytes
    }
}
