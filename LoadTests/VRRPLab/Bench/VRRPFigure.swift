// What a run of measurements found, and how it reads.

import Kernel
import LoadTesting

/// What a figure of ours has to reach.
public enum VRRPAim: Sendable, Equatable {
    /// Every value is below this.
    case below(Double)
    /// The median is at most that of keepalived in the same run, but for a hundredth, which is
    /// noise.
    case atMostPeer
}

/// One thing that was measured, for each program.
public struct VRRPFigure: Sendable {
    /// What it is.
    public let title: String
    public let unit: String
    /// Digits behind the point.
    public let decimals: Int
    public let aim: VRRPAim?
    /// One value of each round.
    public fileprivate(set) var values: [RouterProgram: [Double]] = [:]

    /// The median of a program and its extremes; `nil` when it was not measured.
    func text(of program: RouterProgram) -> String? {
        guard let all = values[program], let middle = median(all), let low = all.min(),
            let high = all.max()
        else { return nil }
        if all.count == 1 { return middle.fixed(decimals) }
        return "\(middle.fixed(decimals)) (\(low.fixed(decimals))–\(high.fixed(decimals)))"
    }

    /// Whether ours reaches the aim; `nil` when there is none, or nothing to judge by.
    public var isMet: Bool? {
        guard let ours = values[.martlet], let highest = ours.max(), let middle = median(ours)
        else { return nil }
        switch aim {
        case .below(let limit): return highest < limit
        case .atMostPeer: return values[.keepalived].flatMap(median).map { middle <= $0 * 1.01 }
        case nil: return nil
        }
    }

    fileprivate var aimText: String {
        let verdict = isMet.map { $0 ? ": met" : ": missed" } ?? ""
        return switch aim {
        case .below(let limit): "< \(limit.fixed(limit < 10 ? 1 : 0))\(verdict)"
        case .atMostPeer: "≤ keepalived\(verdict)"
        case nil: ""
        }
    }
}

/// All figures of a run.
public struct VRRPReport: Sendable {
    /// The programs, in the order of the columns.
    public let programs: [RouterProgram]
    public private(set) var figures: [VRRPFigure] = []
    /// What could not be measured, and why.
    public private(set) var failures: [String] = []
    private let versions: [String]
    private let machine = MachineDescription.here()

    init(programs: [RouterProgram]) {
        self.programs = programs
        // With the folder of the binary, which tells how it was built.
        versions = programs.map { program in
            let place = (program.path ?? "").split(separator: "/").suffix(2)
            return "\(program): \(program.version), \(place.joined(separator: "/"))"
        }
    }

    /// Notes a value.
    mutating func add(
        _ title: String, _ unit: String, decimals: Int = 1, aim: VRRPAim? = nil,
        _ program: RouterProgram, _ value: Double
    ) {
        let index =
            figures.firstIndex { $0.title == title && $0.unit == unit } ?? figures.endIndex
        if index == figures.endIndex {
            figures.append(VRRPFigure(title: title, unit: unit, decimals: decimals, aim: aim))
        }
        figures[index].values[program, default: []].append(value)
    }

    /// Notes what could not be measured.
    mutating func fail(_ reason: String) { failures.append(reason) }

    /// Whether every aim that could be judged is reached.
    public var isGood: Bool { figures.allSatisfy { $0.isMet != false } && failures.isEmpty }

    private var table: TextTable {
        var table = TextTable(
            ["figure", "unit"] + programs.map(\.description) + ["rounds", "aim"])
        for figure in figures {
            let rounds = figure.values.values.map(\.count).max() ?? 0
            table.add(
                [figure.title, figure.unit]
                    + programs.map { figure.text(of: $0) ?? "-" } + ["\(rounds)", figure.aimText])
        }
        return table
    }

    private var preamble: [String] {
        let gibibytes = Double(machine.memoryBytes) / 1_073_741_824
        return [
            "\(machine.processor), \(machine.cores) cores, \(gibibytes.fixed(0)) GiB, "
                + "Linux \(machine.kernel).",
            versions.map { $0 + "." }.joined(separator: " "),
            "Two routers with the same program, in turn with the other one; the client asks every "
                + "millisecond. Medians, with the least and the most of the rounds.",
        ]
    }

    /// The report for a terminal.
    public var text: String {
        let missing = failures.isEmpty ? [] : ["", "not measured:"] + failures.map { "  " + $0 }
        return (preamble + ["", table.aligned] + missing).joined(separator: "\n")
    }

    /// The report for a page, under a heading with the date.
    public var markdown: String {
        let missing =
            failures.isEmpty ? [] : ["", "Not measured:", ""] + failures.map { "- " + $0 }
        return
            (["# Virtual addresses beside keepalived, \(Self.today())", ""]
            + preamble.map { $0 + "\n" }
            + [table.markdown] + missing).joined(separator: "\n")
    }

    /// Today in universal time, as 2026-11-27.
    private static func today() -> String {
        var day = Int(Clock.calendarMicroseconds() / 86_400_000_000)
        func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
        var year = 1970
        while day >= (isLeap(year) ? 366 : 365) {
            day -= isLeap(year) ? 366 : 365
            year += 1
        }
        let lengths = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        var month = 0
        while day >= lengths[month] {
            day -= lengths[month]
            month += 1
        }
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(year)-\(two(month + 1))-\(two(day + 1))"
    }
}
