// The rules about source text, each a function from a file to what it found.

import Foundation

/// Rules over one Swift file.
enum Rules {
    /// Targets whose code moves bytes: the data path.
    static let dataPath = [
        "Sources/Base/Bytes/", "Sources/Base/Structures/", "Sources/System/Kernel/",
        "Sources/System/Reactor/", "Sources/Wire/HTTP/", "Sources/Wire/Inspection/",
        "Sources/Traffic/Balancing/", "Sources/Traffic/StickTables/", "Sources/Traffic/Proxy/",
    ]

    /// Every file begins with a comment that says what lives there.
    static func header(_ source: SourceText) -> [Finding] {
        if !source.header.isEmpty { return [] }
        return [Finding(path: source.path, line: 1, text: "no comment says what lives here")]
    }

    /// No line is longer than 100 columns, but for what cannot be broken: the inside of a literal.
    static func columns(_ source: SourceText) -> [Finding] {
        source.lines.enumerated().compactMap { number, line in
            let count = line.count
            if count <= 100 { return nil }
            let code = source.code[number]
            if code.contains("\"") || code.allSatisfy({ $0 == " " }) && !isComment(line) {
                return nil
            }
            return Finding(path: source.path, line: number + 1, text: "\(count) columns")
        }
    }

    private static func isComment(_ line: String) -> Bool {
        line.trimmingCharacters(in: .whitespaces).hasPrefix("//")
    }

    /// Flags of one set (declared in one file) have bits of their own.
    static func bits(_ source: SourceText) -> [Finding] {
        guard source.code.contains(where: { $0.contains("OptionSet") }) else { return [] }
        var holders: [String: [String: Int]] = [:]
        var findings: [Finding] = []
        for (number, line) in source.code.enumerated() {
            guard
                let found = line.firstMatch(
                    of: /static (?:var|let) \w+.*?(\w+)\((?:rawValue: 1 << )?(\d+)\)/)
            else { continue }
            let (set, bit) = (String(found.1), String(found.2))
            // A shift tells a bit; `bit(3)` does so as well; other numbers are masks.
            guard set == "bit" || line.contains("1 << ") else { continue }
            if let other = holders[set, default: [:]].updateValue(number + 1, forKey: bit) {
                findings.append(
                    Finding(path: source.path, line: number + 1, text: "bit \(bit) of \(other)"))
            }
        }
        return findings
    }

    /// Every unsafe expression has a `Safety:` line in its function or declaration, or in the
    /// comment of a type around it. The objects behind a worker's flat tables are borrowed in many
    /// places by one expression; that they are alive is said where the tables are declared.
    static func safety(_ source: SourceText) -> [Finding] {
        guard source.code.contains(where: { $0.contains("unsafe") || $0.contains("@unchecked") })
        else { return [] }
        var findings: [Finding] = []
        for (number, line) in source.code.enumerated() where !line.contains(borrow) {
            for place in unsafePlaces(line) where !isExplained(source, number, place) {
                findings.append(
                    Finding(
                        path: source.path, line: number + 1,
                        text: source.lines[number].trimmingCharacters(in: .whitespaces)))
                break
            }
        }
        return findings
    }

    private static let borrow = "._withUnsafeGuaranteedRef"

    /// Columns of unsafe expressions in a line of code.
    private static func unsafePlaces(_ line: String) -> [Int] {
        guard line.contains("unsafe") || line.contains("@unchecked") else { return [] }
        let bytes = Array(line.utf8)
        var places: [Int] = []
        for word in ["unsafe ", "nonisolated(unsafe)", "@unchecked "] {
            let wanted = Array(word.utf8)
            var index = 0
            while index + wanted.count <= bytes.count {
                let isWord = index == 0 || !isName(bytes[index - 1])
                if isWord && bytes[index..<index + wanted.count].elementsEqual(wanted) {
                    places.append(index)
                }
                index += 1
            }
        }
        return places
    }

    private static func isName(_ byte: UInt8) -> Bool {
        byte == 0x5f || byte == 0x40 || byte == 0x2e || byte == 0x28
            || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a) || (byte >= 0x30 && byte <= 0x39)
    }

    private static func isExplained(_ source: SourceText, _ number: Int, _ place: Int) -> Bool {
        if says(source, source.leading(number)) || source.lines[number].contains("Safety:") {
            return true
        }
        for block in source.enclosing(source.offsets[number] + place) {
            let first = source.line(at: block.start)
            if says(source, source.leading(first)) { return true }
            if block.kind != .type, says(source, first..<source.line(at: block.close) + 1) {
                return true
            }
        }
        return false
    }

    private static func says(_ source: SourceText, _ lines: Range<Int>) -> Bool {
        source.lines[lines].contains { $0.contains("Safety:") }
    }

    private static let mustSay: Set<Substring> = [
        "func", "subscript", "struct", "enum", "class", "protocol", "actor", "typealias",
    ]

    /// Every type, function and computed property that others see has a doc comment. Names of
    /// stored properties, cases and initializers may say enough.
    static func documentation(_ source: SourceText) -> [Finding] {
        var findings: [Finding] = []
        for (number, code) in source.code.enumerated() {
            let line = source.lines[number].trimmingCharacters(in: .whitespaces)
            guard let declared = Declaration(code) else { continue }
            let indent = code.utf8.prefix { $0 == 0x20 }.count
            let around = source.enclosing(source.offsets[number] + indent)
                .filter { $0.start < source.offsets[number] + indent }
            guard around.allSatisfy({ $0.kind == .type && !$0.isPrivate }) else { continue }
            if declared.isPrivate || declared.isOverride { continue }
            let isComputed = declared.word == "var" && code.contains("{")
            if !isComputed && !mustSay.contains(declared.word) { continue }
            let isDocumented = source.lines[source.leading(number)].contains {
                $0.trimmingCharacters(in: .whitespaces).hasPrefix("///")
            }
            if isDocumented { continue }
            findings.append(Finding(path: source.path, line: number + 1, text: line))
        }
        return findings
    }

    /// What the data path never contains.
    static func dataPathWords(_ source: SourceText) -> [Finding] {
        guard dataPath.contains(where: source.path.hasPrefix) else { return [] }
        let words = [
            "async", "await", "actor", "Foundation", "Dispatch", "print(", "debugPrint(", "Task",
            "Regex", "Mirror(",
        ]
        return find(words, in: source)
    }

    private static func find(_ words: [String], in source: SourceText) -> [Finding] {
        var findings: [Finding] = []
        for (number, line) in source.code.enumerated() {
            for word in words where contains(line, word) {
                findings.append(
                    Finding(
                        path: source.path, line: number + 1,
                        text: "`\(word)` has no place in the data path"))
            }
        }
        return findings
    }

    /// Whether a word stands in a line, not as a part of another.
    static func contains(_ line: String, _ word: String) -> Bool {
        var rest = line[...]
        while let found = rest.range(of: word) {
            let before = line[..<found.lowerBound].last ?? " "
            let after = line[found.upperBound...].first ?? " "
            let isWhole =
                !(before.isLetter || before.isNumber || before == "_" || before == ".")
                && (word.hasSuffix("(") || !(after.isLetter || after.isNumber || after == "_"))
            if isWhole { return true }
            rest = rest[found.upperBound...]
        }
        return false
    }
}
