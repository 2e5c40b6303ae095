// A haproxy that says what its fetches find at the start of a TCP stream, to compare with.

import Foundation
import ReferenceHAProxy

/// A running haproxy with one frontend for each fetch. Its log format counts bytes (`%B`), so that
/// it logs at the end, when the rules have run.
final class ReferenceStreams {
    private let process: ReferenceProcess
    private let inbox: DatagramInbox
    private let fetches: [String]
    private var origin: Int32 = -1

    /// Starts haproxy; nil where it is not installed.
    ///
    /// - Parameter fromServer: the fetches look at what a server sends.
    init?(_ fetches: [String], fromServer: Bool = false) throws {
        guard ReferenceProcess.program != nil else {
            print("haproxy is not installed: nothing to compare with")
            return nil
        }
        self.fetches = fetches
        let side = fromServer ? "tcp-response" : "tcp-request"
        var inbox: DatagramInbox?
        var origin: Int32 = -1
        process = try ReferenceProcess(ready: "ready") { folder in
            inbox = DatagramInbox(path: folder + "/log")
            if fromServer { origin = Self.listen(folder + "/origin") }
            var lines = """
                global
                    log \(folder)/log len 65535 format raw local0
                defaults
                    mode tcp
                    timeout client 10s
                    timeout server 10s
                    timeout connect 10s
                frontend ready
                    bind unix@\(folder)/ready
                    tcp-request connection reject

                """
            for (index, fetch) in fetches.enumerated() {
                let found = "{ \(fetch) -m found }"
                let rules = """
                        \(side) inspect-delay 5s
                        \(side) content set-var(sess.f) int(1) if \(found)
                        \(side) content set-var(sess.v) \(fetch),hex,concat(<) if \(found)
                        \(side) content reject

                    """
                lines += """
                    frontend f\(index)
                        log global
                        log-format "\(index) %[var(sess.v)] %B"
                        bind unix@\(folder)/s\(index)

                    """
                lines += fromServer ? "    default_backend b\(index)\n" : rules
                if !fromServer { continue }
                lines += "backend b\(index)\n    server s unix@\(folder)/origin\n" + rules
            }
            return lines
        }
        self.inbox = inbox!
        self.origin = origin
        // Its sockets accept before it runs; it runs when it has closed a connection.
        if let socket = process.connect(to: "ready") {
            Self.drain(socket)
            close(socket)
        }
    }

    deinit { if origin >= 0 { close(origin) } }

    /// What the fetches find in bytes with nothing behind them, nil inside for nothing. At most
    /// ten fetches: that many lines wait in an inbox.
    func values(_ bytes: [UInt8]) -> [[UInt8]?] {
        var sockets: [Int32] = []
        for index in fetches.indices {
            guard let socket = process.connect(to: "s\(index)") else { return [] }
            sockets.append(socket)
            let sender = origin >= 0 ? accept(origin, nil, nil) : socket
            Self.send(bytes, to: sender)
            if sender != socket { sockets.append(sender) }
        }
        var patience: Int32 = 200
        for socket in sockets {
            // Where it waits for more, the end of the stream ends that; coming together with the
            // first bytes, it would keep them from being looked at.
            var state = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            if poll(&state, 1, patience) == 0 {
                shutdown(socket, Int32(SHUT_WR))
                patience = 0
            }
        }
        for socket in sockets {
            Self.drain(socket)
            close(socket)
        }
        var values = [[UInt8]?](repeating: nil, count: fetches.count)
        for _ in fetches {
            guard let words = inbox.next()?.split(separator: " "), words.count == 3 else {
                return []
            }
            let index = Int(words[0].drop { !$0.isNumber }) ?? 0
            if words[1].hasSuffix("<") { values[index] = CapturedHello.bytes(String(words[1])) }
        }
        return values
    }

    private static func send(_ bytes: [UInt8], to socket: Int32) {
        _ = bytes.withUnsafeBytes {
            Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
    }

    /// Reads to the end.
    private static func drain(_ socket: Int32) {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while recv(socket, &chunk, chunk.count, 0) > 0 {}
    }

    private static func listen(_ path: String) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        precondition(status == 0 && Glibc.listen(socket, 16) == 0, "cannot listen at \(path)")
        return socket
    }
}

/// The number in the eight bytes that haproxy shows an integer as.
func number(_ bytes: [UInt8]?) -> Int? {
    bytes.map { $0.reduce(0) { $0 << 8 | Int($1) } }
}
