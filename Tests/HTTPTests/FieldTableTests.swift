// The list of field lines: what happens to lines that were taken out.

import HTTP
import Testing

@Suite struct FieldTableTests {
    private static func line(_ start: UInt32, _ flags: FieldFlags) -> FieldLine {
        FieldLine(
            nameStart: start, valueStart: start, valueLength: 0, nameLength: 1, known: .unlisted,
            flags: flags)
    }

    @Test func `lines that were taken out leave room, and the others stay in order`() {
        var table = FieldTable(capacity: 4)
        for (start, flags) in [
            (1, []), (2, [.removed, .takenOut]), (3, .removed), (4, .takenOut),
        ] as [(UInt32, FieldFlags)] {
            let fits = table.append(Self.line(start, flags))
            #expect(fits)
        }
        var fits = table.append(Self.line(5, []))
        #expect(!fits)
        table.dropTakenOut()
        fits = table.append(Self.line(5, []))
        #expect(fits)
        var starts: [UInt32] = []
        for index in 0..<table.count { starts.append(table[index].nameStart) }
        #expect(starts == [1, 3, 5])
    }

    @Test func `lengths that no name has are known`() {
        var table = FieldTable(capacity: 4)
        func line(_ nameLength: UInt16) -> FieldLine {
            FieldLine(
                nameStart: 0, valueStart: 0, valueLength: 0, nameLength: nameLength,
                known: .unlisted, flags: [])
        }
        func lengths() -> [Int] { [1, 2, 3, 66, 67].filter { table.mayHave(nameLength: $0) } }
        #expect(lengths() == [])
        for length in [2, 66] as [UInt16] {
            let fits = table.append(line(length))
            #expect(fits)
        }
        #expect(lengths() == [2, 66])
        table[0] = line(3)
        #expect(lengths() == [2, 3, 66, 67])
        table.removeAll()
        #expect(lengths() == [])
    }
}
