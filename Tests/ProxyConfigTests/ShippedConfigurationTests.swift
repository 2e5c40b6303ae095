// Every configuration that is shipped can be used.

import ConfigLanguage
import Foundation
import ProxyConfig
import Testing

/// Every configuration that is shipped loads without a word.
@Suite struct ShippedConfigurationTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("conf").path

    static var files: [String] {
        ["", "/examples"].flatMap { part in
            ((try? FileManager.default.contentsOfDirectory(atPath: folder + part)) ?? [])
                .filter { $0.hasSuffix(".cfg") }.sorted().map { folder + part + "/" + $0 }
        }
    }

    @Test func `there are shipped configurations`() {
        #expect(Self.files.count >= 5)
    }

    @Test(arguments: files)
    func `a shipped configuration loads without a word`(path: String) throws {
        let files = try ConfigurationLoader.read([path]).get()
        let loaded = ConfigurationLoader.load(
            files: files, environment: Environment(ProcessInfo.processInfo.environment),
            facts: Loading.facts)
        #expect(loaded.lines(processID: 1) == [])
        #expect(loaded.configuration != nil && loaded.hasListeners)
    }

    @Test func `a directory stands for its configuration files in order`() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/martlet-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["b.cfg", "a.cfg", "c.txt", ".d.cfg"] {
            try "global\n".write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        }
        let files = try ConfigurationLoader.read([folder, folder + "/c.txt"]).get()
        #expect(files.map(\.name) == ["a.cfg", "b.cfg", "c.txt"].map { "\(folder)/\($0)" })
        #expect(files.allSatisfy { $0.bytes == Array("global\n".utf8) })
        guard case .failure(let failure) = ConfigurationLoader.read([folder + "/none"]) else {
            Issue.record("a file that does not exist was read")
            return
        }
        #expect(
            failure.text
                == "Cannot open configuration file/directory \(folder)/none : No such file or directory"
        )
    }
}
