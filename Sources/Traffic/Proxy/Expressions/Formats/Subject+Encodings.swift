// Writing the items of a format in an encoding: as JSON values (RFC 8259) or as CBOR data items
// (RFC 8949), the latter in hexadecimal digits unless bytes may stand as they are.
// Source: configuration manual, "Custom log format".

import Addresses
import Bytes
import Samples
import Structures

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Makes a text and writes it in the item's encoding.
    func encode(
        _ item: LogItem, _ output: inout OutputBytes, isChunked: Bool = false,
        _ make: (inout OutputBytes) -> Void
    ) {
        withBare(output.room, make) { output.append(encoded: $0, item, isChunked: isChunked) }
    }

    /// Writes the value of an expression in the item's encoding, by its own type or the item's.
    func encode(_ expression: Expression, _ item: LogItem, to output: inout OutputBytes) {
        // Safety: the scratch is a block of its own that the worker keeps for life.
        let scratch = unsafe worker.pointee.scratch
        let mark = unsafe scratch.pointee.mark
        if var sample = unsafe evaluate(expression, &scratch.pointee),
            unsafe cast(&sample, item.type, &scratch.pointee)
        {
            switch sample.type {
            case .boolean: output.append(encodedTruth: sample.isTrue, item)
            case .integer: output.append(encoded: sample.integer, item)
            default:
                output.append(
                    encoded: unsafe scratch.pointee.bytes(of: sample), item,
                    isChunked: sample.type == .binary, isBinary: sample.type == .binary)
            }
        } else {
            output.append(encoded: Span(), item)
        }
        unsafe scratch.pointee.rewind(to: mark)
    }

    private func cast(
        _ sample: inout Sample, _ type: LogItemType, _ scratch: inout SampleScratch
    ) -> Bool {
        switch type {
        case .text: return scratch.cast(&sample, to: .string)
        case .integer: return scratch.cast(&sample, to: .integer)
        case .boolean: return scratch.cast(&sample, to: .boolean)
        case .own:
            switch sample.type {
            case .boolean, .integer, .binary, .string: return true
            default: return scratch.cast(&sample, to: .string)
            }
        }
    }
}

// MARK: Maps and lists

extension OutputBytes {
    /// Begins the map that a whole format becomes.
    mutating func beginMap(_ item: LogItem) {
        if item.flags.contains(.json) { append(0x7B) } else { append(cbor: 0xBF, item) }
    }

    /// Ends it.
    mutating func endMap(_ item: LogItem) {
        if item.flags.contains(.json) { append(0x7D) } else { append(cbor: 0xFF, item) }
    }

    /// Adds the name of the next item of a map.
    mutating func append(key: Span<UInt8>, _ item: LogItem, isFirst: Bool) {
        if !isFirst { separate(item) }
        append(encoded: key, item)
        if item.flags.contains(.json) { append(": ") }
    }

    /// Begins a list of values.
    mutating func beginList(_ item: LogItem) {
        if item.flags.contains(.json) { append(0x5B) } else { append(cbor: 0x9F, item) }
    }

    /// Ends it.
    mutating func endList(_ item: LogItem) {
        if item.flags.contains(.json) { append(0x5D) } else { append(cbor: 0xFF, item) }
    }

    /// Parts two values of a list or a map.
    mutating func separate(_ item: LogItem) {
        if item.flags.contains(.json) { append(", ") }
    }
}

// MARK: Values

extension OutputBytes {
    /// Adds a number; as a text where the item's type says so.
    mutating func append(encoded value: Int64, _ item: LogItem) {
        if item.type == .boolean { return append(encodedTruth: value != 0, item) }
        if item.flags.contains(.json) {
            if item.type == .text { append(0x22) }
            append(decimal: value)
            if item.type == .text { append(0x22) }
        } else if item.type == .text {
            append(cborTextOf: value, item)
        } else {
            append(cbor: value < 0 ? 0x20 : 0, UInt64(bitPattern: value < 0 ? ~value : value), item)
        }
    }

    /// Adds true or false.
    mutating func append(encodedTruth value: Bool, _ item: LogItem) {
        if item.flags.contains(.json) {
            append(value ? "true" : "false")
        } else {
            append(cbor: value ? 0xF5 : 0xF4, item)
        }
    }

