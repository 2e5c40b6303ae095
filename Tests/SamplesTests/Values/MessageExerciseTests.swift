// Seeded mutations of messages through the fuzzer's entry point.

import Samples
import RandomInputs
import Testing

@Suite struct MessageExerciseTests {
    /// The fuzzer's corpus.
    private static let corpus = FuzzInputs.of("Messages")

    @Test func `each message of the corpus is read`() {
        #expect(Self.corpus.count >= 8)
        for message in Self.corpus { #expect(exerciseMessages(message.span) > 0) }
    }

    @Test func `beginnings of messages are read without a trap`() {
        for message in Self.corpus {
            for count in 0..<message.count { exerciseMessages(Array(message[..<count]).span) }
        }
    }

    @Test func `mutations are read without a trap`() {
        var random = Seeded(for: "message mutations")
        var given = 0
        for _ in 0..<4000 {
            var bytes = Self.corpus.randomElement(using: &random)!
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0...bytes.count, using: &random)
                let byte = UInt8.random(in: 0...255, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0 where place < bytes.count: bytes.remove(at: place)
                case 1: bytes.insert(byte, at: place)
                case 2 where place < bytes.count: bytes[place] ^= 1 << (byte & 7)
                default: if place < bytes.count { bytes[place] = byte }
                }
            }
            given += exerciseMessages(bytes.span)
        }
        #expect(given > 4000)
    }
}
