// Strings of JSON. The output is ASCII whatever the input is, unless characters are kept.
// Source: RFC 8259 §7, RFC 3629 §4; configuration manual, "Custom log format" (json, utf8).

import Bytes
import Samples

extension OutputBytes {
    /// Adds a string with its quotes; nothing where it does not fit as a whole.
    ///
    /// - Parameter keepsCharacters: characters of several bytes stay as they are, but for the
    ///   controls U+0080 to U+009F.
    mutating func append(jsonString text: Span<UInt8>, keepsCharacters: Bool) {
        let mark = count
        append(0x22)
        var index = 0
        while index < text.count {
            index &+= append(jsonCharacterOf: text, at: index, keepsCharacters)
        }
        append(0x22)
        if hasOverflowed { truncate(to: mark) }
    }

    /// Adds what stands at an index; answers how many bytes that was.
    private mutating func append(
        jsonCharacterOf text: Span<UInt8>, at index: Int, _ keepsCharacters: Bool
    ) -> Int {
        let byte = text[index]
        switch byte {
        case 0x22, 0x5C:
            append(0x5C)
            append(byte)
        case 0x20...0x7E: append(byte)
        case 0x80... where keepsCharacters:
            let length = text.characterLength(at: index)
            // The second block of controls is 0xC2 and a byte that is the code point.
            if byte == 0xC2, length == 2, text[index &+ 1] < 0xA0 {
                append(jsonEscapeOf: text[index &+ 1])
            } else if length > 0 {
                append(text.extracting(index..<index &+ length))
            } else {
                append(jsonEscapeOf: byte)
            }
            return max(1, length)
        default: append(jsonEscapeOf: byte)
        }
        return 1
    }

    /// Adds the escape sequence of a byte as if it was a code point.
    private mutating func append(jsonEscapeOf byte: UInt8) {
        switch byte {
        case 0x08: append("\\b")
        case 0x09: append("\\t")
        case 0x0A: append("\\n")
        case 0x0C: append("\\f")
        case 0x0D: append("\\r")
        default:
            append("\\u00")
            append(hexadecimal: byte)
        }
    }
}

extension Span where Element == UInt8 {
    /// How many bytes the character of several bytes at an index has; 0 where none is written
    /// there as UTF-8 wants it: complete, in its shortest form, no surrogate, up to U+10FFFF.
    fileprivate func characterLength(at index: Int) -> Int {
        let lead = self[index]
        let length: Int
        var seconds: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF:
            length = 3
            if lead == 0xE0 { seconds = 0xA0...0xBF }
            if lead == 0xED { seconds = 0x80...0x9F }
        case 0xF0...0xF4:
            length = 4
            if lead == 0xF0 { seconds = 0x90...0xBF }
            if lead == 0xF4 { seconds = 0x80...0x8F }
        default: return 0
        }
        guard index &+ length <= count, seconds.contains(self[index &+ 1]) else { return 0 }
        var next = index &+ 2
        while next < index &+ length {
            if self[next] & 0xC0 != 0x80 { return 0 }
            next &+= 1
        }
        return length
    }
}
