// Fields out of protocol buffers and gRPC messages, by a path of field numbers.

extension ConverterFamily {
    static let protocolBuffers = ConverterFamily(
        "protocol buffers",
        [
            Converter(
                "protobuf", .binary, to: .binary,
                takes: [.text("field_number"), .text("field_type").optional],
                "Gives a field of a protocol buffers message.",
                prepare: ProtocolBuffers.prepare, ProtocolBuffers.field),
            Converter(
                "ungrpc", .binary, to: .binary,
                takes: [.text("field_number"), .text("field_type").optional],
                "Gives a field of the first of several gRPC messages that has it.",
                prepare: ProtocolBuffers.prepare, ProtocolBuffers.fieldOfCall),
        ])
}

private enum ProtocolBuffers {
    /// What a field's bytes mean.
    private enum Meaning: Int64 {
        case int32, int64, uint32, uint64, sint32, sint64, bool, `enum`
        case fixed64, sfixed64, double, fixed32, sfixed32, float
    }

    private static let names = [
        "int32", "int64", "uint32", "uint64", "sint32", "sint64", "bool", "enum", "fixed64",
        "sfixed64", "double", "fixed32", "sfixed32", "float",
    ]

    /// Turns `48.59.1` into eight bytes for each number and the type's name into its place.
    static let prepare: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        guard case .bytes(let path)? = arguments[0] else { return nil }
        var numbers: [UInt8] = []
        for part in path.split(separator: 0x2E, omittingEmptySubsequences: false) {
            guard let number = wholeInteger(Array(part)), number > 0, number < 1 << 29 else {
                throw ArgumentMistake(expected: "field numbers with dots between them", at: 0)
            }
            for place in 0..<4 {
                numbers.append(UInt8(truncatingIfNeeded: number >> Int64((3 - place) * 8)))
            }
        }
        arguments[0] = .bytes(numbers)
        guard case .bytes(let type)? = arguments[1] else { return nil }
        guard let place = names.firstIndex(of: String(decoding: type, as: UTF8.self)) else {
            throw ArgumentMistake(
                expected: "one of the types \(names.joined(separator: ", "))", at: 1)
        }
        arguments[1] = .integer(Int64(place))
        return .integer
    }

    static let field: Converter.Function = { sample, arguments, scratch, _ in
        find(&sample, in: 0..<sample.byteCount, arguments, scratch)
    }

    /// Before each message stand a byte of flags and how many bytes it has.
    static let fieldOfCall: Converter.Function = { sample, arguments, scratch, _ in
        let end = sample.byteCount
        var start = 0
        while end - start > 5 {
            let bytes = scratch.bytes(of: sample)
            var length = 0
            for index in start + 1..<start + 5 { length = length << 8 | Int(bytes[index]) }
            start += 5
            guard length <= end - start else { return false }
            if find(&sample, in: start..<start + length, arguments, scratch) { return true }
            start += length
        }
        return false
    }

    private static func find(
        _ sample: inout Sample, in message: Range<Int>, _ arguments: ConverterArguments,
        _ scratch: borrowing SampleScratch
    ) -> Bool {
        let bytes = scratch.bytes(of: sample)
        let path = arguments.bytes(0)
        var range = message
        var wire: UInt64 = 2
        for step in 0..<path.count / 4 {
            guard wire == 2 else { return false }
            var number: UInt64 = 0
            for place in 0..<4 { number = number << 8 | UInt64(path[step * 4 + place]) }
            guard let found = member(number, bytes, range) else { return false }
            (wire, range) = found
        }
        guard arguments.has(1) else {
            sample = sample.part(range.lowerBound, range.count)
            return true
        }
        guard let meaning = Meaning(rawValue: arguments.integer(1)),
            let value = number(bytes.extracting(range), wire, meaning)
        else { return false }
        sample.become(.integer(value))
        return true
    }

    /// The first member with that number: its wire type and where its value stands.
    private static func member(
        _ number: UInt64, _ bytes: Span<UInt8>, _ range: Range<Int>
    ) -> (UInt64, Range<Int>)? {
        var index = range.lowerBound
        while index < range.upperBound {
            guard let key = variable(bytes, &index, range.upperBound) else { return nil }
            var value = index
            switch key & 7 {
            case 0:
                guard variable(bytes, &index, range.upperBound) != nil else { return nil }
            case 1: index += 8
            case 2:
                guard let count = variable(bytes, &index, range.upperBound),
                    count <= UInt64(range.upperBound - index)
                else { return nil }
                value = index
                index += Int(count)
            case 5: index += 4
            default: return nil
            }
            if index > range.upperBound { return nil }
            if key >> 3 == number { return (key & 7, value..<index) }
        }
        return nil
    }

    /// A number of seven bits a byte.
    private static func variable(
        _ bytes: Span<UInt8>, _ index: inout Int, _ end: Int
    ) -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while index < end && shift < 70 {
            let byte = bytes[index]
            index += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        return nil
    }

    private static func number(
        _ bytes: Span<UInt8>, _ wire: UInt64, _ meaning: Meaning
    ) -> Int64? {
        if wire == 0 {
            var index = 0
            guard let value = variable(bytes, &index, bytes.count) else { return nil }
            switch meaning {
            case .int32, .int64, .uint32, .uint64, .bool, .enum: return Int64(bitPattern: value)
            case .sint32, .sint64:
                return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
            default: return nil
            }
        }
        var value: UInt64 = 0
        for index in 0..<min(8, bytes.count) { value |= UInt64(bytes[index]) << UInt64(index * 8) }
        switch (wire, meaning) {
        case (1, .fixed64), (1, .sfixed64): return Int64(bitPattern: value)
        case (1, .double): return whole(Double(bitPattern: value))
        case (5, .fixed32): return Int64(value)
        case (5, .sfixed32): return Int64(Int32(truncatingIfNeeded: value))
        case (5, .float): return whole(Double(Float(bitPattern: UInt32(value))))
        default: return nil
        }
    }

    /// A floating-point number without its fraction; the ends of the range are as in C on x86.
    private static func whole(_ value: Double) -> Int64 {
        Int64(exactly: value.rounded(.towardZero)) ?? .min
    }
}
