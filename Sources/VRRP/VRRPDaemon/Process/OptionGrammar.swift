// A command line of letters and long names, as getopt_long(3) reads it: `-nlD`, `-f FILE`,
// `-fFILE`, `--use-file FILE`, `--use-file=FILE`, an unambiguous beginning of a long name, and `--`
// as the end.

/// One option: a letter, a long name, or both.
struct LetterOption<Options>: Sendable {
    /// Whether and how a value follows.
    enum Effect: Sendable {
        /// Takes nothing.
        case flag(@Sendable (inout Options) -> Void)
        /// Takes what stands behind it, or the next argument.
        case value(
            _ placeholder: String, @Sendable (inout Options, String) throws(OptionError) -> Void)
        /// Takes a value only where it is attached: `--name=value` or `-xvalue`.
        case attached(
            _ placeholder: String, @Sendable (inout Options, String?) throws(OptionError) -> Void)
    }

    let letter: Character?
    let name: String?
    /// One sentence for the help.
    let sentence: String
    let effect: Effect

    init(_ letter: Character?, _ name: String?, _ sentence: String, _ effect: Effect) {
        self.letter = letter
        self.name = name
        self.sentence = sentence
        self.effect = effect
    }
}

/// Why a command line was not understood; the text is for people.
struct OptionError: Error, Equatable {
    let text: String
}

/// Reads arguments by rows.
struct LetterGrammar<Options>: Sendable {
    let rows: [LetterOption<Options>]

    /// Reads the arguments behind the program's name and returns those that are no options.
    func read(_ arguments: [String], into options: inout Options) throws(OptionError) -> [String] {
        var rest = arguments[...]
        var operands: [String] = []
        while let argument = rest.popFirst() {
            if argument == "--" {
                return operands + rest
            } else if argument.hasPrefix("--") {
                try readName(String(argument.dropFirst(2)), &rest, &options)
            } else if argument.hasPrefix("-"), argument != "-" {
                try readLetters(argument.dropFirst(), &rest, &options)
            } else {
                operands.append(argument)
            }
        }
        return operands
    }

    private func readLetters(
        _ letters: Substring, _ rest: inout ArraySlice<String>, _ options: inout Options
    ) throws(OptionError) {
        var letters = letters
        while let letter = letters.popFirst() {
            guard let row = rows.first(where: { $0.letter == letter }) else {
                throw OptionError(text: "Unknown option -\(letter)")
            }
            switch row.effect {
            case .flag(let apply): apply(&options)
            case .value(_, let apply):
                guard let value = letters.isEmpty ? rest.popFirst() : String(letters) else {
                    throw OptionError(text: "Missing parameter for option -\(letter)")
                }
                return try apply(&options, value)
            case .attached(_, let apply):
                return try apply(&options, letters.isEmpty ? nil : String(letters))
            }
        }
    }

    private func readName(
        _ text: String, _ rest: inout ArraySlice<String>, _ options: inout Options
    ) throws(OptionError) {
        let name = text.prefix { $0 != "=" }
        let value = name.count < text.count ? String(text.dropFirst(name.count + 1)) : nil
        let row = try row(named: name)
        switch row.effect {
        case .flag(let apply):
            guard value == nil else {
                throw OptionError(text: "Option --\(name) takes no parameter")
            }
            apply(&options)
        case .value(_, let apply):
            guard let value = value ?? rest.popFirst() else {
                throw OptionError(text: "Missing parameter for option --\(name)")
            }
            try apply(&options, value)
        case .attached(_, let apply):
            try apply(&options, value)
        }
    }

    /// The row of a long name, or of the only one that begins so.
    private func row(named name: Substring) throws(OptionError) -> LetterOption<Options> {
        if let exact = rows.first(where: { $0.name.map { $0[...] } == name }) { return exact }
        let similar = rows.filter { $0.name?.hasPrefix(name) == true }
        guard let row = similar.first, similar.count == 1, !name.isEmpty else {
            throw OptionError(
                text: similar.count > 1
                    ? "Option --\(name) is ambiguous" : "Unknown option --\(name)")
        }
        return row
    }

    /// The rows as a help text, one line each.
    var help: String {
        let heads = rows.map { row in
            let letter = row.letter.map { "-\($0)" }
            let words = [letter, row.name.map { "--\($0)" }].compactMap { $0 }
            let names = (letter == nil ? "    " : "") + words.joined(separator: ", ")
            return switch row.effect {
            case .flag: names
            case .value(let placeholder, _): "\(names)=\(placeholder)"
            case .attached(let placeholder, _): "\(names)[=\(placeholder)]"
            }
        }
        let width = (heads.map(\.count).max() ?? 0) + 2
        return zip(heads, rows).map { head, row in
            "  \(head)\(String(repeating: " ", count: width - head.count))\(row.sentence)\n"
        }.joined()
    }
}
