// The command line of `martlet-vrrp`: keepalived's options, one row each, and words that are
// commands to a daemon that runs. Source: keepalived(8).

import Kernel

/// What the command line asks for.
struct Options: Equatable, Sendable {
    /// What the program is to do.
    enum Task: Equatable {
        case run
        /// `-t`: check the configuration; messages go to the file, or to standard error.
        case check(logPath: String?)
        /// `--signum`.
        case showSignal(String)
        case showVersion, showHelp
        /// Words for a daemon that runs: `status`, `hand-over`, `stay-backup`, `resume`.
        case command([String])
    }

    var task = Task.run
    /// `-f`.
    var configurationPath = Options.defaultConfigurationPath
    /// `-l`: log to standard error instead of syslog.
    var logsToConsole = false
    /// `-D`.
    var logsDetails = false
    /// `-S`: the syslog facility's number.
    var facility: UInt8 = 3
    /// `-g`.
    var logPath: String?
    /// `-G`.
    var avoidsSyslog = false
    /// `-V`: addresses stay when the daemon stops.
    var keepsAddressesOnStop = false
    /// `-R`.
    var avoidsRespawn = false
    /// `-n`.
    var staysInForeground = false
    /// `-d`: print the configuration as it was understood.
    var dumpsConfiguration = false
    /// `-p` and `-r`.
    var pidPath: String?
    var instancePidPath: String?
    /// `-s`.
    var networkNamespace: String?
    /// `-e`: a file that is missing or cannot be read is an error.
    var needsAllFiles = false
    /// `-i`.
    var configurationID: String?
    /// `-u`.
    var fileCreationMask: UInt32?
    /// `-B`.
    var avoidsBFD = false
    /// `-a`.
    var logsAddressChanges = false
    /// `-m`.
    var allowsCoreDumps = false
    /// `--ignore-sigint`.
    var ignoresInterrupt = false
    /// Options whose subsystem is not ours, to be named in a notice.
    var foreign: [String] = []
    /// `-P` or `--all`: VRRP beside what else is asked for.
    var namesVRRP = false

    /// Where the configuration is unless `-f` says otherwise.
    static let defaultConfigurationPath = "/etc/keepalived/keepalived.conf"

    /// What `--signum` knows, with what the daemon does on each.
    static let signals: [(name: String, number: Int32)] = [
        ("STOP", Signal.terminate.number), ("RELOAD", Signal.hangUp.number),
        ("DATA", Signal.user1.number), ("STATS", Signal.user2.number),
        ("STATS_CLEAR", Signal.clearStatistics.number), ("JSON", Signal.json.number),
    ]

    /// The commands to a daemon that runs.
    static let commands = ["status", "hand-over", "stay-backup", "resume"]
}

extension Options {
    /// Reads the arguments behind the program's name.
    static func read(_ arguments: [String]) throws(OptionError) -> Options {
        var options = Options()
        if let first = arguments.first, commands.contains(first) {
            options.task = .command(arguments)
            return options
        }
        let operands = try grammar.read(arguments, into: &options)
        if let first = operands.first {
            throw OptionError(text: "Unexpected argument '\(first)'")
        }
        return options
    }

    static let grammar = LetterGrammar<Options>(rows: subsystems + logging + running + special)

    private static let subsystems: [LetterOption<Options>] = [
        LetterOption(
            "f", "use-file", "Configuration file; default \(defaultConfigurationPath).",
            .value("FILE") { $0.configurationPath = $1 }),
        LetterOption(
            "P", "vrrp", "Run VRRP only, which is all there is.", .flag { $0.namesVRRP = true }),
        LetterOption(
            "C", "check", "LVS health checks: not ours.", .flag { $0.foreign.append("-C") }),
        LetterOption("B", "no_bfd", "Run no BFD.", .flag { $0.avoidsBFD = true }),
        LetterOption(
            nil, "all", "Run everything, which is always so.", .flag { $0.namesVRRP = true }),
        LetterOption("x", "snmp", "SNMP: not ours.", .flag { $0.foreign.append("-x") }),
        LetterOption(
            "A", "snmp-agent-socket", "SNMP: not ours.",
            .value("FILE") { options, _ in options.foreign.append("-A") }),
        LetterOption(
            "T", "genhash", "Hashes of web pages: not ours.", .flag { $0.foreign.append("-T") }),
        LetterOption(
            "I", "dont-release-ipvs", "LVS: not ours.", .flag { $0.foreign.append("-I") }),
        LetterOption(
            "c", "checkers_pid", "LVS: not ours.",
            .value("FILE") { options, _ in options.foreign.append("-c") }),
    ]

