// The building as Package.swift lists it, read as text: what each target may need, in order.

import Foundation

/// One entry of the manifest.
struct ManifestEntry: Equatable {
    /// `shim`, `library`, `executable`, `tests` or `testSupport`.
    let kind: String
    /// The target's name.
    let name: String
    /// The targets it may import.
    let needs: [String]
    /// `.base` and so on; empty for tests.
    let floor: String

    private static func folder(ofFloor floor: String) -> String {
        floor == "vrrp" ? "VRRP" : floor.prefix(1).uppercased() + floor.dropFirst()
    }

    /// Its folder, from the root.
    var folder: String {
        switch kind {
        case "shim": "Sources/C/\(name)/"
        case "tests", "testSupport": "Tests/\(name)/"
        default:
            floor == "loadTests"
                ? "LoadTests/\(name)/"
                : "Sources/\(Self.folder(ofFloor: floor))/\(name)/"
        }
    }

    /// The entries of a manifest, in order.
    static func all(in manifest: String) -> [ManifestEntry] {
        // Safe to cut: no entry holds another.
        manifest.components(separatedBy: "\nbuilding.").dropFirst().compactMap { text in
            let kind = String(text.prefix { $0 != "(" })
            guard ["shim", "library", "executable", "tests", "testSupport"].contains(kind) else {
                return nil
            }
            let call = balanced(text.drop { $0 != "(" })
            let quoted = strings(call)
            guard let name = quoted.first else { return nil }
            let needs = call.range(of: "needs:").map { found in
                strings(
                    Substring(call[found.upperBound...].drop { $0 != "[" }.prefix { $0 != "]" }))
            }
            let floor = call.range(of: "on: .").map { found in
                String(call[found.upperBound...].prefix { $0.isLetter })
            }
            return ManifestEntry(
                kind: kind, name: kind == "tests" ? "\(name)Tests" : name, needs: needs ?? [],
                floor: floor ?? "")
        }
    }

    /// The text up to the parenthesis that closes the first.
    private static func balanced(_ text: Substring) -> Substring {
        var depth = 0
        for index in text.indices {
            if text[index] == "(" { depth += 1 }
            if text[index] == ")" { depth -= 1 }
            if depth == 0 { return text[...index] }
        }
        return text
    }

    private static func strings(_ text: Substring) -> [String] {
        let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
        return parts.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
}

/// An `import` line.
struct Import {
    let module: String
    /// From 1.
    let line: Int

    /// The imports of a file.
    static func all(in source: SourceText) -> [Import] {
        source.code.enumerated().compactMap { number, code in
            guard code.contains("import ") else { return nil }
            var words = code.split(separator: " ").filter { !$0.hasPrefix("@") }
            if let first = words.first, ["public", "internal", "private"].contains(first) {
                words.removeFirst()
            }
            guard words.first == "import", words.count > 1 else { return nil }
            let kinds = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
            let name = words.count > 2 && kinds.contains(String(words[1])) ? words[2] : words[1]
            return Import(module: String(name.prefix { $0 != "." }), line: number + 1)
        }
    }
}
