// ASCII letters without regard to their case.

import Bytes
import RandomInputs
import Testing

struct LettersTests {
    @Test func `capitals are made small and nothing else is`() {
        for byte in UInt8.min ... .max {
            let isCapital = UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
            #expect(byte.asciiLowercased == (isCapital ? byte + 0x20 : byte))
        }
    }

    @Test func `eight bytes are made small as each of them is`() {
        var random = Seeded(for: "small letters")
        for _ in 0..<1000 {
            let word = random.next() as UInt64
            let small = (0..<8).reduce(0 as UInt64) { sum, place in
                let byte = UInt8(truncatingIfNeeded: word >> UInt64(place * 8))
                return sum | UInt64(byte.asciiLowercased) << UInt64(place * 8)
            }
            #expect(word.asciiLowercased == small)
        }
        #expect((0x4041_5A5B_6061_7A7B as UInt64).asciiLowercased == 0x4061_7A5B_6061_7A7B)
    }
}
