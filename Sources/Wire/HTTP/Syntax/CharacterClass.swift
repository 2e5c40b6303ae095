// One table of 256 bytes says to which character classes of RFC 9110 and RFC 3986 a byte belongs.
// A literal, so that it needs no initialiser at run time.

/// Character classes as bits; a byte may be in several.
enum CharacterClass {
    /// `tchar` (RFC 9110 §5.6.2).
    static let token: UInt8 = 1
    /// A byte of a registered name (RFC 3986 §3.2.2) except `%`, which needs two digits behind it,
    /// and `,`, which a list reader would split at.
    static let registeredName: UInt8 = 2
    /// `HEXDIG`, either case.
    static let hexadecimal: UInt8 = 4
    /// `DIGIT`.
    static let digit: UInt8 = 8
    /// A byte of a URI scheme after the first.
    static let scheme: UInt8 = 16
    /// `ALPHA`.
    static let letter: UInt8 = 32
    /// The base64 alphabet without padding.
    static let base64: UInt8 = 64
}

extension UInt8 {
    /// Whether the byte is in one of the classes.
    @inline(__always)
    func isIn(_ classes: UInt8) -> Bool { characterClasses[Int(self)] & classes != 0 }

    /// The value of a hexadecimal digit; meaningless for other bytes.
    @inline(__always)
    var hexadecimalValue: UInt8 { (self & 15) &+ (self &>> 6) &* 9 }
}

/// The classes of every byte. Bits are those of ``CharacterClass``.
let characterClasses: InlineArray<256, UInt8> = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 3, 0, 1, 3, 1, 3, 3, 2, 2, 3, 83, 0, 19, 19, 64,
    95, 95, 95, 95, 95, 95, 95, 95, 95, 95, 0, 2, 0, 2, 0, 0,
    0, 119, 119, 119, 119, 119, 119, 115, 115, 115, 115, 115, 115, 115, 115, 115,
    115, 115, 115, 115, 115, 115, 115, 115, 115, 115, 115, 0, 0, 0, 1, 3,
    1, 119, 119, 119, 119, 119, 119, 115, 115, 115, 115, 115, 115, 115, 115, 115,
    115, 115, 115, 115, 115, 115, 115, 115, 115, 115, 115, 0, 1, 0, 3, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]
