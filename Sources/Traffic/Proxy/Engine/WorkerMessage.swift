// What a worker can be told, and how the workers' loads are compared.

import Kernel
import Structures
import Synchronization

/// A message for one worker.
enum WorkerMessage: Sendable {
    /// An accepted connection handed over by a busier worker. The receiver owns the descriptor.
    case adopt(
        descriptor: Int32, address: RawSocketAddress, frontend: FrontendLive, bind: BindLive,
        bindIndex: Int32)
    /// A queued stream's turn has come; the server's slot is already charged.
    case granted(stream: Handle, ordinal: Int, backend: BackendLive)
    /// A stream was given a server of a generation that this worker had yet to take up.
    case assign(stream: Handle)
    /// Pass a barrier: the worker is between two turns.
    case turned(TurnBarrier)
    /// List the sessions.
    case list(SessionListing)
    /// End a stream by its number, or all streams on a server.
    case shutdown(SessionShutdown)
}

/// How many client connections each worker holds.
final class WorkerLoads: Sendable {
    private struct Load: ~Copyable {
        let connections = Atomic<Int>(0)
    }
    private let loads: [LoadBox]

    private final class LoadBox: Sendable {
        let load = Load()
    }

    init(workers: Int) { loads = (0..<workers).map { _ in LoadBox() } }

    /// Notes how many client connections a worker holds.
    func set(_ worker: Int, _ connections: Int) {
        loads[worker].load.connections.store(connections, ordering: .relaxed)
    }

    /// The least loaded worker and its load.
    func least() -> (worker: Int, connections: Int) {
        var best = (worker: 0, connections: Int.max)
        for worker in loads.indices {
            let count = loads[worker].load.connections.load(ordering: .relaxed)
            if count < best.connections { best = (worker, count) }
        }
        return best
    }

    /// Client connections of all workers.
    var total: Int {
        var sum = 0
        for box in loads {
            let load = box.load.connections.load(ordering: .relaxed)
            if load != .max { sum += load }
        }
        return sum
    }
}
