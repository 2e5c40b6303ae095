// The bench: proxies beside each other under the same load. The proxies run on one core, the
// generator and the origin on another; all proxies of a scenario are up at once and are loaded in
// turn, A B C A B C, so that a disturbance of the machine meets all of them.

import CLinux
import Glibc
import Kernel

/// What the bench shall measure.
public struct BenchOptions: Sendable {
    /// Scenarios, in order.
    public var scenarios = BenchScenario.all
    /// Proxies, in the order of a round.
    public var peers = Peer.allCases
    /// Rounds.
    public var rounds = 5
    /// Length of a slice.
    public var seconds = 3
    /// The core of the proxies.
    public var proxyCore = 0
    /// The core of the generator and the origin.
    public var loadCore = 1
    /// Where our binary is.
    public var martletPath = ""
    /// Whether wrk generates the load; otherwise our own generator does.
    public var usesWrk = true
    /// Whether instructions are counted instead of time.
    public var countsInstructions = false
    /// Keep the folder with configurations and outputs.
    public var keepsFolder = false

    /// Everything, beside everybody.
    public init() {}
}

/// Why a bench cannot run at all.
public enum BenchFailure: Error {
    case cannotStart(String)
}

/// Runs a bench.
public struct Bench {
    /// One peer as it can be started here.
    struct Candidate {
        let peer: Peer
        let path: String
        let version: String
    }

    let options: BenchOptions
    let folder: String
    let origins: [Int]
    let logSink: LogSink
    let report: (String) -> Void
    var candidates: [Candidate] = []
    /// Peers that cannot be started here at all, and why.
    var absent: [Peer: String] = [:]
    private let originProcess: ChildProcess

    /// Starts the origin and looks for the proxies. `report` gets lines of progress.
    public init(
        _ options: BenchOptions, report: @escaping (String) -> Void
    ) throws(BenchFailure) {
        self.options = options
        self.report = report
        raiseDescriptorLimit(to: 20_000)
        guard pin(toCore: options.loadCore) else {
            throw .cannotStart("core \(options.loadCore) cannot be used")
        }
        guard let folder = makeTemporaryFolder("martlet-bench") else {
            throw .cannotStart("no folder under /tmp can be made")
        }
        self.folder = folder
        // nginx drops its rights and still writes here.
        // Safety: the path is handed over as a C string that lives for the duration of the call.
        unsafe chmod(folder, 0o777)
        do throws(Errno) {
            logSink = try LogSink()
            originProcess = try ChildProcess(
                [
                    "/proc/\(getpid())/exe", "origin", "--name", "bench", "--listen", "127.0.0.1:0",
                    "--listen", "127.0.0.1:0",
                ], core: options.loadCore, outputPath: "\(folder)/origin.log")
        } catch {
            throw .cannotStart(error.text)
        }
        guard let ports = Self.announcedPorts(originProcess, count: 2) else {
            throw .cannotStart("the origin did not start: \(originProcess.output)")
        }
        origins = ports
        findCandidates()
    }

    /// Measures everything and cleans up.
    public func run() -> BenchReport {
        var outcomes: [ScenarioOutcome] = []
        for scenario in options.scenarios {
            outcomes.append(
                options.countsInstructions
                    ? countInstructions(scenario)
                    : scenario.figure == .memoryPerConnection
                        ? measureMemory(scenario) : measureTime(scenario))
        }
        originProcess.stop()
        if !options.keepsFolder { removeFolder(folder) }
        let generator = options.usesWrk ? "wrk" : "martlet-load"
        let method =
            options.countsInstructions
            ? "User instructions under callgrind: the difference of two runs, by their requests."
            : "\(generator) and the origins on core \(options.loadCore), one worker of each proxy on "
                + "core \(options.proxyCore), \(options.rounds) rounds of \(options.seconds) s in "
                + "turn, medians."
        return BenchReport(
            machine: .here(), versions: candidates.map { ($0.peer, $0.version) }, method: method,
            outcomes: outcomes)
    }

    // MARK: Time

