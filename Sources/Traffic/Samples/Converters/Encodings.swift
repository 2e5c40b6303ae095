// Converters between bytes and their textual forms: base64, hexadecimal, decimal and binary digits.

extension ConverterFamily {
    static let encodings = ConverterFamily(
        "encodings", areSteady: true,
        [
            Converter("base64", .binary, to: .string, "Encodes as base64.", Encodings.base64),
            Converter("b64dec", .string, to: .binary, "Decodes base64.", Encodings.fromBase64),
            Converter(
                "ub64enc", .binary, to: .string, "Encodes as base64url, without padding.",
                Encodings.base64URL),
            Converter(
                "ub64dec", .string, to: .binary, "Decodes base64url.", Encodings.fromBase64URL),
            Converter(
                "hex", .binary, to: .string, "Writes two hexadecimal digits for each byte.",
                Encodings.hex),
            Converter(
                "hex2i", .string, to: .integer, "Reads hexadecimal digits as a number.",
                Encodings.hexToInteger),
            Converter(
                "be2hex", .binary, to: .string,
                takes: [
                    .text("separator").optional, .integer("chunk_size").optional,
                    .integer("truncate").optional,
                ],
                "Writes hexadecimal digits with a separator between chunks.",
                prepare: Encodings.prepareHex, Encodings.chunksToHex),
            Converter(
                "be2dec", .binary, to: .string, takes: Encodings.chunkShapes,
                "Writes big-endian chunks as decimal numbers.",
                prepare: Encodings.prepareDecimal, Encodings.bigEndianToDecimal),
            Converter(
                "le2dec", .binary, to: .string, takes: Encodings.chunkShapes,
                "Writes little-endian chunks as decimal numbers.",
                prepare: Encodings.prepareDecimal, Encodings.littleEndianToDecimal),
            Converter(
                "base2", .binary, to: .string, "Writes eight binary digits for each byte.",
                Encodings.binaryDigits),
        ])
}

private enum Encodings {
    static let chunkShapes: [ConverterArgumentShape] = [
        .text("separator"), .integer("chunk_size"), .integer("truncate").optional,
    ]

    static let base64: Converter.Function = { sample, _, scratch, _ in
        guard fits(sample, scratch) else { return false }
        return scratch.convert(&sample, to: .string) { input, output in
            Base64.encode(input, into: &output, .standard)
            return true
        }
    }

    static let base64URL: Converter.Function = { sample, _, scratch, _ in
        guard fits(sample, scratch) else { return false }
        return scratch.convert(&sample, to: .string) { input, output in
            Base64.encode(input, into: &output, .url)
            return true
        }
    }

    /// Whether base64 of a value stays shorter than a value can be, padding included.
    private static func fits(_ sample: Sample, _ scratch: borrowing SampleScratch) -> Bool {
        (sample.byteCount + 2) / 3 * 4 < scratch.valueLimit
    }

    static let fromBase64: Converter.Function = { sample, _, scratch, _ in
        scratch.convert(&sample, to: .binary) { input, output in
            Base64.decode(input, into: &output, .standard)
        }
    }

    static let fromBase64URL: Converter.Function = { sample, _, scratch, _ in
        scratch.convert(&sample, to: .binary) { input, output in
            Base64.decode(input, into: &output, .url)
        }
    }

    static let hex: Converter.Function = { sample, _, scratch, _ in
        scratch.convertCut(&sample, to: .string) { input, output in
            for index in 0..<min(input.count, output.room / 2) {
                output.append(hexadecimal: input[index])
            }
        }
        return true
    }

    static let hexToInteger: Converter.Function = { sample, _, scratch, _ in
        let digits = scratch.bytes(of: sample)
        var value: UInt64 = 0
        for index in 0..<digits.count {
            guard let digit = hexadecimal(digits[index]) else { return false }
            value = value << 4 | UInt64(digit)
        }
        sample.become(.integer(Int64(bitPattern: value)))
        return true
    }

    static let prepareHex: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        let size: Int64 = if case .integer(let value)? = arguments[1] { value } else { 0 }
        var hasSeparator = false
        if case .bytes(let separator)? = arguments[0] { hasSeparator = !separator.isEmpty }
        if size < 0 || (size == 0 && (hasSeparator || arguments[1] != nil)) {
            throw ArgumentMistake("<chunk_size> must be above 0", at: 1)
        }
        return nil
    }

    static let chunksToHex: Converter.Function = { sample, arguments, scratch, _ in
        let size = Int(arguments.integer(1, or: 0))
        let isCut = arguments.integer(2, or: 0) != 0
        scratch.convertCut(&sample, to: .string) { input, output in
            let count = isCut && size > 0 ? input.count / size * size : input.count
            let separator = arguments.bytes(0)
            for index in 0..<count {
                if index > 0 && size > 0 && index % size == 0 {
                    // There must be room for a whole chunk, even if the last one has less.
                    guard (output.room - separator.count) / 2 >= size else { return }
                    output.append(separator)
                }
                guard output.room >= 2 else { return }
                output.append(hexadecimal: input[index])
            }
        }
        return true
    }

    static let prepareDecimal: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        guard case .integer(let size)? = arguments[1], (1...8).contains(size) else {
            throw ArgumentMistake("<chunk_size> must be from 1 to 8", at: 1)
        }
        return nil
    }

    static let bigEndianToDecimal: Converter.Function = { sample, arguments, scratch, _ in
        scratch.convertCut(&sample, to: .string, sparing: 1) { input, output in
            writeChunks(of: input, arguments, &output) { value, byte, _ in value << 8 | byte }
        }
        return true
    }

    static let littleEndianToDecimal: Converter.Function = { sample, arguments, scratch, _ in
        scratch.convertCut(&sample, to: .string, sparing: 1) { input, output in
            writeChunks(of: input, arguments, &output) { value, byte, place in
                value | byte << UInt64(place * 8)
            }
        }
        return true
    }

    /// Writes numbers as long as they fit as a whole, with what stands before them.
    private static func writeChunks(
        of input: Span<UInt8>, _ arguments: ConverterArguments, _ output: inout OutputBytes,
        _ add: (_ value: UInt64, _ byte: UInt64, _ place: Int) -> UInt64
    ) {
        let size = Int(arguments.integer(1))
        let isCut = arguments.integer(2, or: 0) != 0
        var start = 0
        while start < input.count {
            let end = min(start + size, input.count)
            if isCut && end - start < size { return }
            let written = output.count
            if start > 0 { output.append(arguments.bytes(0)) }
            var value: UInt64 = 0
            for index in start..<end { value = add(value, UInt64(input[index]), index - start) }
            output.append(decimal: value)
            if output.hasOverflowed { return output.truncate(to: written) }
            start = end
        }
    }

    static let binaryDigits: Converter.Function = { sample, _, scratch, _ in
        scratch.convertCut(&sample, to: .string) { input, output in
            for index in 0..<min(input.count, output.room / 8) {
                for place in 0..<8 {
                    output.append(0x30 + (input[index] >> UInt8(7 - place) & 1))
                }
            }
        }
        return true
    }
}
