// The sockets of the Runtime API on the control thread's loop: accepting, reading, running the
// sessions' steps, writing. Bounds: `stats maxconn` connections, one line of input each, and no
// further command while an answer is not taken.

import Bytes
import Daemon
import Kernel
import Proxy
import Synchronization

/// Serves the Runtime API. Made and used on the loop's thread.
public final class AdminServer {
    let loop: ControlLoop
    let engine: Engine
    private let table: CommandTable
    private var listeners: [Int32: Listener] = [:]
    private var connections: [Int32: AdminConnection] = [:]
    private var timeoutMilliseconds = 10_000
    private var connectionLimit = 10
    private var isAccepting = true
    /// Listeners that are not watched for a while.
    private var resting: Set<Int32> = []
    /// What `show cli sockets` tells.
    private let socketList = SocketList("")

    private struct Listener {
        let socket: ListenerSocket
        let level: StatsSocketConfiguration.Level
        let exposesListeners: Bool
    }

    /// The sockets another process may have: the frontends' and those of these commands.
    var handedOver: [ListenerSocket] {
        engine.generation.listeners.filter { !$0.isRetired } + listeners.values.map(\.socket)
    }

    /// Bytes of an answer that may wait before no further command is run.
    static let outputLimit = 65536
    /// How long a listener that could not accept is left alone.
    private static let restMilliseconds = 100

    /// - Parameter commands: the rows of all features.
    public init(loop: ControlLoop, engine: Engine, commands: [Command]) {
        self.loop = loop
        self.engine = engine
        let socketList = socketList
        table = CommandTable(
            commands + [
                Command(
                    ["show", "cli", "sockets"], level: .user, "list the sockets of these commands"
                ) { _ in .text(socketList.withLock { $0 }) }
            ])
    }

    /// Serves exactly these sockets from now on; connections that are open stay.
    ///
    /// - Parameter sockets: the `stats socket` lines' sockets; `bindIndex` is the line.
    public func adopt(_ sockets: [ListenerSocket], of settings: GlobalConfiguration) {
        timeoutMilliseconds = settings.statsTimeoutMilliseconds
        connectionLimit = settings.statsMaxConnections
        let numbers = Set(sockets.map(\.number))
        for (number, _) in listeners where !numbers.contains(number) {
            loop.unwatch(number)
            resting.remove(number)
            listeners[number] = nil
        }
        for socket in sockets {
            let line = settings.statsSockets[socket.bindIndex]
            let level = line.bind.level ?? line.level
            let isNew = listeners[socket.number] == nil
            listeners[socket.number] = Listener(
                socket: socket, level: level, exposesListeners: line.exposesListeners)
            if isNew { watch(socket.number) }
        }
        describeSockets()
    }

    /// Stops listening and closes every connection.
    public func stop() {
        for number in listeners.keys { loop.unwatch(number) }
        listeners = [:]
        for connection in connections.values { connection.close() }
    }

    /// Connections that are open.
    public var openConnections: Int { connections.count }

    // MARK: Accepting

    private func watch(_ number: Int32) {
        do throws(Errno) {
            try loop.watch(number, for: isAccepting ? .readable : []) { [weak self] _ in
                self?.accept(on: number)
            }
        } catch {
            // The loop's poller is full; the listener stays unserved, as its clients will see.
            listeners[number] = nil
        }
    }

    private func accept(on number: Int32) {
        guard let listener = listeners[number] else { return }
        while connections.count < connectionLimit {
            var address = RawSocketAddress()
            let borrowed = Descriptor(owning: number)
            let accepted = borrowed.accept(from: &address)
            _ = borrowed.surrender()
            switch consume accepted {
            case .accepted(let descriptor): open(descriptor, from: listener)
            case .wouldBlock: return
            case .failed:
                rest(number)
                return
            }
        }
        setAccepting(false)
    }

    /// Leaves a listener alone for a while: descriptors ran out, or it is suspended.
    private func rest(_ number: Int32) {
        loop.unwatch(number)
        resting.insert(number)
        loop.after(milliseconds: Self.restMilliseconds) { [weak self] in
            guard let self, resting.remove(number) != nil, listeners[number] != nil else { return }
            watch(number)
        }
    }

    private func open(
        _ descriptor: consuming Descriptor, from listener: Listener
    ) {
        let started = engine.live.process.started
        let session = AdminSession(
            level: listener.level, table: table, timeoutMilliseconds: timeoutMilliseconds,
            exposesListeners: listener.exposesListeners
        ) {
            Int((Clock.monotonic().nanoseconds - started.nanoseconds) / 1_000_000_000)
        }
        let connection = AdminConnection(descriptor, session: session, server: self)
        let number = connection.number
        connections[number] = connection
        if !connection.start() { closed(number) }
    }

    /// A connection has ended.
    func closed(_ number: Int32) {
        connections[number] = nil
        if !isAccepting && connections.count < connectionLimit { setAccepting(true) }
    }

    private func setAccepting(_ accepting: Bool) {
        if isAccepting == accepting { return }
        isAccepting = accepting
        for number in listeners.keys where !resting.contains(number) {
            // Fails only for a descriptor that is no longer watched.
            try? loop.rewatch(number, for: accepting ? .readable : [])
        }
    }

    private func describeSockets() {
        let lines = listeners.values.sorted { $0.socket.bindIndex < $1.socket.bindIndex }
            .map { "\(listenerText($0.socket.address)) \($0.level.word) all\n" }
        socketList.withLock { $0 = "# socket lvl processes\n" + lines.joined() }
    }

    private func listenerText(_ address: RawSocketAddress) -> String {
        switch address.socketAddress {
        case .ip(let ip): (ip.address.family == .v4 ? "ipv4@" : "ipv6@") + ip.description
        case .unix(let unix): unix.kind == .path ? "unix@\(unix)" : "\(unix)"
        case nil: "unknown"
        }
    }
}

/// A text that the loop's thread writes and commands read.
private final class SocketList: Sendable {
    private let text: Mutex<String>

    init(_ text: String) { self.text = Mutex(text) }

    func withLock<R: Sendable>(_ body: @Sendable (inout String) -> R) -> R {
        text.withLock { body(&$0) }
    }
}