    private func measureTime(_ scenario: BenchScenario) -> ScenarioOutcome {
        report("\(scenario.name): \(scenario.title)")
        var running: [Peer: RunningPeer] = [:]
        var skipped: [Peer: String] = absent
        for candidate in candidates {
            switch start(candidate, scenario) {
            case .running(let peer): running[candidate.peer] = peer
            case .skipped(let reason):
                skipped[candidate.peer] = reason
                report("  \(candidate.peer.rawValue) skipped: \(reason)")
            }
        }
        var slices: [Peer: [BenchSlice]] = [:]
        for candidate in candidates {
            guard let peer = running[candidate.peer] else { continue }
            _ = load(scenario, port: peer.port, seconds: 1)
        }
        for round in 1...options.rounds {
            for candidate in candidates {
                guard let peer = running[candidate.peer] else { continue }
                guard let slice = measureSlice(scenario, peer, round: round) else {
                    skipped[candidate.peer] = "died or gave no answer in round \(round)"
                    running[candidate.peer] = nil
                    peer.process.stop()
                    continue
                }
                slices[candidate.peer, default: []].append(slice)
                reportSlice(scenario, candidate.peer, slice)
            }
        }
        for peer in running.values { peer.process.stop() }
        return outcome(scenario, skipped) { slices[$0].map(PeerOutcome.slices) }
    }

    private func measureSlice(
        _ scenario: BenchScenario, _ peer: RunningPeer, round: Int
    ) -> BenchSlice? {
        let loggedBefore = logSink.count
        guard let timeBefore = ProcessReadings.treeTime(of: peer.process.pid),
            let coreBefore = ProcessReadings.coreTimes(options.proxyCore)
        else { return nil }
        let load = load(scenario, port: peer.port, seconds: options.seconds)
        guard let load, load.requests > 0,
            let timeAfter = ProcessReadings.treeTime(of: peer.process.pid),
            let coreAfter = ProcessReadings.coreTimes(options.proxyCore)
        else { return nil }
        let time = timeAfter - timeBefore
        let own = time.totalSeconds / (coreAfter.seconds - coreBefore.seconds)
        return BenchSlice(
            round: round, load: load, time: time,
            stolen: coreAfter.stolenFraction(since: coreBefore),
            others: max(0, coreAfter.busyFraction(since: coreBefore) - own),
            loggedLines: logSink.count - loggedBefore)
    }

    private func reportSlice(_ scenario: BenchScenario, _ peer: Peer, _ slice: BenchSlice) {
        guard
            let figures = BenchMedians(
                [slice], figure: scenario.figure, bodyBytes: scenario.bodyBytes)
        else { return }
        let unit = scenario.figure == .timePerGigabyte ? "s/GB" : "us/request"
        let decimals = scenario.figure == .timePerGigabyte ? 3 : 1
        let logged = scenario.logs ? ", \(slice.loggedLines) log lines" : ""
        report(
            "  round \(slice.round) \(peer.rawValue): \(figures.cost.fixed(decimals)) \(unit) "
                + "(user \(figures.userCost.fixed(decimals)), "
                + "system \(figures.systemCost.fixed(decimals))), "
                + "\(Int(figures.requestsPerSecond)) requests/s, p99 \(slice.load.p99) us, "
                + "\(slice.load.errors) errors, \((slice.stolen * 100).fixed(0)) % stolen, "
                + "\((slice.others * 100).fixed(0)) % others\(logged)")
    }

    /// Loads a port; `nil` when the generator failed.
    func load(_ scenario: BenchScenario, port: Int, seconds: Int) -> WrkReport? {
        guard options.usesWrk, let wrk = findProgram("wrk") else {
            return loadByOurselves(scenario, port: port) { $0.milliseconds = seconds * 1000 }
        }
        let scriptPath = "\(folder)/report.lua"
        writeFile(scriptPath, WrkReport.script)
        let command = WrkReport.command(
            wrk: wrk, scenario: scenario, port: port, seconds: seconds, scriptPath: scriptPath)
        do throws(Errno) {
            let (_, output) = try ChildProcess.run(
                command, core: options.loadCore, outputPath: "\(folder)/wrk.log",
                atMostSeconds: Double(seconds + 15))
            return WrkReport(output: output)
        } catch {
            return nil
        }
    }

    /// Loads a port with our own generator, bounded by what `bound` sets.
    func loadByOurselves(
        _ scenario: BenchScenario, port: Int, bound: (inout LoadPlan) -> Void
    ) -> WrkReport? {
        var form = LoadTarget.RequestForm()
        form.fields = scenario.fields
        form.keepsAlive = scenario.keepsAlive
        guard let target = LoadTarget(url: "http://127.0.0.1:\(port)\(scenario.path)", form: form)
        else { return nil }
        var plan = LoadPlan(targets: [target])
        plan.connections = scenario.connections
        plan.keepsAlive = scenario.keepsAlive
        bound(&plan)
        do throws(Errno) {
            var generator = try Generator(plan)
            return WrkReport(generator.run())
        } catch {
            return nil
        }
    }

