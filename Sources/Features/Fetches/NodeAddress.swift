// Addresses as fields such as X-Forwarded-For name them (configuration manual: req.hdr_ip; RFC 7239
// §6): no names, and nothing in front of or behind what is an address.

import Addresses
import Samples

/// Reads the address of a node.
enum NodeAddress {
    /// The address a text is: IPv4, perhaps with a port, or IPv6, perhaps in brackets; else nil.
    ///
    /// Numbers of IPv4 may have leading zeros and are decimal all the same.
    static func read(_ text: Span<UInt8>) -> IPAddress? {
        if let (address, end) = ipv4(text) {
            return end == text.count || isPort(text, from: end) ? address : nil
        }
        let isBracketed = text.count > 2 && text[0] == 0x5B && text[text.count &- 1] == 0x5D
        let inner = isBracketed ? text.extracting(1..<text.count &- 1) : text
        guard let address = IPAddress(text: inner), address.family == .v6 else { return nil }
        return address
    }

    /// Four decimal numbers at the begin of a text, and where they end.
    private static func ipv4(_ text: Span<UInt8>) -> (IPAddress, Int)? {
        var bits: UInt32 = 0
        var index = 0
        for place in 0..<4 {
            if place > 0 {
                guard index < text.count, text[index] == 0x2E else { return nil }
                index &+= 1
            }
            let start = index
            var octet: UInt32 = 0
            while index < text.count, let digit = text[index].decimalValue {
                octet = octet &* 10 &+ UInt32(digit)
                if octet > 255 { return nil }
                index &+= 1
            }
            if index == start { return nil }
            bits = bits &<< 8 | octet
        }
        return (IPAddress(v4: bits), index)
    }

    /// Whether a colon and a port are all that is left.
    private static func isPort(_ text: Span<UInt8>, from start: Int) -> Bool {
        guard text[start] == 0x3A, start &+ 1 < text.count else { return false }
        var port = 0
        var index = start &+ 1
        while index < text.count {
            guard let digit = text[index].decimalValue else { return false }
            port = port &* 10 &+ Int(digit)
            if port > 65535 { return false }
            index &+= 1
        }
        return true
    }
}

extension UInt8 {
    /// The value of a decimal digit; nil for other bytes.
    fileprivate var decimalValue: UInt8? { self &- 0x30 <= 9 ? self &- 0x30 : nil }
}
