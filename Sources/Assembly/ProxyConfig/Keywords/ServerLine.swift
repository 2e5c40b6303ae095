// One `server` or `server-template` line: names, address, and the order in which options count.
// configuration manual: server, server-template, init-addr.

import Addresses
import ConfigLanguage
import Kernel
import Proxy

/// Reads `server` and `server-template` lines.
enum ServerLine {
    /// Adds the server, or reports what is wrong with the line.
    static func add(
        to draft: inout ProxyDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        let name = arguments.word(0)
        guard let written = read(name, &draft, arguments, &diagnostics) else { return }
        append(name, written, to: &draft, arguments, &diagnostics)
    }

    /// Adds the servers of a `server-template` line, which differ in their names only.
    ///
    /// Bound: 65,536 servers a line.
    static func addTemplate(
        to draft: inout ProxyDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        let prefix = arguments.word(0)
        guard let numbers = numbers(arguments.word(1)), numbers.count <= 65_536 else {
            return diagnostics.report(
                arguments.expects(
                    "a number of servers or a range of their numbers", found: arguments.word(1)))
        }
        guard
            let written = read(prefix, addressAt: 2, &draft, arguments, &diagnostics)
        else { return }
        if written.line.server.guid != nil {
            return diagnostics.report(
                arguments.mistake("'guid' cannot belong to several servers"))
        }
        var next = written
        for number in numbers {
            let mistakes = diagnostics.entries.count
            append("\(prefix)\(number)", next, to: &draft, arguments, &diagnostics)
            // One mistake in the line is said once.
            if diagnostics.entries.count > mistakes && diagnostics.hasAlerts { return }
            // The number behind `id` is that of the first.
            next.line.server.id = 0
        }
    }

    /// `3` for 1 to 3, or `2-5`; nil for anything else.
    private static func numbers(_ text: String) -> ClosedRange<Int>? {
        let bounds = text.split(separator: "-", omittingEmptySubsequences: false).map {
            $0.allSatisfy { $0.isASCII && $0.isNumber } ? Int($0) : nil
        }
        switch bounds.count {
        case 1:
            guard let count = bounds[0], count > 0 else { return nil }
            return 1...count
        case 2:
            guard let low = bounds[0], let high = bounds[1], low <= high else { return nil }
            return low...high
        default: return nil
        }
    }

    /// What a line says of its servers.
    private struct Written {
        var address: AddressSpecification
        var text: String
        var line: ServerDraft
    }

    /// Reads all of a line but the name, or reports what is wrong with it.
    private static func read(
        _ name: String, addressAt position: Int = 1, _ draft: inout ProxyDraft,
        _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) -> Written? {
        if let bad = firstForbidden(in: name) {
            let kind = position == 1 ? "server name" : "server-template prefix"
            diagnostics.report(
                Diagnostic(
                    .alert, at: arguments.location,
                    "character '\(bad)' is not permitted in \(kind) '\(name)'."))
            return nil
        }
        let title = "server \(draft.proxy.name)/\(name)"
        let written = arguments.word(position)
        let address: AddressSpecification
        switch draft.session.parse(written, .server) {
        case .success(let parsed): address = parsed
        case .failure(let mistake):
            diagnostics.report(
                Diagnostic(.alert, at: arguments.location, "'\(title)' : \(mistake.description)"))
            return nil
        }
        var line = draft.serverTemplate
        line.session = draft.session
        line.server.name = name
        line.server.place = SourcePlace(arguments.location)
        line.server.hostText = host(of: address)
        Catalog.serverOptions.applyOptions(
            arguments.words.dropFirst(position + 1), of: arguments, title: title, in: .backend,
            to: &line, &diagnostics)
        setPort(address.port, &line.server)
        // 'minconn' alone, or above 'maxconn', is a limit that stands still.
        let least = line.server.minConnections
        line.server.maxConnections = max(line.server.maxConnections, least)
        if line.forcesHTTP { draft.forcedHTTP.append((arguments.location, "server '\(name)'")) }
        return Written(address: address, text: written, line: line)
    }

