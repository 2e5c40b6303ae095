// Named pipes (fifo(7)) that one process writes and any other may read, come and go.

import CLinux
import Glibc

/// Why a path cannot serve as a named pipe.
public enum NamedPipeFailure: Error, Equatable, Sendable {
    /// The path names something that is no pipe.
    case isNoPipe
    case failed(Errno)
}

/// A named pipe, held open for writing and reading, so that a reader may be absent: what is written
/// waits in the kernel, and no signal is sent.
public struct NamedPipe: ~Copyable {
    private let descriptor: Descriptor
    /// Whether the pipe was made by this value and not found.
    public let isNew: Bool

    /// Makes the pipe, or takes one that is there; links are not followed.
    ///
    /// - Parameters:
    ///   - user: who owns it; nil for this process.
    ///   - group: whose group it has; nil for this process's.
    public init(
        _ path: String, mode: UInt32 = 0o600, user: UInt32? = nil, group: UInt32? = nil
    ) throws(NamedPipeFailure) {
        // Safety: the path is read during the calls only.
        let made = unsafe mkfifo(path, mode)
        if made < 0 && errno != EEXIST { throw .failed(Errno.last) }
        let flags = O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW
        var status = stat()
        // Safety: as above, and `status` is filled during the call only. A device is not opened,
        // because that alone can have an effect.
        if unsafe lstat(path, &status) < 0 { throw .failed(Errno.last) }
        if status.st_mode & S_IFMT != S_IFIFO { throw .isNoPipe }
        let number = unsafe martlet_open(path, flags, 0)
        if number < 0 { throw .failed(Errno.last) }
        let opened = Descriptor(owning: number)
        // The name may mean another thing by now.
        if unsafe fstat(number, &status) < 0 { throw .failed(Errno.last) }
        if status.st_mode & S_IFMT != S_IFIFO { throw .isNoPipe }
        let isOwned = user != nil || group != nil
        if isOwned && fchown(number, user ?? .max, group ?? .max) < 0 { throw .failed(Errno.last) }
        if fchmod(number, mode) < 0 { throw .failed(Errno.last) }
        descriptor = opened
        isNew = made == 0
    }

    /// The number to watch for writing.
    public var number: Int32 { descriptor.number }

    /// Writes once without waiting; up to 4096 bytes go whole or not at all.
    public func write(_ bytes: Span<UInt8>) -> WriteResult { descriptor.write(bytes) }

    /// Bytes that no reader has taken yet.
    public var unreadBytes: Int { max(0, Int(martlet_readable_bytes(descriptor.number))) }
}
