// `balance roundrobin` and `static-rr`: turns spread as evenly as whole turns allow.
//
// A slot of weight w among a total of W is due every W/w turns. Whoever is due goes first; a turn
// at which nobody is due goes to a slot that has just joined, the heaviest first, else to the one
// that is due next. The sequences match those of HAProxy's `roundrobin` but for rare ties, equal
// weights giving the order of declaration. Differs: `static-rr` has the same sequence, which
// HAProxy's own matches for equal weights only.

import Structures

/// Where a slot stands in the rotation: due at `whole + part / weight`.
struct Turn: BitwiseCopyable, Sendable {
    /// The turn at which it is due, or at which it joined while it has had none.
    var whole: UInt64
    /// The fraction of a turn, in units of 1 / weight.
    var part: UInt16
    /// The weight the fraction counts in.
    var weight: UInt16

    /// Orders by the whole turn, then by what is missing to the next, most first.
    var key: UInt64 { whole &<< 9 | UInt64(256 &- (weight &- part)) }
}

extension BalancingOrder {
    /// Gives the next turn.
    mutating func pickByTurn(avoiding: Int?) -> Int? {
        guard let index = nextInTurn(avoiding: avoiding) else { return nil }
        if entrants.contains(index) {
            entrants.remove(index)
            turns[index].whole = turn
            turns[index].part = 0
        }
        turn = max(turn, turns[index].whole) + 1
        advance(index)
        queue.set(index, key: turns[index].key)
        return index
    }

    /// Lets a slot in that has had no turn yet.
    mutating func enter(_ index: Int, _ slot: BalancerSlot) {
        turns[index] = Turn(whole: turn, part: 0, weight: slot.weight)
        if !slot.isFull { entrants.set(index, key: UInt64(256 - slot.weight)) }
    }

    /// Takes a slot that is full out of the rotation.
    mutating func pauseTurns(_ index: Int) {
        entrants.remove(index)
        queue.remove(index)
    }

    /// Brings a slot back that has room again; turns it has missed are not made up for.
    mutating func resumeTurns(_ index: Int, _ slot: BalancerSlot) {
        if turns[index].whole < turn {
            turns[index].whole = turn
            turns[index].part = 0
        }
        queue.set(index, key: turns[index].key)
    }

    /// Gives a slot the rhythm of its new weight, no later than one interval from now.
    mutating func adjustTurn(_ index: Int, _ slot: BalancerSlot) {
        turns[index].weight = slot.weight
        turns[index].part = 0
        turns[index].whole = min(turns[index].whole, turn + totalWeight / UInt64(slot.weight))
        if entrants.contains(index) {
            entrants.set(index, key: UInt64(256 - slot.weight))
        } else if queue.contains(index) {
            queue.set(index, key: turns[index].key)
        }
    }

    // It changes nothing: what only reads would be given a copy of the order.
    private mutating func nextInTurn(avoiding: Int?) -> Int? {
        let entrant = next(of: entrants, avoiding: avoiding)
        guard let due = next(of: queue, avoiding: avoiding) else {
            return entrant ?? queue.first?.element ?? entrants.first?.element
        }
        guard let entrant else { return due }
        let interval = totalWeight / UInt64(turns[entrant].weight)
        let hasWaited = turn - turns[entrant].whole > 2 * interval + UInt64(count)
        return turns[due].whole > turn || hasWaited ? entrant : due
    }

    private func next(of heap: borrowing IndexedHeap, avoiding: Int?) -> Int? {
        let first = heap.first?.element
        return first != nil && first == avoiding ? heap.second?.element : first
    }

    /// Moves a slot on by W/w turns.
    private mutating func advance(_ index: Int) {
        let weight = UInt64(turns[index].weight)
        let (quotient, remainder) = totalWeight.quotientAndRemainder(dividingBy: weight)
        var part = UInt64(turns[index].part) + remainder
        turns[index].whole += quotient
        if part >= weight {
            part -= weight
            turns[index].whole += 1
        }
        turns[index].part = UInt16(part)
    }
}
