// The commands that concern the connection they come over: its level, its mode, its timeout.
// Source: management manual, "Unix Socket commands".

import Proxy

/// A command that the session itself carries out.
enum SessionWord: CaseIterable, Sendable {
    case help, prompt, quit, operator_, user, cliLevel, timeout, severity, expert, experimental
    case echo, wait

    /// The words the user writes.
    var words: [String] {
        switch self {
        case .help: ["help"]
        case .prompt: ["prompt"]
        case .quit: ["quit"]
        case .operator_: ["operator"]
        case .user: ["user"]
        case .cliLevel: ["show", "cli", "level"]
        case .timeout: ["set", "timeout"]
        case .severity: ["set", "severity-output"]
        case .expert: ["expert-mode"]
        case .experimental: ["experimental-mode"]
        case .echo: ["echo"]
        case .wait: ["wait"]
        }
    }

    /// The word with these words, or nil.
    init?(_ words: [String]) {
        guard let found = Self.allCases.first(where: { $0.words == words }) else { return nil }
        self = found
    }

    /// What `help` and the answer to an unknown command always end with.
    static let closing = [help.words, prompt.words, quit.words]

    private var row: (level: StatsSocketConfiguration.Level, arguments: String, sentence: String) {
        switch self {
        case .help: (.user, "[<command>]", "list the commands, or those with these words")
        case .prompt: (.user, "[help|n|i|p|timed]*", "change the mode of this connection")
        case .quit: (.user, "", "close the connection")
        case .operator_: (.operator_, "", "lower the level of this connection to operator")
        case .user: (.user, "", "lower the level of this connection to user")
        case .cliLevel: (.user, "", "show the level of this connection")
        case .timeout: (.user, "[cli] <delay>", "change the timeout of this connection")
        case .severity: (.user, "[none|number|string]", "show how severe an answer is")
        case .expert: (.admin, "[on|off]", "allow commands for experts on this connection")
        case .experimental: (.admin, "[on|off]", "allow experimental commands on this connection")
        case .echo: (.user, "<text>", "print the text")
        case .wait: (.user, "{-h|<delay>} [<cond>]", "wait for a time or until a condition holds")
        }
    }

    /// The rows of all of them.
    static var commands: [Command] {
        allCases.map { word in
            let row = word.row
            return Command(
                word.words, level: row.level, arguments: row.arguments, row.sentence, run: nil)
        }
    }
}
