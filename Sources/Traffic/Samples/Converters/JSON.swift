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
                output.append(shortened: JSONNumber.value(of: input))
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
