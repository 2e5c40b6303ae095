// Samples of a request beside its target and its fields: method, version, identifier
// (configuration manual: fetching HTTP samples).

import HTTP
import Proxy
import Samples

extension FetchFamily {
    /// What a request is.
    static let httpRequest = FetchFamily(
        "HTTP requests", areSteady: true,
        [
            Fetch(
                "method", .method, needs: .requestFacts, comparedBy: .method,
                "Is the request's method.", Request.method),
            version, version.alias("req_ver"),
            Fetch(
                "http_first_req", .boolean, needs: .requestFacts,
                "Is whether the request is the first of its connection."
            ) { subject, _, _, _ in subject.isFirstRequest.map { .boolean($0) } },
            Fetch(
                "unique-id", .string, needs: .running,
                "Is the stream's identifier as of 'unique-id-format'."
            ) { subject, _, _, scratch in subject.uniqueID(&scratch) },
        ])

    private static let version = Fetch(
        "req.ver", .string, needs: .requestHead, comparedBy: .str,
        "Is the version of the request, such as 1.1."
    ) { subject, _, state, scratch in
        guard subject.hasRequestHead(&state) else { return nil }
        return subject.head.version(&scratch)
    }
}

extension MessageHead {
    /// The version of HTTP/1 as text.
    func version(_ scratch: inout SampleScratch) -> Sample? {
        scratch.make(as: .string) { $0.append(minorVersion == 0 ? "1.0" : "1.1") }
    }
}

/// Functions of the rows above.
private enum Request {
    static let method: Fetch.Function = { subject, _, state, scratch in
        if subject.hasRequestHead {
            // Rules after `set-method` go on with what the client has sent, but for a method that
            // has no number, of which there is but the text.
            let sent = subject.head.method
            return sent == .unlisted
                ? scratch.copy(subject.methodText, as: .method)
                : scratch.make(as: .method) { $0.append(sent.name) }
        }
        if subject.keptMethod != .unlisted {
            return scratch.make(as: .method) { $0.append(subject.keptMethod.name) }
        }
        return subject.hasRequestHead(&state)
            ? scratch.copy(subject.methodText, as: .method) : nil
    }
}
