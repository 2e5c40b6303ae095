// Programs that the load tools start. Each is told to end when the tool that started it ends,
// however it ends (setpriv of util-linux), so nothing is left behind.

import CLinux
import Glibc
import Kernel
import Synchronization

/// A program that was started. Its process is waited for once and signalled no more after that,
/// when its number may be another's.
public final class ChildProcess: Sendable {
    /// Its process.
    public let pid: Int32
    /// Where its output goes.
    public let outputPath: String
    /// The status it ended with, once that was asked for.
    private let status = Mutex<Int32?>(nil)

    /// Starts a program found on the path, with both its outputs in a file.
    ///
    /// - Parameter core: the only core it may run on.
    public init(_ words: [String], core: Int? = nil, outputPath: String) throws(Errno) {
        self.outputPath = outputPath
        var command = ["setpriv", "--pdeathsig", "TERM"]
        if let core { command += ["taskset", "-c", "\(core)"] }
        command += words
        let environment = (readFile("/proc/self/environ") ?? "").split(separator: "\0")
        // Safety: the strings are copied for the call and freed after it; the lists end with null.
        var arguments = unsafe cStrings(command)
        var variables = unsafe cStrings(environment.map(String.init))
        defer {
            unsafe freeAll(arguments)
            unsafe freeAll(variables)
        }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, outputPath, flags, 0o600)
        unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Others' pipes and sockets, by whose closing they see an end, are not to be held open.
        unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        // Threads of a pool block signals, which the program would inherit.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var pid: pid_t = 0
        let status = unsafe posix_spawnp(
            &pid, command[0], &actions, &attributes, &arguments, &variables)
        if status != 0 { throw Errno(status) }
        self.pid = pid
    }

    /// What the program wrote so far.
    public var output: String { readFile(outputPath) ?? "" }

    /// Sends a signal, unless the program is known to have ended; false then.
    @discardableResult
    public func signal(_ number: Int32) -> Bool {
        status.withLock { known in
            if known == nil { kill(pid, number) }
            return known == nil
        }
    }

    /// Its exit status once it has ended (128 + N after signal N), `nil` while it runs.
    public func statusIfEnded() -> Int32? {
        status.withLock { known in
            if known != nil { return known }
            var status: Int32 = 0
            // Safety: `status` lives for the duration of the call.
            guard unsafe waitpid(pid, &status, WNOHANG) == pid else { return nil }
            known =
                martlet_wifexited(status) != 0
                ? martlet_wexitstatus(status) : 128 + martlet_wtermsig(status)
            return known
        }
    }

    /// Waits for the end; kills the program when it takes longer.
    @discardableResult
    public func wait(atMostSeconds seconds: Double) -> Int32 {
        let end = Clock.monotonic().milliseconds + UInt64(seconds * 1000)
        while Clock.monotonic().milliseconds < end {
            if let status = statusIfEnded() { return status }
            usleep(2000)
        }
        signal(SIGKILL)
        while true {
            if let status = statusIfEnded() { return status }
            usleep(2000)
        }
    }

    /// Asks the program to end and waits for it. It is asked again each second: a program that
    /// looks for signals before it waits, instead of while it waits, may overhear the first.
    public func stop(with number: Int32 = SIGTERM, atMostSeconds seconds: Int = 5) {
        for _ in 1..<max(seconds, 1) {
            guard signal(number) else { return }
            let end = Clock.monotonic().milliseconds + 1000
            while Clock.monotonic().milliseconds < end {
                if statusIfEnded() != nil { return }
                usleep(2000)
            }
        }
        signal(number)
        wait(atMostSeconds: 1)
    }

    /// Runs a program to its end.
    public static func run(
        _ words: [String], core: Int? = nil, outputPath: String, atMostSeconds: Double
    ) throws(Errno) -> (status: Int32, output: String) {
        let child = try ChildProcess(words, core: core, outputPath: outputPath)
        let status = child.wait(atMostSeconds: atMostSeconds)
        return (status, child.output)
    }
}

/// Whether a program is on the path.
public func findProgram(_ name: String) -> String? {
    let folders: [String]
    // Safety: the environment is not changed while the tools run.
    if let path = unsafe getenv("PATH") {
        folders = unsafe String(cString: path).split(separator: ":").map(String.init)
    } else {
        folders = []
    }
    // Daemons live where ordinary users do not look.
    return (folders + ["/usr/sbin", "/usr/local/sbin", "/sbin"]).map { "\($0)/\(name)" }
        .first { unsafe access($0, X_OK) == 0 }
}

/// Copies of strings as C wants them, with a null behind the last.
private func cStrings(_ strings: [String]) -> [UnsafeMutablePointer<CChar>?] {
    // Safety: each copy is the table's own and ends with it.
    unsafe strings.map { unsafe strdup($0) } + [nil]
}

private func freeAll(_ strings: [UnsafeMutablePointer<CChar>?]) {
    // Safety: each string was made by `strdup` and is freed once.
    for index in unsafe strings.indices { unsafe free(strings[index]) }
}
