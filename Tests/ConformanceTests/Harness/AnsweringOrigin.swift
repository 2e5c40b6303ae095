// Origins for many questions: one that answers requests by a function, and one that speaks raw
// bytes and hangs up.

import Foundation

/// Listens on a UNIX socket and serves each connection on a thread.
class ThreadedOrigin {
    private let listener: WireListener

    fileprivate init(path: String, serve: @escaping @Sendable (WireSocket) -> Void) {
        let listener = WireListener(path: path)
        self.listener = listener
        Thread.detachNewThread {
            while let connection = listener.accept() {
                Thread.detachNewThread { serve(connection) }
            }
        }
    }

    deinit { listener.stop() }
}

/// Answers each request on a connection with what a function makes of it.
final class AnsweringOrigin: ThreadedOrigin {
    init(path: String, _ answer: @escaping @Sendable (WireMessage) -> [UInt8]) {
        super.init(path: path) { connection in
            var reader = WireReader()
            while case .bytes(let bytes) = connection.receive(milliseconds: -1) {
                reader.pending += bytes
                while let request = reader.next(.request, atEnd: false) {
                    connection.send(answer(request))
                }
            }
        }
    }
}

/// Waits for a first byte, sends the bytes with that number, and closes.
final class SpeakingOrigin: ThreadedOrigin {
    init(path: String, _ speeches: [[UInt8]]) {
        super.init(path: path) { connection in
            guard case .bytes(let bytes) = connection.receive(milliseconds: 5000),
                let number = bytes.first, Int(number) < speeches.count
            else { return }
            connection.send(speeches[Int(number)])
            connection.finish()
            _ = connection.receive(milliseconds: 5000)
        }
    }
}
