// A server on the bench's own loop, for trackers that connect: what it answers is up to the test.

import Addresses
import Daemon
import FreePorts
import Glibc
import Kernel
import Testing

/// Listens on loopback or a UNIX path and hands each connection's bytes to a closure.
final class TestServer {
    /// One accepted connection.
    final class Peer {
        private var socket: Descriptor
        private let loop: ControlLoop
        fileprivate(set) var received: [UInt8] = []
        /// Free for the test.
        var state = 0

        fileprivate init(_ socket: consuming Descriptor, _ loop: ControlLoop) {
            self.socket = socket
            self.loop = loop
        }

        fileprivate var number: Int32 { socket.number }

        func send(_ text: String) {
            let bytes = Array(text.utf8)
            _ = socket.send(bytes.span)
        }

        func close() {
            if !socket.isOpen { return }
            loop.unwatch(socket.number)
            socket.take().close()
        }

        fileprivate func read() -> [UInt8]? {
            var bytes: [UInt8] = []
            switch socket.read(appendingTo: &bytes, atMost: 65536) {
            case .bytes:
                received += bytes
                return bytes
            case .wouldBlock: return []
            case .ended, .failed: return nil
            }
        }
    }

    let address: SocketAddress
    private let loop: ControlLoop
    private var listener: Descriptor
    private(set) var peers: [Peer] = []

    /// - Parameters:
    ///   - path: a UNIX path; nil listens on a free port of 127.0.0.1.
    ///   - onAccept: called for each connection.
    ///   - onBytes: called for each piece.
    init(
        on loop: ControlLoop, path: String? = nil,
        onAccept: @escaping (Peer) -> Void = { _ in },
        onBytes: @escaping (Peer, [UInt8]) -> Void = { _, _ in }
    ) throws {
        self.loop = loop
        let wanted: SocketAddress =
            try path.map { .unix(try #require(UNIXSocketAddress(.path, name: Array($0.utf8)))) }
            ?? .ip(IPSocketAddress(.loopbackV4, port: 0))
        let raw = RawSocketAddress(wanted)
        listener = try Descriptor.socket(family: raw.family, type: SocketTypeNumber.stream)
        try listener.bind(to: raw)
        try listener.listen(backlog: 16)
        address = try #require(listener.localAddress().socketAddress)
        try loop.watch(listener.number, for: .readable) { [weak self] _ in
            self?.accept(onAccept, onBytes)
        }
    }

    private func accept(
        _ onAccept: @escaping (Peer) -> Void, _ onBytes: @escaping (Peer, [UInt8]) -> Void
    ) {
        var from = RawSocketAddress()
        guard case .accepted(let socket) = listener.accept(from: &from) else { return }
        let peer = Peer(socket, loop)
        peers.append(peer)
        try? loop.watch(peer.number, for: .readable) { [weak peer] _ in
            guard let peer else { return }
            guard let bytes = peer.read() else { return peer.close() }
            if !bytes.isEmpty { onBytes(peer, bytes) }
        }
        onAccept(peer)
    }

    func stop() {
        if !listener.isOpen { return }
        loop.unwatch(listener.number)
        listener.take().close()
        for peer in peers { peer.close() }
        peers = []
        if case .unix(let path) = address {
            try? Files.remove(String(decoding: path.name, as: UTF8.self))
        }
    }

    deinit { stop() }
}

/// An address of 127.0.0.1 where nobody listens.
func deafAddress() throws -> SocketAddress {
    .ip(IPSocketAddress(.loopbackV4, port: UInt16(try FreePorts.take())))
}
