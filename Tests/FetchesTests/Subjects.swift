// The same expressions over the same requests, evaluated by us and by haproxy: values travel in the
// fields of what is sent on, or of a reply, as hexadecimal digits.

import Addresses
import ConfigLanguage
import Foundation
import Kernel
import Proxy
import ProxyConfig
import ReferenceHAProxy

/// What expressions and conditions gave for one message.
struct Values: Equatable, CustomStringConvertible {
    /// By expression; nil where there was no value.
    var values: [[UInt8]?]
    /// By condition.
    var verdicts: [Bool]

    var description: String {
        values.map { $0.map { "'\(String(decoding: $0, as: UTF8.self))'" } ?? "nil" }
            .joined(separator: " ") + " \(verdicts)"
    }

    /// Reads the fields that ``Questions`` has added.
    init?(_ head: String, _ questions: Questions) {
        var fields: [String: String] = [:]
        for line in head.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon].lowercased()] =
                line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        guard let verdicts = fields["x-verdicts"] else { return nil }
        self.verdicts = verdicts.dropFirst().split(
            separator: ",", omittingEmptySubsequences: false
        ).map { $0 == "1" }
        values = questions.expressions.indices.map { index in
            let parts = (fields["x-value-\(index)"] ?? "/").split(
                separator: "/", omittingEmptySubsequences: false)
            return parts.count == 2 && !parts[1].isEmpty ? Self.bytes(parts[0]) : nil
        }
    }

    fileprivate static func bytes(_ digits: Substring) -> [UInt8] {
        let digits = Array(digits.utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).map { index in
            UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) ?? 0
        }
    }
}

/// Expressions and conditions that are asked together.
struct Questions: Sendable {
    /// Sections in front of the frontend.
    var sections = ""
    /// Sample expressions.
    var expressions: [String]
    /// Anonymous or predefined access lists.
    var conditions: [String] = []
    /// They are asked of a reply, which has these bytes.
    var reply: String?

    /// The configuration; `folder` is where haproxy has its sockets.
    fileprivate func configuration(_ folder: String, address: String, echoes: Bool) -> String {
        let step = reply == nil ? "http-request" : "http-after-response"
        var text = "defaults\n mode http\n timeout client 5s\n timeout server 5s\n"
        text += " timeout connect 5s\n option httpclose\n"
        text += sections + "frontend f\n bind \(address)\n"
        // Without a backend, the answer is the file.
        text += reply == nil ? " default_backend b\n" : " errorfile 503 \(folder)/503.http\n"
        for (index, expression) in expressions.enumerated() {
            text += " \(step) set-var(txn.v\(index)) \(quoted(expression))\n"
        }
        for (index, condition) in conditions.enumerated() {
            let test = condition.first?.isUppercase == true ? condition : "{ \(condition) }"
            text += " \(step) set-var(txn.c\(index)) int(1) if \(test)\n"
        }
        for index in expressions.indices {
            let name = "txn.v\(index)"
            text += " \(step) set-header x-value-\(index) %[var(\(name)),hex]/"
            text += "%[var(\(name)),length]\n"
        }
        let verdicts = conditions.indices.map { "%[var(txn.c\($0))]" }.joined(separator: ",")
        text += " \(step) set-header x-verdicts .\(verdicts)\n"
        text += "backend b\n server s unix@\(folder)/o\n"
        if echoes {
            text += "frontend o\n bind unix@\(folder)/o\n"
            text += " http-request return status 200 content-type text/plain"
            text += " lf-string \"%[req.hdrs,hex]\"\n"
        }
        return text
    }

    private func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    /// What we make of requests; nil for one that reaches no server.
    func ours(_ requests: [String]) throws -> [Values?] {
        let reply = reply
        let loaded = Loaded(configuration("x", address: "127.0.0.1:8001", echoes: false)) { _ in
            Array((reply ?? "").utf8)
        }
        let configuration = try loaded.required
        return try requests.map { request in
            let explanation = try Explainer.explain(
                ExplainedRequest(
                    bytes: Array(request.utf8),
                    source: IPSocketAddress(IPAddress("127.0.0.1")!, port: 1234),
                    destination: IPSocketAddress(IPAddress("127.0.0.1")!, port: 8001),
                    frontend: "f"), under: configuration)
            guard let explanation else { return nil }
            let head = reply == nil ? explanation.forwardedHead : explanation.reply
            return Values(String(decoding: head, as: UTF8.self), self)
        }
    }

    /// What haproxy makes of requests.
    func theirs(_ requests: [String]) throws -> [Values?] {
        let process = try ReferenceProcess(ready: "f") { folder in
            if let reply {
                try? reply.write(
                    toFile: folder + "/503.http", atomically: true, encoding: .utf8)
            }
            return configuration(folder, address: "unix@\(folder)/f", echoes: true)
        }
        return requests.map { request in
            let answer = process.exchange(request, with: "f")
            guard reply == nil else { return Values(answer, self) }
            // The body is what has reached the server, in hexadecimal digits.
            guard let end = answer.range(of: "\r\n\r\n") else { return nil }
            let head = Values.bytes(answer[end.upperBound...])
            return Values(String(decoding: head, as: UTF8.self), self)
        }
    }
}

/// A configuration from text.
struct Loaded {
    let configuration: Configuration?
    let messages: [String]

    /// Why a configuration that was to be good is not.
    struct Failure: Error, CustomStringConvertible { let description: String }

    init(_ text: String, readFile: @escaping @Sendable (String) -> [UInt8]? = { _ in nil }) {
        let surroundings = Surroundings(
            readFile: { path, _ in
                readFile(path).map { .success($0) } ?? .failure(.failed(Errno(2)))
            },
            resolve: { _, _ in nil }, userID: { _ in nil }, groupID: { _ in nil },
            flawOfDescriptor: { _ in nil })
        let loaded = ConfigurationLoader.load(
            files: [ConfigurationFile(name: "t.cfg", bytes: Array(text.utf8))],
            environment: Environment([:]),
            facts: ConfigurationFacts(version: ProgramVersion("3.5-dev0"), features: []),
            surroundings: surroundings)
        configuration = loaded.configuration
        messages = loaded.diagnostics.entries.map { $0.rendered(processID: 1) }
    }

    /// The configuration; throws what is wrong with it.
    var required: Configuration {
        get throws {
            if let configuration { return configuration }
            throw Failure(description: messages.joined(separator: "\n"))
        }
    }
}
