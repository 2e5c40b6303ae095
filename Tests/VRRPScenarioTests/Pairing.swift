// Which program each host runs, and how many laboratories there are at once.

import Foundation
import Synchronization
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

/// Runs a scenario on a thread of its own, beside a few others: it mostly waits. The thread lives
/// as long as the scenario, as daemons end with the thread that started them.
func inLab(
    _ plan: LabPlan = LabPlan(), _ body: @escaping @Sendable (Lab) throws -> Void
) async throws {
    await places.take()
    defer { places.giveBack() }
    try await withTaskExecutorPreference(ownThread) {
        Lab.hurry()
        try Lab.run(plan, body)
    }
}

/// Runs each part of a task that does not suspend on a new thread.
private final class ThreadExecutor: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let thread = Thread { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
        thread.stackSize = 4 << 20
        thread.start()
    }
}

private let ownThread = ThreadExecutor()

/// Laboratories at once.
private let places = Places(10)

/// A counting semaphore for tasks.
private final class Places: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(free: count)) }

    func take() async {
        await withCheckedContinuation { place in
            let isFree = state.withLock { state in
                if state.free == 0 {
                    state.waiting.append(place)
                    return false
                }
                state.free -= 1
                return true
            }
            if isFree { place.resume() }
        }
    }

    func giveBack() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.waiting.isEmpty {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}

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
