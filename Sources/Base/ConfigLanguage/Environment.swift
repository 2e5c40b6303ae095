// The environment of a configuration: a value, so that reading a file has no effect on the process
// until the caller wants it to.

/// Environment variables by name.
public struct Environment: Hashable, Sendable {
    /// The variables.
    public private(set) var values: [String: String]

    /// An environment from its variables.
    public init(_ values: [String: String] = [:]) { self.values = values }

    /// The value of a variable; nil when it is not set, which is not the same as empty.
    public subscript(_ name: String) -> String? { values[name] }

    /// The same environment with more variables, which win over those that exist.
    public func adding(_ more: [String: String]) -> Environment {
        Environment(values.merging(more) { $1 })
    }

    /// Applies `setenv`, `presetenv`, `resetenv` or `unsetenv`; nil when `keyword` is none of them.
    ///
    /// The result is empty on success and otherwise says what is wrong.
    public mutating func apply(_ keyword: String, _ arguments: [String]) -> String? {
        switch keyword {
        case "setenv", "presetenv":
            guard arguments.count >= 2, !arguments[0].isEmpty else {
                return "'\(keyword)' expects a name and a value."
            }
            guard arguments.count == 2 else {
                return "'\(keyword)' cannot handle unexpected argument '\(arguments[2])'."
            }
            if arguments[0].contains("=") { return "'\(keyword)' expects a name without '='." }
            if keyword == "setenv" || values[arguments[0]] == nil {
                values[arguments[0]] = arguments[1]
            }
        case "unsetenv":
            if arguments.isEmpty { return "'unsetenv' expects at least one variable name." }
            for name in arguments { values[name] = nil }
        case "resetenv":
            values = values.filter { arguments.contains($0.key) }
        default:
            return nil
        }
        return ""
    }
}
