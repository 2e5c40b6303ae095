// Rates against a computation from the list of all events.

import RandomInputs
import Testing

@testable import StickTables

/// Every event that ever was, in the period it belongs to.
private struct EventList {
    let period: UInt64
    var start: UInt64 = 0
    var counts: [UInt64: UInt64] = [:]

    /// Periods follow each other from an event on; two of them without any end that.
    mutating func add(_ count: UInt64, at now: UInt64) {
        if let last = counts.keys.max(), (now - start) / period <= last + 1 {
            counts[(now - start) / period, default: 0] += count
        } else {
            start = now
            counts = [0: count]
        }
    }

    func total(at now: UInt64) -> UInt64 {
        if counts.isEmpty { return 0 }
        let running = (now - start) / period
        let left = period - (now - start) % period
        let past = running == 0 ? 0 : counts[running - 1, default: 0]
        let current = counts[running, default: 0]
        if current == 0 && past <= 1 { return past }
        return (past * left + current * period) / period
    }
}

@Suite struct StickRateTests {
    @Test func `rates are what all events say`() {
        var random = Seeded(for: "rates are what all events say")
        for _ in 0..<200 {
            let period = UInt32.random(in: 1...5000, using: &random)
            var now = UInt64.random(in: 0...100_000, using: &random)
            var list = EventList(period: UInt64(period))
            var rate = StickRate()
            for _ in 0..<200 {
                now += .random(in: 0...UInt64(period) * 2 / 3 + 1, using: &random)
                if Int.random(in: 0..<40, using: &random) == 0 { now += UInt64(period) * 3 }
                #expect(UInt64(rate.total(period: period, now: now)) == list.total(at: now))
                let count = UInt64.random(in: 1...9, using: &random)
                rate.add(count, period: period, now: now)
                list.add(count, at: now)
                #expect(UInt64(rate.total(period: period, now: now)) == list.total(at: now))
            }
        }
    }

    @Test func `a burst counts in full for a period and fades in the next`() {
        var rate = StickRate()
        rate.add(1000, period: 1000, now: 5000)
        #expect(rate.total(period: 1000, now: 5000) == 1000)
        #expect(rate.total(period: 1000, now: 5999) == 1000)
        #expect(rate.total(period: 1000, now: 6000) == 1000)
        #expect(rate.total(period: 1000, now: 6250) == 750)
        #expect(rate.total(period: 1000, now: 6999) == 1)
        #expect(rate.total(period: 1000, now: 7000) == 0)
    }

    @Test func `a lone event does not flicker`() {
        var rate = StickRate()
        rate.add(1, period: 1000, now: 0)
        #expect(rate.total(period: 1000, now: 1999) == 1)
        #expect(rate.total(period: 1000, now: 2000) == 0)
    }

    @Test func `the greatest counts and periods do not overflow`() {
        let period = UInt32(Int32.max)
        var rate = StickRate()
        rate.add(.max, period: period, now: 1)
        rate.add(.max, period: period, now: 1)
        #expect(rate.current == .max)
        rate.add(UInt64(UInt32.max), period: period, now: 1 + UInt64(period))
        #expect(rate.previous == .max && rate.current == .max)
        #expect(rate.total(period: period, now: 1 + UInt64(period)) == UInt32.max - 1)
        #expect(rate.total(period: period, now: .max) == 0)
    }

    @Test func `a clock that lags behind another thread's counts into the same period`() {
        var rate = StickRate()
        rate.add(2, period: 10, now: 1000)
        rate.add(3, period: 10, now: 990)
        #expect(rate.total(period: 10, now: 980) == 5)
    }
}

@Suite struct StickRateWaitTests {
    @Test func `after the wait a rate has fallen, and not long before`() {
        var random = Seeded(for: "after the wait a rate has fallen, and not long before")
        for _ in 0..<500 {
            let period = UInt32.random(in: 1...5000, using: &random)
            var now = UInt64.random(in: 0...100_000, using: &random)
            var rate = StickRate()
            for _ in 0..<50 {
                now += .random(in: 0...UInt64(period) / 2 + 1, using: &random)
                let most = UInt64(1) << UInt64.random(in: 0...31, using: &random)
                rate.add(.random(in: 0...most, using: &random), period: period, now: now)
                let total = rate.total(period: period, now: now)
                let goal = UInt32.random(in: 0...max(total, 1), using: &random)
                let wait = rate.wait(untilAtMost: goal, period: period, now: now)
                #expect((wait == 0) == (total <= goal))
                #expect(wait <= 2 * UInt64(period))
                #expect(rate.total(period: period, now: now + wait) <= goal)
                // Rates are rounded down, so that it may have been there a little before.
                let step = max(rate.total(period: period, now: now), 1) / period + 2
                if wait > 1 {
                    let before = rate.total(period: period, now: now + wait - 2)
                    #expect(UInt64(before) + UInt64(step) * 2 >= UInt64(goal))
                }
            }
        }
    }
}
