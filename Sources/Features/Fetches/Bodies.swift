// Samples of bodies, as far as they lie in the buffer behind the head (configuration manual:
// req.body, req.body_len, req.body_size, res.body and their kin).

import HTTP
import Proxy
import Samples

extension FetchFamily {
    /// Bodies and their lengths.
    static let bodies = FetchFamily(
        "bodies",
        [
            Fetch(
                "req.body", .binary, needs: [.requestHead, .requestBody],
                "Is the request's body as far as it has come."
            ) { Body.bytes(.request, $0, &$2, &$3) },
            Fetch(
                "req.body_len", .integer, needs: [.requestHead, .requestBody],
                "Is how many bytes of the request's body have come."
            ) { subject, _, state, _ in Body.length(.request, subject, &state) },
            Fetch(
                "req.body_size", .integer, needs: [.requestHead, .requestBody],
                "Is how many bytes the request's body has as far as is known."
            ) { subject, _, state, _ in Body.size(.request, subject, &state) },
            Fetch(
                "res.body", .binary, needs: [.responseHead, .responseBody],
                "Is the response's body as far as it has come."
            ) { Body.bytes(.response, $0, &$2, &$3) },
            Fetch(
                "res.body_len", .integer, needs: [.responseHead, .responseBody],
                "Is how many bytes of the response's body have come."
            ) { subject, _, state, _ in Body.length(.response, subject, &state) },
            Fetch(
                "res.body_size", .integer, needs: [.responseHead, .responseBody],
                "Is how many bytes the response's body has as far as is known."
            ) { subject, _, state, _ in Body.size(.response, subject, &state) },
        ])
}

/// Functions of the rows above.
private enum Body {
    static func bytes(
        _ side: HeadSide, _ subject: Subject, _ state: inout FetchState,
        _ scratch: inout SampleScratch
    ) -> Sample? {
        guard side.isThere(subject, &state) else { return nil }
        var sample = scratch.make(as: .binary) { subject.appendBody(to: &$0) }
        // Rules that look at contents wait for the rest, as long as it may come.
        if subject.mayGrow(request: side == .request) && !subject.isBodyWhole {
            sample?.flags.insert(.mayChange)
        }
        return sample
    }

    static func length(
        _ side: HeadSide, _ subject: Subject, _ state: inout FetchState
    ) -> Sample? {
        guard side.isThere(subject, &state) else { return nil }
        return .integer(Int64(subject.bodyByteCount))
    }

    static func size(
        _ side: HeadSide, _ subject: Subject, _ state: inout FetchState
    ) -> Sample? {
        guard side.isThere(subject, &state) else { return nil }
        return .integer(Int64(clamping: subject.announcedBodyBytes))
    }
}
