// UNIX stream sockets with deadlines, for clients and origins of the tests.

import Foundation
import Glibc

/// A connected stream socket. Its descriptor closes with it.
final class WireSocket: Sendable {
    private let descriptor: Int32

    init(adopting descriptor: Int32) { self.descriptor = descriptor }

    /// Connects to the listener at `path`; nil when nobody accepts there.
    convenience init?(connectingTo path: String) {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let status = withAddress(path) { Glibc.connect(descriptor, $0, $1) }
        guard status == 0 else {
            Glibc.close(descriptor)
            return nil
        }
        self.init(adopting: descriptor)
    }

    deinit { Glibc.close(descriptor) }

    /// Sends all bytes; false when the receiver is gone.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    /// What has come.
    enum Received: Equatable {
        case bytes([UInt8])
        case end
        case timeout
    }

    /// Waits for bytes, the end or the deadline, whichever is first.
    func receive(milliseconds: Int32) -> Received {
        var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&event, 1, milliseconds) > 0 else { return .timeout }
        var room = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &room, room.count, 0)
        return count <= 0 ? .end : .bytes(Array(room[..<count]))
    }

    /// Lends the descriptor.
    func withDescriptor<Result>(_ body: (Int32) -> Result) -> Result { body(descriptor) }

    /// Ends the sending direction.
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends both directions, waking a thread that waits in ``receive(milliseconds:)``.
    func abort() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}

/// A listening UNIX socket.
final class WireListener: Sendable {
    private let descriptor: Int32

    init(path: String) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let status = withAddress(path) { bind(descriptor, $0, $1) }
        precondition(status == 0 && listen(descriptor, 128) == 0, "cannot listen on \(path)")
    }

    deinit { Glibc.close(descriptor) }

    /// The next connection, or nil once the listener has been stopped.
    func accept() -> WireSocket? {
        let connection = Glibc.accept(descriptor, nil, nil)
        return connection < 0 ? nil : WireSocket(adopting: connection)
    }

    /// Wakes ``accept()`` with nil.
    func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}

private func withAddress<Result>(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    precondition(path.utf8.count < MemoryLayout.size(ofValue: address.sun_path))
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
