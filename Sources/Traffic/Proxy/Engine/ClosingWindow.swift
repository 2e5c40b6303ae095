// When a soft stop closes client connections that could go on.
// configuration manual: close-spread-time.

/// The time over which a worker closes its clients after a soft stop. Before its end a client is
/// closed by chance, the more likely the less time is left, so that clients come back to other
/// processes little by little.
struct ClosingWindow {
    /// Tick (milliseconds) at which the last client is closed; `.max` means never.
    private var end: UInt64 = 0
    private var span: UInt64 = 0
    private var random: UInt64 = 0x9e37_79b9_7f4a_7c15

    /// Every client may be closed at once.
    init() {}

    /// A window that begins now.
    ///
    /// - Parameter milliseconds: its length; 0 closes at once, `.max` never.
    init(from now: UInt64, milliseconds: Int, seed: UInt64) {
        span = UInt64(clamping: milliseconds)
        end = milliseconds == .max ? .max : now &+ span
        random ^= seed &* 0x2545_f491_4f6c_dd1d &+ now
    }

    /// Whether no time is left.
    func isOver(_ now: UInt64) -> Bool { now >= end }

    /// Whether a client that has just sent a request is to be closed with its response: the chance
    /// is the share of the window that has passed.
    mutating func closesActive(_ now: UInt64) -> Bool {
        if end == .max { return false }
        return now >= end || next() % span >= end &- now
    }

    /// Whether an idle client is to be closed, asked every `interval` milliseconds: the chance is
    /// the share that the interval has of what is left.
    mutating func closesIdle(_ now: UInt64, interval: UInt64) -> Bool {
        if end == .max { return false }
        return now &+ interval >= end || next() % (end &- now) < interval
    }

    /// The next number of a xorshift generator.
    private mutating func next() -> UInt64 {
        random ^= random &<< 13
        random ^= random &>> 7
        random ^= random &<< 17
        return random
    }
}
