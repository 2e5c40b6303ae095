// The fuzzer's corpus and seeded mutations of it.

import ConfigLanguage
import RandomInputs
import Testing

/// Every run fuzzes a little: the corpus, and mutations of it from a printed seed.
@Suite struct ExerciseTests {
    static let corpus = FuzzInputs.of("ConfigLexer")

    @Test func `the corpus is read without a trap`() {
        #expect(Self.corpus.count >= 5)
        #expect(Self.corpus.map { exercise($0.span) }.reduce(0, +) > 20)
    }

    @Test func `mutations of the corpus are read without a trap`() {
        var generator = Seeded(for: "ConfigLexer mutation")
        for _ in 0..<3000 {
            var bytes = Self.corpus[Int(generator.next() % UInt64(Self.corpus.count))]
            for _ in 0..<(1 + generator.next() % 6) { generator.mutate(&bytes) }
            exercise(bytes.span)
        }
    }

    @Test func `random bytes are read without a trap`() {
        var generator = Seeded(for: "ConfigLexer random")
        for _ in 0..<2000 {
            let bytes = (0..<(generator.next() % 200)).map { _ in
                UInt8(truncatingIfNeeded: generator.next())
            }
            exercise(bytes.span)
        }
    }
}

extension Seeded {
    /// Changes, removes, inserts or repeats a piece.
    fileprivate mutating func mutate(_ bytes: inout [UInt8]) {
        let special = Array("\"'\\${}[*]()-.#&|!, \t\n\0xX09".utf8)
        let place = Int(next() % UInt64(bytes.count + 1))
        let letter = special[Int(next() % UInt64(special.count))]
        switch next() % 5 {
        case 0 where place < bytes.count: bytes[place] = UInt8(truncatingIfNeeded: next())
        case 1 where place < bytes.count: bytes[place] = letter
        case 2 where place < bytes.count: bytes.remove(at: place)
        case 3:
            let end = min(bytes.count, place + Int(next() % 40))
            bytes.insert(contentsOf: bytes[min(place, end)..<end], at: place)
        default: bytes.insert(letter, at: place)
        }
    }
}
