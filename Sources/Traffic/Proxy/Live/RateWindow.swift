// A limit on how often something happens in a second, shared by the workers.

import Synchronization

/// Counts what happens in the present second of the monotonic clock. What the second before had
/// weighs as much as is left of the present one, so that the limit holds for any second, not only
/// for those that begin with the clock's.
final class RateWindow: Sendable {
    /// One word, so that it changes in one step:
    ///
    ///     63        40 39          20 19           0
    ///     [ second    | the one before |   present   ]
    private let state = Atomic<UInt64>(0)
    /// Counts stop here; a limit that is not less is none.
    private static let most: UInt64 = 1 << 20 - 1

    private struct Counts {
        var second: UInt64
        var before: UInt64
        var present: UInt64

        /// The counts at a time, taken from those of an earlier one.
        init(_ word: UInt64, now milliseconds: UInt64) {
            second = (milliseconds / 1000) & 0xFF_FFFF
            let known = word &>> 40
            let counted = word & RateWindow.most
            if known == second {
                before = word &>> 20 & RateWindow.most
                present = counted
            } else {
                before = (known &+ 1) & 0xFF_FFFF == second ? counted : 0
                present = 0
            }
        }

        var word: UInt64 { second &<< 40 | before &<< 20 | present }

        func rate(now milliseconds: UInt64) -> UInt64 {
            present &+ before &* (1000 &- milliseconds % 1000) / 1000
        }
    }

    /// Counts one more; false, and not counted, when a second has had `limit` already.
    func take(now milliseconds: UInt64, limit: UInt32) -> Bool {
        var known = state.load(ordering: .relaxed)
        while true {
            var counts = Counts(known, now: milliseconds)
            let isLimited = UInt64(limit) < Self.most
            if isLimited && counts.rate(now: milliseconds) >= UInt64(limit) { return false }
            counts.present = min(Self.most, counts.present &+ 1)
            if exchange(&known, counts.word) { return true }
        }
    }

    /// Takes back what was counted a moment ago and did not happen.
    func giveBack(now milliseconds: UInt64) {
        var known = state.load(ordering: .relaxed)
        while true {
            var counts = Counts(known, now: milliseconds)
            guard counts.present > 0 else { return }
            counts.present &-= 1
            if exchange(&known, counts.word) { return }
        }
    }

    private func exchange(_ known: inout UInt64, _ next: UInt64) -> Bool {
        let (exchanged, original) = state.weakCompareExchange(
            expected: known, desired: next, ordering: .relaxed)
        if !exchanged { known = original }
        return exchanged
    }
}
