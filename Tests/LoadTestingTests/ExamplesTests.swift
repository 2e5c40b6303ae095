// The shipped configurations, and those of the bench, are configurations of Martlet and of the
// proxy that it stands in for.

import ConfigLanguage
import ProxyConfig
import Testing

@testable import LoadTesting

@Suite struct ExamplesTests {
    /// The folder of the package, above this file's.
    static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        .dropLast(3).joined(separator: "/")

    static let files: [String] =
        ["conf/demo.cfg"]
        + folderNames("\(root)/conf/examples").sorted().filter { $0.hasSuffix(".cfg") }
        .map { "conf/examples/\($0)" }

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

    @Test(arguments: files)
    func `Martlet takes every example without a word`(file: String) throws {
        let text = try #require(readFile("\(Self.root)/\(file)"))
        #expect(Self.messages(file, text).isEmpty)
    }

    @Test(arguments: BenchScenario.all.filter { $0.rules == 0 }.map(\.name))
    func `Martlet takes the configurations of the bench without a word`(name: String) throws {
        let scenario = try BenchTests.scenario(name)
        let text = scenario.haproxyConfiguration(BenchTests.ports)
        #expect(Self.messages(name, text).isEmpty)
    }

    /// What Martlet says about a configuration.
    static func messages(_ name: String, _ text: String) -> [String] {
        ConfigurationLoader.load(
            files: [ConfigurationFile(name: name, bytes: Array(text.utf8))],
            environment: Environment([:]),
            facts: ConfigurationFacts(version: ProgramVersion("3.5-dev0"), features: ["THREAD"])
        ).lines(processID: 1)
    }
}
