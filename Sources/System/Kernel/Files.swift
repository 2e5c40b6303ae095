// Files by path, for the control path only: reading whole with a bound, writing, and what stands
// where. The data path never touches files.

import CLinux
import Glibc

/// Why a file could not be read.
public enum FileFailure: Error, Equatable, Sendable {
    /// It holds more bytes than the reader takes.
    case tooLong(limitBytes: Int)
    case failed(Errno)
}

/// Files and directories by path.
public enum Files {
    /// What a path names.
    public enum Kind: Equatable, Sendable {
        case regular, directory, socket, pipe, device
    }

    /// Reads a file, pipe or device to its end.
    ///
    /// - Parameter limitBytes: a longer file is refused.
    public static func read(
        _ path: String, atMost limitBytes: Int
    ) throws(FileFailure) -> [UInt8] {
        // A name may have bytes that are no text.
        let name = path.anyBytes.map { CChar(bitPattern: $0) } + [0]
        // Safety: the path is read during the call only.
        let number = unsafe martlet_open(name, O_RDONLY | O_CLOEXEC, 0)
        if number < 0 { throw .failed(Errno.last) }
        let descriptor = Descriptor(owning: number)
        return try read(descriptor, atMost: limitBytes)
    }

    private static func read(
        _ descriptor: borrowing Descriptor, atMost limitBytes: Int
    ) throws(FileFailure) -> [UInt8] {
        let pieceBytes = 65536
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: pieceBytes)
        while true {
            // Safety: the call writes at most `count` bytes into the array that is alive here.
            let got = unsafe piece.withUnsafeMutableBytes { bytes in
                unsafe Glibc.read(descriptor.number, bytes.baseAddress, bytes.count)
            }
            if got == 0 { return content }
            if got < 0 {
                if errno == EINTR { continue }
                throw .failed(Errno.last)
            }
            if content.count + got > limitBytes { throw .tooLong(limitBytes: limitBytes) }
            content += piece[..<got]
        }
    }

    /// Creates or empties a file and writes all bytes into it.
    public static func write(
        _ bytes: Span<UInt8>, to path: String, mode: UInt32 = 0o644
    ) throws(Errno) {
        let descriptor = try create(path, mode: mode)
        try writeAll(bytes, to: descriptor)
    }

    /// Makes a directory; one that is there already is good.
    public static func makeDirectory(_ path: String, mode: UInt32 = 0o755) throws(Errno) {
        // Safety: the path is read during the call only.
        if unsafe mkdir(path, mode_t(mode)) < 0, errno != EEXIST { throw Errno.last }
    }

    /// Creates or empties a file and leaves it open for writing.
    public static func create(_ path: String, mode: UInt32 = 0o644) throws(Errno) -> Descriptor {
        // Safety: the path is read during the call only.
        let number = unsafe martlet_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        if number < 0 { throw Errno.last }
        return Descriptor(owning: number)
    }

    /// Opens a file for writing behind what it holds, creating it where it is missing.
    public static func openToAppend(
        _ path: String, mode: UInt32 = 0o644
    ) throws(Errno) -> Descriptor {
        // Safety: the path is read during the call only.
        let number = unsafe martlet_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, mode)
        if number < 0 { throw Errno.last }
        return Descriptor(owning: number)
    }

    /// Writes all bytes to a descriptor that blocks, or fails.
    public static func writeAll(
        _ bytes: Span<UInt8>, to descriptor: borrowing Descriptor
    ) throws(Errno) {
        var done = 0
        while done < bytes.count {
            switch descriptor.write(bytes.extracting(done..<bytes.count)) {
            case .bytes(let count): done += count
            case .wouldBlock: throw Errno(EAGAIN)
            case .failed(let failure): throw failure
            }
        }
    }

    /// What a path names, links followed.
    public static func kind(of path: String) throws(Errno) -> Kind {
        var status = stat()
        // Safety: the path is read and `status` filled during the call only.
        if unsafe stat(path, &status) < 0 { throw Errno.last }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .regular
        case S_IFDIR: .directory
        case S_IFSOCK: .socket
        case S_IFIFO: .pipe
        default: .device
        }
    }

    /// Whether a file is there that only its owner can read, write or run.
    public static func isPrivate(_ path: String) -> Bool {
        var status = stat()
        // Safety: the path is read and `status` filled during the call only.
        return unsafe stat(path, &status) == 0 && status.st_mode & (S_IRWXG | S_IRWXO) == 0
    }

    /// Whether this process may run what a path names.
    public static func isExecutable(_ path: String) -> Bool {
        // Safety: the path is read during the call only.
        unsafe access(path, X_OK) == 0
    }

    /// The names in a directory without `.` and `..`, in the order of their bytes.
    public static func entries(of directory: String) throws(Errno) -> [String] {
        // Safety: the path is read during the call only; the handle is closed below.
        guard let handle = unsafe opendir(directory) else { throw Errno.last }
        defer { unsafe closedir(handle) }
        var names: [String] = []
        // Safety: an entry is valid until the next one is read; its name ends with a zero.
        while let entry = unsafe readdir(handle) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Removes a file, link or socket.
    public static func remove(_ path: String) throws(Errno) {
        // Safety: the path is handed over as a C string that lives for the duration of the call.
        if unsafe unlink(path) < 0 { throw Errno.last }
    }

    /// Gives a path a new name, replacing what had it, in one step.
    public static func rename(_ path: String, to newPath: String) throws(Errno) {
        // Safety: the path is handed over as a C string that lives for the duration of the call.
        if unsafe Glibc.rename(path, newPath) < 0 { throw Errno.last }
    }

    /// Gives what a path names a second name.
    public static func link(_ path: String, to newPath: String) throws(Errno) {
        // Safety: the path is handed over as a C string that lives for the duration of the call.
        if unsafe Glibc.link(path, newPath) < 0 { throw Errno.last }
    }

    /// Sets permission bits.
    public static func setMode(_ mode: UInt32, of path: String) throws(Errno) {
        // Safety: the path is handed over as a C string that lives for the duration of the call.
        if unsafe chmod(path, mode) < 0 { throw Errno.last }
    }

    /// Sets the owner; nil leaves the user or the group as it is.
    public static func setOwner(
        user: UInt32?, group: UInt32?, of path: String
    ) throws(Errno) {
        // The kernel takes the highest number for "leave as it is".
        // Safety: the path is handed over as a C string that lives for the duration of the call.
        if unsafe chown(path, user ?? .max, group ?? .max) < 0 { throw Errno.last }
    }
}
