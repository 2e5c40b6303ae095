// One end of a connection as a test sees it: blocking, with a limit on every wait.

import Glibc
import Kernel
import Synchronization

/// A blocking socket. Used by one thread at a time, except that any thread may close it.
final class Peer: @unchecked Sendable {
    let number: Int32
    /// Which connection of its origin it is, counted from 0.
    let index: Int
    private var pending: [UInt8] = []
    private let isOpen = Atomic(true)

    /// Takes a connected socket over.
    init(_ number: Int32, index: Int = 0) {
        self.number = number
        self.index = index
        set(SO_RCVTIMEO, seconds: 20)
        set(SO_SNDTIMEO, seconds: 20)
    }

    /// Connects to a port of this machine.
    ///
    /// - Parameter receiveBytes: SO_RCVBUF; 0 leaves the kernel's.
    convenience init(to port: UInt16, receiveBytes: Int32 = 0) throws {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if number < 0 { throw Errno.last }
        if receiveBytes > 0 {
            var bytes = receiveBytes
            setsockopt(number, SOL_SOCKET, SO_RCVBUF, &bytes, 4)
        }
        var one: Int32 = 1
        setsockopt(number, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        self.init(number)
        let status = loopback(port).withSocketAddress { Glibc.connect(number, $0, $1) }
        if status < 0 {
            let failure = Errno.last
            close()
            throw failure
        }
    }

    deinit { close() }

    private func set(_ option: Int32, seconds: Int) {
        var wait = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(number, SOL_SOCKET, option, &wait, socklen_t(MemoryLayout<timeval>.size))
    }

    /// The port of this end.
    var port: UInt16 {
        var address = RawSocketAddress()
        _ = address.withMutableSocketAddress { getsockname(number, $0, $1) }
        return address.port
    }

    // MARK: Sending and ending

    /// Sends everything; false when the other side would not have it.
    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var done = 0
        while done < bytes.count {
            let put = bytes.withUnsafeBytes {
                Glibc.send(number, $0.baseAddress! + done, $0.count - done, Int32(MSG_NOSIGNAL))
            }
            if put < 0 && errno == EINTR { continue }
            if put <= 0 { return false }
            done += put
        }
        return true
    }

    func shutdownSending() { shutdown(number, Int32(SHUT_WR)) }

    func close() {
        if isOpen.exchange(false, ordering: .relaxed) { _ = Glibc.close(number) }
    }

    /// Closes with a reset.
    func reset() {
        var value = linger(l_onoff: 1, l_linger: 0)
        setsockopt(number, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    /// Makes a thread that waits in this socket go on; the owner closes it.
    func interrupt() { shutdown(number, Int32(SHUT_RDWR)) }

    // MARK: Receiving

    /// How a connection came to its end.
    enum End: Equatable {
        case ended, reset, silent
    }

    private enum More {
        case bytes
        case end(End)
    }

    private func more() -> More {
        var room = [UInt8](repeating: 0, count: 65536)
        while true {
            let got = recv(number, &room, room.count, 0)
            if got > 0 {
                pending += room[..<got]
                return .bytes
            }
            if got == 0 { return .end(.ended) }
            if errno == EINTR { continue }
            return .end(errno == EAGAIN ? .silent : .reset)
        }
    }

    /// Reads through an empty line; nil when the connection ends before.
    func readHead() -> String? {
        var searched = 0
        while true {
            if pending.count >= 4 {
                for index in max(0, searched - 3)...(pending.count - 4)
                where pending[index] == 13 && pending[index + 1] == 10
                    && pending[index + 2] == 13 && pending[index + 3] == 10
                {
                    return String(decoding: take(index + 4), as: UTF8.self)
                }
                searched = pending.count
            }
            guard case .bytes = more() else { return nil }
        }
    }

    private func take(_ count: Int) -> [UInt8] {
        let taken = Array(pending[..<count])
        pending.removeFirst(count)
        return taken
    }

    /// What was read already and not taken.
    func takePending() -> [UInt8] { take(pending.count) }

    /// Reads exactly `count` bytes; nil when the connection ends before.
    func read(_ count: Int) -> [UInt8]? {
        while pending.count < count {
            guard case .bytes = more() else { return nil }
        }
        return take(count)
    }

    /// Reads a line; nil when the connection ends before.
    func readLine() -> String? {
        while true {
            if let end = pending.firstIndex(of: 10) {
                return String(decoding: take(end + 1).dropLast(2), as: UTF8.self)
            }
            guard case .bytes = more() else { return nil }
        }
    }

    /// Reads until the connection ends.
    func readToEnd() -> (bytes: [UInt8], end: End) {
        while true {
            if case .end(let end) = more() { return (take(pending.count), end) }
        }
    }

    /// Whether bytes, an end or an error are there within `milliseconds`.
    func isReadable(within milliseconds: Int32) -> Bool {
        if !pending.isEmpty { return true }
        var wanted = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        return poll(&wanted, 1, milliseconds) == 1
    }

    // MARK: HTTP

    /// One response.
    struct Response: Equatable {
        var status: Int
        var head: String
        var body: [UInt8]
        var text: String { String(decoding: body, as: UTF8.self) }
        var closes: Bool { head.lowercased().contains("connection: close") }
    }

    /// Sends a request and reads its response; nil when the connection ended instead.
    func get(_ path: String = "/", _ fields: String = "") -> Response? {
        guard send("GET \(path) HTTP/1.1\r\nHost: test\r\n\(fields)\r\n") else { return nil }
        return readResponse()
    }

    /// Reads one response with its body.
    func readResponse() -> Response? {
        guard let head = readHead() else { return nil }
        let words = head.split(separator: " ", maxSplits: 2)
        guard words.count > 1, let status = Int(words[1]) else { return nil }
        let lower = head.lowercased()
        if let range = lower.range(of: "content-length: ") {
            let digits = lower[range.upperBound...].prefix { $0.isNumber }
            guard let count = Int(digits), let body = read(count) else { return nil }
            return Response(status: status, head: head, body: body)
        }
        guard lower.contains("transfer-encoding: chunked") else {
            let (body, end) = readToEnd()
            return end == .ended ? Response(status: status, head: head, body: body) : nil
        }
        var body: [UInt8] = []
        while let line = readLine(), let size = Int(line, radix: 16) {
            guard let chunk = read(size + 2) else { return nil }
            body += chunk.dropLast(2)
            if size == 0 { return Response(status: status, head: head, body: body) }
        }
        return nil
    }
}

extension String {
    /// Where `text` first stands in this string.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) {
                return start..<index(start, offsetBy: text.count)
            }
            start = index(after: start)
        }
        return nil
    }
}
