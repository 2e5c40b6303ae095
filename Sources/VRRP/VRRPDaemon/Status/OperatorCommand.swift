// What an operator can ask of a daemon that runs, and the lines by which it is asked.

/// A request that changes who serves.
enum OperatorCommand: Equatable {
    /// Let another router serve; nil names all instances.
    case handOver(String?)
    /// Do not serve until told to resume.
    case stayBackup(String?)
    /// Forget a hand-over or a stay.
    case resume(String?)

    /// The line that asks for it.
    var line: String {
        switch self {
        case .handOver(let name): Self.line("hand-over", name)
        case .stayBackup(let name): Self.line("stay-backup", name)
        case .resume(let name): Self.line("resume", name)
        }
    }

    private static func line(_ word: String, _ name: String?) -> String {
        name.map { "\(word) \($0)" } ?? word
    }
}

/// What came of a command.
struct OperatorAnswer: Equatable {
    var isDone: Bool
    /// For people, one line or several.
    var text: String
}

/// One line of the status socket.
enum StatusRequest: Equatable {
    /// `status`, `status json`.
    case status(json: Bool)
    /// `watch`: events as they happen, until the connection is closed.
    case watch
    case operate(OperatorCommand)
    case help
    /// What is none of these, with an answer for people.
    case unknown(String)

    /// Reads a line without its end; a name is all that stands behind the first word.
    init(line: some StringProtocol) {
        let text = line.trimmed
        let word = text.prefix { !$0.isWhitespace }
        let rest = text.dropFirst(word.count).trimmed
        let name = rest.isEmpty ? nil : String(rest)
        switch (word, name) {
        case ("status", nil): self = .status(json: false)
        case ("status", "json"): self = .status(json: true)
        case ("watch", nil): self = .watch
        case ("hand-over", _): self = .operate(.handOver(name))
        case ("stay-backup", _): self = .operate(.stayBackup(name))
        case ("resume", _): self = .operate(.resume(name))
        case ("help", _): self = .help
        case ("status", let name?), ("watch", let name?):
            self = .unknown("\(word) takes no '\(Report.plain(name))'")
        case ("", _): self = .unknown("no command")
        default: self = .unknown("unknown command '\(Report.plain(String(word)))'")
        }
    }

    /// What `help` answers.
    static let commandList = """
        status                        what there is, as a table
        status json                   the same as JSON
        watch                         events as lines of JSON, until the connection is closed
        hand-over [INSTANCE|GROUP]    let another router serve; without a name: everything
        stay-backup [INSTANCE|GROUP]  do not serve until resumed
        resume [INSTANCE|GROUP]       end a hand-over or a stay
        help                          this

        """
}

extension StringProtocol {
    fileprivate var trimmed: SubSequence {
        var rest = self[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }
}
