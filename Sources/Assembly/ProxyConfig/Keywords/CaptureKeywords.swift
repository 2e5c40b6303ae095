// Keywords that keep texts of messages for log lines and rules.
// configuration manual: capture cookie, capture request header, capture response header, declare
// capture.

import Actions
import ConfigLanguage
import Proxy
import Samples

extension ProxyKeywords {
    static let captures: [Row] = [
        Row(
            "capture cookie", [.frontend, .listen],
            takes: [.word("<name>"), .word("'len'"), .integer(CaptureLength.fieldRange)],
            elsewhere: .ignored, "Keeps a cookie of request and response for the log."
        ) { draft, arguments, diagnostics in
            guard isLength(arguments, 1, &diagnostics) else { return }
            draft.setCookieCapture(arguments, &diagnostics)
        },
        field("request", "Keeps the last line of a request's field for the log."),
        field("response", "Keeps the last line of a response's field for the log."),
        Row(
            "declare capture", [.frontend, .listen],
            takes: [
                .choice("request", "response"), .word("'len'"), .integer(CaptureLength.range),
            ], "Reserves a slot for a text that rules capture."
        ) { draft, arguments, diagnostics in
            guard isLength(arguments, 1, &diagnostics) else { return }
            let isRequest = arguments.word(0) == "request"
            _ = draft.slots(ofRequests: isRequest).add(length: arguments.number(2))
        },
    ]

    private static func field(_ side: String, _ summary: String) -> Row {
        Row(
            "capture \(side) header", [.frontend, .listen],
            takes: [.word("<name>"), .word("'len'"), .integer(CaptureLength.fieldRange)],
            elsewhere: .ignored, summary
        ) { draft, arguments, diagnostics in
            guard isLength(arguments, 1, &diagnostics),
                isFieldName(arguments, 0, &diagnostics)
            else { return }
            let isRequest = side == "request"
            let slot = draft.slots(ofRequests: isRequest).add(length: arguments.number(2))
            draft.addCapture(
                CaptureField(arguments.word(0), request: isRequest, slot: slot),
                ofRequests: isRequest, arguments)
        }
    }

    /// Whether the word at an index is `len`; says so where it is not.
    private static func isLength(
        _ arguments: KeywordArguments, _ index: Int, _ diagnostics: inout Diagnostics
    ) -> Bool {
        if arguments.word(index) == "len" { return true }
        diagnostics.report(
            arguments.expects(
                "'len' and a length", found: arguments.word(index),
                suggestion: Spelling.nearest(to: arguments.word(index), among: ["len"])))
        return false
    }

    /// Whether the word at an index can be a field's name; says so where it cannot.
    static func isFieldName(
        _ arguments: KeywordArguments, _ index: Int, _ diagnostics: inout Diagnostics
    ) -> Bool {
        let name = arguments.word(index)
        if Array(name.utf8).span.isToken { return true }
        diagnostics.report(arguments.expects("a field's name", found: name))
        return false
    }
}

extension ProxyDraft {
    /// The capture slots of a direction.
    fileprivate func slots(ofRequests isRequest: Bool) -> CaptureAllocation {
        isRequest ? requestCaptures : responseCaptures
    }

    /// Adds a rule that captures something of every message of a direction.
    fileprivate mutating func addCapture(
        _ action: Action, ofRequests isRequest: Bool, _ arguments: KeywordArguments
    ) {
        addPlainRule(isRequest ? .captureRequest : .captureResponse, action, arguments)
    }

    /// Sets the one cookie that is captured.
    fileprivate mutating func setCookieCapture(
        _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        let limit = session.cookieBytes - 1
        var length = arguments.number(2)
        if length > limit {
            diagnostics.report(
                arguments.warning(
                    "truncating capture length to \(limit) bytes for \(section(arguments))."))
            length = limit
        }
        for isRequest in [true, false] {
            let step: RuleStep = isRequest ? .captureRequest : .captureResponse
            // The last line counts, as in HAProxy.
            proxy.rules[Int(step.rawValue)].removeAll { $0.action is CaptureCookie }
            addCapture(
                CaptureCookie(arguments.word(0), request: isRequest, limit: length),
                ofRequests: isRequest, arguments)
        }
    }

    private func section(_ arguments: KeywordArguments) -> String { arguments.section }

    /// Adds a rule without a condition.
    mutating func addPlainRule(
        _ step: RuleStep, _ action: Action, _ arguments: KeywordArguments
    ) {
        let rule = Rule(
            step, action, if: nil,
            text: ([arguments.keyword] + arguments.words).joined(separator: " "),
            place: SourcePlace(arguments.location))
        proxy.rules[Int(step.rawValue)].append(rule)
        ownRules.append(rule)
        lastRules[rule.step] = rule
    }
}
