// Threads of the load tools.

import Kernel

/// Starts a thread that runs `body` to its end; the thread is to be joined once.
@discardableResult
public func startThread(_ body: @escaping @Sendable () -> Void) -> SystemThread {
    do throws(Errno) {
        return try SystemThread(body)
    } catch {
        preconditionFailure("no thread could be started: \(error.text)")
    }
}
