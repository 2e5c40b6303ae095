// The program's one entry: from arguments to exit status.

import ConfigLanguage
import Daemon
import Kernel
import ProxyConfig

/// The `martlet` program.
public enum Martlet {
    /// Runs the program and returns its exit status, or does not return when it dies by a signal.
    public static func run(arguments: [String]) -> Int32 {
        CurrentProcess.fillMissingStandardStreams()
        let console = Console(introduction: introduction)
        if arguments.first == "explain" {
            return Explain.run(arguments.dropFirst(), console)
        }
        do throws(OptionMistake) {
            let options = try Options.read(arguments)
            return run(options, console)
        } catch {
            switch error {
            case .unknown:
                showUsage(console)
            case .invalid(let text):
                console.say(.alert, text)
            }
            return 1
        }
    }

    private static func run(_ options: Options, _ console: Console) -> Int32 {
        console.setQuiet(options.isQuiet)
        console.setVerbose(options.isVerbose || options.isDebugging)
        switch options.task {
        case .showVersion(let inDetail):
            for line in Version.lines { console.answer(line) }
            if inDetail { Version.details(Facts.ofProgram).forEach(console.answer) }
            return 0
        case .evaluate(let condition):
            return evaluate(condition, options, console)
        case .check, .run:
            do throws(StartFailure) {
                return try Start(options, console).run()
            } catch {
                if error.showsUsage { showUsage(console) }
                if let text = error.text { console.say(.alert, text) }
                return error.status
            }
        }
    }

    private static func showUsage(_ console: Console) {
        Version.lines.forEach(console.answer)
        StandardStream.error.write(Options.usage)
    }

    /// `-cc`: silent but for mistakes.
    private static func evaluate(
        _ condition: String, _ options: Options, _ console: Console
    ) -> Int32 {
        let outcome = Condition.evaluate(
            argument: condition, environment: Facts.environment(options),
            facts: Facts.of(options))
        switch outcome {
        case .holds: return 0
        case .fails: return 1
        case .notUnderstood(let mistake):
            console.say(Diagnostic(.alert, "Failed to evaluate condition: \(mistake.text)"))
            return 2
        }
    }

    private static var introduction: [String] {
        [
            "haproxy version is \(Version.compatibility)",
            "path to executable is \(CurrentProcess.executablePath ?? "unknown")",
        ]
    }
}

/// Why a start ended, with the status to exit with.
struct StartFailure: Error {
    var status: Int32 = 1
    /// What is still to be said; nil when all was said.
    var text: String?
    /// Whether the command line makes no sense, so that the help is the answer.
    var showsUsage = false

    static let usage = StartFailure(showsUsage: true)

    /// A failure in the words HAProxy's main function would use.
    static func main(_ text: String) -> StartFailure {
        StartFailure(text: "[\(Program.path).main()] \(text)")
    }
}
