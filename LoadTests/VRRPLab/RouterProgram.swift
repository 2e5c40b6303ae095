// The programs that routers run: keepalived, and ours with the same command line.

import Glibc
import LoadTesting

/// A daemon that takes keepalived's configuration and command line.
public enum RouterProgram: String, Sendable, CaseIterable, CustomStringConvertible {
    case martlet, keepalived

    /// Its name in reports.
    public var description: String { self == .martlet ? "martlet-vrrp" : "keepalived" }

    /// The path of the program; `nil` where it is not there.
    ///
    /// `MARTLET_VRRP` and `REFERENCE_KEEPALIVED` name others, such as a newer version.
    public var path: String? {
        switch self {
        case .keepalived: Self.variable("REFERENCE_KEEPALIVED") ?? findProgram("keepalived")
        case .martlet: Self.variable("MARTLET_VRRP") ?? Self.built
        }
    }

    /// What it says about its version.
    public var version: String {
        guard let path, let folder = makeTemporaryFolder("vrrp-version") else { return "?" }
        defer { removeFolder(folder) }
        let said = try? ChildProcess.run(
            [path, "-v"], outputPath: "\(folder)/out", atMostSeconds: 5)
        return said?.output.split(separator: "\n").first.map(String.init) ?? "?"
    }

    /// The binary beside the tests or beside this program, whatever was built elsewhere since:
    /// measurements are of the release build.
    private static let built: String? = {
        // `swift test` runs in the test runner of the toolchain; the bundle is an argument.
        var folders = CommandLine.arguments.compactMap { argument -> String? in
            guard let end = argument.firstRange(of: ".xctest")?.lowerBound else { return nil }
            return argument[..<end].lastIndex(of: "/").map { String(argument[..<$0]) }
        }
        var bytes = [CChar](repeating: 0, count: 4096)
        // Safety: the buffer is as long as it says.
        let length = unsafe readlink("/proc/self/exe", &bytes, bytes.count)
        let own = String(
            decoding: bytes[..<max(length, 0)].map(UInt8.init(bitPattern:)), as: UTF8.self)
        folders += [own.lastIndex(of: "/").map { String(own[..<$0]) } ?? "."]
        folders += [".build/release", ".build/debug"]
        // Safety: the path is read only for the call.
        return folders.map { "\($0)/martlet-vrrp" }.first { unsafe access($0, X_OK) == 0 }
    }()

    private static func variable(_ name: String) -> String? {
        // Safety: the environment is not changed while the tools run; the text is copied at once.
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }
}
