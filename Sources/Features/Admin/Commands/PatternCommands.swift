// Commands about maps and access lists.
// Source: management manual, `show map`, `add map`, `set map`, `del map`, `clear map`, `get map`,
// `prepare map`, `commit map`, and the same of `acl`.

import Bytes
import Proxy
import Samples

/// The rows of maps and access lists.
enum PatternCommands {
    static let commands = rows(isMap: true) + rows(isMap: false)

    private static func rows(isMap: Bool) -> [Command] {
        let noun = isMap ? "map" : "acl"
        let lists = PatternLists(isMap: isMap)
        var rows = [
            Command(
                ["show", noun], level: .user, arguments: "[@<ver>] <\(noun)>",
                "report available \(noun)s or dump the contents of one"
            ) { lists.answer($0) { try lists.show($0, $1) } },
            Command(
                ["get", noun], level: .user, arguments: "<\(noun)> <value>",
                "report what a value matches in a \(noun)"
            ) { lists.answer($0) { try lists.get($0, $1) } },
            Command(
                ["add", noun], level: .operator_,
                arguments: isMap ? "[@<ver>] <map> <key> <val>" : "[@<ver>] <acl> <pattern>",
                "add a \(isMap ? "map entry (payload supported)" : "pattern to an acl")"
            ) { lists.answer($0) { try lists.add($0, $1) } },
            Command(
                ["del", noun], level: .operator_, arguments: "<\(noun)> [<key>|#<ref>]",
                "delete entries from a \(noun)"
            ) { lists.answer($0) { try lists.remove($0, $1) } },
            Command(
                ["clear", noun], level: .operator_, arguments: "[@<ver>] <\(noun)>",
                "clear the contents of a \(noun)"
            ) { lists.answer($0) { try lists.clear($0, $1) } },
            Command(
                ["prepare", noun], level: .operator_, arguments: "<\(noun)>",
                "prepare a new version for atomic \(noun) replacement"
            ) { lists.answer($0) { try lists.prepare($0, $1) } },
            Command(
                ["commit", noun], level: .operator_, arguments: "@<ver> <\(noun)>",
                "commit a specific version of the \(noun)"
            ) { lists.answer($0) { try lists.commit($0, $1) } },
        ]
        if isMap {
            rows.append(
                Command(
                    ["set", "map"], level: .operator_, arguments: "<map> [<key>|#<ref>] <value>",
                    "modify a map entry"
                ) { lists.answer($0) { try lists.set($0, $1) } })
        }
        return rows
    }
}

/// An answer that says why nothing was done.
private struct ListRefusal: Error {
    let text: String

    init(_ text: String) { self.text = text }
}

/// The commands of maps, or those of access lists.
private struct PatternLists: Sendable {
    let isMap: Bool

    private var noun: String { isMap ? "map" : "acl" }
    private var title: String { isMap ? "map" : "ACL" }

    /// Runs a command under the lists' lock.
    func answer(
        _ request: CommandRequest,
        _ body: (CommandRequest, PatternStore) throws -> String
    ) -> CommandAnswer {
        guard let store = request.engine.configuration.patterns else { return .text("") }
        let text = request.engine.patterns.edit(store) { store in
            do {
                return try body(request, store)
            } catch let refusal as ListRefusal {
                return refusal.text + "\n"
            } catch let refusal as PatternChangeRefusal {
                return words(refusal) + "\n"
            } catch {
                return "\(error)\n"
            }
        }
        return .text(text)
    }

    private func words(_ refusal: PatternChangeRefusal) -> String {
        switch refusal {
        case .wrong(let mistake): "\(mistake.text)."
        case .noEntry: "Key not found."
        case .noVersion: "Version number out of range."
        case .full: "Out of memory error."
        case .needsValue:
            "'add map' expects three parameters (map identifier, key and value) or one parameter "
                + "(map identifier) and a payload"
        case .hasNoValues: "'add acl' expects two parameters: ACL identifier and pattern."
        }
    }

    // MARK: Arguments

