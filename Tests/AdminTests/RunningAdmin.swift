// An admin server on a control loop in a thread of its own, over an engine whose one worker runs.

import Addresses
import Admin
import Daemon
import Foundation
import Kernel
import Proxy
import ReferenceHAProxy
import Synchronization

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

/// The proxies that haproxy is given in comparisons, for us.
enum Sample {
    static func text(_ folder: String) -> String {
        """
        global
            nbthread 1
            maxconn 100
            stats socket \(folder)/admin level admin
            stats socket \(folder)/operator level operator
            stats socket \(folder)/user level user
        defaults
            mode http
            timeout client 5s
            timeout server 5s
            timeout connect 1s
        frontend fe
            bind unix@\(folder)/fe
            default_backend be
        backend be
            server s1 127.0.0.1:18090 weight 10
            server s2 127.0.0.1:18091 weight 20 backup
            server s3 127.0.0.1:18092 disabled
        backend st
            balance static-rr
            server t1 [::1]:18090 weight 4 id 7
            server t2 unix@\(folder)/none
        backend empty\n
        """
    }

    static func configuration(_ folder: String) -> Configuration {
        var configuration = Configuration()
        configuration.global.maxConnections = 100
        configuration.global.statsMaxConnections = 4
        configuration.global.statsSockets = ["admin", "operator", "user"].map { name in
            var socket = StatsSocketConfiguration(
                bind: BindConfiguration(addressText: "unix@\(folder)/\(name)"))
            socket.level = name == "admin" ? .admin : name == "user" ? .user : .operator_
            return socket
        }
        var fe = ProxyConfiguration(name: "fe", capability: .frontend)
        fe.mode = .http
        fe.timeouts.client = 5000
        fe.binds = [BindConfiguration(addressText: "unix@\(folder)/fe")]
        fe.defaultBackend = 1
        var be = ProxyConfiguration(name: "be", capability: .backend)
        be.mode = .http
        be.servers = [
            server("s1", .ip(IPSocketAddress(IPAddress("127.0.0.1")!, port: 18090))) {
                $0.weight = 10
            },
            server("s2", .ip(IPSocketAddress(IPAddress("127.0.0.1")!, port: 18091))) {
                $0.weight = 20
                $0.isBackup = true
            },
            server("s3", .ip(IPSocketAddress(IPAddress("127.0.0.1")!, port: 18092))) {
                $0.isDisabled = true
            },
        ]
        var st = ProxyConfiguration(name: "st", capability: .backend)
        st.mode = .http
        st.balance = ["static-rr"]
        let none = UNIXSocketAddress(.path, name: Array("\(folder)/none".utf8))!
        st.servers = [
            server("t1", .ip(IPSocketAddress(IPAddress("::1")!, port: 18090))) {
                $0.weight = 4
                $0.id = 7
            },
            server("t2", .unix(none)) { _ in },
        ]
        var empty = ProxyConfiguration(name: "empty", capability: .backend)
        empty.mode = .http
        configuration.proxies = [fe, be, st, empty]
        return configuration
    }

    private static func server(
        _ name: String, _ address: SocketAddress, _ change: (inout ServerConfiguration) -> Void
    ) -> ServerConfiguration {
        var server = ServerConfiguration(
            name: name, place: SourcePlace(), hostText: "", address: RawSocketAddress(address))
        change(&server)
        return server
    }
}

/// A running server; ends with this object.
final class RunningAdmin: Sendable {
    let folder: String
    let engine: Engine
    let notices = Mutex<[Notice]>([])
    private let postbox = Mutex<Postbox?>(nil)
    private let ended = DispatchSemaphore(value: 0)

    /// Starts it; `change` may alter the configuration.
    init(_ change: (inout Configuration) -> Void = { _ in }) throws {
        folder = try ReferenceProcess.makeFolder()
        var configuration = Sample.configuration(folder)
        change(&configuration)
        var sockets = ListenerSockets(for: configuration)
        sockets.open()
        engine = try Engine(
            configuration: configuration, listeners: sockets.frontends, logging: NoLogging(),
            workers: 1)
        engine.start()
        let ready = DispatchSemaphore(value: 0)
        let statistics = sockets.statistics
        let final = configuration
        Thread.detachNewThread { [self] in
            let loop = try! ControlLoop(signals: [])
            let commands = Admin.commands { [weak self] notice in
                self?.notices.withLock { $0.append(notice) }
            }
            let server = AdminServer(loop: loop, engine: engine, commands: commands)
            server.adopt(statistics, of: final.global)
            postbox.withLock { $0 = loop.postbox }
            ready.signal()
            _ = loop.run()
            server.stop()
            ended.signal()
        }
        ready.wait()
    }

    /// Ends the loop and the worker and removes the folder.
    func stop() {
        postbox.withLock { $0 }?.post { $0.stop(status: 0) }
        ended.wait()
        engine.stopNow()
        engine.join()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Sends a line, ends the sending side, and reads the whole answer.
    func answer(_ line: String, level: String = "admin") -> String {
        guard let socket = ReferenceProcess.connect(to: folder + "/" + level) else { return "none" }
        defer { close(socket) }
        return ReferenceProcess.exchange(line + "\n", over: socket)
    }
}
