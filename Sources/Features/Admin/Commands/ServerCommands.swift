// Commands that change servers. Answers are empty when they succeed, and else HAProxy's words,
// because libraries compare them.
// Source: management manual, `set server`, `set weight`, `set maxconn server`, `enable server`.

import Addresses
import Balancing
import Kernel
import Proxy

/// The rows about servers.
struct ServerCommands: Sendable {
    /// Where changes of state are logged.
    let notify: @Sendable (Notice) -> Void

    var commands: [Command] {
        [
            Command(
                ["enable", "server"], level: .admin, arguments: "<bk>/<srv>",
                "end the maintenance or draining of a server"
            ) { answer($0) { request throws(Refusal) in try setState("ready", request, 0) } },
            Command(
                ["disable", "server"], level: .admin, arguments: "<bk>/<srv>",
                "put a server into maintenance"
            ) { answer($0) { request throws(Refusal) in try setState("maint", request, 0) } },
            Command(
                ["set", "server"], level: .admin, arguments: "<bk>/<srv> [opts]",
                "change the state, weight or address of a server"
            ) { answer($0, setServer) },
            Command(
                ["get", "weight"], level: .user, arguments: "<bk>/<srv>",
                "show the weight of a server"
            ) { answer($0, getWeight) },
            Command(
                ["set", "weight"], level: .admin, arguments: "<bk>/<srv> <weight>[%]",
                "change the weight of a server"
            ) {
                answer($0) { request throws(Refusal) in
                    try setWeight(request.arguments.dropFirst().first, request)
                }
            },
            Command(
                ["set", "maxconn", "server"], level: .admin, arguments: "<bk>/<srv> <value>",
                "change the connection limit of a server"
            ) { answer($0, setLimit) },
        ]
    }

    // MARK: set server

    private func setServer(_ request: CommandRequest) throws(Refusal) -> String {
        let found = try request.engine.server(request.arguments.first)
        let values = Array(request.arguments.dropFirst(2))
        switch request.arguments.dropFirst().first {
        case "state": return try setState(values.first, request, 0)
        case "weight": return try setWeight(values.first, request)
        case "addr": return try setAddress(values, found, request.engine)
        case "health": return try refuseHealth(values.first)
        case "agent":
            throw Refusal("agent checks are not enabled on this server.")
        case "agent-addr", "agent-port", "agent-send":
            throw Refusal(bare: "agent checks are not enabled on this server")
        case "check-addr", "check-port":
            throw Refusal(bare: "health checks are not enabled on this server")
        case "fqdn":
            throw Refusal(
                "set server <b>/<s> fqdn failed because no resolution is configured.")
        case "ssl":
            throw Refusal(
                "'set server <srv> ssl' cannot be set.  "
                    + "default-server should define ssl settings")
        default:
            throw Refusal(
                """
                usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | \
                agent-send | check-addr | check-port | fqdn | health | ssl | state | weight
                """)
        }
    }

    private func refuseHealth(_ word: String?) throws(Refusal) -> String {
        guard let word, ["up", "stopping", "down"].contains(word) else {
            throw Refusal("'set server <srv> health' expects 'up', 'stopping', or 'down'.")
        }
        throw Refusal("'set server <srv> health' is not supported yet.")
    }

    // MARK: State

    private func setState(
        _ word: String?, _ request: CommandRequest, _ serverWord: Int
    ) throws(Refusal) -> String {
        let found = try request.engine.server(request.arguments.dropFirst(serverWord).first)
        let change: @Sendable (inout ServerAdminState) -> Void
        switch word {
        case "ready": change = { $0.subtract([.forcedMaintenance, .forcedDrain]) }
        case "drain":
            change = {
                $0.remove(.forcedMaintenance)
                $0.insert(.forcedDrain)
            }
        case "maint": change = { $0.enterMaintenance() }
        default:
            throw Refusal("'set server <srv> state' expects 'ready', 'drain' and 'maint'.")
        }
        let before = found.order.admin
        request.engine.change(found.ordinal, of: found.backend) { change(&$0.admin) }
        let after = found.order.admin
        if before == after { return "" }
        if after.isMaintenance {
            // Idle connections to a server in maintenance are not used again.
            found.live.poolEpoch.add(1, ordering: .relaxed)
        }
        report(found, from: before, to: after)
        return ""
    }

    /// Logs a change of state in HAProxy's words.
    private func report(
        _ found: FoundServer, from before: ServerAdminState, to after: ServerAdminState
    ) {
        let name = "Server \(found.proxy.name)/\(found.server.name)"
        let usable = found.backend.order.withLock { $0.usable }
        let left = """
            \(usable.primaries) active and \(usable.backups) backup servers left.\
            \(usable.primaries == 0 && usable.backups > 0 ? " Running on backup." : "") \
            \(found.order.served) sessions active, 0 requeued, \(found.order.queued) remaining in queue.
            """
        let wasInMaintenance = before.isMaintenance
        let isInMaintenance = after.isMaintenance
        let text: String
        if isInMaintenance {
            text = "\(name) is going DOWN for maintenance. \(left)"
        } else if after.contains(.forcedDrain) {
            text = "\(name) enters drain state. \(left)"
        } else if wasInMaintenance {
            text = "\(name) is UP/READY (leaving forced maintenance)."
        } else {
            text = "\(name) is UP (leaving forced drain)."
        }
        notify(Notice(level: .notice, proxy: found.proxyIndex, text: text))
        if usable.primaries + usable.backups == 0 && !after.isServing {
            let text = "backend '\(found.proxy.name)' has no server available!"
            notify(Notice(level: .emergency, proxy: found.proxyIndex, text: text))
        }
    }

