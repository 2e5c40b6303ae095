// Converters that take a part out of a text or put parts together.

extension ConverterFamily {
    static let parts = ConverterFamily(
        "parts", areSteady: true,
        [
            Converter(
                "bytes", .binary, to: .binary,
                takes: [.integerOrVariable("offset"), .integerOrVariable("length").optional],
                "Keeps the bytes from an offset on, all or so many.",
                prepare: Parts.prepareBytes, Parts.bytes),
            Converter(
                "field", .string, to: .string,
                takes: [
                    .integer("index"), .text("delimiters"), .integer("count").optional,
                ],
                "Keeps the nth field, or several, of a delimited string.",
                prepare: Parts.prepareIndex, Parts.field),
            Converter(
                "word", .string, to: .string,
                takes: [
                    .integer("index"), .text("delimiters"), .integer("count").optional,
                ],
                "Keeps the nth word, or several, where delimiters in a row count once.",
                prepare: Parts.prepareIndex, Parts.word),
            Converter(
                "param", .string, to: .string,
                takes: [.text("name"), .text("delim").optional],
                "Gives the value of a parameter of a query string.",
                prepare: Parts.prepareParameter, Parts.parameter),
            Converter(
                "concat", .string, to: .string,
                takes: [
                    .text("start").optional, .variable("var").optional, .text("end").optional,
                ],
                "Adds a text, a variable and another text behind a string.", Parts.concat),
            Converter(
                "add_item", .string, to: .string,
                takes: [.text("delim"), .variable("var").optional, .text("suff").optional],
                "Adds a delimiter and an item, made of a variable and a text, to a list.",
                prepare: Parts.prepareItem, Parts.addItem),
            Converter(
                "iif", .boolean, to: .string, takes: [.text("true"), .text("false")],
                "Gives the first text for true and the second for false.", Parts.choose),
        ])
}

private enum Parts {
    // MARK: bytes

