// The life of the process once its workers run: what each signal does. management manual: 4.
//
//   running ── SIGUSR1 ──► (grace) ── stops listening ── last stream ended ──► exit 0
//      │                                    └── hard-stop-after ── closes all ──┘
//      └── SIGINT, SIGTERM ──► dies by that signal, at once, in any state

import Daemon
import Kernel
import Logs
import Proxy

/// The running proxy as the control thread sees it.
final class RunningProxy {
    /// How long a hard stop may take before the process ends without waiting.
    private static let hardStopMilliseconds = 1000
    /// How long workers get to let go of listeners before these stop listening.
    private static let suspensionDelayMilliseconds = 2

    /// How often a socket that cannot listen again yet is tried, and the time between.
    private static let resumptionAttempts = 100
    private static let resumptionPauseMilliseconds = 10

    let loop: ControlLoop
    let engine: Engine
    let console: Console
    let notices: NoticeLogger
    private let rings: LogRings
    private let forwarding: RingForwarding
    private let services: ControlServices
    private let options: Options
    private let threads: ThreadPlan
    private(set) var sockets: ListenerSockets
    private var isStopping = false
    private var isPaused = false

    /// Starts the workers.
    init(
        _ options: Options, _ console: Console, _ configuration: Configuration,
        _ sockets: ListenerSockets, _ threads: ThreadPlan
    ) throws(Errno) {
        self.options = options
        self.console = console
        self.sockets = sockets
        self.threads = threads
        loop = try ControlLoop(signals: Start.signals)
        let drops = LogDrops()
        let rings = try LogRings()
        rings.adopt(configuration)
        self.rings = rings
        forwarding = try RingForwarding(rings, on: loop)
        let notices = NoticeLogger(
            configuration, programName: Program.name, drops: drops, rings: rings)
        self.notices = notices
        engine = try Engine(
            configuration: configuration, listeners: sockets.frontends,
            logging: Logging(programName: Program.name, drops: drops, rings: rings),
            workers: threads.workers)
        services = ControlServices(on: loop, engine: engine, drops: drops, rings: rings) { notice in
            console.say(notice.level.rawValue <= 3 ? .alert : .warning, notice.text)
            notices.log(notice)
        }
        services.adopt(sockets.statistics, of: configuration.global)
        engine.start(coresOfThread: threads.coresOfWorker)
    }

    /// Handles signals until the process is to end; returns its exit status.
    func run() -> Int32 {
        let postbox = loop.postbox
        engine.onStopped { postbox.post { $0.stop(status: 0) } }
        for signal in [Signal.interrupt, .terminate] {
            loop.onSignal(signal) { _ in
                // The first process of a container outlives its own signals; it ends in order.
                CurrentProcess.die(by: signal, fallback: 0)
            }
        }
        loop.onSignal(.user1) { [unowned self] _ in softStop() }
        loop.onSignal(.hangUp) { [unowned self] _ in dumpStates() }
        loop.onSignal(.quit) { _ in CurrentProcess.releaseUnusedMemory() }
        loop.onSignal(.terminalOutput) { [unowned self] _ in pause() }
        loop.onSignal(.terminalInput) { [unowned self] _ in resume() }
        let status = loop.run()
        // What the last streams have logged.
        forwarding.flush()
        return status
    }

    /// Says something about a proxy to the terminal and to its logs.
    func announce(
        _ level: Notice.Level, proxy: Int?, _ text: String, toTerminal: Bool = true
    ) {
        if toTerminal { console.say(level.rawValue <= 3 ? .alert : .warning, text) }
        notices.log(Notice(level: level, proxy: proxy, text: text))
    }

    // MARK: Stopping

    private func softStop() {
        if isStopping { return }
        isStopping = true
        let global = engine.configuration.global
        if global.hardStopAfterMilliseconds > 0 {
            loop.after(milliseconds: global.hardStopAfterMilliseconds) { [unowned self] in
                hardStop()
            }
        }
        loop.after(milliseconds: global.graceMilliseconds) { [unowned self] in stopListening() }
    }

    private func stopListening() {
        for (index, proxy) in engine.configuration.proxies.enumerated() where !proxy.isDisabled {
            let (front, back) = StateDump.cumulated(proxy, engine.live)
            announce(
                .warning, proxy: index,
                "Proxy \(proxy.name) stopped (cumulated conns: FE: \(front), BE: \(back)).")
        }
        services.adopt([], of: engine.configuration.global)
        for socket in sockets.statistics { socket.retire() }
        engine.stopListening()
    }

    private func hardStop() {
        console.say(.warning, "soft-stop running for too long, performing a hard-stop.")
        for (index, proxy) in engine.configuration.proxies.enumerated() {
            let left = StateDump.current(proxy, engine.live)
            if left.front + left.back == 0 { continue }
            announce(
                .warning, proxy: index,
                "Proxy \(proxy.name) hard-stopped (\(left.front + left.back) remaining conns "
                    + "will be closed).")
        }
        engine.stopNow()
        loop.after(milliseconds: RunningProxy.hardStopMilliseconds) { [unowned self] in
            console.say(.warning, "Some tasks resisted to hard-stop, exiting now.")
            loop.stop(status: 0)
        }
    }

