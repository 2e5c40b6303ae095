// What a run of misbehaving clients did to the server, and the verdict.

/// One look at the watched process.
public struct ChaosSample: Sendable, Equatable {
    /// Seconds since the beginning.
    public let second: Double
    /// Memory present.
    public let residentBytes: Int
    /// Open descriptors.
    public let descriptors: Int

    /// A look.
    public init(second: Double, residentBytes: Int, descriptors: Int) {
        self.second = second
        self.residentBytes = residentBytes
        self.descriptors = descriptors
    }
}

/// Everything that a run found.
public struct ChaosReport: Sendable {
    /// The seed that repeats the clients' choices.
    public var seed: UInt64 = 0
    /// Clients by behaviour.
    public var clients: [ChaosBehaviour: Int] = [:]
    /// Good clients that got no whole answer.
    public var failedGoodClients = 0
    /// Clients that were still at it when their time was over, by behaviour.
    public var stuckClients: [ChaosBehaviour: Int] = [:]
    /// Looks at the process while clients were there.
    public var samples: [ChaosSample] = []
    /// The look before the first client.
    public var before: ChaosSample?
    /// The look after the last, when connections had time to end.
    public var after: ChaosSample?
    /// Part of a core that the process used when nobody was there any more.
    public var idleCPU: Double?
    /// Part of a core that the process used while its descriptors were used up.
    public var exhaustedCPU: Double?
    /// Whether the process was there at the end; `nil` when none was watched.
    public var isAlive: Bool?
    /// Client connections that the server counts when nobody is there any more; `nil` when it was
    /// not asked or did not say.
    public var countedConnections: Int?
    /// Requests sent afterwards, and how many of them were answered.
    public var probes = (sent: 0, answered: 0)
    /// Descriptors that may stay open in pools.
    public var allowedDescriptors = 0

    /// A report of nothing.
    public init() {}

    /// One line of the verdict.
    public struct Finding: Sendable, Equatable {
        /// Whether it is as it should be.
        public let isGood: Bool
        /// What was looked at.
        public let text: String
    }

    /// Growth of memory from the second quarter of the run, when pools are full, to the last: part
    /// and bytes. `nil` when there are too few looks.
    public var growth: (fraction: Double, bytes: Int)? {
        guard samples.count >= 8 else { return nil }
        let quarter = samples.count / 4
        func middle(_ part: ArraySlice<ChaosSample>) -> Double {
            median(part.map { Double($0.residentBytes) }) ?? 0
        }
        let early = middle(samples[quarter..<(2 * quarter)])
        let late = middle(samples[(samples.count - quarter)...])
        guard early > 0 else { return nil }
        return (late / early - 1, Int(late - early))
    }

    /// Everything that was judged.
    public var findings: [Finding] {
        var list: [Finding] = []
        func add(_ isGood: Bool, _ text: String) {
            list.append(Finding(isGood: isGood, text: text))
        }
        if let isAlive { add(isAlive, isAlive ? "the process is there" : "the process is gone") }
        add(
            failedGoodClients == 0,
            "\(failedGoodClients.grouped) good clients got no whole answer")
        let stuck = stuckClients.filter { $0.key.mustSucceed }.values.reduce(0, +)
        add(stuck == 0, "\(stuck.grouped) good clients waited in vain")
        add(
            probes.answered == probes.sent,
            "\(probes.answered) of \(probes.sent) requests answered afterwards")
        if let growth {
            let isFlat = growth.fraction <= 0.1 || growth.bytes <= 4_000_000
            add(
                isFlat,
                "memory grew by \((growth.fraction * 100).fixed(1)) % "
                    + "(\((growth.bytes / 1024).grouped) kB) from the second quarter to the last")
        }
        if let before, let after {
            let left = after.descriptors - before.descriptors
            add(
                left <= allowedDescriptors,
                "\(left.grouped) descriptors more than before (\(allowedDescriptors) allowed)")
        }
        if let countedConnections {
            add(
                countedConnections == 0,
                "\(countedConnections.grouped) connections that nobody has counted by the server")
        }
        if let idleCPU {
            add(idleCPU < 0.2, "\((idleCPU * 100).fixed(0)) % of a core used afterwards")
        }
        if let exhaustedCPU {
            add(
                exhaustedCPU < 0.5,
                "\((exhaustedCPU * 100).fixed(0)) % of a core used without descriptors")
        }
        return list
    }

    /// Whether everything is as it should be.
    public var isGood: Bool { findings.allSatisfy(\.isGood) }

    /// The report for a terminal.
    public var text: String {
        var lines = ["seed \(seed)"]
        for (behaviour, count) in clients.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            let stuck = stuckClients[behaviour].map { ", \($0) to the end of their time" } ?? ""
            lines.append("  \(behaviour.rawValue): \(count.grouped) clients\(stuck)")
        }
        if let last = samples.last {
            let peak = samples.map(\.residentBytes).max() ?? 0
            lines.append(
                "memory \((last.residentBytes / 1024).grouped) kB, at most "
                    + "\((peak / 1024).grouped) kB; descriptors \(last.descriptors)")
        }
        for finding in findings {
            lines.append("\(finding.isGood ? "good" : "BAD "): \(finding.text)")
        }
        lines.append(isGood ? "verdict: good" : "verdict: bad")
        return lines.joined(separator: "\n")
    }
}
