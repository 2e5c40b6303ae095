// Base64 and base64url (RFC 4648) over spans, into a scratch. Decoding is strict about padding the
// way HAProxy is: standard input must be padded, base64url input need not be.

/// The two alphabets of RFC 4648.
public enum Base64 {
    /// An alphabet and whether output is padded.
    public enum Alphabet: Sendable {
        /// With `+` and `/`, padded.
        case standard
        /// With `-` and `_`.
        case url
    }

    /// Adds the encoding of `input`.
    public static func encode(
        _ input: Span<UInt8>, into output: inout OutputBytes, _ alphabet: Alphabet
    ) {
        var index = 0
        while index < input.count {
            let count = min(3, input.count - index)
            var bits: UInt32 = 0
            for place in 0..<3 {
                bits = bits << 8 | (place < count ? UInt32(input[index + place]) : 0)
            }
            for place in 0..<4 {
                if place <= count {
                    let value = UInt8(truncatingIfNeeded: bits >> UInt32((3 - place) * 6) & 63)
                    output.append(character(value, alphabet))
                } else if alphabet == .standard {
                    output.append(0x3D)
                }
            }
            index += 3
        }
    }

    /// Adds what `input` encodes; false when it is no encoding.
    public static func decode(
        _ input: Span<UInt8>, into output: inout OutputBytes, _ alphabet: Alphabet
    ) -> Bool {
        var count = input.count
        if alphabet == .standard {
            if count % 4 != 0 { return false }
            for _ in 0..<2 where count > 0 && input[count - 1] == 0x3D { count -= 1 }
        }
        if count % 4 == 1 { return false }
        var bits: UInt32 = 0
        for index in 0..<count {
            guard let value = value(input[index], alphabet) else { return false }
            bits = bits << 6 | UInt32(value)
            switch index % 4 {
            case 1: output.append(UInt8(truncatingIfNeeded: bits >> 4))
            case 2: output.append(UInt8(truncatingIfNeeded: bits >> 2))
            case 3: output.append(UInt8(truncatingIfNeeded: bits))
            default: break
            }
        }
        return true
    }

    private static func character(_ value: UInt8, _ alphabet: Alphabet) -> UInt8 {
        switch value {
        case 0..<26: value + 0x41
        case 26..<52: value + 0x47
        case 52..<62: value - 4
        case 62: alphabet == .url ? 0x2D : 0x2B
        default: alphabet == .url ? 0x5F : 0x2F
        }
    }

    private static func value(_ byte: UInt8, _ alphabet: Alphabet) -> UInt8? {
        switch byte {
        case 0x41...0x5A: byte - 0x41
        case 0x61...0x7A: byte - 0x47
        case 0x30...0x39: byte + 4
        case 0x2B: alphabet == .standard ? 62 : nil
        case 0x2F: alphabet == .standard ? 63 : nil
        case 0x2D: alphabet == .url ? 62 : nil
        case 0x5F: alphabet == .url ? 63 : nil
        default: nil
        }
    }
}
