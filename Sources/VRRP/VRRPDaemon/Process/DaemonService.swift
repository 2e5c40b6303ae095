// What runs beside the instances: signals, reloads, dumps, the status socket, metrics, events, and
// what the service manager is told.

import ConfigLanguage
import Daemon
import Kernel
import VRRPConfig
import VRRPProtocol

/// Runs the loop.
final class DaemonService {
    private let routers: VirtualRouters
    private let options: Options
    private let reading: ConfigurationReading
    private let log: DaemonLog
    private let loop: ControlLoop
    private let startedAt = Clock.calendarMicroseconds()
    private var reloads = 0
    private var refusedReloads = 0
    private var isReading = false
    private var readsAgain = false
    /// The file of `reload_file` while it is ours to remove.
    private var heldLock: String?
    private var isHurried = false
    private var stoppedAt: UInt64 = 0
    private var status: StatusServer?
    private var metrics: MetricsServer?
    private var events: EventsFile?
    private var schedule: ReloadSchedule?
    private let standing: Standing
    private let manager = ReadinessNotification(
        socketName: ProcessEnvironment.value(of: "NOTIFY_SOCKET"))

    /// Orders to stop within this time are one: a service manager and a terminal give them to both
    /// processes, and a guardian that dies has two ways to tell.
    static let sameOrderNanoseconds: UInt64 = 500_000_000

    init(
        _ routers: VirtualRouters, _ options: Options, _ reading: ConfigurationReading,
        _ standing: Standing, _ log: DaemonLog
    ) {
        self.routers = routers
        self.options = options
        self.reading = reading
        self.log = log
        self.standing = standing
        loop = routers.loop
    }

    /// Runs until told to end; the exit status.
    func run() throws(Errno) -> Int32 {
        routers.observer = { [unowned self] event in record(event) }
        handleSignals()
        loop.onDelay = { [unowned self] delay in standing.note(delayOf: delay) }
        try routers.guardian.whenLost { [unowned self] in
            log.say(.error, "the guardian has gone: stopping")
            stop(reason: "the guardian has gone")
        }
        openServers()
        followSchedule()
        record(
            .started(
                version: ProductVersion.number, configurationPath: options.configurationPath))
        try routers.start()
        watchdog()
        log.say(.info, "Startup complete")
        tellManager(.ready(parent))
        defer {
            status?.close()
            releaseLock()
        }
        return loop.run()
    }

    /// The process that the service manager and pid files name.
    private var parent: ProcessID { ProcessID.parent }

    private func handleSignals() {
        loop.onSignal(.terminate) { [unowned self] _ in stop(reason: "told to") }
        loop.onSignal(.interrupt) { [unowned self] _ in
            if !options.ignoresInterrupt { stop(reason: "told to") }
        }
        loop.onSignal(.hangUp) { [unowned self] _ in reload() }
        loop.onSignal(.user1) { [unowned self] _ in dumps.write(.data) }
        loop.onSignal(.user2) { [unowned self] _ in dumps.write(.statistics) }
        loop.onSignal(.clearStatistics) { [unowned self] _ in
            dumps.writeAndClearStatistics()
        }
        loop.onSignal(.json) { [unowned self] _ in dumps.write(.json) }
    }

    // MARK: Stop

    private func stop(reason: String) {
        let now = Clock.monotonic().nanoseconds
        if routers.isStopping {
            guard !isHurried, now - stoppedAt > Self.sameOrderNanoseconds else { return }
            isHurried = true
            return routers.hurry()
        }
        stoppedAt = now
        log.say(.info, "Stopping")
        tellManager(.stopping)
        record(.stopped(reason: reason))
        // The longest that a stop waits for successors and scripts.
        loop.after(milliseconds: routers.configuration.global.childWaitSeconds * 1000) {
            [unowned self] in routers.hurry()
        }
        routers.stop(keepingAddresses: options.keepsAddressesOnStop) { [unowned self] in
            log.say(.info, "Stopped")
            loop.stop(status: 0)
        }
    }

    // MARK: Reload

