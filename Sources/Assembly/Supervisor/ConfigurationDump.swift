// `-dC`, `-dL` and `-dK`: what was understood, what is loaded, what is known.

import ConfigLanguage
import Daemon
import Kernel
import ProxyConfig

/// Writes the configuration as it was cut into words: no comments, one indentation.
enum ConfigurationDump {
    static func write(
        _ files: [ConfigurationFile], _ environment: Environment, _ facts: ConfigurationFacts,
        _ console: Console
    ) {
        var reader = ConfigurationReader(
            files: files, sectionKeywords: Catalog.sectionKeywords, environment: environment,
            facts: facts)
        // Mistakes are reported by the reading that follows.
        var ignored = Diagnostics()
        while let statement = reader.next(&ignored) {
            let words = prefix(statement.prefix) + statement.words
            let indent = statement.opensSection ? "" : "\t"
            console.answer(indent + words.map(quoted).joined(separator: " "))
        }
    }

    private static func prefix(_ prefix: Statement.Prefix) -> [String] {
        switch prefix {
        case .none: []
        case .no: ["no"]
        case .byDefault: ["default"]
        }
    }

    /// A word in a form that is read as the same word again.
    static func quoted(_ word: String) -> String {
        let isPlain =
            !word.isEmpty
            && word.utf8.allSatisfy { byte in
                switch byte {
                case 0x20, 0x09, 0x22, 0x23, 0x24, 0x27, 0x5C: false
                default: true
                }
            }
        if isPlain { return word }
        let pieces = word.split(separator: "'", omittingEmptySubsequences: false)
        let inside = pieces.joined(separator: "'\\''")
        return "'\(inside)'"
    }
}

/// Lists keywords by class, as `-dK` names them.
enum KeywordDump {
    private static let classes: [(name: String, title: String, lines: @Sendable () -> [String])] = [
        ("acl", "ACL keywords", { Catalog.criterionManual }),
        ("cfg", "configuration keywords", { Catalog.manual }),
        ("cnv", "sample converter functions", { Catalog.converterManual }),
        ("smp", "sample fetch functions", { Catalog.fetchManual }),
    ]

    static func write(_ wanted: [String], _ console: Console) {
        if wanted.isEmpty || wanted.contains("help") {
            console.answer("# List of supported keyword classes:")
            console.answer("all: list all keywords")
            for known in classes { console.answer("\(known.name): \(known.title)") }
        }
        for known in classes where wanted.contains("all") || wanted.contains(known.name) {
            console.answer("# List of registered \(known.title):")
            known.lines().forEach(console.answer)
        }
        for name in wanted where !["all", "help"].contains(name) {
            if classes.contains(where: { $0.name == name }) { continue }
            console.answer("# No class of keywords is named '\(name)'.")
        }
    }
}

/// Lists the program and its libraries.
enum LibraryDump {
    static func write(_ console: Console) {
        console.answer("List of loaded object files:")
        CurrentProcess.loadedObjects().forEach(console.answer)
    }
}
