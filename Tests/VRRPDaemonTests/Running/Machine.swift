// A machine that runs the daemon, in a network namespace of its own, and a peer at the other end of
// its wire that the test plays: it hears every advert and says what the test wants.

import Addresses
import Foundation
import Glibc
import Kernel
import Netlink
import PrivateNetworks
import Testing
import VRRPProtocol

/// An advert that the peer has heard.
struct HeardAdvert: Equatable {
    var virtualRouter: UInt8
    var priority: UInt8
    var addresses: [IPAddress]
    var source: IPAddress
    /// Nanoseconds of the monotonic clock.
    var time: UInt64
}

/// The daemon's machine and the peer.
final class Machine {
    /// For files of the test; gone with the machine.
    let folder: String
    private let here: NetworkNamespace
    private let there: NetworkNamespace
    private let peer: RawIPSocket
    private let peerIndex: UInt32
    private let batch = ArrivalBatch()
    private var netlink: NetlinkSocket
    private(set) var heard: [HeardAdvert] = []
    private(set) var daemon: Daemon?
    /// Another program that runs beside it until this is let go.
    var companion: Daemon?

    static let own = IPAddress(v4: 0x0A09_0001)
    static let other = IPAddress(v4: 0x0A09_0002)
    static let group = IPAddress(v4: 0xE000_0012)

    /// Makes the wire: `eth0` with 10.9.0.1/24 here, `peer0` with 10.9.0.2/24 there. The calling
    /// thread is in a private namespace already and stays in it.
    init() throws {
        folder = NSTemporaryDirectory() + "martlet-vrrp-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false)
        // For daemons that run as others.
        try Files.setMode(0o777, of: folder)
        here = try NetworkNamespace.current()
        let number = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        let mine = Descriptor(owning: number)
        try NetworkNamespace.enterNew()
        there = try NetworkNamespace.current()
        do {
            try PrivateNetwork.shell(
                """
                ip link set lo up
                ip link add peer0 type veth peer name eth0
                ip link set eth0 netns /proc/\(getpid())/fd/\(mine.number)
                ip addr add 10.9.0.2/24 dev peer0; ip link set peer0 up
                """)
            peerIndex = try #require(NetworkInterfaces.index(of: "peer0"))
            peer = try RawIPSocket(
                .v4, protocol: 112, options: RawIPSocket.Options(interface: "peer0"))
            try peer.join(Self.group, on: peerIndex)
        } catch {
            try here.enter()
            throw error
        }
        try here.enter()
        netlink = try NetlinkSocket()
        try run("ip link set lo up; ip addr add 10.9.0.1/24 dev eth0; ip link set eth0 up")
        try PrivateNetwork.awaitUp("eth0")
    }

    deinit {
        daemon?.kill()
        try? FileManager.default.removeItem(atPath: folder)
    }

    // MARK: The machine

    /// Runs a line of the shell on the machine.
    @discardableResult
    func run(_ line: String) throws -> String { try PrivateNetwork.shell(line) }

    /// Runs a line of the shell at the peer.
    @discardableResult
    func runAtPeer(_ line: String) throws -> String {
        try there.enter()
        defer { back() }
        return try PrivateNetwork.shell(line)
    }

