// Values of items in an encoding. What each kind of value becomes is the table below; how it is
// written is in `OutputBytes+JSON.swift` and `OutputBytes+CBOR.swift`. Where the rules come from:
// decision 0013. Differs: HAProxy puts quotes of `Q` into CBOR, leaves those of byte strings away
// under `bin`, and cuts such a string at a zero; the decision has them all.
//
//     value            JSON (RFC 8259)      CBOR (RFC 8949)
//     none, or empty   ""                   null
//     boolean          true, false          simple value
//     number           number               integer
//     text, address    string               text string
//     text of a peer   string               text string of pieces
//     bytes            string               byte string of pieces
//     several texts    array                array without a length
//     named items      object               map without a length

import Addresses
import Bytes
import Samples
import Structures

// Safety: what a subject points at is alive and its own, as its type says.
extension Subject {
    /// Makes a text and writes it in the item's encoding.
    func encode(
        _ item: LogItem, _ output: inout OutputBytes, as form: EncodedText = .plain,
        _ make: (inout OutputBytes) -> Void
    ) {
        withBare(output.room, make) { output.append(encoded: $0, item, as: form) }
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
            case .boolean where item.type == .integer:
                output.append(encoded: sample.isTrue ? 1 : 0, item)
            case .boolean: output.append(encodedTruth: sample.isTrue, item)
            case .integer: output.append(encoded: sample.integer, item)
            default:
                output.append(
                    encoded: unsafe scratch.pointee.bytes(of: sample), item,
                    as: sample.type == .binary ? .bytes : .plain)
            }
        } else {
            output.append(encoded: Span(), item)
        }
        unsafe scratch.pointee.rewind(to: mark)
    }

    /// Makes of a sample one of the types that encodings know; false where it cannot be what the
    /// item asks for.
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

/// What a text is to an encoding.
enum EncodedText {
    /// A text of ours.
    case plain
    /// A text that a peer has sent.
    case foreign
    /// No text, but bytes of any kind.
    case bytes
}

// MARK: Values

extension OutputBytes {
    /// Adds a number; as truth or as a text where the item asks for that.
    mutating func append(encoded value: Int64, _ item: LogItem) {
        switch item.type {
        case .boolean: append(encodedTruth: value != 0, item)
        case .text:
            let digits = DecimalDigits(value)
            append(encoded: digits.text, item)
        case .own, .integer:
            if item.isJSON { append(decimal: value) } else { append(cbor: value, item) }
        }
    }

    /// Adds true or false.
    mutating func append(encodedTruth value: Bool, _ item: LogItem) {
        if item.isJSON {
            append(value ? "true" : "false")
        } else {
            append(cborSimple: value ? .true : .false, item)
        }
    }

    /// Adds a text. What does not fit as a whole is left out.
    mutating func append(
        encoded text: Span<UInt8>, _ item: LogItem, as form: EncodedText = .plain
    ) {
        if item.isJSON {
            append(jsonString: text, keepsCharacters: item.flags.contains(.utf8))
            return
        }
        switch form {
        case .plain where text.isEmpty: append(cborSimple: .null, item)
        case .plain: append(cborText: text, item)
        case .foreign: append(cborPieceOf: .text, text, item)
        case .bytes where text.isEmpty: append(cborSimple: .null, item)
        case .bytes: append(cborPieceOf: .bytes, text, item)
        }
    }
}

// MARK: Maps and lists

extension OutputBytes {
    /// Begins the map that a whole format becomes.
    mutating func beginMap(_ item: LogItem) {
        if item.isJSON { append(0x7B) } else { beginCBOR(.map, item) }
    }

    /// Ends it.
    mutating func endMap(_ item: LogItem) {
        if item.isJSON { append(0x7D) } else { endCBOR(item) }
    }

    /// Adds the name of the next item of a map.
    mutating func append(key: Span<UInt8>, _ item: LogItem, isFirst: Bool) {
        if !isFirst { separate(item) }
        append(encoded: key, item)
        if item.isJSON { append(": ") }
    }

    /// Begins a list of values.
    mutating func beginList(_ item: LogItem) {
        if item.isJSON { append(0x5B) } else { beginCBOR(.array, item) }
    }

    /// Ends it.
    mutating func endList(_ item: LogItem) {
        if item.isJSON { append(0x5D) } else { endCBOR(item) }
    }

    /// Parts two values of a list or a map.
    mutating func separate(_ item: LogItem) {
        if item.isJSON { append(", ") }
    }
}

extension LogItem {
    /// Whether its encoding is JSON; an item that is encoded at all has this one or CBOR.
    fileprivate var isJSON: Bool { flags.contains(.json) }
}

/// The decimal digits of a number, the sign included.
private struct DecimalDigits {
    /// Twenty bytes hold the longest, which is that of the least number.
    private var bytes = InlineArray<20, UInt8>(repeating: 0x2D)
    private var first = 20

    init(_ value: Int64) {
        var rest = value.magnitude
        repeat {
            first &-= 1
            bytes[first] = 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest != 0
        if value < 0 { first &-= 1 }
    }

    /// The digits.
    var text: Span<UInt8> {
        @_lifetime(borrow self)
        get { bytes.span.extracting(first..<20) }
    }
}