    private static let logging: [LetterOption<Options>] = [
        LetterOption(
            "l", "log-console", "Log to standard error.", .flag { $0.logsToConsole = true }),
        LetterOption("D", "log-detail", "Log more.", .flag { $0.logsDetails = true }),
        LetterOption(
            "S", "log-facility", "Syslog facility.",
            .value("{0-7|local{0-7}|user|daemon}") { options, text throws(OptionError) in
                options.facility = try facility(text)
            }),
        LetterOption("g", "log-file", "Log to a file too.", .value("FILE") { $0.logPath = $1 }),
        LetterOption(
            nil, "flush-log-file", "Write each line of the file at once, which is always so.",
            .flag { _ in }),
        LetterOption("G", "no-syslog", "Do not log to syslog.", .flag { $0.avoidsSyslog = true }),
        LetterOption(
            "a", "address-monitoring", "Log every address that comes or goes.",
            .flag { $0.logsAddressChanges = true }),
    ]

    private static let running: [LetterOption<Options>] = [
        LetterOption(
            "n", "dont-fork", "Stay in the foreground.", .flag { $0.staysInForeground = true }),
        LetterOption(
            "X", "release-vips", "Remove virtual addresses when a signal ends the daemon.",
            .flag { $0.keepsAddressesOnStop = false }),
        LetterOption(
            "V", "dont-release-vrrp", "Leave virtual addresses in place when stopping.",
            .flag { $0.keepsAddressesOnStop = true }),
        LetterOption(
            "R", "dont-respawn", "Do not start again after a crash.",
            .flag { $0.avoidsRespawn = true }),
        LetterOption("p", "pid", "Pid file of the parent.", .value("FILE") { $0.pidPath = $1 }),
        LetterOption(
            "r", "vrrp_pid", "Pid file of the process that speaks VRRP.",
            .value("FILE") { $0.instancePidPath = $1 }),
        LetterOption(
            "b", "bfd_pid", "Pid file of a BFD process, which there is not.",
            .value("FILE") { options, _ in options.foreign.append("-b") }),
        LetterOption(
            "s", "namespace", "Network namespace to run in.",
            .value("NAME") { $0.networkNamespace = $1 }),
        LetterOption(
            "e", "all-config", "Refuse to start when a file of the configuration is missing.",
            .flag { $0.needsAllFiles = true }),
        LetterOption(
            "i", "config-id", "Name for lines that begin with @; default the host's name.",
            .value("ID") { $0.configurationID = $1 }),
        LetterOption(
            "u", "umask", "Mask for files that are made.",
            .value("NUMBER") { options, text throws(OptionError) in
                options.fileCreationMask = try mask(text)
            }),
        LetterOption(
            "m", "core-dump", "Lift the limit of core dumps.",
            .flag { $0.allowsCoreDumps = true }),
        LetterOption(
            "M", "core-dump-pattern", "The kernel's pattern is not changed; only -m is done.",
            .attached("PATTERN") { options, _ in
                options.allowsCoreDumps = true
                options.foreign.append("-M")
            }),
        LetterOption(
            nil, "ignore-sigint", "Do not stop on SIGINT.", .flag { $0.ignoresInterrupt = true }),
    ]

    private static let special: [LetterOption<Options>] = [
        LetterOption(
            "d", "dump-conf", "Print the configuration as it was understood.",
            .flag { $0.dumpsConfiguration = true }),
        LetterOption(
            "t", "config-test",
            "Check the configuration: 0 good, 3 unusable, 4 repaired, 5 scripts.",
            .attached("FILE") { $0.task = .check(logPath: $1) }),
        LetterOption(
            nil, "signum", "Print the number of a signal: STOP, RELOAD, DATA, STATS, JSON...",
            .value("NAME") { $0.task = .showSignal($1) }),
        LetterOption(
            nil, "perf", "Profiles: not ours.",
            .attached("all|run|end") { options, _ in options.foreign.append("--perf") }),
        LetterOption(
            nil, "debug", "Debugging codes: not ours; see -D.",
            .attached("CODES") { options, _ in options.foreign.append("--debug") }),
        LetterOption(
            nil, "no-mem-check", "No memory checks, which is always so.", .flag { _ in }),
        LetterOption("v", "version", "Show the version.", .flag { $0.task = .showVersion }),
        LetterOption("h", "help", "Show this.", .flag { $0.task = .showHelp }),
    ]

    private static func facility(_ text: String) throws(OptionError) -> UInt8 {
        switch text {
        case "user": return 1
        case "daemon": return 3
        default:
            let digits = text.hasPrefix("local") ? text.dropFirst(5) : text[...]
            guard let number = UInt8(digits), number < 8 else {
                throw OptionError(text: "Invalid log facility '\(text)'")
            }
            return 16 + number
        }
    }

    /// A number in the notation of C: `0x3f`, `077`, `63`.
    private static func mask(_ text: String) throws(OptionError) -> UInt32 {
        let number: UInt32? =
            if text.hasPrefix("0x") || text.hasPrefix("0X") {
                UInt32(text.dropFirst(2), radix: 16)
            } else if text.hasPrefix("0"), text.count > 1 {
                UInt32(text, radix: 8)
            } else {
                UInt32(text)
            }
        guard let number, number <= 0o777 else {
            throw OptionError(text: "Invalid umask '\(text)'")
        }
        return number
    }
}
