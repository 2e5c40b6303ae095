// Everything a user can name is a row: named once, explained in a sentence, and mentioned by a test
// or by a configuration that a test reads.

import ConfigLanguage
import Daemon
import Foundation
import Testing

@testable import Admin
@testable import Logs
import Proxy
@testable import ProxyConfig
@testable import Statistics
@testable import Supervisor

/// A row as these tests see it.
struct NamedRow: Sendable, CustomStringConvertible {
    let table: String
    let name: String
    let sentence: String
    /// It does something: a test should mention it. What is read without effect, or refused, is
    /// tried by tests that go through whole tables.
    let isUsable: Bool

    var description: String { "\(table): \(name)" }

    /// All rows of all tables.
    static let all: [NamedRow] = {
        var all = rows("global", Catalog.global)
        all += rows("proxies", Catalog.proxies)
        all += rows("bind", Catalog.bindOptions)
        all += rows("server", Catalog.serverOptions)
        for row in Options.grammar.rows {
            all.append(
                NamedRow(table: "option", name: row.word, sentence: row.sentence, isUsable: true))
        }
        for row in LogAliasCatalog.all.rows {
            all.append(
                NamedRow(
                    table: "alias", name: "%\(row.name)", sentence: row.sentence,
                    isUsable: true))
        }
        let statistics = Statistics(product: ProductFacts(name: "", version: "", releaseDate: ""))
        for row in CommandTable(statistics.commands + Admin.commands { _ in }).commands {
            all.append(
                NamedRow(
                    table: "command", name: row.words.joined(separator: " "),
                    sentence: row.sentence, isUsable: row.run != nil))
        }
        return all
    }()

    private static func rows<Draft>(_ table: String, _ keywords: KeywordTable<Draft>) -> [NamedRow]
    {
        keywords.rows.map { row in
            let isUsable =
                switch row.status {
                case .supported: true
                case .acceptedWithoutEffect, .notYet, .refused: false
                }
            return NamedRow(
                table: table, name: row.name, sentence: row.summary, isUsable: isUsable)
        }
    }
}

@Suite struct RowTests {
    @Test func `no table has a name twice`() {
        #expect(NamedRow.all.count > 600)
        var seen: Set<String> = []
        for row in NamedRow.all where !seen.insert(row.description).inserted {
            Issue.record("\(row) stands twice")
        }
    }

    @Test func `every row has a sentence`() {
        for row in NamedRow.all where row.sentence.allSatisfy(\.isWhitespace) {
            Issue.record("\(row) says nothing")
        }
    }

    @Test func `every row that can be used is mentioned by a test or a configuration`() {
        let mentions = Mentions()
        let missing = NamedRow.all.filter {
            $0.isUsable && !Pending.rows.contains($0.description) && !mentions.hold($0.name)
        }
        for row in missing { Issue.record("\(row): nobody tries it") }
    }
}

/// The words of tests and configurations, and which words follow which.
private struct Mentions {
    private var text: [String] = []
    private var places: [String: [Int]] = [:]

    init() {
        for path in Tree.paths {
            let isTest = path.hasPrefix("Tests/") && !path.hasPrefix("Tests/TidyTests/")
            let isList = path.contains("/Names/")
            guard isTest && !isList || path.hasPrefix("conf/") || path.hasPrefix("LoadTests/"),
                let content = Tree.text(path)
            else { continue }
            for word in content.utf8.split(whereSeparator: { !Self.isPart($0) }) {
                places[String(Substring(word)), default: []].append(text.count)
                text.append(String(Substring(word)))
            }
        }
    }

    /// Letters, digits and what stands inside of names.
    private static func isPart(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x61...0x7a, 0x41...0x5a, 0x30...0x39, 0x2d, 0x2e, 0x5f, 0x25: true
        default: false
        }
    }

    /// Whether the words of a name stand one behind the other somewhere. Sentences end with dots
    /// and line feeds in literals begin with an `n`; both are forgiven.
    func hold(_ name: String) -> Bool {
        let words = name.split(separator: " ").map { String($0.prefix { $0 != "(" }) }
        guard let first = words.first else { return false }
        for start in places[first, default: []] + places["n" + first, default: []]
        where start + words.count <= text.count {
            let isWhole = words.indices.dropFirst().allSatisfy { text[start + $0] == words[$0] }
            if isWhole { return true }
        }
        return false
    }
}
