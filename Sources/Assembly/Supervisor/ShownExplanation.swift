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

    /// One line an event, indented below its rule; then what the server and the client get, and
    /// what had to be taken for granted.
    var text: String {
        var lines = ["frontend \(frontend)"]
        for event in explanation.events { lines += words(event) }
        lines.append(outcome)
        lines += block("the server gets:", explanation.forwardedHead + explanation.forwardedBody)
        switch explanation.author {
        case .server: lines += block("the client gets, from the server:", explanation.reply)
        case .proxy: lines += block("the client gets, from the proxy:", explanation.reply)
        case .nobody: lines += block("the client gets:", explanation.reply)
        }
        if !explanation.assumptions.isEmpty {
            lines.append("not known without a live process:")
            lines += explanation.assumptions.map { "    \($0.sentence)" }
        }
        return lines.joined(separator: "\n")
    }

    /// Bytes below a title; no lines where there are none.
    private func block(_ title: String, _ bytes: [UInt8]) -> [String] {
        if bytes.isEmpty { return [] }
        let text = String(decoding: bytes, as: UTF8.self)
        var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        while lines.last?.isEmpty == true { lines.removeLast() }
        return [title] + lines.map { "    \($0)" }
    }

    private func words(_ event: TraceEvent) -> [String] {
        switch event {
        case .judging(let rule): return ["\(place(rule)): \(rule.text)"]
        case .tested(let test):
            let value = test.value.map { "'\($0)'" } ?? "nothing"
            let name = test.list.isEmpty ? "" : "\(test.list): "
            return ["    \(test.matches ? "+" : "-") \(name)\(test.criterion) gives \(value)"]
        case .judged(_, let result): return ["    condition \(word(result))"]
        case .ran(_, let result): return ["    \(word(result))"]
        case .edited(let edit): return ["    \(words(edit))"]
        case .fact(let fact): return [words(fact)]
        case .candidates(let choice): return words(choice)
        }
    }

    private func words(_ fact: TracedFact) -> String {
        let value = fact.value ?? ""
        return switch fact.kind {
        case .variable:
            fact.value.map { "    variable \(fact.name) becomes '\($0)'" }
                ?? "    variable \(fact.name) is forgotten"
        case .capture: "    captured as \(fact.name): '\(value)'"
        case .track: "    tracks '\(value)' in table \(fact.name)"
        case .stickMiss: "    table \(fact.name) has no server for '\(value)'"
        case .stickKeep: "    '\(value)' is kept for table \(fact.name)"
        case .stickStore: "    '\(value)' goes into table \(fact.name)"
        case .name: "    names '\(value)'"
        case .backend: "backend \(fact.name): \(value)"
        case .server: "server \(fact.name) at \(value)"
        case .response: value.isEmpty ? "the server says nothing" : "the server answers: \(value)"
        case .reply: "the proxy replies with status \(value)"
        case .monitor: "monitor-uri: the frontend \(value)"
        }
    }

    private func words(_ choice: TracedChoice) -> [String] {
        let way = choice.isPinned ? "a rule asks for one" : "balance \(choice.algorithm)"
        return ["servers of \(choice.backend), \(way):"]
            + choice.servers.map { server in
                switch server.state {
                case .candidate: "    + \(server.name)"
                case .backup: "    - \(server.name): a backup"
                case .disabled: "    - \(server.name): disabled"
                case .down: "    - \(server.name): down"
                case .drained: "    - \(server.name): without weight, or drained"
                case .passedOver: "    - \(server.name): not asked for"
                }
            }
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
        case .malformed: "refuses the request as malformed"
        case .clientLeft: "finds the client gone"
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
            "=> backend \(backend), server \(explanation.server?.name ?? "")"
                + (candidates.count > 1
                    ? " (candidates: \(candidates.joined(separator: ", ")))" : "")
        case .replied(let status): "=> reply with status \(status)"
        case .tarpitted(let status, let milliseconds):
            "=> reply with status \(status) after \(milliseconds) ms"
        case .closed: "=> the connection is closed without a reply"
        case .dropped: "=> the connection is dropped without a packet"
        case .waiting: "=> waits for more bytes: the request is not complete"
        }
    }

    // MARK: JSON

    /// One object: `events`, `outcome`, `server`, `head` and `body` as the server gets them,
    /// `reply` and its `author`, `assumptions`.
    var json: String {
        let events = explanation.events.map(json).joined(separator: ",")
        let assumptions = explanation.assumptions.map {
            "{\"name\":\(quoted($0.name)),\"sentence\":\(quoted($0.sentence))}"
        }.joined(separator: ",")
        let server = explanation.server.map {
            "{\"name\":\(quoted($0.name)),\"address\":\(quoted($0.address))}"
        }
        return """
            {"frontend":\(quoted(frontend)),"events":[\(events)],"outcome":{\(jsonOutcome)},\
            "server":\(server ?? "null"),"head":\(quoted(explanation.forwardedHead)),\
            "body":\(quoted(explanation.forwardedBody)),"reply":\(quoted(explanation.reply)),\
            "author":"\(explanation.author.rawValue)","assumptions":[\(assumptions)]}
            """
    }

    private func json(_ event: TraceEvent) -> String {
        switch event {
        case .judging(let rule): return "{\"event\":\"rule\",\(jsonRule(rule))}"
        case .tested(let test):
            let value = test.value.map(quoted) ?? "null"
            let name = test.list.isEmpty ? "" : "\"acl\":\(quoted(test.list)),"
            return "{\"event\":\"test\",\(name)\"criterion\":\(quoted(test.criterion)),"
                + "\"expression\":\(quoted(test.expression)),\"value\":\(value),"
                + "\"matches\":\(test.matches)}"
        case .judged(let rule, let result):
            let word = result == .pass ? "pass" : result == .fail ? "fail" : "unknown"
            return "{\"event\":\"condition\",\(jsonRule(rule)),\"result\":\"\(word)\"}"
        case .ran(let rule, let result):
            let word = quoted(word(result))
            return "{\"event\":\"action\",\(jsonRule(rule)),\"result\":\(word)}"
        case .edited(let edit):
            return "{\"event\":\"edit\",\"kind\":\"\(edit.kind.rawValue)\","
                + "\"name\":\(quoted(edit.name)),\"value\":\(quoted(edit.value))}"
        case .fact(let fact):
            let name = fact.name.isEmpty ? "" : "\"name\":\(quoted(fact.name)),"
            return "{\"event\":\"\(fact.kind.rawValue)\",\(name)"
                + "\"value\":\(fact.value.map(quoted) ?? "null")}"
        case .candidates(let choice):
            let servers = choice.servers.map {
                "{\"name\":\(quoted($0.name)),\"state\":\"\($0.state.rawValue)\"}"
            }
            return "{\"event\":\"candidates\",\"backend\":\(quoted(choice.backend)),"
                + "\"balance\":\(quoted(choice.algorithm)),\"asked\":\(choice.isPinned),"
                + "\"servers\":[\(servers.joined(separator: ","))]}"
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

    private func quoted(_ bytes: [UInt8]) -> String {
        quoted(String(decoding: bytes, as: UTF8.self))
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
