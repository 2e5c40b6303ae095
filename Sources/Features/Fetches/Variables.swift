// Samples of variables (configuration manual: var).

import Proxy
import Samples

extension FetchFamily {
    /// Variables.
    static let variables = FetchFamily(
        "variables",
        [
            Fetch(
                "var", .any,
                takes: [.variable("var-name"), .emptiableText("default").optional],
                "Is the value of a variable, of the type it was set to, or the default as text."
            ) { subject, arguments, _, scratch in
                if let value = subject.value(of: arguments.variable(0), into: &scratch) {
                    return value
                }
                return arguments.has(1) ? scratch.copy(arguments.bytes(1)) : nil
            }
        ])
}
