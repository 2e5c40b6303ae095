// Keywords of the side that serves clients.
// configuration manual: bind, backlog, default_backend, maxconn, rate-limit sessions.

import Addresses
import ConfigLanguage
import Kernel
import Proxy

extension ProxyKeywords {
    static let clientSide: [Row] = [
        Row(
            "backlog", .clientSide, takes: [.integer(1...Int(Int32.max))], elsewhere: .ignored,
            "Sets how many connections may wait to be accepted."
        ) {
            draft, arguments, _ in
            draft.proxy.backlog = arguments.number(0)
        },
        Row(
            "bind", [.frontend, .listen], takes: [.word("<address>"), .rest("<options>")],
            elsewhere: .ignored, "Listens on addresses."
        ) {
            draft, arguments, diagnostics in
            bind(&draft, arguments, &diagnostics)
        },
        Row(
            "default_backend", .clientSide, takes: [.word("<backend>")], elsewhere: .ignored,
            "Names the backend for what no rule sends elsewhere."
        ) {
            draft, arguments, _ in
            draft.defaultBackendName = arguments.word(0)
            draft.defaultBackendLocation = arguments.location
        },
        Row(
            "monitor-uri", .clientSide, takes: [.word("<uri>")], elsewhere: .ignored,
            "Answers requests for this path with 200, unlogged, to show that the process serves."
        ) { draft, arguments, _ in
            draft.proxy.monitorURI = arguments.word(0)
        },
        Row(
            "maxconn", .clientSide, takes: [.count], elsewhere: .ignored,
            "Bounds this frontend's connections."
        ) {
            draft, arguments, _ in
            draft.proxy.maxConnections = arguments.number(0)
        },
        Row(
            "rate-limit sessions", .clientSide, takes: [.count], elsewhere: .ignored,
            "Bounds the sessions begun in a second."
        ) {
            draft, arguments, _ in
            draft.proxy.sessionRateLimit = arguments.number(0)
        },
    ]

    private static func bind(
        _ draft: inout ProxyDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        if draft.isDefaults {
            return diagnostics.report(arguments.mistake("not allowed in 'defaults' section."))
        }
        let text = arguments.word(0)
        guard
            let targets = ListenAddress.targets(
                text, rules: .bind, arguments, draft.session, &diagnostics)
        else { return }
        var line = BindDraft(
            bind: BindConfiguration(addressText: text, place: SourcePlace(arguments.location)),
            session: draft.session)
        Catalog.bindOptions.applyOptions(
            arguments.words.dropFirst(), of: arguments, title: "bind \(text)", in: draft.sectionSet,
            to: &line, &diagnostics)
        line.bind.level = line.level
        if line.forcesHTTP { draft.forcedHTTP.append((arguments.location, "'bind \(text)'")) }
        for target in targets {
            line.bind.target = target
            line.bind.addressText = target.description
            draft.proxy.binds.append(line.bind)
        }
    }
}

/// Addresses to listen on.
enum ListenAddress {
    /// What each address of a comma-separated list stands for, or nil after reporting a mistake.
    static func targets(
        _ text: String, rules: AddressSpecification.Rules, _ arguments: KeywordArguments,
        _ session: LoadSession, _ diagnostics: inout Diagnostics
    ) -> [BindTarget]? {
        let parsed = AddressSpecification.parseList(text, rules: rules) { session.environment[$0] }
        let addresses: [AddressSpecification]
        switch parsed {
        case .success(let list): addresses = list
        case .failure(let mistake):
            diagnostics.report(complaint(arguments, mistake.description))
            return nil
        }
        var targets: [BindTarget] = []
        for address in addresses {
            switch resolve(address, text, session) {
            case .success(let target): targets.append(target)
            case .failure(let flaw):
                diagnostics.report(complaint(arguments, flaw.text))
                return nil
            }
        }
        return targets
    }

    private struct Flaw: Error { let text: String }

    private static func complaint(_ arguments: KeywordArguments, _ text: String) -> Diagnostic {
        Diagnostic(.alert, at: arguments.location, "'\(arguments.keyword)' : \(text)")
    }

    private static func resolve(
        _ address: AddressSpecification, _ text: String, _ session: LoadSession
    ) -> Result<BindTarget, Flaw> {
        if address.transport != .plain {
            return .failure(Flaw(text: "the protocol of '\(text)' is not supported yet"))
        }
        switch address.place {
        case .wildcard(let family):
            return target(family == .v4 ? .anyV4 : .anyV6, address)
        case .address(let ip):
            return target(ip, address)
        case .name(let name, let family):
            guard let ip = session.address(of: name, family: family) else {
                return .failure(Flaw(text: "invalid address: '\(name)' in '\(text)'"))
            }
            return target(ip, address)
        case .unix(let path):
            return prefixed(path, text, session)
        case .descriptor(let number):
            if let flaw = session.surroundings.flawOfDescriptor(number) {
                return .failure(
                    Flaw(text: "cannot use file descriptor '\(number)' : \(flaw.text)."))
            }
            return .success(.descriptor(number))
        case .socketPair(let number):
            if let flaw = session.surroundings.flawOfDescriptor(number) {
                return .failure(
                    Flaw(text: "cannot use file descriptor '\(number)' : \(flaw.text)."))
            }
            return .success(.socketPair(number))
        case .reverse:
            return .failure(Flaw(text: "reverse connections ('\(text)') are not supported yet"))
        }
    }

    private static func target(
        _ ip: IPAddress, _ address: AddressSpecification
    ) -> Result<BindTarget, Flaw> {
        guard case .fixed(let ports) = address.port else {
            preconditionFailure("a listening address without a port passed its rules")
        }
        return .success(.ip(ip, ports))
    }

    /// Puts the prefix of `unix-bind` in front of a path.
    private static func prefixed(
        _ path: UNIXSocketAddress, _ text: String, _ session: LoadSession
    ) -> Result<BindTarget, Flaw> {
        let prefix = session.unixBind.prefix
        guard path.kind == .path, !prefix.isEmpty else { return .success(.unix(path)) }
        guard let whole = UNIXSocketAddress(.path, name: Array(prefix.utf8) + path.name) else {
            return .failure(
                Flaw(
                    text:
                        "socket path '\(prefix)\(text)' too long (max \(UNIXSocketAddress.longestNameBytes))"
                ))
        }
        return .success(.unix(whole))
    }
}
