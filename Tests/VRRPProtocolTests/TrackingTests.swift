// From tracked things to priorities, faults and announcements.

import Testing

@testable import VRRPProtocol

@Suite struct TrackingTests {
    @Test(arguments: [
        (10, false, true, TrackContribution.adjust(10)), (10, false, false, .adjust(0)),
        (-10, false, true, .adjust(0)), (-10, false, false, .adjust(-10)),
        (10, true, true, .adjust(-10)), (10, true, false, .adjust(0)),
        (-10, true, true, .adjust(0)), (-10, true, false, .adjust(10)),
        (0, false, true, .adjust(0)), (0, false, false, .fault),
        (0, true, true, .fault), (0, true, false, .adjust(0)),
    ])
    func `weights count as the manual's table says`(
        _ weight: Int, _ isReversed: Bool, _ isUp: Bool, _ expected: TrackContribution
    ) {
        #expect(TrackWeight(weight, isReversed: isReversed).contribution(isUp: isUp) == expected)
    }

    @Test(arguments: [
        (5, 1, false, TrackContribution.adjust(5)), (5, -3, false, .adjust(-15)),
        (-254, 1, false, .fault), (-253, 1, false, .adjust(-253)),
        (-1, 254, false, .fault), (1000, 1, false, .adjust(253)), (5, 0, false, .fault),
        (0, 0, false, .adjust(0)), (0, 0, true, .fault), (5, 0, true, .adjust(0)),
        (Int.max, Int.max, false, .adjust(253)), (Int.min, Int.max, false, .fault),
        (Int.min, Int.min, false, .adjust(253)), (Int.min, 1, true, .adjust(253)),
        (7, 2, true, .adjust(-14)),
    ])
    func `numbers in files count as the manual says`(
        _ number: Int, _ weight: Int, _ isReversed: Bool, _ expected: TrackContribution
    ) {
        let weight = TrackWeight(weight, isReversed: isReversed)
        #expect(weight.contribution(ofFile: number) == expected)
    }

    @Test func `priorities stay between 1 and 254, and the owner stays the owner`() {
        #expect(TrackSum(base: 100, [.adjust(20), .adjust(-5)]).priority == 115)
        #expect(TrackSum(base: 100, [.adjust(-253)]).priority == 1)
        #expect(TrackSum(base: 100, [.adjust(253)]).priority == 254)
        #expect(TrackSum(base: 255, [.adjust(-253)]).priority == 255)
        var sum = TrackSum(base: 100, [.fault, .adjust(5)])
        #expect(sum.isFault && sum.priority == 105)
        sum.replace(.fault, by: .adjust(1))
        #expect(!sum.isFault && sum.priority == 106)
    }
}

@Suite struct AnnouncementTests {
    static let second = ProtocolNumbers.second

    @Test func `a transition announces five times, and five times after five seconds`() {
        var plan = AnnouncementPlan()
        #expect(plan.begin(.transition, at: 100) == 5)
        #expect(plan.deadline == 100 + 5 * Self.second)
        #expect(plan.reach(100) == 0)
        #expect(plan.reach(100 + 5 * Self.second) == 5)
        #expect(plan.deadline == nil)
    }

    @Test func `refreshes come again and again, and stop with the mastership`() {
        var settings = AnnouncementPlan.Settings()
        settings.delay = 0
        settings.refresh = 60 * Self.second
        settings.refreshRepeatCount = 2
        var plan = AnnouncementPlan(settings)
        #expect(plan.begin(.transition, at: 0) == 5)
        for round in 1...3 as ClosedRange<UInt64> {
            #expect(plan.deadline == round * 60 * Self.second)
            #expect(plan.reach(round * 60 * Self.second) == 2)
        }
        plan.stop()
        #expect(plan.deadline == nil)
    }

    @Test func `a virtual MAC is announced once more soon after a takeover`() {
        var settings = AnnouncementPlan.Settings()
        settings.delay = 0
        settings.repeatsSoon = true
        var plan = AnnouncementPlan(settings)
        #expect(plan.begin(.transition, at: 1_000_000_000) == 5)
        #expect(plan.deadline == 1_050_000_000)
        #expect(plan.reach(1_049_999_999) == 0)
        #expect(plan.reach(1_050_000_000) == 1)
        #expect(plan.deadline == 1_250_000_000)
        // Two that are due at once are one.
        #expect(plan.begin(.transition, at: 2_000_000_000) == 5)
        #expect(plan.reach(2_300_000_000) == 1)
        #expect(plan.deadline == nil)
        #expect(plan.begin(.lowerPriority, at: 3_000_000_000) == 5)
        #expect(plan.reach(3_100_000_000) == 0)
        #expect(plan.begin(.transition, at: 4_000_000_000) == 5)
        plan.stop()
        #expect(plan.deadline == nil)
    }

    @Test func `signs without end do not put off the second set`() {
        var settings = AnnouncementPlan.Settings()
        settings.lowerPriorityRepeatCount = 3
        settings.lowerPriorityDelay = Self.second
        var plan = AnnouncementPlan(settings)
        for tick in 0..<10 as Range<UInt64> {
            #expect(plan.begin(.lowerPriority, at: tick * Self.second / 10) == 3)
            #expect(plan.deadline == Self.second)
        }
        #expect(plan.reach(Self.second) == 3)
    }

    @Test func `messages of an interface keep their distance`() {
        var pacer = AnnouncementPacer(interval: 1000)
        #expect(pacer.reserve(at: 5) == 5)
        #expect(pacer.reserve(at: 5) == 1005)
        #expect(pacer.reserve(at: 500) == 2005)
        #expect(pacer.reserve(at: 9000) == 9000)
    }
}
