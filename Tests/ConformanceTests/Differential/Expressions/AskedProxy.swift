// A program with a listener for each table, and the questions put to it.

import Foundation
import ReferenceHAProxy

/// A running program that evaluates the expressions of tables.
final class AskedProxy {
    private let tables: [ExpressionTable]
    private let proxy: RunningProxy
    private let port: UInt16
    private var origins: [ThreadedOrigin] = []
    /// What the frontends of relays log.
    private var inboxes: [String: DatagramInbox] = [:]

    /// Starts a program on the tables. Those on TCP share a port: one program at a time.
    init(_ program: Program, _ tables: [ExpressionTable], port: UInt16) throws {
        self.tables = tables
        self.port = port
        setenv("MARTLET_TEST_ASKED_VARIABLE", "a value, with \"marks\"", 1)
        setenv("MARTLET_TEST_EMPTY", "", 1)
        proxy = try RunningProxy(program) { folder in
            Self.configuration(tables, folder: folder, port: port)
        }
        if tables.contains(where: \.isOnTCP) { try Self.await(port, proxy) }
        for table in tables {
            let path = "\(proxy.folder)/\(table.name)-o"
            let replies = table.inputs.map(\.reply)
            switch table.kind {
            case .response where table.server != nil: break
            case .response:
                origins.append(
                    AnsweringOrigin(path: path) { request in
                        replies[Int(request.value("reply") ?? "0") ?? 0]
                    })
            case .relayedResponse: origins.append(SpeakingOrigin(path: path, replies))
            case .request, .relayedRequest: break
            }
            if table.isRelayed {
                inboxes[table.name] = DatagramInbox(path: proxy.folder + "/" + table.log)
            }
        }
    }

    /// Connects once, from an address of its own.
    private static func await(_ port: UInt16, _ proxy: RunningProxy) throws {
        for _ in 0..<1000 where proxy.isRunning {
            if WireSocket(port: port, from: 254) != nil { return }
            usleep(5000)
        }
        throw RunningProxy.StartFailure(description: "port \(port) does not accept: \(proxy.log)")
    }

    /// Whether the process still runs.
    var isRunning: Bool { proxy.isRunning }

    /// The answers of a table: by input, by expression.
    func answers(_ table: ExpressionTable) -> [[Answer]] {
        var clients: [UInt8: KeptClient] = [:]
        return table.inputs.indices.map { index in
            let input = table.inputs[index]
            switch table.kind {
            case .request, .response:
                let client = clients[input.host] ?? KeptClient { [self] in connect(table, input) }
                clients[input.host] = client
                return table.expressions.indices.map { question in
                    ask(question, of: input, index, table, client)
                }
            case .relayedRequest, .relayedResponse: return relay(input, index, table)
            }
        }
    }

    private func connect(_ table: ExpressionTable, _ input: Input) -> WireSocket? {
        table.isOnTCP ? WireSocket(port: port, from: input.host) : proxy.connect(table.name)
    }

    private func ask(
        _ question: Int, of input: Input, _ index: Int, _ table: ExpressionTable,
        _ client: KeptClient
    ) -> Answer {
        // Behind the request line, so that the rest is as the table has it.
        let end = input.request.firstIndex(of: 0x0a)!
        var fields = "case: \(question)\r\nreply: \(index)\r\n"
        if table.isOnTCP { fields += "port: \(client.localPort)\r\n" }
        let request = input.request[...end] + Array(fields.utf8) + input.request[(end + 1)...]
        guard let answer = client.answer(to: Array(request)) else { return Answer(status: 0) }
        if answer.value("asked") == nil { return Answer(status: answer.status) }
        switch table.kind {
        case .request:
            return Answer(
                status: answer.status, text: shown(answer.body),
                digits: answer.value("digits") ?? "")
        case .response:
            let digits = answer.value("digits")
            return Answer(status: digits == nil ? 404 : 200, digits: digits ?? "")
        case .relayedRequest, .relayedResponse: preconditionFailure("logged")
        }
    }

    /// A body as text. Debian's haproxy has percent signs and digits for controls in it, which
    /// later versions leave as they are.
    private func shown(_ body: [UInt8]) -> String {
        text(
            body.flatMap { byte -> [UInt8] in
                if byte >= 0x20 && byte != 0x7F || byte == 0x09 { return [byte] }
                return Array("%".utf8) + hexadecimal(byte)
            })
    }

    private func hexadecimal(_ byte: UInt8) -> [UInt8] {
        Array(String(byte >> 4, radix: 16, uppercase: true).utf8)
            + Array(String(byte & 15, radix: 16, uppercase: true).utf8)
    }