    /// Adds one server of that name, unless there is one or it is nowhere.
    private static func append(
        _ name: String, _ written: Written, to draft: inout ProxyDraft,
        _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        if let twin = draft.serverPlaces[name] {
            return diagnostics.report(
                Diagnostic(
                    .alert, at: arguments.location,
                    "\(draft.title), another server named '\(name)' was already defined at line "
                        + "\(twin), please use distinct names."))
        }
        var line = written.line
        line.server.name = name
        let title = "server \(draft.proxy.name)/\(name)"
        if locate(written.address, title, written.text, &line, arguments, &diagnostics) {
            draft.unresolved[name] = line.unresolved
            draft.serverPlaces[name] = arguments.location.line
            draft.proxy.servers.append(line.server)
        }
    }

    /// The host as written, without its port.
    private static func host(of address: AddressSpecification) -> String {
        var bare = address
        bare.port = .absent
        return bare.description
    }

    private static func setPort(_ port: PortSpecification, _ server: inout ServerConfiguration) {
        switch port {
        case .absent: server.usesClientPort = true
        case .fixed(let range) where range.first == 0: server.usesClientPort = true
        case .fixed: server.usesClientPort = false
        case .offset(let amount):
            server.portOffset = Int(amount)
            server.usesClientPort = true
        }
    }

    /// Finds the address; false after reporting that there is none.
    private static func locate(
        _ address: AddressSpecification, _ title: String, _ written: String,
        _ line: inout ServerDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) -> Bool {
        var port: UInt16 = 0
        if case .fixed(let range) = address.port { port = range.first }
        func report(_ text: String) -> Bool {
            diagnostics.report(Diagnostic(.alert, at: arguments.location, "'\(title)' : \(text)"))
            return false
        }
        if address.transport != .plain {
            return report("the protocol of '\(written)' is not supported yet")
        }
        func set(_ ip: IPAddress) -> Bool {
            line.server.address = RawSocketAddress(.ip(IPSocketAddress(ip, port: port)))
            return true
        }
        switch address.place {
        case .wildcard(let family):
            line.server.usesClientAddress = true
            return set(family == .v4 ? .anyV4 : .anyV6)
        case .address(let ip):
            return set(ip)
        case .unix(let path):
            line.server.usesClientPort = false
            line.server.address = RawSocketAddress(.unix(path))
            return true
        case .name(let name, let family):
            line.server.hostName = name
            line.server.keepsSavedAddress = line.initialAddress.first == .last
            switch resolve(name, family, title, &line, arguments, &diagnostics) {
            case .address(let ip): return set(ip)
            case .later: return true
            case .nowhere: return false
            }
        case .descriptor, .socketPair, .reverse:
            return report("address '\(written)' is not supported yet")
        }
    }

    /// What `init-addr` finds.
    private enum Resolution {
        case address(IPAddress)
        /// Nothing yet: the server starts in maintenance, or a state file knows the address.
        case later
        /// Nothing, which was reported.
        case nowhere
    }

    /// Tries the methods of `init-addr` in their order.
    private static func resolve(
        _ name: String, _ family: IPAddress.Family?, _ title: String, _ line: inout ServerDraft,
        _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) -> Resolution {
        let mayLack = line.session?.surroundings.ignoresResolutionFailures == true
        for method in line.initialAddress + (mayLack ? [.none] : []) {
            switch method {
            case .last:
                continue
            case .libc:
                if let ip = line.session?.address(of: name, family: family) { return .address(ip) }
            case .fixed(let text):
                if let ip = IPAddress(text) { return .address(ip) }
            case .none:
                if line.initialAddress.contains(.libc) {
                    diagnostics.report(
                        Diagnostic(
                            .warning, at: arguments.location,
                            "'\(title)' : could not resolve address '\(name)', disabling server."))
                }
                line.server.isDisabled = true
                // An address of no family: connecting to it fails, whatever an admin enables.
                line.server.address = RawSocketAddress()
                return .later
            }
        }
        let mistake = Diagnostic(
            .alert, at: arguments.location, "'\(title)' : could not resolve address '\(name)'.")
        if line.initialAddress.first == .last {
            line.unresolved = mistake
            line.server.address = RawSocketAddress()
            return .later
        }
        diagnostics.report(mistake)
        return .nowhere
    }
}
