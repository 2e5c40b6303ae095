// The errors of system calls as values.

import CLinux
import Glibc

/// An error number of a system call.
@frozen
public struct Errno: Error, Equatable, Sendable {
    public let code: Int32

    @inlinable
    public init(_ code: Int32) { self.code = code }

    /// The calling thread's last error.
    public static var last: Errno { Errno(errno) }

    public static let connectionRefused = Errno(ECONNREFUSED)
    public static let addressInUse = Errno(EADDRINUSE)
    public static let tooManyFilesProcess = Errno(EMFILE)
    public static let tooManyFilesSystem = Errno(ENFILE)
    public static let outOfMemory = Errno(ENOMEM)
    public static let noBufferSpace = Errno(ENOBUFS)
    public static let connectionReset = Errno(ECONNRESET)
    public static let brokenPipe = Errno(EPIPE)
    public static let timedOut = Errno(ETIMEDOUT)
    public static let addressNotAvailable = Errno(EADDRNOTAVAIL)
    public static let inProgress = Errno(EINPROGRESS)
    public static let noSuchProcess = Errno(ESRCH)
    public static let noSuchEntry = Errno(ENOENT)
    public static let notDirectory = Errno(ENOTDIR)
    public static let noReader = Errno(ENXIO)
    /// Somebody holds the lock (EWOULDBLOCK).
    public static let isTaken = Errno(EAGAIN)

    /// Whether descriptors or memory ran out: accepting pauses rather than fails.
    public var isExhaustion: Bool {
        code == EMFILE || code == ENFILE || code == ENOMEM || code == ENOBUFS
    }

    /// Whether the operation is not possible on this kind of descriptor.
    public var isUnsupported: Bool {
        code == EINVAL || code == ENOSYS || code == EOPNOTSUPP
    }

    /// The C library's text for the error.
    public var text: String {
        // Safety: `strerror` returns a string that is valid until the next call on this thread;
        // it is copied at once. Control path only.
        unsafe String(cString: strerror(code))
    }
}
