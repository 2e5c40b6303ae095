// Actions on the entries of stick tables that a stream or a session tracks (configuration manual:
// track-sc0, sc-inc-gpc, sc-add-gpc, sc-set-gpt).

import ConfigLanguage
import Proxy
import Samples
import StickTables

extension ActionFamily {
    /// Tracked entries of stick tables.
    static let tracking = ActionFamily(
        "tracking",
        (0..<12).map { counter in
            ActionRow(
                "track-sc\(counter)", in: Track.steps, "<key> [table <table>]",
                "Tracks the entry of a key in a table as number \(counter)."
            ) { reader throws(ExpressionMistake) in try Track(&reader, counter) }
        } + [
            ActionRow(
                "sc-add-gpc()", in: CounterChange.steps, "{ <int> | <expr> }",
                "Adds a number to a general purpose counter of a tracked entry."
            ) { reader throws(ExpressionMistake) in
                try CounterChange(&reader, .gpc, hasIndex: true, takesAmount: true)
            },
            ActionRow(
                "sc-inc-gpc()", in: CounterChange.steps, "",
                "Adds one to a general purpose counter of a tracked entry."
            ) { reader throws(ExpressionMistake) in
                try CounterChange(&reader, .gpc, hasIndex: true, takesAmount: false)
            },
            ActionRow(
                "sc-inc-gpc0()", in: CounterChange.steps, "",
                "Adds one to the first general purpose counter of a tracked entry."
            ) { reader throws(ExpressionMistake) in
                try CounterChange(&reader, .gpc0, hasIndex: false, takesAmount: false)
            },
            ActionRow(
                "sc-inc-gpc1()", in: CounterChange.steps, "",
                "Adds one to the second general purpose counter of a tracked entry."
            ) { reader throws(ExpressionMistake) in
                try CounterChange(&reader, .gpc1, hasIndex: false, takesAmount: false)
            },
            ActionRow(
                "sc-set-gpt()", in: CounterChange.steps, "{ <int> | <expr> }",
                "Sets a general purpose tag of a tracked entry."
            ) { reader throws(ExpressionMistake) in
                try CounterChange(&reader, .gpt, hasIndex: true, takesAmount: true)
            },
            ActionRow(
                "sc-set-gpt0()", in: CounterChange.steps, "{ <int> | <expr> }",
                "Sets the first general purpose tag of a tracked entry."
            ) { reader throws(ExpressionMistake) in
                try CounterChange(&reader, .gpt0, hasIndex: false, takesAmount: true)
            },
        ])
}

/// `track-sc<n> <key> [table <table>]`: in rules of connections and sessions for the session, else
/// for the stream.
///
/// Safety: constants; the reference is found before any worker sees it.
private final class Track: Action, @unchecked Sendable {
    static let steps: RuleSteps = [
        .connection, .session, .contentRequest, .httpRequest, .httpResponse,
    ]

    /// What is counted beside the connection when an entry is tracked.
    private enum Moment {
        /// Requests are counted when they come.
        case ofSession
        /// The request is counted behind these rules.
        case ofContent
        /// The request has been counted already, but not in this entry.
        case ofRequest
        /// As `ofRequest`; and what became of it.
        case ofResponse
    }

    private let counter: Int
    private let key: Expression
    private let table: ProxyReference
    private let moment: Moment

    init(_ reader: inout ActionReader, _ counter: Int) throws(ExpressionMistake) {
        let references = reader.compiler.references
        guard counter < references.stickCounters else {
            throw ExpressionMistake(
                word: reader.nameIndex, offset: 0, length: reader.name.utf8.count,
                "'\(reader.name)' is beyond 'tune.stick-counters', which is "
                    + "\(references.stickCounters)")
        }
        self.counter = counter
        key = try reader.expression()
        let name = reader.skip("table") ? try reader.word("the name of a table") : ""
        table = references.make(.table, name, for: "'\(reader.name)'")
        table.keySource = key.type
        switch reader.step {
        case .connection, .session: moment = .ofSession
        case .contentRequest: moment = .ofContent
        case .httpResponse: moment = .ofResponse
        default: moment = .ofRequest
        }
        super.init()
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        guard subject.isFree(counter) else { return .goOn }
        return subject.withScratch { scratch in
            var mustWait = false
            let found = subject.evaluate(key, &scratch, mustWait: &mustWait)
            if mustWait { return .wait(until: 0) }
            guard var sample = found else { return .goOn }
            let type = subject.withTable(table) { $0.configuration.keyType }
            guard let type, type.convert(&sample, in: &scratch) else { return .goOn }
            track(subject, scratch.bytes(of: sample))
            return .goOn
        }
    }

