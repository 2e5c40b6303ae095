// Members of a sync group move together, in whatever order things happen to them.

import Addresses
import RandomInputs
import Testing

@testable import VRRPProtocol

/// A group of elections that execute the group's orders as a daemon would.
struct GroupBench {
    var benches: [Bench]
    var group: SyncGroup
    var orderCount = 0
    /// The priorities that each member advertised.
    var sent: [[UInt8]]

    init(_ priorities: [UInt8]) {
        benches = priorities.map { Bench(priority: $0) }
        for index in benches.indices { benches[index].election.asksGroup = true }
        group = SyncGroup(memberCount: priorities.count)
        sent = [[UInt8]](repeating: [], count: priorities.count)
    }

    mutating func advance(milliseconds: UInt64) {
        for index in benches.indices { benches[index].now += milliseconds * millisecond }
    }

    var states: [Election.State] { benches.map(\.election.state) }

    mutating func step(_ member: Int, _ event: Election.Event) {
        var orders: [SyncGroup.Order] = []
        if event == .faultBegan || event == .faultEnded {
            give(member, event, &orders)
            group.changed(member: member, isFaulty: event == .faultBegan, into: &orders)
        } else {
            give(member, event, &orders)
        }
        while !orders.isEmpty {
            orderCount += 1
            #expect(orderCount < 100_000)
            let order = orders.removeFirst()
            give(order.member, .commanded(order.command), &orders)
        }
    }

    private mutating func give(
        _ member: Int, _ event: Election.Event, _ orders: inout [SyncGroup.Order]
    ) {
        benches[member].step(event)
        for case .sendAdvertisement(let priority) in benches[member].effects {
            sent[member].append(priority)
        }
        for effect in benches[member].effects {
            switch effect {
            case .transition(_, let state, _):
                group.changed(member: member, to: state, into: &orders)
            case .askGroup(let masterStopped):
                let now = benches[member].now
                group.asked(
                    by: member, masterStopped: masterStopped,
                    isUnopposed: benches.map { $0.election.isUnopposed(at: now) }, into: &orders)
            default: break
            }
        }
    }
}

@Suite struct SyncGroupTests {
    @Test func `one becomes master, all do`() {
        var bench = GroupBench([100, 50, 200])
        for member in 0..<3 { bench.step(member, .start) }
        #expect(bench.states == [.backup, .backup, .backup] && bench.group.state == .backup)
        bench.benches[2].now = bench.benches[2].election.deadline(of: .masterDown)!
        bench.step(2, .timer(.masterDown))
        #expect(bench.states == [.master, .master, .master] && bench.group.state == .master)
    }

    @Test func `while one member hears a master, no member takes over`() {
        var bench = GroupBench([100, 100])
        for member in 0..<2 { bench.step(member, .start) }
        bench.step(1, heard(200))
        for _ in 0..<10 {
            for member in 0..<2 {
                bench.advance(milliseconds: 500); bench.step(member, .timer(.masterDown))
            }
            bench.step(1, heard(200))
        }
        #expect(bench.states == [.backup, .backup])
        bench.advance(milliseconds: 2500)
        bench.step(0, .timer(.masterDown))
        #expect(bench.states == [.backup, .backup])
        bench.advance(milliseconds: 1200)
        bench.step(1, .timer(.masterDown))
        #expect(bench.states == [.master, .master])
    }

    @Test func `a master that stops on one link is followed on all`() {
        var bench = GroupBench([100, 100])
        for member in 0..<2 { bench.step(member, .start) }
        for member in 0..<2 { bench.step(member, heard(200)) }
        bench.step(0, heard(0))
        bench.advance(milliseconds: 610)
        bench.step(0, .timer(.masterDown))
        #expect(bench.states == [.master, .master])
    }

    @Test func `one leaves, all do`() {
        var bench = GroupBench([255, 100, 100])
        for member in 0..<3 { bench.step(member, .start) }
        #expect(bench.group.state == .master)
        bench.step(1, heard(150))
        #expect(bench.states == [.backup, .backup, .backup])
        #expect(bench.sent[2].last == 0 && bench.sent[1].last == 100)
    }

    @Test func `one is in fault, all are, until none is`() {
        var bench = GroupBench([100, 100])
        for member in 0..<2 { bench.step(member, .start) }
        bench.step(0, .faultBegan)
        bench.step(1, .faultBegan)
        #expect(bench.group.state == .fault && bench.states == [.fault, .fault])
        bench.step(0, .faultEnded)
        #expect(bench.states == [.fault, .fault])
        bench.step(1, .faultEnded)
        #expect(bench.states == [.backup, .backup])
    }

    @Test func `an owner out of fault takes the others along`() {
        var bench = GroupBench([255, 100])
        for member in 0..<2 { bench.step(member, .start) }
        bench.step(1, .faultBegan)
        #expect(bench.states == [.fault, .fault])
        bench.step(1, .faultEnded)
        #expect(bench.states == [.master, .master])
    }

    @Test func `whatever happens, the members agree afterwards`() {
        var random = Seeded.fresh()
        for _ in 0..<300 {
            let count = 1 + random.next(below: 5)
            var bench = GroupBench((0..<count).map { _ in UInt8(1 + random.next(below: 255)) })
            for member in 0..<count { bench.step(member, .start) }
            for _ in 0..<100 {
                let member = random.next(below: count)
                switch random.next(below: 6) {
                case 0: bench.step(member, .faultBegan)
                case 1, 2: bench.step(member, .faultEnded)
                case 3: bench.step(member, heard(UInt8(random.next(below: 256))))
                default:
                    let timer: Election.Timer =
                        random.next(below: 2) == 0 ? .masterDown : .advertise
                    if let deadline = bench.benches[member].election.deadline(of: timer) {
                        bench.benches[member].now = max(bench.benches[member].now, deadline)
                    }
                    bench.step(member, .timer(timer))
                }
                #expect(Set(bench.states).count == 1)
                #expect(bench.group.states == bench.states)
                #expect(bench.group.state == bench.states[0])
            }
        }
    }
}
