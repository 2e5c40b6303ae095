// The start of the process, in the order HAProxy keeps:
//
//   read files → raise limits → open sockets → go to the background → pid file → root directory
//   → signal older processes → give up privileges → start workers → report success

import Daemon
import Kernel
import Logs
import Proxy
import ProxyConfig

/// One start of the program.
struct Start {
    private let options: Options
    private let console: Console

    /// Signals the control loop receives. Blocked before any thread starts, so that no worker is
    /// ever interrupted.
    static let signals: [Signal] = [
        .hangUp, .interrupt, .quit, .terminate, .user1, .user2, .terminalInput, .terminalOutput,
    ]

    /// How often addresses in use are tried again, and how long to wait between (2 s in all).
    private static let bindAttempts = 200
    private static let bindPauseMilliseconds: UInt32 = 10

    init(_ options: Options, _ console: Console) {
        self.options = options
        self.console = console
    }

    /// Starts and runs the proxy, or checks its configuration; returns the exit status.
    func run() throws(StartFailure) -> Int32 {
        try changeDirectory()
        var reading = try options.readConfiguration(console)
        if let classes = options.keywordClasses { KeywordDump.write(classes, console) }
        if options.dumpsLibraries { LibraryDump.write(console) }
        if options.task == .check { return reportCheck(reading) }
        if !reading.hasListeners {
            throw .main("No enabled listener found (check for 'bind' directives) ! Exiting.")
        }
        if reading.configuration.global.isQuiet { console.setQuiet(true) }
        let threads = ThreadPlan(for: reading.configuration.global)
        reading.configuration.global.maxConnections = try raiseLimits(reading, threads)
        Signal.block(Start.signals)
        Signal.brokenPipe.ignore()
        EnvironmentTakeover.apply(reading)
        var sockets = try openSockets(for: reading.configuration)
        sockets.closeInheritedOriginals()
        if reading.configuration.global.isDaemon {
            return try runInBackground(reading, sockets, threads)
        }
        try becomeUser(reading.configuration.global)
        let proxy = try launch(reading, sockets, threads)
        if options.isQuiet && !console.isVerbose { try silence() }
        return proxy.run()
    }

    // MARK: Steps

    private func changeDirectory() throws(StartFailure) {
        guard let directory = options.directory else { return }
        do throws(Errno) { try CurrentProcess.changeDirectory(to: directory) } catch {
            throw StartFailure(text: "Could not change to directory \(directory) : \(error.text)")
        }
    }

    private func reportCheck(_ reading: Reading) -> Int32 {
        if console.warningCount > 0 { console.print("Warnings were found.") }
        if !reading.hasListeners {
            console.print(
                "Configuration file has no error but will not start (no listener) => exit(2).")
            return 2
        }
        if console.isVerbose { console.print("Configuration file is valid") }
        return 0
    }

    /// Makes room for the connections wanted; returns how many there may be.
    private func raiseLimits(
        _ reading: Reading, _ threads: ThreadPlan
    ) throws(StartFailure) -> Int {
        let global = reading.configuration.global
        let budget = DescriptorBudget(
            for: global, listeners: ListenerSockets(for: reading.configuration).count,
            workers: threads.workers, limit: ResourceLimit(of: .descriptors),
            memoryMegabytes: options.memoryMegabytes)
        if budget.isComputed && console.isVerbose {
            StandardStream.error.write(
                "Note: setting global.maxconn to \(budget.maxConnections).\n")
        }
        if case .short(let complaints) = budget.raiseLimit() {
            if global.strictLimits, let first = complaints.first { throw .main(first) }
            for complaint in complaints {
                console.say(.warning, "[\(Program.path).main()] \(complaint)")
            }
        }
        if options.memoryMegabytes > 0 {
            let bytes = UInt64(options.memoryMegabytes) << 20
            do throws(Errno) {
                try ResourceLimit(soft: bytes, hard: bytes).apply(to: .addressSpaceBytes)
            } catch {
                let text = "Cannot fix MEM limit to \(options.memoryMegabytes) megs."
                if global.strictLimits { throw .main(text) }
                console.say(.warning, "[\(Program.path).main()] \(text)")
            }
        }
        return budget.maxConnections
    }

