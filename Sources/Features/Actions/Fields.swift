// Actions that change the fields of a head (configuration manual: set-header, add-header,
// del-header and their kin).

import HTTP
import Proxy
import Samples

extension ActionFamily {
    /// Fields.
    static let fields = ActionFamily(
        "fields",
        [
            ActionRow(
                "set-header", in: .http, "<name> <fmt>",
                "Removes all fields of a name and adds one with that value."
            ) { reader throws(ExpressionMistake) in
                try SetField(&reader, replaces: true)
            },
            ActionRow(
                "add-header", in: .http, "<name> <fmt>", "Adds a field with that value."
            ) { reader throws(ExpressionMistake) in
                try SetField(&reader, replaces: false)
            },
        ])
}

/// `set-header`, `add-header`.
///
/// Safety: constants.
private final class SetField: Action, @unchecked Sendable {
    private let name: KeptBytes
    private let known: KnownField
    private let format: LogFormat
    private let replaces: Bool

    init(_ reader: inout ActionReader, replaces: Bool) throws(ExpressionMistake) {
        let constants = ConstantBlock()
        let name = try reader.word("a field's name").utf8.map(\.asciiSmall)
        self.name = KeptBytes(name, in: constants)
        known = KnownField.named(name.span)
        format = try reader.format("a format")
        self.replaces = replaces
        super.init(keeping: constants)
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        // The value may read the field that is replaced.
        guard subject.render(format) else { return subject.rewriteFailed }
        let name = self.name
        if replaces { subject.removeFields(name.span, known) }
        return subject.addField(name.span, subject.renderedText) ? .goOn : subject.rewriteFailed
    }
}
