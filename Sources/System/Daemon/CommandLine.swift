// The command line of a daemon as rows, read by HAProxy's own rules:
//
//   - an option is a `-` and a word; letters behind a known word are ignored unless the row takes
//     them (`-dKall`), and the longest known word wins (`-dX` is `-d`, `-vfoo` is `-v`);
//   - an option that takes a value takes the next argument, whatever it looks like;
//   - a list of processes ends before the next argument that begins with `-`;
//   - all arguments behind `--` are files.

import Kernel

/// One option of a daemon's command line. `Options` is what the options are gathered in.
public struct OptionRow<Options>: Sendable {
    /// What an option does with what follows it.
    public enum Effect: Sendable {
        /// Takes nothing.
        case flag(@Sendable (inout Options) -> Void)
        /// Takes nothing, and what follows is not read any more.
        case lastFlag(@Sendable (inout Options) -> Void)
        /// Takes the next argument; `placeholder` names it in the help.
        case value(
            _ placeholder: String,
            @Sendable (inout Options, String) throws(OptionMistake) -> Void)
        /// Takes the letters behind the word, which may be none.
        case suffix(
            _ placeholder: String,
            @Sendable (inout Options, String) throws(OptionMistake) -> Void)
        /// Takes process numbers up to the next option.
        case processes(@Sendable (inout Options, [ProcessID]) -> Void)
        /// Takes all that follows.
        case rest(_ placeholder: String, @Sendable (inout Options, [String]) -> Void)
        /// Is known, but not available: the reason is the message.
        case refused(_ reason: String)
    }

    /// The word with its `-`.
    public let word: String
    /// One sentence for the help.
    public let sentence: String
    /// What it does.
    public let effect: Effect

    public init(_ word: String, _ sentence: String, _ effect: Effect) {
        self.word = word
        self.sentence = sentence
        self.effect = effect
    }
}

/// Why a command line was not understood.
public enum OptionMistake: Error, Equatable, Sendable {
    /// No row has the word: the help is the answer.
    case unknown(String)
    /// Something is wrong with a known option; the text says what.
    case invalid(String)
}

/// The rows of a daemon's command line.
public struct CommandLineGrammar<Options>: Sendable {
    /// The rows in the order of the help.
    public let rows: [OptionRow<Options>]

    public init(_ rows: [OptionRow<Options>]) {
        self.rows = rows
    }

    /// Reads the arguments behind the program's name into `options`.
    public func read(
        _ arguments: [String], into options: inout Options
    ) throws(OptionMistake) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard let row = row(for: argument) else { throw .unknown(argument) }
            switch row.effect {
            case .flag(let apply):
                apply(&options)
            case .lastFlag(let apply):
                apply(&options)
                return
            case .value(let placeholder, let apply):
                guard let value = rest.popFirst() else {
                    throw .invalid("option '\(row.word)' needs \(placeholder).")
                }
                try apply(&options, value)
            case .suffix(_, let apply):
                try apply(&options, String(argument.dropFirst(row.word.count)))
            case .processes(let apply):
                apply(&options, try processes(row.word, &rest))
            case .rest(_, let apply):
                apply(&options, Array(rest))
                return
            case .refused(let reason):
                throw .invalid("option '\(row.word)': \(reason)")
            }
        }
    }

    /// The row whose word is the longest beginning of the argument.
    private func row(for argument: String) -> OptionRow<Options>? {
        rows.filter { argument.hasPrefix($0.word) && ($0.word != "--" || argument == "--") }
            .max { $0.word.count < $1.word.count }
    }

    private func processes(
        _ word: String, _ rest: inout ArraySlice<String>
    ) throws(OptionMistake) -> [ProcessID] {
        var found: [ProcessID] = []
        while let next = rest.first, !next.hasPrefix("-") {
            // A list in one argument happens when a script quotes the pid file's content.
            for part in next.split(whereSeparator: \.isWhitespace) {
                guard let number = Int32(part), number > 0 else {
                    throw .invalid("\(word) option: '\(part)' is not a process number.")
                }
                found.append(ProcessID(number))
            }
            rest.removeFirst()
        }
        return found
    }
}

extension CommandLineGrammar {
    /// The rows as a help text, one line each.
    public var help: String {
        let heads = rows.map { row in
            switch row.effect {
            case .value(let placeholder, _): "\(row.word) <\(placeholder)>"
            case .suffix(let placeholder, _): "\(row.word)[\(placeholder)]"
            case .rest(let placeholder, _): "\(row.word) <\(placeholder)>*"
            case .processes: "\(row.word) <pid>*"
            case .flag, .lastFlag, .refused: row.word
            }
        }
        let width = (heads.map(\.count).max() ?? 0) + 2
        return zip(heads, rows).map { head, row in
            let gap = String(repeating: " ", count: width - head.count)
            let remark: String =
                if case .refused = row.effect { " Not supported yet." } else { "" }
            return "        \(head)\(gap)\(row.sentence)\(remark)\n"
        }.joined()
    }
}
