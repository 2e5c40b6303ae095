// Samples of HTTP requests (configuration manual: fetching HTTP samples).

import HTTP
import Proxy
import Samples

extension FetchFamily {
    /// What a request's head says.
    static let httpRequest = FetchFamily(
        "HTTP requests",
        [
            Fetch(
                "method", .method, needs: .requestFacts, comparedBy: .method,
                "Is the request's method."
            ) { subject, _, _, scratch in
                subject.hasRequestHead ? scratch.copy(subject.methodText, as: .method) : nil
            },
            Fetch(
                "path", .string, needs: .requestHead, hasDerivatives: true,
                "Is the path of the request, from the first slash up to a question mark.",
                Request.path),
            Fetch(
                "url", .string, needs: .requestHead, hasDerivatives: true,
                "Is the request's target as it was sent."
            ) { subject, _, _, scratch in
                subject.hasRequestHead ? scratch.copy(subject.target) : nil
            },
            header, header.alias("hdr"),
        ])

    private static let header = Fetch(
        "req.hdr", .string, takes: [.text("name").optional, .integer("occ").optional],
        needs: .requestHead, hasDerivatives: true,
        "Is a value of a field that is a list, by its number from the start or, below 0, the end.",
        prepare: FieldArguments.prepare, Request.header)
}

/// How the fields of a head are named in arguments.
enum FieldArguments {
    /// Makes the name small and puts its number behind the arguments, at index 2.
    static let prepare: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        guard case .bytes(let name)? = arguments.first ?? nil else { return nil }
        let small = name.map(\.asciiSmall)
        arguments[0] = .bytes(small)
        while arguments.count < 2 { arguments.append(nil) }
        arguments.append(.integer(Int64(KnownField.named(small.span).rawValue)))
        return nil
    }

    /// The number of the name.
    static func known(_ arguments: ConverterArguments) -> KnownField {
        KnownField(rawValue: UInt8(truncatingIfNeeded: arguments.integer(2, or: 0))) ?? .unlisted
    }
}

/// Functions of the rows above.
private enum Request {
    static let path: Fetch.Function = { subject, _, _, scratch in
        guard subject.hasRequestHead else { return nil }
        let whole = subject.pathAndQuery
        let end = whole.firstIndex(of: 0x3F) ?? whole.count
        return end == 0 ? nil : scratch.copy(whole.extracting(0..<end))
    }

    static let header: Fetch.Function = { subject, arguments, state, scratch in
        guard subject.hasRequestHead else { return nil }
        let name = arguments.bytes(0)
        guard let index = subject.nextField(name, FieldArguments.known(arguments), from: 0) else {
            return nil
        }
        return scratch.copy(subject.value(of: subject.field(index)))
    }
}
