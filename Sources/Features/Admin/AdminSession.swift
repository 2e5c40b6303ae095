// One connection to the Runtime API as a machine without I/O: bytes go in, and it says what to do
// next. Answers follow the rules that scripts rely on: each ends with an empty line, and in the
// non-interactive mode the connection closes after the lines that have come.
// Source: management manual, "Unix Socket commands".

import ConfigLanguage
import Proxy

/// What a session wants done.
enum AdminStep: Sendable {
    /// Send this.
    case send(String)
    /// Run a command and give its text to ``AdminSession/complete(_:)``.
    case run(Command, arguments: [String], payload: String?)
    /// Wait so long, or until the server is removable, then answer.
    case wait(AdminWait)
    /// Hand the listening sockets over, and close.
    case handOver
    /// Wait for bytes.
    case read
    /// Send what is left and close.
    case close
}

/// What `wait` waits for.
struct AdminWait: Equatable, Sendable {
    var milliseconds: Int
    /// `srv-removable`: backend and server.
    var server: String?
}

/// The state of a connection.
///
/// ```
/// receive(bytes) → next() → .read | .send | .close
///                        ↘ .run(command) → complete(text) ↗
/// ```
struct AdminSession {
    /// How the connection goes on after a line.
    enum Mode: Equatable, Sendable {
        case nonInteractive, interactive, prompt
    }

    /// The most bytes of a line with its payload.
    static let inputLimit = 16384

    private(set) var mode = Mode.nonInteractive
    private(set) var level: StatsSocketConfiguration.Level
    /// Milliseconds without activity after which the connection ends.
    private(set) var timeoutMilliseconds: Int
    private let table: CommandTable
    /// `expose-fd listeners`.
    private let exposesListeners: Bool
    /// Seconds since the start, for the timed prompt.
    private let uptime: @Sendable () -> Int
    private var input: [UInt8] = []
    private var hasEnded = false
    private var isTimed = false
    private var commands: [[String]] = []
    private var next = 0
    private var payloadEnd: [UInt8]?
    private var payload: [UInt8]?
    private var isFinished = false
    private var expertMode = false
    private var experimentalMode = false

    init(
        level: StatsSocketConfiguration.Level, table: CommandTable, timeoutMilliseconds: Int,
        exposesListeners: Bool = false,
        uptime: @escaping @Sendable () -> Int
    ) {
        self.level = level
        self.table = table
        self.exposesListeners = exposesListeners
        self.timeoutMilliseconds = timeoutMilliseconds
        self.uptime = uptime
    }

    // MARK: Input

    /// Takes bytes from the client; false when it sent more than a line may have.
    mutating func receive(_ bytes: some Collection<UInt8>) -> Bool {
        input += bytes
        return input.count <= Self.inputLimit
    }

    /// The client will send nothing more.
    mutating func receiveEnd() { hasEnded = true }

    // MARK: Steps

    /// What is to be done next.
    mutating func step() -> AdminStep {
        while true {
            if isFinished { return .close }
            if payloadEnd != nil {
                if let prompt = readPayloadLine() { return prompt }
                continue
            }
            if next < commands.count { return runNext() }
            if !commands.isEmpty {
                commands = []
                next = 0
                if mode == .nonInteractive && !hasWholeLine { return .close }
            }
            guard let line = takeLine() else { return hasEnded ? .close : .read }
            let parsed = CommandLine(line)
            commands = parsed.commands
            next = 0
            payloadEnd = parsed.payloadEnd
            payload = parsed.payloadEnd == nil ? nil : []
            if payloadEnd != nil && mode == .prompt { return .send("+ ") }
        }
    }

    /// The bytes of an answer: its text, the line feed that ends it, and the prompt.
    func complete(_ text: String) -> String { text + "\n" + promptText }

