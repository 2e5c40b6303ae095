// Text of any bytes gives the same bytes.

import Bytes
import RandomInputs
import Testing

@Suite struct AnyBytesTests {
    @Test(
        arguments: [
            [], Array("plain".utf8), Array("zażółć 🐦".utf8), [0xE9], [0xE9, 0x74, 0xE9],
            [0xC3], [0xC3, 0xA9, 0xC3], [0xF4, 0x8F, 0xBE, 0x80], [0xF4, 0x8F, 0xBF, 0xBF, 0x41],
            [0xF4, 0x90, 0x80, 0x80], [0xED, 0xA0, 0x80], [0, 0x7F, 0x80, 0xFF],
        ] as [[UInt8]])
    func `bytes come back as they were`(_ bytes: [UInt8]) {
        #expect(String(anyBytes: bytes).anyBytes == bytes)
    }

    @Test func `random bytes come back as they were`() {
        var random = Seeded(for: "any bytes")
        for _ in 0..<20_000 {
            let bytes = (0..<random.next(below: 12)).map { _ in
                // Half of them are those that begin and go on in UTF-8.
                random.next(below: 2) == 0
                    ? UInt8(truncatingIfNeeded: random.next())
                    : [0xF4, 0x8F, 0xBE, 0xBF, 0xC3, 0xA9, 0xE2, 0x82][random.next(below: 8)]
            }
            #expect(String(anyBytes: bytes).anyBytes == bytes)
        }
    }

    @Test func `text is itself, and equal bytes are equal text`() {
        #expect(String(anyBytes: "zażółć".utf8) == "zażółć")
        #expect(String(anyBytes: [0xE9, 0x41]) == String(anyBytes: [0xE9, 0x41]))
        #expect(String(anyBytes: [0xE9]) != String(anyBytes: [0xE8]))
        #expect(String(anyBytes: [0xE9, 0x41]).hasSuffix("A"))
    }
}
