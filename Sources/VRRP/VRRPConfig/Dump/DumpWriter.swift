// Lines and blocks with their indentation, and words quoted where they need it.

/// Collects the lines of a dump.
struct DumpWriter {
    /// What was written.
    private(set) var text = ""
    private var depth = 0

    /// A keyword with its words, quoted where needed.
    mutating func line(_ keyword: String, _ words: [String]) {
        add(([keyword] + words.map(DumpWriter.quoted)).joined(separator: " "))
    }

    private mutating func add(_ line: String) {
        text += String(repeating: "    ", count: depth) + line + "\n"
    }

    /// A keyword with its words and an opening brace.
    mutating func open(_ keyword: String, _ words: [String] = []) {
        line(keyword, words)
        text.removeLast()
        text += " {\n"
        depth += 1
    }

    /// A closing brace.
    mutating func close() {
        depth -= 1
        add("}")
    }

    /// A block with what `body` writes inside.
    mutating func block(_ keyword: String, _ words: [String], _ body: (inout DumpWriter) -> Void) {
        open(keyword, words)
        body(&self)
        close()
    }

    /// A block with a line for each item; nothing without items.
    mutating func lines(_ keyword: String, _ items: [[String]]) {
        guard !items.isEmpty else { return }
        open(keyword)
        for item in items { add(item.map(DumpWriter.quoted).joined(separator: " ")) }
        close()
    }

    /// A block with a line for each word.
    mutating func list(_ keyword: String, _ words: [String]) {
        open(keyword)
        for word in words { add(DumpWriter.quoted(word)) }
        close()
    }

    /// A keyword with its word; nothing without one.
    mutating func word(_ keyword: String, _ word: String?) {
        if let word { line(keyword, [word]) }
    }

    /// A keyword with its number; nothing without one.
    mutating func number(_ keyword: String, _ number: Int?) {
        if let number { line(keyword, [String(number)]) }
    }

    /// A keyword that stands there or not.
    mutating func mark(_ keyword: String, _ isOn: Bool) {
        if isOn { line(keyword, []) }
    }

    /// A keyword with `on` or `off`.
    mutating func flag(_ keyword: String, _ isOn: Bool) { line(keyword, [isOn ? "on" : "off"]) }

    /// A keyword with milliseconds and their unit.
    mutating func duration(_ keyword: String, _ nanoseconds: UInt64) {
        line(keyword, [Numbers.milliseconds(nanoseconds) + "ms"])
    }

    /// `weight` of a definition.
    mutating func weight(_ weight: TrackWeight) {
        line("weight", [String(weight.value)] + (weight.isReversed ? ["reverse"] : []))
    }

    /// The `track_*` blocks of an instance or a group.
    mutating func tracks(_ tracks: TrackReferences) {
        for kind in TrackKind.allCases {
            lines(
                kind.keyword,
                tracks.references(kind).map { reference in
                    [
                        reference.name, "weight", String(reference.weight.value),
                        reference.weight.isReversed ? "reverse" : "noreverse",
                    ]
                })
        }
    }

    /// The `notify_*` keywords of an instance or a group.
    mutating func notify(_ notify: NotifySettings) {
        command("notify_master", notify.master)
        command("notify_backup", notify.backup)
        command("notify_fault", notify.fault)
        command("notify_stop", notify.stop)
        if let deleted = notify.deleted {
            command("notify_deleted", deleted)
        } else {
            mark("notify_deleted", notify.tellsDeleted)
        }
        command("notify", notify.any)
        flag("notify_priority_changes", notify.tellsPriorityChanges)
        flag("smtp_alert", notify.sendsMail)
    }

    /// A keyword with a command and its account; nothing without one.
    mutating func command(_ keyword: String, _ command: ScriptCommand?) {
        guard let command else { return }
        let inner = command.arguments.map(DumpWriter.argument).joined(separator: " ")
        let account = [command.user, command.group].compactMap { $0 }.map(DumpWriter.quoted)
        add(([keyword, "\"\(DumpWriter.escaped(inner))\""] + account).joined(separator: " "))
    }

    /// A word in the plain reading: in double quotes unless every byte is harmless.
    static func quoted(_ word: String) -> String {
        let isHarmless = word.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2C, 0x2D, 0x2E, 0x2F, 0x3A, 0x3D,
                0x5F, 0x5B, 0x5D:
                true
            default: false
            }
        }
        return isHarmless && !word.isEmpty ? word : "\"\(word)\""
    }

    /// An argument of a command, in quotes where blanks or quotes need them.
    private static func argument(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy {
            !Letter.isBlank($0) && $0 != Letter.singleQuote && $0 != Letter.doubleQuote
        }
        if isPlain, !word.isEmpty { return word }
        return word.split(separator: "'", omittingEmptySubsequences: false)
            .map { "'\($0)'" }.joined(separator: "\"'\"")
    }

    /// What stands in double quotes in the escaped reading. Quotes and dollars become numbers, for
    /// what looks for comments, braces and parameters knows no escapes.
    private static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case Letter.backslash: bytes += [Letter.backslash, Letter.backslash]
            case Letter.doubleQuote: bytes += Array("\\x22".utf8)
            case Letter.dollar: bytes += Array("\\x24".utf8)
            case 0..<0x20:
                bytes += Array((byte < 16 ? "\\x0" : "\\x").utf8)
                bytes += Array(String(byte, radix: 16).utf8)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
