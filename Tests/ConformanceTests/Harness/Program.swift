// The programs that are compared, and a running one.

import Foundation
import ReferenceHAProxy

/// A program that understands HAProxy's command line and configuration.
enum Program: String, CaseIterable, CustomStringConvertible {
    case haproxy, martlet

    /// Where the program is; nil when it is not there.
    var path: String? {
        switch self {
        case .haproxy: ReferenceProcess.program
        case .martlet:
            // Built beside the test bundle.
            [Bundle.main.bundlePath, CommandLine.arguments[0]]
                .map { ($0 as NSString).deletingLastPathComponent + "/martlet" }
                .first(where: Self.isExecutable)
        }
    }

    var description: String { rawValue }

    private static func isExecutable(_ path: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: path)
    }

    /// Whether martlet serves a configuration at all; asked once.
    static let martletServes: Bool = {
        guard let proxy = try? RunningProxy(.martlet, RunningProxy.probe) else { return false }
        return proxy.connect("probe") != nil
    }()

    /// Whether Debian's haproxy is there to compare with.
    static let haproxyIsThere = Program.haproxy.path != nil
}

/// A running proxy whose listeners are UNIX sockets in a folder of its own.
final class RunningProxy {
    /// Why a proxy did not come up.
    struct StartFailure: Error, CustomStringConvertible { var description: String }

    /// The folder of its sockets.
    let folder: String
    private let process = Process()

    /// A configuration with a listener named `probe`.
    static let probe: @Sendable (String) -> String = { folder in
        """
        listen probe
            mode http
            timeout client 5s
            timeout connect 5s
            timeout server 5s
            bind unix@\(folder)/probe
            server s unix@\(folder)/origin

        """
    }

    /// Starts a program on a configuration and waits until every listener accepts.
    ///
    /// - Parameter configuration: gets the folder to place sockets in. Each `bind unix@…` of it is
    ///   waited for.
    init(_ program: Program, _ configuration: (_ folder: String) -> String) throws {
        folder = "/tmp/mc-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let text = configuration(folder)
        try text.write(toFile: folder + "/cfg", atomically: true, encoding: .utf8)
        guard let path = program.path else { throw StartFailure(description: "no \(program)") }
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["-db", "-f", folder + "/cfg"]
        let log = folder + "/log"
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        // One file for both, so that neither writes over what the other has written.
        let output = FileHandle(forWritingAtPath: log)
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        for name in Self.listeners(text, folder) {
            var isUp = false
            for _ in 0..<1000 where !isUp {
                isUp = connect(name) != nil
                if !isUp {
                    guard process.isRunning else { break }
                    usleep(5000)
                }
            }
            if !isUp {
                let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
                throw StartFailure(description: "\(program): \(name) does not accept: \(said)")
            }
        }
    }

    deinit {
        if process.isRunning {
            process.terminate()
            process.waitUntilExit()
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// What the process wrote.
    var log: String { (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? "" }

    /// Whether the process still runs.
    var isRunning: Bool { process.isRunning }

    /// Connects to a listener by the name of its socket.
    func connect(_ name: String) -> WireSocket? { WireSocket(connectingTo: "\(folder)/\(name)") }

    private static func listeners(_ text: String, _ folder: String) -> [String] {
        text.components(separatedBy: "bind unix@\(folder)/").dropFirst().map {
            String($0.prefix { !$0.isWhitespace })
        }
    }
}
