// Samples of other protocols that pass through a relay: HTTP, Remote Desktop, distcc (configuration
// manual: req.proto_http, req.rdp_cookie, distcc_param).

import Inspection
import Proxy
import Samples

extension FetchFamily {
    /// Protocols by their first bytes.
    static let protocols = FetchFamily(
        "protocols",
        [
            Fetch(
                "distcc_body", .binary, takes: [.text("token"), .integer("occ").optional],
                needs: [.requestBuffer, .responseBuffer],
                "Is the body of a distcc token.", prepare: Distributed.prepare
            ) { subject, arguments, state, scratch in
                guard let bytes = subject.contents(request: subject.isRequest),
                    let body = Distcc.body(
                        UInt32(truncatingIfNeeded: arguments.integer(0)),
                        occurrence: Int(clamping: arguments.integer(1, or: 1)), in: bytes
                    ).value(&state)
                else { return nil }
                return scratch.copy(bytes.extracting(body), as: .binary)
            },
            Fetch(
                "distcc_param", .integer, takes: [.text("token"), .integer("occ").optional],
                needs: [.requestBuffer, .responseBuffer],
                "Is the parameter of a distcc token.", prepare: Distributed.prepare
            ) { subject, arguments, state, _ in
                guard let bytes = subject.contents(request: subject.isRequest) else { return nil }
                return .count(
                    Distcc.parameter(
                        UInt32(truncatingIfNeeded: arguments.integer(0)),
                        occurrence: Int(clamping: arguments.integer(1, or: 1)), in: bytes
                    ).value(&state))
            },
            cookie, cookie.alias("rdp_cookie"), cookieCount, cookieCount.alias("rdp_cookie_cnt"),
            isHTTP, isHTTP.alias("req_proto_http"),
        ])

    private static let isHTTP = Fetch(
        "req.proto_http", .boolean, needs: .stream,
        "Is true where the client's bytes are an HTTP request."
    ) { subject, _, state, _ in
        guard subject.hasStream else { return nil }
        if subject.isHTTP || subject.hasRequestHead(&state) { return .boolean(true) }
        // The words with which HTTP/2 begins look like a request, and are none.
        if let bytes = subject.contents(request: true), bytes.count >= Preface.bytes.count,
            bytes.extracting(0..<Preface.bytes.count).isEqual(to: Preface.bytes.span)
        {
            return .boolean(true)
        }
        return nil
    }

    private static let cookie = Fetch(
        "req.rdp_cookie", .string, takes: [.text("name").optional], needs: .requestBuffer,
        "Is the cookie of a Remote Desktop client, or the one of that name."
    ) { subject, arguments, state, scratch in
        guard let bytes = subject.contents(request: true),
            let value = RemoteDesktop.cookie(named: arguments.bytes(0), in: bytes).value(&state)
        else { return nil }
        return scratch.copy(bytes.extracting(value))
    }

    private static let cookieCount = Fetch(
        "req.rdp_cookie_cnt", .integer, takes: [.text("name").optional], needs: .requestBuffer,
        "Is how many cookies a Remote Desktop client has sent, or of that name: 0 or 1."
    ) { subject, arguments, state, _ in
        guard subject.hasStream else { return nil }
        guard let bytes = subject.contents(request: true) else { return .integer(0) }
        switch RemoteDesktop.cookie(named: arguments.bytes(0), in: bytes) {
        case .value: return .integer(1)
        case .other: return .integer(0)
        case .needsMore:
            state.isIncomplete = true
            return nil
        }
    }
}

private enum Preface {
    /// `PRI * HTTP/2.0`, two line ends, `SM`, two line ends (RFC 9113 §3.4).
    static let bytes: InlineArray<24, UInt8> = [
        0x50, 0x52, 0x49, 0x20, 0x2A, 0x20, 0x48, 0x54, 0x54, 0x50, 0x2F, 0x32, 0x2E, 0x30, 0x0D,
        0x0A, 0x0D, 0x0A, 0x53, 0x4D, 0x0D, 0x0A, 0x0D, 0x0A,
    ]
}

private enum Distributed {
    /// Replaces a token's name by its number.
    static let prepare: Converter.Preparation = {
        (arguments, _) throws(ArgumentMistake) -> SampleType? in
        guard case .bytes(let name)? = arguments[0], let token = Distcc.token(name.span) else {
            throw ArgumentMistake(expected: "a token of exactly four characters", at: 0)
        }
        arguments[0] = .integer(Int64(token))
        return nil
    }
}
