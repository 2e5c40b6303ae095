// Threads of the load tools.

import CLinux
import Glibc

private final class ThreadBody {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Starts a thread that runs `body` to its end; the thread is to be joined once.
@discardableResult
public func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t {
    var thread = pthread_t()
    // Safety: the box is retained here and released by the thread, once.
    let box = unsafe Unmanaged.passRetained(ThreadBody(body)).toOpaque()
    let status = unsafe pthread_create(
        &thread, nil,
        { argument in
            // Safety: the argument is the box retained above.
            let body = unsafe Unmanaged<ThreadBody>.fromOpaque(argument!).takeRetainedValue()
            body.run()
            return nil
        }, box)
    precondition(status == 0, "no thread could be started")
    return thread
}
