// martlet-load as a user starts it.

import Glibc
import Testing

@testable import LoadTesting

@Suite struct CommandTests {
    /// The built binary, in the folder of the test runner or of the folder above its bundle.
    static let tool: String? = {
        var bytes = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &bytes, bytes.count)
        let own = String(
            decoding: bytes[..<max(length, 0)].map(UInt8.init(bitPattern:)), as: UTF8.self)
        var folder = own.split(separator: "/").dropLast()
        while !folder.isEmpty {
            let path = "/" + folder.joined(separator: "/") + "/martlet-load"
            if access(path, X_OK) == 0 { return path }
            folder.removeLast()
        }
        return nil
    }()

    func run(_ words: [String], seconds: Double = 60) throws -> (status: Int32, output: String) {
        guard let tool = Self.tool else { try Test.cancel("martlet-load is not built") }
        let folder = try #require(makeTemporaryFolder("martlet-load-test"))
        defer { removeFolder(folder) }
        return try ChildProcess.run(
            [tool] + words, outputPath: "\(folder)/output", atMostSeconds: seconds)
    }

    @Test(arguments: [
        ["run", "http://example.org/"], ["run"], ["origin"], ["origin", "--listen", "nowhere"],
        ["bench", "--scenario", "none"], ["bench", "--peers", "none"], ["chaos", "nowhere"],
        ["chaos", "127.0.0.1:1", "--behaviours", "none"],
    ])
    func `what makes no sense is refused with a usage message`(words: [String]) throws {
        let (status, output) = try run(words)
        #expect(status == 64, "\(output)")
        #expect(output.contains("Usage: martlet-load"), "\(output)")
    }

    @Test func `the bench measures an installed proxy`() throws {
        guard findProgram("haproxy") != nil else { try Test.cancel("haproxy is not installed") }
        guard ProcessReadings.usableCores > 1 else { try Test.cancel("one core only") }
        let (status, output) = try run([
            "bench", "--scenario", "small", "--peers", "haproxy", "--rounds", "1", "--seconds", "1",
            "--own-generator",
        ])
        #expect(status == 0, "\(output)")
        #expect(output.contains("round 1 haproxy:"), "\(output)")
        #expect(!output.contains("not measured"), "\(output)")
    }
}
