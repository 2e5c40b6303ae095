// One client connection of a test: bytes out, messages back, and whether the connection is still
// good afterwards.

import Foundation

/// What a client saw.
struct Seen: Equatable, CustomStringConvertible {
    /// All responses, interim ones included, in order.
    var answers: [WireMessage] = []
    /// Whether the connection served no further request.
    var isClosed = true

    var description: String { "\(answers)\(isClosed ? " closed" : "")" }

    /// Statuses of all answers.
    var statuses: [Int] { answers.map(\.status) }

    /// The first final status, or 0 when there was none.
    var status: Int { answers.first { !$0.isInterim }?.status ?? 0 }
}

/// Longest wait for anything a proxy should do at once, in milliseconds.
private let patience: Int32 = 5000

/// Sends bytes, reads `expected` final responses, then asks for the sentinel.
///
/// - Parameters:
///   - pieces: sent one after the other.
///   - toHead: whether the requests are HEAD.
///   - expected: how many final responses to wait for.
func exchange(
    over socket: WireSocket, _ pieces: [[UInt8]], toHead: Bool = false, expected: Int = 1,
    endsSending: Bool = false
) -> Seen {
    var seen = Seen()
    var reader = WireReader()
    for piece in pieces where !socket.send(piece) { break }
    if endsSending { socket.finish() }
    var finals = 0
    while finals < expected {
        guard let answer = nextAnswer(socket, &reader, toHead: toHead) else { return seen }
        seen.answers.append(answer)
        if !answer.isComplete { return seen }
        if !answer.isInterim { finals += 1 }
    }
    if endsSending { return seen }
    guard socket.send(Array("GET /sentinel HTTP/1.1\r\nHost: sentinel\r\n\r\n".utf8)) else {
        return seen
    }
    let last = nextAnswer(socket, &reader, toHead: false)
    seen.isClosed = last?.body != Array("sentinel".utf8)
    return seen
}

/// The next response, or nil at the end of the connection.
private func nextAnswer(
    _ socket: WireSocket, _ reader: inout WireReader, toHead: Bool
) -> WireMessage? {
    while true {
        if let answer = reader.next(.response(toHead: toHead), atEnd: false) { return answer }
        switch socket.receive(milliseconds: patience) {
        case .bytes(let bytes): reader.pending += bytes
        case .end, .timeout: return reader.next(.response(toHead: toHead), atEnd: true)
        }
    }
}
