// The catalog beside the names of the manual.

import ConfigLanguage
import Foundation
import Testing

@testable import ProxyConfig

/// The catalog against the names of the manual, which were extracted from it once and checked in.
@Suite struct CatalogTests {
    /// The names of one list beside this file.
    static func names(_ list: String) throws -> [String] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Names/\(list).txt")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    @Test func `every global keyword of the manual is known`() throws {
        let missing = try Self.names("global").filter { Catalog.global.row(named: $0) == nil }
        #expect(missing == [])
    }

    @Test func `every proxy keyword of the manual is known`() throws {
        let missing = try Self.names("proxies").filter { Catalog.proxies.row(named: $0) == nil }
        #expect(missing == [])
    }

    @Test func `every bind option of the manual is known`() throws {
        let missing = try Self.names("bind").filter { Catalog.bindOptions.row(named: $0) == nil }
        #expect(missing == [])
    }

    @Test func `every server option of the manual is known`() throws {
        let missing = try Self.names("server").filter {
            Catalog.serverOptions.row(named: $0) == nil
        }
        #expect(missing == [])
    }

    @Test func `every section of the manual is known`() throws {
        let missing = try Self.names("sections").filter { SectionKind.named[$0] == nil }
        #expect(missing == [])
    }

    @Test func `every row says what it does and where it belongs`() {
        func check<Draft>(_ table: KeywordTable<Draft>) {
            #expect(table.rows.count > 40)
            for row in table.rows {
                #expect(row.summary.hasSuffix(".") && row.summary.count > 10, "\(row.name)")
                #expect(!row.sections.isEmpty, "\(row.name)")
                if case .acceptedWithoutEffect(let reason) = row.status { #expect(!reason.isEmpty) }
                if case .refused(let advice) = row.status { #expect(!advice.isEmpty) }
            }
        }
        check(Catalog.global)
        check(Catalog.proxies)
        check(Catalog.bindOptions)
        check(Catalog.serverOptions)
        #expect(Catalog.manual.count > 500)
        #expect(Catalog.fetchManual.contains { $0.hasPrefix("nbsrv([backend]): sint\t") })
        #expect(Catalog.converterManual.contains { $0.hasPrefix("hex2i: sint => str\t") })
        #expect(Catalog.criterionManual.contains("path_beg = path -m beg"))
    }

    @Test func `every global keyword is answered in its section, never called unknown`() throws {
        for name in try Self.names("global") {
            let loaded = Loading.load("global\n \(name)\n")
            #expect(!loaded.messages.contains { $0.contains("unknown keyword") }, "\(name)")
        }
    }
}
