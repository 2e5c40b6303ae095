// All commands of the Runtime API by their words: finding the one that is meant, and telling which
// there are.

import ConfigLanguage
import Proxy

/// The commands of all features, and the session's own.
public struct CommandTable: Sendable {
    /// What a command line turned out to mean.
    enum Found: Sendable {
        case command(Command, arguments: [String])
        case unknown
    }

    private let byFirstWord: [String: [Command]]
    /// In the order of their names.
    let commands: [Command]

    /// Collects commands; the session's own words (`help`, `prompt`, …) are added.
    public init(_ commands: [Command]) {
        let all = commands + SessionWord.commands
        let names = all.map { $0.words.joined(separator: " ") }
        precondition(Set(names).count == names.count, "two commands have the same words")
        self.commands = all.sorted { $0.words.lexicographicallyPrecedes($1.words) }
        byFirstWord = Dictionary(grouping: all) { $0.words[0] }
            .mapValues { $0.sorted { $0.words.count > $1.words.count } }
    }

    /// The command with the most words that the line begins with.
    func find(_ words: [String]) -> Found {
        guard let first = words.first else { return .unknown }
        for command in byFirstWord[first] ?? [] where words.starts(with: command.words) {
            return .command(command, arguments: Array(words.dropFirst(command.words.count)))
        }
        return .unknown
    }

    /// The answer to `help`: all usable commands, or those that begin with the given words.
    func help(_ words: [String]) -> String {
        let matching = usable.filter { command in
            zip(words, command.words).allSatisfy { $0 == $1 }
        }
        let lines = (words.isEmpty || matching.isEmpty ? usable : matching).map(line)
        return "The following commands are valid at this level:\n" + lines.joined()
    }

    /// The answer to words that name no command.
    func unknown(_ words: [String]) -> String {
        let likely = likelyMeant(by: words)
        if likely.isEmpty {
            return "Unknown command. Please enter one of the following commands only:\n"
                + usable.map(line).joined()
        }
        let closing = usable.filter { SessionWord.closing.contains($0.words) }
        return
            "Unknown command, but maybe one of the following ones is a better match:\n"
            + (likely + closing).map(line).joined()
    }

    /// Those that share the first words, else those whose name is spelt alike.
    private func likelyMeant(by words: [String]) -> [Command] {
        guard let first = words.first else { return [] }
        let sharing = usable.filter {
            $0.words[0] == first && !SessionWord.closing.contains($0.words)
        }
        let closer = sharing.filter {
            $0.words.count > 1 && words.count > 1 && $0.words[1] == words[1]
        }
        if !closer.isEmpty { return closer }
        if !sharing.isEmpty { return sharing }
        let name = words.prefix(2).joined(separator: " ")
        let names = usable.map { $0.words.joined(separator: " ") }
        guard let nearest = Spelling.nearest(to: name, among: names) else { return [] }
        return usable.filter { $0.words.joined(separator: " ") == nearest }
    }

    private var usable: [Command] {
        commands.filter { $0.run != nil || SessionWord($0.words) != nil }
    }

    private func line(_ command: Command) -> String {
        let usage = (command.words + (command.arguments.isEmpty ? [] : [command.arguments]))
            .joined(separator: " ")
        let padding = String(repeating: " ", count: max(40 - usage.utf8.count, 0))
        return "  \(usage)\(padding): \(command.sentence)\n"
    }
}
