// What fetches ask of the process and of the worker that runs them.

import Kernel
import Structures
import Synchronization

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Number of the worker, from 0.
    public var workerNumber: Int { unsafe worker.pointee.number }

    /// Whether the process is about to end.
    public var isStopping: Bool { unsafe worker.pointee.engine.isStoppingNow }

    /// Seconds since the process began.
    public var uptimeSeconds: Int {
        let started = unsafe worker.pointee.process._withUnsafeGuaranteedRef { $0.started }
        return Int((now &- min(started.milliseconds, now)) / 1000)
    }

    /// A number drawn at random; not for secrets.
    public func random() -> UInt64 { unsafe worker.pointee.random.next() }
}
