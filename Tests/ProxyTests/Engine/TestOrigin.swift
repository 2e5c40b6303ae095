// Servers behind the engine: a listening socket and a thread for each connection, doing what the
// test's closure says.

import Glibc
import Kernel
@testable import Proxy
import Synchronization

/// A server owned by a test.
final class TestOrigin: Sendable {
    let port: UInt16
    /// Connections accepted so far.
    let accepted = Atomic<Int>(0)
    /// Requests served so far, where the closure counts them.
    let requests = Atomic<Int>(0)
    private let listening: Int32
    private let peers = Mutex<[Peer]>([])
    private let threads = Mutex<[WorkerThread]>([])
    private let isStopping = Atomic(false)

    /// Listens on a free port and calls `serve` in a thread of its own for each connection.
    init(
        receiveBytes: Int32 = 0, _ serve: @escaping @Sendable (Peer, TestOrigin) -> Void
    ) throws {
        let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listening = listening
        if receiveBytes > 0 {
            var bytes = receiveBytes
            setsockopt(listening, SOL_SOCKET, SO_RCVBUF, &bytes, 4)
        }
        let status = loopback(0).withSocketAddress { Glibc.bind(listening, $0, $1) }
        if status < 0 || listen(listening, 1024) < 0 { throw Errno.last }
        var address = RawSocketAddress()
        _ = address.withMutableSocketAddress { getsockname(listening, $0, $1) }
        port = address.port
        let acceptor = WorkerThread.start(cores: []) { [weak self] in
            while true {
                let number = accept(listening, nil, nil)
                if number < 0 && (errno == EINTR || errno == ECONNABORTED) { continue }
                guard number >= 0, let self, !self.isStopping.load(ordering: .relaxed) else {
                    if number >= 0 { _ = Glibc.close(number) }
                    return
                }
                self.welcome(number, serve)
            }
        }
        threads.withLock { $0.append(acceptor) }
    }

    private func welcome(_ number: Int32, _ serve: @escaping @Sendable (Peer, TestOrigin) -> Void) {
        var one: Int32 = 1
        setsockopt(number, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        let index = accepted.add(1, ordering: .relaxed).oldValue
        let peer = Peer(number, index: index)
        peers.withLock { $0.append(peer) }
        let thread = WorkerThread.start(cores: []) { [unowned self] in
            serve(peer, self)
            peers.withLock { $0.removeAll { $0 === peer } }
            peer.close()
        }
        threads.withLock { $0.append(thread) }
    }

    /// Connections that are open now.
    var open: Int { peers.withLock { $0.count } }

    /// Ends everything and waits for the threads. Called by the test's `defer`.
    func stop() {
        guard !isStopping.exchange(true, ordering: .relaxed) else { return }
        shutdown(listening, Int32(SHUT_RDWR))
        peers.withLock { for peer in $0 { peer.interrupt() } }
        while true {
            let all = threads.withLock { threads in
                let all = threads
                threads = []
                return all
            }
            if all.isEmpty { break }
            for thread in all { thread.join() }
        }
        _ = Glibc.close(listening)
    }

    deinit { if !isStopping.load(ordering: .relaxed) { _ = Glibc.close(listening) } }
}

/// A request an origin got.
struct OriginRequest {
    var method: String
    var path: String
    var head: String
    var body: [UInt8]
}

extension TestOrigin {
    /// An HTTP origin: the closure answers each request, false ends the connection.
    static func http(
        _ answer: @escaping @Sendable (OriginRequest, Peer, TestOrigin) -> Bool
    ) throws -> TestOrigin {
        try TestOrigin { peer, origin in
            while let head = peer.readHead() {
                let words = head.split(separator: " ", maxSplits: 2).map(String.init)
                guard words.count == 3 else { return }
                var body: [UInt8] = []
                let lower = head.lowercased()
                if let field = lower.split(separator: "\r\n").first(where: {
                    $0.hasPrefix("content-length:")
                }), let count = Int(field.dropFirst(15).drop { $0 == " " }) {
                    guard let bytes = peer.read(count) else { return }
                    body = bytes
                }
                origin.requests.add(1, ordering: .relaxed)
                let request = OriginRequest(
                    method: words[0], path: words[1], head: head, body: body)
                if !answer(request, peer, origin) { return }
            }
        }
    }

    /// An HTTP origin that answers everything with a text.
    static func text(_ text: String) throws -> TestOrigin {
        try http { _, peer, _ in peer.answer(text) }
    }

    /// A TCP origin that sends back what it gets, and ends when it is told to.
    static func echo() throws -> TestOrigin {
        try TestOrigin { peer, _ in
            while peer.isReadable(within: 20_000), let byte = peer.read(1) {
                var bytes = byte
                bytes += peer.takePending()
                guard peer.send(bytes) else { return }
            }
            peer.shutdownSending()
        }
    }
}

extension Peer {
    /// Answers 200 with a body of known length.
    @discardableResult
    func answer(_ text: String, status: Int = 200, fields: String = "") -> Bool {
        send(
            "HTTP/1.1 \(status) Fine\r\nContent-Length: \(text.utf8.count)\r\n\(fields)\r\n\(text)")
    }
}

/// A gate that threads wait at until it is opened.
final class Gate: Sendable {
    private let isOpen = Atomic(false)
    func open() { isOpen.store(true, ordering: .releasing) }
    /// Waits; false after 20 seconds.
    @discardableResult
    func wait() -> Bool { eventually(within: 20) { isOpen.load(ordering: .acquiring) } }
}
