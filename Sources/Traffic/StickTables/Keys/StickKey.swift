// A short key as a value of its own: for keys that are made without a scratch or kept longer than
// its bytes.

import Addresses
import Samples

/// Up to 64 bytes of a key, inline.
///
/// The functions of ``StickTable`` take spans: a key's ``bytes``, or for keys of any length the
/// bytes that ``StickKeyType/convert(_:in:)`` left in a scratch.
public struct StickKey: Sendable, BitwiseCopyable {
    /// The most bytes that fit.
    public static let capacity = 64

    private var storage = InlineArray<64, UInt8>(repeating: 0)
    /// How many bytes there are.
    public private(set) var count: Int

    /// A copy of a key; nil when it is longer than ``capacity``.
    public init?(copying bytes: Span<UInt8>) {
        guard bytes.count <= Self.capacity else { return nil }
        count = bytes.count
        for index in 0..<bytes.count { storage[index] = bytes[index] }
    }

    /// The key of an address in a table of addresses; nil when the table cannot have it or has
    /// other keys.
    ///
    /// IPv4 addresses are mapped for IPv6 tables; IPv6 addresses that are mapped, compatible or
    /// 6to4 are IPv4 keys.
    public init?(_ address: IPAddress, for type: StickKeyType) {
        let wanted: IPAddress?
        switch type {
        case .ipv4: wanted = embeddedV4(address)
        case .ipv6: wanted = mapped(address)
        case .integer, .string, .binary: wanted = nil
        }
        guard let wanted else { return nil }
        count = wanted.family.bitCount / 8
        if wanted.family == .v4 {
            storage[0] = UInt8(truncatingIfNeeded: wanted.low &>> 24)
            storage[1] = UInt8(truncatingIfNeeded: wanted.low &>> 16)
            storage[2] = UInt8(truncatingIfNeeded: wanted.low &>> 8)
            storage[3] = UInt8(truncatingIfNeeded: wanted.low)
        } else {
            for index in 0..<count { storage[index] = wanted.byte(at: index) }
        }
    }

    /// The bytes of the key.
    public var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { storage.span.extracting(0..<count) }
    }
}
