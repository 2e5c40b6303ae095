// The source of random numbers: the same for the same seed, and spread evenly.

import Structures
import Testing

@Suite struct RandomNumbersTests {
    @Test func `the same seed gives the same numbers`() {
        var left = RandomNumbers(seed: 7)
        var right = RandomNumbers(seed: 7)
        var third = RandomNumbers(seed: 8)
        var equal = 0
        for _ in 0..<100 {
            let number = left.next()
            #expect(number == right.next())
            if number == third.next() { equal += 1 }
        }
        #expect(equal == 0)
    }

    @Test func `a seed of zero is as good as any`() {
        var numbers = RandomNumbers(seed: 0)
        #expect(Set((0..<1000).map { _ in numbers.next() }).count == 1000)
    }

    @Test func `every bit is set about as often as not`() {
        var numbers = RandomNumbers.seededBySystem()
        var counts = [Int](repeating: 0, count: 64)
        for _ in 0..<4096 {
            let number = numbers.next()
            for bit in 0..<64 where number & (1 << UInt64(bit)) != 0 { counts[bit] += 1 }
        }
        // Ten standard deviations of 32 each.
        for count in counts { #expect((1728...2368).contains(count)) }
    }

    @Test func `two sources of the system's seed differ`() {
        var left = RandomNumbers.seededBySystem()
        var right = RandomNumbers.seededBySystem()
        #expect(left.next() != right.next() || left.next() != right.next())
    }
}