    static let prepareBytes: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        for index in 0...1 {
            guard case .integer(let value)? = arguments[index], value < 0 else { continue }
            throw ArgumentMistake(expected: "a number that is not negative", at: index)
        }
        return nil
    }

    static let bytes: Converter.Function = { sample, arguments, scratch, environment in
        let count = sample.byteCount
        guard let offset = number(arguments, 0, &scratch, environment) else { return false }
        if offset < 0 || offset >= count {
            sample = sample.part(0, 0)
            return true
        }
        let start = Int(offset)
        var length = count - start
        if arguments.has(1) {
            guard let limit = number(arguments, 1, &scratch, environment) else { return false }
            if limit < 0 { return false }
            length = Int(min(Int64(length), limit))
        }
        sample = sample.part(start, length)
        return true
    }

    // MARK: field and word

    static let prepareIndex: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        if case .integer(0)? = arguments[0] {
            throw ArgumentMistake("<index> counts from 1, or from -1 at the end", at: 0)
        }
        if case .bytes(let delimiters)? = arguments[1], delimiters.isEmpty {
            throw ArgumentMistake("<delimiters> is empty", at: 1)
        }
        return nil
    }

    static let field: Converter.Function = { sample, arguments, scratch, _ in
        keep(&sample, arguments, scratch, fieldFromStart, fieldFromEnd)
    }

    static let word: Converter.Function = { sample, arguments, scratch, _ in
        keep(&sample, arguments, scratch, wordFromStart, wordFromEnd)
    }

    /// Finds a range of a text: delimiters, index or number of pieces behind, number of pieces.
    private typealias Search = (Span<UInt8>, Span<UInt8>, Int64, Int64) -> Range<Int>?

    /// Keeps the pieces that the arguments index, counted from the start or from the end.
    private static func keep(
        _ sample: inout Sample, _ arguments: ConverterArguments,
        _ scratch: borrowing SampleScratch, _ fromStart: Search, _ fromEnd: Search
    ) -> Bool {
        let text = scratch.bytes(of: sample)
        let delimiters = arguments.bytes(1)
        let index = arguments.integer(0)
        let count = arguments.integer(2, or: 1)
        let found =
            index > 0
            ? fromStart(text, delimiters, index, count)
            : fromEnd(text, delimiters, -(index + 1), count)
        guard let found else { return false }
        sample = sample.part(found.lowerBound, found.count)
        return true
    }

    private static func fieldFromStart(
        _ text: Span<UInt8>, _ delimiters: Span<UInt8>, _ index: Int64, _ count: Int64
    ) -> Range<Int>? {
        var field: Int64 = 1
        var left = count
        var start = 0
        for end in 0..<text.count where contains(delimiters, text[end]) {
            if field == index {
                if left == 1 { return start..<end }
                if left > 1 { left -= 1 }
            } else {
                start = end + 1
                field += 1
            }
        }
        return field == index ? start..<text.count : nil
    }

    /// As above from the end; `before` fields stand behind the wanted one.
    private static func fieldFromEnd(
        _ text: Span<UInt8>, _ delimiters: Span<UInt8>, _ before: Int64, _ count: Int64
    ) -> Range<Int>? {
        var field: Int64 = 0
        var left = count
        var end = text.count
        var start = text.count
        while start > 0 {
            if contains(delimiters, text[start - 1]) {
                if field == before {
                    if left == 1 { return start..<end }
                    if left > 1 { left -= 1 }
                } else {
                    end = start - 1
                    field += 1
                }
            }
            start -= 1
        }
        return field == before ? 0..<end : nil
    }

    private static func wordFromStart(
        _ text: Span<UInt8>, _ delimiters: Span<UInt8>, _ index: Int64, _ count: Int64
    ) -> Range<Int>? {
        var word: Int64 = 0
        var left = count
        var start = 0
        var isInside = false
        for end in 0..<text.count {
            if contains(delimiters, text[end]) {
                if isInside && word == index {
                    if left == 1 { return start..<end }
                    if left > 1 { left -= 1 }
                }
                isInside = false
            } else if !isInside {
                if word != index {
                    word += 1
                    start = end
                }
                isInside = true
            }
        }
        return word == index ? start..<text.count : nil
    }

    /// As above from the end; `before` words stand behind the wanted one.
    private static func wordFromEnd(
        _ text: Span<UInt8>, _ delimiters: Span<UInt8>, _ before: Int64, _ count: Int64
    ) -> Range<Int>? {
        var word: Int64 = -1
        var left = count
        var end = text.count
        var isInside = false
        var start = text.count
        while start > 0 {
            if contains(delimiters, text[start - 1]) {
                if isInside && word == before {
                    if left == 1 { return start..<end }
                    if left > 1 { left -= 1 }
                }
                isInside = false
            } else if !isInside {
                if word != before {
                    word += 1
                    end = start
                }
                isInside = true
            }
            start -= 1
        }
        return word == before ? 0..<end : nil
    }

    // MARK: param

    static let prepareParameter: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        if case .bytes(let delimiter)? = arguments[1], delimiter.count != 1 {
            throw ArgumentMistake("<delim> must be exactly one character", at: 1)
        }
        if arguments[1] == nil { arguments[1] = .bytes([0x26]) }
        return nil
    }

    static let parameter: Converter.Function = { sample, arguments, scratch, _ in
        let text = scratch.bytes(of: sample)
        let name = arguments.bytes(0)
        let delimiter = arguments.bytes(1)[0]
        if name.isEmpty { return false }
        var start = 0
        while start < text.count {
            var end = start
            while end < text.count && text[end] != delimiter { end += 1 }
            let segment = text.extracting(start..<end)
            if begins(segment, with: name) {
                if segment.count == name.count {
                    sample = sample.part(end, 0)
                    return true
                }
                if segment[name.count] == 0x3D {
                    let value = start + name.count + 1
                    sample = sample.part(value, end - value)
                    return true
                }
            }
            start = end + 1
        }
        return false
    }

    // MARK: Putting together

    static let concat: Converter.Function = { sample, arguments, scratch, environment in
        let value =
            arguments.has(1)
            ? environment.value(of: arguments.variable(1), as: .string, into: &scratch) : nil
        return join(&sample, [true, value != nil, true], value, arguments, &scratch)
    }

    static let prepareItem: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        if arguments[1] == nil && arguments[2] == nil {
            throw ArgumentMistake("<var> and <suff> cannot both be left out", at: 1)
        }
        return nil
    }

    static let addItem: Converter.Function = { sample, arguments, scratch, environment in
        let value =
            arguments.has(1)
            ? environment.value(of: arguments.variable(1), as: .string, into: &scratch) : nil
        let hasItem = (value?.byteCount ?? 0) > 0 || !arguments.bytes(2).isEmpty
        return join(
            &sample, [sample.byteCount > 0 && hasItem, value != nil, true], value, arguments,
            &scratch)
    }

    /// Adds the first text, the variable's value and the last text where asked.
    private static func join(
        _ sample: inout Sample, _ parts: InlineArray<3, Bool>, _ value: Sample?,
        _ arguments: ConverterArguments, _ scratch: inout SampleScratch
    ) -> Bool {
        let kept = sample
        // What does not fit is cut, wherever that is.
        let made = scratch.makeCutFrom(as: .string, atMost: scratch.valueLimit - 1) {
            scratch, output in
            output.append(scratch.bytes(of: kept))
            if parts[0] { output.append(arguments.bytes(0)) }
            if parts[1], let value { output.append(scratch.bytes(of: value)) }
            if parts[2] { output.append(arguments.bytes(2)) }
        }
        sample.become(made)
        return true
    }

    static let choose: Converter.Function = { sample, arguments, scratch, _ in
        guard let text = scratch.copy(arguments.bytes(sample.isTrue ? 0 : 1)) else { return false }
        sample.become(text)
        return true
    }
}

/// A numeric argument: the constant, or the value of the variable as a number.
func number(
    _ arguments: ConverterArguments, _ index: Int, _ scratch: inout SampleScratch,
    _ environment: ConverterEnvironment
) -> Int64? {
    guard arguments.isVariable(index) else { return arguments.integer(index) }
    return environment.value(of: arguments.variable(index), as: .integer, into: &scratch)?.integer
}

/// Whether `text` begins with `start`.
func begins(_ text: Span<UInt8>, with start: Span<UInt8>) -> Bool {
    guard text.count >= start.count else { return false }
    for index in 0..<start.count where text[index] != start[index] { return false }
    return true
}
