// Configurations from text, and what becomes of requests under them without a server.

import Addresses
import ConfigLanguage
import Kernel
import Proxy
import ProxyConfig

/// A configuration that was loaded from text.
struct Loaded {
    let configuration: Configuration?
    let messages: [String]

    /// Files that configurations can name.
    static let files: [String: [UInt8]] = [
        "404.http": Array(
            "HTTP/1.1 404 Not Here\r\nX-File: a\r\nContent-Length: 4\r\n\r\nfile".utf8),
        "plain.txt": Array("plain %[path]".utf8), "empty": [],
        "broken.http": Array("<html>".utf8),
    ]

    init(_ text: String) {
        let surroundings = Surroundings(
            readFile: { path, _ in
                let name = path.split(separator: "/").last.map(String.init) ?? path
                return Self.files[name].map { .success($0) } ?? .failure(.failed(Errno(2)))
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

    /// Why a configuration that was to be good is not.
    struct Failure: Error, CustomStringConvertible { let description: String }

    /// What becomes of a request that comes to frontend `f`.
    func explain(_ request: String) throws -> Explanation {
        guard let configuration else {
            throw Failure(description: messages.joined(separator: "\n"))
        }
        let explanation = try Explainer.explain(
            ExplainedRequest(
                bytes: Array(request.utf8),
                source: IPSocketAddress(IPAddress("192.0.2.1")!, port: 1234),
                destination: IPSocketAddress(IPAddress("192.0.2.2")!, port: 80), frontend: "f"),
            under: configuration)
        guard let explanation else { throw Failure(description: "no frontend f") }
        return explanation
    }
}

/// A `listen` with some lines.
func listen(_ lines: String, mode: String = "http", sections: String = "") -> String {
    """
    \(sections)
    listen f
        bind 127.0.0.1:8001
        mode \(mode)
        timeout client 5s
        timeout server 5s
        timeout connect 5s
        timeout tarpit 10ms
        server s 127.0.0.1:1
        \(lines)

    """
}

/// A request for `/path?query` of `host`.
func get(
    _ target: String = "/path?query", fields: String = "", method: String = "GET"
) -> String {
    "\(method) \(target) HTTP/1.1\r\nHost: host\r\n\(fields)\r\n"
}

extension Explanation {
    /// The head as the server would get it.
    var head: String { String(decoding: forwardedHead, as: UTF8.self) }
    /// The first line of that head.
    var requestLine: String { head.components(endedBy: "\r\n").first ?? "" }
    /// The values of a field in that head.
    func values(_ name: String) -> [String] {
        head.components(endedBy: "\r\n").filter { $0.hasPrefix(name + ": ") }.map {
            String($0.dropFirst(name.count + 2))
        }
    }
    /// What the client would get.
    var answer: String { String(decoding: reply, as: UTF8.self) }
}

extension String {
    /// The parts between occurrences of a text.
    func components(endedBy end: String) -> [String] { self.split(separator: end).map(String.init) }
}
