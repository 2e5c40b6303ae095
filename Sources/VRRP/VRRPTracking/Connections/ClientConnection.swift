// A connection that trackers make: connects, sends a bounded request, hands on what comes, all
// before a deadline. Stays alive by itself until it has ended.

import Addresses
import Daemon
import Kernel

/// Why a connection ended.
enum ConnectionEnd: Equatable {
    /// The other side has ended it after whatever was received.
    case ended
    case timedOut
    case failed(Errno)

    /// In words.
    var text: String {
        switch self {
        case .ended: "the connection was closed"
        case .timedOut: "timed out"
        case .failed(let failure): failure.text
        }
    }
}

/// One connection on the control loop.
final class ClientConnection {
    /// Bytes that may wait to be sent.
    static let mostToSend = 1 << 20

    private let loop: ControlLoop
    private var socket: Descriptor
    private var toSend: [UInt8] = []
    private var isConnected = false
    private var isWatched = false
    private var deadline: ControlTimer?
    private var isOver = false
    private let onConnect: (ClientConnection) -> Void
    private let onBytes: (ClientConnection, [UInt8]) -> Void
    private var onEnd: ((ConnectionEnd) -> Void)?

    /// Begins to connect. None of the closures is called before this returns.
    ///
    /// - Parameters:
    ///   - timeout: nanoseconds until the connection is given up, unless moved later.
    ///   - onBytes: called for each piece received.
    ///   - onEnd: called once, unless ``close(abruptly:)`` comes first.
    init(
        to address: SocketAddress, timeout: UInt64, on loop: ControlLoop,
        onConnect: @escaping (ClientConnection) -> Void,
        onBytes: @escaping (ClientConnection, [UInt8]) -> Void,
        onEnd: @escaping (ConnectionEnd) -> Void
    ) throws(Errno) {
        let raw = RawSocketAddress(address)
        let socket = try Descriptor.socket(
            family: raw.family, type: SocketTypeNumber.stream)
        if case .ip = address { socket.setNoDelay() }
        _ = try socket.connect(to: raw)
        self.socket = socket
        self.loop = loop
        self.onConnect = onConnect
        self.onBytes = onBytes
        self.onEnd = onEnd
        // Also one that is connected at once is told so by its first event.
        try loop.watch(self.socket.number, for: .writable) { events in self.handle(events) }
        isWatched = true
        setDeadline(timeout)
    }

    /// Moves the deadline to that many nanoseconds from now.
    func setDeadline(_ nanoseconds: UInt64) {
        if isOver { return }
        if let deadline { loop.cancel(deadline) }
        deadline = loop.after(nanoseconds: nanoseconds) { [weak self] in
            self?.end(.timedOut)
        }
    }

    /// Sends bytes, later if need be; false when too much waits.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        if isOver || toSend.count + bytes.count > ClientConnection.mostToSend { return false }
        toSend += bytes
        flush()
        return true
    }

    /// Ends the connection and tells nothing any more.
    ///
    /// - Parameter abruptly: with a reset, which leaves nothing behind in the kernel.
    func close(abruptly: Bool = false) {
        if isOver { return }
        isOver = true
        onEnd = nil
        if let deadline { loop.cancel(deadline) }
        deadline = nil
        if isWatched { loop.unwatch(socket.number) }
        if abruptly { socket.resetOnClose() }
        socket.take().close()
    }

    private func end(_ end: ConnectionEnd) {
        if isOver { return }
        let tell = onEnd
        close(abruptly: end == .timedOut)
        tell?(end)
    }

    private func handle(_ events: PollEvents) {
        if isOver { return }
        if !isConnected {
            if let failure = socket.takeSocketError() { return end(.failed(failure)) }
            isConnected = true
            try? loop.rewatch(socket.number, for: .readable)
            onConnect(self)
            return flush()
        }
        if events.contains(.writable) { flush() }
        if !events.isDisjoint(with: [.readable, .error, .hangUp]) { receive() }
    }

    private func flush() {
        if !isConnected || isOver { return }
        while !toSend.isEmpty {
            switch socket.send(toSend.span) {
            case .bytes(let count): toSend.removeFirst(count)
            case .wouldBlock:
                try? loop.rewatch(socket.number, for: [.readable, .writable])
                return
            case .failed(let failure):
                // What the other side said before it went is still to be read.
                if failure != .brokenPipe { return end(.failed(failure)) }
                toSend = []
            }
        }
        try? loop.rewatch(socket.number, for: .readable)
    }

    private func receive() {
        // A bound for one turn; the poller comes again for more.
        for _ in 0..<16 {
            if isOver { return }
            var bytes: [UInt8] = []
            switch socket.read(appendingTo: &bytes, atMost: 16384) {
            case .bytes: onBytes(self, bytes)
            case .wouldBlock: return
            case .ended: return end(.ended)
            case .failed(let failure): return end(.failed(failure))
            }
        }
    }
}
