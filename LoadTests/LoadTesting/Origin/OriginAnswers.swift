// The bytes of the origin's answers that do not change, made once.

import Bytes

/// Ready-made pieces of answers.
struct OriginAnswers {
    /// The origin's name.
    let name: String
    /// Field lines of every answer, each with its line end.
    private let commonFields: [UInt8]
    private let okHead: [UInt8]
    private let nameText: [UInt8]
    private let namePage: [UInt8]
    /// Bytes that bodies are made of: printable, a line end each 64.
    let pattern: [UInt8]

    init(name: String) {
        self.name = name
        let fields = "Server: martlet-load\r\nX-Origin: \(name)\r\n"
        commonFields = Array(fields.utf8)
        okHead = Array("HTTP/1.1 200 OK\r\n\(fields)Content-Type: text/plain\r\n".utf8)
        nameText = Array("Origin \(name) answered.\n".utf8)
        namePage = Array(originPage(name: name).utf8)
        pattern = printableBytes(262_144)
    }

    /// Appends a head with a Content-Length.
    func appendHead(to output: inout Buffer, length: Int, keepsAlive: Bool) {
        output.append(okHead)
        output.append("Content-Length: ")
        output.append(decimal: length)
        finishHead(&output, keepsAlive)
    }

    /// Appends a head of a chunked body.
    func appendChunkedHead(to output: inout Buffer, keepsAlive: Bool) {
        output.append(okHead)
        output.append("Transfer-Encoding: chunked")
        finishHead(&output, keepsAlive)
    }

    /// Appends a head of a body that ends with the connection.
    func appendUndelimitedHead(to output: inout Buffer) {
        output.append(okHead)
        output.append("Connection: close\r\n\r\n")
    }

    /// Appends the whole answer that says the name.
    func appendName(to output: inout Buffer, html: Bool, keepsAlive: Bool, withBody: Bool) {
        let body = html ? namePage : nameText
        if html {
            output.append("HTTP/1.1 200 OK\r\n")
            output.append(commonFields)
            output.append("Content-Type: text/html; charset=utf-8\r\nContent-Length: ")
            output.append(decimal: body.count)
            finishHead(&output, keepsAlive)
        } else {
            appendHead(to: &output, length: body.count, keepsAlive: keepsAlive)
        }
        if withBody { output.append(body) }
    }

    /// Appends the whole answer with some status; its body says the status.
    func appendStatus(_ status: Int, to output: inout Buffer, keepsAlive: Bool, withBody: Bool) {
        let body = Array("\(status) from origin \(name)\n".utf8)
        output.append("HTTP/1.1 ")
        output.append(decimal: status)
        output.append(" As Asked\r\n")
        output.append(commonFields)
        let mayHaveBody = status != 204 && status != 304
        if mayHaveBody {
            output.append("Content-Type: text/plain\r\nContent-Length: ")
            output.append(decimal: body.count)
            output.append("\r\n")
        }
        output.append(keepsAlive ? "\r\n" : "Connection: close\r\n\r\n")
        if mayHaveBody, withBody { output.append(body) }
    }

    private func finishHead(_ output: inout Buffer, _ keepsAlive: Bool) {
        output.append(keepsAlive ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n")
    }
}
