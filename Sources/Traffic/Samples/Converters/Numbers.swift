// Arithmetic of signed 64-bit integers. Results are held at the ends of the range, never wrapped.
// A boolean that is computed with stays one, whatever its number becomes: as text it is the number,
// as bytes it is 0 or 1.

extension ConverterFamily {
    static let numbers = ConverterFamily(
        "numbers",
        [
            Converter(
                "add", .integer, to: .integer, takes: [Numbers.value],
                "Adds a number or a variable.", Numbers.add),
            Converter(
                "sub", .integer, to: .integer, takes: [Numbers.value],
                "Subtracts a number or a variable.", Numbers.subtract),
            Converter(
                "mul", .integer, to: .integer, takes: [Numbers.value],
                "Multiplies by a number or a variable.", Numbers.multiply),
            Converter(
                "div", .integer, to: .integer, takes: [Numbers.value],
                "Divides by a number or a variable; by 0 gives the largest number.",
                Numbers.divide),
            Converter(
                "mod", .integer, to: .integer, takes: [Numbers.value],
                "Gives the remainder of a division; 0 when divided by 0.", Numbers.remainder),
            Converter(
                "and", .integer, to: .integer, takes: [Numbers.value],
                "Keeps the bits that are set in both numbers.", Numbers.and),
            Converter(
                "or", .integer, to: .integer, takes: [Numbers.value],
                "Sets the bits that are set in either number.", Numbers.or),
            Converter(
                "xor", .integer, to: .integer, takes: [Numbers.value],
                "Keeps the bits that are set in one of the numbers only.", Numbers.xor),
            Converter("neg", .integer, to: .integer, "Changes the sign.", Numbers.negate),
            Converter("cpl", .integer, to: .integer, "Turns every bit around.", Numbers.complement),
            Converter(
                "bool", .integer, to: .boolean, "Tells whether a number is not 0.", Numbers.isTrue),
            Converter(
                "not", .integer, to: .boolean, "Tells whether a number is 0.", Numbers.isFalse),
            Converter("odd", .integer, to: .boolean, "Tells whether a number is odd.", Numbers.odd),
            Converter(
                "even", .integer, to: .boolean, "Tells whether a number is even.", Numbers.even),
            Converter(
                "htonl", .integer, to: .binary,
                "Gives the low 32 bits as four bytes in network order.", Numbers.networkOrder),
        ])
}

private enum Numbers {
    static let value = ConverterArgumentShape.integerOrVariable("value").optional

    private static func combine(
        _ sample: inout Sample, _ arguments: ConverterArguments, _ scratch: inout SampleScratch,
        _ environment: ConverterEnvironment, _ operation: (Int64, Int64) -> Int64
    ) -> Bool {
        guard arguments.has(0) else {
            sample.setNumber(operation(sample.integer, 0))
            return true
        }
        guard let value = number(arguments, 0, &scratch, environment) else { return false }
        sample.setNumber(operation(sample.integer, value))
        return true
    }

    private static func end(isNegative: Bool) -> Int64 { isNegative ? .min : .max }

    static let add: Converter.Function = { sample, arguments, scratch, environment in
        combine(&sample, arguments, &scratch, environment) { left, right in
            let (sum, isTooFar) = left.addingReportingOverflow(right)
            return isTooFar ? end(isNegative: left < 0) : sum
        }
    }

    static let subtract: Converter.Function = { sample, arguments, scratch, environment in
        combine(&sample, arguments, &scratch, environment) { left, right in
            let (difference, isTooFar) = left.subtractingReportingOverflow(right)
            return isTooFar ? end(isNegative: left < 0) : difference
        }
    }

    static let multiply: Converter.Function = { sample, arguments, scratch, environment in
        combine(&sample, arguments, &scratch, environment) { left, right in
            let (product, isTooFar) = left.multipliedReportingOverflow(by: right)
            return isTooFar ? end(isNegative: (left < 0) != (right < 0)) : product
        }
    }

    static let divide: Converter.Function = { sample, arguments, scratch, environment in
        combine(&sample, arguments, &scratch, environment) { left, right in
            if right == 0 || (left == .min && right == -1) { return .max }
            return left / right
        }
    }

    static let remainder: Converter.Function = { sample, arguments, scratch, environment in
        combine(&sample, arguments, &scratch, environment) { left, right in
            right == 0 || right == -1 ? 0 : left % right
        }
    }

    static let and: Converter.Function = { sample, arguments, scratch, environment in
        combine(&sample, arguments, &scratch, environment) { $0 & $1 }
    }

    static let or: Converter.Function = { sample, arguments, scratch, environment in
        combine(&sample, arguments, &scratch, environment) { $0 | $1 }
    }

    static let xor: Converter.Function = { sample, arguments, scratch, environment in
        combine(&sample, arguments, &scratch, environment) { $0 ^ $1 }
    }

    static let negate: Converter.Function = { sample, _, _, _ in
        sample.setNumber(sample.integer == .min ? .max : -sample.integer)
        return true
    }

    static let complement: Converter.Function = { sample, _, _, _ in
        sample.setNumber(~sample.integer)
        return true
    }

    static let isTrue: Converter.Function = { sample, _, _, _ in
        sample.become(.boolean(sample.integer != 0))
        return true
    }

    static let isFalse: Converter.Function = { sample, _, _, _ in
        sample.become(.boolean(sample.integer == 0))
        return true
    }

    static let odd: Converter.Function = { sample, _, _, _ in
        sample.become(.boolean(sample.integer & 1 == 1))
        return true
    }

    static let even: Converter.Function = { sample, _, _, _ in
        sample.become(.boolean(sample.integer & 1 == 0))
        return true
    }

    static let networkOrder: Converter.Function = { sample, _, scratch, _ in
        let value = UInt32(truncatingIfNeeded: sample.integer)
        let made = scratch.make(as: .binary) { output in
            for place in 0..<4 {
                output.append(UInt8(truncatingIfNeeded: value >> UInt32((3 - place) * 8)))
            }
        }
        guard let made else { return false }
        sample.become(made)
        return true
    }
}
