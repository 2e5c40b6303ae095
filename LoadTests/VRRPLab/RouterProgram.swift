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

    /// The newest of the binaries beside this program and of the release build.
    private static let built: String? = {
        var bytes = [CChar](repeating: 0, count: 4096)
        // Safety: the buffer is as long as it says.
        let length = unsafe readlink("/proc/self/exe", &bytes, bytes.count)
        let own = String(
            decoding: bytes[..<max(length, 0)].map(UInt8.init(bitPattern:)), as: UTF8.self)
        var folders = [own[..<(own.lastIndex(of: "/") ?? own.startIndex)]].map(String.init)
        // `swift test` runs in the test runner of the toolchain; the bundle is an argument.
        folders += CommandLine.arguments.filter { $0.contains(".xctest") }.map { argument in
            String(
                argument[..<(argument.firstRange(of: ".xctest")?.lowerBound ?? argument.endIndex)])
        }.compactMap { bundle in bundle.lastIndex(of: "/").map { String(bundle[..<$0]) } }
        folders += [".build/debug", ".build/release"]
        let found = folders.map { "\($0)/martlet-vrrp" }.compactMap { path in
            Self.modified(path).map { (path, $0) }
        }
        return found.max { $0.1 < $1.1 }?.0
    }()

    private static func modified(_ path: String) -> Int? {
        var status = stat()
        // Safety: the path is read and the record written only for the call.
        return unsafe stat(path, &status) == 0 ? status.st_mtim.tv_sec : nil
    }

    private static func variable(_ name: String) -> String? {
        // Safety: the environment is not changed while the tools run; the text is copied at once.
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }
}
