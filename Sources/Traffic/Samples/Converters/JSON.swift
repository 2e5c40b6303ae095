// Queries into JSON texts and into the parts of JSON Web Tokens.

extension ConverterFamily {
    static let json = ConverterFamily(
        "JSON",
        [
            Converter(
                "json_query", .string, to: .any,
                takes: [.text("json_path"), .text("output_type").optional],
                "Gives the value a path leads to in a JSON text.",
                prepare: JSON.prepareQuery, JSON.query),
            Converter(
                "jwt_header_query", .string, to: .any,
                takes: [.text("json_path").optional, .text("output_type").optional],
                "Gives the header of a JSON Web Token or a value in it.",
                prepare: JSON.prepareTokenQuery, JSON.queryHeader),
            Converter(
                "jwt_payload_query", .string, to: .any,
                takes: [.text("json_path").optional, .text("output_type").optional],
                "Gives the payload of a JSON Web Token or a value in it.",
                prepare: JSON.prepareTokenQuery, JSON.queryPayload),
        ])
}

private enum JSON {
    static let prepareQuery: Converter.Preparation = {
        (arguments, loading) throws(ArgumentMistake) -> SampleType? in
        if case .bytes(let path)? = arguments[0], path.isEmpty {
            throw ArgumentMistake("<json_path> is empty", at: 0)
        }
        return try prepareTokenQuery(&arguments, loading)
    }

