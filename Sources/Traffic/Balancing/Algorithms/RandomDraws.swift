// `balance random`: some draws by weight, then the least loaded of what was drawn.
// Differs: a full slot is never drawn, where HAProxy may queue on it.

import Structures

extension BalancingOrder {
    /// Draws `draws` members with room and answers the one with the least load for its weight.
    mutating func pickByDraw(
        _ draws: Int, avoiding: Int?, slots: borrowing FixedArray<BalancerSlot>
    ) -> Int? {
        if shares.total == 0 { return nil }
        let avoided = avoiding.map { UInt64(shares[$0]) } ?? 0
        let whole = shares.total - avoided
        if whole == 0 { return avoiding }
        let avoidedFrom = avoided == 0 ? UInt64.max : shares.sum(before: avoiding ?? 0)
        var best: Int?
        for _ in 0..<draws {
            var point = random(below: whole)
            if point >= avoidedFrom { point += avoided }
            let drawn = shares.element(at: point)
            guard let current = best else {
                best = drawn
                continue
            }
            let drawnLoad = UInt64(slots[drawn].load) * UInt64(slots[current].weight)
            let currentLoad = UInt64(slots[current].load) * UInt64(slots[drawn].weight)
            if drawnLoad < currentLoad { best = drawn }
        }
        return best
    }

    /// A number of `0 ..< bound` (SplitMix64, then the high half of a product).
    private mutating func random(below bound: UInt64) -> UInt64 {
        randomState &+= 0x9E37_79B9_7F4A_7C15
        var mixed = randomState
        mixed = (mixed ^ (mixed &>> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed &>> 27)) &* 0x94D0_49BB_1331_11EB
        return (mixed ^ (mixed &>> 31)).multipliedFullWidth(by: bound).high
    }
}
