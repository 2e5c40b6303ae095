// Runs a test's body in a network namespace of its own, so that it may make interfaces and
// addresses without touching the machine's.

import Foundation
import Kernel

/// Network namespaces for tests.
public enum PrivateNetwork {
    /// Why none can be made here; nil when it can.
    public static let obstacle: String? = {
        do {
            try run {}
            return nil
        } catch {
            return "no new network namespace here: \(error)"
        }
    }()

    /// Whether tests may use one.
    public static var isPermitted: Bool { obstacle == nil }

    /// Runs `body` on the calling thread inside a new network namespace, which ends with the
    /// sockets and processes made there. The thread comes back to its own before this returns;
    /// `body` must not change threads.
    public static func run<Result>(_ body: () throws -> Result) throws -> Result {
        let own = try NetworkNamespace.current()
        try NetworkNamespace.enterNew()
        defer {
            // A thread that is left in the wrong namespace would let other tests fail strangely.
            do { try own.enter() } catch { fatalError("no way back: \(error)") }
        }
        return try body()
    }

    /// Runs a program in the namespace the calling thread is in and returns what it prints; throws
    /// what it says where it fails. Arguments are quoted.
    @discardableResult
    public static func command(_ words: String...) throws -> String {
        let line = words.map { "'\($0.replacingOccurrences(of: "'", with: "'\\''"))'" }
            .joined(separator: " ")
        return try shell(line)
    }

    /// Runs a line of the shell in the namespace the calling thread is in.
    @discardableResult
    public static func shell(_ line: String) throws -> String {
        // Not Foundation's `Process`, whose end is told through the run loop of one thread.
        guard let stream = popen("exec 2>&1; \(line)", "r") else { throw Errno.last }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65536)
        while true {
            let got = fread(&piece, 1, piece.count, stream)
            if got == 0 { break }
            bytes += piece[..<got]
        }
        let output = String(decoding: bytes, as: UTF8.self)
        if pclose(stream) != 0 { throw CommandFailure(line: line, output: output) }
        return output
    }

    /// Waits until interfaces have a carrier and carry packets, which the kernel sees to some time
    /// after they are switched on. At most ten seconds.
    ///
    /// - Parameter namespace: one of `ip netns`; the calling thread's where none is given.
    public static func awaitUp(_ names: String..., in namespace: String? = nil) throws {
        let ip = namespace.map { "ip -n \($0)" } ?? "ip"
        for name in names {
            // One shell, no process but `ip` for each look.
            try shell(
                """
                n=0; while [ $n -lt 1000 ]; do
                    case "$(\(ip) link show \(name))" in *"state UP"*) exit 0;; esac
                    n=$((n + 1)); sleep 0.01
                done; exit 1
                """)
        }
    }

    /// What a program prints as JSON: an array of objects.
    public static func json(_ line: String) throws -> [[String: Any]] {
        let value = try JSONSerialization.jsonObject(with: Data(shell(line).utf8))
        return value as? [[String: Any]] ?? []
    }
}

/// A program that failed.
public struct CommandFailure: Error, CustomStringConvertible {
    /// The program and its arguments.
    public let line: String
    /// What it wrote.
    public let output: String

    public var description: String { "\(line): \(output)" }
}
