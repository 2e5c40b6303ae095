// Descriptors that were given to the process for its output, and what it says about its host.

import CLinux
import Glibc

extension Descriptor {
    /// A descriptor of our own for what `number` writes to, non-blocking where that is possible.
    ///
    /// Pipes and terminals are opened anew, so that the flag is not forced on other processes that
    /// share them; anything else, or a process without /proc, gets a duplicate with the flag set.
    public static func output(sharing number: Int32) throws(Errno) -> Descriptor {
        let flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
        let status = Glibc.isatty(number) == 1 || isPipe(number)
        if status {
            // Safety: the text lives for the duration of the call.
            let opened = unsafe martlet_open("/proc/self/fd/\(number)", flags, 0)
            if opened >= 0 { return Descriptor(owning: opened) }
        }
        let copy = martlet_fcntl(number, F_DUPFD_CLOEXEC, 0)
        if copy < 0 { throw Errno.last }
        let descriptor = Descriptor(owning: copy)
        try descriptor.setNonBlocking()
        return descriptor
    }

    private static func isPipe(_ number: Int32) -> Bool {
        var status = stat()
        // Safety: `status` lives for the duration of the call.
        return unsafe fstat(number, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
    }
}

/// The machine the process runs on.
public enum Host {
    /// The name the kernel has for it.
    public static var name: String {
        var bytes = [UInt8](repeating: 0, count: 256)
        // Safety: the last byte stays zero, so the text ends inside the array.
        let status = unsafe bytes.withUnsafeMutableBytes { room -> Int32 in
            guard let base = room.baseAddress else { return -1 }
            return unsafe gethostname(base.assumingMemoryBound(to: CChar.self), 255)
        }
        return status == 0 ? String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) : "localhost"
    }
}
