// What one peer did in one slice of a scenario, and the medians over its slices.

/// One peer's slice of one round.
public struct BenchSlice: Sendable, Equatable {
    /// Counted from one.
    public var round: Int
    /// What the generator saw.
    public var load: WrkReport
    /// CPU time of the proxy's whole process tree.
    public var time: ProcessTreeTime
    /// Part of the proxy core's time that the hypervisor took, 0 to 1.
    public var stolen: Double
    /// Part of the proxy core's time that other programs of this machine used, 0 to 1. They cost
    /// the proxy its caches, so that a slice with a large part is worth less.
    public var others: Double
    /// Log lines that arrived.
    public var loggedLines: Int

    /// A slice.
    public init(
        round: Int, load: WrkReport, time: ProcessTreeTime, stolen: Double, others: Double = 0,
        loggedLines: Int = 0
    ) {
        self.round = round
        self.load = load
        self.time = time
        self.stolen = stolen
        self.others = others
        self.loggedLines = loggedLines
    }
}

/// Medians over a peer's slices.
public struct BenchMedians: Sendable, Equatable {
    /// CPU for each request in microseconds, or for each 10^9 bytes in seconds.
    public let cost: Double
    /// The part in user mode.
    public let userCost: Double
    /// The part in the kernel.
    public let systemCost: Double
    /// Answers each second.
    public let requestsPerSecond: Double
    /// Latencies in microseconds.
    public let p50: Double
    public let p99: Double
    /// Failures in all slices together.
    public let errors: Int
    /// Part of the time that was stolen.
    public let stolen: Double
    /// Part of the time that other programs used.
    public let others: Double

    /// `nil` when no slice answered anything.
    public init?(_ slices: [BenchSlice], figure: BenchScenario.Figure, bodyBytes: Int) {
        let useful = slices.filter { $0.load.requests > 0 && $0.load.microseconds > 0 }
        guard !useful.isEmpty else { return nil }
        func middle(_ value: (BenchSlice) -> Double) -> Double { median(useful.map(value)) ?? 0 }
        func each(_ seconds: Double, _ slice: BenchSlice) -> Double {
            let requests = Double(slice.load.requests)
            return figure == .timePerGigabyte
                ? seconds / (requests * Double(bodyBytes) / 1e9) : seconds * 1e6 / requests
        }
        cost = middle { each($0.time.totalSeconds, $0) }
        userCost = middle { each($0.time.userSeconds, $0) }
        systemCost = middle { each($0.time.systemSeconds, $0) }
        requestsPerSecond = middle {
            Double($0.load.requests) * 1e6 / Double($0.load.microseconds)
        }
        p50 = middle { Double($0.load.p50) }
        p99 = middle { Double($0.load.p99) }
        errors = slices.reduce(0) { $0 + $1.load.errors }
        stolen = middle { $0.stolen }
        others = middle { $0.others }
    }
}

/// What came of one peer in one scenario.
public enum PeerOutcome: Sendable, Equatable {
    /// Slices of CPU time under load.
    case slices([BenchSlice])
    /// Growth of memory for each idle connection in bytes: written pages, and all present pages.
    case memory(dirty: [Double], resident: [Double])
    /// User instructions for each request, and calls for each request by group.
    case instructions(Double, calls: CallCounts)
    /// Not measured, and why.
    case skipped(String)
}

/// What came of one scenario.
public struct ScenarioOutcome: Sendable {
    /// The scenario.
    public let scenario: BenchScenario
    /// Outcomes in the order of peers.
    public var peers: [(peer: Peer, outcome: PeerOutcome)]

    /// An outcome.
    public init(scenario: BenchScenario, peers: [(peer: Peer, outcome: PeerOutcome)]) {
        self.scenario = scenario
        self.peers = peers
    }

    /// The figure of a peer that everything is compared by; `nil` where it was not measured.
    public func figure(of peer: Peer) -> Double? {
        switch peers.first(where: { $0.peer == peer })?.outcome {
        case .slices(let slices):
            BenchMedians(slices, figure: scenario.figure, bodyBytes: scenario.bodyBytes)?.cost
        case .memory(let dirty, _): median(dirty)
        case .instructions(let count, _): count
        case .skipped, nil: nil
        }
    }

    /// Our figure in parts of a peer's; `nil` where either was not measured.
    public func ratio(to peer: Peer) -> Double? {
        guard let ours = figure(of: .martlet), let theirs = figure(of: peer), theirs > 0 else {
            return nil
        }
        return ours / theirs
    }
}
