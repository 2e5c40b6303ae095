// Sequence numbers of trailers: making ours, and recognising packets that were sent before. Numbers
// are compared on the circle (RFC 1982), so the end of 32-bit seconds in 2106 is no event.

import Addresses

/// Makes the sequence numbers of sent trailers.
struct SequenceSource: Sendable {
    private var last: UInt64?

    /// The number for a packet sent now: seconds in the high half, then a 16-bit fraction, then a
    /// counter that separates packets of one instant.
    ///
    /// Never less than one already given out, unless a clock was set back by more than the window:
    /// by time, receivers would take what goes on from the old one for stale, and they forget it.
    mutating func next(wallClock nanoseconds: UInt64, _ rules: TrailerRules) -> UInt64 {
        let stamp = Self.sequence(nanoseconds)
        let next = following(stamp, rules)
        last = next
        return next
    }

    private func following(_ stamp: UInt64, _ rules: TrailerRules) -> UInt64 {
        guard let last else { return stamp }
        if stamp != last, stamp &- last < UInt64(1) << 63 { return stamp }
        let ahead = Self.seconds(last, since: stamp)
        return rules.antiReplay == .time && ahead > Int64(rules.windowSeconds) ? stamp : last &+ 1
    }

    /// How many whole seconds later the first is than the second, their fractions left out.
    static func seconds(_ sequence: UInt64, since other: UInt64) -> Int64 {
        Int64(
            Int32(
                truncatingIfNeeded: UInt32(truncatingIfNeeded: sequence >> 32)
                    &- UInt32(truncatingIfNeeded: other >> 32)))
    }

    /// A time since 1970 in nanoseconds as a sequence number with a counter of zero.
    static func sequence(_ nanoseconds: UInt64) -> UInt64 {
        let seconds = nanoseconds / ProtocolNumbers.second
        let rest = nanoseconds % ProtocolNumbers.second
        return seconds << 32 | (rest << 16 / ProtocolNumbers.second) << 16
    }
}

/// Remembers the last sequence number of each sender.
struct ReplayGuard: Sendable {
    /// Senders remembered at once; the one unheard for longest makes room. Only holders of the key
    /// get here.
    static let senderLimit = 64

    private struct Sender {
        var address: IPAddress
        var sequence: UInt64
    }

    /// The most recently heard last.
    private var senders: [Sender] = []

    /// Refuses a sequence number of another time, before anything is computed for it. Whole
    /// seconds are compared, so up to one more than the window passes.
    ///
    /// Returns how many seconds the sender's clock is from ours when that is more than half the
    /// window.
    static func checkTime(
        _ sequence: UInt64, _ rules: TrailerRules, wallClock: UInt64
    ) throws(Rejection) -> Int64? {
        guard rules.antiReplay == .time else { return nil }
        let skew = SequenceSource.seconds(sequence, since: SequenceSource.sequence(wallClock))
        if skew.magnitude > rules.windowSeconds { throw .hmacStale }
        return skew.magnitude > rules.windowSeconds / 2 ? skew : nil
    }

    /// Accepts a sequence number from a sender whose code was right, once.
    mutating func admit(
        _ sequence: UInt64, from source: IPAddress, _ rules: TrailerRules, wallClock: UInt64
    ) throws(Rejection) {
        if let known = senders.firstIndex(where: { $0.address == source }) {
            let mark = senders[known].sequence
            let ahead = sequence &- mark
            guard ahead != 0 && ahead < UInt64(1) << 63 || isOutdated(mark, rules, wallClock)
            else { throw .hmacReplay }
            senders.remove(at: known)
        } else if senders.count == Self.senderLimit {
            senders.removeFirst()
        }
        senders.append(Sender(address: source, sequence: sequence))
    }

    /// Whether nothing of that time could be accepted any more: a sender that was ahead and has
    /// been set right is heard again.
    private func isOutdated(_ mark: UInt64, _ rules: TrailerRules, _ wallClock: UInt64) -> Bool {
        guard rules.antiReplay == .time else { return false }
        let age = SequenceSource.seconds(SequenceSource.sequence(wallClock), since: mark)
        return age.magnitude > rules.windowSeconds
    }
}
