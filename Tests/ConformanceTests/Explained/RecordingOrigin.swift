// An origin that remembers byte for byte what it got and what it said.

import Foundation
import Synchronization

/// What went over one exchange with an origin.
struct RecordedExchange {
    let server: String
    var request: [UInt8]
    var response: [UInt8]
}

/// All exchanges of several origins, in their order.
final class ExchangeRecord: Sendable {
    private let exchanges = Mutex<[RecordedExchange]>([])

    func add(_ exchange: RecordedExchange) { exchanges.withLock { $0.append(exchange) } }

    /// The last exchange since this was asked last, as soon as there is one; nil where none comes.
    func next(milliseconds: Int) -> RecordedExchange? {
        for _ in 0..<milliseconds {
            if let exchange = take().last { return exchange }
            usleep(1000)
        }
        return nil
    }

    /// The exchanges since this was asked last.
    func take() -> [RecordedExchange] {
        exchanges.withLock { exchanges in
            defer { exchanges = [] }
            return exchanges
        }
    }
}

/// Listens on a UNIX socket; answers with what it got, and with its name.
final class RecordingOrigin: Sendable {
    private let listener: WireListener

    init(path: String, name: String, isHTTP: Bool, _ record: ExchangeRecord) {
        let listener = WireListener(path: path)
        self.listener = listener
        Thread.detachNewThread {
            while let connection = listener.accept() {
                Thread.detachNewThread {
                    if isHTTP {
                        Self.serve(connection, name, record)
                    } else {
                        Self.relay(connection, name, record)
                    }
                }
            }
        }
    }

    deinit { listener.stop() }

    private static func relay(_ connection: WireSocket, _ name: String, _ record: ExchangeRecord) {
        guard case .bytes(let bytes) = connection.receive(milliseconds: 5000) else { return }
        let response = Array("\(name):".utf8) + bytes
        record.add(RecordedExchange(server: name, request: bytes, response: response))
        connection.send(response)
    }

    private static func serve(_ connection: WireSocket, _ name: String, _ record: ExchangeRecord) {
        var pending: [UInt8] = []
        while case .bytes(let bytes) = connection.receive(milliseconds: -1) {
            pending += bytes
            var reader = WireReader()
            reader.pending = pending
            guard let request = reader.next(.request, atEnd: false) else { continue }
            let raw = Array(pending.dropLast(reader.pending.count))
            pending = reader.pending
            let response = answer(to: request, raw, name)
            record.add(RecordedExchange(server: name, request: raw, response: response))
            connection.send(response)
        }
    }

    /// A response that depends on nothing but the request.
    private static func answer(
        to request: WireMessage, _ raw: [UInt8], _ name: String
    ) -> [UInt8] {
        let isHead = request.startLine.hasPrefix("HEAD ")
        let kind = raw.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % 6
        let line = [
            "200 OK", "200 OK", "404 Not Found", "302 Found", "204 No Content", "500 Oops",
        ][kind]
        var head = "HTTP/1.1 \(line)\r\nX-Server: \(name)\r\nServer: origin\r\n"
        head += "X-Many: a, b\r\nx-many: c\r\nSet-Cookie: d=1\r\n"
        if kind == 3 { head += "Location: /there\r\n" }
        if kind == 4 { return Array((head + "\r\n").utf8) }
        if kind == 1 {
            let size = String(raw.count, radix: 16)
            head += "Transfer-Encoding: chunked\r\n\r\n"
            if isHead { return Array(head.utf8) }
            return Array((head + "\(size)\r\n").utf8) + raw + Array("\r\n0\r\n\r\n".utf8)
        }
        head += "Content-Length: \(raw.count)\r\n\r\n"
        return Array(head.utf8) + (isHead ? [] : raw)
    }
}
