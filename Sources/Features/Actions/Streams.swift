// Actions that set something for one stream in place of its proxies (configuration manual:
// set-timeout, set-retries, set-nice, strict-mode, disable-l7-retry, set-priority-class,
// set-priority-offset).

import ConfigLanguage
import Proxy
import Samples

extension ActionFamily {
    /// Settings of streams.
    static let streams = ActionFamily(
        "streams",
        [
            ActionRow(
                "set-timeout", in: [.httpRequest, .httpResponse],
                "{client|server|tunnel|connect|queue|tarpit} { <timeout> | <expr> }",
                "Sets a timeout of this stream."
            ) { reader throws(ExpressionMistake) in try SetTimeout(&reader) },
            ActionRow(
                "set-retries", in: [.contentRequest, .httpRequest], "{ <int> | <expr> }",
                "Sets how often this stream is tried again."
            ) { reader throws(ExpressionMistake) in try SetRetries(&reader) },
            ActionRow(
                "set-nice", in: contents, "<nice>",
                "Lets other streams that have work at the same time go first, or last."
            ) { reader throws(ExpressionMistake) in try SetNice(&reader) },
            ActionRow(
                "strict-mode", in: .http, "{on|off}",
                "Says whether a change of a head that fails ends the stream."
            ) { reader throws(ExpressionMistake) in try SetStrictness(&reader) },
            ActionRow(
                "disable-l7-retry", in: .httpRequest, "",
                "Keeps a request that was sent from being sent again."
            ) { _ throws(ExpressionMistake) in ForbidRetries() },
            ActionRow(
                "switch-mode", in: .contentRequest, "http [proto <name>]",
                "Goes on with HTTP on a TCP connection."
            ) { reader throws(ExpressionMistake) in try SwitchMode(&reader) },
            ActionRow(
                "set-priority-class", in: [.contentRequest, .httpRequest], "<expr>",
                "Sets the class that queues are ordered by first."
            ) { reader throws(ExpressionMistake) in
                SetPriority(.class, try reader.numberExpression())
            },
            ActionRow(
                "set-priority-offset", in: [.contentRequest, .httpRequest], "<expr>",
                "Moves this stream's place in a queue by milliseconds."
            ) { reader throws(ExpressionMistake) in
                SetPriority(.offset, try reader.numberExpression())
            },
        ])

    private static let contents: RuleSteps = [
        .contentRequest, .contentResponse, .httpRequest, .httpResponse,
    ]
}

/// `switch-mode http`.
///
/// Safety: constants.
private final class SwitchMode: Action, @unchecked Sendable {
    init(_ reader: inout ActionReader) throws(ExpressionMistake) {
        guard reader.surroundings.capability.contains(.frontend) else {
            throw reader.mistake("a backend cannot change the mode of a stream")
        }
        guard reader.skip("http") else { throw reader.wrong("expects 'http'") }
        if reader.skip("proto") {
            let name = try reader.word("the name of a protocol")
            if name != "h1" {
                throw reader.mistake(
                    "cannot switch to '\(name)': HTTP/1 ('h1') is all that is spoken here yet")
            }
        }
        super.init()
    }

    override var endsList: Bool { true }
    override var upgrades: Bool { true }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        subject.upgrade()
        return .stop
    }
}

/// `set-timeout`.
///
/// Safety: constants.
private final class SetTimeout: Action, @unchecked Sendable {
    private let timeout: StreamTimeout
    private let milliseconds: RuleNumber

    init(_ reader: inout ActionReader) throws(ExpressionMistake) {
        let names = StreamTimeout.allCases.map(\.rawValue)
        guard let word = reader.peek, let timeout = StreamTimeout(rawValue: word) else {
            throw reader.unexpected("one of \(names.joined(separator: ", "))", among: names)
        }
        _ = reader.skip(word)
        let needed: ProxyCapability = timeout.isOfBackend ? .backend : .frontend
        guard reader.surroundings.capability.contains(needed) else {
            throw reader.wrong(
                "sets a timeout of a \(timeout.isOfBackend ? "backend" : "frontend"), which this "
                    + "proxy is not")
        }
        self.timeout = timeout
        milliseconds = try reader.timeOrExpression("a time", from: 1)
        super.init()
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        if let time = milliseconds.value(subject), time > 0, time <= Units.longestMilliseconds {
            subject.setTimeout(timeout, milliseconds: UInt32(time))
        }
        return .goOn
    }
}

/// `set-retries`.
///
/// Safety: constants.
private final class SetRetries: Action, @unchecked Sendable {
    private let count: RuleNumber

    init(_ reader: inout ActionReader) throws(ExpressionMistake) {
        guard reader.surroundings.capability.contains(.backend) else {
            throw reader.mistake("this proxy has no servers to try again")
        }
        count = try reader.numberOrExpression("a number of tries", upTo: 100)
        super.init()
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        if let count = count.value(subject), (0...100).contains(count) {
            subject.setRetries(Int32(count))
        }
        return .goOn
    }
}

/// `set-nice`.
///
/// Safety: a constant.
private final class SetNice: Action, @unchecked Sendable {
    private let nice: Int

    init(_ reader: inout ActionReader) throws(ExpressionMistake) {
        nice = try reader.integer("a factor", in: -1024...1024)
        super.init()
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        subject.setNice(nice)
        return .goOn
    }
}

/// `strict-mode`.
///
/// Safety: a constant.
private final class SetStrictness: Action, @unchecked Sendable {
    private let isLenient: Bool

    init(_ reader: inout ActionReader) throws(ExpressionMistake) {
        let word = try reader.word("'on' or 'off'")
        guard word == "on" || word == "off" else { throw reader.wrong("expects 'on' or 'off'") }
        isLenient = word == "off"
        super.init()
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        subject.setLenient(isLenient)
        return .goOn
    }
}

/// `disable-l7-retry`.
///
/// Safety: it holds nothing.
private final class ForbidRetries: Action, @unchecked Sendable {
    init() { super.init() }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        subject.forbidLaterRetries()
        return .goOn
    }
}

/// `set-priority-class`, `set-priority-offset`.
///
/// Safety: constants.
private final class SetPriority: Action, @unchecked Sendable {
    enum Part { case `class`, offset }
    private let part: Part
    private let expression: Expression

    init(_ part: Part, _ expression: Expression) {
        self.part = part
        self.expression = expression
        super.init()
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        let number = subject.withScratch { subject.integer(expression, &$0) }
        guard let number else { return .goOn }
        switch part {
        case .class: subject.setPriority(class: Int(max(-2047, min(2047, number))))
        case .offset: subject.setPriority(offset: Int(max(-524_287, min(524_287, number))))
        }
        return .goOn
    }
}
