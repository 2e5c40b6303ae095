// What the fuzzers of the parsers have to begin with, and what they found in the past.

import Foundation

/// The committed inputs of the fuzzers.
public enum FuzzInputs {
    /// Those of the fuzzer of that name, in the order of their names.
    public static func of(_ name: String) -> [[UInt8]] {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent()
        return ["Corpus", "Failures"].flatMap { folder -> [[UInt8]] in
            let files = try? FileManager.default.contentsOfDirectory(
                at: tests.appendingPathComponent("Fuzz/\(name)/\(folder)"),
                includingPropertiesForKeys: nil)
            return (files ?? []).filter { $0.lastPathComponent != ".gitkeep" }
                .sorted { $0.path < $1.path }
                .compactMap { try? Data(contentsOf: $0) }.map { [UInt8]($0) }
        }
    }
}
