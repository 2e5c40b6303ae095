// The life of processes: forking, sessions, waiting, ending, and where this one stands.

import CLinux
import Glibc

/// Names a process.
public struct ProcessID: Hashable, Sendable {
    /// The number as the kernel knows it; positive.
    public let number: Int32

    public init(_ number: Int32) { self.number = number }

    /// The calling process.
    public static var own: ProcessID { ProcessID(getpid()) }

    /// The process that started this one.
    public static var parent: ProcessID { ProcessID(getppid()) }

    /// Sends a signal to the process.
    public func send(_ signal: Signal) throws(Errno) {
        if kill(number, signal.number) < 0 { throw Errno.last }
    }

    /// Whether a process of this number exists, be it ours to signal or not.
    public var exists: Bool { kill(number, 0) == 0 || errno == EPERM }
}

extension ProcessID: CustomStringConvertible {
    /// The number in decimal.
    public var description: String { String(number) }
}

/// Which side of a fork the caller is.
public enum ForkSide: Equatable, Sendable {
    /// The caller goes on and has this child.
    case parent(child: ProcessID)
    /// The caller is the new process.
    case child
}

/// How a child ended.
public enum ChildEnd: Equatable, Sendable {
    case exited(status: Int32)
    case killed(by: Signal)
}

/// What the calling process can do to itself.
public enum CurrentProcess {
    /// Splits the process in two. Only legal while it has one thread.
    public static func fork() throws(Errno) -> ForkSide {
        let number = Glibc.fork()
        if number < 0 { throw Errno.last }
        return number == 0 ? .child : .parent(child: ProcessID(number))
    }

    /// Leaves the terminal and leads a session of its own.
    public static func startSession() throws(Errno) {
        if setsid() < 0 { throw Errno.last }
    }

    /// Waits for a child to end; nil when it lives on and `blocking` is false.
    public static func end(
        of child: ProcessID, blocking: Bool = true
    ) throws(Errno) -> ChildEnd? {
        var status: Int32 = 0
        while true {
            // Safety: `status` lives for the duration of the call.
            let got = unsafe waitpid(child.number, &status, blocking ? 0 : WNOHANG)
            if got > 0 { break }
            if got == 0 { return nil }
            if errno != EINTR { throw Errno.last }
        }
        return martlet_wifsignaled(status) != 0
            ? .killed(by: Signal(martlet_wtermsig(status)))
            : .exited(status: martlet_wexitstatus(status))
    }

    /// Ends at once, without running exit handlers: the only safe way out of a forked child.
    public static func exitNow(_ status: Int32) -> Never {
        _exit(status)
    }

    /// Ends in good order.
    public static func exit(_ status: Int32) -> Never {
        Glibc.exit(status)
    }

    /// Dies by a signal, so that whoever waits sees that signal as the cause.
    ///
    /// The first process of a container cannot be killed by its own signals; it exits with
    /// `fallback` instead.
    public static func die(by signal: Signal, fallback: Int32) -> Never {
        signal.restoreDefault()
        _ = martlet_unblock_all_signals()
        _ = kill(getpid(), signal.number)
        Glibc.exit(fallback)
    }

    /// Changes the working directory.
    public static func changeDirectory(to path: String) throws(Errno) {
        // Safety: the path is copied by the kernel during the call; so in all calls below.
        if unsafe chdir(path) < 0 { throw Errno.last }
    }

    /// Locks the process into a directory and stands at its root.
    public static func changeRoot(to path: String) throws(Errno) {
        // Safety: the path is handed over as a C string that lives for the duration of the call.
        if unsafe chroot(path) < 0 { throw Errno.last }
        try changeDirectory(to: "/")
    }

    /// The working directory; nil when it is gone.
    public static var directory: String? {
        // Safety: `getcwd` allocates the text when given no room; it is freed after copying.
        guard let text = unsafe getcwd(nil, 0) else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }

    /// The path of the running program; nil when the kernel does not tell.
    public static var executablePath: String? {
        let limit = Int(PATH_MAX)
        var room = [CChar](repeating: 0, count: limit)
        // Safety: the call writes at most `limit` bytes into the array that is alive here.
        let length = unsafe readlink("/proc/self/exe", &room, limit)
        return length > 0
            ? String(decoding: room[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }

    /// Reads the time zone, for times when its files cannot be seen any more.
    public static func loadTimeZone() { tzset() }

    /// Lets the calling thread rest. Only for the start, when nothing else waits for it.
    public static func sleep(milliseconds: UInt32) { usleep(milliseconds * 1000) }

    /// Gives memory that is free but kept back to the system.
    public static func releaseUnusedMemory() { _ = malloc_trim(0) }

    /// Loaded objects: the program, then its libraries, in the order of their addresses.
    public static func loadedObjects() -> [String] {
        guard let bytes = try? Files.read("/proc/self/maps", atMost: 16 << 20) else { return [] }
        var paths: [String] = []
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            guard let start = line.firstIndex(of: "/") else { continue }
            let path = String(line[start...])
            let isObject = path.contains(".so") || path == executablePath
            if isObject && !paths.contains(path) { paths.append(path) }
        }
        return paths
    }

    /// The machine's name; empty when unknown.
    public static var hostName: String {
        var room = [CChar](repeating: 0, count: 256)
        // Safety: the call writes at most 255 bytes, so a zero always ends the text.
        guard unsafe gethostname(&room, 255) == 0 else { return "" }
        let bytes = room.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `Linux`, its release, version and machine: what `uname -srvm` prints; empty when unknown.
    public static var systemDescription: String {
        var name = utsname()
        // Safety: the kernel fills the structure; each field ends with a zero.
        guard unsafe uname(&name) == 0 else { return "" }
        return [
            text(of: name.sysname), text(of: name.release), text(of: name.version),
            text(of: name.machine),
        ].joined(separator: " ")
    }

    /// Points standard input, output and error at `/dev/null`, letting go of whoever held them.
    public static func silenceStandardStreams() throws(Errno) {
        // Safety: the literal is handed over as a C string that lives for the duration of the call.
        let null = unsafe martlet_open("/dev/null", O_RDWR | O_CLOEXEC, 0)
        if null < 0 { throw Errno.last }
        for stream in Int32(0)...2 where dup2(null, stream) < 0 {
            let failure = Errno.last
            close(null)
            throw failure
        }
        if null > 2 { close(null) }
    }

    /// Opens `/dev/null` on standard streams that are closed, so that no socket gets their number.
    public static func fillMissingStandardStreams() {
        for stream in Int32(0)...2 where fcntl(stream, F_GETFD) < 0 {
            // The lowest free number is taken, which is this one.
            // Safety: the literal is handed over as a C string that outlives the call.
            _ = unsafe martlet_open("/dev/null", O_RDWR, 0)
        }
    }
}

/// The text before the first zero in a fixed-size C array.
private func text<CArray: BitwiseCopyable>(of array: CArray) -> String {
    // Safety: the bytes of a trivially copyable value are read while it is alive.
    unsafe withUnsafeBytes(of: array) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