    /// Reads the configuration beside the loop, whose adverts go on meanwhile: files may be slow,
    /// and so may be whoever knows accounts and hosts.
    private func reload() {
        guard !routers.isStopping else { return }
        if isReading {
            // What was written since may have been missed.
            readsAgain = true
            return
        }
        isReading = true
        log.say(.info, "Reloading")
        tellManager(.reloading(since: Clock.monotonic()))
        heldLock = reloadLock
        // Whoever writes the file waits until this one is gone; empty says that reading has begun.
        if let heldLock { try? Files.write([UInt8]().span, to: heldLock) }
        let service = LoopBound(self, on: loop)
        let names = NameBook()
        do throws(Errno) {
            try SystemThread { [reading, postbox = loop.postbox] in
                let loaded = reading.load(names)
                if let next = loaded.configuration { names.lookAhead(next) }
                while !postbox.post({ service.value(on: $0).hasRead(loaded, names) }) {
                    CurrentProcess.sleep(milliseconds: 100)
                }
            }.detach()
        } catch {
            hasRead(reading.load(names), names)
        }
    }

    private func hasRead(_ loaded: LoadedVRRPConfiguration, _ names: NameBook) {
        isReading = false
        guard !routers.isStopping else { return }
        // Who asked meanwhile has written since: it waits for the next reading.
        if !readsAgain { releaseLock() }
        apply(loaded, names)
        guard readsAgain else { return }
        readsAgain = false
        reload()
    }

    private func releaseLock() {
        if let heldLock { try? Files.remove(heldLock) }
        heldLock = nil
    }

    /// All or nothing: a configuration that cannot be used changes nothing.
    private func apply(_ loaded: LoadedVRRPConfiguration, _ names: NameBook) {
        let lines = reading.lines(of: loaded)
        for line in lines { log.say(line.level, line.text) }
        writeReloadLog(lines, (loaded.configuration ?? routers.configuration).global)
        if let next = loaded.configuration, isUsable(loaded) {
            let changes = reading.changes(from: routers.configuration, to: next)
            sayWhatWaits(from: routers.configuration.global, to: next.global)
            if !next.global.hasSameStanding(as: routers.configuration.global) {
                standing.follow(next.global)
            }
            routers.reload(next, names)
            openServers()
            followSchedule()
            reloads += 1
            log.say(.info, "Reload complete: \(changes.joined(separator: ", "))")
            record(.reloaded(changes: changes))
        } else {
            refusedReloads += 1
            log.say(.error, "the configuration cannot be used; nothing was changed")
            record(
                .reloadRefused(reasons: lines.filter { $0.level == .error }.map(\.text)))
        }
        tellManager(.ready(parent))
    }

    /// What a start would repair, a reload refuses, and so a file without any instance: one that is
    /// cut off, or not written yet, must not take addresses away.
    private func isUsable(_ loaded: LoadedVRRPConfiguration) -> Bool {
        guard loaded.grade != .repaired else { return false }
        if loaded.configuration?.instances.isEmpty == true, !routers.instances.isEmpty {
            log.say(.error, "the file has no vrrp_instance, and some are running")
            return false
        }
        return true
    }

    /// Writes what was said about a configuration into the file of `reload_check_config`.
    private func writeReloadLog(
        _ lines: [ConfigurationReading.Line], _ global: GlobalDefinitions
    ) {
        guard let path = global.reloadCheckLog else { return }
        let bytes = Array(lines.map { "\($0.level.word): \($0.text)\n" }.joined().utf8)
        do throws(Errno) {
            try Files.write(bytes.span, to: path)
        } catch {
            log.say(.warning, "cannot write \(path): \(error.text)")
        }
    }

    /// Settings that a reload cannot change take effect at the next start, which is said.
    private func sayWhatWaits(from before: GlobalDefinitions, to next: GlobalDefinitions) {
        let waiting = next.namesOfStartSettings(thatDifferFrom: before)
        guard !waiting.isEmpty else { return }
        log.say(
            .warning,
            "takes effect at the next start only: \(waiting.joined(separator: ", "))")
    }

    /// The file of `reload_file`; nil when it is not asked for.
    private var reloadLock: String? {
        guard let path = routers.configuration.global.reloadFile else { return nil }
        return path.isEmpty ? "/run/keepalived.reload" : path
    }

    private func followSchedule() {
        let global = routers.configuration.global
        guard let path = global.reloadTimeFile else {
            schedule?.stop()
            schedule = nil
            return
        }
        if schedule?.isMade(for: path, repeats: global.repeatsReload) == true { return }
        schedule?.stop()
        schedule = ReloadSchedule(path: path, repeats: global.repeatsReload, loop, log) {
            [unowned self] in reload()
        }
    }

