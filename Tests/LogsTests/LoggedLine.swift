// Streams for tests: their facts are put into a worker that does not run, their lines are made by
// it, and received as a log server would.

import Addresses
import Fetches
import Foundation
import Kernel
import Logs
@testable import Proxy
import ReferenceHAProxy
import Samples
import Structures

/// A frontend called `px` with a server called `sv` whose lines arrive in an inbox.
final class LoggedLines {
    let inbox: DatagramInbox
    private let folder: String
    var configuration = Configuration()

    init() throws {
        folder = try ReferenceProcess.makeFolder()
        inbox = DatagramInbox(path: folder + "/log")
        var frontend = ProxyConfiguration(name: "px", capability: .listen)
        frontend.mode = .http
        frontend.servers = [
            ServerConfiguration(
                name: "sv", place: SourcePlace(), hostText: "127.0.0.1",
                address: socketAddress("2001:db8::5", 80))
        ]
        var bind = BindConfiguration(addressText: "unix@somewhere")
        bind.id = 3
        frontend.binds = [bind]
        configuration.global.maxConnections = 16
        configuration.proxies = [frontend]
        configuration.proxies[0].logs = [log()]
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// A `log` line to the inbox.
    func log(_ change: (inout LogConfiguration) -> Void = { _ in }) -> LogConfiguration {
        var log = LogConfiguration(target: .datagram(unixAddress(inbox.path)), targetText: "")
        log.facility = 16
        change(&log)
        return log
    }

    /// A logger for the configuration as it stands.
    func logger() -> any StreamLogger {
        Logging(programName: "martlet").makeLogger(for: configuration, worker: 0)
    }

    /// The text that `format` makes of a stream.
    func line(_ format: String, _ facts: StreamFacts, request: String = "") throws -> String? {
        configuration.proxies[0].logFormat = try Formats.compile(
            format, isHTTP: configuration.proxies[0].mode == .http)
        configuration.proxies[0].logs = [log { $0.format = "raw" }]
        try stage { $0.end(facts, request: request) }
        return inbox.nextAtOnce().map { String($0.dropLast()) }
    }

    /// Calls `body` with a worker for the configuration as it stands.
    func stage(_ body: (inout Stage) throws -> Void) throws {
        var stage = try Stage(configuration)
        try body(&stage)
    }
}

extension StreamLogger {
    /// Sends a line of the first frontend.
    func log(_ text: String, level: Int = 6, structuredData: String = "") {
        let (bytes, data) = (Array(text.utf8), Array(structuredData.utf8))
        log(
            LoggedLine(
                frontend: 0, level: level, text: bytes.span, structuredData: data.span))
    }
}

/// Compiles formats as the loader does.
enum Formats {
    /// A compiler over everything there is.
    static func compiler() -> ExpressionCompiler {
        ExpressionCompiler(
            fetches: .all, converters: .standard, aliases: .all, variables: VariableNames(),
            patterns: PatternStore { _ in .missing }, readFile: { _ in nil })
    }

    static func compile(
        _ text: String, isHTTP: Bool = true, style: LogFormatStyle = .line
    ) throws(ExpressionMistake) -> LogFormat {
        try compiler().format(text, word: 0, in: .log, isHTTP: isHTTP, style: style)
    }
}

/// A worker that does not run.
struct Stage: ~Copyable {
    private var worker: Worker

    init(_ configuration: Configuration) throws {
        let engine = try Engine(
            configuration: configuration, listeners: [],
            logging: Logging(programName: "martlet"), workers: 1)
        worker = Worker(number: 0, engine: engine)
        worker.now = 5_000_000
    }

    /// A stream with these facts ends.
    mutating func end(_ facts: StreamFacts, request: String = "") {
        worker.end(begin(facts, request), client: .abort)
    }

    /// A stream with these facts comes to the point of `option logasap`.
    mutating func logEarly(_ facts: StreamFacts, request: String = "") {
        let stream = begin(facts, request)
        worker.logEarly(stream)
        worker.end(stream, client: .abort)
    }

    /// A client with these facts is accepted.
    mutating func accept(_ facts: StreamFacts) {
        let client = connect(facts)
        worker.logAccept(client)
        worker.closeClient(client)
    }

    /// What a format makes of a running stream, with some texts captured.
    mutating func render(_ format: LogFormat, _ facts: StreamFacts, captures: [String]) -> String? {
        let stream = begin(facts, "")
        let text = worker.withSubject(stream, isFinal: true) { subject -> String? in
            for (slot, text) in captures.enumerated() {
                let bytes = Array(text.utf8)
                subject.setCapture(request: true, slot: slot, to: bytes.span, limit: 64)
            }
            guard subject.render(format) else { return nil }
            var bytes: [UInt8] = []
            for index in 0..<subject.renderedText.count {
                bytes.append(subject.renderedText[index])
            }
            return String(decoding: bytes, as: UTF8.self)
        }
        worker.streams[stream].flags.remove(.isLogged)
        worker.end(stream, client: .abort)
        return text
    }

