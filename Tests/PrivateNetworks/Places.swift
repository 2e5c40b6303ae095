// How many tests may run at once that start whole daemons.

import Foundation
import Synchronization

/// Runs bodies that mostly wait, a few at a time, each on a thread of its own.
public final class Places: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    /// So many places, all free.
    public init(_ count: Int) { state = Mutex(State(free: count)) }

    /// Waits for a free place and runs a body there. Its thread lives as long as the body: daemons
    /// end with the thread that started them.
    public func run(_ body: @escaping @Sendable () throws -> Void) async throws {
        await take()
        defer { giveBack() }
        try await withTaskExecutorPreference(ownThread) { try body() }
    }

    private func take() async {
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

    /// Gives a place to whoever has waited longest.
    private func giveBack() {
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
