// Loads of several bytes against one at a time.

import Bytes
import Testing

@Suite struct SpanLoadTests {
    @Test func `words hold the bytes in order, from any index`() {
        let bytes = (0..<40).map { UInt8($0 * 5) }
        func word(_ start: Int) -> UInt64 {
            (0..<8).reduce(0) { $0 | UInt64(bytes[start + $1]) << UInt64($1 * 8) }
        }
        for index in 0...24 {
            let words = bytes.span.load128(index)
            #expect(words[0] == word(index) && words[1] == word(index + 8))
            #expect(bytes.span.load64(index) == word(index))
        }
    }
}
