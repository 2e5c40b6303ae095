// User instructions for each request, counted by callgrind: two runs that differ only in how many
// requests they serve, so that starting and stopping cancel out.

import Glibc
import Kernel

extension Bench {
    private static let fewRequests = 1000
    private static let manyRequests = 5000

    func countInstructions(_ scenario: BenchScenario) -> ScenarioOutcome {
        report("\(scenario.name): instructions for \(scenario.title)")
        var skipped: [Peer: String] = absent
        var counts: [Peer: (Double, CallCounts)] = [:]
        for candidate in candidates {
            switch difference(candidate, scenario) {
            case .success(let count):
                counts[candidate.peer] = count
                report(
                    "  \(candidate.peer.rawValue): \(count.0.fixed(0)) instructions a request, "
                        + count.1.text)
                guard candidate.peer == .martlet else { continue }
                for (call, count) in count.1.callers(atLeast: 0.05) {
                    report("    \(count.fixed(2)) \(call.group.rawValue) in \(call.caller)")
                }
            case .failure(let reason):
                skipped[candidate.peer] = reason.text
                report("  \(candidate.peer.rawValue) skipped: \(reason.text)")
            }
        }
        return outcome(scenario, skipped) { counts[$0].map { .instructions($0.0, calls: $0.1) } }
    }

    private struct Reason: Error { let text: String }

    private func difference(
        _ candidate: Candidate, _ scenario: BenchScenario
    ) -> Result<(Double, CallCounts), Reason> {
        guard let valgrind = findProgram("valgrind") else {
            return .failure(Reason(text: "valgrind is not installed"))
        }
        var totals: [Int] = []
        var calls: [CallCounts] = []
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
                guard let text = readFile(file), let total = callgrindTotal(text) else {
                    return .failure(Reason(text: "callgrind wrote no total"))
                }
                totals.append(total)
                calls.append(CallCounts(callgrind: text))
            }
        }
        let requests = Double(Self.manyRequests - Self.fewRequests)
        return .success(
            (Double(totals[1] - totals[0]) / requests, (calls[1] - calls[0]) / requests))
    }
}
