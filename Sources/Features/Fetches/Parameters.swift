// Samples of parameters in query strings and in bodies that are written like them (configuration
// manual: url_param, urlp, urlp_val, req.body_param). Access lists are given every parameter of a
// name, one by one; everybody else gets the first one.

import HTTP
import Proxy
import Samples

extension FetchFamily {
    /// Parameters by name.
    static let parameters = FetchFamily(
        "parameters", areSteady: true,
        [
            ofURL.alias("urlp", hasDerivatives: true), ofURL,
            Fetch(
                "urlp_val", .integer, takes: ParameterArguments.ofURL, needs: .requestHead,
                "Is the number that a parameter of the query begins with.",
                prepare: ParameterArguments.prepareURL
            ) { subject, arguments, state, scratch in
                Parameter.ofURL(subject, arguments, &state, &scratch)?.leadingNumber(in: scratch)
            },
            Fetch(
                "req.body_param", .string, takes: ParameterArguments.ofBody,
                needs: [.requestHead, .requestBody],
                "Is a parameter of a body in the form of a query, as it stands there.",
                prepare: ParameterArguments.prepareBody, Parameter.ofBody),
        ])

    private static let ofURL = Fetch(
        "url_param", .string, takes: ParameterArguments.ofURL, needs: .requestHead,
        comparedBy: .str, "Is a parameter of the query, as it stands there.",
        prepare: ParameterArguments.prepareURL, Parameter.ofURL)
}

/// How parameters are named in arguments.
private enum ParameterArguments {
    static let ofURL: [ConverterArgumentShape] = [
        .text("name").optional, .emptiableText("delim").optional, .text("i").optional,
    ]
    static let ofBody: [ConverterArgumentShape] = [.text("name").optional, .text("i").optional]

    static let prepareURL: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        try checkCase(arguments[2], at: 2)
        // Between commas it is left out; at the end it is a delimiter that stands nowhere.
        if case .bytes([])? = arguments[1], arguments[2] != nil { arguments[1] = nil }
        return nil
    }

    static let prepareBody: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        try checkCase(arguments[1], at: 1)
        return nil
    }

    private static func checkCase(
        _ argument: ConverterConstant?, at index: Int
    ) throws(ArgumentMistake) {
        guard case .bytes(let text)? = argument, text != [0x69] else { return }
        throw ArgumentMistake(expected: "'i', which lets the name be in any case", at: index)
    }
}

/// Functions of the rows above.
private enum Parameter {
    static let ofURL: Fetch.Function = { subject, arguments, state, scratch in
        guard subject.hasRequestHead(&state) else { return nil }
        let target = subject.target
        if arguments.has(1) && arguments.bytes(1).isEmpty { return nil }
        let delimiter = arguments.firstByte(1) ?? 0x3F
        if state.count == 0 {
            guard let start = QueryParameters.start(of: target, delimiter: delimiter) else {
                return nil
            }
            state.position = start
        }
        let found = next(
            arguments, in: target, delimiter, ignoringCase: arguments.has(2), &state)
        guard let found, var sample = scratch.copy(target.extracting(found)) else { return nil }
        if state.isIterating && found.upperBound < target.count { sample.flags.insert(.hasMore) }
        return sample
    }

    static let ofBody: Fetch.Function = { subject, arguments, state, scratch in
        guard subject.hasRequestHead(&state) else { return nil }
        let ignoresCase = arguments.has(1)
        if subject.isBodyChunked { return ofChunks(subject, arguments, &state, &scratch) }
        let body = subject.bodyBytes
        guard let found = next(arguments, in: body, 0x26, ignoringCase: ignoresCase, &state),
            var sample = scratch.copy(body.extracting(found))
        else { return nil }
        if state.isIterating && found.upperBound < body.count { sample.flags.insert(.hasMore) }
        return sample
    }

    /// The body is put together once for all calls.
    private static func ofChunks(
        _ subject: Subject, _ arguments: ConverterArguments, _ state: inout FetchState,
        _ scratch: inout SampleScratch
    ) -> Sample? {
        if state.kept == nil {
            state.kept = scratch.make(as: .string) { subject.appendBody(to: &$0) }
        }
        guard let body = state.kept else { return nil }
        let found = next(
            arguments, in: scratch.bytes(of: body), 0x26, ignoringCase: arguments.has(1), &state)
        guard let found else { return nil }
        var sample = body.part(found.lowerBound, found.count)
        if state.isIterating && found.upperBound < body.byteCount {
            sample.flags.insert(.hasMore)
        }
        return sample
    }

    private static func next(
        _ arguments: ConverterArguments, in list: Span<UInt8>, _ delimiter: UInt8,
        ignoringCase: Bool, _ state: inout FetchState
    ) -> Range<Int>? {
        let found = QueryParameters.next(
            named: arguments.bytes(0), in: list, from: state.position, delimiter: delimiter,
            ignoringCase: ignoringCase)
        state.count &+= 1
        state.position = found?.upperBound ?? list.count
        return found
    }
}
