// Actions that change maps and access lists for everybody (configuration manual: add-acl, del-acl,
// set-map, del-map).

import Bytes
import Proxy
import Samples

extension ActionFamily {
    /// Maps and access lists.
    static let lists = ActionFamily(
        "lists",
        [
            ActionRow(
                "add-acl()", in: ListChange.steps, "<key fmt>",
                "Adds a pattern to an access list's file in memory, unless it is there."
            ) { reader throws(ExpressionMistake) in try ListChange(&reader, .addPattern) },
            ActionRow(
                "del-acl()", in: ListChange.steps, "<key fmt>",
                "Removes a pattern from an access list's file in memory."
            ) { reader throws(ExpressionMistake) in try ListChange(&reader, .removePattern) },
            ActionRow(
                "set-map()", in: ListChange.steps, "<key fmt> <value fmt>",
                "Gives a key of a map a value, in memory."
            ) { reader throws(ExpressionMistake) in try ListChange(&reader, .setKey) },
            ActionRow(
                "del-map()", in: ListChange.steps, "<key fmt>",
                "Removes a key from a map, in memory."
            ) { reader throws(ExpressionMistake) in try ListChange(&reader, .removeKey) },
        ])
}

/// One change of one list.
///
/// Safety: constants; the store guards itself by the editor's lock.
private final class ListChange: Action, @unchecked Sendable {
    /// What is done.
    enum Kind {
        case addPattern, removePattern, setKey, removeKey
    }
    static let steps = RuleSteps.http.union([.contentRequest, .contentResponse])

    private let kind: Kind
    private let store: PatternStore
    private let name: String
    private let key: LogFormat
    private let value: LogFormat?

    init(_ reader: inout ActionReader, _ kind: Kind) throws(ExpressionMistake) {
        self.kind = kind
        store = reader.compiler.patterns
        guard let name = reader.parameter, !name.isEmpty else {
            throw reader.wrong("expects the name of a list in parentheses")
        }
        let isMap = kind == .setKey || kind == .removeKey
        do throws(PatternStoreMistake) {
            _ = try store.open(name, isMap: isMap, use: reader.name)
        } catch {
            throw ExpressionMistake(
                word: reader.nameIndex, offset: reader.parameterOffset, length: name.utf8.count,
                error.text)
        }
        self.name = name
        key = try reader.format("a format for the key")
        value = kind == .setKey ? try reader.format("a format for the value") : nil
        super.init()
    }

    override func run(_ subject: Subject, isAgain: Bool) -> ActionResult {
        guard subject.render(key) else { return .goOn }
        let key = subject.renderedText.array
        var newValue: [UInt8]?
        if let value {
            guard subject.render(value) else { return .goOn }
            newValue = subject.renderedText.array
        }
        subject.edit(store) { store in
            guard let source = store.find(name) else { return }
            // A change that a limit or a view refuses leaves the list as it is, as in HAProxy.
            switch kind {
            case .addPattern where source.find(key: key).isEmpty:
                try? source.add(key: key, value: nil)
            case .addPattern: break
            case .removePattern, .removeKey: _ = try? source.remove(key: key)
            case .setKey where source.find(key: key).isEmpty:
                try? source.add(key: key, value: newValue ?? [])
            case .setKey: _ = try? source.set(key: key, value: newValue ?? [])
            }
        }
        return .goOn
    }
}
