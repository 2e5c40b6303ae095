// Every algorithm over slots: order, weights, backups, full and unusable slots.

import Balancing
import RandomInputs
import Testing

@Suite struct BalancerTests {
    static let all: [Algorithm] = [
        .roundRobin, .staticRoundRobin, .leastConnections, .first, .random(draws: 2),
        .random(draws: 1),
    ]

    private func counts(_ balancer: inout Balancer, picks: Int) -> [Int] {
        var counts = [Int](repeating: 0, count: balancer.count)
        for _ in 0..<picks {
            guard case .slot(let slot) = balancer.pick() else { break }
            counts[slot] += 1
            balancer.charge(slot)
            balancer.discharge(slot)
        }
        return counts
    }

    private func ones(_ count: Int, capacity: Int = 0) -> [BalancerSlot] {
        (0..<count).map { BalancerSlot(weight: 1, identifier: $0 + 1, capacity: capacity) }
    }

    @Test func `Round robin keeps every window within one turn of the weights`() {
        var random = Seeded(for: "round robin shares")
        for _ in 0..<30 {
            let weights = (0..<Int.random(in: 1...20, using: &random)).map { _ in
                Int.random(in: 1...256, using: &random)
            }
            let total = weights.reduce(0, +)
            var balancer = Balancer(
                algorithm: .roundRobin, slots: weights.map { BalancerSlot(weight: $0) })
            for (count, weight) in zip(counts(&balancer, picks: total), weights) {
                #expect(abs(count - weight) <= 1)
            }
            let part = Int.random(in: 1...total, using: &random)
            for (count, weight) in zip(counts(&balancer, picks: part), weights) {
                #expect(abs(count * total - weight * part) <= 2 * total)
            }
        }
    }

    @Test func `Random draws follow the weights`() {
        var balancer = Balancer(
            algorithm: .random(draws: 1), slots: [10, 20, 70].map { BalancerSlot(weight: $0) })
        let counts = counts(&balancer, picks: 100_000)
        #expect(abs(counts[0] - 10_000) < 600)
        #expect(abs(counts[1] - 20_000) < 800)
        #expect(abs(counts[2] - 70_000) < 900)
    }

    @Test func `Two draws keep loads closer together than one`() {
        func spread(draws: Int) -> UInt32 {
            var balancer = Balancer(algorithm: .random(draws: draws), slots: ones(50), seed: 7)
            for _ in 0..<5_000 {
                if case .slot(let slot) = balancer.pick() { balancer.charge(slot) }
            }
            let loads = (0..<50).map { balancer.slot($0).load }
            return loads.max()! - loads.min()!
        }
        #expect(spread(draws: 2) < spread(draws: 1) / 2)
    }