    static let prepareTokenQuery: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        if case .bytes(let type)? = arguments[1] {
            guard type == Array("int".utf8) else {
                throw ArgumentMistake("the only <output_type> is 'int'", at: 1)
            }
        }
        return nil
    }

    static let query: Converter.Function = { sample, arguments, scratch, _ in
        find(&sample, arguments, &scratch)
    }

    static let queryHeader: Converter.Function = { sample, arguments, scratch, _ in
        queryPart(0, &sample, arguments, &scratch)
    }

    static let queryPayload: Converter.Function = { sample, arguments, scratch, _ in
        queryPart(1, &sample, arguments, &scratch)
    }

    private static func queryPart(
        _ index: Int, _ sample: inout Sample, _ arguments: ConverterArguments,
        _ scratch: inout SampleScratch
    ) -> Bool {
        guard let parts = TokenParts(scratch.bytes(of: sample)), index < parts.count else {
            return false
        }
        let range = parts[index]
        sample = sample.part(range.lowerBound, range.count)
        let isDecoded = scratch.convert(&sample, to: .string) { input, output in
            Base64.decode(input, into: &output, .url)
        }
        guard isDecoded else { return false }
        return arguments.has(0) ? find(&sample, arguments, &scratch) : true
    }

    private static func find(
        _ sample: inout Sample, _ arguments: ConverterArguments, _ scratch: inout SampleScratch
    ) -> Bool {
        guard let found = JSONScanner.find(arguments.bytes(0), in: scratch.bytes(of: sample)) else {
            return false
        }
        switch found.kind {
        case .object, .null: return false
        case .yes, .no:
            sample.become(.boolean(found.kind == .yes))
            return true
        case .array:
            sample = sample.part(found.range.lowerBound, found.range.count)
            return true
        case .string:
            sample = sample.part(found.range.lowerBound, found.range.count)
            return scratch.convert(&sample, to: .string) { unescape($0, into: &$1) }
        case .number:
            sample = sample.part(found.range.lowerBound, found.range.count)
            if arguments.has(1) { return scratch.cast(&sample, to: .integer) }
            return scratch.convert(&sample, to: .string) { input, output in
                shorten(input, into: &output)
                return true
            }
        }
    }

    /// Resolves backslashes. Of `\u` only the first 256 characters are known, as single bytes, and
    /// `\/` is not: what HAProxy's reader has.
    private static func unescape(_ input: Span<UInt8>, into output: inout OutputBytes) -> Bool {
        var index = 0
        while index < input.count {
            let byte = input[index]
            index += 1
            if byte != 0x5C {
                output.append(byte)
                continue
            }
            guard index < input.count else { return false }
            let escape = input[index]
            index += 1
            switch escape {
            case 0x22, 0x5C: output.append(escape)
            case 0x62: output.append(0x08)
            case 0x66: output.append(0x0C)
            case 0x6E: output.append(0x0A)
            case 0x72: output.append(0x0D)
            case 0x74: output.append(0x09)
            case 0x75:
                guard index + 4 <= input.count, input[index] == 0x30, input[index + 1] == 0x30,
                    let high = hexadecimal(input[index + 2]),
                    let low = hexadecimal(input[index + 3])
                else { return false }
                output.append(high << 4 | low)
                index += 4
            default: return false
            }
        }
        return true
    }

    /// Writes a decimal number with six significant digits as C's `%g` does.
    private static func shorten(_ input: Span<UInt8>, into output: inout OutputBytes) {
        var digits = InlineArray<7, UInt8>(repeating: 0)
        var count = 0
        var hasRest = false
        var exponent = 0
        var isFraction = false
        var hasValue = false
        var index = 0
        if input[0] == 0x2D {
            output.append(0x2D)
            index = 1
        }
        while index < input.count {
            let byte = input[index]
            if byte == 0x2E {
                isFraction = true
            } else if byte >= 0x30 && byte <= 0x39 {
                hasValue = hasValue || byte != 0x30
                if hasValue {
                    if count < 7 {
                        digits[count] = byte - 0x30
                    } else if byte != 0x30 {
                        hasRest = true
                    }
                    count = min(count + 1, 7)
                    if !isFraction { exponent += 1 }
                } else if isFraction {
                    exponent -= 1
                }
            } else {
                break
            }
            index += 1
        }
        if index < input.count, input[index] | 0x20 == 0x65 {
            let written = leadingInteger(input.extracting((index + 1)..<input.count))
            exponent += Int(max(-9999, min(9999, written)))
        }
        guard hasValue else {
            output.append(0x30)
            return
        }
        round(&digits, &exponent, hasRest: hasRest)
        write(digits, exponent - 1, into: &output)
    }

    /// Rounds seven digits to six, ties to even.
    private static func round(
        _ digits: inout InlineArray<7, UInt8>, _ exponent: inout Int, hasRest: Bool
    ) {
        let last = digits[6]
        guard last > 5 || (last == 5 && (hasRest || digits[5] & 1 == 1)) else { return }
        var place = 5
        while place >= 0 {
            if digits[place] < 9 {
                digits[place] += 1
                return
            }
            digits[place] = 0
            place -= 1
        }
        digits[0] = 1
        exponent += 1
    }

    private static func write(
        _ digits: InlineArray<7, UInt8>, _ exponent: Int, into output: inout OutputBytes
    ) {
        var count = 6
        while count > 1 && digits[count - 1] == 0 { count -= 1 }
        if exponent >= -4 && exponent < 6 {
            if exponent < 0 {
                output.append("0.")
                for _ in 1..<(-exponent) { output.append(0x30) }
            }
            for place in 0..<max(count, exponent + 1) {
                if place == exponent + 1 && exponent >= 0 { output.append(0x2E) }
                output.append(0x30 + (place < count ? digits[place] : 0))
            }
            return
        }
        output.append(0x30 + digits[0])
        if count > 1 { output.append(0x2E) }
        for place in 1..<max(1, count) { output.append(0x30 + digits[place]) }
        output.append(exponent < 0 ? "e-" : "e+")
        if abs(exponent) < 10 { output.append(0x30) }
        output.append(decimal: UInt64(abs(exponent)))
    }
}

/// The parts of a JSON Web Token between its dots: two or three.
struct TokenParts {
    private var ends = InlineArray<3, Int>(repeating: 0)
    /// How many parts there are.
    private(set) var count = 1

    /// Finds the dots; nil when there are none or more than two.
    init?(_ text: Span<UInt8>) {
        for index in 0..<text.count where text[index] == 0x2E {
            if count == 3 { return nil }
            ends[count - 1] = index
            count += 1
        }
        if count < 2 { return nil }
        ends[count - 1] = text.count
    }

    /// Where a part stands.
    subscript(index: Int) -> Range<Int> {
        precondition(index < count)
        return (index == 0 ? 0 : ends[index - 1] + 1)..<ends[index]
    }
}
