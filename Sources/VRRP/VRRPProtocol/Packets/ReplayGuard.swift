// Sequence numbers of trailers: making ours, and recognising packets that were sent before. Numbers
// are compared on the circle (RFC 1982), so the end of 32-bit seconds in 2106 is no event.

import Addresses

/// Makes the sequence numbers of sent trailers.
struct SequenceSource: Sendable {
    private var last: UInt64 = 0

    /// The number for a packet sent now: seconds in the high half, then a 16-bit fraction, then a
    /// counter that separates packets of one instant. Never less than one already given out.
    mutating func next(wallClock nanoseconds: UInt64) -> UInt64 {
        let stamp = Self.sequence(nanoseconds)
        last = stamp &- last < UInt64(1) << 63 && stamp != last ? stamp : last &+ 1
        return last
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

    /// Accepts a sequence number from a sender whose code was right.
    ///
    /// Returns how far its clock is from ours in nanoseconds when that is more than half the
    /// window.
    mutating func admit(
        _ sequence: UInt64, from source: IPAddress, _ rules: TrailerRules, wallClock: UInt64
    ) throws(Rejection) -> Int64? {
        let skew = Self.nanoseconds(sequence, since: SequenceSource.sequence(wallClock))
        if rules.antiReplay == .time, skew.magnitude > rules.window { throw .hmacStale }
        let known = senders.firstIndex { $0.address == source }
        if let known {
            let ahead = sequence &- senders[known].sequence
            guard ahead != 0, ahead < UInt64(1) << 63 else { throw .hmacReplay }
            senders.remove(at: known)
        } else if senders.count == Self.senderLimit {
            senders.removeFirst()
        }
        senders.append(Sender(address: source, sequence: sequence))
        return rules.antiReplay == .time && skew.magnitude > rules.window / 2 ? skew : nil
    }

    /// How much later the first is than the second.
    private static func nanoseconds(_ sequence: UInt64, since now: UInt64) -> Int64 {
        let difference = Int64(bitPattern: sequence &- now)
        let seconds = difference >> 32
        let rest = Int64(difference & 0xFFFF_FFFF)
        let second = Int64(ProtocolNumbers.second)
        return seconds * second + (rest >> 16) * second >> 16
    }
}