    @Test func `Least connections follow the load divided by the weight`() {
        var balancer = Balancer(
            algorithm: .leastConnections, slots: [1, 2, 3].map { BalancerSlot(weight: $0) })
        let held = (0..<24).map { _ -> Int in
            guard case .slot(let slot) = balancer.pick() else { return -1 }
            balancer.charge(slot)
            return slot
        }
        // As watched from haproxy with 24 connections held.
        #expect(
            held.map { $0 + 1 } == [
                1, 2, 3, 3, 2, 3, 3, 2, 3, 1, 2, 3, 3, 2, 3, 1, 2, 3, 3, 2, 3, 1, 2, 3,
            ])
    }

    @Test func `First fills the lowest identifier before the next`() {
        var balancer = Balancer(
            algorithm: .first,
            slots: [30, 20, 10].map { BalancerSlot(weight: 1, identifier: $0, capacity: 2) })
        var order: [Int] = []
        while case .slot(let slot) = balancer.pick() {
            balancer.charge(slot)
            order.append(slot)
        }
        #expect(order == [2, 2, 1, 1, 0, 0])
        balancer.discharge(1)
        #expect(balancer.pick() == .slot(1))
    }

    @Test(arguments: all)
    func `A full slot is skipped until it has room again`(_ algorithm: Algorithm) {
        var balancer = Balancer(algorithm: algorithm, slots: ones(4, capacity: 3))
        for _ in 0..<12 {
            guard case .slot(let slot) = balancer.pick() else {
                Issue.record("a slot with room was not found")
                return
            }
            balancer.charge(slot)
        }
        for slot in 0..<4 { #expect(balancer.slot(slot).load == 3) }
        #expect(balancer.pick() == .allFull)
        balancer.discharge(2)
        #expect(balancer.pick(avoiding: 2) == .slot(2))
        balancer.setCapacity(2, to: 2)
        #expect(balancer.pick() == .allFull)
        balancer.setCapacity(0, to: 0)
        #expect(balancer.pick() == .slot(0))
    }

    @Test(arguments: all)
    func `No usable slot is told apart from full ones`(_ algorithm: Algorithm) {
        var empty = Balancer(algorithm: algorithm, slots: [])
        #expect(empty.pick() == .none)
        var balancer = Balancer(algorithm: algorithm, slots: ones(2))
        balancer.setUsable(0, to: false)
        balancer.setWeight(1, to: 0)
        #expect(balancer.pick() == .none)
        balancer.setWeight(1, to: 5)
        #expect(balancer.pick() == .slot(1))
    }

    @Test(arguments: all)
    func `The avoided slot is used only when it is alone`(_ algorithm: Algorithm) {
        var balancer = Balancer(algorithm: algorithm, slots: ones(3))
        for _ in 0..<30 { #expect(balancer.pick(avoiding: 1) != .slot(1)) }
        balancer.setUsable(0, to: false)
        balancer.setUsable(2, to: false)
        #expect(balancer.pick(avoiding: 1) == .slot(1))
        #expect(balancer.pick(avoiding: 1) == .slot(1))
    }

    @Test(arguments: all)
    func `Backups stand in only while no primary is usable`(_ algorithm: Algorithm) {
        for usesAll in [false, true] {
            let slots = [
                BalancerSlot(weight: 1, isBackup: true, identifier: 1),
                BalancerSlot(weight: 1, identifier: 2),
                BalancerSlot(weight: 1, isBackup: true, identifier: 3),
            ]
            var balancer = Balancer(
                algorithm: algorithm, slots: slots, usesAllBackups: usesAll)
            #expect(counts(&balancer, picks: 9) == [0, 9, 0])
            balancer.setUsable(1, to: false)
            let standIn = counts(&balancer, picks: 200)
            #expect(standIn[1] == 0)
            #expect((standIn[2] > 0) == (usesAll && algorithm != .first))
            balancer.setUsable(0, to: false)
            #expect(balancer.pick() == .slot(2))
            balancer.setUsable(1, to: true)
            #expect(balancer.pick() == .slot(1))
        }
    }

    @Test func `A full primary does not bring the backups in`() {
        var balancer = Balancer(
            algorithm: .roundRobin,
            slots: [BalancerSlot(weight: 1, capacity: 1), BalancerSlot(weight: 1, isBackup: true)])
        balancer.charge(0)
        #expect(balancer.pick() == .allFull)
    }

    @Test func `A slot that returns gets its share and no burst`() {
        var balancer = Balancer(algorithm: .roundRobin, slots: ones(3))
        _ = counts(&balancer, picks: 7)
        balancer.setUsable(1, to: false)
        #expect(counts(&balancer, picks: 1_000)[1] == 0)
        balancer.setUsable(1, to: true)
        let after = counts(&balancer, picks: 30)
        #expect(after.allSatisfy { (9...11).contains($0) }, "\(after)")

        balancer.setCapacity(0, to: 1)
        balancer.charge(0)
        #expect(counts(&balancer, picks: 1_000)[0] == 0)
        balancer.discharge(0)
        let again = counts(&balancer, picks: 30)
        #expect(again.allSatisfy { (9...11).contains($0) }, "\(again)")
    }

    @Test func `A changed weight shows within the next round`() {
        var balancer = Balancer(
            algorithm: .roundRobin, slots: [1, 100, 100].map { BalancerSlot(weight: $0) })
        _ = counts(&balancer, picks: 150)
        balancer.setWeight(0, to: 200)
        _ = counts(&balancer, picks: 5)
        let counts = counts(&balancer, picks: 400)
        #expect((190...210).contains(counts[0]), "\(counts)")
    }

    @Test(arguments: all)
    func `Any mix of changes keeps the promises of a pick`(_ algorithm: Algorithm) {
        var random = Seeded(for: "changes under \(algorithm.name)")
        for _ in 0..<20 {
            let count = Int.random(in: 1...12, using: &random)
            let slots = (0..<count).map { index in
                BalancerSlot(
                    weight: Int.random(in: 0...4, using: &random),
                    isUsable: Bool.random(using: &random),
                    isBackup: Int.random(in: 0..<4, using: &random) == 0, identifier: index,
                    capacity: Int.random(in: 0...3, using: &random))
            }
            let usesAll = Bool.random(using: &random)
            var balancer = Balancer(algorithm: algorithm, slots: slots, usesAllBackups: usesAll)
            for _ in 0..<400 {
                let index = Int.random(in: 0..<count, using: &random)
                switch Int.random(in: 0..<8, using: &random) {
                case 0: balancer.setWeight(index, to: .random(in: 0...256, using: &random))
                case 1: balancer.setUsable(index, to: .random(using: &random))
                case 2: balancer.setCapacity(index, to: .random(in: 0...4, using: &random))
                case 3 where balancer.slot(index).load > 0: balancer.discharge(index)
                default:
                    let avoided = Bool.random(using: &random) ? index : nil
                    let pick = balancer.pick(avoiding: avoided)
                    expectHonest(pick, avoiding: avoided, from: balancer, usesAll: usesAll)
                    if case .slot(let slot) = pick { balancer.charge(slot) }
                }
            }
        }
    }

    /// Checks a pick against the plain reading of the rules.
    private func expectHonest(
        _ pick: Pick, avoiding avoided: Int?, from balancer: borrowing Balancer, usesAll: Bool
    ) {
        let slots = (0..<balancer.count).map { balancer.slot($0) }
        let members = slots.indices.filter { slots[$0].takesPart }
        var group = members.filter { !slots[$0].isBackup }
        if group.isEmpty { group = usesAll ? members : Array(members.prefix(1)) }
        let free = group.filter { !slots[$0].isFull }
        switch pick {
        case .none: #expect(group.isEmpty)
        case .allFull: #expect(!group.isEmpty && free.isEmpty)
        case .slot(let slot):
            #expect(free.contains(slot))
            if slot == avoided { #expect(free == [slot] || slots[slot].isBackup && !usesAll) }
        }
    }

    @Test func `No slot starves while others come and go`() {
        var random = Seeded(for: "starvation")
        var balancer = Balancer(
            algorithm: .roundRobin, slots: (0..<20).map { BalancerSlot(weight: $0 * 12 + 1) })
        var last = [Int](repeating: 0, count: 20)
        var longest = 0
        for step in 0..<50_000 {
            if case .slot(let slot) = balancer.pick() { last[slot] = step }
            let flapping = Int.random(in: 1..<20, using: &random)
            if step % 7 == 0 { balancer.setUsable(flapping, to: .random(using: &random)) }
            longest = max(longest, step - last[0])
        }
        // Weight 1 among at most 2,300: its turn comes in every round.
        #expect(longest < 5_000, "\(longest)")
    }

    @Test(arguments: all)
    func `Ten thousand slots are handled`(_ algorithm: Algorithm) {
        var balancer = Balancer(algorithm: algorithm, slots: ones(10_000, capacity: 2))
        for _ in 0..<20_000 {
            if case .slot(let slot) = balancer.pick() { balancer.charge(slot) }
        }
        #expect(balancer.pick() == .allFull)
        for slot in 0..<10_000 { balancer.setUsable(slot, to: false) }
        #expect(balancer.pick() == .none)
    }
}