    private func relay(_ input: Input, _ index: Int, _ table: ExpressionTable) -> [Answer] {
        guard let socket = connect(table, input) else { return [] }
        if table.kind == .relayedRequest {
            socket.send(input.request)
            socket.finish()
        } else {
            socket.send([UInt8(index)])
        }
        while case .bytes = socket.receive(milliseconds: 5000) {}
        socket.abort()
        let line = inboxes[table.name]?.next() ?? ""
        let parts = line.split(separator: " ").map(String.init)
        return table.expressions.indices.map { question in
            let part = parts.first { $0.hasPrefix("\(question)=") } ?? ""
            let value = part.drop { $0 != "=" }.dropFirst()
            if value.isEmpty { return Answer(status: 0) }
            return value == "-/-" || value == "/"
                ? Answer(status: 404) : Answer(status: 200, digits: String(value))
        }
    }
}

extension AskedProxy {
    private static func configuration(
        _ tables: [ExpressionTable], folder: String, port: UInt16
    ) -> String {
        var text = """
            global
                nbthread 1
                log \(folder)/lines local0
            defaults
                mode http
                timeout connect 5s
                timeout client 20s
                timeout server 20s
                timeout http-keep-alive 60s
                http-reuse always

            """
        for table in tables {
            text += table.sections
            switch table.kind {
            case .request, .response: text += requests(table, folder, port)
            case .relayedRequest, .relayedResponse: text += relay(table, folder)
            }
        }
        return text
    }

    private static func requests(
        _ table: ExpressionTable, _ folder: String, _ port: UInt16
    ) -> String {
        let address =
            table.isOnTCP ? "127.0.0.1:\(port)" : "unix@\(folder)/\(table.name)"
        let hasOrigin = table.kind == .response
        let step = hasOrigin ? "http-response" : "http-request"
        var lines = ["bind \(address)"] + table.setup
        lines.append("http-request set-var(txn.case) req.hdr(case)")
        if hasOrigin { lines.append("http-response del-header digits") }
        for (index, expression) in table.expressions.enumerated() {
            let isAsked = "{ var(txn.case) -m str \(index) }"
            let isFound = "{ var(txn.v) -m found }"
            lines.append("\(step) set-var(txn.v) \(quoted(expression)) if \(isAsked)")
            if hasOrigin {
                lines.append("\(step) set-header asked 1 if \(isAsked)")
                lines.append(
                    "\(step) set-header digits %[var(txn.v),hex]. if \(isAsked) \(isFound)")
            } else {
                let answer =
                    "content-type text/plain lf-string \(quoted("%[" + expression + "]")) hdr asked 1"
                lines.append(
                    "\(step) return status 200 \(answer) hdr digits %[var(txn.v),hex]. "
                        + "if \(isAsked) \(isFound)")
                lines.append("\(step) return status 404 \(answer) if \(isAsked)")
            }
        }
        var text = "frontend \(table.name)\n"
        if hasOrigin {
            lines.append("default_backend \(table.name)-o")
            let server = (table.server ?? "unix@\(folder)/\(table.name)-o")
                .replacing("PORT", with: "\(port)")
            text = "backend \(table.name)-o\n    server s \(server)\n" + text
        }
        return text + lines.map { "    \($0)\n" }.joined()
    }

    private static func relay(_ table: ExpressionTable, _ folder: String) -> String {
        let step = table.kind == .relayedRequest ? "tcp-request" : "tcp-response"
        // Bytes are known at the end alone: what else is shown would be logged as soon as known.
        var format = "log-format \"%B"
        var rules = table.setup + ["\(step) inspect-delay 10s"]
        // The rules behind this one wait for the end.
        rules.append("\(step) content set-var(sess.end) int(1) if WAIT_END")
        for (index, expression) in table.expressions.enumerated() {
            rules.append("\(step) content set-var(sess.v\(index)) \(quoted(expression))")
            let value = "var(sess.v\(index))"
            format += " \(index)=%[\(value),hex]/%[\(value),length]"
        }
        var lines = [
            "mode tcp", "bind unix@\(folder)/\(table.name)",
            "log \(folder)/\(table.log) len 65000 format raw local0",
        ]
        // The connection that finds the listener ready says nothing.
        lines += ["option dontlognull", format + "\""]
        if table.kind == .relayedRequest {
            lines += rules + ["tcp-request content reject"]
        } else {
            lines.append("default_backend \(table.name)-o")
        }
        let backend = """
            backend \(table.name)-o
                mode tcp
                \(table.kind == .relayedResponse ? rules.joined(separator: "\n    ") : "")
                server s unix@\(folder)/\(table.name)-o

            """
        return backend + "frontend \(table.name)\n" + lines.map { "    \($0)\n" }.joined()
    }

    /// A word of the configuration in double quotes.
    static func quoted(_ text: String) -> String {
        "\""
            + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            .replacing("$", with: "\\$") + "\""
    }
}
