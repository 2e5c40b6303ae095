// Long answers about stick tables: made as they are taken, while others are served.

import Foundation
import Kernel
import Proxy
import ReferenceHAProxy
import StickTables
import Testing

@Suite struct TableTests {
    private static let entries = 60_000

    private func running() throws -> RunningAdmin {
        // As the program does: who writes to a client that has left is told so.
        Signal.brokenPipe.ignore()
        return try RunningAdmin { configuration in
            var table = StickTableConfiguration(
                name: "be", keyType: .string(length: 60), size: Self.entries)
            table.store(StickStoredData(.gpc0))
            configuration.tables = [DeclaredTable(table, place: SourcePlace())]
        }
    }

    private func fill(_ running: RunningAdmin) {
        let table = running.engine.generation.tables[0]
        for number in 0..<Self.entries {
            let digits = Array("\(number)".utf8)
            let key = [UInt8](repeating: 0x6B, count: 60 - digits.count) + digits
            let updates: [StickUpdate] = [.set(.gpc0, to: Int64(number))]
            _ = table.change(key.span, updates.span, now: 1)
        }
        #expect(table.count == Self.entries)
    }

    /// A connection on which something was asked.
    private func ask(_ running: RunningAdmin, _ line: String) -> Int32? {
        guard let socket = ReferenceProcess.connect(to: running.folder + "/admin") else {
            return nil
        }
        return write(socket, line, line.utf8.count) == line.utf8.count ? socket : nil
    }

    @Test func `a table of 60,000 entries is shown whole, and others are answered meanwhile`()
        throws
    {
        let running = try running()
        defer { running.stop() }
        fill(running)
        let reader = try #require(ask(running, "show table be\n"))
        defer { close(reader) }
        // Nobody has taken the long answer yet.
        for _ in 0..<3 { #expect(running.answer("show cli level") == "admin\n\n") }
        let lines = ReferenceProcess.exchange("", over: reader).split(
            separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.first == "# table: be, type: string, size:60000, used:60000")
        #expect(lines.count == Self.entries + 3 && lines.suffix(2) == ["", ""])
        let values = lines.compactMap { $0.split(separator: "gpc0=").last.flatMap { Int($0) } }
        #expect(Set(values).count == Self.entries)
    }

    @Test func `filters and clears of large tables come to their end, and what follows too`() throws
    {
        let running = try running()
        defer { running.stop() }
        fill(running)
        let shown = running.answer("show table be data.gpc0 eq 59999;show cli level")
        #expect(shown.hasSuffix(" gpc0=59999\n\nadmin\n\n"), "\(shown.suffix(200))")
        #expect(running.answer("show table be data.gpc0 gt 60000").count < 80)
        #expect(running.answer("clear table be data.gpc0 ge 10;show cli level") == "\nadmin\n\n")
        #expect(running.engine.generation.tables[0].count == 10)
    }

    @Test func `a client that leaves in the middle of an answer takes nothing with it`() throws {
        let running = try running()
        defer { running.stop() }
        fill(running)
        for _ in 0..<5 {
            let reader = try #require(ask(running, "show table be\n"))
            var bytes = [UInt8](repeating: 0, count: 1000)
            #expect(read(reader, &bytes, 1000) > 0)
            close(reader)
        }
        #expect(running.answer("show cli level") == "admin\n\n")
    }
}
