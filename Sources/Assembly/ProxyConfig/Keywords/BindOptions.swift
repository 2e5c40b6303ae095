// Options of `bind` and `stats socket`.
// configuration manual: 5.1 Bind options.

import ConfigLanguage
import Proxy

/// Rows of options behind an address to listen on.
enum BindOptions {
    typealias Row = Keyword<BindDraft>

    private static let everywhere: SectionSet = [.global, .frontend, .listen]

    static let supported: [Row] = [
        Row(
            "backlog", everywhere, takes: [.count],
            "Sets how many connections may wait to be accepted."
        ) { line, arguments, _ in
            line.bind.backlog = arguments.number(0)
        },
        Row("defer-accept", everywhere, "Accepts a connection only when data has arrived.") {
            line, _, _ in
            line.bind.defersAccept = true
        },
        Row(
            "expose-fd", everywhere, takes: [.choice("listeners")],
            "Lets another process take over listening sockets here."
        ) { line, _, _ in
            line.exposesListeners = true
        },
        ownership("gid", "<number>", "Gives the UNIX socket to the group with this number.") {
            $0.bind.groupID = $1
        },
        ownership("group", "<name>", "Gives the UNIX socket to the group with this name.") {
            $0.bind.groupID = $1
        },
        ownership("mode", "<octal>", "Sets the permissions of the UNIX socket.") {
            $0.bind.mode = $1
        },
        ownership("uid", "<number>", "Gives the UNIX socket to the user with this number.") {
            $0.bind.userID = $1
        },
        ownership("user", "<name>", "Gives the UNIX socket to the user with this name.") {
            $0.bind.userID = $1
        },
        Row(
            "guid-prefix", everywhere, takes: [.word("<name>")],
            "Gives listeners identifiers that begin like this."
        ) { line, arguments, _ in
            line.bind.guid = arguments.word(0)
        },
        Row(
            "id", everywhere, takes: [.integer(1...Int(Int32.max))],
            "Gives the listener a number of its own."
        ) { line, arguments, _ in
            line.bind.id = arguments.number(0)
        },
        Row(
            "interface", everywhere, takes: [.word("<name>")],
            "Takes only packets that arrive on this interface."
        ) { line, arguments, _ in
            line.bind.interface = arguments.word(0)
        },
        Row(
            "level", everywhere, takes: [.choice("user", "operator", "admin")],
            "Sets what commands given here may do."
        ) { line, arguments, _ in
            line.level =
                switch arguments.word(0) {
                case "user": .user
                case "operator": .operator_
                default: .admin
                }
        },
        Row(
            "mss", everywhere, takes: [.integer(-65535...65535)],
            "Sets the segment size told to clients."
        ) { line, arguments, diagnostics in
            if arguments.number(0) == 0 {
                return diagnostics.report(arguments.expects("a size from 1 to 65535", found: "0"))
            }
            line.bind.mss = arguments.number(0)
        },
        Row("maxconn", everywhere, takes: [.count], "Bounds this listener's connections.") {
            line, arguments, _ in
            line.bind.maxConnections = arguments.number(0)
        },
        Row("name", everywhere, takes: [.word("<name>")], "Names the listener for statistics.") {
            line, arguments, _ in
            line.bind.name = arguments.word(0)
        },
        Row(
            "tcp-ut", everywhere, takes: [.time],
            "Gives up on a client that acknowledges nothing for this long."
        ) { line, arguments, _ in
            line.bind.tcpUserTimeoutMilliseconds = arguments.number(0)
        },
        Row("tfo", everywhere, "Takes data in the first packet of a connection.") { line, _, _ in
            line.bind.usesFastOpen = true
        },
        Row(
            "thread", everywhere, takes: [.word("<threads>")],
            "Lets only these workers accept here."
        ) { line, arguments, diagnostics in
            threads(&line, arguments, &diagnostics)
        },
        Row("transparent", everywhere, "Listens on an address the machine does not have.") {
            line, _, _ in
            line.bind.isTransparent = true
        },
        Row("v4v6", everywhere, "Serves IPv4 clients on an IPv6 address too.") { line, _, _ in
            line.bind.isV6Only = false
        },
        Row("v6only", everywhere, "Serves IPv6 clients only.") { line, _, _ in
            line.bind.isV6Only = true
        },
        Row(
            "proto", everywhere, takes: [.word("<name>")], "Forces the protocol of the listener."
        ) { line, arguments, diagnostics in
            if arguments.word(0) == "h1" { return line.forcesHTTP = true }
            diagnostics.report(arguments.mistake("'\(arguments.word(0))' is not supported yet"))
        },
        .withoutEffect(
            "severity-output", everywhere, takes: [.choice("none", "number", "string")],
            "Puts severities into command answers.", reason: "answers carry no severities yet"),
        .withoutEffect(
            "shards", everywhere, takes: [.word("<number>|by-thread|by-group")],
            "Opens the address several times.", reason: "each worker has its own socket anyway"),
        .refused("process", everywhere, "Bound the listener to processes.", advice: "use 'thread'"),
    ]

    private static func ownership(
        _ name: String, _ label: String, _ summary: String,
        _ store: @escaping @Sendable (inout BindDraft, UInt32) -> Void
    ) -> Row {
        Row(name, everywhere, takes: [.word(label)], summary) { line, arguments, diagnostics in
            let value = arguments.word(0)
            guard let number = Ownership.number(of: name, value, line.session) else {
                return diagnostics.report(arguments.mistake(Ownership.complaint(name, value)))
            }
            store(&line, number)
        }
    }

    /// `[<group>/]<set>[,...]`; there is one group, so numbers are those of the workers.
    private static func threads(
        _ line: inout BindDraft, _ arguments: KeywordArguments, _ diagnostics: inout Diagnostics
    ) {
        var all: Set<Int> = []
        for part in arguments.word(0).split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let limit = GlobalKeywords.threadLimit
            guard let set = NumberSet.parse(String(pieces[pieces.count - 1]), limit: limit),
                pieces.count == 1 || NumberSet.parse(String(pieces[0]), limit: 64) != nil
            else {
                return diagnostics.report(
                    arguments.expects(
                        "threads such as '1', '1-4', '1/2', 'all', 'odd' or 'even'",
                        found: arguments.word(0)))
            }
            // Every worker is in the first group.
            if pieces.count == 1
                || NumberSet.parse(String(pieces[0]), limit: 64)?.contains(1) == true
            {
                all.formUnion(set)
            }
        }
        line.bind.threads = all.count == GlobalKeywords.threadLimit ? [] : all.sorted()
    }
}
