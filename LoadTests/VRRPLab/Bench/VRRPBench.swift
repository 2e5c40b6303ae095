// Measures our daemon beside keepalived: two routers with one program, and two with the other, in
// turn.

import Glibc
import LoadTesting

/// What can be measured.
public enum VRRPMeasurement: String, Sendable, CaseIterable {
    case kill, killFast = "kill-10ms", stop, heal, many, junk, jitter

    /// What it does.
    public var title: String {
        switch self {
        case .kill: "the master loses power right after an advert; adverts every 100 ms"
        case .killFast: "the same; adverts every 10 ms"
        case .stop: "the master is told to end"
        case .heal: "a partition ends, with the client on the side of the loser"
        case .many: "255 instances on one link: CPU time, memory, and how soon all have moved"
        case .junk: "20,000 random and 20,000 mutated packets, then 50 bad adverts a second"
        case .jitter: "adverts every 10 ms while the other core is busy"
        }
    }
}

/// How to measure.
public struct VRRPBenchOptions: Sendable {
    /// What is measured, in this order.
    public var measurements = VRRPMeasurement.allCases
    /// Rounds of each outage; what takes long has fewer.
    public var rounds = 20
    /// Who is measured.
    public var programs = RouterProgram.allCases

    /// Everything.
    public init() {}
}

/// Runs measurements.
public struct VRRPBench {
    let options: VRRPBenchOptions
    let progress: (String) -> Void
    var report: VRRPReport

    /// Prepares a run; `progress` gets a line now and then.
    public init(_ options: VRRPBenchOptions, progress: @escaping (String) -> Void) {
        self.options = options
        self.progress = progress
        report = VRRPReport(programs: options.programs)
    }

    /// Measures everything that was asked for.
    public mutating func run() -> VRRPReport {
        for measurement in options.measurements {
            progress("\(measurement.rawValue): \(measurement.title)")
            switch measurement {
            case .kill: measureKill("100 ms", interval: "0.1", aim: .atMostPeer)
            case .killFast: measureKill("10 ms", interval: "0.01", aim: .below(60))
            case .stop:
                measureStop(254, 250, aim: .below(10))
                measureStop(150, 100, aim: .atMostPeer)
            case .heal: measureHeal()
            case .many: measureMany()
            case .junk: measureJunk()
            case .jitter: measureJitter()
            }
        }
        return report
    }

    // MARK: - two routers

    /// Two routers and the client, who is served by A.
    struct Pair {
        static let address = "10.9.0.100"

        let program: RouterProgram
        let lab: Lab
        let a: String
        let b: String

        /// Starts both.
        init(
            _ program: RouterProgram, _ a: RouterConfiguration, _ b: RouterConfiguration,
            plan: LabPlan = LabPlan()
        ) throws(LabFailure) {
            self.program = program
            self.a = a.text
            self.b = b.text
            lab = try Lab(plan)
            try lab.probe([Self.address])
            try lab["A"].start(program, self.a)
            _ = Lab.wait(seconds: 10) { lab.server() == "A" }
            try lab["B"].start(program, self.b)
            Lab.pass(seconds: 1)
        }

        /// Waits until A alone serves, and for some time more.
        func settle() throws(LabFailure) {
            let isSettled = Lab.wait(seconds: 10) {
                lab.server() == "A" && lab.owners(of: Self.address) == ["A"]
            }
            if !isSettled {
                // A client that stayed with the loser is helped, as its own cache would in time.
                _ = lab.runOnClient(["ip", "neigh", "flush", "all"])
                let isBack = Lab.wait(seconds: 10) { lab.server() == "A" }
                if !isBack { throw LabFailure("\(program): A does not serve") }
            }
            // Not in step with the adverts.
            Lab.pass(seconds: 0.5 + Double.random(in: 0...0.1))
        }

        /// Starts A again as after a loss of power.
        func restoreA() throws(LabFailure) {
            lab["A"].run(["ip", "address", "delete", "\(Self.address)/24", "dev", "eth0"])
            lab["A"].setLinks(up: true)
            try lab["A"].start(program, a)
        }
    }