    /// `[@<ver>] <list>`, and what follows.
    private func findVersion(
        _ arguments: [String], _ store: PatternStore
    ) throws -> (source: PatternSource, version: UInt32?, rest: ArraySlice<String>) {
        var rest = arguments[...]
        var version: UInt32?
        if let first = rest.first, first.hasPrefix("@") {
            guard let number = UInt32(first.dropFirst()) else {
                throw ListRefusal("Version number expected after '@'.")
            }
            version = number
            rest = rest.dropFirst()
        }
        let (source, words) = try find(rest, store)
        return (source, version, words)
    }

    /// Maps may be lists of patterns, too (`acl -M`).
    private func isListed(_ source: PatternSource) -> Bool {
        source.isMap ? isMap || source.isUsedByAccessList : !isMap
    }

    /// `<list>`, and what follows. Commands that take no version read `@<ver>` as a list's name.
    private func find(
        _ arguments: ArraySlice<String>, _ store: PatternStore
    ) throws -> (source: PatternSource, rest: ArraySlice<String>) {
        var rest = arguments
        guard let name = rest.popFirst() else { throw ListRefusal("Missing \(title) identifier.") }
        guard let source = store.find(name), isListed(source) else {
            throw ListRefusal("Unknown \(title) identifier. Please use #<id> or <file>.")
        }
        return (source, rest)
    }

    /// An entry by the reference that `show` gives.
    private func reference(_ text: String) -> UInt32? {
        text.hasPrefix("#0x") ? UInt32(text.dropFirst(3), radix: 16) : nil
    }

    // MARK: Commands

    func show(_ request: CommandRequest, _ store: PatternStore) throws -> String {
        guard !request.arguments.isEmpty else { return list(store) }
        let (source, version, _) = try findVersion(request.arguments, store)
        var text = ""
        for entry in source.entries(version: version) {
            text += "0x" + String(entry.id, radix: 16) + " " + string(entry.key)
            if let value = entry.value { text += " " + string(value) }
            text += "\n"
        }
        return text
    }

    private func list(_ store: PatternStore) -> String {
        var text = "# id (file) description\n"
        for source in store.sources.sorted(by: { $0.id ?? -1 < $1.id ?? -1 })
        where isListed(source) {
            text +=
                "\(source.id ?? -1) (\(source.name)) \(source.describedAs). "
                + "curr_ver=\(source.currentVersion) next_ver=\(source.nextVersion) "
                + "entry_cnt=\(source.count)\n"
        }
        return text
    }

    func get(_ request: CommandRequest, _ store: PatternStore) throws -> String {
        guard request.arguments.count >= 2 else {
            throw ListRefusal("Missing \(title) identifier and/or key.")
        }
        let (source, rest) = try find(request.arguments[...], store)
        let value = (rest.first ?? "").anyBytes
        var text = ""
        for found in source.lookUps(of: value) {
            text +=
                "type=\(found.method.name ?? "meth"), "
                + "case=\(found.ignoresCase ? "insensitive" : "sensitive")"
            let word = isMap ? "found" : "match"
            guard let entry = found.entry else {
                text += ", \(word)=no\n"
                continue
            }
            text += ", \(word)=yes, idx=\(found.isIndexed ? "tree" : "list")"
            let key = string(entry.key)
            text += isMap ? ", key=\"\(key)\"" : ", pattern=\"\(key)\""
            if let value = entry.value {
                text += ", value=\"\(string(value))\", type=\"\(type(of: value, found))\""
            }
            text += "\n"
        }
        return text
    }

    /// The type of a value as HAProxy calls it.
    private func type(of value: [UInt8], _ found: PatternLookUp) -> String {
        switch found.valueType {
        case "int": "sint"
        case "ip": value.contains(UInt8(ascii: ":")) ? "ipv6" : "ipv4"
        default: found.valueType
        }
    }

