// Every run fuzzes a little: the corpus, the tables, and mutations of both from a printed seed.

import RandomInputs
import Testing

@testable import HTTP

@Suite struct SyntaxExerciseTests {
    /// The committed inputs of the fuzzer and what it found in the past.
    static let corpus = FuzzInputs.of("Syntax")

    /// The texts of the tables, with a name in front.
    static let rows: [[UInt8]] = {
        var texts = QueryParametersTests.rows.map(\.target)
        texts += CookiesTests.requests.map(\.value) + CookiesTests.responses.map(\.value)
        texts += FieldValuesTests.rows.map(\.value) + URINormalizerTests.rows.map(\.from)
        texts += PathPartsTests.rows.map(\.target) + PathPartsTests.addresses.map(\.target)
        texts += CredentialsTests.rows.map(\.value)
        return texts.map { Array("a\0\($0)".utf8) } + texts.map { Array("\0\($0)".utf8) }
    }()

    @Test func `the corpus and the tables hold what must hold for any input`() {
        #expect(Self.corpus.count >= 10)
        for input in Self.corpus + Self.rows { exerciseSyntax(input.span) }
    }

    @Test func `mutations hold it too`() {
        var random = Seeded.fresh()
        let inputs = Self.corpus + Self.rows
        let pieces = [
            "&", ";", ",", "=", "\"", "\\", "$", "/", "..", "/./", "?", "%", "%41", "#", " ", "\t",
            "http://", ":", "1.2.3.4", "Basic ", "a=", "\0",
        ]
        for _ in 0..<4000 {
            var bytes = inputs[random.next(below: inputs.count)]
            for _ in 0...random.next(below: 6) {
                let place = random.next(below: bytes.count + 1)
                switch random.next(below: 4) {
                case 0 where place < bytes.count: bytes[place] = UInt8(random.next(below: 256))
                case 1 where place < bytes.count: bytes.remove(at: place)
                case 2:
                    let donor = inputs[random.next(below: inputs.count)]
                    bytes.insert(contentsOf: donor.suffix(random.next(below: 20)), at: place)
                default:
                    let piece = pieces[random.next(below: pieces.count)]
                    bytes.insert(contentsOf: piece.utf8, at: place)
                }
            }
            exerciseSyntax(bytes.span)
        }
    }
}
