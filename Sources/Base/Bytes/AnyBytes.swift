// Text that may hold any bytes. Words of configurations and commands are text, but HAProxy takes
// every byte in them: those that are no UTF-8 are kept as characters of the last private plane,
// which nobody writes, and become bytes again where bytes are wanted.

extension String {
    /// The first of the 128 characters that stand for bytes from 0x80 on.
    private static let firstEscape: UInt32 = 0x10_FF80

    /// Text of any bytes; ``anyBytes`` gives the same bytes.
    public init(anyBytes bytes: some Collection<UInt8>) {
        if let text = String(validating: bytes, as: UTF8.self), !text.mayHoldEscapes {
            self = text
            return
        }
        var scalars = String.UnicodeScalarView()
        var rest = bytes[...]
        while let first = rest.first {
            var parser = Unicode.UTF8.ForwardParser()
            var source = rest.makeIterator()
            if case .valid(let encoded) = parser.parseScalar(from: &source) {
                let scalar = Unicode.UTF8.decode(encoded)
                if scalar.value < Self.firstEscape {
                    scalars.append(scalar)
                    rest = rest.dropFirst(encoded.count)
                    continue
                }
            }
            scalars.append(Self.escape(first))
            rest = rest.dropFirst()
        }
        self.init(scalars)
    }

    /// The bytes that the text was made of.
    public var anyBytes: [UInt8] {
        guard mayHoldEscapes else { return Array(utf8) }
        var bytes: [UInt8] = []
        for scalar in unicodeScalars {
            if scalar.value >= Self.firstEscape {
                bytes.append(UInt8(truncatingIfNeeded: scalar.value - Self.firstEscape + 0x80))
            } else {
                bytes += Array(UTF8.encode(scalar) ?? UTF8.EncodedScalar())
            }
        }
        return bytes
    }

    /// Whether the first byte of an escape stands somewhere.
    private var mayHoldEscapes: Bool { utf8.contains(0xF4) }

    private static func escape(_ byte: UInt8) -> Unicode.Scalar {
        Unicode.Scalar(firstEscape + UInt32(byte & 0x7F)) ?? "\u{FFFD}"
    }
}
