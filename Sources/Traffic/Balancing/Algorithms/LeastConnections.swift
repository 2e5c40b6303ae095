// `balance leastconn`: the slot with the least load for its weight, in turns among equals.

extension BalancingOrder {
    /// The key of a slot: 0 without load, else (load + 1) / weight in 256ths.
    ///
    /// Idle slots are equal whatever their weight and so share short requests in turns; watched
    /// from HAProxy. A slot whose key changes goes behind the slots that already have that key.
    static func pressure(of slot: BalancerSlot) -> UInt64 {
        slot.load == 0 ? 0 : (UInt64(slot.load) + 1) * 256 / UInt64(slot.weight)
    }
}
