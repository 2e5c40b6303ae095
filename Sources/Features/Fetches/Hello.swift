// Samples of TLS hellos that pass through a relay (configuration manual: req.ssl_sni and its kin).

import Inspection
import Proxy
import Samples

extension FetchFamily {
    /// Hellos of clients and servers.
    static let hellos = FetchFamily(
        "TLS hellos",
        [
            offeredProtocols,
            list("req.ssl_cipherlist", "Is the cipher suites of the client's hello.") {
                hello, _ in hello.ciphers
            },
            groupsFlag,
            kind("req.ssl_hello_type", .requestBuffer, isRequest: true),
            kind("req_ssl_hello_type", .requestBuffer, isRequest: true),
            keyShares,
            list("req.ssl_sigalgs", "Is the signature algorithms of the client's hello.") {
                hello, bytes in hello.signatureAlgorithms(in: bytes)
            },
            serverName, serverName.alias("req_ssl_sni"),
            ticket,
            list("req.ssl_supported_groups", "Is the groups of the client's hello.") {
                hello, bytes in hello.supportedGroups(in: bytes)
            },
            version, version.alias("req_ssl_ver"),
            kind("res.ssl_hello_type", .responseBuffer, isRequest: false),
            kind("rep_ssl_hello_type", .responseBuffer, isRequest: false),
        ])

    private static let offeredProtocols = Fetch(
        "req.ssl_alpn", .string, needs: .requestBuffer,
        "Is the protocols of the client's hello, one after the other."
    ) { subject, _, state, scratch in
        guard let bytes = subject.contents(request: true),
            let hello = Hellos.find(bytes, &state),
            var names = hello.protocolNames(in: bytes)
        else { return nil }
        // The state keeps where the names go on.
        names = max(names.lowerBound, state.position)..<names.upperBound
        guard let name = ClientHello.nextProtocol(in: bytes, &names) else { return nil }
        var sample = scratch.copy(bytes.extracting(name))
        state.position = names.lowerBound
        if !names.isEmpty { sample?.flags.insert(.hasMore) }
        return sample
    }

    private static let groupsFlag = Fetch(
        "req.ssl_ec_ext", .boolean, needs: .requestBuffer,
        "Is true where the client's hello names elliptic curves or other groups."
    ) { subject, _, state, _ in
        guard let bytes = subject.contents(request: true),
            let hello = Hellos.find(bytes, &state), hello.extensions?.isEmpty == false
        else { return nil }
        return .boolean(hello.hasSupportedGroups(in: bytes))
    }

    private static let keyShares = Fetch(
        "req.ssl_keyshare_groups", .binary, needs: .requestBuffer,
        "Is the groups of the key shares in the client's hello."
    ) { subject, _, state, scratch in
        guard let bytes = subject.contents(request: true),
            let hello = Hellos.find(bytes, &state), var shares = hello.keyShares(in: bytes)
        else { return nil }
        return scratch.make(as: .binary) { output in
            while let group = ClientHello.nextKeyShareGroup(in: bytes, &shares) {
                output.append(bytes.extracting(group))
            }
        }
    }

    private static let serverName = Fetch(
        "req.ssl_sni", .string, needs: .requestBuffer,
        "Is the name of the server that the client's hello asks for."
    ) { subject, _, state, scratch in
        guard let bytes = subject.contents(request: true),
            let hello = Hellos.find(bytes, &state), let name = hello.serverName(in: bytes)
        else { return nil }
        return scratch.copy(bytes.extracting(name))
    }

    private static let ticket = Fetch(
        "req.ssl_st_ext", .integer, needs: .requestBuffer,
        "Is 1 where the client's hello takes session tickets, 2 where it brings one, else 0."
    ) { subject, _, state, _ in
        guard let bytes = subject.contents(request: true),
            let hello = Hellos.find(bytes, &state)
        else { return nil }
        return .count(hello.sessionTicket(in: bytes))
    }

    private static let version = Fetch(
        "req.ssl_ver", .integer, needs: .requestBuffer, comparedBy: .int, readsVersions: true,
        "Is the version of the client's hello, the major number times 65536 and the minor."
    ) { subject, _, state, _ in
        guard let bytes = subject.contents(request: true) else { return nil }
        return .count(TLSHello.version(of: bytes).value(&state))
    }

    private static func kind(_ name: String, _ needs: FetchNeeds, isRequest: Bool) -> Fetch {
        Fetch(
            name, .integer, needs: needs, "Is the type of the first handshake message: a hello's."
        ) { subject, _, state, _ in
            guard let bytes = subject.contents(request: isRequest) else { return nil }
            return .count(TLSHello.kind(of: bytes).value(&state))
        }
    }

    private static func list(
        _ name: String, _ sentence: String,
        _ part: @escaping @Sendable (ClientHello, Span<UInt8>) -> Range<Int>?
    ) -> Fetch {
        Fetch(name, .binary, needs: .requestBuffer, sentence) { subject, _, state, scratch in
            guard let bytes = subject.contents(request: true),
                let hello = Hellos.find(bytes, &state), let range = part(hello, bytes)
            else { return nil }
            return scratch.copy(bytes.extracting(range), as: .binary)
        }
    }
}

private enum Hellos {
    /// The client's hello at the start of the bytes.
    static func find(_ bytes: Span<UInt8>, _ state: inout FetchState) -> ClientHello? {
        ClientHello.find(in: bytes).value(&state)
    }
}

extension Inspected {
    /// The value; nil where there is none, or not yet, which the state then says.
    func value(_ state: inout FetchState) -> Value? {
        switch self {
        case .value(let value): return value
        case .other: return nil
        case .needsMore:
            state.isIncomplete = true
            return nil
        }
    }
}
