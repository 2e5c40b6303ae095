// A client that waits: for probes, and for connections that are opened to be idle.

import CLinux
import Glibc
import Kernel

/// One blocking connection.
public struct BlockingClient: ~Copyable {
    private let socket: Descriptor

    /// Connects to a port of the loopback address; `timeoutSeconds` bounds every wait on the
    /// connection.
    public init(port: Int, timeoutSeconds: Int = 10) throws(Errno) {
        guard let address = RawSocketAddress(commandLineWord: "127.0.0.1:\(port)") else {
            throw Errno.addressNotAvailable
        }
        self = try BlockingClient(address: address, timeoutSeconds: timeoutSeconds)
    }

    /// Connects to any address.
    public init(address: RawSocketAddress, timeoutSeconds: Int = 10) throws(Errno) {
        let opened = try Descriptor.socket(
            family: address.family, type: Int32(SOCK_STREAM.rawValue))
        _ = martlet_fcntl(opened.number, F_SETFL, 0)
        opened.setOption(SOL_SOCKET, SO_RCVTIMEO, timeval(tv_sec: timeoutSeconds, tv_usec: 0))
        opened.setOption(SOL_SOCKET, SO_SNDTIMEO, timeval(tv_sec: timeoutSeconds, tv_usec: 0))
        _ = try opened.connect(to: address)
        socket = opened
    }

    /// Sends a request; false when that fails.
    public borrowing func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            guard
                case .bytes(let count) = socket.write(bytes.span.extracting(droppingFirst: sent))
            else { return false }
            sent += count
        }
        return true
    }

    /// Reads one answer whose body is dropped; `nil` when it does not come whole.
    public borrowing func readStatus() -> Int? {
        var reader = ResponseReader()
        var bytes: [UInt8] = []
        var at = 0
        while true {
            switch reader.read(bytes.span, at: &at) {
            case .complete: return reader.status
            case .malformed: return nil
            case .needsMore: break
            }
            bytes.removeFirst(at)
            at = 0
            guard let more = receive() else {
                return reader.isCompleteAtEnd ? reader.status : nil
            }
            bytes += more
        }
    }

    /// Reads everything up to the end.
    public borrowing func readAll() -> [UInt8] {
        var bytes: [UInt8] = []
        while let more = receive() { bytes += more }
        return bytes
    }

    private borrowing func receive() -> [UInt8]? {
        var block = [UInt8](repeating: 0, count: 16_384)
        // Safety: the block is as long as it says.
        let got = unsafe block.withUnsafeMutableBytes {
            unsafe recv(socket.number, $0.baseAddress, $0.count, 0)
        }
        return got > 0 ? Array(block[..<got]) : nil
    }

    /// Asks for a path on a connection of its own and returns everything that came back.
    public static func fetch(port: Int, path: String, timeoutSeconds: Int = 10) -> String? {
        do throws(Errno) {
            let client = try BlockingClient(port: port, timeoutSeconds: timeoutSeconds)
            let request = "GET \(path) HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"
            guard client.send(Array(request.utf8)) else { return nil }
            return String(decoding: client.readAll(), as: UTF8.self)
        } catch {
            return nil
        }
    }
}

/// A port of the loopback address that nobody listens on at the moment.
public func freePort() throws(Errno) -> Int {
    guard let any = RawSocketAddress(commandLineWord: "127.0.0.1:0") else {
        throw Errno.addressNotAvailable
    }
    let socket = try Descriptor.socket(family: AF_INET, type: Int32(SOCK_STREAM.rawValue))
    try socket.bind(to: any)
    return try socket.localAddress().port
}
