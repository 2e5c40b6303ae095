// Keywords of the side that uses servers.
// configuration manual: balance, server, default-server, source, retries, http-reuse.

import Addresses
import Balancing
import ConfigLanguage
import Kernel
import Proxy

extension ProxyKeywords {
    static let serverSide: [Row] = [
        Row(
            "balance", .serverSide, takes: [.word("<algorithm>").optional, .rest("<arguments>")],
            elsewhere: .ignored, "Chooses how requests are spread over servers."
        ) {
            draft, arguments, diagnostics in
            balance(&draft, arguments, &diagnostics)
        },
        Row(
            "default-server", .serverSide, takes: [.rest("<options>")], elsewhere: .ignored,
            "Sets options that the servers below begin with."
        ) {
            draft, arguments, diagnostics in
            defaultServer(&draft, arguments, &diagnostics)
        },
        Row(
            "fullconn", .serverSide, takes: [.count], elsewhere: .ignored,
            "Sets the load at which servers with 'minconn' reach their 'maxconn'."
        ) {
            draft, arguments, _ in
            draft.proxy.fullConnections = arguments.number(0)
        },
        Row(
            "http-reuse", .serverSide, takes: [.choice("never", "safe", "aggressive", "always")],
            elsewhere: .ignored, "Sets which requests may share idle server connections."
        ) {
            draft, arguments, _ in
            draft.proxy.reuse =
                switch arguments.word(0) {
                case "never": .never
                case "safe": .safe
                case "aggressive": .aggressive
                default: .always
                }
        },
        Row(
            "load-server-state-from-file", .serverSide,
            takes: [.choice("global", "local", "none")], elsewhere: .ignored,
            "Chooses the file from which servers get the states they had before a restart."
        ) {
            draft, arguments, _ in
            draft.stateSource =
                switch arguments.word(0) {
                case "global": .global
                case "local": .local
                default: .none
                }
        },
        Row(
            "server-state-file-name", [.backend, .listen], takes: [.word("<file>").optional],
            "Names this backend's file of saved states; without a name it is the backend's."
        ) {
            draft, arguments, _ in
            let name = arguments.optionalWord(0)
            draft.stateFileName = name == "use-backend-name" ? nil : name
        },
        .withoutEffect(
            "max-keep-alive-queue", .serverSide, takes: [.integer(-1...Int(Int32.max))],
            elsewhere: .ignored, "Gives up the same server when its queue is this long.",
            reason: "no request waits for one server"),
        Row(
            "retries", .serverSide, takes: [.integer(0...1_000_000)], elsewhere: .ignored,
            "Sets how often a failed connection is tried again."
        ) {
            draft, arguments, _ in
            draft.proxy.retries = arguments.number(0)
        },
        Row(
            "retry-on", .serverSide, takes: [.rest("<keywords>")], elsewhere: .ignored,
            "Chooses which failures are tried again; no early data is sent to servers, so that "
                + "0rtt-rejected never happens."
        ) {
            draft, arguments, diagnostics in
            if let causes = RetryLine.read(arguments, &diagnostics) {
                draft.proxy.retryOn = causes
            }
        },
        Row(
            "server", [.backend, .listen],
            takes: [.word("<name>"), .word("<address>"), .rest("<options>")], "Adds a server."
        ) {
            draft, arguments, diagnostics in
            ServerLine.add(to: &draft, arguments, &diagnostics)
        },
        Row(
            "server-template", [.backend, .listen],
            takes: [
                .word("<prefix>"), .word("<number or range>"), .word("<address>"),
                .rest("<options>"),
            ], "Adds servers that differ in the numbers behind their names only."
        ) {
            draft, arguments, diagnostics in
            ServerLine.addTemplate(to: &draft, arguments, &diagnostics)
        },
        Row(
            "source", .serverSide,
            takes: [.word("<address>"), .tagged("usesrc"), .tagged("interface")],
            elsewhere: .ignored, "Sets the address from which servers are reached."
        ) {
            draft, arguments, diagnostics in
            if let source = SourceLine.read(
                arguments, draft.session, allowsRange: false, &diagnostics)
            {
                draft.proxy.source = source
            }
        },
    ]

    private static func balance(
        _ draft: inout ProxyDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        let words = arguments.words.isEmpty ? ["roundrobin"] : arguments.words
        switch Algorithm.meaning(of: words) {
        case .algorithm:
            draft.proxy.balance = words
        case .notSupported(let name):
            diagnostics.report(arguments.mistake("'\(name)' is not supported yet"))
        case .unknown(let name):
            diagnostics.report(
                arguments.expects(
                    "an algorithm", found: name,
                    suggestion: Spelling.nearest(to: name, among: Algorithm.rows.map(\.name))))
        case .badArgument(let expected):
            diagnostics.report(
                arguments.expects(expected, found: arguments.words.joined(separator: " ")))
        }
    }

    private static func defaultServer(
        _ draft: inout ProxyDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        for name in ["id", "guid"] where arguments.words.contains(name) {
            return diagnostics.report(
                arguments.mistake("'\(name)' option is not accepted in default-server sections"))
        }
        var template = draft.serverTemplate
        template.session = draft.session
        Catalog.serverOptions.applyOptions(
            arguments.words[...], of: arguments, title: "default-server", in: .backend,
            to: &template,
            &diagnostics)
        draft.serverTemplate = template
    }
}

/// `source`, in a backend and behind a server.
enum SourceLine {
    /// The source, or nil after reporting what is wrong.
    ///
    /// The arguments are an address, then perhaps `usesrc <x>`, then perhaps `interface <name>`.
    static func read(
        _ arguments: KeywordArguments, _ session: LoadSession, allowsRange: Bool,
        _ diagnostics: inout Diagnostics
    ) -> SourceConfiguration? {
        if arguments.has(1) {
            diagnostics.report(arguments.mistake("'usesrc' is not supported yet"))
            return nil
        }
        var rules = AddressSpecification.Rules.source
        rules.allowsRange = allowsRange
        let text = arguments.word(0)
        switch session.parse(text, rules) {
        case .failure(let mistake):
            diagnostics.report(
                Diagnostic(
                    .alert, at: arguments.location, "'source \(text)' : \(mistake.description)"))
            return nil
        case .success(let address):
            guard let ip = ip(of: address, session) else {
                diagnostics.report(
                    Diagnostic(
                        .alert, at: arguments.location,
                        "'source \(text)' : invalid address: '\(text)' in '\(text)'"))
                return nil
            }
            var ports: PortRange?
            if case .fixed(let range) = address.port, range.first > 0 { ports = range }
            let isSingle = ports?.count == 1
            var source = SourceConfiguration(
                address: RawSocketAddress(
                    .ip(IPSocketAddress(ip, port: isSingle ? ports?.first ?? 0 : 0))))
            source.ports = isSingle ? nil : ports?.ports
            source.interface = arguments.optionalWord(2)
            return source
        }
    }

    private static func ip(_ family: IPAddress.Family) -> IPAddress {
        family == .v4 ? .anyV4 : .anyV6
    }

    private static func ip(
        of address: AddressSpecification, _ session: LoadSession
    ) -> IPAddress? {
        switch address.place {
        case .wildcard(let family): ip(family)
        case .address(let literal): literal
        case .name(let name, let family): session.address(of: name, family: family)
        case .unix, .descriptor, .socketPair, .reverse: nil
        }
    }
}
