// Searches by eight bytes against searches by one.

import RandomInputs
import Testing

@testable import HTTP

@Suite struct ScanningTests {
    @Test func `finds what a byte-wise search finds, at any offset`() {
        var random = Seeded.fresh()
        for _ in 0..<4000 {
            let bytes = (0..<random.next(below: 40)).map { _ in
                random.next(below: 3) == 0
                    ? UInt8(random.next(below: 256)) : UInt8(0x41 + random.next(below: 26))
            }
            let start = bytes.isEmpty ? 0 : random.next(below: bytes.count)
            let span = bytes.span
            func first(_ matches: (UInt8) -> Bool) -> Int {
                bytes[start...].firstIndex(where: matches) ?? bytes.count
            }
            #expect(
                Scanning.firstControl(span, from: start)
                    == first { ($0 < 0x20 && $0 != 9) || $0 == 0x7F }, "seed \(random.seed)")
            #expect(
                Scanning.targetEnd(span, from: start)
                    == first { $0 <= 0x20 || $0 >= 0x7F || $0 == 0x23 }, "seed \(random.seed)")
            #expect(
                Scanning.tokenEnd(span, from: start) == first { !isToken($0) },
                "seed \(random.seed)")
        }
    }

    @Test func `classifies every byte as the grammar does`() {
        for byte in UInt8.min...UInt8.max {
            #expect(byte.isIn(CharacterClass.token) == isToken(byte))
            let plain = Scanning.plainHostBytes(UInt64(byte)) >= 1
            let text = Character(UnicodeScalar(byte))
            #expect(plain == (byte < 128 && (isAlphanumeric(byte) || text == "-" || text == ".")))
            let name = Scanning.unusualNameBytes(UInt64(byte)) & 0x80 == 0
            #expect(name == (isAlphanumeric(byte) && !text.isNumber || text == "-"))
        }
    }

    private func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private func isToken(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}
