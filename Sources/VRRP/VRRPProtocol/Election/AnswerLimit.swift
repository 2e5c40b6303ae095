// How often a master answers signs of a second one. The first sign is answered at once, so that a
// heal leaves no host behind; then the pause doubles up to a limit, so that junk makes no storm;
// and the last sign is always answered, because what follows it may have changed somebody's cache.

/// Limits answers.
struct AnswerLimit: Sendable, Hashable {
    static let firstPause: UInt64 = 10_000_000
    /// 80 ms: at most 12.5 answers a second, and no host waits longer than this after a heal.
    static let longestPause: UInt64 = 80_000_000
    static let quiet: UInt64 = 1_000_000_000

    private var pause = firstPause
    private var nextAllowed: UInt64 = 0
    private(set) var isPending = false

    /// Whether a sign at `now` would be answered at once.
    func admits(at now: UInt64) -> Bool { !isPending && now >= nextAllowed }

    /// A sign at `now`; whether to answer at once. Otherwise an answer is pending at ``deadline``.
    mutating func admit(at now: UInt64) -> Bool {
        if now >= nextAllowed + Self.quiet { pause = Self.firstPause }
        guard admits(at: now) else {
            isPending = true
            return false
        }
        answered(at: now)
        return true
    }

    /// When a pending answer is due.
    var deadline: UInt64 { nextAllowed }

    /// The pending answer is given now.
    mutating func answered(at now: UInt64) {
        isPending = false
        nextAllowed = now + pause
        pause = min(pause * 2, Self.longestPause)
    }
}
