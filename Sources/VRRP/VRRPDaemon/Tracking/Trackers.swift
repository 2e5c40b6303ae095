// The trackers that a configuration asks for: only those that somebody follows run. A reload leaves
// alone what it does not change.

import Addresses
import Daemon
import Kernel
import VRRPConfig
import VRRPTracking

/// Runs trackers and hands what they find to the board.
final class Trackers {
    private unowned let routers: VirtualRouters
    private let files: FileWatcher?
    private let processes: ProcessWatcher
    private let sessions: BFDRunner
    private var running: [TrackBoard.Key: any RunningTracker] = [:]

    init(_ routers: VirtualRouters) {
        self.routers = routers
        files = try? FileWatcher(on: routers.loop)
        let global = routers.configuration.global
        var settings = ProcessWatcher.Settings()
        settings.receiveBufferBytes = global.processMonitorBufferBytes.map { Int32(clamping: $0) }
        settings.buffersBeyondLimit = global.forcesProcessMonitorBuffer
        processes = ProcessWatcher(settings, on: routers.loop)
        sessions = BFDRunner(routers)
    }

    /// Starts what is new, stops what is gone, restarts what has changed.
    func follow(_ configuration: VRRPConfiguration) {
        let wanted = definitions(configuration).filter { isFollowed($0.key, configuration) }
        for (key, tracker) in running where wanted[key].map({ tracker.isMade(for: $0) }) != true {
            tracker.stop()
            running[key] = nil
            routers.board.forget(key)
        }
        for (key, definition) in wanted.sorted(by: { $0.key.name < $1.key.name })
        where running[key] == nil {
            running[key] = make(key, definition)
            running[key]?.start()
        }
        // Whether or not we follow them: the other end may.
        sessions.follow(routers.options.avoidsBFD ? [] : configuration.bfdInstances)
    }

    /// Stops everything.
    func stop() {
        for tracker in running.values { tracker.stop() }
        running = [:]
        sessions.stop()
    }

    /// What is shown of all trackers and tracked interfaces.
    var statuses: [TrackerStatus] {
        let all = running.map { key, tracker in
            var status = tracker.status
            status.kind = key.kind.rawValue
            status.name = key.name
            status.isGood = routers.board.findings[key]?.isUp
            status.number = tracker.number
            status.pending = tracker.pending
            return status
        }
        return (all + sessions.statuses + interfaceStatuses).map { status in
            var status = status
            status.followers = followers(of: status)
            return status
        }.sorted { ($0.kind, $0.name) < ($1.kind, $1.name) }
    }

    private var interfaceStatuses: [TrackerStatus] {
        let names = routers.instances.flatMap { instance in
            instance.definition.tracks.interfaces.map(\.name)
                + (instance.group?.definition.tracks.interfaces.map(\.name) ?? [])
                + (instance.definition.interface.map { [$0] } ?? [])
        }
        return Set(names).map { name in
            var status = TrackerStatus(kind: "interface", name: name)
            status.isGood = routers.links.isUp(name)
            return status
        }
    }

    private func followers(of status: TrackerStatus) -> [(name: String, weight: Int)] {
        guard let kind = TrackKind(rawValue: status.kind) else { return [] }
        var found: [(name: String, weight: Int)] = []
        for instance in routers.instances {
            let references = instance.definition.tracks.references(kind)
            for reference in references where reference.name == status.name {
                found.append((instance.name, reference.weight.value))
            }
        }
        for group in routers.groups {
            for reference in group.definition.tracks.references(kind)
            where reference.name == status.name {
                found.append((group.name, reference.weight.value))
            }
        }
        return found
    }

    // MARK: Definitions

    private func definitions(
        _ configuration: VRRPConfiguration
    ) -> [TrackBoard.Key: TrackDefinition] {
        var found: [TrackBoard.Key: TrackDefinition] = [:]
        func add(_ kind: TrackKind, _ name: String, _ definition: TrackDefinition) {
            found[TrackBoard.Key(kind: kind, name: name)] = definition
        }
        for script in configuration.scripts { add(.script, script.name, .script(script)) }
        for file in configuration.trackFiles { add(.file, file.name, .file(file)) }
        for process in configuration.trackProcesses {
            add(.process, process.name, .process(process))
        }
        for check in configuration.checks { add(.check, check.name, .check(check)) }
        for martlet in configuration.martlets { add(.martlet, martlet.name, .martlet(martlet)) }
        return found
    }

