// Runs each `.vtc` file beside this one with varnishtest: against martlet, and against haproxy,
// which proves that the case asks for what haproxy does.
//
// A case that compares the log lines of several connections sets `nbthread 1`: threads log in any
// order.

import Foundation
import Testing

/// A conformance case in varnishtest's language.
struct VarnishCase: CustomTestStringConvertible, Sendable {
    /// `family/feature.vtc`.
    let name: String
    let path: String

    var testDescription: String { name }

    /// Why the case is not for Debian's haproxy, from a line `# not for haproxy 2.6: reason`: a
    /// feature of later versions, or a deliberate difference.
    var notForHAProxy: String? {
        let mark = "# not for haproxy 2.6: "
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").first { $0.hasPrefix(mark) }
            .map { String($0.dropFirst(mark.count)) }
    }

    /// All cases, in the order of their names.
    static let all: [VarnishCase] = {
        let root = (#filePath as NSString).deletingLastPathComponent
        let files = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return files.filter { $0.hasSuffix(".vtc") }.sorted()
            .map { VarnishCase(name: $0, path: root + "/" + $0) }
    }()

    static let program: String? = ["/usr/bin/varnishtest", "/usr/local/bin/varnishtest"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }
}

@Suite(.serialized, .enabled(if: VarnishCase.program != nil, "varnishtest is not installed"))
struct VarnishTests {
    @Test(arguments: VarnishCase.all, Program.allCases)
    func `A case passes`(_ test: VarnishCase, _ program: Program) throws {
        guard let path = program.path else { try Test.cancel("\(program) is not installed") }
        if program == .haproxy, let reason = test.notForHAProxy { try Test.cancel("\(reason)") }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: try #require(VarnishCase.program))
        process.arguments = ["-v", "-t", "90", test.path]
        var environment = ProcessInfo.processInfo.environment
        environment["HAPROXY_PROGRAM"] = path
        process.environment = environment
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let last = text.split(separator: "\n").suffix(60).joined(separator: "\n")
        // 77 says that the case does not apply here.
        #expect(
            [0, 77].contains(process.terminationStatus), "\(test.name) with \(program):\n\(last)")
    }

    @Test func `There are cases`() {
        #expect(VarnishCase.all.count >= 70)
    }
}
