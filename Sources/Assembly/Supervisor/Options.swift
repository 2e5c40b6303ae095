// The command line of `martlet`: HAProxy's options, one row each. management manual: 3. Starting.

import Daemon
import Kernel

/// What the command line asks for.
public struct Options: Equatable, Sendable {
    /// What the program is to do.
    public enum Task: Equatable, Sendable {
        case run
        /// `-c`.
        case check
        /// `-cc`.
        case evaluate(String)
        /// `-v` and `-vv`.
        case showVersion(inDetail: Bool)
    }

    public var task = Task.run
    /// Configuration files and directories, in order (`-f`, `--`).
    public var paths: [String] = []
    /// `-C`.
    public var directory: String?
    /// `-D`.
    public var isDaemon = false
    /// `-d`.
    public var isDebugging = false
    /// `-db`.
    public var staysInForeground = false
    /// `-q`.
    public var isQuiet = false
    /// `-V`.
    public var isVerbose = false
    /// `-p`.
    public var pidFilePath: String?
    /// `-n`, `-N`: 0 is not given.
    public var maxConnections = 0
    public var proxyMaxConnections = 0
    /// `-m`: 0 is no limit.
    public var memoryMegabytes = 0
    /// `-L`.
    public var localPeer: String?
    /// `-dW`.
    public var refusesWarnings = false
    /// `-dD`.
    public var showsDiagnosis = false
    /// `-dr`.
    public var ignoresResolutionFailures = false
    /// `-dR`.
    public var avoidsReusePort = false
    /// `-dS`, `-dZ`, `-dF`.
    public var avoidsSplice = false
    /// `-dV`.
    public var trustsServers = false
    /// `-dC`.
    public var dumpsConfiguration = false
    /// `-dL`.
    public var dumpsLibraries = false
    /// `-dK`: classes of keywords to list; nil is not asked for.
    public var keywordClasses: [String]?
    /// `-sf`, `-st`: processes to replace.
    public var replacedProcesses: [ProcessID] = []
    /// What they get: SIGUSR1 or SIGTERM.
    public var replacementSignal = Signal.user1
    /// `-x`: the socket over which an older process hands its listening sockets.
    public var handOverPath: String?

    public init() {}

    /// Whether the process stays attached to whoever started it.
    public var isForeground: Bool { isDebugging || staysInForeground }
}

extension Options {
    /// Reads the arguments behind the program's name.
    public static func read(_ arguments: [String]) throws(OptionMistake) -> Options {
        var options = Options()
        try grammar.read(arguments, into: &options)
        return options
    }

    private static let later = "not supported yet."
    private static let noEffect = "Accepted without effect"

