// Tables of expressions: what is asked of what. Every expression of a table is asked of every input
// of it, of haproxy and of martlet, through one configuration.

/// Expressions that are asked together, and what they are asked of.
struct ExpressionTable: Sendable, CustomStringConvertible {
    /// Where expressions are evaluated and how their values come back.
    enum Kind: Sendable {
        /// By `http-request` rules; values are the bodies of answers.
        case request
        /// By `http-response` rules; values are fields of the origin's answer.
        case response
        /// By `tcp-request content` rules once the client has ended; values are logged.
        case relayedRequest
        /// By `tcp-response content` rules once the server has ended; values are logged.
        case relayedResponse
    }

    /// Its frontend's name.
    let name: String
    var kind = Kind.request
    /// Whether its listener has an address and a port, which UNIX sockets have not.
    var isOnTCP = false
    /// Its server; nil means an origin that gives the inputs' replies. `PORT` is the TCP port.
    var server: String?
    /// Lines of the frontend before the questions.
    var setup: [String] = []
    /// Sections for its own use.
    var sections = ""
    let expressions: [String]
    let inputs: [Input]

    var description: String { name }

    /// Whether values are logged.
    var isRelayed: Bool { kind == .relayedRequest || kind == .relayedResponse }

    /// The name of the socket it logs to.
    var log: String { name + "-lines" }

    /// All tables.
    static let all: [ExpressionTable] =
        requestTables + stateTables + counterTables + responseTables + payloadTables
}

/// A message with a name.
struct Input: Sendable, CustomStringConvertible {
    let description: String
    /// Bytes of the client.
    let request: [UInt8]
    /// Bytes of the server, where it is asked.
    var reply: [UInt8] = []
    /// The last number of the client's address on the loopback interface.
    var host: UInt8 = 1

    /// A request with fields, and a length if it has a body.
    static func request(
        _ description: String, line: String = "GET /p?q=1 HTTP/1.1", host: String? = "h",
        _ fields: [String] = [], body: String? = nil
    ) -> Input {
        var text = line + "\r\n"
        if let host { text += "Host: \(host)\r\n" }
        for field in fields { text += field + "\r\n" }
        if let body, !fields.contains(where: { $0.hasPrefix("Transfer-Encoding") }) {
            text += "Content-Length: \(bytes(body).count)\r\n"
        }
        return Input(description: description, request: bytes(text + "\r\n" + (body ?? "")))
    }

    /// An answer to an ordinary request.
    static func reply(
        _ description: String, line: String = "HTTP/1.1 200 OK", _ fields: [String],
        body: String = "ok"
    ) -> Input {
        var text = line + "\r\n"
        for field in fields { text += field + "\r\n" }
        if !fields.contains(where: { $0.hasPrefix("Transfer-Encoding") }) {
            text += "Content-Length: \(bytes(body).count)\r\n"
        }
        return Input(
            description: description, request: request("").request,
            reply: bytes(text + "\r\n" + body))
    }

    /// Bytes of a text whose characters are bytes.
    static func bytes(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8($0.value) } }

    /// Bytes from hexadecimal digits.
    static func hex(_ description: String, _ digits: String) -> Input {
        let digits = Array(digits.utf8.filter { $0 != 0x20 })
        let bytes = stride(from: 0, to: digits.count, by: 2).map { index in
            UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16)!
        }
        return Input(description: description, request: bytes)
    }
}

/// What became of a question.
struct Answer: Equatable, Sendable, CustomStringConvertible {
    /// 200 with a value, 404 without one; others when the message was refused.
    var status: Int
    /// The value in a format; bytes as characters.
    var text = ""
    /// The bytes of the value, hexadecimal.
    var digits = ""

    var description: String {
        switch status {
        case 200: "\(text.debugDescription) <\(digits)>"
        case 404: text.isEmpty ? "nothing" : "nothing, shown as \(text.debugDescription)"
        default: "\(status)"
        }
    }
}

/// A question whose answers differ on purpose.
struct Difference: Sendable {
    let expression: String
    /// The inputs it is about; nil means all.
    let inputs: [String]?
    /// Why.
    let reason: String

    /// Which difference explains a question's answers.
    static func index(_ expression: String, _ input: Input) -> Int? {
        all.firstIndex {
            $0.expression == expression && $0.inputs?.contains(input.description) != false
        }
    }
}
