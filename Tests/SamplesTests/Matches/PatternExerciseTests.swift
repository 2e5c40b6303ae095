// Seeded mutations of lists and conditions through the fuzzer's entry point.

import Samples
import RandomInputs
import Testing

@Suite struct PatternExerciseTests {
    private static let corpus = [
        "# comment\nkey value\n\tother  key \r\n10.0.0.0/8 ten\n1:5\n^/(a|b)+$ \\1\n6162\n",
        "!a or { str(a) -m beg -i -f list -- x } || b !{ int(3) ge 5 le 7 } METH_GET",
        "{ a -u 5 -M -f virt@x } { b -m reg ( } or unless if", "txn.name.of_variable9",
    ]

    @Test func `mutations are read and matched without a trap`() {
        var random = Seeded(for: "pattern mutations")
        var matched = 0
        let special = Array(" \n\t{}!#:-./\\()[]*?+0aZ\0".utf8)
        for _ in 0..<1500 {
            var bytes = Array(Self.corpus.randomElement(using: &random)!.utf8)
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                let place = Int.random(in: 0...bytes.count, using: &random)
                if place < bytes.count && Bool.random(using: &random) {
                    bytes.remove(at: place)
                } else {
                    bytes.insert(special.randomElement(using: &random)!, at: place)
                }
            }
            matched += exercisePatterns(bytes.span)
        }
        #expect(matched > 1000)
    }

    @Test func `random bytes are read and matched without a trap`() {
        var random = Seeded(for: "random patterns")
        for _ in 0..<1000 {
            let bytes = (0..<Int.random(in: 0..<200, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            exercisePatterns(bytes.span)
        }
    }
}
