// A thread for a worker.

import Kernel

/// A joinable thread.
struct WorkerThread: Sendable {
    private let thread: SystemThread

    /// Starts a thread, pinned to `cores` when any are given.
    static func start(cores: [Int], _ run: @escaping @Sendable () -> Void) -> WorkerThread {
        do throws(Errno) {
            return WorkerThread(
                thread: try SystemThread {
                    // Cores that are not there: it runs where it may.
                    if !cores.isEmpty { try? Cores.bindThread(to: cores) }
                    run()
                })
        } catch {
            preconditionFailure("no thread for a worker: \(error.text)")
        }
    }

    /// Waits until the thread has ended.
    func join() { thread.join() }
}
