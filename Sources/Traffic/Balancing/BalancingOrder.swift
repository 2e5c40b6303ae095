// The order that an algorithm keeps among the slots of one group (primaries or backups). The tag
// chooses the branch; each algorithm's own work is in Algorithms/.

import Structures

/// The slots of one group that take part; full ones stay members but are out of the order.
struct BalancingOrder: ~Copyable, Sendable {
    let algorithm: Algorithm
    /// How many slots take part, full or not.
    var count = 0
    /// Slots with room, by turn (round robin), load (least connections) or identifier (first).
    var queue: IndexedHeap
    /// Round robin: slots that have had no turn since they joined, heaviest first.
    var entrants: IndexedHeap
    /// Round robin: where each slot stands.
    var turns: FixedArray<Turn>
    /// Round robin: how many turns were given.
    var turn: UInt64 = 0
    /// Round robin: the sum of the members' weights.
    var totalWeight: UInt64 = 0
    /// Random: the weights of the slots with room.
    var shares: WeightTree
    /// Random: the state of the generator.
    var randomState: UInt64

    init(_ algorithm: Algorithm, capacity: Int, seed: UInt64) {
        self.algorithm = algorithm
        var rotates = false
        var draws = false
        switch algorithm {
        case .roundRobin, .staticRoundRobin: rotates = true
        case .random: draws = true
        case .leastConnections, .first: break
        }
        queue = IndexedHeap(capacity: draws ? 0 : capacity)
        entrants = IndexedHeap(capacity: rotates ? capacity : 0)
        turns = FixedArray(zeroed: rotates ? capacity : 0)
        shares = WeightTree(count: draws ? capacity : 0)
        randomState = seed
    }

    /// Chooses among the members with room.
    mutating func pick(avoiding: Int?, slots: borrowing FixedArray<BalancerSlot>) -> Pick {
        if count == 0 { return .none }
        let picked: Int? =
            switch algorithm {
            case .roundRobin, .staticRoundRobin: pickByTurn(avoiding: avoiding)
            case .leastConnections, .first: pickFirst(avoiding: avoiding)
            case .random(let draws): pickByDraw(draws, avoiding: avoiding, slots: slots)
            }
        return picked.map { .slot($0) } ?? .allFull
    }

    /// Admits a slot.
    mutating func join(_ index: Int, _ slot: BalancerSlot) {
        count += 1
        totalWeight &+= UInt64(slot.weight)
        switch algorithm {
        case .roundRobin, .staticRoundRobin: enter(index, slot)
        case .leastConnections, .first, .random: settle(index, slot)
        }
    }

    /// Lets a slot go; `weight` is the one it took part with.
    mutating func leave(_ index: Int, weight: UInt16) {
        count -= 1
        totalWeight &-= UInt64(weight)
        switch algorithm {
        case .roundRobin, .staticRoundRobin:
            entrants.remove(index)
            queue.remove(index)
        case .leastConnections, .first: queue.remove(index)
        case .random: shares[index] = 0
        }
    }

    /// Follows a member's change of weight.
    mutating func reweigh(_ index: Int, from before: BalancerSlot, to after: BalancerSlot) {
        totalWeight &+= UInt64(after.weight) &- UInt64(before.weight)
        switch algorithm {
        case .roundRobin, .staticRoundRobin: adjustTurn(index, after)
        case .leastConnections, .random: settle(index, after)
        case .first: break
        }
    }

    /// Puts a member where its load belongs, or out of the order while it is full.
    mutating func settle(_ index: Int, _ slot: BalancerSlot) {
        switch algorithm {
        case .roundRobin, .staticRoundRobin:
            if slot.isFull { pauseTurns(index) } else { resumeTurns(index, slot) }
        case .leastConnections: settle(index, slot, key: Self.pressure(of: slot))
        case .first: settle(index, slot, key: UInt64(slot.identifier))
        case .random: shares[index] = slot.isFull ? 0 : UInt32(slot.weight)
        }
    }

    private mutating func settle(_ index: Int, _ slot: BalancerSlot, key: UInt64) {
        if slot.isFull {
            queue.remove(index)
        } else if queue.key(of: index) != key {
            queue.set(index, key: key)
        }
    }

    /// The first of the queue; the second when the first is to be avoided.
    private func pickFirst(avoiding: Int?) -> Int? {
        guard let first = queue.first?.element else { return nil }
        return first == avoiding ? queue.second?.element ?? first : first
    }
}
