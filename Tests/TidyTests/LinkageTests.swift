// What the built daemons are linked with.

import Foundation
import Testing

@Suite struct LinkageTests {
    /// Binaries of the daemons that were built here: this build's, and a release build's.
    private static let binaries: [String] = {
        var folders = [Tree.root.appendingPathComponent(".build/release").path]
        if let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
            folders.append(URL(fileURLWithPath: own).deletingLastPathComponent().path)
        }
        let names = ["martlet", "martlet-vrrp"]
        return folders.flatMap { folder in names.map { "\(folder)/\($0)" } }
            .filter(FileManager.default.fileExists(atPath:))
    }()

    private static let readelf: String? = ["/usr/bin/readelf", "/bin/readelf"].first(
        where: FileManager.default.isExecutableFile(atPath:))

    @Test(
        .enabled(if: !binaries.isEmpty, "no daemon has been built"),
        .enabled(if: readelf != nil, "readelf is not installed"), arguments: binaries)
    func `daemons are linked with neither Foundation nor Dispatch`(_ binary: String) throws {
        let needed = try Self.needed(binary)
        #expect(needed.contains { $0.hasPrefix("libc.so") }, "\(needed)")
        let unwanted = needed.filter { $0.contains("Foundation") || $0.contains("ispatch") }
        #expect(unwanted == [], "\(binary)")
        // Linked in, it would leave its mangled name in the table of symbols.
        let bytes = try Data(contentsOf: URL(fileURLWithPath: binary))
        #expect(bytes.range(of: Data("$s20FoundationEssentials".utf8)) == nil, "\(binary)")
        #expect(bytes.range(of: Data("$s10Foundation".utf8)) == nil, "\(binary)")
    }

    /// The libraries a binary asks for.
    private static func needed(_ binary: String) throws -> [String] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(readelf))
        process.arguments = ["--dynamic", "--wide", binary]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self).split(separator: "\n")
            .filter { $0.contains("(NEEDED)") }
            .compactMap { line in
                line.split(separator: "[").last.map { String($0.prefix { $0 != "]" }) }
            }
    }
}
