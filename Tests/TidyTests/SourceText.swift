// Swift source as the rules see it: the text, the same text with comments and literals blanked, and
// the blocks between braces. A scanner for tidy code, not a parser: what it cannot tell apart, the
// compiler and the formatter refuse.

import Foundation

/// One Swift file.
struct SourceText {
    /// A pair of braces and what stands before it.
    struct Block {
        enum Kind {
            /// A type, an extension or a protocol.
            case type
            /// A function, an initializer, an accessor or a property with a body.
            case body
            /// Anything else: `if`, closures, literals of closures.
            case inner
        }
        let kind: Kind
        /// Offset of the declaration's first byte.
        let start: Int
        /// Offsets of the braces.
        let open: Int
        var close: Int
        let isPrivate: Bool
    }

    let path: String
    /// Lines as written.
    let lines: [String]
    /// Lines with comments, literals and quoted names blanked, in as many bytes.
    let code: [String]
    /// Offset of each line's first byte.
    let offsets: [Int]
    private(set) var blocks: [Block] = []

    init(path: String, text: String) {
        self.path = path
        let bytes = Array(text.utf8)
        let blanked = Self.blank(bytes)
        lines = Self.split(bytes)
        code = Self.split(blanked)
        var offsets = [0]
        for (index, byte) in bytes.enumerated() where byte == 0x0a { offsets.append(index + 1) }
        self.offsets = offsets
        blocks = Self.blocks(blanked)
    }

