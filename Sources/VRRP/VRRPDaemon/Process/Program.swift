// The program from its arguments to its exit status: what only answers a question, and how the
// daemon begins: log, namespace, lock, background, guardian.

import ConfigLanguage
import Daemon
import Kernel
import VRRPConfig

/// `martlet-vrrp`.
public enum MartletVRRP {
    /// Runs the program with the arguments behind its name; the exit status.
    ///
    /// As keepalived: 0 good, 1 a mistake in the arguments, 2 a configuration that cannot be used,
    /// 6 none; for `-t` 3, 4 and 5.
    public static func run(arguments: [String]) -> Int32 {
        CurrentProcess.fillMissingStandardStreams()
        Signal.brokenPipe.ignore()
        let options: Options
        do throws(OptionError) {
            options = try Options.read(arguments)
        } catch {
            StandardStream.error.write("martlet-vrrp: \(error.text)\n")
            return 1
        }
        switch options.task {
        case .showHelp:
            StandardStream.error.write(helpText)
            return 0
        case .showVersion:
            StandardStream.error.write(ProductVersion.line(of: "martlet-vrrp") + "\n")
            return 0
        case .showSignal(let name): return showSignal(name)
        case .command(let words): return StatusClient.run(words)
        case .check(let path): return ConfigurationReading(options).check(logPath: path)
        case .run:
            if let foreign = options.foreignTask {
                StandardStream.error.write("martlet-vrrp: \(foreign): nothing is run\n")
                return 1
            }
            return DaemonStart(options).run()
        }
    }

    private static var helpText: String {
        "Usage: martlet-vrrp [OPTION...]\n" + Options.grammar.help
            + "\n  martlet-vrrp status|hand-over|stay-backup|resume   ask a daemon that runs\n"
    }

    private static func showSignal(_ name: String) -> Int32 {
        guard let signal = Options.signals.first(where: { $0.name == name }) else {
            StandardStream.error.write("Unknown sigfunc \(name)\n")
            return 1
        }
        StandardStream.output.write("\(signal.number)\n")
        return 0
    }
}

/// How the daemon begins.
struct DaemonStart {
    private let options: Options
    private let reading: ConfigurationReading

    init(_ options: Options) {
        self.options = options
        reading = ConfigurationReading(options)
    }

    /// Runs until the daemon has ended.
    func run() -> Int32 {
        CurrentProcess.loadTimeZone()
        if options.allowsCoreDumps { liftCoreLimit() }
        let loaded = reading.load()
        let console = DaemonLog(identity: "martlet-vrrp", DaemonLog.Targets(console: true))
        for line in reading.lines(of: loaded) { console.say(line.level, line.text) }
        guard let configuration = loaded.configuration else { return loaded.refusedStatus }
        if options.dumpsConfiguration { StandardStream.output.write(reading.dump(configuration)) }
        do throws(StartFailure) {
            try enterNamespace(configuration)
            let pidFile = try lock(configuration)
            return try begin(configuration, consume pidFile)
        } catch {
            console.say(.error, error.text)
            return 1
        }
    }

    /// `-m`; as far as the process may.
    private func liftCoreLimit() {
        let most = ResourceLimit(soft: ResourceLimit.unlimited, hard: ResourceLimit.unlimited)
        if (try? most.apply(to: .coreFileBytes)) != nil { return }
        let hard = ResourceLimit(of: .coreFileBytes).hard
        try? ResourceLimit(soft: hard, hard: hard).apply(to: .coreFileBytes)
    }

    private func enterNamespace(_ configuration: VRRPConfiguration) throws(StartFailure) {
        let name = options.networkNamespace ?? configuration.global.networkNamespace
        guard let name else { return }
        do throws(Errno) {
            try NetworkNamespace.named(name).enter()
        } catch {
            throw StartFailure(text: "cannot enter network namespace \(name): \(error.text)")
        }
    }

    /// The pid file is a lock: what it says is never believed, so a crash leaves nothing behind.
    private func lock(_ configuration: VRRPConfiguration) throws(StartFailure) -> LockedFile {
        let path = options.pidPath ?? Self.pidPath(configuration, options, "keepalived")
        do throws(Errno) {
            try Self.makeFolder(of: path)
            let file = try LockedFile(path: path)
            // Those who watch the daemon read it, whatever the mask; it may be another's to set.
            try? Files.setMode(0o644, of: path)
            return file
        } catch {
            throw StartFailure(
                text: error == .isTaken
                    ? "daemon is already running: it holds \(path)"
                    : "cannot lock pid file \(path): \(error.text)")
        }
    }

