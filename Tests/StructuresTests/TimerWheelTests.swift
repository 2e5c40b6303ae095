// The timer wheel on a virtual clock.

import Structures
import RandomInputs
import Testing

@Suite struct TimerWheelTests {
    /// Delivers all that is due at `now`, in the order of delivery.
    private func expire(
        _ wheel: inout TimerWheel, at now: UInt64, limit: Int = .max
    ) -> [UInt32] {
        var expired: [UInt32] = []
        while true {
            let done = wheel.advance(to: now, limit: limit)
            while let index = wheel.popExpired() { expired.append(index) }
            if done { return expired }
        }
    }

    @Test func `A timer expires at its deadline and not before`() {
        for delay in [1, 63, 64, 65, 4095, 4096, 262_144, 16_777_217, 1 << 36, 1 << 40] as [UInt64]
        {
            var wheel = TimerWheel(capacity: 4, now: 1_000_003)
            wheel.set(2, deadline: 1_000_003 + delay)
            #expect(expire(&wheel, at: 1_000_003 + delay - 1) == [])
            #expect(wheel.isSet(2) == true)
            #expect(expire(&wheel, at: 1_000_003 + delay) == [2])
            #expect(wheel.isSet(2) == false)
            #expect(wheel.count == 0)
            #expect(wheel.nextDeadline() == nil)
        }
    }

    @Test func `A deadline in the past is delivered at once`() {
        var wheel = TimerWheel(capacity: 2, now: 500)
        wheel.set(0, deadline: 499)
        #expect(wheel.nextDeadline().map { $0 <= 500 } == true)
        #expect(wheel.popExpired() == 0)
        #expect(wheel.popExpired() == nil)
    }

    @Test func `A cancelled timer stays silent, also after it has expired`() {
        var wheel = TimerWheel(capacity: 3, now: 0)
        for index in 0..<3 as Range<UInt32> { wheel.set(index, deadline: 10) }
        wheel.cancel(0)
        #expect(wheel.advance(to: 10, limit: .max) == true)
        wheel.cancel(1)
        #expect(wheel.popExpired() == 2)
        #expect(wheel.popExpired() == nil)
        wheel.cancel(1)
        #expect(wheel.count == 0)
    }

    @Test func `Timers may be set and cancelled while expired ones are delivered`() {
        var wheel = TimerWheel(capacity: 8, now: 0)
        for index in 0..<6 as Range<UInt32> { wheel.set(index, deadline: UInt64(index) + 1) }
        #expect(wheel.advance(to: 6, limit: .max) == true)
        #expect(wheel.popExpired() == 0)
        wheel.cancel(1)
        wheel.set(2, deadline: 100)
        wheel.set(7, deadline: 3)
        #expect(wheel.popExpired() == 3)
        #expect(expire(&wheel, at: 6) == [4, 5, 7])
        #expect(expire(&wheel, at: 99) == [])
        #expect(expire(&wheel, at: 100) == [2])
    }

    @Test func `A deadline that moves later is kept, and one that moves earlier is met`() {
        var wheel = TimerWheel(capacity: 2, now: 0)
        wheel.set(0, deadline: 50)
        wheel.set(0, deadline: 5_000)
        wheel.set(1, deadline: 5_000)
        wheel.set(1, deadline: 40)
        #expect(expire(&wheel, at: 50) == [1])
        #expect(wheel.deadline(of: 0) == 5_000)
        #expect(expire(&wheel, at: 4_999) == [])
        #expect(expire(&wheel, at: 5_000) == [0])
    }

    @Test func `The limit bounds the work of one call and nothing is lost`() {
        var wheel = TimerWheel(capacity: 1_000, now: 0)
        for index in 0..<1_000 as Range<UInt32> { wheel.set(index, deadline: 70_000) }
        var calls = 0
        var expired = 0
        while !wheel.advance(to: 70_000, limit: 100) {
            calls += 1
            #expect(wheel.nextDeadline().map { $0 <= 70_000 } == true)
            while wheel.popExpired() != nil { expired += 1 }
        }
        while wheel.popExpired() != nil { expired += 1 }
        #expect(calls >= 10)
        #expect(expired == 1_000)
    }

    @Test func `Any mix of operations agrees with a sorted model`() {
        var random = Seeded(for: "timer wheel against a model")
        for _ in 0..<40 {
            let capacity = Int.random(in: 1...200, using: &random)
            var now = UInt64.random(in: 0...1 << 42, using: &random)
            var wheel = TimerWheel(capacity: capacity, now: now)
            var model: [UInt32: UInt64] = [:]
            let reach = UInt64(1) << UInt64.random(in: 1...38, using: &random)
            for _ in 0..<600 {
                let index = UInt32.random(in: 0..<UInt32(capacity), using: &random)
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<5:
                    let deadline = now + UInt64.random(in: 0...reach, using: &random)
                    wheel.set(index, deadline: deadline)
                    model[index] = deadline
                case 5..<7:
                    wheel.cancel(index)
                    model[index] = nil
                default:
                    if Bool.random(using: &random), let next = wheel.nextDeadline() {
                        now = max(now, next)
                    } else {
                        now += UInt64.random(in: 0...reach / 3 + 1, using: &random)
                    }
                    let limit = Int.random(in: 1...50, using: &random)
                    let expired = expire(&wheel, at: now, limit: limit)
                    let due = model.filter { $0.value <= now }
                    #expect(Set(expired) == Set(due.keys))
                    #expect(expired.count == due.count)
                    for index in expired { model[index] = nil }
                }
                let first = model.values.min()
                #expect((wheel.nextDeadline() == nil) == (first == nil))
                if let first, let bound = wheel.nextDeadline() {
                    #expect(bound <= max(first, now))
                }
                #expect(wheel.isSet(index) == (model[index] != nil))
                #expect(wheel.deadline(of: index) == model[index])
                #expect(wheel.count == model.count)
            }
        }
    }

    @Test func `One advance delivers in the order of deadlines`() {
        var random = Seeded(for: "order of expiry")
        var wheel = TimerWheel(capacity: 500, now: 7)
        var deadlines: [UInt64] = []
        for index in 0..<500 as Range<UInt32> {
            deadlines.append(7 + .random(in: 1...300_000, using: &random))
            wheel.set(index, deadline: deadlines[Int(index)])
        }
        let order = expire(&wheel, at: 400_000).map { deadlines[Int($0)] }
        #expect(order == deadlines.sorted())
    }

    @Test func `Waking at each next deadline meets every timer on time within few wake-ups`() {
        var wheel = TimerWheel(capacity: 1, now: 123)
        wheel.set(0, deadline: 123 + 86_400_000)
        var wakes = 0
        while let next = wheel.nextDeadline() {
            wakes += 1
            let expired = expire(&wheel, at: next)
            if !expired.isEmpty { #expect(next == 123 + 86_400_000) }
        }
        #expect(wakes <= 6)
    }
}
