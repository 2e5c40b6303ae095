// User instructions for each request, counted by callgrind: two runs that differ only in how many
// requests they serve, so that starting and stopping cancel out.

import Glibc
import Kernel

/// The sum in a file that callgrind wrote; `nil` when it has none.
public func callgrindTotal(_ text: String) -> Int? {
    for line in text.split(separator: "\n")
    where line.hasPrefix("summary:") || line.hasPrefix("totals:") {
        return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }
    return nil
}

extension Bench {
    private static let fewRequests = 1000
    private static let manyRequests = 5000

    func countInstructions(_ scenario: BenchScenario) -> ScenarioOutcome {
        report("\(scenario.name): instructions for \(scenario.title)")
        var skipped: [Peer: String] = absent
        var counts: [Peer: Double] = [:]
        for candidate in candidates {
            switch difference(candidate, scenario) {
            case .success(let count):
                counts[candidate.peer] = count
                report("  \(candidate.peer.rawValue): \(count.fixed(0)) instructions a request")
            case .failure(let reason):
                skipped[candidate.peer] = reason.text
                report("  \(candidate.peer.rawValue) skipped: \(reason.text)")
            }
        }
        return outcome(scenario, skipped) { counts[$0].map(PeerOutcome.instructions) }
    }

    private struct Reason: Error { let text: String }

    private func difference(
        _ candidate: Candidate, _ scenario: BenchScenario
    ) -> Result<Double, Reason> {
        guard let valgrind = findProgram("valgrind") else {
            return .failure(Reason(text: "valgrind is not installed"))
        }
        var totals: [Int] = []
        for requests in [Self.fewRequests, Self.manyRequests] {
            let file = "\(folder)/callgrind-\(candidate.peer.rawValue)-\(requests).out"
            let wrapper = [valgrind, "--tool=callgrind", "--callgrind-out-file=\(file)"]
            switch start(candidate, scenario, under: wrapper) {
            case .skipped(let reason): return .failure(Reason(text: reason))
            case .running(let peer):
                let load = loadByOurselves(scenario, port: peer.port) {
                    $0.requests = requests
                    $0.connections = 32
                    $0.timeoutMilliseconds = 60_000
                }
                peer.process.stop(atMostSeconds: 30)
                guard load?.requests == requests else {
                    let answered = load?.requests ?? 0
                    return .failure(Reason(text: "\(answered) of \(requests) requests answered"))
                }
                guard let total = readFile(file).flatMap(callgrindTotal) else {
                    return .failure(Reason(text: "callgrind wrote no total"))
                }
                totals.append(total)
            }
        }
        let requests = Double(Self.manyRequests - Self.fewRequests)
        return .success(Double(totals[1] - totals[0]) / requests)
    }
}
