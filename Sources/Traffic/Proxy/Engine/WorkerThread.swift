// A thread for a worker.

import CLinux
import Glibc

/// A joinable thread.
struct WorkerThread: Sendable {
    private let thread: UInt

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread, pinned to `cores` when any are given.
    static func start(cores: [Int], _ run: @escaping @Sendable () -> Void) -> WorkerThread {
        var thread = pthread_t()
        let body = Body {
            pin(to: cores)
            run()
        }
        // Safety: the body is retained here and released by the thread that runs it, once.
        let status = unsafe pthread_create(
            &thread, nil,
            { argument in
                let body = unsafe Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue()
                body.run()
                return nil
            }, Unmanaged.passRetained(body).toOpaque())
        precondition(status == 0, "no thread for a worker")
        return WorkerThread(thread: thread)
    }

    /// Waits until the thread has ended.
    func join() { _ = pthread_join(thread, nil) }

    private static func pin(to cores: [Int]) {
        guard !cores.isEmpty else { return }
        var mask = [UInt64](repeating: 0, count: 16)
        for core in cores where core >= 0 && core < 1024 {
            mask[core / 64] |= 1 << UInt64(core % 64)
        }
        // Safety: the mask is 128 bytes and lives for the duration of the call.
        _ = unsafe mask.withUnsafeBufferPointer {
            unsafe sched_setaffinity(0, 128, $0.baseAddress)
        }
    }
}