    // MARK: Weight

    private func getWeight(_ request: CommandRequest) throws(Refusal) -> String {
        let order = try request.engine.server(request.arguments.first).order
        return "\(order.weight) (initial \(order.initialWeight))\n"
    }

    private func setWeight(
        _ word: String?, _ request: CommandRequest
    ) throws(Refusal) -> String {
        let found = try request.engine.server(request.arguments.first)
        guard let word else { throw Refusal("Require <weight> or <weight%>.") }
        let initial = found.order.initialWeight
        let weight = try weight(word, initial: initial)
        if case .algorithm(let algorithm) = Algorithm.meaning(of: found.proxy.balance),
            !algorithm.hasDynamicWeights, weight != 0 && weight != initial
        {
            throw Refusal(
                """
                Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.
                """)
        }
        request.engine.change(found.ordinal, of: found.backend) { $0.weight = weight }
        return ""
    }

    private func weight(_ word: String, initial: Int) throws(Refusal) -> Int {
        let (number, rest) = leadingInteger(word)
        guard let number else {
            throw Refusal(bare: "Empty weight string empty or preceded by garbage")
        }
        if rest == "%" {
            if number < 0 { throw Refusal("Relative weight must be positive.") }
            return min(initial * min(number, 100_000) / 100, 256)
        }
        if !rest.isEmpty { throw Refusal(bare: "Trailing garbage in weight string") }
        guard (0...256).contains(number) else {
            throw Refusal("Absolute weight can only be between 0 and 256 inclusive.")
        }
        return number
    }

    // MARK: Limit

    private func setLimit(_ request: CommandRequest) throws(Refusal) -> String {
        let found = try request.engine.server(request.arguments.first)
        guard let word = request.arguments.dropFirst().first else {
            throw Refusal("Require <maxconn>.")
        }
        let (number, rest) = leadingInteger(word)
        guard let number, number >= 0 else {
            throw Refusal(bare: "maxconn string empty or preceded by garbage")
        }
        if !rest.isEmpty { throw Refusal(bare: "Trailing garbage in maxconn string") }
        request.engine.change(found.ordinal, of: found.backend) {
            let isMoving = $0.minConnections > 0 && $0.minConnections < $0.maxConnections
            $0.maxConnections = min(number, Int(Int32.max))
            if !isMoving && $0.minConnections > 0 { $0.minConnections = $0.maxConnections }
        }
        return ""
    }

    // MARK: Address

    private func setAddress(
        _ words: [String], _ found: FoundServer, _ engine: Engine
    ) throws(Refusal) -> String {
        guard let word = words.first else {
            throw Refusal("set server <b>/<s> addr requires an address and optionally a port.")
        }
        let by = " by 'stats socket command'\n"
        guard let wanted = IPAddress(word) else { return "Invalid addr '\(word)'\(by)" }
        let live = found.live
        let present = live.addressOverride.withLock { $0 } ?? found.server.address
        guard let old = present.ip else {
            return """
                Update for the current server address family is only supported through \
                configuration file\(by)
                """
        }
        var text = "no need to change the addr"
        if old.address != wanted { text = "IP changed from '\(old.address)' to '\(wanted)'" }
        var port = old.port
        if words.dropFirst().first == "port" {
            let portWord = words.count > 2 ? words[2] : ""
            guard let number = UInt16(portWord), number > 0, !portWord.hasPrefix("+") else {
                return "problem converting port '\(portWord)' to an int\(by)"
            }
            text +=
                number == port
                ? ", no need to change the port"
                : ", port changed from '\(port)' to '\(number)'"
            port = number
        }
        if old.address != wanted || old.port != port {
            engine.setAddress(RawSocketAddress(IPSocketAddress(wanted, port: port)), of: live)
            notify(
                Notice(
                    level: .notice, proxy: found.proxyIndex,
                    text: "\(found.proxy.name)/\(found.server.name): \(text)\(by.dropLast())"))
        }
        return text + by
    }
}

/// Runs the body and turns a refusal into its text.
func answer(
    _ request: CommandRequest, _ body: (CommandRequest) throws(Refusal) -> String
) -> CommandAnswer {
    do throws(Refusal) { return .text(try body(request)) } catch { return .text(error.text) }
}

/// The number a word begins with, and what follows it.
func leadingInteger(_ word: String) -> (Int?, String) {
    let sign = word.hasPrefix("-") || word.hasPrefix("+") ? 1 : 0
    let digits = word.dropFirst(sign).prefix { $0.isASCII && $0.isNumber }
    let rest = String(word.dropFirst(sign + digits.count))
    guard let number = Int(digits.prefix(18)) else { return (nil, word) }
    return (word.hasPrefix("-") ? -number : number, rest)
}
