// An eventfd: how one thread wakes another that waits in its poller.

import CLinux
import Glibc

/// A counter another thread can bump to make a poller return.
public struct WakeUp: ~Copyable, Sendable {
    /// The number to watch for reading.
    public let number: Int32

    public init() throws(Errno) {
        number = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        if number < 0 { throw Errno.last }
    }

    deinit { _ = Glibc.close(number) }

    /// Wakes the poller; any thread.
    public borrowing func signal() {
        _ = eventfd_write(number, 1)
    }

    /// Resets the counter; the woken thread.
    public borrowing func clear() {
        var value: UInt64 = 0
        // Safety: `value` lives for the duration of the call.
        _ = unsafe eventfd_read(number, &value)
    }
}
