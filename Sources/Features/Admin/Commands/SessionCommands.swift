// Commands about streams: listing them and ending some.
// Source: management manual, `show sess`, `shutdown session`, `shutdown sessions server`.

import Kernel
import Proxy

/// The rows about streams.
enum SessionCommands {
    static let commands = [
        Command(
            ["show", "sess"], level: .operator_, arguments: "[<id>|all] [<options>*]",
            "list the streams, or show one or all at length", run: show),
        Command(
            ["shutdown", "session"], level: .admin, arguments: "<id>", "end a stream",
            run: shutdown),
        Command(
            ["shutdown", "sessions", "server"], level: .admin, arguments: "<bk>/<srv>",
            "end all streams on a server"
        ) { answer($0, shutdownServer) },
    ]

    /// Which streams are wanted, and how much of each.
    private struct Query: Sendable {
        var number: UInt64?
        var isLong = false
        var frontend: String?
        var backend: String?
        var server: String?
        var olderMilliseconds = 0
    }

    private static let usage = """
        Usage: show sess [<id> | all | help] [<options>*]
          backend <b>, frontend <f>, server <b/s>, older <seconds>
        """

    @Sendable
    private static func show(_ request: CommandRequest) -> CommandAnswer {
        var query = Query()
        do throws(Refusal) { query = try read(request.arguments) } catch {
            return .text(error.text)
        }
        let engine = request.engine
        return .later { [query] answer in
            engine.listSessions { sessions in
                let configuration = engine.configuration
                let lines = sessions.sorted { $0.number < $1.number }
                    .filter { matches($0, query, configuration) }
                    .map { query.isLong ? long($0, configuration) : short($0, configuration) }
                answer(lines.joined())
            }
        }
    }

    private static func read(_ arguments: [String]) throws(Refusal) -> Query {
        var query = Query()
        var words = arguments[...]
        if let first = words.first, !["backend", "frontend", "server", "older"].contains(first) {
            words.removeFirst()
            switch first {
            case "all": query.isLong = true
            case "help": throw Refusal(usage)
            case "susp", "show-uri": break
            default:
                guard let number = identifier(first) else { throw Refusal(usage) }
                query.number = number
                query.isLong = true
            }
        }
        while let option = words.popFirst() {
            if option == "susp" || option == "show-uri" { continue }
            guard let value = words.popFirst() else { throw Refusal(usage) }
            switch option {
            case "backend": query.backend = value
            case "frontend": query.frontend = value
            case "server": query.server = value
            case "older": query.olderMilliseconds = (Int(value) ?? 0) * 1000
            default: throw Refusal(usage)
            }
        }
        return query
    }

    /// A stream's number as `show sess` shows it, in hexadecimal.
    private static func identifier(_ word: String) -> UInt64? {
        UInt64(word.hasPrefix("0x") ? word.dropFirst(2) : word[...], radix: 16)
    }

    private static func matches(
        _ session: SessionDescription, _ query: Query, _ configuration: Configuration
    ) -> Bool {
        let names = Names(session, configuration)
        if let number = query.number, number != session.number { return false }
        if let frontend = query.frontend, frontend != names.frontend { return false }
        if let backend = query.backend, backend != names.backend { return false }
        if let server = query.server, server != "\(names.backend)/\(names.server)" { return false }
        return session.ageMilliseconds >= query.olderMilliseconds
    }

    /// The names behind a description's indices.
    private struct Names {
        var frontend = "<none>"
        var backend = "<NONE>"
        var server = "<none>"

        init(_ session: SessionDescription, _ configuration: Configuration) {
            let proxies = configuration.proxies
            if proxies.indices.contains(session.frontend) {
                frontend = proxies[session.frontend].name
            }
            guard proxies.indices.contains(session.backend) else { return }
            backend = proxies[session.backend].name
            if proxies[session.backend].servers.indices.contains(session.server) {
                server = proxies[session.backend].servers[session.server].name
            }
        }
    }

    private static func short(
        _ session: SessionDescription, _ configuration: Configuration
    ) -> String {
        let names = Names(session, configuration)
        return """
            0x\(String(session.number, radix: 16)): proto=\(protocolName(session)) \
            src=\(source(session)) fe=\(names.frontend) be=\(names.backend) srv=\(names.server) \
            ts=\(session.phase) age=\(age(session.ageMilliseconds)) \
            rq[i=\(session.bytesIn),idle=\(age(session.clientIdleMilliseconds))] \
            rp[i=\(session.bytesOut),idle=\(age(session.serverIdleMilliseconds))] \
            scf=[fd=\(session.clientDescriptor)] scb=[fd=\(session.serverDescriptor)] \
            thread=\(session.worker + 1) rc=\(session.retries)

            """
    }

    private static func long(
        _ session: SessionDescription, _ configuration: Configuration
    ) -> String {
        let names = Names(session, configuration)
        return """
            0x\(String(session.number, radix: 16)): proto=\(protocolName(session)) \
            source=\(source(session))
              frontend=\(names.frontend) mode=\(session.isHTTP ? "http" : "tcp") \
            thread=\(session.worker + 1)
              backend=\(names.backend) server=\(names.server) retries=\(session.retries)
              phase=\(session.phase) age=\(age(session.ageMilliseconds))
              client: fd=\(session.clientDescriptor) bytes=\(session.bytesIn) \
            idle=\(age(session.clientIdleMilliseconds))
              server: fd=\(session.serverDescriptor) bytes=\(session.bytesOut) \
            idle=\(age(session.serverIdleMilliseconds))

            """
    }

    private static func protocolName(_ session: SessionDescription) -> String {
        switch session.clientAddress?.address.family {
        case .v4: "tcpv4"
        case .v6: "tcpv6"
        case nil: "unix_stream"
        }
    }

    private static func source(_ session: SessionDescription) -> String {
        guard let ip = session.clientAddress else { return "unix:1" }
        return "\(ip.address):\(ip.port)"
    }

    private static func age(_ milliseconds: Int) -> String {
        let seconds = max(milliseconds, 0) / 1000
        switch seconds {
        case 0..<60: return "\(seconds)s"
        case 60..<3600: return "\(seconds / 60)m\(seconds % 60)s"
        case 3600..<86_400: return "\(seconds / 3600)h\(seconds / 60 % 60)m"
        default: return "\(seconds / 86_400)d\(seconds / 3600 % 24)h"
        }
    }

    // MARK: Ending

    @Sendable
    private static func shutdown(_ request: CommandRequest) -> CommandAnswer {
        guard let word = request.arguments.first, let number = identifier(word) else {
            return .text("Session pointer expected (use 'show sess').\n")
        }
        let engine = request.engine
        return .later { answer in
            engine.listSessions { sessions in
                guard sessions.contains(where: { $0.number == number }) else {
                    answer("No such session (use 'show sess').\n")
                    return
                }
                engine.shutdownSessions(SessionShutdown(.number(number)))
                answer("")
            }
        }
    }

    private static func shutdownServer(_ request: CommandRequest) throws(Refusal) -> String {
        let found = try request.engine.server(request.arguments.first)
        request.engine.shutdownSessions(
            SessionShutdown(.server(backend: found.proxy.name, server: found.server.name)))
        return ""
    }
}
