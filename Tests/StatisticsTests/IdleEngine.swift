// An engine that does not run, over the same proxies that haproxy is given in comparisons.

import Addresses
import Kernel
import Proxy
import Statistics

/// Logs nothing.
struct NoLogging: StreamLogging {
    final class Logger: StreamLogger {
        func logs(frontend: Int) -> Bool { false }
        var longestLine: Int { 0 }
        func log(_ line: borrowing LoggedLine) {}
        func report(_ text: Span<UInt8>, to sink: Int) {}
        var droppedLines: UInt64 { 0 }
    }
    func makeLogger(for configuration: Configuration, worker: Int) -> any StreamLogger { Logger() }
}

/// The proxies of the comparison.
enum Sample {
    /// For haproxy; `folder` holds its sockets.
    static func text(_ folder: String) -> String {
        """
        global
            nbthread 2
            maxconn 100
            node somewhere
            description a text
            stats socket \(folder)/cli level admin
            stats socket \(folder)/user level user
        defaults
            timeout client 5s
            timeout server 5s
            timeout connect 1s
        frontend fe
            mode http
            bind unix@\(folder)/fe
            rate-limit sessions 7
            default_backend be
        frontend tf
            mode tcp
            bind unix@\(folder)/tf
            maxconn 50
            default_backend tb
        backend be
            mode http
            balance leastconn
            server s1 127.0.0.1:18090 weight 3
            server s2 127.0.0.1:18091 maxconn 5 maxqueue 3 backup
            server s3 127.0.0.1:18092 disabled weight 10 pool-max-conn 4
        backend tb
            mode tcp
            server t1 [::1]:18090 id 77
        listen li
            mode http
            bind unix@\(folder)/li
        backend down
            mode http
            server d1 127.0.0.1:1 disabled\n
        """
    }

    /// For us.
    static var configuration: Configuration {
        var configuration = Configuration()
        configuration.global.maxConnections = 100
        configuration.global.node = "somewhere"
        configuration.global.describedAs = "a text"
        var fe = ProxyConfiguration(name: "fe", capability: .frontend)
        fe.mode = .http
        fe.sessionRateLimit = 7
        fe.defaultBackend = 2
        var tf = ProxyConfiguration(name: "tf", capability: .frontend)
        tf.maxConnections = 50
        tf.defaultBackend = 3
        var be = ProxyConfiguration(name: "be", capability: .backend)
        be.mode = .http
        be.balance = ["leastconn"]
        be.servers = [
            server("s1", "127.0.0.1", 18090) { $0.weight = 3 },
            server("s2", "127.0.0.1", 18091) {
                $0.maxConnections = 5
                $0.maxQueue = 3
                $0.isBackup = true
            },
            server("s3", "127.0.0.1", 18092) {
                $0.isDisabled = true
                $0.weight = 10
                $0.poolMaxConnections = 4
            },
        ]
        var tb = ProxyConfiguration(name: "tb", capability: .backend)
        tb.servers = [server("t1", "::1", 18090) { $0.id = 77 }]
        var li = ProxyConfiguration(name: "li", capability: .listen)
        li.mode = .http
        var down = ProxyConfiguration(name: "down", capability: .backend)
        down.mode = .http
        down.servers = [server("d1", "127.0.0.1", 1) { $0.isDisabled = true }]
        configuration.proxies = [fe, tf, be, tb, li, down]
        return configuration
    }

    private static func server(
        _ name: String, _ host: String, _ port: UInt16,
        _ change: (inout ServerConfiguration) -> Void
    ) -> ServerConfiguration {
        var server = ServerConfiguration(
            name: name, place: SourcePlace(), hostText: host,
            address: socketAddress(host, port))
        change(&server)
        return server
    }
}

/// An IP address with its port as the kernel has it.
func socketAddress(_ text: String, _ port: UInt16) -> RawSocketAddress {
    var raw = RawSocketAddress()
    let address = IPSocketAddress(IPAddress(text)!, port: port)
    withUnsafeMutableBytes(of: &raw.storage) { room in
        var span = MutableSpan(_unsafeElements: room.bindMemory(to: UInt8.self))
        raw.length = UInt32(address.writeSockaddr(into: &span))
    }
    return raw
}

/// The commands of the feature over an engine that does not run.
struct IdleStatistics {
    let engine: Engine
    let statistics = Statistics(
        product: ProductFacts(name: "HAProxy", version: "3.5-x", releaseDate: "2026/10/17"))

    init(_ configuration: Configuration = Sample.configuration, workers: Int = 2) throws {
        engine = try Engine(
            configuration: configuration, listeners: [], logging: NoLogging(), workers: workers)
    }

    /// The answer to a command line.
    func answer(_ line: String, level: StatsSocketConfiguration.Level = .admin) -> String {
        let words = line.split(separator: " ").map(String.init)
        let command = statistics.commands.filter { words.starts(with: $0.words) }
            .max { $0.words.count < $1.words.count }
        guard let command, let run = command.run else { return "unknown" }
        let request = CommandRequest(
            arguments: Array(words.dropFirst(command.words.count)), payload: nil, level: level,
            engine: engine)
        guard case .text(let text) = run(request) else { return "later" }
        return text
    }

    /// The rows of the CSV output, by `pxname/svname`, as dictionaries by column.
    func rows(_ line: String = "show stat") -> [String: [String: String]] {
        parse(answer(line))
    }
}

/// CSV of `show stat` by object and column.
func parse(_ csv: String) -> [String: [String: String]] {
    let lines = csv.split(separator: "\n").map(String.init)
    guard
        let header = lines.first?.dropFirst(2).split(
            separator: ",", omittingEmptySubsequences: false)
    else { return [:] }
    var rows: [String: [String: String]] = [:]
    for line in lines.dropFirst() {
        let values = line.split(separator: ",", omittingEmptySubsequences: false)
        var row: [String: String] = [:]
        for (column, value) in zip(header, values) where row[String(column)] == nil {
            row[String(column)] = String(value)
        }
        rows["\(row["pxname"] ?? "")/\(row["svname"] ?? "")"] = row
    }
    return rows
}