    // MARK: Showing

    private lazy var dumps = DumpFiles(
        provider: { [unowned self] in daemonStatus },
        report: { [unowned self] text in log.say(.warning, text) })

    private var daemonStatus: DaemonStatus {
        var status = DaemonStatus()
        status.version = ProductVersion.number
        status.configuration = routers.configuration
        status.configurationPath = options.configurationPath
        status.processID = ProcessID.own.number
        status.now = Clock.calendarMicroseconds()
        status.startedAt = startedAt
        status.reloads = reloads
        status.refusedReloads = refusedReloads
        status.instances = routers.instances.map(\.status)
        status.groups = routers.groups.map {
            GroupStatus(definition: $0.definition, state: $0.state)
        }
        status.trackers = routers.trackers.statuses
        status.unknownVRIDs = routers.channels.unknownVRIDs
        status.strayRejections = routers.channels.strayRejections
        status.longestDelay = loop.longestDelay
        return status
    }

    private func openServers() {
        let global = routers.configuration.global
        openEvents(global)
        openStatus(global)
        openMetrics(global)
    }

    private func openEvents(_ global: GlobalDefinitions) {
        guard let path = global.eventsFile else {
            events = nil
            return
        }
        if events?.path == path {
            events?.release()
        } else {
            events = EventsFile(path: path) { [unowned self] text in log.say(.warning, text) }
        }
        events?.open(at: Clock.monotonic().nanoseconds)
    }

    private func openStatus(_ global: GlobalDefinitions) {
        let server =
            status
            ?? StatusServer(
                loop: loop, provider: { [unowned self] in daemonStatus },
                command: { [unowned self] command in obey(command) },
                operated: { [unowned self] command, answer in
                    record(.operated(command: command.line, result: answer.text))
                })
        status = server
        do throws(StatusServer.Failure) {
            try server.listen(
                at: global.statusSocket ?? StatusSocket(path: StatusServer.defaultPath))
        } catch {
            // A second daemon of the machine has no default socket; a configured one is missed.
            log.say(
                global.statusSocket == nil ? .info : .warning,
                "no status socket: \(error.text)")
        }
    }

    private func openMetrics(_ global: GlobalDefinitions) {
        guard let address = global.metricsAddress else {
            metrics?.close()
            metrics = nil
            return
        }
        let server =
            metrics ?? MetricsServer(loop: loop, provider: { [unowned self] in daemonStatus })
        metrics = server
        do throws(Errno) {
            _ = try server.listen(at: address)
        } catch {
            log.say(.warning, "no metrics at \(address): \(error.text)")
        }
    }

    private func record(_ event: DaemonEvent) {
        let stamped = StampedEvent(
            event: event, microseconds: Clock.calendarMicroseconds(),
            monotonicNanoseconds: Clock.monotonic().nanoseconds)
        events?.append(stamped)
        status?.publish(stamped)
    }

    // MARK: Operators

    private func obey(_ command: OperatorCommand) -> OperatorAnswer {
        let (name, event, what): (String?, Election.Event, String) =
            switch command {
            case .handOver(let name): (name, .handOver, "handed over")
            case .stayBackup(let name): (name, .stayBackup, "stays backup")
            case .resume(let name): (name, .resume, "resumed")
            }
        let chosen = routers.instances(named: name)
        guard !chosen.isEmpty else {
            return OperatorAnswer(
                isDone: false, text: "no instance or group '\(name ?? "")'")
        }
        routers.operate(chosen, event)
        return OperatorAnswer(
            isDone: true, text: chosen.map { "\($0.name): \(what)" }.joined(separator: "\n"))
    }

    // MARK: Service manager

    private func tellManager(_ state: ReadinessNotification.State) {
        // Nobody listens, or it does not take it: the daemon serves all the same.
        try? manager?.send(state)
    }

    /// Tells the service manager that the loop runs, at half the time it allows.
    private func watchdog() {
        guard let text = ProcessEnvironment.value(of: "WATCHDOG_USEC"),
            let microseconds = Int(text), microseconds > 2000
        else { return }
        loop.every(milliseconds: microseconds / 2000) { [unowned self] in tellManager(.alive) }
    }
}
