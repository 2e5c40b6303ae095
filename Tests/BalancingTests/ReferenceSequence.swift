// Asks an installed haproxy in which order it uses its servers. Everything runs over UNIX sockets
// in a folder of its own and is gone afterwards.

import Foundation

/// A running haproxy whose backend's servers answer with their own number.
final class ReferenceBalancer {
    private let folder: String
    private let process: Process

    /// The path of the program, or nil where it is not installed.
    static let program: String? = ["/usr/sbin/haproxy", "/usr/local/sbin/haproxy"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// Starts it with `balance <algorithm>` over servers of the given options.
    init(balance: String, servers: [String], extra: String = "") throws {
        folder = NSTemporaryDirectory() + "mb-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
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
        try text.write(toFile: folder + "/cfg", atomically: true, encoding: .utf8)
        process = Process()
        process.executableURL = URL(fileURLWithPath: Self.program ?? "/nonexistent")
        process.arguments = ["-db", "-f", folder + "/cfg"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        for _ in 0..<500 where connected(to: "in").map({ close($0) }) == nil { usleep(10_000) }
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// The numbers of the servers that answer the next `count` requests; nil where none did.
    func sequence(_ count: Int) -> [Int?] {
        (0..<count).map { _ in
            let answer = exchange("GET / HTTP/1.0\r\n\r\n", with: "in")
            return answer.components(separatedBy: "\r\n\r\n").last.flatMap { Int($0) }
        }
    }

    /// Runs an admin command.
    func command(_ text: String) -> String { exchange(text + "\n", with: "cli") }

    private func exchange(_ request: String, with name: String) -> String {
        guard let socket = connected(to: name) else { return "" }
        defer { close(socket) }
        _ = request.withCString { send(socket, $0, strlen($0), 0) }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(socket, &chunk, chunk.count, 0)
            if count <= 0 { break }
            answer += chunk[..<count]
        }
        return String(decoding: answer, as: UTF8.self)
    }

    private func connected(to name: String) -> Int32? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) {
            $0.copyBytes(from: (folder + "/" + name).utf8)
        }
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if status == 0 { return socket }
        close(socket)
        return nil
    }
}
