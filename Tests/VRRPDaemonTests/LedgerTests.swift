// What the guardian is told: the same ledger for any split of the bytes, and no trap on bytes that
// are none.

import Addresses
import RandomInputs
import Testing
import VRRPProtocol

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

    @Test func `the longest advert there is has room`() {
        let addresses = (0..<255).map { IPAddress(v6High: 0x2001_0DB8 << 32, low: $0) }
        var message: [UInt8] = []
        Advertisement(
            version: .three, virtualRouter: 1, priority: 0, interval: 1_000_000_000,
            addresses: addresses
        ).encode(
            from: addresses[0], to: addresses[1], checksum: .pseudoHeader, into: &message)
        let farewell = LedgerEntry.Farewell(
            interface: 1, source: addresses[0], destination: addresses[1], timeToLive: 255,
            message: message)
        var ledger = Ledger()
        let bytes = LedgerMessage.enter(key: 5, .farewell(farewell)).frame
        let isUnderstood = ledger.take(bytes.span)
        #expect(isUnderstood)
        #expect(ledger.entries[5] == .farewell(farewell))
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
