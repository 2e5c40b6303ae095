// The shipped configurations are configurations of the proxy that Martlet stands in for.

import Testing

@testable import LoadTesting

@Suite struct ExamplesTests {
    /// The folder of the package, above this file's.
    static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        .dropLast(3).joined(separator: "/")

    static let files: [String] =
        ["conf/demo.cfg"]
        + folderNames("\(root)/conf/examples").sorted().map { "conf/examples/\($0)" }

    @Test func `there are examples`() { #expect(Self.files.count > 5) }

    @Test(arguments: files)
    func `haproxy takes every example without a warning`(file: String) throws {
        guard let haproxy = findProgram("haproxy") else {
            try Test.cancel("haproxy is not installed")
        }
        let folder = try #require(makeTemporaryFolder("martlet-examples"))
        defer { removeFolder(folder) }
        let (status, output) = try ChildProcess.run(
            [haproxy, "-c", "-dW", "-f", "\(Self.root)/\(file)"], outputPath: "\(folder)/log",
            atMostSeconds: 20)
        #expect(status == 0, "\(output)")
    }
}
