// The outcome of a bench run as text, Markdown and JSON.

/// Everything that a bench run found.
public struct BenchReport: Sendable {
    /// Where it ran.
    public let machine: MachineDescription
    /// Who ran, with versions.
    public let versions: [(peer: Peer, version: String)]
    /// How it was measured, in one sentence.
    public let method: String
    /// What came of it.
    public let outcomes: [ScenarioOutcome]

    /// A report.
    public init(
        machine: MachineDescription, versions: [(peer: Peer, version: String)], method: String,
        outcomes: [ScenarioOutcome]
    ) {
        self.machine = machine
        self.versions = versions
        self.method = method
        self.outcomes = outcomes
    }

    private var peers: [Peer] { versions.map(\.peer) }

    /// One row a scenario: the figures side by side and our ratios.
    public var summary: TextTable {
        let others = peers.filter { $0 != .martlet }
        var table = TextTable(
            ["scenario", "unit"] + peers.map(\.rawValue)
                + others.map { "martlet / \($0.rawValue)" } + ["aim"])
        for outcome in outcomes {
            let scenario = outcome.scenario
            let figures = peers.map { peer in
                outcome.figure(of: peer).map { Self.figureText($0, outcome) } ?? "-"
            }
            let ratios = others.map { outcome.ratio(to: $0)?.fixed(2) ?? "-" }
            table.add(
                [scenario.title, Self.unit(of: outcome)] + figures + ratios
                    + [Self.aimText(outcome)])
        }
        return table
    }

    /// One row for each scenario and peer, with everything that was measured under load.
    public var details: TextTable {
        var table = TextTable([
            "scenario", "peer", "CPU", "user", "system", "requests/s", "p50", "p99", "errors",
            "stolen", "others",
        ])
        for outcome in outcomes {
            for (peer, result) in outcome.peers {
                guard case .slices(let slices) = result,
                    let medians = BenchMedians(
                        slices, figure: outcome.scenario.figure,
                        bodyBytes: outcome.scenario.bodyBytes)
                else { continue }
                let decimals = outcome.scenario.figure == .timePerGigabyte ? 3 : 1
                table.add([
                    outcome.scenario.title, peer.rawValue, medians.cost.fixed(decimals),
                    medians.userCost.fixed(decimals), medians.systemCost.fixed(decimals),
                    Int(medians.requestsPerSecond).grouped,
                    duration(microseconds: UInt64(medians.p50)),
                    duration(microseconds: UInt64(medians.p99)), medians.errors.grouped,
                    "\((medians.stolen * 100).fixed(0)) %", "\((medians.others * 100).fixed(0)) %",
                ])
            }
        }
        return table
    }

    /// One row for each scenario and peer whose instructions were counted.
    public var calls: TextTable {
        let groups = CallCounts.Group.allCases
        var table = TextTable(["calls for each request", "peer"] + groups.map(\.rawValue))
        for outcome in outcomes {
            for (peer, result) in outcome.peers {
                guard case .instructions(_, let calls) = result else { continue }
                table.add(
                    [outcome.scenario.title, peer.rawValue] + groups.map { calls[$0].fixed(2) })
            }
        }
        return table
    }

    /// What was not measured, and why; a reason that holds everywhere is said once.
    public var skipped: [String] {
        var reasons: [(name: String, peer: Peer, text: String)] = []
        for outcome in outcomes {
            for (peer, result) in outcome.peers {
                guard case .skipped(let text) = result else { continue }
                reasons.append((outcome.scenario.name, peer, text))
            }
        }
        var lines: [String] = []
        for reason in reasons {
            let same = reasons.filter { $0.peer == reason.peer && $0.text == reason.text }
            let name =
                same.count == outcomes.count && same.count > 1 ? "all scenarios" : reason.name
            let line = "\(name), \(reason.peer.rawValue): \(reason.text)"
            if !lines.contains(line) { lines.append(line) }
        }
        return lines
    }

    private var preamble: [String] {
        let gibibytes = Double(machine.memoryBytes) / 1_073_741_824
        return [
            "\(machine.processor), \(machine.cores) cores, \(gibibytes.fixed(0)) GiB, "
                + "Linux \(machine.kernel).",
            versions.map { "\($0.peer.rawValue): \($0.version)." }.joined(separator: " "), method,
        ]
    }

    /// The report for a terminal.
    public var text: String {
        let notMeasured = skipped.isEmpty ? [] : ["", "not measured:"] + skipped.map { "  " + $0 }
        let detailLines = details.rows.isEmpty ? [] : ["", details.aligned]
        let callLines = calls.rows.isEmpty ? [] : ["", calls.aligned]
        return (preamble + ["", summary.aligned] + detailLines + callLines + notMeasured)
            .joined(separator: "\n")
    }

