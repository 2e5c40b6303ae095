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
        for (index, table) in tables.enumerated() {
            #expect(expected[index].allSatisfy { $0.count == table.expressions.count }, "\(table)")
            #expect(found[index].allSatisfy { $0.count == table.expressions.count }, "\(table)")
            for (question, expression) in table.expressions.enumerated() {
                var wrong: [String] = []
                for (place, input) in table.inputs.enumerated() {
                    let (their, our) = (
                        expected[index][place][question], found[index][place][question]
                    )
                    let difference = Difference.index(expression, input)
                    if let difference { used.insert(difference) }
                    if (our == their) == (difference == nil) { continue }
                    wrong.append("\(input): haproxy \(their), martlet \(our)")
                }
                if wrong.isEmpty { continue }
                let shown = wrong.prefix(4).joined(separator: "\n  ")
                Issue.record("\(table): \(expression), \(wrong.count) times:\n  \(shown)")
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
