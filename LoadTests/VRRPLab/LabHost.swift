// A host of the laboratory and the daemon that runs on it.

import CLinux
import Glibc
import Kernel
import LoadTesting
import Synchronization

/// One host: a namespace with links to the switches, and at most one router daemon.
public final class LabHost: Sendable {
    private struct State: Sendable {
        var daemon: ChildProcess?
        var program = RouterProgram.keepalived
        var starts = 0
        var segments: NetworkNamespace?
        var ports = 0
    }

    /// Its name.
    public let name: String
    /// Its place in the plan; its addresses end in 11 and up.
    public let index: Int
    /// Its namespace.
    public let namespace: NetworkNamespace
    /// Its files.
    public let folder: String
    private let commands: LabCommands
    private let core: Int?
    private let state = Mutex(State())

    init(
        _ name: String, index: Int, folder: String, commands: LabCommands, core: Int?
    ) throws(LabFailure) {
        self.name = name
        self.index = index
        self.folder = "\(folder)/\(name)"
        self.commands = commands
        self.core = core
        namespace = try NetworkNamespace()
        // Safety: the path is read only for the call.
        if unsafe mkdir(self.folder, 0o755) != 0 { throw LabFailure.ofSystem("a host's folder") }
    }

    func attach(to segments: NetworkNamespace, ports: Int) {
        state.withLock {
            $0.segments = segments
            $0.ports = ports
        }
    }

    /// Its IPv4 address on the first segment.
    public var address: String { address(on: 0) }
    /// Its IPv4 address on a segment.
    public func address(on segment: Int) -> String { "10.9.\(segment).\(11 + index)" }
    /// Its global IPv6 address there.
    public var addressV6: String { "fd09::\(11 + index)" }
    /// The file with its configuration.
    public var configurationPath: String { "\(folder)/vrrp.conf" }

    // MARK: - the daemon

    /// Starts a daemon with a configuration; it runs in the foreground.
    ///
    /// - Parameters:
    ///   - options: words before the usual ones.
    ///   - onlyVRRP: whether other parts of it, such as BFD, stay away (`-P`).
    public func start(
        _ program: RouterProgram, _ configuration: String, options: [String] = [],
        onlyVRRP: Bool = true
    ) throws(LabFailure) {
        guard let path = program.path else { throw LabFailure("\(program) is not there") }
        state.withLock { $0.program = program }
        write(configuration)
        if program == .keepalived {
            // It takes the number of a dead process that nobody has waited for yet for a running
            // daemon. Ours has to do without this.
            for name in ["pid", "vrrp.pid"] {
                // Safety: the path is read only for the call.
                unsafe unlink("\(folder)/\(name)")
            }
        }
        let starts = state.withLock {
            $0.starts += 1
            return $0.starts
        }
        let words =
            [path, "-n", "-l", "-D"] + (onlyVRRP ? ["-P"] : []) + ["-f", configurationPath]
            + options + ["-p", "\(folder)/pid", "-r", "\(folder)/vrrp.pid"]
        do {
            let daemon = try namespace.enter { () throws(Errno) in
                try ChildProcess(words, core: core, outputPath: "\(folder)/log.\(starts)")
            }
            state.withLock { $0.daemon = daemon }
        } catch {
            throw LabFailure("\(path): \(error.text)")
        }
    }

    /// The first process of the daemon; `nil` when there is none.
    public var process: Int32? { state.withLock { $0.daemon?.pid } }

    /// Whether a daemon runs.
    public var isRunning: Bool {
        state.withLock { $0.daemon }.map { $0.statusIfEnded() == nil } ?? false
    }

    /// What the daemons of this host have logged, the latest last.
    public var log: String {
        let starts = state.withLock { $0.starts }
        return (1...max(starts, 1)).compactMap { readFile("\(folder)/log.\($0)") }.joined()
    }

    /// All processes of the daemon, the first one first.
    public var processes: [Int32] {
        guard let pid = process else { return [] }
        return ProcessReadings.all().descendants(of: Int(pid)).map { Int32($0.pid) }
    }

    /// Sends a signal to the first process.
    public func signal(_ number: Int32) { state.withLock { $0.daemon }?.signal(number) }

    /// Sends a signal to all processes.
    public func signalAll(_ number: Int32) { for pid in processes { Glibc.kill(pid, number) } }