    /// Makes the folders that pid files stand in by themselves.
    static func makeFolder(of path: String) throws(Errno) {
        for folder in path.prefixes(endingWith: "/") where folder.hasPrefix("/run/keepalived") {
            try Files.makeDirectory(folder)
        }
    }

    /// `/run/keepalived.pid` and its kin, so that scripts find it where they look: as measured with
    /// keepalived 2.2.7 and 2.3.4, where a namespace, `instance` or `use_pid_dir` moves them into
    /// /run/keepalived.
    ///
    /// - Parameter kind: `keepalived`, or `vrrp` for the process that speaks VRRP.
    static func pidPath(
        _ configuration: VRRPConfiguration, _ options: Options, _ kind: String
    ) -> String {
        let global = configuration.global
        let instance = global.instanceName.map { "_\($0)" } ?? ""
        let folder =
            if let namespace = options.networkNamespace ?? global.networkNamespace {
                "/run/keepalived/\(namespace)/"
            } else if global.usesPIDDirectory || global.instanceName != nil {
                "/run/keepalived/"
            } else {
                "/run/"
            }
        return "\(folder)\(kind)\(instance).pid"
    }

    private func begin(
        _ configuration: VRRPConfiguration, _ pidFile: consuming LockedFile
    ) throws(StartFailure) -> Int32 {
        var background: Background?
        if !options.staysInForeground {
            do throws(Errno) {
                background = try Background.enter()
            } catch {
                throw StartFailure(text: "cannot go to the background: \(error.text)")
            }
        }
        let mask = options.fileCreationMask ?? configuration.global.fileModeMask.map(UInt32.init)
        CurrentProcess.setFileCreationMask(mask ?? 0o177)
        do throws(Errno) {
            try pidFile.write("\(ProcessID.own)\n")
            if let ready = background.take() { try ready.reportReady() }
            let log = DaemonLog(identity: "martlet-vrrp", logTargets)
            log.say(.info, "Starting \(ProductVersion.line(of: "martlet-vrrp"))")
            let guardian = try GuardianProcess(
                options, log, scripts(configuration.global, log)
            ) { [options] line, isRestart in
                // A startup script may have changed the file, and a crash comes later.
                let isCurrent = !isRestart && configuration.global.startupScript == nil
                return DaemonProcess(options, log).run(line, isCurrent ? configuration : nil)
            }
            let status = guardian.run()
            pidFile.remove()
            return status
        } catch {
            throw StartFailure(text: "cannot start: \(error.text)")
        }
    }

    private func scripts(
        _ global: GlobalDefinitions, _ log: DaemonLog
    ) -> GuardianProcess.Scripts {
        let rules = ScriptRules(global, log)
        return GuardianProcess.Scripts(
            startup: global.startupScript.flatMap { rules.runnable($0) },
            startupTimeout: UInt64(global.startupScriptTimeoutSeconds) * 1_000_000_000,
            shutdown: global.shutdownScript.flatMap { rules.runnable($0) },
            shutdownTimeout: UInt64(global.shutdownScriptTimeoutSeconds) * 1_000_000_000)
    }

    private var logTargets: DaemonLog.Targets {
        DaemonLog.Targets(
            syslogFacility: options.logsToConsole || options.avoidsSyslog ? nil : options.facility,
            filePath: options.logPath, console: options.logsToConsole,
            detailed: options.logsDetails)
    }
}

extension Options {
    /// What is asked for instead of VRRP, where that is so.
    var foreignTask: String? {
        if self.foreign.contains("-T") {
            return "-T asks for hashes of web pages, which are not ours"
        }
        guard self.foreign.contains("-C"), !self.namesVRRP else { return nil }
        return "-C asks for health checks of LVS without VRRP, and those are not ours"
    }
}

extension LoadedVRRPConfiguration {
    /// The exit status of a start with a configuration that cannot be used.
    var refusedStatus: Int32 { lacksMainFile ? 6 : 2 }
}

extension String {
    /// The beginnings of a path that end before each of its slashes, but for the first.
    fileprivate func prefixes(endingWith separator: Character) -> [String] {
        indices.filter { self[$0] == separator && $0 != startIndex }.map { String(self[..<$0]) }
    }
}
