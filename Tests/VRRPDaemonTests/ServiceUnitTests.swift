// The service unit: the service manager takes it, and what it starts is what the program takes.

import Foundation
import Testing
import VRRPConfig

@testable import VRRPDaemon

@Suite struct ServiceUnitTests {
    private static let path = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("systemd/martlet-vrrp.service").path

    private static let analyze: String? = ["/usr/bin/systemd-analyze", "/bin/systemd-analyze"]
        .first(where: FileManager.default.isExecutableFile(atPath:))

    /// The values of a setting, in order.
    private static func values(_ name: String) throws -> [String] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("\(name)=") }
            .map { String($0.dropFirst(name.count + 1)) }
    }

    @Test func `the program takes the arguments it is started with`() throws {
        let starts = try Self.values("ExecStart")
        try #require(starts.count == 1)
        let words = starts[0].split(separator: " ").map(String.init)
        #expect(words.first?.hasSuffix("/martlet-vrrp") == true)
        let options = try Options.read(Array(words.dropFirst()))
        #expect(options.task == .run)
        #expect(options.staysInForeground)
        #expect(options.configurationPath == "/etc/martlet/vrrp.conf")
        #expect(options.foreign == [])
        #expect(!options.keepsAddressesOnStop && !options.avoidsRespawn)
        // The folder of the pid file is made by the service manager.
        let folder = try #require(try Self.values("RuntimeDirectory").first)
        #expect(options.pidPath?.hasPrefix("/run/\(folder)/") == true)
    }

    @Test func `the guarded process may speak, and the guardian ends last`() throws {
        #expect(try Self.values("Type") == ["notify"])
        #expect(try Self.values("NotifyAccess") == ["all"])
        #expect(try Self.values("KillMode") == ["mixed"])
        #expect(try Self.values("ExecReload") == ["/bin/kill -HUP $MAINPID"])
        let capabilities = try Self.values("CapabilityBoundingSet")
        #expect(capabilities == ["CAP_NET_ADMIN CAP_NET_RAW"])
        let families = try Self.values("RestrictAddressFamilies").joined(separator: " ")
        #expect(
            Set(families.split(separator: " ")) == [
                "AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET",
            ])
        // A stop waits for successors and scripts, and a shutdown script comes after that.
        let patience = try #require(try Self.values("TimeoutStopSec").first.flatMap { Int($0) })
        #expect(patience > GlobalDefinitions().childWaitSeconds + 10)
    }

    @Test(.enabled(if: analyze != nil, "systemd-analyze is not installed"))
    func `the service manager takes every line`() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("unit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // The program itself is not installed where tests run.
        let text = try String(contentsOfFile: Self.path, encoding: .utf8)
            .replacingOccurrences(of: "/usr/local/sbin/martlet-vrrp", with: "/bin/true")
        let unit = folder.appendingPathComponent("martlet-vrrp.service")
        try text.write(to: unit, atomically: true, encoding: .utf8)
        let verified = try Self.run(["verify", "--man=no", unit.path])
        #expect(verified.status == 0)
        #expect(!verified.output.contains("martlet-vrrp.service"), "\(verified.output)")
        // From 0, shut in, to 10, shut out: the rest is what the network needs.
        let security = try Self.run(["security", "--offline=yes", "--threshold=35", unit.path])
        if !security.output.contains("unrecognized option") {
            #expect(security.status == 0, "\(security.output)")
        }
    }

    private static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(analyze))
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }
}