    func add(_ request: CommandRequest, _ store: PatternStore) throws -> String {
        let (source, version, rest) = try findVersion(request.arguments, store)
        if let version, version != source.currentVersion,
            Int32(bitPattern: version &- source.nextVersion) > 0
        {
            throw ListRefusal(
                "Version number in the future, please use 'prepare \(noun)' before.")
        }
        if let payload = request.payload, rest.isEmpty {
            return try add(lines: payload, to: source, version)
        }
        // As in HAProxy, further words count for nothing.
        guard let key = rest.first, rest.count >= (isMap ? 2 : 1) else {
            throw isMap ? PatternChangeRefusal.needsValue : .hasNoValues
        }
        let value = isMap ? rest[rest.startIndex + 1].anyBytes : nil
        try source.add(key: key.anyBytes, value: value, version: version)
        return ""
    }

    /// `<key> <value>` or `<pattern>` by lines.
    private func add(
        lines payload: String, to source: PatternSource, _ version: UInt32?
    ) throws -> String {
        for line in payload.split(separator: "\n") {
            let text = line.drop { $0 == " " || $0 == "\t" }
            if text.isEmpty { continue }
            guard isMap else {
                try source.add(key: String(text).anyBytes, value: nil, version: version)
                continue
            }
            let key = text.prefix { $0 != " " && $0 != "\t" }
            let value = text[key.endIndex...].drop { $0 == " " || $0 == "\t" }
            guard !value.isEmpty else {
                throw ListRefusal("Missing value for key '\(key)'.")
            }
            try source.add(
                key: String(key).anyBytes, value: String(value).anyBytes, version: version)
        }
        return ""
    }

    func set(_ request: CommandRequest, _ store: PatternStore) throws -> String {
        guard request.arguments.count >= 3 else {
            throw ListRefusal(
                "'set map' expects three parameters: map identifier, key and value.")
        }
        let (source, rest) = try find(request.arguments[...], store)
        let key = rest[rest.startIndex]
        let value = rest[rest.startIndex + 1].anyBytes
        do throws(PatternChangeRefusal) {
            if key.hasPrefix("#") {
                try source.set(id: reference(key) ?? 0, value: value)
            } else {
                try source.set(key: key.anyBytes, value: value)
            }
        } catch {
            if case .noEntry = error {
                throw ListRefusal(
                    key.hasPrefix("#") ? "key or pattern not found." : "entry not found.")
            }
            throw error
        }
        return ""
    }

    func remove(_ request: CommandRequest, _ store: PatternStore) throws -> String {
        guard request.arguments.count >= 2 else {
            throw ListRefusal(
                isMap
                    ? "This command expects two parameters: map identifier and key."
                    : "This command expects two parameters: ACL identifier and key.")
        }
        let (source, rest) = try find(request.arguments[...], store)
        let key = rest[rest.startIndex]
        if key.hasPrefix("#") {
            try source.remove(id: reference(key) ?? 0)
        } else {
            try source.remove(key: key.anyBytes)
        }
        return ""
    }

    func clear(_ request: CommandRequest, _ store: PatternStore) throws -> String {
        let (source, version, _) = try findVersion(request.arguments, store)
        do throws(PatternChangeRefusal) {
            try source.clear(version: version)
        } catch {
            // As in HAProxy, a version that is not there has nothing to be cleared.
            if case .noVersion = error { return "" }
            throw error
        }
        return ""
    }

    func prepare(_ request: CommandRequest, _ store: PatternStore) throws -> String {
        guard !request.arguments.isEmpty else {
            throw ListRefusal("Unknown \(title) identifier. Please use #<id> or <file>.")
        }
        let (source, _) = try find(request.arguments[...], store)
        return "New version created: \(source.prepare())\n"
    }

    func commit(_ request: CommandRequest, _ store: PatternStore) throws -> String {
        let (source, version, _) = try findVersion(request.arguments, store)
        guard let version else { throw ListRefusal("Missing version number.") }
        try source.commit(version: version)
        return ""
    }

    private func string(_ bytes: [UInt8]) -> String { String(anyBytes: bytes) }
}
