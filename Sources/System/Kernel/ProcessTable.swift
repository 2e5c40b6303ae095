// What /proc tells about the processes of the system: numbers, names, command lines, and how far
// the kernel has counted. proc(5). Control path only.

import CLinux
import Glibc

/// The processes that /proc shows.
public enum ProcessTable {
    /// Bytes of a command line that are read; longer ones are cut.
    public static let longestCommandLine = 4096

    /// All process numbers, in the order of the directory; nil when /proc cannot be read.
    public static func numbers() -> [Int32]? {
        // Safety: the path is read during the call only; the handle is closed below.
        guard let handle = unsafe opendir("/proc") else { return nil }
        defer { unsafe closedir(handle) }
        var numbers: [Int32] = []
        // Safety: an entry is valid until the next one is read; its name ends with a zero.
        while let entry = unsafe readdir(handle) {
            let number = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes -> Int32? in
                var value: Int32 = 0
                var index = 0
                while unsafe bytes[index] != 0 {
                    let digit = unsafe Int32(bytes[index]) - 48
                    if digit < 0 || digit > 9 || index > 8 { return nil }
                    value = value * 10 + digit
                    index += 1
                }
                return index == 0 ? nil : value
            }
            if let number { numbers.append(number) }
        }
        return numbers
    }

    /// The name of a process, at most 15 bytes; nil when it is gone.
    public static func name(of process: Int32) -> [UInt8]? {
        guard var bytes = try? Files.readBeginning("/proc/\(process)/comm", atMost: 64) else {
            return nil
        }
        if bytes.last == 10 { bytes.removeLast() }
        return bytes
    }

    /// The words of a process's command line, the program first; nil when it is gone.
    ///
    /// Empty for threads of the kernel and for processes that have ended.
    public static func commandLine(of process: Int32) -> [[UInt8]]? {
        let path = "/proc/\(process)/cmdline"
        guard let bytes = try? Files.readBeginning(path, atMost: longestCommandLine) else {
            return nil
        }
        return words(of: bytes)
    }

    /// Words that each end with a zero.
    static func words(of bytes: [UInt8]) -> [[UInt8]] {
        if bytes.isEmpty { return [] }
        var words = bytes.split(separator: 0, omittingEmptySubsequences: false).map(Array.init)
        if bytes.last == 0 { words.removeLast() }
        return words
    }

    /// Whether a process runs: there, and not one that has ended and is not yet waited for.
    public static func isRunning(_ process: Int32) -> Bool {
        guard let bytes = try? Files.readBeginning("/proc/\(process)/stat", atMost: 512),
            let end = bytes.lastIndex(of: UInt8(ascii: ")")), end + 2 < bytes.count
        else { return false }
        let state = bytes[end + 2]
        return state != UInt8(ascii: "Z") && state != UInt8(ascii: "X")
    }

    /// The number the kernel gave last to a process or thread; nil when it does not tell. While it
    /// stays the same nothing has been started.
    public static func lastNumber() -> Int32? {
        guard var bytes = try? Files.readBeginning("/proc/loadavg", atMost: 128) else { return nil }
        if bytes.last == 10 { bytes.removeLast() }
        guard let space = bytes.lastIndex(of: 32) else { return nil }
        return Int32(String(decoding: bytes[(space + 1)...], as: UTF8.self))
    }
}

extension Files {
    /// Reads the first bytes of a file by one read that never waits. For files that are short.
    ///
    /// Fails with EINVAL for what is no file, and with EISDIR for a directory.
    public static func readBeginning(
        _ path: String, atMost limitBytes: Int
    ) throws(Errno) -> [UInt8] {
        // Safety: the path is read during the call only.
        let number = unsafe martlet_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0)
        if number < 0 { throw Errno.last }
        let descriptor = Descriptor(owning: number)
        var status = stat()
        // Safety: `status` lives for the duration of the call.
        if unsafe fstat(descriptor.number, &status) < 0 { throw Errno.last }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw Errno(EISDIR)
        default: throw Errno(EINVAL)
        }
        var bytes: [UInt8] = []
        switch descriptor.read(appendingTo: &bytes, atMost: limitBytes) {
        case .bytes, .ended: return bytes
        case .wouldBlock: throw Errno(EAGAIN)
        case .failed(let failure): throw failure
        }
    }
}

/// What tells whether a path names the same unchanged thing as before.
public struct FileStamp: Equatable, Sendable {
    /// The device the file is on.
    public let device: UInt64
    /// The file's number on it.
    public let number: UInt64
    /// Its length.
    public let sizeBytes: Int64
    /// When the content was last changed, nanoseconds since 1970-01-01 UTC.
    public let modified: Int64
}

extension Files {
    /// What a path names and when it was changed, links followed; nil when there is nothing.
    public static func fingerprint(of path: String) -> FileStamp? {
        var status = stat()
        // Safety: the path is read and `status` filled during the call only.
        if unsafe stat(path, &status) < 0 { return nil }
        return FileStamp(
            device: UInt64(status.st_dev), number: UInt64(status.st_ino),
            sizeBytes: Int64(status.st_size),
            modified: Int64(status.st_mtim.tv_sec) &* 1_000_000_000
                &+ Int64(status.st_mtim.tv_nsec))
    }
}
