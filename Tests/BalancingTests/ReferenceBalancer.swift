// Asks an installed haproxy in which order it uses its servers.

import ReferenceHAProxy

/// A running haproxy whose backend's servers answer with their own number.
struct ReferenceBalancer {
    private let process: ReferenceProcess

    /// Starts it with `balance <algorithm>` over servers of the given options.
    init(balance: String, servers: [String], extra: String = "") throws {
        process = try ReferenceProcess(ready: "in") { folder in
            var text = """
                global
                    nbthread 1
                    stats socket \(folder)/cli level admin
                defaults
                    mode http
                    timeout client 5s
                    timeout server 5s
                    timeout connect 5s
                listen proxy
                    bind unix@\(folder)/in
                    option httpclose
                    balance \(balance)
                    \(extra)\n
                """
            for (index, options) in servers.enumerated() {
                text += "    server s\(index) unix@\(folder)/o\(index) \(options)\n"
            }
            for index in servers.indices {
                text += """
                    frontend o\(index)
                        bind unix@\(folder)/o\(index)
                        http-request return status 200 content-type text/plain string \(index)\n
                    """
            }
            return text
        }
    }

    /// The numbers of the servers that answer the next `count` requests; nil where none did.
    func sequence(_ count: Int) -> [Int?] {
        (0..<count).map { _ in
            let answer = process.exchange("GET / HTTP/1.0\r\n\r\n", with: "in")
            guard let newline = answer.lastIndex(of: "\r\n") else { return nil }
            return Int(answer[answer.index(after: newline)...])
        }
    }

    /// Runs an admin command.
    func command(_ text: String) -> String { process.exchange(text + "\n", with: "cli") }
}
