// Expressions side by side: haproxy and martlet run one configuration that holds every table, and
// the same bytes give the same values.

import Foundation
import ReferenceHAProxy
import Testing

@Suite(
    .serialized,
    .enabled(if: Program.haproxyIsThere, "haproxy is not installed"),
    .enabled(if: Program.martletServes, "martlet does not serve yet"))
struct ExpressionTests {
    @Test func `every expression gives haproxy's value for every input`() throws {
        let port = ReservedPort()
        let tables = ExpressionTable.all
        let expected = try answers(.haproxy, tables, port.number)
        let found = try answers(.martlet, tables, port.number)
        var used: Set<Int> = []
        for (table, (theirs, ours)) in zip(tables, zip(expected, found)) {
            for (input, (theirs, ours)) in zip(table.inputs, zip(theirs, ours)) {
                #expect(theirs.count == ours.count && !theirs.isEmpty, "\(table) \(input)")
                for (question, (their, our)) in zip(table.expressions, zip(theirs, ours)) {
                    let difference = Difference.index(question, input)
                    if let difference { used.insert(difference) }
                    #expect(
                        (our == their) == (difference == nil),
                        "\(table): \(question) of \(input): haproxy \(their), martlet \(our)")
                }
            }
        }
        for index in Difference.all.indices where !used.contains(index) {
            Issue.record("nobody asks \(Difference.all[index].expression)")
        }
    }

    private func answers(
        _ program: Program, _ tables: [ExpressionTable], _ port: UInt16
    ) throws -> [[[Answer]]] {
        let proxy = try AskedProxy(program, tables, port: port)
        let answers = tables.map { proxy.answers($0) }
        #expect(proxy.isRunning)
        return answers
    }
}
