// Changes of maps and access lists while the process runs, by commands and by rules. Whoever
// changes a list holds one short lock; workers read lists without it. A change is seen by all
// workers at once; what it replaced is brought up to date when every worker has ended the turn it
// was in.
//
//     edit → publish ─┬─ every worker passes the barrier ─→ settle → publish what came meanwhile
//                     └─ further edits wait ────────────────────────────↑

import Samples
import Synchronization

/// A point that every worker passes between two turns.
final class TurnBarrier: Sendable {
    private let missing: Atomic<Int>
    private let whenPassed: @Sendable () -> Void

    init(workers: Int, whenPassed: @escaping @Sendable () -> Void) {
        missing = Atomic(workers)
        self.whenPassed = whenPassed
    }

    /// A worker is between two turns, or gone.
    func pass() {
        if missing.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { whenPassed() }
    }
}

/// Guards the lists of patterns of all generations.
///
/// Safety: the stores are touched under the lock only.
public final class PatternEditor: @unchecked Sendable {
    private struct State {
        /// Stores with changes that workers have yet to see everywhere.
        var settling: [PatternStore] = []
        /// A barrier is on its way.
        var isWaiting = false
    }
    private let state = Mutex(State())
    private let workers: Int
    private let send: @Sendable (TurnBarrier) -> Void

    /// - Parameter send: hands a barrier to every worker, to be passed between two turns.
    init(workers: Int, send: @escaping @Sendable (TurnBarrier) -> Void) {
        self.workers = workers
        self.send = send
    }

    /// Changes or reads lists; workers see the changes when this returns, or as soon as those
    /// before them have settled.
    public func edit<R>(_ store: PatternStore, _ body: (PatternStore) -> R) -> R {
        var mustWait = false
        let result = withoutActuallyEscaping(body) { body in
            state.withLock { state -> SendableBox<R> in
                let result = body(store)
                if store.publish(), !state.settling.contains(where: { $0 === store }) {
                    state.settling.append(store)
                }
                mustWait = !state.settling.isEmpty && !state.isWaiting
                if mustWait { state.isWaiting = true }
                return SendableBox(value: result)
            }
        }
        if mustWait { wait() }
        return result.value
    }

    private func wait() {
        send(TurnBarrier(workers: workers) { [self] in settle() })
    }

    private func settle() {
        let mustWait = state.withLock { state in
            state.settling = state.settling.filter { store in
                store.settle()
                return store.publish()
            }
            state.isWaiting = !state.settling.isEmpty
            return state.isWaiting
        }
        if mustWait { wait() }
    }

    /// Gives the lists that only exist at run time (`virt@`) of a next generation what they hold in
    /// the present one; before any worker knows of the next.
    func carryOver(from old: PatternStore?, to next: PatternStore?) {
        guard let old, let next, old !== next else { return }
        state.withLock { _ in
            for source in next.sources where source.kind == .virtual {
                guard let known = old.find(source.name), known.isMap == source.isMap else {
                    continue
                }
                for entry in known.entries() {
                    // What the next generation's methods cannot take is left out.
                    try? source.add(key: entry.key, value: entry.value)
                }
            }
            while next.publish() { next.settle() }
        }
    }
}

/// Carries a value out of a lock.
///
/// Safety: it is used by the thread that holds it.
private struct SendableBox<Value>: @unchecked Sendable {
    let value: Value
}
