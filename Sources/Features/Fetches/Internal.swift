// Samples of constants and of the process itself (configuration manual: fetching samples from
// internal states).

import Proxy
import Samples

extension FetchFamily {
    /// Constants, variables and internal states.
    static let `internal` = FetchFamily(
        "internal states",
        [
            Fetch("always_false", .boolean, "Is false.") { _, _, _, _ in .boolean(false) },
            Fetch("always_true", .boolean, "Is true.") { _, _, _, _ in .boolean(true) },
            Fetch(
                "bool", .boolean, takes: [.text("bool")], "Is the truth value given.",
                prepare: Internal.prepareTruth
            ) { _, arguments, _, _ in .boolean(arguments.integer(0) != 0) },
            Fetch(
                "int", .integer, takes: [.integer("integer")], "Is the number given."
            ) { _, arguments, _, _ in .integer(arguments.integer(0)) },
            Fetch(
                "str", .string, takes: [.text("string")], "Is the text given."
            ) { _, arguments, _, scratch in scratch.copy(arguments.bytes(0)) },
            Fetch(
                "var", .any, takes: [.variable("var-name")],
                "Is the value of a variable, of the type it was set to."
            ) { subject, arguments, _, scratch in
                subject.value(of: arguments.variable(0), into: &scratch)
            },
        ])
}

/// Functions of the rows above.
private enum Internal {
    static let prepareTruth: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        guard case .bytes(let text)? = arguments[0] else { return nil }
        switch String(decoding: text, as: UTF8.self).lowercased() {
        case "true", "1": arguments[0] = .integer(1)
        case "false", "0": arguments[0] = .integer(0)
        default: throw ArgumentMistake(expected: "true or false")
        }
        return nil
    }
}
