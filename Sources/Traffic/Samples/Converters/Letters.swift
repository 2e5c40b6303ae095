// Converters that change or measure the letters of a text as a whole.

import Bytes

extension ConverterFamily {
    static let letters = ConverterFamily(
        "letters", areSteady: true,
        [
            Converter(
                "length", .string, to: .integer, "Counts the bytes of a string.", Letters.length),
            Converter(
                "lower", .string, to: .string, "Turns ASCII capitals into small letters.",
                Letters.lower),
            Converter(
                "upper", .string, to: .string, "Turns small ASCII letters into capitals.",
                Letters.upper),
            Converter(
                "ltrim", .string, to: .string, takes: [.text("chars")],
                "Drops any of the given characters from the start.", Letters.ltrim),
            Converter(
                "rtrim", .string, to: .string, takes: [.text("chars")],
                "Drops any of the given characters from the end.", Letters.rtrim),
            Converter(
                "cut_crlf", .string, to: .string,
                "Keeps what stands before the first carriage return or line feed.",
                Letters.cutAtLineEnd),
            Converter(
                "strcmp", .string, to: .integer, takes: [.variable("var")],
                "Compares with a variable: 0 if equal, below or above 0 by order.",
                Letters.compare),
            Converter(
                "secure_memcmp", .binary, to: .boolean, takes: [.variable("var")],
                "Tells whether a variable holds the same bytes, in constant time.",
                Letters.isSame),
            Converter(
                "has_ctl", .binary, to: .boolean, takes: [.text("mask").optional],
                "Tells whether there are control characters of a mask of 33 bits.",
                prepare: Letters.prepareMask, Letters.hasControl),
        ])
}

private enum Letters {
    static let length: Converter.Function = { sample, _, _, _ in
        sample.become(.integer(Int64(sample.byteCount)))
        return true
    }

    static let lower: Converter.Function = { sample, _, scratch, _ in
        scratch.convert(&sample, to: .string) { input, output in
            output.append(input) { $0.asciiLowercased }
            return true
        }
    }

    static let upper: Converter.Function = { sample, _, scratch, _ in
        scratch.convert(&sample, to: .string) { input, output in
            output.append(input) { $0 >= 0x61 && $0 <= 0x7A ? $0 & ~0x20 : $0 }
            return true
        }
    }

    static let ltrim: Converter.Function = { sample, arguments, scratch, _ in
        let text = scratch.bytes(of: sample)
        let unwanted = arguments.bytes(0)
        var start = 0
        while start < text.count && contains(unwanted, text[start]) { start += 1 }
        sample = sample.part(start, text.count - start)
        return true
    }

    static let rtrim: Converter.Function = { sample, arguments, scratch, _ in
        let text = scratch.bytes(of: sample)
        let unwanted = arguments.bytes(0)
        var end = text.count
        while end > 0 && contains(unwanted, text[end - 1]) { end -= 1 }
        sample = sample.part(0, end)
        return true
    }

    static let cutAtLineEnd: Converter.Function = { sample, _, scratch, _ in
        let text = scratch.bytes(of: sample)
        var end = 0
        while end < text.count && text[end] != 0x0D && text[end] != 0x0A { end += 1 }
        sample = sample.part(0, end)
        return true
    }

    static let compare: Converter.Function = { sample, arguments, scratch, environment in
        let variable = arguments.variable(0)
        guard let value = environment.value(of: variable, as: .string, into: &scratch) else {
            return false
        }
        let left = scratch.bytes(of: sample)
        let right = scratch.bytes(of: value)
        var order = 0
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
            order = Int(left[index]) - Int(right[index])
            break
        }
        if order == 0 { order = (left.count - right.count).signum() }
        sample.become(.integer(Int64(order)))
        return true
    }

    static let isSame: Converter.Function = { sample, arguments, scratch, environment in
        let variable = arguments.variable(0)
        guard let value = environment.value(of: variable, as: .binary, into: &scratch) else {
            return false
        }
        let left = scratch.bytes(of: sample)
        let right = scratch.bytes(of: value)
        var difference: UInt8 = 0
        if left.count == right.count {
            for index in 0..<left.count { difference |= left[index] ^ right[index] }
        }
        sample.become(.boolean(left.count == right.count && difference == 0))
        return true
    }

    static let prepareMask: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        var mask: Int64? = 0x1_FFFF_FDFF
        if case .bytes(let bytes)? = arguments[0] {
            let text = String(decoding: bytes, as: UTF8.self)
            switch text {
            case "any": mask = 0x1_FFFF_FFFF
            case "http": mask = 0x2401
            case _ where text.hasPrefix("0x"): mask = Int64(text.dropFirst(2), radix: 16)
            default: mask = Int64(text)
            }
        }
        guard let mask, mask >= 0, mask <= 0x1_FFFF_FFFF else {
            throw ArgumentMistake(
                expected: "'any', 'http' or a mask of 33 bits, decimal or behind '0x'", at: 0)
        }
        arguments[0] = .integer(mask)
        return nil
    }

    static let hasControl: Converter.Function = { sample, arguments, scratch, _ in
        let mask = arguments.integer(0)
        let bytes = scratch.bytes(of: sample)
        var isFound = false
        for index in 0..<bytes.count {
            let byte = bytes[index]
            if byte >= 0x20 && byte != 0x7F { continue }
            isFound = mask >> (byte == 0x7F ? 32 : Int64(byte)) & 1 == 1
            if isFound { break }
        }
        sample.become(.boolean(isFound))
        return true
    }
}

/// Whether a byte is among others.
@inline(__always)
func contains(_ bytes: Span<UInt8>, _ wanted: UInt8) -> Bool {
    for index in 0..<bytes.count where bytes[index] == wanted { return true }
    return false
}
