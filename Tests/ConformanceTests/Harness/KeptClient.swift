// A client that keeps its connection for the next request and opens another one when it is gone.

/// Sends requests one after the other and waits for each answer.
final class KeptClient {
    private let connect: () -> WireSocket?
    private var socket: WireSocket?
    private var reader = WireReader()

    init(_ connect: @escaping () -> WireSocket?) { self.connect = connect }

    /// The port on the client's side; 0 without one.
    var localPort: UInt16 {
        if socket == nil { socket = connect() }
        return socket?.localPort ?? 0
    }

    /// The final answer to a request; nil when none comes.
    func answer(to request: [UInt8]) -> WireMessage? {
        let isKept = socket != nil
        if let answer = attempt(request) { return answer }
        // The kept connection may just have been given up.
        return isKept ? attempt(request) : nil
    }

    private func attempt(_ request: [UInt8]) -> WireMessage? {
        if socket == nil {
            socket = connect()
            reader = WireReader()
        }
        guard let socket, socket.send(request) else {
            self.socket = nil
            return nil
        }
        let kind = WireReader.Kind.response(toHead: request.starts(with: Array("HEAD ".utf8)))
        while true {
            if let answer = reader.next(kind, atEnd: false) {
                if answer.isInterim { continue }
                let closes = answer.value("connection")?.lowercased() == "close"
                if closes || answer.startLine.hasPrefix("HTTP/1.0") { self.socket = nil }
                return answer
            }
            guard case .bytes(let bytes) = socket.receive(milliseconds: 5000) else {
                self.socket = nil
                return reader.next(kind, atEnd: true)
            }
            reader.pending += bytes
        }
    }
}
