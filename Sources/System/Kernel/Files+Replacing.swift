// Files that others watch while they change: replaced in one step, never written through a link
// that somebody planted, and recognised again after they were renamed away.

import CLinux
import Glibc

extension Files {
    /// What makes two descriptors or paths the same file, whatever it holds: device and inode.
    public struct Node: Hashable, Sendable {
        private let device: UInt64
        private let number: UInt64

        fileprivate init(_ status: stat) {
            device = UInt64(status.st_dev)
            number = UInt64(status.st_ino)
        }
    }

    /// Puts bytes at a path in one step: who opens the path finds the old file or the whole new
    /// one.
    ///
    /// The bytes go to a new file in the same directory, made so that neither a file nor a link of
    /// somebody else is written to (O_EXCL, O_NOFOLLOW), which then takes the name. A link at
    /// `path` is replaced, not followed.
    ///
    /// - Parameter mode: permission bits, less those of the process's mask.
    public static func replace(
        _ path: String, with bytes: Span<UInt8>, mode: UInt32 = 0o600
    ) throws(Errno) {
        var temporary = ""
        let descriptor = try createBeside(path, mode: mode, name: &temporary)
        do throws(Errno) {
            try writeAll(bytes, to: descriptor)
            try rename(temporary, to: path)
        } catch {
            try? remove(temporary)
            throw error
        }
    }

    /// Makes a file of a name that nobody has beside a path.
    private static func createBeside(
        _ path: String, mode: UInt32, name: inout String
    ) throws(Errno) -> Descriptor {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        var failure = Errno(EEXIST)
        for _ in 0..<16 {
            name = "\(path).\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
            // Safety: the path is read during the call only.
            let number = unsafe martlet_open(name, flags, mode)
            if number >= 0 { return Descriptor(owning: number) }
            failure = Errno.last
            if failure.code != EEXIST { break }
        }
        throw failure
    }

    /// Opens a file, pipe or terminal for writing behind what it holds, creating a file where none
    /// is; a pipe that nobody reads fails at once, and writing never waits.
    public static func openJournal(_ path: String, mode: UInt32 = 0o600) throws(Errno) -> Descriptor
    {
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
        // Safety: the path is read during the call only.
        let number = unsafe martlet_open(path, flags, mode)
        if number < 0 { throw Errno.last }
        return Descriptor(owning: number)
    }

    /// Which file a path names, links followed.
    public static func node(of path: String) throws(Errno) -> Node {
        var status = stat()
        // Safety: the path is read and `status` filled during the call only.
        if unsafe stat(path, &status) < 0 { throw Errno.last }
        return Node(status)
    }

    /// Which file a descriptor is open on.
    public static func node(of descriptor: borrowing Descriptor) throws(Errno) -> Node {
        var status = stat()
        // Safety: `status` is filled during the call only.
        if unsafe fstat(descriptor.number, &status) < 0 { throw Errno.last }
        return Node(status)
    }
}
