// What the guardian is told: the same ledger for any split of the bytes, and no trap on bytes that
// are none.

import Addresses
import RandomInputs
import Testing

@testable import VRRPDaemon

@Suite struct LedgerTests {
    private let messages: [LedgerMessage] = [
        .enter(
            key: 1,
            .address(interface: 7, IPAddress(v4: 0x0A00_0001), prefixLength: 24)),
        .enter(
            key: 2,
            .address(
                interface: 9, IPAddress(v6High: 0xFE80 << 48, low: 1), prefixLength: 128)),
        .enter(
            key: 3,
            .farewell(
                LedgerEntry.Farewell(
                    interface: 7, source: IPAddress(v4: 5), destination: IPAddress(v4: 0xE000_0012),
                    timeToLive: 255, message: [0x31, 1, 0, 1, 0, 100, 9, 9]))),
        .strike(key: 1),
    ]

    @Test func `a ledger is the same for every split of its bytes`() {
        let bytes = messages.flatMap(\.frame)
        for split in 0...bytes.count {
            var ledger = Ledger()
            for part in [Array(bytes[..<split]), Array(bytes[split...])] {
                let isUnderstood = ledger.take(part.span)
                #expect(isUnderstood)
            }
            #expect(ledger.entries.keys.sorted() == [2, 3])
        }
    }

    @Test func `an end in good order leaves nothing to undo`() {
        var ledger = Ledger()
        let bytes = (messages + [.strikeAll]).flatMap(\.frame)
        let isUnderstood = ledger.take(bytes.span)
        #expect(isUnderstood)
        #expect(ledger.entries.isEmpty)
    }

    @Test func `bytes that are no frames end the reading and never trap`() {
        var random = Seeded(for: "ledger")
        for _ in 0..<20_000 {
            var bytes = messages.flatMap(\.frame)
            for _ in 0..<3 {
                bytes[random.next(below: bytes.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            bytes.removeLast(random.next(below: bytes.count))
            var ledger = Ledger()
            _ = ledger.take(bytes.span)
        }
    }
}
