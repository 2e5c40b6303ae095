// Threads of the system, for what runs beside a loop.

import Glibc

/// A joinable thread.
public struct SystemThread: Sendable {
    private let thread: UInt

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread; fails when the system has no room for one.
    public init(_ run: @escaping @Sendable () -> Void) throws(Errno) {
        var thread = pthread_t()
        // Safety: the body is retained here and released once, by the thread that runs it or, where
        // there is none, below.
        let body = unsafe Unmanaged.passRetained(Body(run))
        let status = unsafe pthread_create(
            &thread, nil,
            { argument in
                let body = unsafe Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue()
                body.run()
                return nil
            }, body.toOpaque())
        if status != 0 {
            unsafe body.release()
            throw Errno(status)
        }
        self.thread = thread
    }

    /// Waits until the thread has ended. Once only, and not after ``detach()``.
    public func join() { _ = pthread_join(thread, nil) }

    /// Lets it end by itself, without being waited for.
    public func detach() { _ = pthread_detach(thread) }
}