    private static func split(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// Blocks that hold an offset, the innermost first.
    func enclosing(_ offset: Int) -> [Block] {
        blocks.filter { $0.start <= offset && offset <= $0.close }.sorted { $0.start > $1.start }
    }

    /// Index of the line that holds an offset.
    func line(at offset: Int) -> Int {
        var low = 0
        var high = offsets.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if offsets[middle] <= offset { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// Lines of comment and attributes that stand directly above a line.
    func leading(_ line: Int) -> Range<Int> {
        var first = line
        while first > 0 {
            let above = lines[first - 1].trimmingCharacters(in: .whitespaces)
            guard above.hasPrefix("//") || above.hasPrefix("@") else { break }
            first -= 1
        }
        return first..<line
    }

    /// The comment at the top of the file, behind a line for tools.
    var header: Range<Int> {
        let first = lines.first?.hasPrefix("// swift-tools-version") == true ? 1 : 0
        let end = lines[first...].firstIndex { !$0.hasPrefix("//") } ?? lines.count
        return first..<end
    }

    // MARK: Blanking

    /// The bytes with comments, the insides of literals and of backticks turned into blanks.
    static func blank(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        func clear(_ range: Range<Int>) {
            for index in range where result[index] != 0x0a { result[index] = 0x20 }
        }
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x2f, index + 1 < bytes.count, bytes[index + 1] == 0x2f {
                let end = bytes[index...].firstIndex(of: 0x0a) ?? bytes.count
                clear(index..<end)
                index = end
            } else if byte == 0x22 || byte == 0x23, let end = literalEnd(bytes, index) {
                clear(index + 1..<end - 1)
                index = end
            } else if byte == 0x60 {
                let end = bytes[(index + 1)...].firstIndex(of: 0x60) ?? bytes.count - 1
                for inside in index...end { result[inside] = 0x78 }
                index = end + 1
            } else {
                index += 1
            }
        }
        return result
    }

    /// One past a string literal that begins here; nil when none does.
    private static func literalEnd(_ bytes: [UInt8], _ start: Int) -> Int? {
        var index = start
        while index < bytes.count, bytes[index] == 0x23 { index += 1 }
        let hashes = index - start
        guard index < bytes.count, bytes[index] == 0x22 else { return nil }
        let isLong = index + 2 < bytes.count && bytes[index + 1] == 0x22 && bytes[index + 2] == 0x22
        let quotes = isLong ? 3 : 1
        index += quotes
        while index < bytes.count {
            if bytes[index] == 0x5c, follows(bytes, index + 1, 0x23, hashes) {
                let escaped = index + 1 + hashes
                index = escaped + 1
                guard escaped < bytes.count, bytes[escaped] == 0x28 else { continue }
                index = interpolationEnd(bytes, index)
            } else if follows(bytes, index, 0x22, quotes),
                follows(bytes, index + quotes, 0x23, hashes)
            {
                return index + quotes + hashes
            } else {
                index += 1
            }
        }
        return bytes.count
    }

    /// One past the parenthesis that closes an interpolation.
    private static func interpolationEnd(_ bytes: [UInt8], _ start: Int) -> Int {
        var depth = 1
        var index = start
        while index < bytes.count && depth > 0 {
            if bytes[index] == 0x22, let end = literalEnd(bytes, index) {
                index = end
                continue
            }
            if bytes[index] == 0x28 { depth += 1 }
            if bytes[index] == 0x29 { depth -= 1 }
            index += 1
        }
        return index
    }

    private static func follows(_ bytes: [UInt8], _ at: Int, _ byte: UInt8, _ count: Int) -> Bool {
        at + count <= bytes.count && bytes[at..<at + count].allSatisfy { $0 == byte }
    }

    // MARK: Blocks

    private static let typeWords: Set<Substring> = [
        "struct", "enum", "class", "extension", "protocol", "actor",
    ]
    private static let bodyWords: Set<Substring> = [
        "func", "init", "deinit", "subscript", "var", "let", "init?", "case", "get", "set",
    ]

    private static func blocks(_ code: [UInt8]) -> [Block] {
        var all: [Block] = []
        var stack: [Int] = []
        var boundary = 0
        for (index, byte) in code.enumerated() {
            if byte == 0x7b {
                all.append(block(code, boundary..<index, open: index))
                stack.append(all.count - 1)
                boundary = index + 1
            } else if byte == 0x7d {
                if let open = stack.popLast() { all[open].close = index }
                boundary = index + 1
            }
        }
        return all
    }

    /// Judges a block by the last declaration between the brace before it and its own.
    private static func block(_ code: [UInt8], _ range: Range<Int>, open: Int) -> Block {
        var start = range.lowerBound
        var kind = Block.Kind.inner
        var isPrivate = false
        var line = range.lowerBound
        while line < range.upperBound {
            let end = code[line..<range.upperBound].firstIndex(of: 0x0a) ?? range.upperBound
            let text = String(decoding: code[line..<end], as: UTF8.self)
            if let found = Declaration(text) {
                start = line + text.utf8.prefix { $0 == 0x20 }.count
                isPrivate = found.isPrivate
                kind =
                    typeWords.contains(found.word)
                    ? .type : bodyWords.contains(found.word) ? .body : .inner
            } else if kind == .type, text.hasPrefix("}") {
                kind = .inner
            }
            line = end + 1
        }
        return Block(kind: kind, start: start, open: open, close: code.count, isPrivate: isPrivate)
    }
}

/// What a line declares, if it begins a declaration.
struct Declaration {
    /// `func`, `var`, `struct` and so on.
    let word: Substring
    let isPrivate: Bool
    let isOverride: Bool

    private static let words: Set<Substring> = [
        "func", "init", "init?", "deinit", "subscript", "var", "let", "struct", "enum", "class",
        "extension", "protocol", "actor", "typealias", "case",
    ]
    private static let modifiers: Set<Substring> = [
        "public", "internal", "open", "private", "fileprivate", "package", "static", "final",
        "mutating", "nonmutating", "consuming", "borrowing", "override", "required", "lazy",
        "convenience", "weak", "unowned", "indirect", "nonisolated", "prefix", "infix", "postfix",
        "class",
    ]

    init?(_ code: String) {
        var rest = Self.withoutAttributes(code[...].drop { $0 == " " })
        var isPrivate = false
        var isOverride = false
        while true {
            let word = rest.prefix { $0 != " " && $0 != "(" && $0 != "<" && $0 != ":" }
            let after = rest.dropFirst(word.count)
            let isModifier =
                Self.modifiers.contains(word)
                && !(word == "class" && !Self.begins(after, with: ["func", "var"]))
            if isModifier {
                if word == "private" || word == "fileprivate" {
                    isPrivate = isPrivate || !after.hasPrefix("(set)")
                }
                isOverride = isOverride || word == "override"
                let closed = after.hasPrefix("(") ? after.drop { $0 != ")" }.dropFirst() : after
                rest = Self.withoutAttributes(closed.drop { $0 == " " })
                continue
            }
            guard Self.words.contains(word) else { return nil }
            self.word = word
            self.isPrivate = isPrivate
            self.isOverride = isOverride
            return
        }
    }

    private static func begins(_ text: Substring, with words: [String]) -> Bool {
        let next = text.drop { $0 == " " }.prefix { $0 != " " }
        return words.contains(String(next)) || modifiers.contains(next)
    }

    private static func withoutAttributes(_ text: Substring) -> Substring {
        var rest = text
        while rest.hasPrefix("@") {
            rest = rest.drop { $0 != " " && $0 != "(" }
            if rest.hasPrefix("(") { rest = rest.drop { $0 != ")" }.dropFirst() }
            rest = rest.drop { $0 == " " }
        }
        return rest
    }
}
