// A limit on how often something happens in a second, shared by the workers.

import Synchronization

/// Counts what happens in the present second of the monotonic clock.
final class RateWindow: Sendable {
    /// The second in the high 32 bits, the count in the low ones.
    private let state = Atomic<UInt64>(0)

    /// Whether the second may have one more.
    func mayTake(now milliseconds: UInt64, limit: UInt32) -> Bool {
        let second = (milliseconds / 1000) & 0xFFFF_FFFF
        let known = state.load(ordering: .relaxed)
        return known &>> 32 != second || known & 0xFFFF_FFFF < UInt64(limit)
    }

    /// Counts one more; false, and not counted, when the second has had `limit` already.
    func take(now milliseconds: UInt64, limit: UInt32) -> Bool {
        let second = (milliseconds / 1000) & 0xFFFF_FFFF
        var known = state.load(ordering: .relaxed)
        while true {
            let count = known &>> 32 == second ? known & 0xFFFF_FFFF : 0
            if count >= UInt64(limit) { return false }
            let (exchanged, original) = state.weakCompareExchange(
                expected: known, desired: second &<< 32 | (count &+ 1), ordering: .relaxed)
            if exchanged { return true }
            known = original
        }
    }
}