    private var promptText: String {
        guard mode == .prompt && !isFinished else { return "" }
        if !isTimed { return "> " }
        let seconds = uptime()
        let parts = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60]
        let clock = parts.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
        return "[\(seconds / 86_400):\(clock)]> "
    }

    private mutating func runNext() -> AdminStep {
        let words = commands[next]
        next += 1
        let isLast = next == commands.count
        let given = isLast ? payload.map { String(anyBytes: $0) } : nil
        if isLast { payload = nil }
        if exposesListeners && words == [SocketHandOver.command] { return .handOver }
        switch table.find(words) {
        case .unknown: return .send(complete(table.unknown(words)))
        case .command(let command, let arguments):
            if command.level > level { return .send(complete("Permission denied\n")) }
            if command.isExperimental, !experimentalMode {
                return .send(
                    complete("This command is restricted to experimental mode only.\n"))
            }
            if let word = SessionWord(command.words) { return carryOut(word, arguments) }
            if command.run == nil {
                let name = command.words.joined(separator: " ")
                return .send(complete("'\(name)' is not supported yet.\n"))
            }
            return .run(command, arguments: arguments, payload: given)
        }
    }

    // MARK: Lines

    private var hasWholeLine: Bool { input.contains(0x0A) }

    /// The next line without its line feed and a carriage return before it.
    private mutating func takeLine() -> [UInt8]? {
        guard let end = input.firstIndex(of: 0x0A) else { return nil }
        var line = Array(input[..<end])
        input.removeFirst(end + 1)
        if line.last == 0x0D { line.removeLast() }
        return line
    }

    /// Takes a line of the payload; a step to take instead when there is none yet.
    private mutating func readPayloadLine() -> AdminStep? {
        guard let line = takeLine() else { return hasEnded ? .close : .read }
        if line == payloadEnd {
            payloadEnd = nil
            return nil
        }
        payload? += line + [0x0A]
        return mode == .prompt ? .send("+ ") : nil
    }

    // MARK: The session's own commands

    private mutating func carryOut(_ word: SessionWord, _ arguments: [String]) -> AdminStep {
        switch word {
        case .help: return .send(complete(table.help(arguments)))
        case .prompt:
            let text = changeMode(arguments)
            return .send(complete(text))
        case .quit:
            isFinished = true
            return .close
        case .operator_, .user:
            lower(to: word == .user ? .user : .operator_)
            return .send(complete(""))
        case .cliLevel: return .send(complete(level.word + "\n"))
        case .timeout:
            let text = setTimeout(arguments)
            return .send(complete(text))
        case .severity:
            switch arguments.first {
            case "none": return .send(complete(""))
            case "number", "string":
                return .send(complete("'set severity-output' only supports 'none' yet.\n"))
            default:
                return .send(
                    complete("one of 'none', 'number', 'string' is a required argument\n"))
            }
        case .expert:
            let text = Self.toggle(&expertMode, "expert-mode", arguments)
            return .send(complete(text))
        case .experimental:
            let text = Self.toggle(&experimentalMode, "experimental-mode", arguments)
            return .send(complete(text))
        case .echo: return .send(complete(arguments.joined(separator: " ") + "\n"))
        case .wait: return wait(arguments)
        }
    }

    private mutating func changeMode(_ arguments: [String]) -> String {
        if arguments.isEmpty { mode = mode == .prompt ? .nonInteractive : .prompt }
        for argument in arguments {
            switch argument {
            case "n": mode = .nonInteractive
            case "i": mode = .interactive
            case "p": mode = .prompt
            case "timed":
                isTimed.toggle()
                mode = .prompt
            default:
                return """
                    Usage: prompt [help | n | i | p | timed]*
                      n: close after the commands of a line, i: stay, p: stay and show a prompt
                      timed: show the time since the start in the prompt
                    """ + "\n"
            }
        }
        return ""
    }

    private mutating func lower(to wanted: StatsSocketConfiguration.Level) {
        level = min(level, wanted)
        expertMode = false
        experimentalMode = false
    }

    private mutating func setTimeout(_ arguments: [String]) -> String {
        guard arguments.first == "cli" else { return "'set timeout' only supports 'cli'.\n" }
        guard arguments.count > 1 else { return "Expects an integer value.\n" }
        guard case .success(let seconds) = Units.seconds(arguments[1]), seconds > 0 else {
            return "Invalid timeout value.\n"
        }
        timeoutMilliseconds = seconds * 1000
        return ""
    }

    private static func toggle(
        _ flag: inout Bool, _ name: String, _ arguments: [String]
    ) -> String {
        switch arguments.first {
        case "on": flag = true
        case "off": flag = false
        default: return "\(name) is \(flag ? "ON" : "OFF")\n"
        }
        return ""
    }

    private func wait(_ arguments: [String]) -> AdminStep {
        let usage = "Usage: wait {-h|<duration>} [srv-removable <proxy>/<server>]\n"
        if arguments.isEmpty || arguments.prefix(2).contains("-h") { return .send(complete(usage)) }
        guard case .success(let milliseconds) = Units.milliseconds(arguments[0]) else {
            return .send(complete("Invalid duration.\n"))
        }
        if arguments.count == 1 { return .wait(AdminWait(milliseconds: milliseconds)) }
        guard arguments[1] == "srv-removable" else {
            let text = "Unknown condition. Supported conditions: srv-removable.\n"
            return .send(complete(text))
        }
        guard arguments.count > 2 else {
            return .send(complete("Missing argument (expects <proxy>/<server>).\n"))
        }
        return .wait(AdminWait(milliseconds: milliseconds, server: arguments[2]))
    }
}

extension StatsSocketConfiguration.Level {
    /// The level as the configuration spells it.
    var word: String {
        switch self {
        case .user: "user"
        case .operator_: "operator"
        case .admin: "admin"
        }
    }
}
