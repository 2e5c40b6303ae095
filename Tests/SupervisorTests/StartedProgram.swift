// A program under test as its users start it: arguments, directory, environment, inherited sockets,
// and pipes for its streams, so that the end of its output can be waited for as a supervisor does.

import CLinux
import Glibc
import Testing

/// How a program ended.
enum ProgramEnd: Equatable {
    case exited(Int32)
    case killed(Int32)
}

/// A program that was started and is ended with this object.
final class StartedProgram {
    let processID: pid_t
    private let output: Int32
    private let error: Int32
    private let input: Int32
    private var end: ProgramEnd?

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - inherited: descriptors of this process and the numbers they get in the program: high
    ///     ones, which no descriptor of this process has.
    ///   - hasSilentInput: standard input is a pipe in which nothing ever comes; else /dev/null.
    init(
        _ path: String, _ arguments: [String], directory: String = "/",
        environment: [String: String] = [:], inherited: [Int32: Int32] = [:],
        hasSilentInput: Bool = false
    ) throws {
        var outputEnds = try pipeEnds()
        var errorEnds = try pipeEnds()
        var inputEnds = try pipeEnds()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if hasSilentInput {
            posix_spawn_file_actions_adddup2(&actions, inputEnds.read, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, outputEnds.write, 1)
        posix_spawn_file_actions_adddup2(&actions, errorEnds.write, 2)
        for (own, number) in inherited {
            posix_spawn_file_actions_adddup2(&actions, own, number)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        // `env` changes the directory and becomes the program, which keeps its number.
        let words =
            (["env", "-C", directory, path] + arguments).map { strdup($0) } + [nil]
        let variables =
            environment.merging(["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"]) {
                own, _ in own
            }.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var number = pid_t()
        let status = posix_spawn(&number, "/usr/bin/env", &actions, &attributes, words, variables)
        for write in [outputEnds.write, errorEnds.write, inputEnds.read] { close(write) }
        (outputEnds.write, errorEnds.write, inputEnds.read) = (-1, -1, -1)
        try #require(status == 0, "cannot start \(path): \(String(cString: strerror(status)))")
        processID = number
        output = outputEnds.read
        error = errorEnds.read
        input = inputEnds.write
    }

    deinit {
        if end == nil {
            kill(processID, SIGKILL)
            var status: Int32 = 0
            waitpid(processID, &status, 0)
        }
        for number in [output, error, input] { close(number) }
    }

    func send(_ signal: Int32) { kill(processID, signal) }

    /// Waits for the program's end; nil when it still runs after the time.
    func waitForEnd(milliseconds: Int = 10_000) -> ProgramEnd? {
        if let end { return end }
        let deadline = monotonicMilliseconds() + milliseconds
        var status: Int32 = 0
        while waitpid(processID, &status, WNOHANG) == 0 {
            if monotonicMilliseconds() > deadline { return nil }
            usleep(2000)
        }
        let signal = status & 0x7f
        end = signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal)
        return end
    }

    /// Whether the program still runs.
    var isRunning: Bool { waitForEnd(milliseconds: 0) == nil }

    /// Everything on standard output, to its end.
    func readOutput() throws -> String { try readToEnd(output) }

    /// Everything on standard error, to its end.
    func readError() throws -> String { try readToEnd(error) }

    /// What has come on standard error since it was last read.
    func errorSoFar() -> String {
        String(decoding: readSome(error, milliseconds: 0) ?? [], as: UTF8.self)
    }

    /// Reads standard error until it holds a text.
    func waitForError(containing text: String, milliseconds: Int = 10_000) throws -> String {
        let deadline = monotonicMilliseconds() + milliseconds
        var bytes: [UInt8] = []
        while true {
            let have = String(decoding: bytes, as: UTF8.self)
            if have.contains(text) { return have }
            let left = deadline - monotonicMilliseconds()
            let more = left > 0 ? readSome(error, milliseconds: left) : nil
            guard let more, !more.isEmpty else {
                Issue.record("no '\(text)' on standard error, only: \(have)")
                return have
            }
            bytes += more
        }
    }

    private func readToEnd(_ number: Int32) throws -> String {
        let deadline = monotonicMilliseconds() + 10_000
        var bytes: [UInt8] = []
        while true {
            let left = deadline - monotonicMilliseconds()
            try #require(left > 0, "no end of output: \(String(decoding: bytes, as: UTF8.self))")
            guard let more = readSome(number, milliseconds: left) else { continue }
            if more.isEmpty { return String(decoding: bytes, as: UTF8.self) }
            bytes += more
        }
    }
}

/// What a program said and how it ended.
struct ProgramRun {
    let end: ProgramEnd?
    let output: String
    let error: String

