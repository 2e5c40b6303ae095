// An engine with two workers that runs for as long as a test holds it.

import Addresses
import Glibc
import Kernel
@testable import Proxy
import Samples
import Synchronization

/// A running engine and the ports of its frontends.
final class RunningEngine: Sendable {
    let engine: Engine
    let listeners: [ListenerSocket]
    let log = StreamLog()
    private let ports: [String: UInt16]

    /// Opens a port for each frontend and starts the workers.
    init(
        _ configuration: Configuration, workers: Int = 2, mostGenerations: Int = 256
    ) throws {
        var listeners: [ListenerSocket] = []
        var ports: [String: UInt16] = [:]
        for proxy in configuration.proxies where proxy.capability.contains(.frontend) {
            let socket = try RunningEngine.listener(of: proxy.name)
            ports[proxy.name] = socket.address.port
            listeners.append(socket)
        }
        self.listeners = listeners
        self.ports = ports
        engine = try Engine(
            configuration: StreamLog.logging(configuration), listeners: listeners, logging: log,
            workers: workers, mostGenerations: mostGenerations)
        engine.start()
    }

    deinit {
        engine.stopNow()
        engine.join()
    }

    /// A listening socket of a frontend on a free port.
    static func listener(of frontend: String, backlog: Int32 = 1024) throws -> ListenerSocket {
        let descriptor = try Descriptor.socket(family: AF_INET, type: SocketTypeNumber.stream)
        descriptor.setNoDelay()
        try descriptor.bind(to: loopback(0))
        try descriptor.listen(backlog: backlog)
        let address = try descriptor.localAddress()
        return ListenerSocket(
            descriptor: descriptor, frontend: frontend, bindIndex: 0, address: address)
    }

    /// The port of a frontend; of the only one without a name.
    func port(_ frontend: String = "web") -> UInt16 {
        guard let port = ports[frontend] else { preconditionFailure("no frontend \(frontend)") }
        return port
    }

    /// Publishes a next generation on the same sockets.
    func publish(_ configuration: Configuration) {
        engine.publish(StreamLog.logging(configuration), listeners: listeners)
    }

    /// Waits until every worker has read what was told it before, a generation included.
    func settle() -> Bool {
        let isRead = Gate()
        engine.listSessions { _ in isRead.open() }
        return isRead.wait()
    }

    func frontend(_ name: String = "web") -> FrontendLive { engine.live.frontend(name) }

    func backend(_ name: String = "web") -> BackendLive { engine.live.backend(name) }

    /// The live state of a server.
    func server(_ name: String, of backend: String = "web") -> ServerLive {
        let found = self.backend(backend).order.withLock { order in
            order.live.first { $0.name == name }
        }
        guard let found else { preconditionFailure("no server \(name)") }
        return found
    }

    /// What the lock of the backend protects of a server.
    func order(_ name: String, of backend: String = "web") -> ServerOrder {
        let ordinal = server(name, of: backend).ordinal
        return self.backend(backend).order.withLock { $0.servers[ordinal] }
    }

    /// Streams waiting for a server.
    func queued(_ backend: String = "web") -> Int {
        self.backend(backend).order.withLock { $0.queued }
    }

    /// Changes a server as an admin command does.
    func change(
        _ name: String, of backend: String = "web", _ body: @Sendable (inout ServerOrder) -> Void
    ) {
        engine.change(server(name, of: backend).ordinal, of: self.backend(backend), body)
    }
}

/// A loopback address.
func loopback(_ port: UInt16) -> RawSocketAddress {
    RawSocketAddress(IPSocketAddress(IPAddress("127.0.0.1")!, port: port))
}

/// Configurations with one proxy called `web` that is frontend and backend at once.
enum Setup {
    static func http(
        _ servers: [ServerConfiguration], _ change: (inout ProxyConfiguration) -> Void = { _ in }
    ) -> Configuration {
        listen(.http, servers, change)
    }

    static func tcp(
        _ servers: [ServerConfiguration], _ change: (inout ProxyConfiguration) -> Void = { _ in }
    ) -> Configuration {
        listen(.tcp, servers, change)
    }