    /// Adds a text.
    ///
    /// - Parameters:
    ///   - isChunked: CBOR has it as a string of pieces, of which there is one, or none.
    ///   - isBinary: CBOR has it as bytes.
    mutating func append(
        encoded text: Span<UInt8>, _ item: LogItem, isChunked: Bool = false, isBinary: Bool = false
    ) {
        if item.flags.contains(.json) {
            let mark = count
            append(0x22)
            append(json: text, keepsCharacters: item.flags.contains(.utf8))
            append(0x22)
            if hasOverflowed { truncate(to: mark) }
            return
        }
        let major: UInt8 = isBinary ? 0x40 : 0x60
        if isChunked { append(cbor: major | 0x1F, item) }
        if !isChunked || !text.isEmpty {
            append(cbor: major, UInt64(text.count), item)
            for index in 0..<text.count { append(cbor: text[index], item) }
        }
        if isChunked { append(cbor: 0xFF, item) }
    }

    // MARK: JSON

    /// Adds the inside of a string. What is not printable ASCII becomes an escape sequence byte by
    /// byte, or, with `keepsCharacters`, stays where it is a character.
    private mutating func append(json text: Span<UInt8>, keepsCharacters: Bool) {
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte >= 0x20 && byte <= 0x7E {
                if byte == 0x22 || byte == 0x5C { append(0x5C) }
                append(byte)
            } else if keepsCharacters, byte >= 0xC2,
                case let length = text.characterBytes(at: index),
                length > 0
            {
                // The second block of controls has two bytes each, 0xC2 and the code point.
                if byte == 0xC2 && text[index &+ 1] < 0xA0 {
                    append(jsonEscape: text[index &+ 1])
                } else {
                    append(text.extracting(index..<index &+ length))
                }
                index &+= length
                continue
            } else {
                append(jsonEscape: byte)
            }
            index &+= 1
        }
    }

    private mutating func append(jsonEscape byte: UInt8) {
        append(0x5C)
        switch byte {
        case 0x08: append(0x62)
        case 0x09: append(0x74)
        case 0x0A: append(0x6E)
        case 0x0C: append(0x66)
        case 0x0D: append(0x72)
        default:
            append("u00")
            append(hexadecimal: byte)
        }
    }

    // MARK: CBOR

    /// Adds one byte of CBOR.
    private mutating func append(cbor byte: UInt8, _ item: LogItem) {
        if item.flags.contains(.binary) { append(byte) } else { append(hexadecimal: byte) }
    }

    /// Adds the head of a data item: its major type and a number.
    private mutating func append(cbor major: UInt8, _ value: UInt64, _ item: LogItem) {
        let bytes: UInt64
        switch value {
        case 0..<24: return append(cbor: major | UInt8(truncatingIfNeeded: value), item)
        case 24..<0x100: bytes = 1
        case 0x100..<0x1_0000: bytes = 2
        case 0x1_0000..<0x1_0000_0000: bytes = 4
        default: bytes = 8
        }
        append(cbor: major | (24 &+ UInt8(truncatingIfNeeded: bytes.trailingZeroBitCount)), item)
        var rest = bytes
        while rest > 0 {
            rest &-= 1
            append(cbor: UInt8(truncatingIfNeeded: value >> (rest &* 8)), item)
        }
    }

    /// Adds the digits of a number as a text.
    private mutating func append(cborTextOf value: Int64, _ item: LogItem) {
        var digits = InlineArray<20, UInt8>(repeating: 0x2D)
        var first = 20
        var rest = value.magnitude
        repeat {
            first &-= 1
            digits[first] = 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest != 0
        if value < 0 { first &-= 1 }
        append(encoded: digits.span.extracting(first..<20), item)
    }
}

extension Span where Element == UInt8 {
    /// How many bytes the character at an index has, whose first byte is none of ASCII; 0 where
    /// there is none (RFC 3629 §4).
    fileprivate func characterBytes(at index: Int) -> Int {
        let first = self[index]
        let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        guard first >= 0xC2, first <= 0xF4, index &+ length <= count else { return 0 }
        let second = self[index &+ 1]
        let range: ClosedRange<UInt8> =
            switch first {
            case 0xE0: 0xA0...0xBF
            case 0xED: 0x80...0x9F
            case 0xF0: 0x90...0xBF
            case 0xF4: 0x80...0x8F
            default: 0x80...0xBF
            }
        guard range.contains(second) else { return 0 }
        for next in index &+ 2..<max(index &+ length, index &+ 2)
        where self[next] & 0xC0 != 0x80 { return 0 }
        return length
    }
}
