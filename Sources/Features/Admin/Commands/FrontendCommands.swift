// Commands that change frontends and the limits of the process.
// Source: management manual, `enable frontend`, `shutdown frontend`, `set maxconn`.

import Proxy

/// The rows about frontends.
enum FrontendCommands {
    static let commands = [
        Command(
            ["enable", "frontend"], level: .admin, arguments: "<frontend>",
            "let a frontend accept connections again"
        ) { answer($0, enable) },
        Command(
            ["disable", "frontend"], level: .admin, arguments: "<frontend>",
            "keep a frontend from accepting connections"
        ) { answer($0, disable) },
        Command(
            ["shutdown", "frontend"], level: .admin, arguments: "<frontend>",
            "close the listeners of a frontend for good"
        ) { answer($0, shutdown) },
        Command(
            ["set", "maxconn", "frontend"], level: .admin, arguments: "<frontend> <value>",
            "change the connection limit of a frontend"
        ) { answer($0, setLimit) },
        Command(
            ["set", "maxconn", "global"], level: .admin, arguments: "<value>",
            "change the connection limit of the process"
        ) { answer($0, setGlobalLimit) },
    ]

    private static func find(_ request: CommandRequest) throws(Refusal) -> FrontendLive {
        guard let word = request.arguments.first else {
            throw Refusal("A frontend name is expected.")
        }
        guard let index = request.engine.proxy(word, .frontend) else {
            throw Refusal("No such frontend.")
        }
        return request.engine.live.frontend(request.engine.configuration.proxies[index].name)
    }

    private static func enable(_ request: CommandRequest) throws(Refusal) -> String {
        let frontend = try find(request)
        if frontend.isStopped.load(ordering: .relaxed) {
            throw Refusal("Frontend was previously shut down, cannot enable.")
        }
        if !frontend.isPaused.exchange(false, ordering: .relaxed) {
            throw Refusal("All sockets are already enabled.")
        }
        request.engine.listenersChanged()
        return ""
    }

    private static func disable(_ request: CommandRequest) throws(Refusal) -> String {
        let frontend = try find(request)
        if frontend.isStopped.load(ordering: .relaxed) {
            throw Refusal("Frontend was previously shut down, cannot disable.")
        }
        if frontend.isPaused.exchange(true, ordering: .relaxed) {
            throw Refusal("All sockets are already disabled.")
        }
        request.engine.listenersChanged()
        return ""
    }

    private static func shutdown(_ request: CommandRequest) throws(Refusal) -> String {
        let frontend = try find(request)
        if frontend.isStopped.exchange(true, ordering: .relaxed) {
            throw Refusal("Frontend was already shut down.")
        }
        request.engine.listenersChanged()
        return ""
    }

    // Differs: HAProxy takes a limit that is no number for 0.
    private static func setLimit(_ request: CommandRequest) throws(Refusal) -> String {
        let frontend = try find(request)
        guard let word = request.arguments.dropFirst().first, let value = Int(word) else {
            throw Refusal("Integer value expected.")
        }
        guard value >= 0, value <= Int32.max else { throw Refusal("Value out of range.") }
        frontend.maxConnections.store(value, ordering: .relaxed)
        request.engine.listenersChanged()
        return ""
    }

    private static func setGlobalLimit(_ request: CommandRequest) throws(Refusal) -> String {
        guard let word = request.arguments.first, let value = Int(word) else {
            throw Refusal("Expects an integer value.")
        }
        let initial = request.engine.configuration.global.maxConnections
        guard value >= 0, initial == 0 || value <= initial else {
            throw Refusal("Value out of range.")
        }
        let limit = value == 0 ? initial : value
        request.engine.live.process.maxConnections.store(limit, ordering: .relaxed)
        request.engine.listenersChanged()
        return ""
    }
}
