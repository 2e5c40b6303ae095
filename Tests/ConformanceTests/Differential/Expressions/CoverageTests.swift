// Nothing is forgotten: what haproxy lists as a fetch stands in a table, at least three times.

import Foundation
import Testing

@Suite(.enabled(if: Program.haproxyIsThere, "haproxy is not installed"))
struct CoverageTests {
    /// Fetches that are not asked, and why.
    private static let excluded: [(prefix: String, reason: String)] = [
        ("ssl_", "TLS comes with its own issue"),
        ("fc_rcvd_proxy", "the PROXY protocol comes with its own issue"),
        ("fc_pp_", "the PROXY protocol comes with its own issue"),
        ("fcgi.", "FastCGI comes with its own issue"),
        ("internal.htx", "an inner structure of haproxy's"),
        ("res.comp", "compression comes with the filters"), ("res.cache_", "there is no cache"),
        ("sc1_clr_gpc", "a name without its two sisters, which the manual does not know"),
    ]

    @Test func `every fetch of haproxy is asked of three inputs`() throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: try #require(Program.haproxy.path))
        let folder = "/tmp/mk-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try "frontend f\n mode http\n timeout client 1s\n bind unix@\(folder)/s\n"
            .write(toFile: folder + "/cfg", atomically: true, encoding: .utf8)
        process.arguments = ["-dKsmp", "-c", "-f", folder + "/cfg"]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let listed = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let names = listed.split(separator: "\n").compactMap { line -> String? in
            guard line.hasPrefix("["), let end = line.firstIndex(of: "]") else { return nil }
            return line[line.index(after: end)...].drop { $0 == " " }
                .prefix { $0 != "(" && $0 != ":" }.description
        }
        // The program may not list them in this version; then there is nothing to compare.
        #expect(names.isEmpty || names.count > 300)
        var asked: [String: Int] = [:]
        for table in ExpressionTable.all {
            for expression in table.expressions {
                let name = expression.prefix { !"(,".contains($0) }
                asked[String(name), default: 0] += table.inputs.count
            }
        }
        for property in VolatileTests.names { asked[property, default: 0] += 3 }
        for name in names where asked[name, default: 0] < 3 {
            if Self.excluded.contains(where: { name.hasPrefix($0.prefix) }) { continue }
            Issue.record("\(name) is asked \(asked[name, default: 0]) times")
        }
    }
}
