// Samples of what a request asks for: target, path, query, and the host in front of them
// (configuration manual: base, path, pathq, query, url and their kin).

import Addresses
import HTTP
import Proxy
import Samples

extension FetchFamily {
    /// The request's target and its parts.
    static let targets = FetchFamily(
        "request targets", areSteady: true,
        [
            Fetch(
                "base", .string, needs: .requestHead, comparedBy: .str, hasDerivatives: true,
                "Is the Host field and the path, one behind the other.", TargetPart.base),
            Fetch(
                "base32", .integer, needs: .requestHead, "Is a hash of Host field and path."
            ) { subject, _, state, _ in
                TargetPart.hash(subject, withQuery: false, &state).map { .integer(Int64($0)) }
            },
            Fetch(
                "base32+src", .binary, needs: [.requestHead, .client],
                "Is a hash of Host field and path, and the client's address."
            ) { subject, _, state, scratch in
                TargetPart.hashWithSource(subject, withQuery: false, &state, &scratch)
            },
            Fetch(
                "baseq", .string, needs: .requestHead,
                "Is the Host field and the path with its query, one behind the other.",
                TargetPart.baseWithQuery),
            Fetch(
                "path", .string, needs: .requestHead, comparedBy: .str, hasDerivatives: true,
                "Is the path, from the first slash up to a question mark.", TargetPart.path),
            Fetch(
                "pathq", .string, needs: .requestHead,
                "Is the path with its query, from the first slash on.", TargetPart.pathWithQuery),
            Fetch(
                "query", .string, takes: [.text("options").optional], needs: .requestHead,
                "Is the query, behind the question mark or, with 'with_qm', from it on.",
                prepare: TargetPart.prepareQuery, TargetPart.query),
            Fetch(
                "url", .string, needs: .requestHead, comparedBy: .str, hasDerivatives: true,
                "Is the request's target as it came."
            ) { subject, _, state, scratch in
                subject.hasRequestHead(&state) ? scratch.copy(subject.target) : nil
            },
            Fetch(
                "url32", .integer, needs: .requestHead,
                "Is a hash of the Host field and the path with its query."
            ) { subject, _, state, _ in
                TargetPart.hash(subject, withQuery: true, &state).map { .integer(Int64($0)) }
            },
            Fetch(
                "url32+src", .binary, needs: [.requestHead, .client],
                "Is a hash of Host field, path and query, and the client's address."
            ) { subject, _, state, scratch in
                TargetPart.hashWithSource(subject, withQuery: true, &state, &scratch)
            },
            Fetch(
                "url_ip", .ipv4, needs: .requestHead, comparedBy: .ip,
                "Is the IPv4 address that the target names in place of a host."
            ) { subject, _, state, _ in
                TargetPart.address(subject, &state).map { .address(IPAddress(v4: $0.address)) }
            },
            Fetch(
                "url_port", .integer, needs: .requestHead,
                "Is the port behind the IPv4 address that the target names, or that of its scheme."
            ) { subject, _, state, _ in
                TargetPart.address(subject, &state).map { .integer(Int64($0.port)) }
            },
        ])
}

/// Functions of the rows above.
private enum TargetPart {
    /// The path of a request and perhaps its query; empty where the target has no path, as `*`.
    @_lifetime(borrow subject)
    private static func path(_ subject: borrowing Subject, withQuery: Bool) -> Span<UInt8> {
        let whole = subject.pathAndQuery
        guard !whole.isEmpty, whole[0] == 0x2F else { return Span() }
        let end = withQuery ? whole.count : whole.firstIndex(of: 0x3F) ?? whole.count
        // Safety: a part of what is tied to the subject.
        return unsafe _overrideLifetime(whole.extracting(0..<end), borrowing: subject)
    }

    static let path: Fetch.Function = { subject, _, state, scratch in
        guard subject.hasRequestHead(&state) else { return nil }
        let path = path(subject, withQuery: false)
        return path.isEmpty ? nil : scratch.copy(path)
    }

    static let pathWithQuery: Fetch.Function = { subject, _, state, scratch in
        guard subject.hasRequestHead(&state) else { return nil }
        let path = path(subject, withQuery: true)
        return path.isEmpty ? nil : scratch.copy(path)
    }

    static let prepareQuery: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        guard case .bytes(let option)? = arguments[0] else { return nil }
        guard option == Array("with_qm".utf8) else {
            throw ArgumentMistake(expected: "'with_qm'", at: 0)
        }
        return nil
    }

    static let query: Fetch.Function = { subject, arguments, state, scratch in
        guard subject.hasRequestHead(&state) else { return nil }
        let target = subject.target
        guard let start = QueryParameters.start(of: target) else { return nil }
        // The mark alone is no query.
        let withMark = arguments.has(0) && start < target.count
        return scratch.copy(target.extracting((withMark ? start &- 1 : start)..<target.count))
    }

    static let base: Fetch.Function = { subject, arguments, state, scratch in
        guard subject.hasRequestHead(&state) else { return nil }
        return join(subject, path(subject, withQuery: false), &scratch)
    }

    static let baseWithQuery: Fetch.Function = { subject, arguments, state, scratch in
        guard subject.hasRequestHead(&state) else { return nil }
        return join(subject, path(subject, withQuery: true), &scratch)
    }

    /// The host and a path; nil where there is neither.
    private static func join(
        _ subject: Subject, _ path: Span<UInt8>, _ scratch: inout SampleScratch
    ) -> Sample? {
        let host = host(subject)
        if host.isEmpty && path.isEmpty { return nil }
        return scratch.make(as: .string) { output in
            output.append(host)
            output.append(path)
        }
    }

    /// The first element of the Host field; empty where there is none.
    @_lifetime(borrow subject)
    private static func host(_ subject: borrowing Subject) -> Span<UInt8> {
        guard let index = subject.nextField(.host) else { return Span() }
        let value = subject.value(of: subject.field(index))
        var position = 0
        guard let range = FieldValues.next(in: value, at: &position) else { return Span() }
        // Safety: a part of what is tied to the subject.
        return unsafe _overrideLifetime(value.extracting(range), borrowing: subject)
    }

    static func hash(
        _ subject: Subject, withQuery: Bool, _ state: inout FetchState
    ) -> UInt32? {
        guard subject.hasRequestHead(&state) else { return nil }
        return PathParts.hash(host: host(subject), path: path(subject, withQuery: withQuery))
    }

    static func hashWithSource(
        _ subject: Subject, withQuery: Bool, _ state: inout FetchState,
        _ scratch: inout SampleScratch
    ) -> Sample? {
        guard let source = subject.clientAddress?.address,
            let hash = hash(subject, withQuery: withQuery, &state)
        else { return nil }
        return scratch.make(as: .binary) { output in
            for place in 0..<4 {
                output.append(UInt8(truncatingIfNeeded: hash &>> UInt32((3 &- place) &* 8)))
            }
            for index in 0..<source.family.bitCount / 8 { output.append(source.byte(at: index)) }
        }
    }

    static func address(_ subject: Subject, _ state: inout FetchState) -> TargetAddress? {
        subject.hasRequestHead(&state) ? TargetAddress(of: subject.target) : nil
    }
}
