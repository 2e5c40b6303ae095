// Commands about variables of the process.
// Source: management manual, `get var`, `set var`.

import Proxy
import Samples

/// The rows about variables.
public struct VariableCommands: Sendable {
    /// Sets a variable at once to what the words of an expression give, or a log format; false
    /// where limits do not allow it. The text of a failure says what is wrong with the words.
    public typealias SetVariable =
        @Sendable (_ name: String, _ words: [String], _ isFormat: Bool) -> Result<
            Bool, CommandFailure
        >

    let setVariable: SetVariable?

    var commands: [Command] {
        [
            Command(
                ["get", "var"], level: .operator_, arguments: "<name>",
                "show a variable of the process"
            ) { answer($0, show) },
            Command(
                ["set", "var"], level: .operator_, arguments: "<name> [expr|fmt] <value>",
                "set a variable of the process", isExperimental: true
            ) { answer($0, set) },
        ]
    }

    private func show(_ request: CommandRequest) throws(Refusal) -> String {
        guard let name = request.arguments.first else {
            throw Refusal("Missing process-wide variable identifier.")
        }
        let live = request.engine.live
        guard let variable = live.variableNames.find(name),
            variable.scope == VariableScope.process.rawValue,
            let (type, text) = live.variables.shown(variable)
        else { throw Refusal("Variable not found.") }
        // As in HAProxy, no empty line follows.
        return "\(name): type=\(type) value=<\(text)>"
    }

    private func set(_ request: CommandRequest) throws(Refusal) -> String {
        guard let name = request.arguments.first else {
            throw Refusal("Missing process-wide variable identifier.")
        }
        var words = Array(request.arguments.dropFirst())
        guard let first = words.first else {
            throw Refusal("Missing either 'expr', 'fmt' or expression.")
        }
        var isFormat = false
        if words.count > 1 {
            guard first == "expr" || first == "fmt" else {
                throw Refusal(
                    "'set var': arg type must be either 'expr' or 'fmt' but got '\(first)'.")
            }
            isFormat = first == "fmt"
            words.removeFirst()
        }
        guard name.hasPrefix("proc.") else {
            throw Refusal(
                "'set var': cannot set variable '\(name)', only scope 'proc' is permitted here.")
        }
        guard let setVariable else { throw Refusal("'set var': nothing is compiled here.") }
        switch setVariable(name, words, isFormat) {
        case .failure(let failure): throw Refusal("'set var': \(failure.text).")
        case .success(true): return ""
        case .success(false):
            throw Refusal("'set var': the limits of variables do not allow this value.")
        }
    }
}

/// Why a command cannot do what it was asked for.
public struct CommandFailure: Error, Sendable {
    /// The reason, without a full stop.
    public let text: String

    /// A failure for a reason.
    public init(_ text: String) { self.text = text }
}
