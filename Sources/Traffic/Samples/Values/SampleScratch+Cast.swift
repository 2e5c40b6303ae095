// Casts between sample types, as the configuration manual's matrix of implicit conversions has
// them.
// Numbers and addresses are read leniently: what follows a number is ignored.

import Addresses

extension SampleScratch {
    /// Turns a sample into `target`; false when the value cannot be one.
    ///
    /// A cast to `any` or `same` does nothing, one to `address` keeps the family it has.
    public mutating func cast(_ sample: inout Sample, to target: SampleType) -> Bool {
        let source = sample.type
        if source == target || target == .any || target == .same { return true }
        switch source {
        case .boolean, .integer: return castNumber(&sample, to: target)
        case .ipv4, .ipv6: return castAddress(&sample, to: target)
        case .string: return castString(&sample, to: target)
        case .binary, .method:
            guard target.isBytes else { return false }
            if source == .binary && target == .string { return cutAtZero(&sample) }
            sample.retype(target)
            return true
        case .any, .address, .same: return false
        }
    }

    private mutating func castNumber(_ sample: inout Sample, to target: SampleType) -> Bool {
        let value = sample.integer
        switch target {
        case .boolean, .integer: return true
        case .address, .ipv4, .ipv6:
            if sample.type == .boolean { return false }
            let address = IPAddress(v4: UInt32(truncatingIfNeeded: value))
            sample.become(.address(target == .ipv6 ? mapped(address) : address))
            return true
        case .string:
            return replace(&sample, as: .string) { $0.append(decimal: value) }
        case .binary:
            let bits = sample.type == .boolean ? (value != 0 ? 1 : 0) : value
            return replace(&sample, as: .binary) { output in
                for place in 0..<8 {
                    output.append(UInt8(truncatingIfNeeded: bits >> Int64((7 - place) * 8)))
                }
            }
        case .method, .any, .same: return false
        }
    }

    private mutating func castAddress(_ sample: inout Sample, to target: SampleType) -> Bool {
        let address = sample.address
        switch target {
        case .address: return true
        case .integer:
            if address.family == .v6 { return false }
            sample.become(.integer(Int64(address.low)))
            return true
        case .ipv6:
            sample.become(.address(mapped(address)))
            return true
        case .ipv4:
            guard let inner = embeddedV4(address) else { return false }
            sample.become(.address(inner))
            return true
        case .string: return replace(&sample, as: .string) { $0.append(address) }
        case .binary:
            return replace(&sample, as: .binary) { output in
                for index in 0..<address.family.bitCount / 8 {
                    output.append(address.byte(at: index))
                }
            }
        case .boolean, .method, .any, .same: return false
        }
    }

    private func castString(_ sample: inout Sample, to target: SampleType) -> Bool {
        switch target {
        case .binary, .method:
            sample.retype(target)
            return true
        case .boolean, .integer:
            let text = bytes(of: sample)
            if text.isEmpty { return false }
            sample.become(.integer(leadingInteger(text)))
            return true
        case .address:
            guard let address = lenientAddress(bytes(of: sample)) else { return false }
            sample.become(.address(address))
            return true
        case .ipv4:
            guard let address = lenientV4(bytes(of: sample)) else { return false }
            sample.become(.address(address))
            return true
        case .ipv6:
            guard let address = IPAddress(text: bytes(of: sample)), address.family == .v6 else {
                return false
            }
            sample.become(.address(address))
            return true
        case .string, .any, .same: return false
        }
    }

    /// Binaries become text only up to their first zero byte.
    private func cutAtZero(_ sample: inout Sample) -> Bool {
        let text = bytes(of: sample)
        var count = 0
        while count < text.count && text[count] != 0 { count += 1 }
        sample.become(.bytes(sample.part(0, count).range, as: .string))
        return true
    }

    private mutating func replace(
        _ sample: inout Sample, as type: SampleType, _ write: (inout OutputBytes) -> Void
    ) -> Bool {
        guard let made = make(as: type, write) else { return false }
        sample.become(made)
        return true
    }
}

extension OutputBytes {
    /// Adds an address as C's `inet_ntop` writes it, which differs from RFC 5952 for the
    /// IPv4-compatible addresses `::a.b.c.d`.
    public mutating func append(_ address: IPAddress) {
        let isCompatible =
            address.family == .v6 && address.high == 0 && address.low >> 32 == 0
            && address.low >> 16 != 0
        var text = InlineArray<45, UInt8>(repeating: 0)
        let inner =
            isCompatible ? IPAddress(v4: UInt32(truncatingIfNeeded: address.low)) : address
        if isCompatible { append("::") }
        var room = text.mutableSpan
        let end = inner.writeText(into: &room)
        append(text.span.extracting(0..<end))
    }
}

/// An IPv4 address as the IPv6 address `::ffff:a.b.c.d`; an IPv6 address unchanged.
public func mapped(_ address: IPAddress) -> IPAddress {
    address.family == .v6 ? address : IPAddress(v6High: 0, low: 0xFFFF_0000_0000 | address.low)
}

/// The IPv4 address inside an IPv6 address: mapped (`::ffff:0:0/96`), compatible (`::/96`) or 6to4
/// (`2002::/16`).
public func embeddedV4(_ address: IPAddress) -> IPAddress? {
    if address.family == .v4 { return address }
    if address.high == 0 && (address.low >> 32 == 0 || address.low >> 32 == 0xFFFF) {
        return IPAddress(v4: UInt32(truncatingIfNeeded: address.low))
    }
    if address.high >> 48 == 0x2002 {
        return IPAddress(v4: UInt32(truncatingIfNeeded: address.high >> 16))
    }
    return nil
}

/// The decimal number at the start of `text`, held to 64 bits; 0 when there is none.
public func leadingInteger(_ text: Span<UInt8>) -> Int64 {
    var index = 0
    let isNegative = text.count > 0 && text[0] == 0x2D
    if isNegative || (text.count > 0 && text[0] == 0x2B) { index = 1 }
    var value: Int64 = 0
    while index < text.count, text[index] >= 0x30, text[index] <= 0x39 {
        let digit = Int64(text[index] - 0x30)
        let (product, isTooLong) = value.multipliedReportingOverflow(by: 10)
        let (sum, isTooLarge) = product.addingReportingOverflow(isNegative ? -digit : digit)
        if isTooLong || isTooLarge { return isNegative ? .min : .max }
        value = sum
        index += 1
    }
    return value
}

/// The address a text is or, for IPv4, begins with.
func lenientAddress(_ text: Span<UInt8>) -> IPAddress? {
    if let address = lenientV4(text) { return address }
    guard let address = IPAddress(text: text), address.family == .v6 else { return nil }
    return address
}

/// Four decimal numbers; leading zeros and anything behind the last digit but a dot are accepted.
func lenientV4(_ text: Span<UInt8>) -> IPAddress? {
    var bits: UInt32 = 0
    var octet: UInt32 = 0
    var octets = 0
    var hasDigit = false
    for index in 0..<text.count {
        let byte = text[index]
        if byte >= 0x30 && byte <= 0x39 {
            octet = octet * 10 + UInt32(byte - 0x30)
            if octet > 255 { return nil }
            if !hasDigit { octets += 1 }
            hasDigit = true
        } else if byte == 0x2E {
            if !hasDigit || octets == 4 { return nil }
            bits = bits << 8 | octet
            octet = 0
            hasDigit = false
        } else {
            break
        }
    }
    return octets == 4 && hasDigit ? IPAddress(v4: bits << 8 | octet) : nil
}