    private func isFollowed(_ key: TrackBoard.Key, _ configuration: VRRPConfiguration) -> Bool {
        let all = configuration.instances.map(\.tracks) + configuration.syncGroups.map(\.tracks)
        return all.contains { $0.references(key.kind).contains { $0.name == key.name } }
    }

    private func make(
        _ key: TrackBoard.Key, _ definition: TrackDefinition
    ) -> (any RunningTracker)? {
        let log = routers.log.tracking
        let board = routers.board!
        func take(_ result: TrackingResult) {
            board.set(key, TrackBoard.Finding(isUp: result.isUp, detail: result.detail))
        }
        switch definition {
        case .script(let script):
            guard let command = routers.scriptRules.account(script.command) else {
                take(TrackingResult(isUp: false, detail: "it cannot be run"))
                return nil
            }
            if let flaw = routers.scriptRules.flaw(of: command) {
                // Measured with keepalived 2.2.7 and 2.3.4: instances do not follow it then.
                routers.log.say(
                    .error,
                    "script \(script.name) is not run and counts as good: \(flaw) "
                        + "(enable_script_security)")
                return nil
            }
            if script.beginsFailed { take(TrackingResult(isUp: false, detail: "not run yet")) }
            let settings = ScriptTrackerSettings(
                name: script.name, command: command, interval: script.intervalNanoseconds,
                timeout: script.timeoutNanoseconds, rise: script.rise, fall: script.fall,
                startsFailed: script.beginsFailed)
            return Tracked(
                definition,
                ScriptTracker(settings, on: routers.loop, log: log, onChange: take))
        case .file(let file):
            guard let files else { return nil }
            let settings = FileTrackerSettings(
                name: file.name, path: file.path,
                initial: file.initialization.map {
                    FileTrackerSettings.Initial(
                        value: Int32(clamping: $0.value), isOverwriting: $0.overwrites)
                })
            return Tracked(
                definition,
                FileTracker(settings, watcher: files, on: routers.loop, log: log) { value in
                    board.set(
                        key,
                        TrackBoard.Finding(isUp: value == 0, value: Int(value), detail: "\(value)"))
                })
        case .process(let process):
            guard let pattern = ProcessPattern(process) else { return nil }
            let settings = ProcessTrackerSettings(
                name: process.name, pattern: pattern, quorum: process.quorum,
                quorumMaximum: process.quorumLimit, forkDelay: process.forkDelayNanoseconds,
                terminateDelay: process.terminateDelayNanoseconds)
            return Tracked(
                definition,
                ProcessTracker(
                    settings, watcher: processes, on: routers.loop, log: log, onChange: take))
        case .check(let check):
            guard let settings = CheckTrackerSettings(check) else {
                take(TrackingResult(isUp: false, detail: "its socket's path is too long"))
                return nil
            }
            if check.beginsFailed { take(TrackingResult(isUp: false, detail: "not asked yet")) }
            return Tracked(
                definition, CheckTracker(settings, on: routers.loop, log: log, onChange: take))
        case .martlet(let martlet):
            guard let settings = MartletTrackerSettings(martlet) else {
                take(TrackingResult(isUp: false, detail: "its socket's path is too long"))
                return nil
            }
            if martlet.beginsFailed { take(TrackingResult(isUp: false, detail: "not asked yet")) }
            return Tracked(
                definition,
                MartletTracker(settings, on: routers.loop, log: log) { result in
                    board.set(
                        key,
                        TrackBoard.Finding(
                            isUp: result.isUp, ownWeight: result.weightSum,
                            detail: result.reasons.joined(separator: ", ")))
                })
        }
    }
}

/// A definition of any kind that has a tracker of its own.
enum TrackDefinition: Equatable {
    case script(ScriptDefinition)
    case file(TrackFileDefinition)
    case process(TrackProcessDefinition)
    case check(CheckDefinition)
    case martlet(MartletDefinition)
}

/// What all trackers can do.
protocol RunningTracker {
    func start()
    func stop()
    /// Whether it is the one for a definition.
    func isMade(for definition: TrackDefinition) -> Bool
    /// Its figures; kind, name and result are filled in by the caller.
    var status: TrackerStatus { get }
    /// How many processes there are, or the number in a file.
    var number: Int? { get }
    /// What the result will be when a delay that runs has ended.
    var pending: Bool? { get }
}