    /// Writes a new configuration and has the daemon read it.
    public func reload(_ configuration: String) {
        write(configuration)
        signal(SIGHUP)
    }

    /// Ours gets a status socket of its own, for which keepalived has no word.
    private func write(_ configuration: String) {
        var text = configuration
        let head = "global_defs {"
        if state.withLock({ $0.program }) == .martlet, let found = text.firstRange(of: head) {
            text.replaceSubrange(found, with: "\(head)\n    status_socket \(statusPath)")
        }
        writeFile(configurationPath, text)
    }

    /// Where the status socket of our daemon is.
    public var statusPath: String { "\(folder)/status" }

    /// Runs a command of our daemon, such as `status --json`, on the host; its status and output.
    public func operate(_ words: String...) -> (status: Int32, output: String) {
        guard let path = RouterProgram.martlet.path else { return (127, "not there") }
        return run([path] + words + ["--socket", statusPath])
    }

    /// Asks the daemon to end and waits for it; its status.
    @discardableResult
    public func stop() -> Int32? {
        guard let daemon = state.withLock({ $0.daemon.take() }) else { return nil }
        daemon.signal(SIGTERM)
        return daemon.wait(atMostSeconds: 10)
    }

    /// Asks the daemon to end and does not wait; `stop` or `kill` does.
    public func beginStop() { signal(SIGTERM) }

    /// Kills all processes of the daemon at once, so that none can say farewell.
    public func kill() {
        guard let daemon = state.withLock({ $0.daemon }) else { return }
        // Who is stopped does not see the others die.
        let members = processes
        for pid in members { Glibc.kill(pid, SIGSTOP) }
        for pid in members.reversed() { Glibc.kill(pid, SIGKILL) }
        daemon.wait(atMostSeconds: 5)
        state.withLock { $0.daemon = nil }
    }

    /// Loses power: all links go down and all processes of the daemon die, in this order, with
    /// little between.
    public func crash() {
        let members = processes
        setLinks(up: false)
        for pid in members { Glibc.kill(pid, SIGSTOP) }
        for pid in members.reversed() { Glibc.kill(pid, SIGKILL) }
        state.withLock { $0.daemon }?.wait(atMostSeconds: 5)
        state.withLock { $0.daemon = nil }
    }

    // MARK: - its links

    /// Sets the far ends of the host's links up or down: the host sees its carrier come and go.
    public func setLinks(up: Bool, only segment: Int? = nil) {
        let (segments, ports) = state.withLock { ($0.segments, $0.ports) }
        segments?.enter {
            for number in 0..<ports where segment == nil || segment == number {
                // Safety: the name is read only for the call.
                _ = unsafe martlet_lab_set_link(Lab.port(of: index, number), up ? 1 : 0)
            }
        }
    }

    /// Runs a program on the host; its status and output.
    @discardableResult
    public func run(_ words: [String]) -> (status: Int32, output: String) {
        namespace.enter { commands.run(words) }
    }

    /// Writes a script into the host's folder; its path.
    public func script(_ name: String, _ lines: String) -> String {
        let path = "\(folder)/\(name)"
        writeFile(path, "#!/bin/sh\n\(lines)\n")
        // Safety: the path is read only for the call.
        _ = unsafe chmod(path, 0o755)
        return path
    }

    /// Writes a file into the host's folder; its path.
    @discardableResult
    public func file(_ name: String, _ text: String) -> String {
        let path = "\(folder)/\(name)"
        writeFile(path, text)
        return path
    }

    /// The text of a file in the host's folder; empty when there is none.
    public func text(of name: String) -> String { readFile("\(folder)/\(name)") ?? "" }

    // MARK: - frames

    /// Sends frames over a link of the host as they are.
    public func send(_ frames: [[UInt8]], link: String = "eth0") throws(LabFailure) {
        try namespace.enter { () throws(LabFailure) in
            let socket = martlet_lab_packet_socket(0)
            if socket < 0 { throw LabFailure.ofSystem("a packet socket") }
            defer { close(socket) }
            // Safety: the name is read only for the call.
            let number = Int32(bitPattern: unsafe if_nametoindex(link))
            for frame in frames {
                // Safety: the frame is read only for the call.
                if unsafe martlet_lab_send_frame(socket, number, frame, frame.count) != 0,
                    errno != ENOBUFS
                {
                    throw LabFailure.ofSystem("sending a frame")
                }
            }
        }
    }
}
