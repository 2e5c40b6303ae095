// Converters that act on or ask the stream they run in. What needs proxies, servers or stick tables
// has its rows where those are.

import ConfigLanguage

extension ConverterFamily {
    static let stream = ConverterFamily(
        "stream",
        [
            Converter(
                "set-var", .any, to: .same,
                takes: [.variable("var"), .condition, .condition, .condition, .condition],
                "Sets a variable to the value under conditions; gives nothing where it is not set.",
                prepare: Stream.prepareConditions, Stream.setVariable),
            Converter(
                "unset-var", .any, to: .same, takes: [.variable("var")],
                "Forgets a variable and passes the value on.", Stream.unsetVariable),
            Converter(
                "capture-req", .string, to: .string, takes: [.integer("id")],
                "Captures the text into a slot of the request; gives nothing if there is none.",
                prepare: Stream.prepareSlot, Stream.captureRequest),
            Converter(
                "capture-res", .string, to: .string, takes: [.integer("id")],
                "Captures the text into a slot of the response; gives nothing if there is none.",
                prepare: Stream.prepareSlot, Stream.captureResponse),
            Converter(
                "debug", .any, to: .same,
                takes: [.text("prefix").optional, .text("destination").optional],
                "Reports the value to an event sink and passes it on.",
                prepare: Stream.prepareSink, Stream.report),
            Converter(
                "when", .any, to: .same, takes: [.text("condition"), .text("args").optional],
                "Passes the value on where a condition of the stream holds.",
                prepare: Stream.prepareFact, Stream.passWhen),
            Converter(
                "51d.single", .string, to: .string, "Asks 51Degrees about a device.",
                .refused("51Degrees is not part of this program")),
            Converter(
                "da-csv-conv", .string, to: .string, "Asks DeviceAtlas about a device.",
                .refused("DeviceAtlas is not part of this program")),
        ])
}

private enum Stream {
    // MARK: Variables

    /// Puts all conditions into one argument.
    static let prepareConditions: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        var all: VariableCondition = []
        for case .integer(let bits)? in arguments.dropFirst() {
            all.formUnion(VariableCondition(rawValue: UInt8(truncatingIfNeeded: bits)))
        }
        arguments = [arguments[0], .integer(Int64(all.rawValue))]
        return nil
    }

    static let setVariable: Converter.Function = { sample, arguments, scratch, environment in
        let condition = VariableCondition(
            rawValue: UInt8(truncatingIfNeeded: arguments.integer(1)))
        return environment.set(arguments.variable(0), to: sample, in: scratch, if: condition)
    }

    static let unsetVariable: Converter.Function = { _, arguments, _, environment in
        environment.unset(arguments.variable(0))
        return true
    }

    // MARK: Captures

    static let prepareSlot: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        // Differs: HAProxy takes numbers below 0, which no slot can have.
        if case .integer(let slot)? = arguments[0], slot < 0 {
            throw ArgumentMistake("<id> counts from 0", at: 0)
        }
        return nil
    }

    static let captureRequest: Converter.Function = { sample, arguments, scratch, environment in
        environment.capture(
            request: true, slot: Int(arguments.integer(0)), sample, scratch)
    }

    static let captureResponse: Converter.Function = { sample, arguments, scratch, environment in
        environment.capture(
            request: false, slot: Int(arguments.integer(0)), sample, scratch)
    }

    // MARK: Event sinks

    static let prepareSink: Converter.Preparation = {
        (arguments, loading) throws(ArgumentMistake) -> SampleType? in
        guard let sinks = loading.sinks else {
            throw ArgumentMistake("event sinks cannot be used here", at: 1)
        }
        var name = "buf0"
        if case .bytes(let text)? = arguments[1] { name = shown(text) }
        guard let sink = sinks(name) else {
            throw ArgumentMistake("there is no event sink '\(name)'", at: 1)
        }
        arguments[1] = .integer(Int64(sink))
        return nil
    }

    /// Writes `[debug] prefix: type=str <value>`; a value that cannot be text is named as such.
    static let report: Converter.Function = { sample, arguments, scratch, environment in
        let mark = scratch.mark
        var value = sample
        let isText = scratch.cast(&value, to: .string)
        let type = sample.type
        let line = scratch.makeFrom(as: .string) { scratch, output in
            output.append("[debug] ")
            output.append(arguments.bytes(0))
            output.append(": type=")
            output.append(type.shortName)
            output.append(isText ? " <" : " (undisplayable)")
            if !isText { return }
            let text = scratch.bytes(of: value)
            for index in 0..<text.count {
                let isPrintable = text[index] >= 0x20 && text[index] < 0x7F
                output.append(isPrintable ? text[index] : 0x2E)
            }
            output.append(0x3E)
        }
        if let line {
            environment.report(line, to: Int(arguments.integer(1)), in: scratch)
        }
        scratch.rewind(to: mark)
        return true
    }

    // MARK: Conditions of the stream

    /// What `when` asks for an access list.
    private static let accessList = "acl"
    private static let listCode: Int64 = -1

    /// Leaves three arguments: the fact's number or -1, whether it is negated, the list's number.
    static let prepareFact: Converter.Preparation = {
        (arguments, loading) throws(ArgumentMistake) -> SampleType? in
        guard case .bytes(let text)? = arguments[0] else { return nil }
        let isNegated = text.first == 0x21
        let name = shown(isNegated ? Array(text.dropFirst()) : text)
        var list: Int64 = 0
        var code = listCode
        if name == accessList {
            list = try find(arguments[1], loading)
        } else {
            guard let fact = StreamFact(name: name) else {
                throw ArgumentMistake(
                    "'\(name)' is no condition of a stream", at: 0,
                    suggestion: Spelling.nearest(to: name, among: StreamFact.names + [accessList]))
            }
            if arguments[1] != nil {
                throw ArgumentMistake("the condition '\(name)' takes no arguments", at: 1)
            }
            code = Int64(fact.rawValue)
        }
        arguments = [.integer(code), .integer(isNegated ? 1 : 0), .integer(list)]
        return nil
    }

    private static func find(
        _ argument: ConverterConstant?, _ loading: ExpressionLoading
    ) throws(ArgumentMistake) -> Int64 {
        guard case .bytes(let text)? = argument, !text.isEmpty else {
            throw ArgumentMistake("the name of an ACL is missing behind 'acl'", at: 1)
        }
        guard let lists = loading.accessLists else {
            throw ArgumentMistake("ACLs cannot be used here", at: 1)
        }
        guard let list = lists(shown(text)) else {
            throw ArgumentMistake("no ACL is named '\(shown(text))'", at: 1)
        }
        return Int64(list)
    }

    static let passWhen: Converter.Function = { _, arguments, scratch, environment in
        let holds: Bool
        if let fact = StreamFact(rawValue: UInt8(truncatingIfNeeded: arguments.integer(0))) {
            holds = environment.holds(fact)
        } else {
            let mark = scratch.mark
            holds = environment.matches(accessList: Int(arguments.integer(2)), &scratch)
            scratch.rewind(to: mark)
        }
        return holds != (arguments.integer(1) != 0)
    }
}
