// Converters of text that need no library.

extension ConverterFamily {
    static let text = ConverterFamily(
        "text",
        [
            Converter(
                "length", .string, to: .integer, "Counts the bytes of a string.", Text.length),
            Converter(
                "lower", .string, to: .string, "Turns ASCII capitals into small letters.",
                Text.lower),
            Converter(
                "upper", .string, to: .string, "Turns small ASCII letters into capitals.",
                Text.upper),
        ])
}

private enum Text {
    static let length: Converter.Function = { sample, _, _, _ in
        sample.become(.integer(Int64(sample.byteCount)))
        return true
    }

    static let lower: Converter.Function = { sample, _, scratch, _ in
        scratch.convert(&sample, to: .string) { input, output in
            for index in 0..<input.count {
                let byte = input[index]
                output.append(byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte)
            }
            return true
        }
    }

    static let upper: Converter.Function = { sample, _, scratch, _ in
        scratch.convert(&sample, to: .string) { input, output in
            for index in 0..<input.count {
                let byte = input[index]
                output.append(byte >= 0x61 && byte <= 0x7A ? byte & ~0x20 : byte)
            }
            return true
        }
    }
}
