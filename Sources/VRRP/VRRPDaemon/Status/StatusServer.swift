// The status socket: a UNIX stream socket on which a connection asks one line and gets one answer,
// that ends with the connection. Answers to what failed begin with `error: `.

import Addresses
import Daemon
import Kernel
import VRRPConfig

/// Answers operators.
final class StatusServer {
    /// Where the socket is unless `status_socket` says otherwise.
    static let defaultPath = "/run/martlet-vrrp.sock"

    /// Why there is no status socket.
    enum Failure: Error, Equatable {
        case pathTooLong
        /// Another process answers there.
        case inUse
        /// Something that is no socket stands there.
        case notASocket
        case failed(Errno)

        /// For people.
        var text: String {
            switch self {
            case .pathTooLong: "the path is longer than a socket's can be"
            case .inUse: "another process answers there"
            case .notASocket: "something that is no socket stands there"
            case .failed(let failure): failure.text
            }
        }
    }

    private let provider: () -> DaemonStatus
    private let command: (OperatorCommand) -> OperatorAnswer
    private let events: (OperatorCommand, OperatorAnswer) -> Void
    private var place: StatusSocket?
    private var identity: Files.Node?
    private var server: RequestServer?

    /// - Parameters:
    ///   - provider: gives the status at the time of asking.
    ///   - command: does what is asked.
    ///   - operated: told of each command with its answer.
    init(
        loop: ControlLoop, limits: RequestServer.Limits = RequestServer.Limits(),
        provider: @escaping () -> DaemonStatus,
        command: @escaping (OperatorCommand) -> OperatorAnswer,
        operated: @escaping (OperatorCommand, OperatorAnswer) -> Void = { _, _ in }
    ) {
        self.provider = provider
        self.command = command
        events = operated
        server = RequestServer(
            loop: loop, limits: limits,
            refusals: RequestServer.Refusals(
                tooMany: { Array("error: too many clients\n".utf8) },
                tooLong: { Array("error: too long\n".utf8) }),
            respond: { [weak self] in self?.respond(to: $0, hasEnded: $1) })
    }

    /// Listens at a place, instead of the one before; the same place again changes nothing.
    ///
    /// The socket is made under another name, gets its mode, and only then takes the path: at no
    /// time can somebody connect who may not. A socket that nobody answers on is replaced.
    func listen(at place: StatusSocket) throws(Failure) {
        if place == self.place, (try? Files.node(of: place.path)) == identity { return }
        try Self.checkVacant(place.path)
        do throws(Errno) {
            let listener = try Self.makeSocket()
            let temporary = "\(place.path).\(ProcessID.own)"
            guard let name = UNIXSocketAddress(.path, name: Array(temporary.utf8)) else {
                throw Errno.nameTooLong
            }
            try? Files.remove(temporary)
            try listener.bind(to: RawSocketAddress(.unix(name)))
            do throws(Errno) {
                try Files.setMode(place.mode, of: temporary)
                try listener.listen(backlog: 32)
                try Files.rename(temporary, to: place.path)
            } catch {
                try? Files.remove(temporary)
                throw error
            }
            let identity = try Files.node(of: place.path)
            removeOldPath(unless: place.path)
            (self.place, self.identity) = (place, identity)
            try server?.serve(listener)
        } catch {
            throw error == Errno.nameTooLong ? .pathTooLong : .failed(error)
        }
    }

    /// Sends an event to everybody who watches.
    func publish(_ event: StampedEvent) { publish(line: event.line) }

    /// Sends an event's line to everybody who watches.
    func publish(line: [UInt8]) { server?.publish(line) }

    /// Ends all connections and removes the socket, where it is still ours.
    func close() {
        server?.close()
        removeOldPath(unless: nil)
        (place, identity) = (nil, nil)
    }

    /// Clients that are connected, and those of them that watch.
    var clientCounts: (all: Int, watching: Int) {
        (server?.clientCount ?? 0, server?.streamCount ?? 0)
    }
}

extension StatusServer {
    private static func makeSocket() throws(Errno) -> Descriptor {
        try Descriptor.socket(
            family: Int32(SocketFamily.unix), type: SocketTypeNumber.stream)
    }

    /// Nothing at a path, or a socket that nobody answers on.
    private static func checkVacant(_ path: String) throws(Failure) {
        guard let name = UNIXSocketAddress(.path, name: Array(path.utf8)) else {
            throw .pathTooLong
        }
        guard let kind = try? Files.kind(of: path) else { return }
        guard kind == .socket else { throw .notASocket }
        do throws(Errno) {
            _ = try makeSocket().connect(to: RawSocketAddress(.unix(name)))
        } catch {
            if error == .connectionRefused { return }
            // Full of waiting clients: somebody listens.
            throw error == .wouldBlock ? .inUse : .failed(error)
        }
        throw .inUse
    }

    private func removeOldPath(unless path: String?) {
        guard let old = place?.path, old != path, let identity,
            (try? Files.node(of: old)) == identity
        else { return }
        try? Files.remove(old)
    }

    private func respond(to received: [UInt8], hasEnded: Bool) -> RequestServer.Reply? {
        let end = received.firstIndex(of: 0x0A)
        guard end != nil || hasEnded && !received.isEmpty else { return nil }
        let line = String(decoding: received[..<(end ?? received.count)], as: UTF8.self)
        switch StatusRequest(line: line) {
        case .status(json: false): return answer(Report.text(of: provider()))
        case .status(json: true): return .answer(Report.json(of: provider()))
        case .watch: return .stream([])
        case .help: return answer(StatusRequest.commandList)
        case .unknown(let problem):
            return answer("error: \(problem); try 'help'\n")
        case .operate(let request):
            let result = command(request)
            events(request, result)
            return answer("\(result.isDone ? "" : "error: ")\(result.text)\n")
        }
    }

    private func answer(_ text: String) -> RequestServer.Reply { .answer(Array(text.utf8)) }
}

extension Errno {
    /// EAGAIN.
    fileprivate static let wouldBlock = Errno(11)
    /// ENAMETOOLONG.
    fileprivate static let nameTooLong = Errno(36)
}