    private func track(_ subject: Subject, _ key: Span<UInt8>) {
        var updates: InlineArray<9, StickUpdate> = [
            .add(to: .connectionCount), .add(to: .connectionRate), .add(to: .currentConnections),
            .add(to: .requestCount), .add(to: .requestRate), .add(to: .requestErrorCount),
            .add(to: .requestErrorRate), .add(to: .responseFailureCount),
            .add(to: .responseFailureRate),
        ]
        var count = 3
        switch moment {
        case .ofSession, .ofContent: break
        case .ofRequest: count = 5
        case .ofResponse:
            let (isError, isFailure) = subject.statusForTables
            count = isFailure ? 9 : isError ? 7 : 5
            if isFailure && !isError {
                updates[5] = updates[7]
                updates[6] = updates[8]
                count = 7
            }
        }
        subject.track(
            counter, in: table, key: key, updates.span.extracting(0..<count),
            owesRequest: moment == .ofContent)
    }
}

/// `sc-add-gpc`, `sc-inc-gpc`, `sc-set-gpt` and their kin.
///
/// Safety: constants.
private final class CounterChange: Action, @unchecked Sendable {
    static let steps = RuleSteps.http.union(.tcp)

    private let type: StickDataType
    private let index: Int
    private let counter: Int
    /// The number, where it is not one.
    private let amount: Int64
    private let expression: Expression?

    init(
        _ reader: inout ActionReader, _ type: StickDataType, hasIndex: Bool, takesAmount: Bool
    ) throws(ExpressionMistake) {
        self.type = type
        let parts = (reader.parameter ?? "").split(
            separator: ",", omittingEmptySubsequences: false)
        let most = reader.compiler.references.stickCounters - 1
        func mistake(_ text: String) -> ExpressionMistake {
            ExpressionMistake(
                word: reader.nameIndex, offset: reader.parameterOffset,
                length: max(1, (reader.parameter ?? "").utf8.count), "'\(reader.name)' \(text)")
        }
        guard parts.count == (hasIndex ? 2 : 1) else {
            throw mistake(
                hasIndex
                    ? "expects an index and the number of a counter in parentheses"
                    : "expects the number of a counter in parentheses")
        }
        guard let counter = Int(parts[parts.count - 1]), counter >= 0, counter <= most else {
            throw mistake("expects a counter from 0 to \(most)")
        }
        self.counter = counter
        index = hasIndex ? Int(parts[0]) ?? -1 : 0
        guard index >= 0, index < StickStoredData.largestArray else {
            throw mistake("expects an index from 0 to \(StickStoredData.largestArray - 1)")
        }
        guard takesAmount else {
            amount = 1
            expression = nil
            super.init()
            return
        }
        if let word = reader.peek, let number = UInt32(word) {
            _ = try reader.word("a number")
            amount = Int64(number)
            expression = nil
        } else {
            amount = 0
            expression = try reader.expression()
        }
        super.init()
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        guard let entry = subject.tracked(counter) else { return .goOn }
        var amount = amount
        if let expression {
            let value = subject.withScratch { subject.integer(expression, &$0) }
            guard let value else { return .goOn }
            amount = Int64(UInt32(truncatingIfNeeded: value))
        }
        let now = subject.now
        let first: StickUpdate
        let second: StickUpdate
        switch type {
        case .gpt, .gpt0:
            first = .set(type, index: index, to: amount)
            second = .subtract(0, from: .currentConnections)
        case .gpc0:
            first = .add(amount, to: .gpc0)
            second = .add(amount, to: .gpc0Rate)
        case .gpc1:
            first = .add(amount, to: .gpc1)
            second = .add(amount, to: .gpc1Rate)
        default:
            first = .add(amount, to: .gpc, index: index)
            second = .add(amount, to: .gpcRate, index: index)
        }
        let updates: InlineArray<2, StickUpdate> = [first, second]
        entry.withTable { _ = $0.change(at: entry.reference, updates.span, now: now) }
        return .goOn
    }
}
