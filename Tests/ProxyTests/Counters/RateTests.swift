// Rates of counted events: a second that slides, summed over workers.

import Testing

@testable import Proxy

@Suite struct RateTests {
    @Test func `what the second before had fades over the present one`() {
        let table = CounterTable(workers: 1)
        let slice = table.slice(worker: 0)
        for _ in 0..<100 { slice.tick(.sessions, now: 5_500) }
        #expect(table.rate(.sessions, now: 5_500) == 100)
        #expect(table.rate(.sessions, now: 5_999) == 100)
        #expect(table.rate(.sessions, now: 6_000) == 100)
        #expect(table.rate(.sessions, now: 6_250) == 75)
        #expect(table.rate(.sessions, now: 6_999) == 0)
        #expect(table.rate(.sessions, now: 7_000) == 0)
        for _ in 0..<10 { slice.tick(.sessions, now: 6_500) }
        #expect(table.rate(.sessions, now: 6_500) == 60)
        #expect(table.rate(.requests, now: 6_500) == 0)
    }

    @Test func `all workers count`() {
        let table = CounterTable(workers: 3)
        for worker in 0..<3 {
            for _ in 0...worker { table.slice(worker: worker).tick(.requests, now: 10_000) }
        }
        #expect(table.rate(.requests, now: 10_000) == 6)
        #expect(table.rate(.sessions, now: 10_000) == 0)
        for kind in CounterKind.allCases { #expect(table.raw(kind) == 0) }
    }

    @Test func `a worker whose clock is behind forgets nothing`() {
        let table = CounterTable(workers: 1)
        let slice = table.slice(worker: 0)
        for _ in 0..<5 { slice.tick(.sessions, now: 8_000) }
        #expect(table.rate(.sessions, now: 7_999) == 5)
        slice.tick(.sessions, now: 7_999)
        #expect(table.rate(.sessions, now: 8_000) == 6)
    }

    @Test func `a count ends at its largest value`() {
        var counts = RateCounts(0, now: 1000)
        counts.present = RateCounts.most
        counts.add()
        #expect(counts.present == RateCounts.most)
        let later = RateCounts(counts.word, now: 2000)
        #expect(later.rate(now: 2000) == RateCounts.most)
    }

    @Test func `seconds may wrap around`() {
        let last: UInt64 = 0xFF_FFFF * 1000
        var counts = RateCounts(0, now: last)
        counts.add()
        #expect(RateCounts(counts.word, now: last + 1000).rate(now: last + 1000) == 1)
    }
}