    static func server(
        _ name: String, _ port: UInt16, _ change: (inout ServerConfiguration) -> Void = { _ in }
    ) -> ServerConfiguration {
        var server = ServerConfiguration(
            name: name, place: SourcePlace(), hostText: "127.0.0.1", address: loopback(port))
        change(&server)
        return server
    }

    private static func listen(
        _ mode: ProxyMode, _ servers: [ServerConfiguration],
        _ change: (inout ProxyConfiguration) -> Void
    ) -> Configuration {
        var configuration = Configuration()
        configuration.global.maxConnections = 1000
        configuration.global.tuning.idleTimerMilliseconds = 100
        var proxy = ProxyConfiguration(name: "web", capability: .listen)
        proxy.mode = mode
        proxy.servers = servers
        proxy.timeouts.client = 20_000
        proxy.timeouts.server = 20_000
        proxy.timeouts.connect = 5000
        change(&proxy)
        configuration.proxies = [proxy]
        return configuration
    }
}

/// Remembers how streams ended, in order.
final class StreamLog: StreamLogging {
    struct Entry: Sendable, Equatable {
        /// The first two characters of the termination state.
        var ending: String
        var status: Int
        var retries: Int
        var wasRedispatched: Bool
        /// Other streams on its server, when it got there.
        var serverConnections = 0
    }
    private let entries = Mutex<[Entry]>([])

    /// The same configuration, whose frontends log what an entry says.
    static func logging(_ configuration: Configuration) -> Configuration {
        var configuration = configuration
        for index in configuration.proxies.indices {
            configuration.proxies[index].logFormat = format
        }
        return configuration
    }

    private static let format: LogFormat = {
        let names = VariableNames()
        let compiler = ExpressionCompiler(
            fetches: FetchCatalog([]), converters: ConverterCatalog([]), aliases: aliases,
            variables: names, patterns: PatternStore { _ in .missing }, readFile: { _ in nil })
        return try! compiler.format(
            "%ending %status %retries %redispatched %streams", word: 0, in: .log, isHTTP: true)
    }()

    private static let aliases = LogAliasCatalog([
        LogAlias(
            "ending", "",
            .plain { subject, _, output in
                output.append(subject.termination.cause)
                output.append(subject.termination.state)
            }),
        LogAlias("status", "", .number { $0.shownStatus }),
        LogAlias("retries", "", .number { $0.retryCount }),
        LogAlias("redispatched", "", .number { $0.wasRedispatched ? 1 : 0 }),
        LogAlias("streams", "", .number { $0.serverConnections }),
    ])

    /// Everything logged so far.
    var all: [Entry] { entries.withLock { $0 } }

    var endings: [String] { all.map(\.ending) }

    func makeLogger(for configuration: Configuration, worker: Int) -> any StreamLogger {
        Logger(log: self)
    }

    private final class Logger: StreamLogger {
        private let log: StreamLog
        init(log: StreamLog) { self.log = log }
        func logs(frontend: Int) -> Bool { true }
        var longestLine: Int { 1024 }
        func log(_ line: borrowing LoggedLine) {
            var text = ""
            for index in 0..<line.text.count {
                text.unicodeScalars.append(Unicode.Scalar(line.text[index]))
            }
            let values = text.split(separator: " ")
            let entry = Entry(
                ending: String(values[0]), status: Int(values[1])!, retries: Int(values[2])!,
                wasRedispatched: values[3] == "1", serverConnections: Int(values[4])!)
            log.entries.withLock { $0.append(entry) }
        }
        func report(_ text: Span<UInt8>, to sink: Int) {}
        var droppedLines: UInt64 { 0 }
    }
}

/// Asks again and again until a condition holds; false when it does not within `seconds`.
func eventually(within seconds: Double = 10, _ condition: () -> Bool) -> Bool {
    let deadline = Clock.monotonic().nanoseconds + UInt64(seconds * 1e9)
    while !condition() {
        if Clock.monotonic().nanoseconds > deadline { return false }
        usleep(2000)
    }
    return true
}