    // MARK: Memory

    private func measureMemory(_ scenario: BenchScenario) -> ScenarioOutcome {
        report("\(scenario.name): \(scenario.title)")
        var skipped: [Peer: String] = absent
        var dirty: [Peer: [Double]] = [:]
        var resident: [Peer: [Double]] = [:]
        for round in 1...min(options.rounds, 3) {
            for candidate in candidates where skipped[candidate.peer] == nil {
                switch start(candidate, scenario) {
                case .skipped(let reason): skipped[candidate.peer] = reason
                case .running(let peer):
                    if let growth = idleGrowth(scenario, peer) {
                        dirty[candidate.peer, default: []].append(growth.dirty)
                        resident[candidate.peer, default: []].append(growth.resident)
                        report(
                            "  round \(round) \(candidate.peer.rawValue): "
                                + "\(growth.dirty.fixed(0)) bytes written, "
                                + "\(growth.resident.fixed(0)) bytes resident")
                    } else {
                        skipped[candidate.peer] = "not every connection was answered"
                    }
                    peer.process.stop()
                }
                if let reason = skipped[candidate.peer] {
                    report("  \(candidate.peer.rawValue) skipped: \(reason)")
                }
            }
        }
        return outcome(scenario, skipped) { peer in
            dirty[peer].map { .memory(dirty: $0, resident: resident[peer] ?? []) }
        }
    }

    /// Growth of memory for each connection that had a request and is kept open; `nil` when one
    /// was not answered.
    private func idleGrowth(
        _ scenario: BenchScenario, _ peer: RunningPeer
    ) -> (dirty: Double, resident: Double)? {
        guard let before = ProcessReadings.treeFootprint(of: peer.process.pid),
            var clients = IdleClients(port: peer.port, path: scenario.path),
            clients.open(scenario.connections, atOnce: scenario.isBurst)
        else { return nil }
        // What is freed a moment later is not the price of being idle.
        usleep(2_000_000)
        guard let after = ProcessReadings.treeFootprint(of: peer.process.pid) else { return nil }
        let count = Double(scenario.connections)
        clients.close()
        return (
            Double(after.dirtyBytes - before.dirtyBytes) / count,
            Double(after.residentBytes - before.residentBytes) / count
        )
    }

    func outcome(
        _ scenario: BenchScenario, _ skipped: [Peer: String], measured: (Peer) -> PeerOutcome?
    ) -> ScenarioOutcome {
        ScenarioOutcome(
            scenario: scenario,
            peers: options.peers.map { peer in
                (peer, skipped[peer].map { .skipped($0) } ?? measured(peer) ?? .skipped("nothing"))
            })
    }

    /// The ports in the origin's first lines; `nil` when they do not come.
    private static func announcedPorts(_ process: ChildProcess, count: Int) -> [Int]? {
        for _ in 0..<500 {
            let ports = process.output.split(separator: "\n").compactMap { line in
                line.split(separator: ":").last.flatMap { Int($0) }
            }
            if ports.count == count { return ports }
            usleep(10_000)
        }
        return nil
    }
}

extension WrkReport {
    /// What our own generator found, in wrk's terms.
    public init(_ report: LoadReport) {
        requests = report.answered
        microseconds = Int(report.elapsedSeconds * 1e6)
        receivedBytes = report.receivedBytes
        errors = report.failed + report.errorStatuses
        p50 = Int(report.latency.percentile(50) ?? 0)
        p90 = Int(report.latency.percentile(90) ?? 0)
        p99 = Int(report.latency.percentile(99) ?? 0)
        maximum = Int(report.latency.maximumMicroseconds)
    }
}

/// Lets the calling thread, and what it starts, run on one core only.
func pin(toCore core: Int) -> Bool {
    guard core >= 0, core < 1024 else { return false }
    var mask = [UInt8](repeating: 0, count: 128)
    mask[core / 8] = 1 << UInt8(core % 8)
    // Safety: the mask is as long as it says.
    return unsafe mask.withUnsafeBytes {
        unsafe sched_setaffinity(0, UInt($0.count), $0.baseAddress)
    } == 0
}
