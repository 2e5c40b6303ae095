// Address prefixes in CIDR notation, kept in canonical form: bits behind the length are zero.

/// A network: an address and how many of its leading bits count.
public struct Prefix: Hashable, Sendable, BitwiseCopyable {
    /// The network's first address.
    public let address: IPAddress
    /// How many leading bits count: 0 to 32 or 0 to 128.
    public let length: UInt8

    /// A prefix; bits of `address` behind `length` are cleared. Nil when `length` is out of range.
    public init?(_ address: IPAddress, length: Int) {
        guard length >= 0, length <= address.family.bitCount else { return nil }
        self.address = masked(address, length)
        self.length = UInt8(length)
    }

    /// Parses `address/length`, `address/mask` for IPv4, or a bare address as a full-length prefix.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else { return nil }
        if parts.count == 1 {
            self.init(address, length: address.family.bitCount)
        } else if let length = decimalNumber(parts[1].utf8, atMost: 128) {
            self.init(address, length: length)
        } else {
            guard let mask = IPAddress(parts[1]), let length = lengthOfMask(mask),
                mask.family == address.family
            else { return nil }
            self.init(address, length: length)
        }
    }

    /// Whether `candidate` is of the same family and inside.
    public func contains(_ candidate: IPAddress) -> Bool {
        candidate.family == address.family && masked(candidate, Int(length)) == address
    }
}

extension Prefix: CustomStringConvertible {
    /// `address/length`.
    public var description: String { "\(address)/\(length)" }
}

private func masked(_ address: IPAddress, _ length: Int) -> IPAddress {
    switch address.family {
    case .v4:
        let mask: UInt32 = length == 0 ? 0 : ~0 << UInt32(32 - length)
        return IPAddress(v4: UInt32(truncatingIfNeeded: address.low) & mask)
    case .v6:
        let highMask: UInt64 = length == 0 ? 0 : ~0 << UInt64(64 - min(length, 64))
        let lowMask: UInt64 = length <= 64 ? 0 : ~0 << UInt64(128 - length)
        return IPAddress(v6High: address.high & highMask, low: address.low & lowMask)
    }
}

private func lengthOfMask(_ mask: IPAddress) -> Int? {
    guard mask.family == .v4 else { return nil }
    let bits = UInt32(truncatingIfNeeded: mask.low)
    let length = (~bits).leadingZeroBitCount
    return length == 32 || bits << UInt32(length) == 0 ? length : nil
}

/// A number written in decimal digits only; nil when empty, not digits, or above `limit`.
func decimalNumber(_ digits: some Collection<UInt8>, atMost limit: Int) -> Int? {
    guard !digits.isEmpty else { return nil }
    var value = 0
    for byte in digits {
        guard let digit = decimalDigit(byte) else { return nil }
        value = value * 10 + Int(digit)
        if value > limit { return nil }
    }
    return value
}
