// Sockets of the tests: clients of the program, and listeners that it inherits.

import FreePorts
import Glibc
import Testing

/// A TCP or UNIX connection of a test.
final class Client {
    private let number: Int32

    /// Connects; nil when refused.
    init?(port: Int) {
        number = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = loopback(port)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // What fails here is ended as well, by which the socket is closed.
        if status != 0 { return nil }
    }

    /// Connects to a UNIX socket; nil when refused.
    init?(path: String) {
        number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        // What fails here is ended as well, by which the socket is closed.
        if status != 0 { return nil }
    }

    deinit { close(number) }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        Glibc.send(number, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Tells the other side that nothing more comes.
    func endSending() { shutdown(number, Int32(SHUT_WR)) }

    /// Everything that comes, to its end.
    func readToEnd() -> String {
        var bytes: [UInt8] = []
        while let more = readSome(number, milliseconds: 20_000), !more.isEmpty { bytes += more }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The first line of what comes; nil when nothing does.
    func firstLine() -> String? {
        var bytes: [UInt8] = []
        while let more = readSome(number, milliseconds: 20_000), !more.isEmpty {
            bytes += more
            if let end = bytes.firstIndex(of: 13) {
                return String(decoding: bytes[..<end], as: UTF8.self)
            }
        }
        return nil
    }

    /// Whether the other side closes within the time.
    func isClosed(within milliseconds: Int) -> Bool {
        readSome(number, milliseconds: milliseconds)?.isEmpty == true
    }

    /// One request; the answer's status line.
    func ask() -> String? {
        send("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        return firstLine()
    }
}

/// A listening TCP socket on loopback, to be inherited or to be in the way.
final class Listener {
    let number: Int32
    let port: Int

    init(port wanted: Int = 0) throws {
        number = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = loopback(wanted)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let number = number
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(number, $0, length) == 0 && listen(number, 64) == 0
                    && getsockname(number, $0, &length) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        try #require(isBound, "cannot listen on port \(wanted)")
    }

    deinit { close(number) }

    /// A port nobody listens on now.
    static func freePort() throws -> Int { try FreePorts.take() }
}

private func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
}
