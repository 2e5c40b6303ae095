// An explanation as text for people, and as JSON for programs.

import Proxy
import Samples

/// Writes an explanation.
struct ShownExplanation {
    private let explanation: Explanation
    private let frontend: String

    init(_ explanation: Explanation, _ frontend: String) {
        self.explanation = explanation
        self.frontend = frontend
    }

    // MARK: Text

    /// One line an event, indented below its rule.
    var text: String {
        var lines = ["frontend \(frontend)"]
        for event in explanation.events {
            switch event {
            case .judging(let rule): lines.append("\(place(rule)): \(rule.text)")
            case .tested(let test):
                let value = test.value.map { "'\($0)'" } ?? "nothing"
                lines.append(
                    "    \(test.matches ? "+" : "-") \(test.expression) gives \(value)")
            case .judged(_, let result): lines.append("    condition \(word(result))")
            case .ran(_, let result):
                lines.append("    \(word(result))")
            case .edited(let edit): lines.append("    \(words(edit))")
            }
        }
        lines.append(outcome)
        if !explanation.forwardedHead.isEmpty {
            lines.append("the server would get:")
            let head = String(decoding: explanation.forwardedHead, as: UTF8.self)
            lines += head.split(whereSeparator: \.isNewline).map { "    \($0)" }
        }
        if !explanation.reply.isEmpty {
            lines.append("the client gets:")
            let reply = String(decoding: explanation.reply, as: UTF8.self)
            lines += reply.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
                .map { "    \($0)" }
        }
        return lines.joined(separator: "\n")
    }

    private func place(_ rule: Rule) -> String { "\(rule.place.file):\(rule.place.line)" }

    private func word(_ result: TestResult) -> String {
        switch result {
        case .pass: "holds"
        case .fail: "does not hold"
        case .unknown: "cannot be told yet"
        }
    }

    private func word(_ result: ActionResult) -> String {
        switch result {
        case .goOn: "ran; the next rule follows"
        case .stop: "ran; the list ends here"
        case .wait: "waits"
        case .reply: "replies"
        case .deny(status: 0): "denies with a reply of its own"
        case .deny(let status): "denies with status \(status)"
        case .tarpit: "sends into the tarpit"
        case .reject: "closes the connection"
        case .drop: "drops the connection silently"
        case .timedOut: "has waited for too long"
        case .close: "closes the server's connection"
        case .failed: "fails: internal error"
        }
    }

    private func words(_ edit: TracedEdit) -> String {
        switch edit.kind {
        case .addField: "field added: \(edit.name): \(edit.value)"
        case .removeField: "field removed: \(edit.name): \(edit.value)"
        case .replaceField: "field replaced: \(edit.name): \(edit.value)"
        case .method: "method becomes \(edit.value)"
        case .target: "target becomes \(edit.value)"
        case .status: "status line becomes \(edit.value)"
        }
    }

    private var outcome: String {
        switch explanation.outcome {
        case .forwarded(let backend, let candidates):
            "=> backend \(backend), server "
                + (candidates.isEmpty ? "none: 503" : candidates.joined(separator: " or "))
        case .replied(let status): "=> reply with status \(status)"
        case .tarpitted(let status, let milliseconds):
            "=> reply with status \(status) after \(milliseconds) ms"
        case .closed: "=> the connection is closed without a reply"
        case .dropped: "=> the connection is dropped without a packet"
        case .waiting: "=> waits for more bytes"
        }
    }

    // MARK: JSON

    /// One object: `events`, `outcome`, `head`, `reply`.
    var json: String {
        let events = explanation.events.map(json).joined(separator: ",")
        return """
            {"frontend":\(quoted(frontend)),"events":[\(events)],"outcome":{\(jsonOutcome)},\
            "head":\(quoted(String(decoding: explanation.forwardedHead, as: UTF8.self))),\
            "reply":\(quoted(String(decoding: explanation.reply, as: UTF8.self)))}
            """
    }

    private func json(_ event: TraceEvent) -> String {
        switch event {
        case .judging(let rule): return "{\"event\":\"rule\",\(jsonRule(rule))}"
        case .tested(let test):
            let value = test.value.map(quoted) ?? "null"
            return "{\"event\":\"test\",\"expression\":\(quoted(test.expression)),"
                + "\"value\":\(value),\"matches\":\(test.matches)}"
        case .judged(let rule, let result):
            let word = result == .pass ? "pass" : result == .fail ? "fail" : "unknown"
            return "{\"event\":\"condition\",\(jsonRule(rule)),\"result\":\"\(word)\"}"
        case .ran(let rule, let result):
            return "{\"event\":\"action\",\(jsonRule(rule)),\"result\":\(quoted(word(result)))}"
        case .edited(let edit):
            return "{\"event\":\"edit\",\"kind\":\"\(edit.kind.rawValue)\","
                + "\"name\":\(quoted(edit.name)),\"value\":\(quoted(edit.value))}"
        }
    }

    private func jsonRule(_ rule: Rule) -> String {
        "\"file\":\(quoted(rule.place.file)),\"line\":\(rule.place.line),"
            + "\"rule\":\(quoted(rule.text))"
    }

    private var jsonOutcome: String {
        switch explanation.outcome {
        case .forwarded(let backend, let candidates):
            "\"kind\":\"forwarded\",\"backend\":\(quoted(backend)),"
                + "\"servers\":[\(candidates.map(quoted).joined(separator: ","))]"
        case .replied(let status): "\"kind\":\"replied\",\"status\":\(status)"
        case .tarpitted(let status, let milliseconds):
            "\"kind\":\"tarpitted\",\"status\":\(status),\"milliseconds\":\(milliseconds)"
        case .closed: "\"kind\":\"closed\""
        case .dropped: "\"kind\":\"dropped\""
        case .waiting: "\"kind\":\"waiting\""
        }
    }

    /// A JSON string (RFC 8259 §7).
    private func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                if scalar.value < 0x20 {
                    let digits = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}