    /// The report for a page.
    public var markdown: String {
        let notMeasured =
            skipped.isEmpty ? [] : ["", "Not measured:", ""] + skipped.map { "- " + $0 }
        let detailLines =
            details.rows.isEmpty
            ? []
            : [
                "",
                "Medians over the rounds; stolen and others are the parts of the core that the hypervisor and other programs had:",
                "",
                details.markdown,
            ]
        let callLines = calls.rows.isEmpty ? [] : ["", calls.markdown]
        return
            (preamble.map { $0 + "\n" } + [summary.markdown] + detailLines + callLines + notMeasured)
            .joined(separator: "\n")
    }

    /// The report for a program, with every slice.
    public var json: JSONValue {
        .object([
            (
                "machine",
                .object([
                    ("processor", .string(machine.processor)), ("cores", .integer(machine.cores)),
                    ("memoryBytes", .integer(machine.memoryBytes)),
                    ("kernel", .string(machine.kernel)),
                ])
            ),
            ("versions", .object(versions.map { ($0.peer.rawValue, .string($0.version)) })),
            ("method", .string(method)), ("scenarios", .array(outcomes.map(Self.json(of:)))),
        ])
    }

    private static func unit(of outcome: ScenarioOutcome) -> String {
        if outcome.peers.contains(where: {
            if case .instructions = $0.outcome { true } else { false }
        }) {
            return "instructions/request"
        }
        return switch outcome.scenario.figure {
        case .timePerRequest: "us CPU/request"
        case .timePerGigabyte: "s CPU/GB"
        case .memoryPerConnection: "bytes"
        }
    }

    private static func figureText(_ value: Double, _ outcome: ScenarioOutcome) -> String {
        switch unit(of: outcome) {
        case "us CPU/request": value.fixed(1)
        case "s CPU/GB": value.fixed(3)
        default: Int(value.rounded()).grouped
        }
    }

    private static func aimText(_ outcome: ScenarioOutcome) -> String {
        let isInstructions = unit(of: outcome) == "instructions/request"
        let aims =
            isInstructions ? outcome.scenario.instructionAims : outcome.scenario.aims
        if outcome.scenario.figure == .memoryPerConnection, !isInstructions {
            guard let ours = outcome.figure(of: .martlet) else { return "≤ 2,000" }
            return "≤ 2,000: \(ours <= 2000 ? "met" : "missed")"
        }
        return aims.map { aim in
            let verdict =
                outcome.ratio(to: aim.peer).map { $0 <= aim.ratio ? ": met" : ": missed" } ?? ""
            return "\(aim.peer.rawValue) ≤ \(aim.ratio.fixed(2))\(verdict)"
        }.joined(separator: ", ")
    }

    private static func json(of outcome: ScenarioOutcome) -> JSONValue {
        .object([
            ("name", .string(outcome.scenario.name)), ("title", .string(outcome.scenario.title)),
            ("unit", .string(unit(of: outcome))),
            (
                "peers",
                .object(
                    outcome.peers.map { peer, result in
                        (
                            peer.rawValue,
                            .object([
                                ("figure", .optional(outcome.figure(of: peer))),
                                ("ratio", .optional(outcome.ratio(to: peer))),
                                ("measured", json(of: result)),
                            ])
                        )
                    })
            ),
        ])
    }

    private static func json(of result: PeerOutcome) -> JSONValue {
        switch result {
        case .skipped(let reason): .object([("skipped", .string(reason))])
        case .instructions(let count, let calls):
            .object([
                ("instructionsPerRequest", .number(count)),
                (
                    "callsPerRequest",
                    .object(CallCounts.Group.allCases.map { ("\($0)", .number(calls[$0])) })
                ),
            ])
        case .memory(let dirty, let resident):
            .object([
                ("dirtyBytesPerConnection", .array(dirty.map { .number($0) })),
                ("residentBytesPerConnection", .array(resident.map { .number($0) })),
            ])
        case .slices(let slices):
            .array(
                slices.map { slice in
                    .object([
                        ("round", .integer(slice.round)),
                        ("requests", .integer(slice.load.requests)),
                        ("microseconds", .integer(slice.load.microseconds)),
                        ("userSeconds", .number(slice.time.userSeconds)),
                        ("systemSeconds", .number(slice.time.systemSeconds)),
                        ("p50", .integer(slice.load.p50)), ("p90", .integer(slice.load.p90)),
                        ("p99", .integer(slice.load.p99)), ("max", .integer(slice.load.maximum)),
                        ("errors", .integer(slice.load.errors)),
                        ("stolen", .number(slice.stolen)), ("others", .number(slice.others)),
                        ("loggedLines", .integer(slice.loggedLines)),
                    ])
                })
        }
    }
}
