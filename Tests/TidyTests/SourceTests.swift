// The rules about source text over all files of the project.

import Foundation
import Testing

@Suite struct SourceTests {
    /// Applies a rule to all Swift files below some folders, and records what it finds.
    private func check(_ folders: [String] = [""], by rule: (SourceText) -> [Finding]) {
        let files = Tree.sources.filter { source in
            folders.contains { source.path.hasPrefix($0) } && !Pending.holds(source.path)
        }
        #expect(!files.isEmpty)
        for finding in files.flatMap(rule) { Issue.record("\(finding)") }
    }

    @Test func `every Swift file begins by saying what lives there`() { check(by: Rules.header) }

    @Test func `lines have at most 100 columns`() { check(by: Rules.columns) }

    @Test func `flags of one set have bits of their own`() { check(by: Rules.bits) }

    @Test func `every unsafe expression says why it is safe`() {
        check(["Sources/", "LoadTests/"], by: Rules.safety)
    }

    @Test func `declarations of the data path's contracts are documented`() {
        check(["Sources/Traffic/Proxy/", "Sources/Wire/"], by: Rules.documentation)
    }

    @Test func `the data path holds nothing that waits, prints or looks up by text`() {
        check(Rules.dataPath, by: Rules.dataPathWords)
    }

    @Test func `no placeholder is left`() {
        for path in Tree.paths where path.hasSuffix("/Placeholder.swift") {
            if !Pending.holds(path) { Issue.record("\(path)") }
        }
    }

    @Test func `the tree speaks of the project alone`() {
        // In pieces, so that this file does not hold them.
        let words = ["/" + "work/", "/tmp/martlet" + "-work", "/home" + "/", "/root" + "/"]
        for path in Tree.paths {
            guard let text = Tree.text(path) else { continue }
            for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
                .enumerated()
            {
                for word in words where holds(line, word) {
                    Issue.record("\(path):\(number + 1): \(word)")
                }
                if isOpenTask(line) { Issue.record("\(path):\(number + 1): no issue is named") }
            }
        }
    }

    /// Whether a line holds a path from the root.
    private func holds(_ line: Substring, _ word: String) -> Bool {
        guard let found = line.range(of: word) else { return false }
        let before = line[..<found.lowerBound].last ?? " "
        return !(before.isLetter || before.isNumber || "._-~/}".contains(before))
    }

    /// Whether a line leaves a task open without an issue.
    private func isOpenTask(_ line: Substring) -> Bool {
        let mark = "TO" + "DO"
        if line.contains("FIX" + "ME") { return true }
        guard let found = line.range(of: mark) else { return false }
        let after = line[found.upperBound...]
        return !(after.hasPrefix("(#") && after.dropFirst(2).first?.isNumber == true)
    }
}

/// What is known to be missing and is not judged before it comes. May only become shorter.
enum Pending {
    private static let paths: [String] = []

    /// Rows that work and that no test tries yet.
    static let rows: Set<String> = []

    /// Whether a file is one of them.
    static func holds(_ path: String) -> Bool { paths.contains(path) }
}