    /// Opens all sockets; asks older processes to let go of addresses they hold.
    private func openSockets(
        for configuration: Configuration
    ) throws(StartFailure) -> ListenerSockets {
        var taken: TakenSockets?
        if let path = options.handOverPath {
            taken = SocketHandOver.take(from: path)
            if taken == nil {
                console.say(.alert, "Failed to get the sockets from the old process!")
                throw .main("Some protocols failed to start their listeners! Exiting.")
            }
        }
        var sockets = ListenerSockets(for: configuration, taking: taken)
        sockets.open()
        if !sockets.isComplete && sockets.canRetry && !options.replacedProcesses.isEmpty {
            signalReplaced(.terminalOutput)
            for _ in 0..<Start.bindAttempts where !sockets.isComplete {
                CurrentProcess.sleep(milliseconds: Start.bindPauseMilliseconds)
                sockets.open()
            }
            if !sockets.isComplete {
                // What was taken from them is given back before they are told.
                sockets.retireAll()
                signalReplaced(.terminalInput)
            }
        }
        for failure in sockets.failures {
            console.say(failure.severity == .warning ? .warning : .alert, failure.text)
        }
        if !sockets.isComplete {
            throw .main("Some protocols failed to start their listeners! Exiting.")
        }
        return sockets
    }

    private func runInBackground(
        _ reading: Reading, _ sockets: ListenerSockets, _ threads: ThreadPlan
    ) throws(StartFailure) -> Int32 {
        var pidFile: PidFile?
        if let path = reading.configuration.global.pidFilePath { pidFile = try openPidFile(path) }
        let background = try enterBackground()
        if let pidFile {
            do throws(Errno) { try pidFile.write([ProcessID.own]) } catch {
                throw .main("Cannot write pidfile (\(error.text)).")
            }
        }
        try becomeUser(reading.configuration.global)
        let proxy = try launch(reading, sockets, threads)
        do throws(Errno) { try background.reportReady() } catch {
            throw .main("Cannot let go of the terminal (\(error.text)).")
        }
        return proxy.run()
    }

    private func enterBackground() throws(StartFailure) -> Background {
        do throws(Errno) { return try Background.enter() } catch {
            throw .main("Cannot fork (\(error.text)).")
        }
    }

    private func openPidFile(_ path: String) throws(StartFailure) -> PidFile {
        do throws(Errno) { return try PidFile(path: path) } catch {
            throw .main("Cannot create pidfile \(path)")
        }
    }

    /// Locks the process in, hands over from older processes while there is still the right to,
    /// and gives up privileges.
    private func becomeUser(_ global: GlobalConfiguration) throws(StartFailure) {
        let privileges = Privileges(
            rootDirectory: global.chrootPath, userID: global.userID, groupID: global.groupID)
        CurrentProcess.loadTimeZone()
        do throws(Privileges.Failure) {
            try privileges.enterRoot()
            signalReplaced(options.replacementSignal)
            if let warning = try privileges.becomeUser() {
                console.say(.warning, "[\(Program.path).main()] \(warning)")
            }
        } catch {
            throw .main(error.description)
        }
    }

    private func signalReplaced(_ signal: Signal) {
        for process in options.replacedProcesses {
            do throws(Errno) { try process.send(signal) } catch {
                // One that has gone already is what was wanted.
                if error == .noSuchProcess { continue }
                console.say(.warning, "Cannot signal process \(process) (\(error.text)).")
            }
        }
    }

    private func launch(
        _ reading: Reading, _ sockets: ListenerSockets, _ threads: ThreadPlan
    ) throws(StartFailure) -> RunningProxy {
        do throws(Errno) {
            let proxy = try RunningProxy(options, console, reading.configuration, sockets, threads)
            if options.isDebugging || options.isVerbose {
                for line in Version.pollers + ["", "Using epoll() as the polling mechanism."] {
                    console.print(line)
                }
            }
            console.endStart()
            return proxy
        } catch {
            throw .main("Cannot start workers (\(error.text)).")
        }
    }

    private func silence() throws(StartFailure) {
        do throws(Errno) { try CurrentProcess.silenceStandardStreams() } catch {
            throw .main("Cannot let go of the terminal (\(error.text)).")
        }
    }
}
