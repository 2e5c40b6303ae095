// Answers beside those of haproxy over the same idle proxies.

import Foundation
import Proxy
import ReferenceHAProxy
import Testing

/// The same proxies in haproxy and here, both idle: the output must agree field by field.
@Suite(.serialized, .enabled(if: ReferenceProcess.program != nil, "haproxy is not installed"))
struct ReferenceTests {
    private let haproxy: ReferenceProcess
    private let ours: IdleStatistics

    init() throws {
        haproxy = try ReferenceProcess(ready: "cli") { Sample.text($0) }
        ours = try IdleStatistics()
    }

    private func reference(_ command: String, socket: String = "cli") -> String {
        String(haproxy.exchange(command + "\n", with: socket).dropLast())
    }

    /// Seconds since the two programs started, which they did one after the other; and numbers
    /// that each gives by itself.
    private static let ownColumns = ["lastchg", "downtime", "iid"]

    /// Columns that both know: all up to the one that ended 2.6's fixed part.
    private func fixedColumns(_ header: String) -> [Substring] {
        let all = header.dropFirst(2).split(separator: ",", omittingEmptySubsequences: false)
        return Array(all.prefix { $0 != "srid" && $0 != "-" })
    }

    @Test func `The header begins with haproxy's columns in haproxy's order`() throws {
        let theirs = try #require(reference("show stat").split(separator: "\n").first)
        let mine = try #require(ours.answer("show stat").split(separator: "\n").first)
        #expect(fixedColumns(String(mine)) == fixedColumns(String(theirs)))
        #expect(mine.hasSuffix(",proto,priv_idle_cur,reqbin,reqbout,resbin,resbout,-,"))
    }

    @Test(arguments: ["cli", "user"])
    func `Every row has haproxy's values in every column`(_ socket: String) {
        let theirs = parse(reference("show stat", socket: socket))
        let mine = parse(ours.answer("show stat", level: socket == "cli" ? .admin : .user))
        #expect(mine.keys.sorted() == theirs.keys.sorted())
        for (object, row) in theirs {
            for (column, value) in row where column != "-" && mine[object]?[column] != nil {
                if Self.ownColumns.contains(column) { continue }
                #expect(mine[object]?[column] == value, "\(object) \(column)")
            }
        }
    }

    /// Lines of typed output without values, for columns that 2.6 has too.
    private func shapes(_ typed: String) -> [String] {
        typed.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 3)
            let path = parts[0].split(separator: ".")
            guard path.count == 6, let position = Int(path[3]), position < 103 else { return nil }
            return "\(path[0]) \(path[2]) \(path[3]) \(path[4]) \(parts[1]) \(parts[2])"
        }
    }

    @Test func `The typed output has haproxy's positions, tags and types`() {
        #expect(shapes(ours.answer("show stat typed")) == shapes(reference("show stat typed")))
    }

    /// A value of the JSON output.
    private struct Value: Decodable, Equatable {
        struct Field: Decodable, Equatable {
            var pos: Int
            var name: String
        }
        struct Tags: Decodable, Equatable {
            var origin: String
            var nature: String
            var scope: String
        }
        struct Content: Decodable, Equatable {
            var type: String
            var value: String

            enum Key: CodingKey { case type, value }

            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: Key.self)
                type = try container.decode(String.self, forKey: .type)
                value =
                    type == "str"
                    ? try container.decode(String.self, forKey: .value)
                    : "\(try container.decode(Int64.self, forKey: .value))"
            }
        }
        var objType: String
        var id: Int
        var processNum: Int
        var field: Field
        var tags: Tags
        var value: Content
    }

    @Test func `The JSON output has haproxy's structure`() throws {
        func values(_ text: String) throws -> [[Value]] {
            try JSONDecoder().decode([[Value]].self, from: Data(text.utf8)).map { row in
                row.filter { $0.field.pos < 103 && !Self.ownColumns.contains($0.field.name) }
            }
        }
        let theirs = try values(reference("show stat json"))
        #expect(try values(ours.answer("show stat json")) == theirs)
        #expect(theirs.count == 12)
    }

    @Test func `show info has haproxy's fields at haproxy's positions with its tags and types`() {
        func fields(_ text: String) -> [String] {
            text.split(separator: "\n").compactMap { line in
                let parts = line.split(separator: ":", maxSplits: 3)
                let position = Int(line.prefix { $0 != "." }) ?? 99
                // 62 was misspelt in 2.6; the memory sizes have grown to 64 bits since.
                return position < 72 && ![62, 67].contains(position)
                    ? parts.prefix(3).joined(separator: ":") : nil
            }
        }
        #expect(fields(ours.answer("show info typed")) == fields(reference("show info typed")))
        let names = { (text: String) in
            text.split(separator: "\n").map { $0.prefix { $0 != ":" } }
        }
        let theirs = names(reference("show info"))
        #expect(Array(names(ours.answer("show info")).prefix(15)) == Array(theirs.prefix(15)))
    }

    @Test(arguments: [
        "show stat be 4 -1", "show stat -1 1 -1", "show stat -1 4 2", "show stat 99 7 -1",
        "show stat nope 4 -1", "show stat up", "show stat no-maint", "show stat domain proxy",
        "show stat domain foo", "show stat be 2 -1", "show stat be", "show stat foo bar",
        "show stat li 7 0", "show stat be 6 3",
    ])
    func `Filters choose the same rows`(_ command: String) {
        func objects(_ text: String) -> [String] {
            text.split(separator: "\n").map { line in
                line.hasPrefix("#")
                    ? "header" : line.split(separator: ",").prefix(2).joined(separator: "/")
            }
        }
        #expect(objects(ours.answer(command)) == objects(reference(command)))
    }
}
