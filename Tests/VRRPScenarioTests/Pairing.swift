// Which program each host runs, and how many laboratories there are at once.

import Foundation
import PrivateNetworks
import Testing
import VRRPLab

/// The programs of two hosts.
struct Pairing: Sendable, CustomTestStringConvertible {
    /// On A, which is mostly the one with the higher priority.
    let a: RouterProgram
    /// On B.
    let b: RouterProgram

    var testDescription: String { "\(a) and \(b)" }

    /// Whether both programs are there.
    private var isPossible: Bool { a.path != nil && b.path != nil }

    /// keepalived with itself, which proves a scenario where keepalived is known to pass.
    static let proof = [Pairing(a: .keepalived, b: .keepalived)].filter(\.isPossible)
    /// Ours with itself, and with keepalived in both roles.
    static let ours = [
        Pairing(a: .martlet, b: .martlet), Pairing(a: .martlet, b: .keepalived),
        Pairing(a: .keepalived, b: .martlet),
    ].filter(\.isPossible)
    /// Ours with itself.
    static let alone = [Pairing(a: .martlet, b: .martlet)].filter(\.isPossible)
    /// Ours with whatever stands beside it.
    static let oursFirst = ours.filter { $0.a == .martlet }
    /// All four.
    static let all = proof + ours
}

extension Trait where Self == ConditionTrait {
    /// Skips what needs keepalived, or namespaces that nobody may make here.
    static var inLaboratory: Self {
        .enabled(
            if: isRoot && RouterProgram.keepalived.path != nil,
            "needs root and keepalived, to make namespaces and to compare")
    }

    /// Skips what needs our binary while there is none.
    static var needsOurs: Self {
        .enabled(
            if: isRoot && RouterProgram.martlet.path != nil, "martlet-vrrp has not been built")
    }

    private static var isRoot: Bool { geteuid() == 0 }
}

/// Runs a scenario beside a few others.
func inLab(
    _ plan: LabPlan = LabPlan(), _ body: @escaping @Sendable (Lab) throws -> Void
) async throws {
    try await places.run {
        Lab.hurry()
        try Lab.run(plan, body)
    }
}

/// Laboratories at once.
private let places = Places(10)

/// What a failed expectation shows of all hosts: the ends of their logs, repeated lines once.
func evidence(_ lab: Lab) -> Comment {
    let logs = lab.hosts.map { host in
        var lines: [(text: Substring, count: Int)] = []
        for line in host.log.split(separator: "\n") {
            // keepalived puts the time before each line.
            let text = line.firstRange(of: " 20").map { line[$0.upperBound...].dropFirst(4) }
            if lines.last?.text == text ?? line {
                lines[lines.count - 1].count += 1
            } else {
                lines.append((text ?? line, 1))
            }
        }
        let shown = lines.suffix(25).map {
            $0.count == 1 ? "\($0.text)" : "\($0.text) x \($0.count)"
        }
        return "\(host.name):\n" + shown.joined(separator: "\n")
    }
    return Comment(rawValue: logs.joined(separator: "\n"))
}

/// The text of a file.
func readText(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
