// A configuration from text that serves over TCP on this machine: by an engine of ours, and by
// haproxy. Each frontend gets a free port in place of the word PORT and its name.

import Addresses
import Foundation
import FreePorts
import Glibc
import Kernel
import ReferenceHAProxy
import Synchronization

@testable import Proxy

/// Whoever serves a configuration.
protocol Serving {
    /// The port of a frontend.
    func port(_ frontend: String) -> UInt16
}

/// An engine of ours.
final class RunningText: Serving {
    let engine: Engine
    let log = LoggedLines()
    private let ports: [String: UInt16]

    /// Starts workers for a configuration whose frontends are to have ports.
    init(_ text: String, workers: Int = 1) throws {
        let configuration = try Loaded(text.replacing(#/PORT-\w+/#, with: "1")).required
        var listeners: [ListenerSocket] = []
        var ports: [String: UInt16] = [:]
        for proxy in configuration.proxies where !proxy.binds.isEmpty {
            let descriptor = try Descriptor.socket(
                family: AF_INET, type: Int32(SOCK_STREAM.rawValue))
            descriptor.setNoDelay()
            try descriptor.bind(to: Client.address(0))
            try descriptor.listen(backlog: 1024)
            let address = try descriptor.localAddress()
            ports[proxy.name] = address.port
            listeners.append(
                ListenerSocket(
                    descriptor: descriptor, frontend: proxy.name, bindIndex: 0, address: address))
        }
        self.ports = ports
        engine = try Engine(
            configuration: configuration, listeners: listeners, logging: log,
            workers: workers)
        engine.start()
    }

    deinit {
        engine.stopNow()
        engine.join()
    }

    func port(_ frontend: String) -> UInt16 { ports[frontend] ?? 0 }
}

/// haproxy with the same text.
final class RunningReference: Serving {
    private let process: ReferenceProcess
    private let ports: [String: UInt16]

    init(_ text: String) throws {
        var ports: [String: UInt16] = [:]
        for match in text.matches(of: #/PORT-(\w+)/#) {
            ports[String(match.1)] = try Client.freePort()
        }
        var text = text
        for (name, port) in ports { text = text.replacing("PORT-\(name)", with: "\(port)") }
        self.ports = ports
        process = try ReferenceProcess(ready: "ready") { folder in
            text + "frontend ready\n mode tcp\n bind unix@\(folder)/ready\n"
        }
    }

    func port(_ frontend: String) -> UInt16 { ports[frontend] ?? 0 }
}

/// Keeps the lines that are logged.
final class LoggedLines: StreamLogging {
    private let lines = Mutex<[String]>([])

    /// All lines so far.
    var all: [String] { lines.withLock { $0 } }

    func makeLogger(for configuration: Configuration, worker: Int) -> any StreamLogger {
        Logger(self)
    }

    private final class Logger: StreamLogger {
        private let lines: LoggedLines
        init(_ lines: LoggedLines) { self.lines = lines }
        func logs(frontend: Int) -> Bool { true }
        var longestLine: Int { 4096 }
        func log(_ line: borrowing LoggedLine) {
            var bytes: [UInt8] = []
            for index in 0..<line.text.count { bytes.append(line.text[index]) }
            let text = String(decoding: bytes, as: UTF8.self)
            lines.lines.withLock { $0.append(text) }
        }
        func report(_ text: Span<UInt8>, to sink: Int) {}
        var droppedLines: UInt64 { 0 }
    }
}

/// A blocking connection.
final class Client {
    private let number: Int32

    /// Connects to a port of this machine.
    init(_ port: UInt16) throws {
        number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var wait = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(
            number, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        var one: Int32 = 1
        setsockopt(number, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        let status = Self.address(port).withSocketAddress { connect(number, $0, $1) }
        if status < 0 { throw Errno.last }
    }

    deinit { close(number) }

    /// Our own port.
    var port: UInt16 {
        var address = RawSocketAddress()
        _ = address.withMutableSocketAddress { getsockname(number, $0, $1) }
        return address.port
    }

    func send(_ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes {
            Glibc.send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
    }

    /// Ends the connection with a reset.
    func reset() {
        var at = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            number, SOL_SOCKET, SO_LINGER, &at, socklen_t(MemoryLayout<linger>.size))
        var nothing = sockaddr(
            sa_family: sa_family_t(AF_UNSPEC), sa_data: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        connect(number, &nothing, socklen_t(MemoryLayout<sockaddr>.size))
    }

    /// What comes next; empty at the end.
    func receive() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = bytes.withUnsafeMutableBytes { recv(number, $0.baseAddress, $0.count, 0) }
        return count > 0 ? Array(bytes[..<count]) : []
    }

    /// Everything up to the end.
    func receiveAll() -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let more = receive()
            if more.isEmpty { return all }
            all += more
        }
    }

    /// The body of the answer to a request for a path; nil where its status is not 200.
    static func get(
        _ path: String, _ port: UInt16, fields: String = "", body: String = ""
    ) throws -> String? {
        let client = try Client(port)
        let method = body.isEmpty ? "GET" : "POST"
        let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
        client.send(
            Array(
                "\(method) \(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\(length)\(fields)\r\n\(body)"
                    .utf8))
        let answer = String(decoding: client.receiveAll(), as: UTF8.self)
        guard answer.hasPrefix("HTTP/1.1 200"), let end = answer.range(of: "\r\n\r\n") else {
            return nil
        }
        return String(answer[end.upperBound...])
    }

    /// A loopback address.
    static func address(_ port: UInt16) -> RawSocketAddress {
        RawSocketAddress(IPSocketAddress(IPAddress("127.0.0.1")!, port: port))
    }

    /// A port nobody listens on.
    static func freePort() throws -> UInt16 {
        UInt16(try FreePorts.take())
    }
}

/// Something that is on or off.
final class Switch: Sendable {
    private let state = Atomic(false)

    /// Whether it is on.
    var isOn: Bool {
        get { state.load(ordering: .relaxed) }
        set { state.store(newValue, ordering: .relaxed) }
    }
}

/// A server that gives back what it gets, until it is told to be silent.
final class Echo: Sendable {
    let port: UInt16
    private let listening: Int32
    /// Answers are held back while it is on.
    let isSilent = Switch()

    init() throws {
        let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listening = listening
        let status = Client.address(0).withSocketAddress { bind(listening, $0, $1) }
        if status < 0 || listen(listening, 128) < 0 { throw Errno.last }
        var address = RawSocketAddress()
        _ = address.withMutableSocketAddress { getsockname(listening, $0, $1) }
        port = address.port
        let isSilent = isSilent
        Thread.detachNewThread {
            while true {
                let number = accept(listening, nil, nil)
                if number < 0 { return }
                Thread.detachNewThread { Self.serve(number, isSilent) }
            }
        }
    }

    private static func serve(_ number: Int32, _ isSilent: Switch) {
        var bytes = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(number, &bytes, bytes.count, 0)
            guard count > 0 else { break }
            while isSilent.isOn { usleep(1000) }
            _ = Glibc.send(number, bytes, count, Int32(MSG_NOSIGNAL))
        }
        close(number)
    }

    deinit {
        isSilent.isOn = false
        shutdown(listening, Int32(SHUT_RDWR))
    }
}

/// Asks again and again until a condition holds; false when it does not within ten seconds.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    for _ in 0..<2000 {
        if try condition() { return true }
        usleep(5000)
    }
    return false
}