    private mutating func connect(_ facts: StreamFacts) -> Handle {
        let pair = try! Descriptor.pair()
        close(pair.second)
        let frontend = worker.engine.live.frontend("px")
        let session = worker.sessions.insert(
            Session(
                clientAddress: facts.clientAddress.ip,
                isLocal: facts.clientAddress.unix != nil, frontend: 0, program: worker.program,
                bindIndex: 0, bind: Unmanaged.passUnretained(frontend.bind(0, port: 1)),
                acceptedAt: worker.now - UInt64(facts.activeTime + facts.idleTime),
                idleSince: worker.now - UInt64(facts.activeTime + facts.idleTime),
                acceptedMicroseconds: facts.acceptedMicroseconds))!
        let client = worker.connections.insert(
            Connection(descriptor: Descriptor(owning: pair.first), flags: []))!
        worker.connections[client].session = session
        worker.sessions[session].client = client
        worker.programs[worker.program].users += 1
        worker.isTraced = true
        let request = ExplainedRequest(
            bytes: [], source: facts.destinationAddress, destination: facts.destinationAddress,
            frontend: "px")
        worker.trace = RuleTrace(of: request, isHTTP: true, client: FarEnd(Descriptor()))
        worker.process.takeUnretainedValue().connections.store(
            facts.activeConnections, ordering: .relaxed)
        frontend.connections.store(facts.frontendConnections, ordering: .relaxed)
        return client
    }

    private mutating func begin(_ facts: StreamFacts, _ request: String) -> Handle {
        let client = connect(facts)
        let isHTTP = worker.programs[worker.program].proxies[0].isHTTP
        var flags: StreamFlags = isHTTP ? [.isHTTP] : []
        if facts.isBadRequest { flags.insert(.isBadRequest) }
        if facts.wasRedispatched { flags.insert(.wasRedispatched) }
        let stream = worker.makeStream(client, flags: flags)!
        worker.streams[stream].number = facts.number + 1
        let begun = worker.now - UInt64(facts.activeTime)
        worker.streams[stream].firstByteAt = begun
        worker.streams[stream].idleMilliseconds = UInt64(facts.idleTime)
        worker.streams[stream].status = Int32(facts.status)
        worker.streams[stream].termination = facts.termination
        worker.streams[stream].retries = Int32(facts.retries)
        worker.streams[stream].flows[0].bytes = facts.bytesFromClient
        worker.streams[stream].bytesToClient = facts.bytesToClient
        if !request.isEmpty {
            var line = worker.lineBuffers.take()
            _ = line.append(Array(request.utf8))
            worker.streams[stream].requestLine = line
        }
        if facts.hasServer { addServer(stream, facts, begun) }
        return stream
    }

    private mutating func addServer(_ stream: Handle, _ facts: StreamFacts, _ begun: UInt64) {
        worker.streams[stream].backend = 0
        worker.streams[stream].serverIndex = 0
        worker.streams[stream].headAt = begun + 3
        worker.streams[stream].queuedAt = begun + 3
        worker.streams[stream].assignedAt = begun + 7
        worker.streams[stream].connectedAt = begun + 12
        worker.streams[stream].responseAt = begun + 18
        worker.engine.live.backend("px").connections.store(
            facts.backendConnections, ordering: .relaxed)
        worker.streams[stream].serverConnections = Int32(facts.serverConnections)
        worker.streams[stream].serverQueuePlace = Int32(facts.serverQueue)
        worker.streams[stream].backendQueuePlace = Int32(facts.backendQueue)
    }
}

/// The facts of one stream. Times are milliseconds.
struct StreamFacts {
    var number: UInt64 = 0
    var clientAddress = RawSocketAddress()
    var destinationAddress = IPSocketAddress(IPAddress("10.1.2.4")!, port: 8080)
    var acceptedMicroseconds: Int64 = 0
    /// Idle before the request.
    var idleTime = 0
    /// From the request's first byte to the end.
    var activeTime = 0
    /// It came to the server: 3 ms for its head, 4 for the queue, 5 to connect, 6 to the response.
    var hasServer = false
    var status = -1
    var bytesToClient: UInt64 = 0
    var bytesFromClient: UInt64 = 0
    var termination = TerminationState()
    var activeConnections = 0
    var frontendConnections = 0
    var backendConnections = 0
    var serverConnections = 0
    var retries = 0
    var wasRedispatched = false
    var serverQueue = 0
    var backendQueue = 0
    var isBadRequest = false
}

/// An IP address with its port as the kernel has it.
func socketAddress(_ text: String, _ port: UInt16) -> RawSocketAddress {
    RawSocketAddress(.ip(IPSocketAddress(IPAddress(text)!, port: port)))
}

/// A UNIX path as the kernel has it.
func unixAddress(_ path: String) -> RawSocketAddress {
    RawSocketAddress(.unix(UNIXSocketAddress(.path, name: Array(path.utf8))!))
}

/// The facts of an ordinary exchange.
func ordinaryFacts() -> StreamFacts {
    var facts = StreamFacts()
    facts.clientAddress = socketAddress("10.1.2.3", 33_312)
    facts.acceptedMicroseconds = 1_795_385_839_502_123
    facts.hasServer = true
    facts.idleTime = 2
    facts.activeTime = 25
    facts.status = 200
    facts.bytesToClient = 512
    facts.bytesFromClient = 77
    facts.activeConnections = 9
    facts.frontendConnections = 8
    facts.backendConnections = 7
    facts.serverConnections = 6
    facts.serverQueue = 2
    facts.backendQueue = 3
    facts.number = 41
    return facts
}
