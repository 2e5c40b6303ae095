// Routers with one instance on each of two links, tied by a sync group, while links fail one by
// one. All members of a router move together, one router serves all links, and a cut link alone
// makes no mastership move to and fro.

import Addresses
import RandomInputs
import Testing

@testable import VRRPProtocol

/// Routers on links. Member `link` of each router speaks on that link.
struct LinkedRouters {
    struct Router {
        var elections: [Election]
        var group: SyncGroup
        var isRunning = true
    }

    enum Item {
        case deliver(router: Int, link: Int, Election.Heard)
        case wake(router: Int, link: Int, Election.Timer, UInt64)
    }

    static let linkCount = 2
    var routers: [Router]
    var agenda = Agenda<Item>()
    var now: UInt64 = 1_000_000_000
    var random: Seeded
    /// Links on which packets are lost.
    var isCut = [false, false]
    var transitions = 0

    init(_ priorities: [UInt8], interval: UInt64, random: Seeded) {
        self.random = random
        routers = priorities.enumerated().map { index, priority in
            let elections = (0..<Self.linkCount).map { link in
                let settings = Election.Settings(
                    version: .three, priority: priority,
                    primaryAddress: IPAddress(v4: UInt32(0x0A00_0001 + link << 8 + index)),
                    interval: interval)
                var election = Election(settings: settings)
                election.asksGroup = true
                return election
            }
            return Router(elections: elections, group: SyncGroup(memberCount: Self.linkCount))
        }
    }

    func states(_ router: Int) -> [Election.State] { routers[router].elections.map(\.state) }

    /// The routers that serve a link.
    func masters(_ link: Int) -> [Int] {
        routers.indices.filter {
            routers[$0].isRunning && routers[$0].elections[link].state == .master
        }
    }

    mutating func start() {
        for router in routers.indices {
            for link in 0..<Self.linkCount { give(router, link, .start) }
        }
    }

    mutating func run(milliseconds: UInt64) {
        let end = now + milliseconds * millisecond
        while let time = agenda.nextTime, time <= end, let (_, item) = agenda.removeFirst() {
            now = time
            switch item {
            case .deliver(let router, let link, let heard): give(router, link, .heard(heard))
            case .wake(let router, let link, let timer, let deadline):
                guard routers[router].elections[link].deadline(of: timer) == deadline else {
                    continue
                }
                give(router, link, .timer(timer))
            }
        }
        now = end
    }

    mutating func give(_ router: Int, _ link: Int, _ event: Election.Event) {
        guard routers[router].isRunning else { return }
        var orders: [SyncGroup.Order] = []
        step(router, link, event, &orders)
        if event == .faultBegan || event == .faultEnded {
            routers[router].group.changed(
                member: link, isFaulty: event == .faultBegan, into: &orders)
        }
        var count = 0
        while !orders.isEmpty, count < 1000 {
            count += 1
            let order = orders.removeFirst()
            step(router, order.member, .commanded(order.command), &orders)
        }
    }

    private mutating func step(
        _ router: Int, _ link: Int, _ event: Election.Event, _ orders: inout [SyncGroup.Order]
    ) {
        var effects: [Election.Effect] = []
        routers[router].elections[link].step(event, at: now, into: &effects)
        for effect in effects {
            switch effect {
            case .sendAdvertisement(let priority): broadcast(router, link, priority)
            case .arm(let timer, let deadline):
                agenda.add(
                    .wake(router: router, link: link, timer, deadline), at: max(deadline, now))
            case .transition(_, let state, _):
                transitions += 1
                routers[router].group.changed(member: link, to: state, into: &orders)
            case .askGroup(let masterStopped):
                let now = now
                routers[router].group.asked(
                    by: link, masterStopped: masterStopped,
                    isUnopposed: routers[router].elections.map { $0.isUnopposed(at: now) },
                    into: &orders)
            default: break
            }
        }
    }

    private mutating func broadcast(_ router: Int, _ link: Int, _ priority: UInt8) {
        let settings = routers[router].elections[link].settings
        let heard = Election.Heard(
            priority: priority, source: settings.primaryAddress, interval: settings.interval)
        for other in routers.indices where other != router && !isCut[link] {
            agenda.add(
                .deliver(router: other, link: link, heard),
                at: now + 50 * microsecond + random.next() % millisecond)
        }
    }
}

@Suite struct SyncGroupSimulationTests {
    static let interval = ProtocolNumbers.second / 10

    static func settled(_ random: inout Seeded) -> LinkedRouters {
        var routers = LinkedRouters(
            [150, 100, 50], interval: interval, random: Seeded("\(random.next())"))
        routers.start()
        routers.run(milliseconds: 1000)
        return routers
    }

    @Test func `a cut of one link moves nothing while the master serves the other`() {
        var random = Seeded.fresh()
        var routers = Self.settled(&random)
        #expect(routers.masters(0) == [0] && routers.masters(1) == [0])
        let transitions = routers.transitions
        for link in 0..<2 {
            routers.isCut[link] = true
            routers.run(milliseconds: 20_000)
            routers.isCut[link] = false
            routers.run(milliseconds: 5000)
        }
        #expect(routers.transitions == transitions)
    }

    @Test func `a dead master is replaced on all links in the master-down time`() {
        var random = Seeded.fresh()
        for _ in 0..<50 {
            var routers = Self.settled(&random)
            routers.run(milliseconds: random.next() % 200)
            routers.routers[0].isRunning = false
            routers.run(milliseconds: 365)
            #expect(routers.masters(0) == [1] && routers.masters(1) == [1])
        }
    }

    @Test func `a fault on one link moves all of them after the skew`() {
        var random = Seeded.fresh()
        var routers = Self.settled(&random)
        routers.isCut[1] = true
        routers.give(0, 1, .faultBegan)
        routers.run(milliseconds: 65)
        #expect(routers.masters(0) == [1] && routers.masters(1) == [1])
        routers.isCut[1] = false
        routers.give(0, 1, .faultEnded)
        routers.run(milliseconds: 1000)
        #expect(routers.masters(0) == [0] && routers.masters(1) == [0])
    }

    @Test func `whatever happened, one router serves all links, and nothing moves any more`() {
        var random = Seeded.fresh()
        for _ in 0..<150 {
            var routers = Self.settled(&random)
            var faults: Set<[Int]> = []
            for _ in 0..<6 {
                let router = random.next(below: 3)
                let link = random.next(below: 2)
                switch random.next(below: 4) {
                case 0: routers.isCut[link].toggle()
                case 1:
                    let event: Election.Event =
                        faults.contains([router, link]) ? .faultEnded : .faultBegan
                    routers.give(router, link, event)
                    faults.formSymmetricDifference([[router, link]])
                case 2:
                    let priority = UInt8(1 + random.next(below: 254))
                    for link in 0..<2 { routers.give(router, link, .priorityChanged(priority)) }
                default: break
                }
                routers.run(milliseconds: random.next() % 1000)
                for router in 0..<3 { #expect(Set(routers.states(router)).count == 1) }
            }
            for fault in faults { routers.give(fault[0], fault[1], .faultEnded) }
            routers.isCut = [false, false]
            routers.run(milliseconds: 3000)
            #expect(routers.masters(0).count == 1 && routers.masters(0) == routers.masters(1))
            let transitions = routers.transitions
            routers.run(milliseconds: 2000)
            #expect(routers.transitions == transitions)
        }
    }
}
