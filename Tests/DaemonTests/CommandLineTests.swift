// The grammar of daemons' command lines: words, values, lists of processes, and what is ignored.

import Daemon
import Kernel
import Testing

private struct Gathered: Equatable {
    var flags: [String] = []
    var files: [String] = []
    var processes: [ProcessID] = []
    var letters: [String] = []
}

private let grammar = CommandLineGrammar<Gathered>([
    OptionRow("-c", "Checks.", .flag { $0.flags.append("c") }),
    OptionRow("-cc", "Asks.", .value("condition") { $0.flags.append("cc:" + $1) }),
    OptionRow("-d", "Debugs.", .flag { $0.flags.append("d") }),
    OptionRow("-db", "Stays.", .flag { $0.flags.append("db") }),
    OptionRow("-dK", "Lists.", .suffix("class") { $0.letters.append($1) }),
    OptionRow(
        "-n", "Limits.",
        .value("limit") { options, text throws(OptionMistake) in
            guard let number = Int(text) else { throw .invalid("not a number: \(text)") }
            options.flags.append("n\(number)")
        }),
    OptionRow("-f", "Loads.", .value("file") { $0.files.append($1) }),
    OptionRow("-sf", "Finishes.", .processes { $0.processes += $1 }),
    OptionRow("-v", "Tells.", .lastFlag { $0.flags.append("v") }),
    OptionRow("-x", "Inherits.", .refused("later.")),
    OptionRow("--", "Files.", .rest("file") { $0.files += $1 }),
])

private func read(_ words: String...) -> Result<Gathered, OptionMistake> {
    var gathered = Gathered()
    do throws(OptionMistake) {
        try grammar.read(words, into: &gathered)
        return .success(gathered)
    } catch {
        return .failure(error)
    }
}

@Suite struct CommandLineTests {
    @Test func `the longest known word wins`() {
        #expect(read("-d", "-db", "-c").map(\.flags) == .success(["d", "db", "c"]))
    }

    @Test func `letters behind a known word are ignored`() {
        #expect(read("-dX", "-cfoo").map(\.flags) == .success(["d", "c"]))
    }

    @Test func `a suffix is what stands behind the word`() {
        #expect(read("-dKall", "-dK").map(\.letters) == .success(["all", ""]))
    }

    @Test func `an option that takes a value takes the next argument whatever it is`() {
        #expect(read("-f", "-c").map(\.files) == .success(["-c"]))
        #expect(read("-fok.cfg", "-c").map(\.files) == .success(["-c"]))
        #expect(read("-cc", "1 || 0").map(\.flags) == .success(["cc:1 || 0"]))
    }

    @Test func `a missing value is named`() {
        #expect(read("-f") == .failure(.invalid("option '-f' needs file.")))
    }

    @Test func `a list of processes ends before the next option and may be empty`() {
        let both = read("-sf", "12", "34", "-c")
        #expect(both.map(\.processes) == .success([ProcessID(12), ProcessID(34)]))
        #expect(both.map(\.flags) == .success(["c"]))
        #expect(read("-sf", "-c").map(\.processes) == .success([]))
        #expect(read("-sf").map(\.processes) == .success([]))
    }

    @Test func `a quoted list of processes is understood`() {
        #expect(
            read("-sf", "12\n34\n").map(\.processes) == .success([ProcessID(12), ProcessID(34)]))
    }

    @Test(arguments: ["abc", "5x", "1,2", "0", "-", "99999999999"])
    func `what is no process number is refused`(word: String) {
        if word == "-" {
            #expect(read("-sf", word) == .failure(.unknown("-")))
        } else {
            #expect(
                read("-sf", word)
                    == .failure(.invalid("-sf option: '\(word)' is not a process number.")))
        }
    }

    @Test func `everything behind two hyphens is a file`() {
        #expect(read("-c", "--", "a", "-c", "--").map(\.files) == .success(["a", "-c", "--"]))
    }

    @Test func `two hyphens with letters are no option`() {
        #expect(read("--help") == .failure(.unknown("--help")))
    }

    @Test func `the version ends the reading`() {
        #expect(read("-v", "-nonsense", "?").map(\.flags) == .success(["v"]))
    }

    @Test func `a word without a hyphen is not known`() {
        #expect(read("-c", "ok.cfg") == .failure(.unknown("ok.cfg")))
    }

    @Test func `a refused option says why`() {
        #expect(read("-x", "sock") == .failure(.invalid("option '-x': later.")))
    }

    @Test func `a row may refuse its value`() {
        #expect(read("-n", "7").map(\.flags) == .success(["n7"]))
        #expect(read("-n", "seven") == .failure(.invalid("not a number: seven")))
    }

    @Test func `the help names every row with what it takes`() {
        let help = grammar.help
        #expect(help.contains("-f <file>"))
        #expect(help.contains("-dK[class]"))
        #expect(help.contains("-sf <pid>*"))
        #expect(help.contains("-x  ") && help.contains("Not supported yet."))
        #expect(help.split(separator: "\n").count == grammar.rows.count)
    }
}
