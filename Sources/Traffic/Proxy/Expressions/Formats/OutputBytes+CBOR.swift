// Data items of CBOR, in hexadecimal digits unless the format keeps bytes as they are.
// Source: RFC 8949 §3.
//
//     ┌ major type, 3 bits ┬ 5 bits: a number below 24; 24 … 27: how many bytes of it follow;
//     └────────────────────┴ 31: no length, pieces or items up to a break

import Bytes
import Samples

/// The kinds of data items that are used, as the first three bits of their head (RFC 8949 §3.1).
enum CBORType: UInt8 {
    /// A number that is not negative.
    case unsigned = 0x00
    /// A negative number, as -1 minus the argument.
    case negative = 0x20
    /// Bytes.
    case bytes = 0x40
    /// Text in UTF-8; what it holds is not looked at.
    case text = 0x60
    /// A list of items.
    case array = 0x80
    /// Pairs of items.
    case map = 0xA0
}

/// Items of one byte that are used (RFC 8949 §3.2.1, §3.3).
enum CBORSimple: UInt8 {
    case `false` = 0xF4
    case `true` = 0xF5
    case null = 0xF6
    /// The end of what has no length.
    case `break` = 0xFF
}

extension OutputBytes {
    /// Adds an integer in its shortest form.
    mutating func append(cbor value: Int64, _ item: LogItem) {
        if value < 0 {
            append(cborHead: .negative, UInt64(bitPattern: ~value), item)
        } else {
            append(cborHead: .unsigned, UInt64(bitPattern: value), item)
        }
    }

    /// Adds an item of one byte.
    mutating func append(cborSimple value: CBORSimple, _ item: LogItem) {
        append(cborByte: value.rawValue, item)
    }

    /// Adds a text string.
    mutating func append(cborText text: Span<UInt8>, _ item: LogItem) {
        append(cborString: .text, text, item)
    }

    /// Adds a string of pieces that has one of them, or none where it is empty.
    mutating func append(cborPieceOf type: CBORType, _ bytes: Span<UInt8>, _ item: LogItem) {
        beginCBOR(type, item)
        if !bytes.isEmpty { append(cborString: type, bytes, item) }
        endCBOR(item)
    }

    /// Begins a string, a list or a map without a length.
    mutating func beginCBOR(_ type: CBORType, _ item: LogItem) {
        append(cborByte: type.rawValue | 31, item)
    }

    /// Ends what ``beginCBOR(_:_:)`` has begun.
    mutating func endCBOR(_ item: LogItem) { append(cborSimple: .break, item) }

    private mutating func append(
        cborString type: CBORType, _ bytes: Span<UInt8>, _ item: LogItem
    ) {
        append(cborHead: type, UInt64(bytes.count), item)
        if item.flags.contains(.binary) { return append(bytes) }
        for index in 0..<bytes.count { append(hexadecimal: bytes[index]) }
    }

    /// Adds the head of a data item: its type and the argument, in as few bytes as it has.
    private mutating func append(cborHead type: CBORType, _ argument: UInt64, _ item: LogItem) {
        let (code, bytes): (UInt8, Int) =
            switch argument {
            case ..<24: (UInt8(truncatingIfNeeded: argument), 0)
            case ...0xFF: (24, 1)
            case ...0xFFFF: (25, 2)
            case ...0xFFFF_FFFF: (26, 4)
            default: (27, 8)
            }
        append(cborByte: type.rawValue | code, item)
        var left = bytes
        while left > 0 {
            left &-= 1
            append(cborByte: UInt8(truncatingIfNeeded: argument >> UInt64(8 &* left)), item)
        }
    }

    private mutating func append(cborByte byte: UInt8, _ item: LogItem) {
        if item.flags.contains(.binary) { append(byte) } else { append(hexadecimal: byte) }
    }
}