    /// The rows in the order of the help.
    public static let grammar = CommandLineGrammar<Options>([
        OptionRow(
            "-f", "Loads a configuration file, or all *.cfg of a directory in order.",
            .value("file") { $0.paths.append($1) }),
        OptionRow(
            "--", "Loads all files that follow.", .rest("file") { $0.paths += $1 }),
        OptionRow(
            "-C", "Changes to a directory before loading files.",
            .value("directory") { $0.directory = $1 }),
        OptionRow("-c", "Checks the configuration and ends.", .flag { $0.task = .check }),
        OptionRow(
            "-cc", "Evaluates a condition and ends with 0, 1, or 2 for a mistake.",
            .value("condition") { $0.task = .evaluate($1) }),
        OptionRow(
            "-v", "Shows the version.",
            .lastFlag { $0.task = .showVersion(inDetail: false) }),
        OptionRow(
            "-vv", "Shows the version and what the program was built with.",
            .lastFlag { $0.task = .showVersion(inDetail: true) }),
        OptionRow(
            "-D", "Goes to the background once the start worked.", .flag { $0.isDaemon = true }),
        OptionRow(
            "-d", "Stays in the foreground and tells more.", .flag { $0.isDebugging = true }),
        OptionRow("-db", "Stays in the foreground.", .flag { $0.staysInForeground = true }),
        OptionRow("-V", "Tells more; wins over -q.", .flag { $0.isVerbose = true }),
        OptionRow("-q", "Tells nothing.", .flag { $0.isQuiet = true }),
        OptionRow(
            "-p", "Writes the daemon's process number to a file.",
            .value("file") { $0.pidFilePath = $1 }),
        OptionRow(
            "-n", "Limits the connections of the process, before maxconn.",
            .value("limit") { options, text throws(OptionMistake) in
                options.maxConnections = try number(text, of: "-n")
            }),
        OptionRow(
            "-N", "Limits the connections of each proxy without a maxconn of its own.",
            .value("limit") { options, text throws(OptionMistake) in
                options.proxyMaxConnections = try number(text, of: "-N")
            }),
        OptionRow(
            "-m", "Limits the memory of the process.",
            .value("megabytes") { options, text throws(OptionMistake) in
                options.memoryMegabytes = try number(text, of: "-m")
            }),
        OptionRow(
            "-L", "Sets the local peer's name, instead of the machine's.",
            .value("name") { $0.localPeer = $1 }),
        OptionRow(
            "-sf", "Lets older processes finish once this one has started.",
            .processes {
                $0.replacedProcesses = $1
                $0.replacementSignal = .user1
            }),
        OptionRow(
            "-st", "Ends older processes once this one has started.",
            .processes {
                $0.replacedProcesses = $1
                $0.replacementSignal = .terminate
            }),
        OptionRow(
            "-x", "Takes over the listening sockets of an older process.",
            // The documented way to switch the hand-over off is /dev/null.
            .value("socket") { $0.handOverPath = $1 == "/dev/null" ? nil : $1 }),
        OptionRow(
            "-W", "Runs a master process and workers.", .refused("master-worker mode is \(later)")),
        OptionRow(
            "-Ws", "Runs a master process and workers, and tells systemd.",
            .refused("master-worker mode is \(later)")),
        OptionRow(
            "-S", "Opens the master process's command line.",
            .refused("the master's command line is \(later)")),
        OptionRow(
            "-dW", "Refuses a configuration with warnings.", .flag { $0.refusesWarnings = true }),
        OptionRow(
            "-dD", "Warns about suspicious lines, too.", .flag { $0.showsDiagnosis = true }),
        OptionRow(
            "-dr", "Goes on when a server's name has no address.",
            .flag { $0.ignoresResolutionFailures = true }),
        OptionRow(
            "-dR", "Does not share listening ports (SO_REUSEPORT).",
            .flag { $0.avoidsReusePort = true }),
        OptionRow("-dS", "Does not use splice().", .flag { $0.avoidsSplice = true }),
        OptionRow(
            "-dZ", "Does not forward without copying.", .flag { $0.avoidsSplice = true }),
        OptionRow(
            "-dF", "Does not forward without looking.", .flag { $0.avoidsSplice = true }),
        OptionRow(
            "-dV", "Does not verify servers' certificates.", .flag { $0.trustsServers = true }),
        OptionRow(
            "-dC", "Writes the configuration as it was understood; a key is not supported yet.",
            .suffix("key") { options, key throws(OptionMistake) in
                if !key.allSatisfy({ $0 == "0" }) {
                    throw .invalid("option '-dC': hiding names with a key is \(later)")
                }
                options.dumpsConfiguration = true
            }),
        OptionRow(
            "-dL", "Lists the program's libraries.", .flag { $0.dumpsLibraries = true }),
        OptionRow(
            "-dK", "Lists keywords: all, or classes separated by commas; help lists those.",
            .suffix("class,...") {
                $0.keywordClasses = $1.split(separator: ",").map(String.init)
            }),
        OptionRow(
            "-dM", "\(noEffect): Swift sets memory before use.", .suffix("byte") { _, _ in }),
        OptionRow("-dI", "\(noEffect): there are no external programs yet.", .flag { _ in }),
        OptionRow("-dG", "\(noEffect): names are resolved by the C library.", .flag { _ in }),
        OptionRow("-dt", "\(noEffect): there are no traces yet.", .suffix("trace") { _, _ in }),
        OptionRow("-dc", "\(noEffect): the cores are those of cpu-map.", .flag { _ in }),
        OptionRow("-de", "\(noEffect): epoll is the only poller.", .flag { _ in }),
        OptionRow("-dp", "\(noEffect): epoll is the only poller.", .flag { _ in }),
        OptionRow("-dk", "\(noEffect): epoll is the only poller.", .flag { _ in }),
        OptionRow("-dv", "\(noEffect): epoll is the only poller.", .flag { _ in }),
        OptionRow("-4", "\(noEffect): there are no resolvers yet.", .flag { _ in }),
        OptionRow("-t", "\(noEffect).", .flag { _ in }),
    ])

    /// Differs: HAProxy takes what is no number for 0, which means no limit.
    private static func number(_ text: String, of word: String) throws(OptionMistake) -> Int {
        guard let number = Int(text), number >= 0, number <= Int(Int32.max) else {
            throw .invalid("option '\(word)': '\(text)' is no number.")
        }
        return number
    }

    /// The help, shown when the command line is not understood.
    static var usage: String {
        Version.lines.joined(separator: "\n")
            + "\nUsage : martlet [-f <file|directory>]* [ -vdVD ] [ -n <limit> ] [ -p <file> ] "
            + "[ -C <directory> ] [-- <file>*]\n" + grammar.help
    }
}
