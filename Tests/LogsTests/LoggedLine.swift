// Facts and lines for tests: what a logger made of them, received as a log server would.

import Addresses
import Foundation
import Kernel
import Logs
import Proxy
import ReferenceHAProxy

/// A logger whose lines arrive in an inbox.
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
                address: socketAddress("127.0.0.1", 80))
        ]
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

    /// The line that `format` makes of the facts, without header.
    func line(_ format: String?, _ facts: StreamFacts, request: String = "") -> String? {
        configuration.proxies[0].logFormat = format
        configuration.proxies[0].logs = [log { $0.format = "raw" }]
        let bytes = Array(request.utf8)
        logger().log(facts, requestLine: bytes.span)
        return inbox.nextAtOnce()
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

/// A UNIX path as the kernel has it.
func unixAddress(_ path: String) -> RawSocketAddress {
    var raw = RawSocketAddress()
    let address = UNIXSocketAddress(.path, name: Array(path.utf8))!
    withUnsafeMutableBytes(of: &raw.storage) { room in
        var span = MutableSpan(_unsafeElements: room.bindMemory(to: UInt8.self))
        raw.length = UInt32(address.writeSockaddr(into: &span))
    }
    return raw
}

/// The facts of an ordinary exchange.
func ordinaryFacts() -> StreamFacts {
    var facts = StreamFacts()
    facts.frontend = 0
    facts.backend = 0
    facts.server = 0
    facts.isHTTP = true
    facts.clientAddress = socketAddress("10.1.2.3", 33_312)
    facts.destinationAddress = socketAddress("10.1.2.4", 8080)
    facts.sourceAddress = socketAddress("192.168.0.1", 4001)
    facts.serverAddress = socketAddress("2001:db8::5", 80)
    facts.acceptedMicroseconds = 1_795_385_839_502_123
    facts.requestMicroseconds = 1_795_385_840_003_000
    facts.handshakeTime = 1
    facts.idleTime = 2
    facts.requestTime = 3
    facts.queueTime = 4
    facts.connectTime = 5
    facts.responseTime = 6
    facts.dataTime = 7
    facts.activeTime = 25
    facts.totalTime = 28
    facts.status = 200
    facts.bytesToClient = 512
    facts.bytesFromClient = 77
    facts.activeConnections = 9
    facts.frontendConnections = 8
    facts.backendConnections = 7
    facts.serverConnections = 6
    facts.serverQueue = 2
    facts.backendQueue = 3
    facts.streamNumber = 41
    return facts
}
