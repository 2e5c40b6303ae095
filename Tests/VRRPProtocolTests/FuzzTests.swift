// Arbitrary and mutated bytes for the parsers: nothing traps, and almost nothing is believed.

import Bytes
import RandomInputs
import Testing

@testable import VRRPProtocol

@Suite struct FuzzTests {
    /// Changes, cuts or lengthens bytes.
    static func mutate(_ bytes: inout [UInt8], _ random: inout Seeded) {
        for _ in 0..<1 + random.next(below: 4) {
            switch random.next(below: 4) {
            case 0: bytes.removeLast(min(bytes.count, random.next(below: 8)))
            case 1: bytes.append(UInt8(truncatingIfNeeded: random.next()))
            default:
                guard !bytes.isEmpty else { return }
                bytes[random.next(below: bytes.count)] = UInt8(truncatingIfNeeded: random.next())
            }
        }
    }

    @Test func `no bytes trap the reading of advertisements`() {
        var random = Seeded.fresh()
        let seeds = [
            Captured.version2, Captured.version3, Captured.version3MessageOnly, Captured.unicast,
            Captured.version6, Array(Captured.version2[20...]),
        ]
        var accepted = 0
        for _ in 0..<20_000 {
            var input = seeds[random.next(below: seeds.count)]
            Self.mutate(&input, &random)
            accepted += exerciseAdvertisements(input.span)
        }
        for _ in 0..<5000 {
            let count = random.next(below: 200)
            let input = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            accepted += exerciseAdvertisements(input.span)
        }
        #expect(accepted < 5000)
        let whole = Captured.version3
        accepted = exerciseAdvertisements(whole.span)
        #expect(accepted > 0)
    }

    @Test func `no bytes trap the reading of BFD packets`() {
        var random = Seeded.fresh()
        for _ in 0..<20_000 {
            var input = BFDPacketTests.packet.bytes
            Self.mutate(&input, &random)
            exerciseBFD(input.span)
        }
    }
}