    // MARK: Pausing

    /// Lets go of addresses so that another process can take them over.
    private func pause() {
        if isPaused || isStopping { return }
        isPaused = true
        engine.setPaused(true)
        loop.after(milliseconds: RunningProxy.suspensionDelayMilliseconds) { [unowned self] in
            suspendSockets()
        }
        announceFrontends("Paused")
    }

    private func suspendSockets() {
        guard isPaused else { return }
        services.adopt(
            sockets.statistics.filter { $0.isInherited || $0.unixPath != nil },
            of: engine.configuration.global)
        for socket in sockets.frontends + sockets.statistics where !socket.isInherited {
            switch socket.identity?.place {
            case .address(.ip):
                // Fails only for a socket that has stopped listening already.
                try? ListeningSocket.suspend(socket.number)
            case .address(.unix(let address)) where address.kind != .path:
                // A name cannot be lent; it is given up and taken again.
                socket.retire()
            default:
                break
            }
        }
    }

    /// Listens again after the other process gave up.
    private func resume(attemptsLeft: Int = RunningProxy.resumptionAttempts) {
        guard isPaused, !isStopping else { return }
        let complaints = listenAgain() + reopenRetired()
        // The other process may need a moment to end.
        if !complaints.isEmpty && attemptsLeft > 0 {
            loop.after(milliseconds: RunningProxy.resumptionPauseMilliseconds) { [unowned self] in
                resume(attemptsLeft: attemptsLeft - 1)
            }
            return
        }
        for complaint in complaints { console.say(.alert, complaint) }
        isPaused = false
        services.adopt(
            sockets.statistics.filter { !$0.isRetired }, of: engine.configuration.global)
        engine.setPaused(false)
        announceFrontends("Resumed")
    }

    private func listenAgain() -> [String] {
        var complaints: [String] = []
        for socket in sockets.frontends + sockets.statistics
        where !socket.isInherited && !socket.isRetired {
            guard case .address(.ip) = socket.identity?.place else { continue }
            do throws(Errno) {
                try ListeningSocket.resume(socket.number, backlog: socket.backlog)
            } catch {
                complaints.append("Failed to resume frontend \(socket.frontend) (\(error.text)).")
            }
        }
        return complaints
    }

    private func reopenRetired() -> [String] {
        let all = sockets.frontends + sockets.statistics
        if sockets.isComplete && !all.contains(where: \.isRetired) { return [] }
        var next = ListenerSockets(for: engine.configuration, reusing: all)
        next.open()
        let before = Set(sockets.frontends.map(ObjectIdentifier.init))
        let after = Set(next.frontends.map(ObjectIdentifier.init))
        sockets = next
        services.adopt(next.statistics, of: engine.configuration.global)
        if before != after {
            engine.publish(engine.configuration, listeners: next.frontends)
        }
        return next.failures.map(\.text)
    }

    private func announceFrontends(_ what: String) {
        for (index, proxy) in engine.configuration.proxies.enumerated()
        where proxy.capability.contains(.frontend) && !proxy.isDisabled {
            announce(.warning, proxy: index, "\(what) frontend \(proxy.name).")
        }
    }

    // MARK: Telling

    private func dumpStates() {
        console.say(.warning, "SIGHUP received, dumping servers states.")
        for (index, proxy) in engine.configuration.proxies.enumerated() {
            announce(
                .notice, proxy: index,
                "SIGHUP received, dumping servers states for proxy \(proxy.name).",
                toTerminal: false)
            for line in StateDump.lines(proxy, engine.live) {
                announce(.notice, proxy: index, "SIGHUP: \(line)")
            }
        }
    }

    // MARK: Reloading

    /// Reads the configuration anew and publishes it as the next generation.
    ///
    /// A configuration that cannot be used changes nothing. The number of workers stays.
    func reload() throws(StartFailure) {
        var configuration = try options.readConfiguration(console).configuration
        let budget = DescriptorBudget(
            for: configuration.global,
            listeners: ListenerSockets(for: configuration).count, workers: threads.workers,
            limit: ResourceLimit(of: .descriptors), memoryMegabytes: options.memoryMegabytes)
        configuration.global.maxConnections = budget.maxConnections
        var next = ListenerSockets(
            for: configuration, reusing: sockets.frontends + sockets.statistics)
        next.open()
        for failure in next.failures {
            console.say(failure.severity == .warning ? .warning : .alert, failure.text)
        }
        if !next.isComplete {
            throw .main("Some protocols failed to start their listeners! Nothing was changed.")
        }
        services.adopt(next.statistics, of: configuration.global)
        let kept = Set(next.statistics.map(ObjectIdentifier.init))
        for socket in sockets.statistics where !kept.contains(ObjectIdentifier(socket)) {
            socket.retire()
        }
        sockets = next
        rings.adopt(configuration)
        engine.publish(configuration, listeners: next.frontends)
        notices.adopt(configuration)
        forwarding.adopt()
    }
}
