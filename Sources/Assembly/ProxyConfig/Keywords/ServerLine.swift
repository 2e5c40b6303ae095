// One `server` line: its name, its address, and the order in which its options count.
// configuration manual: server, init-addr.

import Addresses
import ConfigLanguage
import Kernel
import Proxy

/// Reads `server` lines.
enum ServerLine {
    /// Adds the server, or reports what is wrong with the line.
    static func add(
        to draft: inout ProxyDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        let name = arguments.word(0)
        if let bad = firstForbidden(in: name) {
            return diagnostics.report(
                Diagnostic(
                    .alert, at: arguments.location,
                    "character '\(bad)' is not permitted in server name '\(name)'."))
        }
        if let twin = draft.proxy.servers.first(where: { $0.name == name }) {
            return diagnostics.report(
                Diagnostic(
                    .alert, at: arguments.location,
                    "\(draft.title), another server named '\(name)' was already defined at line "
                        + "\(twin.place.line), please use distinct names."))
        }
        let title = "server \(draft.proxy.name)/\(name)"
        let written = arguments.word(1)
        let address: AddressSpecification
        switch draft.session.parse(written, .server) {
        case .success(let parsed): address = parsed
        case .failure(let mistake):
            return diagnostics.report(
                Diagnostic(.alert, at: arguments.location, "'\(title)' : \(mistake.description)"))
        }
        var line = draft.serverTemplate
        line.session = draft.session
        line.server.name = name
        line.server.place = SourcePlace(arguments.location)
        line.server.hostText = host(of: address)
        Catalog.serverOptions.applyOptions(
            arguments.words.dropFirst(2), of: arguments, title: title, in: .backend, to: &line,
            &diagnostics)
        setPort(address.port, &line.server)
        // 'minconn' alone, or above 'maxconn', is a limit that stands still.
        let least = line.server.minConnections
        line.server.maxConnections = max(line.server.maxConnections, least)
        if line.forcesHTTP { draft.forcedHTTP.append((arguments.location, "server '\(name)'")) }
        if locate(address, title, &line, arguments, &diagnostics) {
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
        _ address: AddressSpecification, _ title: String, _ line: inout ServerDraft,
        _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) -> Bool {
        var port: UInt16 = 0
        if case .fixed(let range) = address.port { port = range.first }
        func report(_ text: String) -> Bool {
            diagnostics.report(Diagnostic(.alert, at: arguments.location, "'\(title)' : \(text)"))
            return false
        }
        if address.transport != .plain {
            return report("the protocol of '\(arguments.word(1))' is not supported yet")
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
            switch resolve(name, family, title, &line, arguments, &diagnostics) {
            case .address(let ip): return set(ip)
            case .later: return true
            case .nowhere: return false
            }
        case .descriptor, .socketPair, .reverse:
            return report("address '\(arguments.word(1))' is not supported yet")
        }
    }

    /// What `init-addr` finds.
    private enum Resolution {
        case address(IPAddress)
        /// The server starts in maintenance without an address.
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
        diagnostics.report(
            Diagnostic(
                .alert, at: arguments.location, "'\(title)' : could not resolve address '\(name)'.")
        )
        return .nowhere
    }
}
