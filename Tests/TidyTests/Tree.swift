// The project's files as they stand in the working copy.

import Foundation

/// The working copy these tests were built from.
enum Tree {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Paths of all files of the project, from its root, in order. Build folders, what tools leave
    /// behind and inputs of fuzzers are left out.
    static let paths: [String] = {
        let folders = ["Sources", "Tests", "LoadTests", "conf", "systemd", ".ci"]
        var all: [String] = []
        for name in (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? [] {
            var isFolder: ObjCBool = false
            let path = root.appendingPathComponent(name).path
            _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            if !isFolder.boolValue { all.append(name) }
        }
        for folder in folders {
            let inside = FileManager.default.enumerator(
                atPath: root.appendingPathComponent(folder).path)
            while let name = inside?.nextObject() as? String {
                let path = "\(folder)/\(name)"
                let isInput = path.contains("/Corpus/") || path.contains("/Failures/")
                let isFile = inside?.fileAttributes?[.type] as? FileAttributeType == .typeRegular
                if isFile && !isInput { all.append(path) }
            }
        }
        return all.filter { $0 != "Package.resolved" }.sorted()
    }()

    /// The text of a file; nil when it is not text.
    static func text(_ path: String) -> String? {
        guard let data = try? Data(contentsOf: root.appendingPathComponent(path)) else {
            return nil
        }
        return String(validating: data, as: UTF8.self)
    }

    /// All Swift files.
    static let sources: [SourceText] = paths.filter { $0.hasSuffix(".swift") }.map {
        SourceText(path: $0, text: text($0) ?? "")
    }
}

/// Something a rule found.
struct Finding: CustomStringConvertible, Equatable {
    let path: String
    /// From 1; 0 for the whole file.
    let line: Int
    let text: String

    var description: String { line == 0 ? "\(path): \(text)" : "\(path):\(line): \(text)" }
}
