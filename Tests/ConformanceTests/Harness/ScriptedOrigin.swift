// An origin that answers what it was told to and remembers every complete request it got.

import Foundation
import Synchronization

/// A raw-byte origin behind a proxy under test.
///
/// The first request on a connection gets the scripted answer; a request for `/sentinel` always
/// gets the sentinel, by which a client finds out whether its connection still serves.
final class ScriptedOrigin: Sendable {
    /// What the origin answers.
    struct Script: Sendable {
        /// Sent for each request, one after the other; the last one is repeated.
        var answers: [[UInt8]] = [Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".utf8)]
        /// Whether the connection closes after an answer.
        var closes = false
    }

    /// Where the proxy finds it.
    let path: String
    private struct State {
        var script = Script()
        var requests: [WireMessage] = []
        var connections: [WireSocket] = []
    }
    private let state = Mutex(State())
    private let listener: WireListener

    /// The answer to `/sentinel`.
    static let sentinel = Array("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsentinel".utf8)

    init(path: String) {
        self.path = path
        let listener = WireListener(path: path)
        self.listener = listener
        Thread.detachNewThread { [weak self] in
            while let connection = listener.accept() {
                guard let origin = self else { return }
                origin.serve(connection)
            }
        }
    }

    deinit {
        listener.stop()
        state.withLock { $0.connections.forEach { $0.abort() } }
    }

    /// Forgets what came, and answers by `script` from now on.
    func begin(_ script: Script) {
        state.withLock {
            $0.script = script
            $0.requests = []
            $0.connections.forEach { $0.abort() }
            $0.connections = []
        }
    }

    /// Requests that came complete since ``begin(_:)``, sentinels excluded.
    var requests: [WireMessage] { state.withLock { $0.requests } }

    private func serve(_ connection: WireSocket) {
        state.withLock { $0.connections.append(connection) }
        Thread.detachNewThread { [weak self] in
            var reader = WireReader()
            var answered = 0
            while case .bytes(let bytes) = connection.receive(milliseconds: -1) {
                reader.pending += bytes
                while let request = reader.next(.request, atEnd: false) {
                    guard let self else { return }
                    if request.startLine.contains("/sentinel") {
                        connection.send(Self.sentinel)
                        continue
                    }
                    let script = self.state.withLock { state -> Script in
                        state.requests.append(request)
                        return state.script
                    }
                    connection.send(script.answers[min(answered, script.answers.count - 1)])
                    answered += 1
                    if script.closes { return connection.abort() }
                }
            }
        }
    }
}
