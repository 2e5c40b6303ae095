// Substitution by regular expressions and the choice of a language.

extension ConverterFamily {
    static let substitution = ConverterFamily(
        "substitution",
        [
            Converter(
                "regsub", .string, to: .string,
                takes: [.text("regex"), .text("subst"), .text("flags").optional],
                "Replaces what a regular expression matches, once or everywhere.",
                prepare: Substitution.prepare, Substitution.replace),
            Converter(
                "language", .string, to: .string,
                takes: [.text("value"), .text("default").optional],
                "Gives the language of a list that an Accept-Language header likes best.",
                Substitution.language),
        ])
}

private enum Substitution {
    static let prepare: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        var isGlobal = false
        var ignoresCase = false
        if case .bytes(let flags)? = arguments[2] {
            for flag in flags {
                switch flag {
                case 0x67: isGlobal = true
                case 0x69: ignoresCase = true
                default: throw ArgumentMistake(expected: "the flags 'g' and 'i'", at: 2)
                }
            }
        }
        guard case .bytes(let pattern)? = arguments[0], !pattern.isEmpty else {
            throw ArgumentMistake("<regex> is empty", at: 0)
        }
        do throws(RegularExpressionMistake) {
            arguments[0] = .object(
                try RegularExpression(pattern, ignoresCase: ignoresCase, captures: true))
        } catch {
            throw ArgumentMistake("at byte \(error.offset) of <regex>: \(error.text)", at: 0)
        }
        arguments[2] = .integer(isGlobal ? 1 : 0)
        return nil
    }

    static let replace: Converter.Function = { sample, arguments, scratch, environment in
        arguments.withObject(0, as: RegularExpression.self) { expression in
            scratch.convertCut(&sample, to: .string) { input, output in
                let isGlobal = arguments.integer(2) != 0
                var start = 0
                while start <= input.count, !output.hasOverflowed,
                    environment.expressions.matches(expression, input, from: start),
                    let found = environment.expressions.group(0)
                {
                    output.append(input.extracting(start..<found.lowerBound))
                    environment.expressions.expand(arguments.bytes(1), of: input, into: &output)
                    let hasMoved = found.upperBound > start
                    start = found.upperBound
                    if !isGlobal || (!hasMoved && start == input.count) { break }
                    if !hasMoved {
                        output.append(input[start])
                        start += 1
                    }
                }
                output.append(input.extracting(min(start, input.count)..<input.count))
            }
            return true
        }
    }

    // MARK: language

    static let language: Converter.Function = { sample, arguments, scratch, _ in
        let best = preferred(scratch.bytes(of: sample), among: arguments.bytes(0))
        let text =
            best.map { scratch.copy(arguments.bytes(0).extracting($0)) }
            ?? (arguments.has(1) ? scratch.copy(arguments.bytes(1)) : nil)
        guard let text else { return false }
        sample.become(text)
        return true
    }

    /// Where in `offers` (`es;fr;en`) the language stands that `header` gives the most weight; the
    /// first of several.
    private static func preferred(
        _ header: Span<UInt8>, among offers: Span<UInt8>
    ) -> Range<Int>? {
        var best: Range<Int>?
        var bestWeight = 0
        var start = 0
        while start < header.count {
            var end = start
            while end < header.count && header[end] != 0x2C { end += 1 }
            let (name, weight) = read(header, start..<end)
            if weight > bestWeight, let found = offer(header.extracting(name), offers) {
                best = found
                bestWeight = weight
            }
            start = end + 1
        }
        return best
    }

    /// The name of one entry and its weight in thousandths.
    private static func read(
        _ header: Span<UInt8>, _ entry: Range<Int>
    ) -> (name: Range<Int>, weight: Int) {
        var index = entry.lowerBound
        func skipBlanks() {
            while index < entry.upperBound, header[index] == 0x20 || header[index] == 0x09 {
                index += 1
            }
        }
        skipBlanks()
        let start = index
        while index < entry.upperBound, isLetterOrDigit(header[index]) || header[index] == 0x2D {
            index += 1
        }
        let name = start..<index
        skipBlanks()
        guard index < entry.upperBound else { return (name, 1000) }
        guard header[index] == 0x3B else { return (name, 0) }
        index += 1
        skipBlanks()
        guard index + 2 < entry.upperBound, header[index] == 0x71, header[index + 1] == 0x3D,
            header[index + 2] == 0x30 || header[index + 2] == 0x31
        else { return (name, 0) }
        var weight = Int(header[index + 2] - 0x30) * 1000
        index += 3
        if index < entry.upperBound && header[index] == 0x2E {
            index += 1
            var place = 100
            while index < entry.upperBound, header[index] >= 0x30, header[index] <= 0x39 {
                weight += Int(header[index] - 0x30) * place
                place /= 10
                index += 1
            }
        }
        return (name, weight)
    }

    /// Where a language stands among the offers, with its variant or, failing that, without.
    private static func offer(_ name: Span<UInt8>, _ offers: Span<UInt8>) -> Range<Int>? {
        if name.isEmpty { return nil }
        if let exact = position(of: name, in: offers) { return exact }
        for index in 0..<name.count where name[index] == 0x2D {
            return position(of: name.extracting(0..<index), in: offers)
        }
        return nil
    }

    private static func position(of name: Span<UInt8>, in offers: Span<UInt8>) -> Range<Int>? {
        var start = 0
        while start < offers.count {
            var end = start
            while end < offers.count && offers[end] != 0x3B { end += 1 }
            if end - start == name.count, begins(offers.extracting(start..<end), with: name) {
                return start..<end
            }
            start = end + 1
        }
        return nil
    }
}
