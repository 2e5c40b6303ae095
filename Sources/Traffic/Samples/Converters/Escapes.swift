// Converters that escape text for JSON and URLs, and take it back.

import Bytes

extension ConverterFamily {
    static let escapes = ConverterFamily(
        "escapes", areSteady: true,
        [
            Converter(
                "json", .string, to: .string, takes: [.text("input-code").optional],
                "Escapes a string for JSON, reading it as ASCII or one of four kinds of UTF-8.",
                prepare: Escapes.prepareJSON, Escapes.json),
            Converter(
                "url_dec", .string, to: .string, takes: [.integer("in_form").optional],
                "Decodes percent signs, and plus signs in a form or behind a question mark.",
                Escapes.decode),
            Converter(
                "url_enc", .string, to: .string, takes: [.text("enc_type").optional],
                "Encodes what may not stand in a query with percent signs.",
                prepare: Escapes.prepareEncoding, Escapes.encode),
        ])
}

private enum Escapes {
    /// How `json` reads its input.
    private struct InputCode: OptionSet {
        let rawValue: Int64
        static let utf8 = InputCode(rawValue: 1)
        /// Errors drop a character instead of failing.
        static let isSilent = InputCode(rawValue: 2)
        /// Overlong encodings are no errors.
        static let isPermissive = InputCode(rawValue: 4)
    }

    static let prepareJSON: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        var code: InputCode = []
        if case .bytes(let name)? = arguments[0] {
            switch String(decoding: name, as: UTF8.self) {
            case "ascii", "": code = []
            case "utf8": code = .utf8
            case "utf8s": code = [.utf8, .isSilent]
            case "utf8p": code = [.utf8, .isPermissive]
            case "utf8ps": code = [.utf8, .isSilent, .isPermissive]
            default:
                throw ArgumentMistake(
                    expected: "'ascii', 'utf8', 'utf8s', 'utf8p' or 'utf8ps'", at: 0)
            }
        }
        arguments[0] = .integer(code.rawValue)
        return nil
    }

    static let json: Converter.Function = { sample, arguments, scratch, _ in
        let code = InputCode(rawValue: arguments.integer(0))
        return scratch.convert(&sample, to: .string) { input, output in
            var index = 0
            while index < input.count {
                guard code.contains(.utf8) else {
                    escape(UInt32(input[index]), into: &output)
                    index += 1
                    continue
                }
                let read = LenientUTF8(input, at: index)
                index += read.count
                let isWrong =
                    read.isBroken || read.isProhibited
                    || (read.isOverlong && !code.contains(.isPermissive)) || read.value > 0xFFFF
                if !isWrong {
                    escape(read.value, into: &output)
                } else if !code.contains(.isSilent) {
                    return false
                }
            }
            return true
        }
    }

    private static func escape(_ value: UInt32, into output: inout OutputBytes) {
        switch value {
        case 0x22: output.append("\\\"")
        case 0x5C: output.append("\\\\")
        case 0x2F: output.append("\\/")
        case 0x08: output.append("\\b")
        case 0x0C: output.append("\\f")
        case 0x0A: output.append("\\n")
        case 0x0D: output.append("\\r")
        case 0x09: output.append("\\t")
        case 0x20...0x7E: output.append(UInt8(truncatingIfNeeded: value))
        default:
            output.append("\\u")
            for place in 0..<4 {
                let digit = UInt8(truncatingIfNeeded: value >> UInt32((3 - place) * 4) & 15)
                output.append(capitalDigit(digit).asciiLowercased)
            }
        }
    }

    static let decode: Converter.Function = { sample, arguments, scratch, _ in
        var isForm = arguments.integer(0, or: 0) != 0
        return scratch.convert(&sample, to: .string) { input, output in
            var index = 0
            while index < input.count {
                let byte = input[index]
                index += 1
                if byte == 0x3F { isForm = true }
                if byte == 0x2B && isForm {
                    output.append(0x20)
                } else if byte == 0x25 {
                    guard index + 1 < input.count, let high = hexadecimal(input[index]),
                        let low = hexadecimal(input[index + 1])
                    else { return false }
                    // A zero byte would cut the string where C reads it.
                    if high == 0 && low == 0 { return false }
                    output.append(high << 4 | low)
                    index += 2
                } else {
                    output.append(byte)
                }
            }
            return true
        }
    }

    static let prepareEncoding: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        if case .bytes(let name)? = arguments[0], name != Array("query".utf8), !name.isEmpty {
            throw ArgumentMistake("the only type of encoding is 'query'", at: 0)
        }
        return nil
    }

    static let encode: Converter.Function = { sample, _, scratch, _ in
        scratch.convertCut(&sample, to: .string, sparing: 1) { input, output in
            for index in 0..<input.count {
                let byte = input[index]
                if isLetterOrDigit(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F
                    || byte == 0x7E
                {
                    guard output.room > 0 else { return }
                    output.append(byte)
                } else {
                    // Nothing is put behind a code that stands at the very end.
                    guard output.room > 3 else { return }
                    output.append(0x25)
                    output.append(hexadecimal: byte)
                }
            }
        }
        return true
    }
}

/// One character of bytes that may or may not be UTF-8, with what is wrong about it. Sequences of
/// up to six bytes are read, as the first definition of UTF-8 had them.
struct LenientUTF8 {
    /// The number the bytes encode.
    private(set) var value: UInt32
    /// How many bytes were read, at least one.
    private(set) var count = 1
    /// Whether a continuation is missing or stands alone.
    private(set) var isBroken = false
    /// Whether fewer bytes could have said the same.
    private(set) var isOverlong = false
    /// Whether the number is a surrogate, U+FFFE or U+FFFF.
    private(set) var isProhibited = false

    init(_ bytes: Span<UInt8>, at start: Int) {
        let first = bytes[start]
        value = UInt32(first)
        let length = first < 0x80 ? 1 : (~first).leadingZeroBitCount
        if length == 1 && first < 0x80 { return }
        guard length >= 2, length <= 6, start + length <= bytes.count else {
            isBroken = true
            return
        }
        value = UInt32(first & (0x7F >> UInt8(length)))
        while count < length {
            let next = bytes[start + count]
            guard next & 0xC0 == 0x80 else {
                isBroken = true
                return
            }
            value = value << 6 | UInt32(next & 0x3F)
            count += 1
        }
        let needed = value <= 0x7F ? 1 : value <= 0x7FF ? 2 : value <= 0xFFFF ? 3 : 4
        isOverlong = value <= 0x1F_FFFF && length > needed
        isProhibited = (0xD800...0xDFFF).contains(value) || value == 0xFFFE || value == 0xFFFF
    }
}

/// The value of a hexadecimal digit of either case.
func hexadecimal(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
}