    /// Runs rounds, each with every program in turn, and closes the laboratories.
    mutating func rounds(
        _ count: Int, _ make: (RouterProgram) throws(LabFailure) -> Pair,
        _ body: (Pair, inout VRRPReport) throws(LabFailure) -> Void
    ) {
        var pairs: [Pair] = []
        defer { for pair in pairs { pair.lab.close() } }
        for program in options.programs {
            do throws(LabFailure) {
                pairs.append(try make(program))
            } catch {
                report.fail("\(program): \(error)")
            }
        }
        for round in 1...max(count, 1) {
            for (index, pair) in pairs.enumerated().reversed() {
                do throws(LabFailure) {
                    try pair.settle()
                    try body(pair, &report)
                } catch {
                    report.fail("round \(round), \(error)")
                    pairs.remove(at: index).lab.close()
                }
            }
            if round % 5 == 0 { progress("  round \(round)") }
        }
    }

    static func configuration(_ priority: Int, _ interval: String = "0.1") -> RouterConfiguration {
        RouterConfiguration(InstanceText(priority: priority).with { $0.interval = interval })
    }

    /// The outage since a moment, once the client is served by a host for a while.
    static func outage(
        _ pair: Pair, since moment: UInt64, until host: String
    ) throws(LabFailure) -> Double {
        let isServed = Lab.wait(seconds: 10) {
            pair.lab.server() == host
                && pair.lab.outage(since: moment) < Double(Lab.now - moment) / 1e6 - 50
        }
        // What is not back by then never came in time.
        Lab.pass(seconds: isServed ? 0.2 : 0)
        return pair.lab.outage(since: moment)
    }

    private mutating func measureKill(_ name: String, interval: String, aim: VRRPAim) {
        rounds(options.rounds) { program throws(LabFailure) in
            try Pair(
                program, Self.configuration(150, interval), Self.configuration(100, interval))
        } _: { pair, report throws(LabFailure) in
            // Right behind an advert, so that each outage is the longest there can be.
            let before = pair.lab.adverts(from: "A").count
            _ = Lab.wait(seconds: 1) { pair.lab.adverts(from: "A").count > before }
            let moment = Lab.now
            pair.lab["A"].crash()
            let outage = try Self.outage(pair, since: moment, until: "B")
            report.add("outage after a kill, \(name)", "ms", aim: aim, pair.program, outage)
            try pair.restoreA()
        }
    }

    private mutating func measureStop(_ first: Int, _ second: Int, aim: VRRPAim) {
        rounds(options.rounds) { program throws(LabFailure) in
            try Pair(program, Self.configuration(first), Self.configuration(second))
        } _: { pair, report throws(LabFailure) in
            let moment = Lab.now
            pair.lab["A"].beginStop()
            let outage = try Self.outage(pair, since: moment, until: "B")
            report.add(
                "outage after SIGTERM, priorities \(first) and \(second)", "ms", aim: aim,
                pair.program, outage)
            pair.lab["A"].stop()
            let back = Lab.now
            try pair.lab["A"].start(pair.program, pair.a)
            let preemption = try Self.outage(pair, since: back, until: "A")
            report.add(
                "outage when it is back, priorities \(first) and \(second)", "ms", pair.program,
                preemption)
        }
    }

    private mutating func measureHeal() {
        rounds(options.rounds) { program throws(LabFailure) in
            try Pair(program, Self.configuration(150), Self.configuration(100))
        } _: { pair, report throws(LabFailure) in
            let lab = pair.lab
            try lab.partition(["A"], from: ["B", Lab.client])
            if !Lab.wait(seconds: 5, until: { lab.server() == "B" }) {
                throw LabFailure("\(pair.program): B does not serve in a partition")
            }
            Lab.pass(seconds: 0.5 + Double.random(in: 0...0.1))
            let moment = Lab.now
            try lab.heal()
            // Long enough to tell who is late from who stays away.
            _ = Lab.wait(seconds: 3) { lab.server() == "A" }
            Lab.pass(seconds: 0.3)
            let outage = lab.outage(since: moment)
            report.add(
                "outage after a partition", "ms", aim: .below(100), pair.program, outage)
            report.add(
                "clients that stay away", "% of rounds", decimals: 0, pair.program,
                lab.server() == "A" ? 0 : 100)
        }
    }
}
