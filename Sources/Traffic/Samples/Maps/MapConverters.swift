// The converters that look a sample up in a map (configuration manual: map). Each method comes with
// each type of values; `map_regm` puts groups of the match into the value.

import Addresses

extension ConverterFamily {
    static let maps = ConverterFamily("maps", mapRows())

    private static func mapRows() -> [Converter] {
        var rows: [Converter] = [row("map", .str, .string)]
        let methods: [MatchMethod] = [.str, .beg, .sub, .dir, .dom, .end, .reg, .int, .ip]
        for method in methods {
            let name = "map_" + (method.name ?? "")
            rows.append(row(name, method, .string))
            for values: MapValueType in [.integer, .address, .key] {
                rows.append(row(name + "_" + values.suffix, method, values))
            }
        }
        rows.append(row("map_regm", .reg, .string, replaces: true))
        return rows
    }

    private static func row(
        _ name: String, _ method: MatchMethod, _ values: MapValueType, replaces: Bool = false
    ) -> Converter {
        var shapes: [ConverterArgumentShape] = [.text("map_name")]
        if values != .key { shapes.append(.text("default_value").optional) }
        return Converter(
            name, method.input, to: output(values), takes: shapes,
            sentence(method, values, replaces),
            prepare: { (arguments, loading) throws(ArgumentMistake) in
                try prepare(&arguments, loading, name, method, values, replaces)
            }, replaces ? Maps.replace : Maps.function(values))
    }

    private static func output(_ values: MapValueType) -> SampleType {
        switch values {
        case .none, .string, .key: .string
        case .integer: .integer
        case .address: .address
        }
    }

    private static func sentence(
        _ method: MatchMethod, _ values: MapValueType, _ replaces: Bool
    ) -> String {
        let how =
            switch method {
            case .beg: "the longest key that the input begins with"
            case .sub: "the first key that is in the input"
            case .dir: "the first key that is a part of the input between slashes"
            case .dom: "the first key that is a part of the input between dots"
            case .end: "the first key that the input ends with"
            case .reg: "the first expression that the input matches"
            case .int: "the first range that the input is in"
            case .ip: "the longest network that the input is in"
            default: "the key that is equal to the input"
            }
        let what =
            switch values {
            case .none, .string: "the text of"
            case .integer: "the number of"
            case .address: "the address of"
            case .key: "the key itself, found as"
            }
        return "Gives \(what) \(how)\(replaces ? ", with \\1 to \\9 replaced by its groups" : "")."
    }

    private static func prepare(
        _ arguments: inout [ConverterConstant?], _ loading: ExpressionLoading, _ name: String,
        _ method: MatchMethod, _ values: MapValueType, _ replaces: Bool
    ) throws(ArgumentMistake) -> SampleType? {
        guard case .bytes(let path)? = arguments[0], !path.isEmpty else {
            throw ArgumentMistake(expected: "the name of a map", at: 0)
        }
        guard let store = loading.patterns else {
            throw ArgumentMistake("maps cannot be used here", at: 0)
        }
        do throws(PatternStoreMistake) {
            let view = try store.map(
                shown(path), method, values: values, captures: replaces, use: name)
            arguments[0] = .object(view)
        } catch {
            throw ArgumentMistake(error.text, at: 0)
        }
        guard arguments.count > 1, case .bytes(let text)? = arguments[1] else { return nil }
        switch values.read(text, key: []) {
        case .integer(let number)?: arguments[1] = .integer(number)
        case .address(let address)?: arguments[1] = .address(address)
        case nil: throw ArgumentMistake(expected: values.expectation, at: 1)
        default: break
        }
        return nil
    }
}

private enum Maps {
    static func function(_ values: MapValueType) -> Converter.Function {
        switch values {
        case .none, .string, .key: text
        case .integer: number
        case .address: address
        }
    }

    private static func find(
        _ sample: Sample, _ view: PatternView, _ index: borrowing PatternIndex,
        _ scratch: borrowing SampleScratch, _ environment: ConverterEnvironment
    ) -> UInt32? {
        switch view.method {
        case .int: index.find(sample.integer)
        case .ip: index.find(sample.address)
        default: index.find(scratch.bytes(of: sample), &environment.expressions)
        }
    }

    static let text: Converter.Function = { sample, arguments, scratch, environment in
        let found = arguments.withObject(0, as: PatternView.self) { view in
            view.table.read { index -> Sample? in
                guard let number = find(sample, view, index, scratch, environment) else {
                    return nil
                }
                return scratch.copy(index.text(of: number))
            }
        }
        return finish(&sample, found ?? fallback(arguments, &scratch))
    }

    static let number: Converter.Function = { sample, arguments, scratch, environment in
        let found = arguments.withObject(0, as: PatternView.self) { view in
            view.table.read { index -> Sample? in
                find(sample, view, index, scratch, environment)
                    .map { .integer(index.number(of: $0)) }
            }
        }
        let fallback = arguments.has(1) ? Sample.integer(arguments.integer(1)) : nil
        return finish(&sample, found ?? fallback)
    }

    static let address: Converter.Function = { sample, arguments, scratch, environment in
        let found = arguments.withObject(0, as: PatternView.self) { view in
            view.table.read { index -> Sample? in
                find(sample, view, index, scratch, environment)
                    .map { .address(index.address(of: $0)) }
            }
        }
        let fallback = arguments.has(1) ? Sample.address(arguments.address(1)) : nil
        return finish(&sample, found ?? fallback)
    }

    /// The value with the groups of the match in it; the value's bytes are written behind the
    /// input.
    static let replace: Converter.Function = { sample, arguments, scratch, environment in
        var input = sample
        let found = arguments.withObject(0, as: PatternView.self) { view in
            view.table.read { index -> Sample? in
                guard let number = find(input, view, index, scratch, environment) else {
                    return nil
                }
                let isMade = scratch.convert(&input, to: .string) { text, output in
                    environment.expressions.expand(
                        index.text(of: number), of: text, into: &output)
                    return true
                }
                return isMade ? input : nil
            }
        }
        return finish(&sample, found ?? fallback(arguments, &scratch))
    }

    private static func fallback(
        _ arguments: ConverterArguments, _ scratch: inout SampleScratch
    ) -> Sample? {
        arguments.has(1) ? scratch.copy(arguments.bytes(1)) : nil
    }

    private static func finish(_ sample: inout Sample, _ found: Sample?) -> Bool {
        guard let found else { return false }
        sample.become(found)
        return true
    }
}