/// Something that runs and counts.
protocol CountedTracker: AnyObject {
    func start()
    func stop()
    var counters: TrackingCounters { get }
    /// How many processes there are, or the number in a file.
    var number: Int? { get }
    /// What the result will be when a delay that runs has ended.
    var pending: Bool? { get }
}

extension CountedTracker {
    /// Most things are not counted.
    var number: Int? { nil }
    /// Most results count at once.
    var pending: Bool? { nil }
}

extension ScriptTracker: CountedTracker {}

extension FileTracker: CountedTracker {
    /// The number in the file.
    var number: Int? { Int(value) }
}

extension ProcessTracker: CountedTracker {
    /// The processes that run.
    var number: Int? { count }
}

extension CheckTracker: CountedTracker {}
extension MartletTracker: CountedTracker {}

/// A tracker with the definition it was made for.
private struct Tracked<Tracker: CountedTracker>: RunningTracker {
    let definition: TrackDefinition
    let tracker: Tracker

    init(_ definition: TrackDefinition, _ tracker: Tracker) {
        self.definition = definition
        self.tracker = tracker
    }

    func start() { tracker.start() }
    func stop() { tracker.stop() }
    func isMade(for definition: TrackDefinition) -> Bool { self.definition == definition }
    var number: Int? { tracker.number }
    var pending: Bool? { tracker.pending }

    var status: TrackerStatus {
        var status = TrackerStatus(kind: "", name: "")
        status.detail = tracker.counters.lastDetail
        status.runs = tracker.counters.runs
        status.failures = tracker.counters.failures
        status.lastDurationNanoseconds = tracker.counters.lastDuration
        return status
    }
}

extension ProcessPattern {
    /// What `vrrp_track_process` means.
    init?(_ definition: TrackProcessDefinition) {
        self.init(
            words: [definition.process] + definition.parameters,
            match: definition.parameterMatch.map {
                switch $0 {
                case .exact: .exact
                case .partial: .partial
                case .initial: .initial
                }
            }, fullCommand: definition.comparesCommandLine)
    }
}

extension CheckTrackerSettings {
    /// What `track_check` means; nil where a socket's path is too long.
    init?(_ definition: CheckDefinition) {
        let kind: Kind
        let address: SocketAddress
        switch definition.target {
        case .tcp(let target):
            kind = .tcp
            address = .ip(target)
        case .unix(let path):
            guard let socket = UNIXSocketAddress(.path, name: Array(path.utf8)) else { return nil }
            kind = .tcp
            address = .unix(socket)
        case .http(let request):
            kind = .http(
                HTTPRequest(
                    target: request.target, host: request.host, statuses: request.expected))
            address = .ip(request.address)
        }
        self.init(
            name: definition.name, kind: kind, address: address,
            interval: definition.intervalNanoseconds, timeout: definition.timeoutNanoseconds,
            rise: definition.rise, fall: definition.fall, startsFailed: definition.beginsFailed)
    }
}

extension MartletTrackerSettings {
    /// What `track_martlet` means; nil where the socket's path is too long.
    init?(_ definition: MartletDefinition) {
        guard let socket = UNIXSocketAddress(.path, name: Array(definition.socketPath.utf8)) else {
            return nil
        }
        self.init(
            name: definition.name, socket: .unix(socket),
            interval: definition.intervalNanoseconds, timeout: definition.timeoutNanoseconds,
            reportInterval: definition.intervalNanoseconds, rise: definition.rise,
            fall: definition.fall, startsFailed: definition.beginsFailed)
        pidFile = definition.pidFile
        maximumDelay = definition.loopDelayNanoseconds
        delayWeight = definition.loopDelayWeight ?? 0
        frontends = definition.needsAllListeners ? ["*"] : definition.listeners
        frontendWeight = definition.listenersWeight ?? 0
        listeners = definition.acceptingAddresses.map { .ip($0) }
        listenerWeight = definition.acceptsWeight ?? 0
        backends = definition.backends.map {
            BackendRule(
                backend: $0.name, minimumPercent: $0.minimumPercent, byWeight: $0.countsWeights,
                weight: $0.weight ?? 0)
        }
    }
}
