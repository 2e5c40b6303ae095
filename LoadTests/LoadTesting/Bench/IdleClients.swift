// Client connections that had one request each and are then kept open.

import Kernel

/// Open connections to one port.
struct IdleClients: ~Copyable {
    private let port: Int
    private let request: [UInt8]
    private var clients: [BlockingClientBox] = []

    init?(port: Int, path: String) {
        self.port = port
        request = Array("GET \(path) HTTP/1.1\r\nHost: bench\r\n\r\n".utf8)
    }

    /// Opens connections with a request each, one after the other or all under way at once; false
    /// when one was not answered with 200.
    mutating func open(_ count: Int, atOnce: Bool) -> Bool {
        for _ in 0..<count {
            do throws(Errno) {
                let client = try BlockingClientBox(port: port)
                guard client.inner.send(request) else { return false }
                if !atOnce, client.inner.readStatus() != 200 { return false }
                clients.append(client)
            } catch {
                return false
            }
        }
        if atOnce {
            for client in clients where client.inner.readStatus() != 200 { return false }
        }
        return true
    }

    /// Closes them all.
    mutating func close() { clients = [] }
}

/// A place for a connection in an array.
private final class BlockingClientBox {
    let inner: BlockingClient

    init(port: Int) throws(Errno) {
        inner = try BlockingClient(port: port, timeoutSeconds: 30)
    }
}
