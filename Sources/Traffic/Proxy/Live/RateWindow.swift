// A limit on how often something happens in a second, shared by the workers.

import Synchronization

/// What was counted in the present second and in the one before, in one word:
///
///     63        40 39          20 19           0
///     [ second    | the one before |   present   ]
struct RateCounts: BitwiseCopyable {
    /// Counts stop here; a limit that is not less is none.
    static var most: UInt64 { 1 << 20 - 1 }

    private var second: UInt64
    private var before: UInt64
    /// What the present second has had.
    var present: UInt64

    /// The counts at a time, taken from those of an earlier one.
    @inline(__always)
    init(_ word: UInt64, now milliseconds: UInt64) {
        second = (milliseconds / 1000) & 0xFF_FFFF
        let known = word &>> 40
        let counted = word & Self.most
        // Workers read the clock at different times: another one may be ahead.
        if known == (second &+ 1) & 0xFF_FFFF { second = known }
        if known == second {
            before = word &>> 20 & Self.most
            present = counted
        } else {
            before = (known &+ 1) & 0xFF_FFFF == second ? counted : 0
            present = 0
        }
    }

    /// Both counts and their second.
    var word: UInt64 { second &<< 40 | before &<< 20 | present }

    /// Counts one more.
    @inline(__always)
    mutating func add() { present = min(Self.most, present &+ 1) }

    /// Events in the second that ends now, as far as the counts tell.
    func rate(now milliseconds: UInt64) -> UInt64 {
        present &+ before &* (1000 &- milliseconds % 1000) / 1000
    }
}

/// Counts what happens in the present second of the monotonic clock. What the second before had
/// weighs as much as is left of the present one, so that the limit holds for any second, not only
/// for those that begin with the clock's.
final class RateWindow: Sendable {
    /// One word, so that it changes in one step.
    private let state = Atomic<UInt64>(0)

    /// Counts one more; false, and not counted, when a second has had `limit` already.
    func take(now milliseconds: UInt64, limit: UInt32) -> Bool {
        var known = state.load(ordering: .relaxed)
        while true {
            var counts = RateCounts(known, now: milliseconds)
            let isLimited = UInt64(limit) < RateCounts.most
            if isLimited && counts.rate(now: milliseconds) >= UInt64(limit) { return false }
            counts.add()
            if exchange(&known, counts.word) { return true }
        }
    }

    /// Takes back what was counted a moment ago and did not happen.
    func giveBack(now milliseconds: UInt64) {
        var known = state.load(ordering: .relaxed)
        while true {
            var counts = RateCounts(known, now: milliseconds)
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