    private func back() {
        do { try here.enter() } catch { fatalError("no way back: \(error)") }
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func text(_ name: String) -> String {
        guard let bytes = try? Files.read(path(name), atMost: 1 << 22) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    func lines(_ name: String) -> [String] {
        text(name).split(separator: "\n").map(String.init)
    }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let bytes = Array(text.utf8)
        try Files.write(bytes.span, to: path(name))
        return path(name)
    }

    /// Writes a script of the shell and returns its path.
    func script(_ name: String, _ body: String) throws -> String {
        let path = try write("#!/bin/sh\n\(body)\n", to: name)
        try Files.setMode(0o755, of: path)
        return path
    }

    /// The addresses on an interface beside its own and link-local ones.
    func addresses(of interface: String = "eth0") throws -> [String] {
        guard let link = try netlink.link(named: interface) else { return [] }
        return try netlink.dump(.addresses()).compactMap { InterfaceAddress($0) }
            .filter { $0.interface == link.index && $0.address != Self.own }
            .map { "\($0.address)/\($0.prefixLength)" }
            .filter { !$0.hasPrefix("fe80") }.sorted()
    }

    func has(_ address: String, on interface: String = "eth0") -> Bool {
        (try? addresses(of: interface).contains(address)) == true
    }

    /// A number under /proc/sys/net.
    func setting(_ path: String) throws -> String { try run("cat /proc/sys/net/\(path)") }

    // MARK: The peer

    /// Sends an advert from the peer.
    func advertise(
        _ virtualRouter: UInt8 = 51, priority: UInt8, interval: UInt64 = 500_000_000,
        addresses: [String] = ["10.9.0.100"], to destination: IPAddress = Machine.group
    ) {
        let advertisement = Advertisement(
            version: .three, virtualRouter: virtualRouter, priority: priority, interval: interval,
            addresses: addresses.compactMap { IPAddress($0) })
        var message: [UInt8] = []
        advertisement.encode(
            from: Self.other, to: destination, checksum: .pseudoHeader, into: &message)
        send(message, to: destination)
    }

    /// Sends any bytes from the peer.
    func send(_ message: [UInt8], to destination: IPAddress = Machine.group) {
        _ = peer.send(
            message,
            RawIPSocket.Departure(from: Self.other, to: destination, interface: peerIndex))
    }

    /// Takes what the peer has heard.
    func listen() {
        while let count = try? peer.receive(into: batch), count > 0 {
            for index in 0..<count {
                guard let arrival = batch.arrival(at: index), arrival.source != Self.other,
                    let parsed = try? ParsedAdvertisement.parse(
                        arrival.payload.span, 0..<arrival.payload.count,
                        PacketEnvelope(
                            source: arrival.source, destination: arrival.destination,
                            hopLimit: arrival.hopLimit))
                else { continue }
                heard.append(
                    HeardAdvert(
                        virtualRouter: parsed.advertisement.virtualRouter,
                        priority: parsed.advertisement.priority,
                        addresses: parsed.advertisement.addresses, source: arrival.source,
                        time: Clock.monotonic().nanoseconds))
            }
            if count < batch.limit { break }
        }
    }

    /// What was heard since a moment.
    func heard(since moment: UInt64, _ virtualRouter: UInt8 = 51) -> [HeardAdvert] {
        listen()
        return heard.filter { $0.time >= moment && $0.virtualRouter == virtualRouter }
    }

    /// Waits until something holds, listening; false after a time that only a fault or a very busy
    /// machine brings about.
    @discardableResult
    func wait(milliseconds: Int = 10_000, until holds: () throws -> Bool) rethrows -> Bool {
        let end = now + UInt64(milliseconds) * 1_000_000
        while true {
            listen()
            if try holds() { return true }
            if now > end { return false }
            var wanted = pollfd(fd: peer.descriptor.number, events: Int16(POLLIN), revents: 0)
            poll(&wanted, 1, 2)
        }
    }

    /// Lets time pass, listening.
    func pass(milliseconds: Int) { wait(milliseconds: milliseconds) { false } }

    var now: UInt64 { Clock.monotonic().nanoseconds }

    // MARK: The daemon

    /// A program that runs; let go, it is killed.
    final class Daemon {
        private let program: StartedProgram
        private(set) var end: ChildEnd?

        init(_ program: consuming StartedProgram) { self.program = program }

        /// Whoever lets it go ends it: a child that is not waited for would stay as a zombie.
        deinit {
            if hasEnded { return }
            program.sendToGroup(.kill)
            try? program.handle.send(.kill)
            _ = try? CurrentProcess.end(of: program.id)
        }

        var guardian: ProcessID { program.id }

        /// The process that speaks VRRP; nil while there is none.
        var child: ProcessID? {
            let path = "/proc/\(guardian)/task/\(guardian)/children"
            guard let bytes = try? Files.read(path, atMost: 4096) else { return nil }
            let first = String(decoding: bytes, as: UTF8.self).split(separator: " ").first
            return first.flatMap { Int32($0) }.map { ProcessID($0) }
        }

        /// Whether it has ended; its status is in ``end`` then.
        var hasEnded: Bool {
            if end == nil { end = try? program.handle.takeEnd() }
            return end != nil
        }

        func send(_ signal: Signal) { try? guardian.send(signal) }

        func kill() {
            if hasEnded { return }
            program.sendToGroup(.kill)
            if let child { try? child.send(.kill) }
            end = try? CurrentProcess.end(of: guardian)
        }
    }

    /// The program under test; nil where it has not been built.
    static let program = built("martlet-vrrp")
    /// The proxy; nil where it has not been built.
    static let proxyProgram = built("martlet")

    private static func built(_ name: String) -> String? {
        let bundles = CommandLine.arguments.compactMap { argument -> String? in
            guard let end = argument.firstRange(of: ".xctest")?.lowerBound else { return nil }
            return argument[..<end].lastIndex(of: "/").map { String(argument[..<$0]) }
        }
        return (bundles + [".build/debug"]).map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
            .flatMap { realpath($0, nil).map { String(cString: $0) } }
    }

    /// Starts a program beside the daemon whose output goes to a file of the folder. Unlike one
    /// that a shell leaves in the background, it holds no descriptor of this process and obeys
    /// every signal.
    func startBeside(_ program: String, _ words: String..., output: String) throws -> Daemon {
        let file = open(path(output), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        return Daemon(
            try CurrentProcess.start(
                ProgramPlan(path: program, arguments: [program] + words, environment: []),
                output: Descriptor(owning: file)))
    }

    /// Starts the proxy as the companion: it answers 200 on 127.0.0.1:8080 with four servers
    /// behind it, and has its admin socket at ``path(_:)`` of `admin`.
    func startProxy() throws {
        try write(
            """
            global
                stats socket \(path("admin")) level admin
            defaults
                mode http
                timeout client 5s
                timeout server 5s
                timeout connect 1s
            frontend web
                bind 127.0.0.1:8080
                http-request return status 200 if { path /health }
                default_backend api
            backend api
                server one 127.0.0.1:1
                server two 127.0.0.1:1
                server three 127.0.0.1:1
                server four 127.0.0.1:1

            """, to: "martlet.cfg")
        let program = try #require(Self.proxyProgram)
        companion = try startBeside(program, "-db", "-f", path("martlet.cfg"), output: "proxy.log")
        let answers = wait { (try? run("curl -sf http://127.0.0.1:8080/health")) != nil }
        #expect(answers, "the proxy does not answer")
    }

    /// Says a line to the proxy's admin socket.
    @discardableResult
    func askProxy(_ line: String) throws -> String {
        try run("echo '\(line)' | socat - UNIX:\(path("admin"))")
    }

    /// Starts the daemon with a configuration.
    ///
    /// - Parameter launcher: words before the program: `setpriv` with its options.
    @discardableResult
    func start(
        _ configuration: String, _ options: String..., launcher: [String] = [],
        environment: [String] = [], program: String? = nil
    ) throws -> Daemon {
        try write(configuration, to: "vrrp.conf")
        let path = try program ?? #require(Self.program)
        let words = launcher + [path] + arguments + options
        let log = open(self.path("log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        let started = try CurrentProcess.start(
            ProgramPlan(
                path: launcher.first ?? path, arguments: words,
                environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"] + environment),
            output: Descriptor(owning: log))
        let daemon = Daemon(started)
        self.daemon = daemon
        return daemon
    }

    /// The words of a daemon in the foreground whose files are in the folder.
    var arguments: [String] {
        [
            "-n", "-l", "-D", "-G", "-f", path("vrrp.conf"), "-p", path("pid"), "-r",
            path("child.pid"),
        ]
    }

    /// Replaces the configuration and has the daemon read it.
    func reload(_ configuration: String) throws {
        let before = reloads
        try write(configuration, to: "vrrp.conf")
        daemon?.send(.hangUp)
        let isDone = wait { reloads > before }
        #expect(isDone, evidence)
    }

    /// How many reloads have ended, one way or the other.
    private var reloads: Int {
        lines("log").count {
            $0.contains("Reload complete") || $0.contains("nothing was changed")
        }
    }

    /// Ends the daemon in good order and expects it to end well. The peer answers.
    func stop(sourceLocation: SourceLocation = #_sourceLocation) {
        guard let daemon else { return }
        daemon.send(.terminate)
        let hasEnded = wait(milliseconds: 20_000) { daemon.hasEnded }
        #expect(hasEnded, evidence, sourceLocation: sourceLocation)
        #expect(daemon.end == .exited(status: 0), evidence, sourceLocation: sourceLocation)
    }

    /// The end of the log.
    var evidence: Comment { Comment(rawValue: lines("log").suffix(30).joined(separator: "\n")) }
}

/// One instance of the tests' configurations: version 3, 100 ms, number 51, on eth0.
func instanceText(
    named name: String = "V", number: Int = 51, priority: Int = 100,
    addresses: [String] = ["10.9.0.100/24"], interval: String = "0.1", _ lines: String...
) -> String {
    """
    vrrp_instance \(name) {
        state BACKUP
        interface eth0
        virtual_router_id \(number)
        version 3
        priority \(priority)
        advert_int \(interval)
        virtual_ipaddress {
            \(addresses.joined(separator: "\n        "))
        }
        \(lines.joined(separator: "\n    "))
    }

    """
}

/// Global definitions of the tests' configurations.
func globalText(_ machine: Machine, _ lines: String...) -> String {
    """
    global_defs {
        script_user root
        status_socket \(machine.path("status"))
        \(lines.joined(separator: "\n    "))
    }

    """
}

extension Trait where Self == ConditionTrait {
    /// Skips what needs a network namespace and the program.
    static var needsMachine: Self {
        .enabled(
            if: PrivateNetwork.isPermitted && Machine.program != nil
                && Machine.proxyProgram != nil,
            "needs network namespaces and the programs")
    }
}

/// Runs a test's body with a machine.
func onMachine(_ body: @escaping @Sendable (Machine) throws -> Void) async throws {
    try await places.run {
        try PrivateNetwork.run {
            let machine = try Machine()
            defer { machine.daemon?.kill() }
            try body(machine)
        }
    }
}

/// Machines at once: enough to fill the waits, few enough that no daemon oversleeps.
private let places = Places(8)