    /// Runs a program to its end.
    init(_ path: String, _ arguments: [String], directory: String = "/") throws {
        let program = try StartedProgram(path, arguments, directory: directory)
        end = program.waitForEnd()
        if end == nil { kill(program.processID, SIGKILL) }
        output = try program.readOutput()
        error = try program.readError()
    }

    /// Standard error with process numbers made equal and without the lines that name the program.
    var shape: String {
        error.split(separator: "\n", omittingEmptySubsequences: true)
            .filter { !$0.contains(" version is ") && !$0.contains("path to executable") }
            .map { line -> String in
                guard let open = line.firstIndex(of: "("), let close = line.firstIndex(of: ")"),
                    open < close, line[line.index(after: open)..<close].allSatisfy(\.isNumber)
                else { return String(line) }
                return line[...open] + "PID" + line[close...]
            }
            .joined(separator: "\n")
    }
}

/// Programs that tests start.
enum Programs {
    /// The built `martlet`, beside or above the test runner.
    static let martlet: String? = {
        var folder = target(of: "/proc/self/exe").split(separator: "/").dropLast()
        while !folder.isEmpty {
            let path = "/" + folder.joined(separator: "/") + "/martlet"
            var status = stat()
            if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
                access(path, X_OK) == 0
            {
                return path
            }
            folder.removeLast()
        }
        return nil
    }()

    /// The reference to compare with.
    static let haproxy: String? = ["/usr/sbin/haproxy", "/usr/local/sbin/haproxy"].first {
        access($0, X_OK) == 0
    }

    /// `martlet`, or the test is skipped.
    static func requireMartlet() throws -> String {
        guard let martlet else { try Test.cancel("martlet is not built") }
        return martlet
    }

    /// `haproxy`, or the test is skipped.
    static func requireHAProxy() throws -> String {
        guard let haproxy else { try Test.cancel("haproxy is not installed") }
        return haproxy
    }
}

// MARK: Small pieces

func monotonicMilliseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}

private func pipeEnds() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    try #require(pipe2(&ends, O_CLOEXEC) == 0)
    return (ends[0], ends[1])
}

/// What can be read now or soon; empty at the end, nil when nothing came in time.
func readSome(_ number: Int32, milliseconds: Int) -> [UInt8]? {
    var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, Int32(milliseconds)) == 1 else { return nil }
    var bytes = [UInt8](repeating: 0, count: 65536)
    let got = read(number, &bytes, bytes.count)
    return got < 0 ? [] : Array(bytes[..<got])
}

/// A directory of its own for a test, removed with all it holds at the end.
func withDirectory(_ body: (String) throws -> Void) throws {
    var name = Array("/tmp/martlet-XXXXXX".utf8CString)
    let path = String(cString: try #require(mkdtemp(&name)))
    // Programs that gave up their privileges must be able to look inside.
    chmod(path, 0o755)
    defer { removeTree(path) }
    try body(path)
}

private func removeTree(_ path: String) {
    guard let handle = opendir(path) else {
        unlink(path)
        return
    }
    var names: [String] = []
    while let entry = readdir(handle) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != "." && name != ".." { names.append(name) }
    }
    closedir(handle)
    for name in names {
        var status = stat()
        lstat("\(path)/\(name)", &status)
        if status.st_mode & S_IFMT == S_IFDIR {
            removeTree("\(path)/\(name)")
        } else {
            unlink("\(path)/\(name)")
        }
    }
    rmdir(path)
}

func write(_ text: String, to path: String) throws {
    let file = try #require(fopen(path, "w"))
    fputs(text, file)
    fclose(file)
}

func contents(of path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 65536)
    let got = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<got], as: UTF8.self)
}

/// Where a symbolic link leads; empty when it is none.
func target(of link: String) -> String {
    var bytes = [CChar](repeating: 0, count: 4096)
    let length = readlink(link, &bytes, bytes.count)
    return String(
        decoding: bytes.prefix(max(length, 0)).map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// Waits for something to become true.
func eventually(milliseconds: Int = 10_000, _ holds: () -> Bool) -> Bool {
    let deadline = monotonicMilliseconds() + milliseconds
    while !holds() {
        if monotonicMilliseconds() > deadline { return false }
        usleep(2000)
    }
    return true
}
