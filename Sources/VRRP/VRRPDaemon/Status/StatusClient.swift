// The command line's side of the status socket: `martlet-vrrp status`, `hand-over` and the others.
// One question, one answer; waiting is fine here.

import Addresses
import Kernel

/// Asks a daemon that runs.
enum StatusClient {
    /// Exit statuses.
    enum Outcome: Int32 {
        case done = 0
        /// The daemon refused.
        case refused = 1
        /// The words are not understood.
        case usage = 2
        /// No daemon answers.
        case unreachable = 3
    }

    /// What the words ask for.
    struct Question: Equatable {
        var path = StatusServer.defaultPath
        var line = ""
        /// Whether lines come until the daemon ends.
        var streams = false
    }

    /// What is wrong with the words.
    struct Mistake: Error, Equatable {
        let text: String
    }

    /// How long an answer may take.
    static let patienceMilliseconds: Int32 = 10_000
    /// The most bytes of an answer.
    static let longestAnswer = 64 << 20

    /// How the commands are written.
    static let usage = """
        usage: martlet-vrrp status [--json | --watch] [--socket PATH]
               martlet-vrrp hand-over [INSTANCE|GROUP] [--socket PATH]
               martlet-vrrp stay-backup [INSTANCE|GROUP] [--socket PATH]
               martlet-vrrp resume [INSTANCE|GROUP] [--socket PATH]

        """

    /// Does what the words behind the program's name ask for and returns the exit status.
    static func run(
        _ words: [String], output: (String) -> Void = { StandardStream.output.write($0) },
        errors: (String) -> Void = { StandardStream.error.write($0) }
    ) -> Int32 {
        do throws(Mistake) {
            return ask(try question(words), output: output, errors: errors).rawValue
        } catch {
            errors("martlet-vrrp: \(error.text)\n\(usage)")
            return Outcome.usage.rawValue
        }
    }

    /// Reads the words.
    static func question(_ words: [String]) throws(Mistake) -> Question {
        var question = Question()
        var isJSON = false
        var operands: [String] = []
        var rest = words[...]
        while let word = rest.popFirst() {
            switch word {
            case "--json": isJSON = true
            case "--watch": question.streams = true
            case "--socket":
                guard let path = rest.popFirst() else {
                    throw Mistake(text: "--socket needs a path")
                }
                question.path = path
            case _ where word.hasPrefix("--socket="): question.path = String(word.dropFirst(9))
            case _ where word.hasPrefix("-"): throw Mistake(text: "unknown option '\(word)'")
            default: operands.append(word)
            }
        }
        guard let command = operands.first else { throw Mistake(text: "no command") }
        guard Options.commands.contains(command) else {
            throw Mistake(text: "unknown command '\(command)'")
        }
        guard operands.count <= (command == "status" ? 1 : 2) else {
            throw Mistake(text: "too many words behind '\(command)'")
        }
        guard command == "status" || !isJSON && !question.streams else {
            throw Mistake(text: "'\(command)' takes neither --json nor --watch")
        }
        guard !(isJSON && question.streams) else {
            throw Mistake(text: "--json and --watch exclude each other: --watch is JSON")
        }
        guard !operands.contains(where: { $0.contains { $0.isNewline } }) else {
            throw Mistake(text: "a name has no line ends")
        }
        question.line = operands.joined(separator: " ")
        if isJSON { question.line = "status json" }
        if question.streams { question.line = "watch" }
        return question
    }
}

extension StatusClient {
    private static func ask(
        _ question: Question, output: (String) -> Void, errors: (String) -> Void
    ) -> Outcome {
        do throws(Errno) {
            let connection = try connect(question.path)
            var poller = try Poller(batch: 1)
            try poller.add(connection.number, .readable, data: 0)
            let line = Array("\(question.line)\n".utf8)
            // A daemon with too many clients says so and closes without reading.
            if case .failed(let failure) = connection.send(line.span), failure != .brokenPipe {
                throw failure
            }
            return try question.streams
                ? follow(connection, &poller, output)
                : collect(connection, &poller, output, errors)
        } catch {
            errors("martlet-vrrp: \(question.path): \(error.text)\n")
            return .unreachable
        }
    }

    private static func connect(_ path: String) throws(Errno) -> Descriptor {
        guard let name = UNIXSocketAddress(.path, name: Array(path.utf8)) else {
            throw Errno(36)  // ENAMETOOLONG
        }
        let connection = try Descriptor.socket(
            family: Int32(SocketFamily.unix), type: SocketTypeNumber.stream)
        _ = try connection.connect(to: RawSocketAddress(.unix(name)))
        return connection
    }

    /// Reads the whole answer.
    private static func collect(
        _ connection: borrowing Descriptor, _ poller: inout Poller, _ output: (String) -> Void,
        _ errors: (String) -> Void
    ) throws(Errno) -> Outcome {
        var answer: [UInt8] = []
        while answer.count < longestAnswer {
            let result = connection.read(appendingTo: &answer, atMost: 65536)
            switch result {
            case .bytes: continue
            case .wouldBlock:
                guard poller.wait(milliseconds: patienceMilliseconds) > 0 else { throw .timedOut }
                continue
            case .failed(let failure) where answer.isEmpty: throw failure
            case .failed, .ended: break
            }
            let text = String(decoding: answer, as: UTF8.self)
            guard text.hasPrefix("error: ") else {
                output(text)
                return .done
            }
            errors("martlet-vrrp: \(text.dropFirst(7))")
            return .refused
        }
        throw .outOfMemory
    }

    /// Passes lines on as they come.
    private static func follow(
        _ connection: borrowing Descriptor, _ poller: inout Poller, _ output: (String) -> Void
    ) throws(Errno) -> Outcome {
        var pending: [UInt8] = []
        while pending.count < longestAnswer {
            switch connection.read(appendingTo: &pending, atMost: 65536) {
            case .bytes: break
            case .wouldBlock:
                _ = poller.wait(milliseconds: -1)
                continue
            case .failed(let failure): throw failure
            case .ended: return .done
            }
            if let end = pending.lastIndex(of: 0x0A) {
                output(String(decoding: pending[...end], as: UTF8.self))
                pending.removeFirst(end + 1)
            }
        }
        throw .outOfMemory
    }
}
