// Every run fuzzes a little: the corpus, the tables, and mutations of both from a printed seed.

import RandomInputs
import Testing

@testable import Inspection

@Suite struct ExerciseTests {
    /// The committed inputs of the fuzzer and what it found in the past.
    static let corpus = FuzzInputs.of("Inspection")

    /// The rows of the tables as inputs.
    static let rows: [[UInt8]] = {
        let header = [UInt8](repeating: 3, count: 11)
        var rows = capturedHellos.map(\.bytes) + capturedServerHellos
        rows += TLSHelloTests.rows.map(\.bytes) + ClientHelloTests.names.map(\.bytes)
        rows += ClientHelloTests.extensions.map { HelloBuilder.make(extensions: $0.bytes) }
        rows += RemoteDesktopTests.rows.map { header + Array($0.text.utf8) }
        rows += DistccTests.rows.map { Array($0.text.utf8) }
        rows += HTTPRequestStartTests.rows.map { Array($0.text.utf8) }
        return rows
    }()

    @Test func `the corpus and the tables hold what must hold for any input`() {
        #expect(Self.corpus.count >= 8)
        for input in Self.corpus + Self.rows { exerciseInspection(input.span) }
    }

    @Test func `mutations hold it too`() {
        var random = Seeded.fresh()
        let inputs = (Self.corpus + Self.rows).filter { $0.count < 400 }
        for _ in 0..<1200 {
            var bytes = inputs[random.next(below: inputs.count)]
            for _ in 0...random.next(below: 4) { random.mutate(&bytes) }
            exerciseInspection(bytes.span)
        }
    }

    @Test func `any split of a stream gives the same answer in the end`() {
        var random = Seeded.fresh()
        for bytes in Self.rows {
            var count = 0
            var hello = Inspected<ClientHello>.needsMore
            while count < bytes.count, hello == .needsMore {
                count = min(count + 1 + random.next(below: 60), bytes.count)
                hello = ClientHello.find(in: bytes.span.extracting(0..<count))
            }
            #expect(hello == ClientHello.find(in: bytes.span), "seed \(random.seed)")
        }
    }
}
