// What an instance sends: the bytes of an advertisement for one destination, signed where that is
// configured.

import Addresses

/// Builds the packets of one instance.
public struct AdvertisementSender: Sendable {
    /// How trailers are made; nil: none.
    public var trailer: TrailerRules?
    private var sequences = SequenceSource()

    /// A sender.
    public init(trailer: TrailerRules? = nil) { self.trailer = trailer }

    /// Replaces `message` by the advertisement's bytes for a destination.
    ///
    /// `wallClock` is the time since 1970 in nanoseconds, for the trailer. False: the message could
    /// not be signed and must not be sent.
    public mutating func encode(
        _ advertisement: Advertisement, from source: IPAddress, to destination: IPAddress,
        checksum: ChecksumKind, wallClock: UInt64, into message: inout [UInt8]
    ) -> Bool {
        advertisement.encode(from: source, to: destination, checksum: checksum, into: &message)
        guard let trailer, trailer.mode != .receiveOnly else { return true }
        let sequence = sequences.next(wallClock: wallClock, trailer)
        return HMACTrailer.sign(
            &message, sequence: sequence, from: source, to: destination, trailer)
    }
}
