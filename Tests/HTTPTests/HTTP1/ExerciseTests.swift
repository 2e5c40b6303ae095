// Every run fuzzes a little: the corpus, the tables, and mutations of both from a printed seed.

import HTTPCases
import RandomInputs
import Testing

@testable import HTTP

@Suite struct ExerciseTests {
    /// The committed inputs of the fuzzer and what it found in the past.
    static let corpus = FuzzInputs.of("HTTP1")

    /// The rows of the tables as inputs.
    static let rows: [[UInt8]] =
        requestCases.map { [0x71] + $0.bytes } + responseCases.map { [0x72] + $0.bytes }
        + chunkedCases.map { [0x63] + $0.bytes }

    @Test func `the corpus and the tables hold what must hold for any input`() {
        #expect(Self.corpus.count >= 20)
        for input in Self.corpus + Self.rows { HTTP1.exercise(input.span) }
    }

    @Test func `mutations hold it too`() {
        var random = Seeded.fresh()
        let inputs = Self.corpus + Self.rows.filter { $0.count < 600 }
        for _ in 0..<6000 {
            var bytes = inputs[random.next(below: inputs.count)]
            for _ in 0...random.next(below: 4) { mutate(&bytes, inputs, &random) }
            HTTP1.exercise(bytes.span)
        }
    }

    /// One random change after the kind byte.
    private func mutate(_ bytes: inout [UInt8], _ inputs: [[UInt8]], _ random: inout Seeded) {
        let place = 1 + random.next(below: max(bytes.count - 1, 1))
        guard place < bytes.count else { return bytes.append(UInt8(random.next(below: 256))) }
        let pieces = ["\r\n", "\n", "\r", " ", ":", ",", "0", "chunked", "\0", "\r\n\r\n", ";"]
        switch random.next(below: 6) {
        case 0: bytes[place] = UInt8(random.next(below: 256))
        case 1: bytes.remove(at: place)
        case 2:
            bytes.insert(contentsOf: pieces[random.next(below: pieces.count)].utf8, at: place)
        case 3: bytes.removeSubrange(place...)
        case 4:
            let donor = inputs[random.next(below: inputs.count)]
            let start = random.next(below: donor.count)
            let end = min(start + random.next(below: 40), donor.count)
            bytes.insert(contentsOf: donor[start..<end], at: place)
        default: bytes.swapAt(place, 1 + random.next(below: bytes.count - 1))
        }
    }
}
