// Programs that the laboratory runs to build and to look: ip, nft, ping.

import CLinux
import Glibc
import LoadTesting
import Synchronization

/// Runs programs in the namespace that this thread is in.
final class LabCommands: Sendable {
    private let folder: String
    private let count = Atomic(0)

    init(folder: String) { self.folder = folder }

    /// Runs a program to its end.
    ///
    /// - Parameter input: written to a file whose name becomes the last word.
    func run(_ words: [String], input: String? = nil) -> (status: Int32, output: String) {
        let number = count.wrappingAdd(1, ordering: .relaxed).newValue
        let output = "\(folder)/command-\(number)"
        var words = words
        if let input {
            let path = "\(output).in"
            writeFile(path, input)
            words.append(path)
        }
        defer {
            // Safety: the paths are read only for the calls.
            unsafe unlink(output)
            if input != nil { unsafe unlink("\(output).in") }
        }
        do {
            return try ChildProcess.run(words, outputPath: output, atMostSeconds: 20)
        } catch {
            return (127, "\(words[0]): \(error.text)")
        }
    }

    /// What a program prints.
    func output(_ words: [String]) -> String { run(words).output }

    /// Runs lines of ip(8) in a namespace.
    func batch(_ lines: [String], in namespace: NetworkNamespace) throws(LabFailure) {
        let text = lines.joined(separator: "\n") + "\n"
        let result = namespace.enter { run(["ip", "-batch"], input: text) }
        if result.status != 0 { throw LabFailure("ip -batch: \(result.output)") }
    }
}
