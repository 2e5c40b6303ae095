// Options of `server` and `default-server`.
// configuration manual: 5.2 Server and default-server options.

import Addresses
import ConfigLanguage
import Proxy

/// Rows of options behind a server's address.
enum ServerOptions {
    typealias Row = Keyword<ServerDraft>

    static let supported: [Row] = [
        Row("backup", .backend, "Uses the server only when no other one is left.") { line, _, _ in
            line.server.isBackup = true
        },
        Row("no-backup", .backend, "Takes 'backup' of the default-server back.") { line, _, _ in
            line.server.isBackup = false
        },
        Row("non-stick", .backend, "Keeps the server out of stick tables.") { line, _, _ in
            line.server.isNotStored = true
        },
        Row("stick", .backend, "Takes 'non-stick' of the default-server back.") { line, _, _ in
            line.server.isNotStored = false
        },
        Row(
            "cookie", .backend, takes: [.word("<value>")],
            "Sets the value that stands for this server in a cookie."
        ) { line, arguments, _ in
            line.server.cookie = arguments.word(0)
        },
        Row("disabled", .backend, "Starts in maintenance.") { line, _, _ in
            line.server.isDisabled = true
        },
        Row("enabled", .backend, "Takes 'disabled' of the default-server back.") { line, _, _ in
            line.server.isDisabled = false
        },
        Row(
            "guid", .backend, takes: [.word("<name>")],
            "Gives the server an identifier that no other object has."
        ) { line, arguments, _ in
            line.server.guid = arguments.word(0)
        },
        Row(
            "id", .backend, takes: [.integer(1...Int(Int32.max))],
            "Gives the server a number of its own."
        ) { line, arguments, _ in
            line.server.id = arguments.number(0)
        },
        Row(
            "init-addr", .backend, takes: [.word("<methods>")],
            "Sets how the first address of a name is found."
        ) { line, arguments, diagnostics in
            initialAddress(&line, arguments, &diagnostics)
        },
        Row(
            "log-proto", .backend, takes: [.choice("legacy", "octet-count")],
            "Sets how lines sent to a server of a ring are told apart."
        ) { line, arguments, _ in
            line.server.logFraming =
                arguments.word(0) == "legacy" ? .lineFeed : .octetCount
        },
        Row("maxconn", .backend, takes: [.count], "Bounds the connections to this server.") {
            line, arguments, _ in
            line.server.maxConnections = arguments.number(0)
        },
        Row("maxqueue", .backend, takes: [.count], "Bounds the requests that wait for this server.")
        { line, arguments, _ in
            line.server.maxQueue = arguments.number(0)
        },
        Row(
            "max-reuse", .backend, takes: [.integer(-1...Int(Int32.max))],
            "Bounds how often a connection is used again."
        ) { line, arguments, _ in
            line.server.maxReuse = arguments.number(0)
        },
        Row(
            "minconn", .backend, takes: [.count],
            "Lets the server's limit follow the backend's load, from here up to maxconn."
        ) { line, arguments, _ in
            line.server.minConnections = arguments.number(0)
        },
        Row(
            "pool-max-conn", .backend, takes: [.integer(-1...Int(Int32.max))],
            "Bounds the idle connections to this server."
        ) { line, arguments, _ in
            line.server.poolMaxConnections = arguments.number(0)
        },
        Row(
            "pool-purge-delay", .backend, takes: [.time],
            "Closes half of the idle connections each time this has passed."
        ) { line, arguments, _ in
            line.server.poolPurgeDelayMilliseconds = arguments.number(0)
        },
        Row(
            "proto", .backend, takes: [.word("<name>")], "Forces the protocol spoken to the server."
        ) { line, arguments, diagnostics in
            if arguments.word(0) == "h1" { return line.forcesHTTP = true }
            diagnostics.report(arguments.mistake("'\(arguments.word(0))' is not supported yet"))
        },
        Row(
            "slowstart", .backend, takes: [.time],
            "Raises the share and the limit of a server that came back over this time."
        ) { line, arguments, _ in
            line.server.slowStartMilliseconds = arguments.number(0)
        },
        Row(
            "source", .backend,
            takes: [.word("<address>"), .tagged("usesrc"), .tagged("interface")],
            "Sets the address from which this server is reached."
        ) { line, arguments, diagnostics in
            guard let session = line.session else {
                preconditionFailure("a server line without session")
            }
            if let source = SourceLine.read(arguments, session, allowsRange: true, &diagnostics) {
                line.server.source = source
            }
        },
        Row(
            "tcp-ut", .backend, takes: [.time],
            "Gives up on a server that acknowledges nothing for this long."
        ) { line, arguments, _ in
            line.server.tcpUserTimeoutMilliseconds = arguments.number(0)
        },
        Row("tfo", .backend, "Sends data in the first packet of a connection.") { line, _, _ in
            line.server.usesFastOpen = true
        },
        Row("no-tfo", .backend, "Takes 'tfo' of the default-server back.") { line, _, _ in
            line.server.usesFastOpen = false
        },
        Row("weight", .backend, takes: [.integer(0...256)], "Sets the server's share of the load.")
        { line, arguments, _ in
            line.server.weight = arguments.number(0)
        },
    ]

    private static func initialAddress(
        _ line: inout ServerDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        var methods: [ServerDraft.InitialAddress] = []
        for word in arguments.word(0).split(separator: ",").map(String.init) {
            switch word {
            case "last": methods.append(.last)
            case "libc": methods.append(.libc)
            case "none": methods.append(.none)
            default:
                guard IPAddress(word) != nil else {
                    return diagnostics.report(
                        arguments.expects("'last', 'libc', 'none' or an address", found: word))
                }
                methods.append(.fixed(word))
            }
        }
        line.initialAddress = methods
    }
}
