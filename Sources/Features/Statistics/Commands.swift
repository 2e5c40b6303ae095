// The commands of the Runtime API that show and clear statistics.
// Source: management manual, `show stat`, `show info`, `show version`, `clear counters`.

import Kernel
import Proxy

/// What the product says of itself.
public struct ProductFacts: Sendable {
    public var name: String
    public var version: String
    public var releaseDate: String

    public init(name: String, version: String, releaseDate: String) {
        self.name = name
        self.version = version
        self.releaseDate = releaseDate
    }
}

/// The statistics of a process: its commands and the rates behind them.
public final class Statistics: Sendable {
    let product: ProductFacts
    let rates = RateBook()
    /// Log lines lost so far.
    let droppedLogs: @Sendable () -> UInt64

    public init(product: ProductFacts, droppedLogs: @escaping @Sendable () -> UInt64 = { 0 }) {
        self.product = product
        self.droppedLogs = droppedLogs
    }

    /// Closes a second for the rates. To be called once a second, on the control thread.
    public func tick(_ engine: Engine) {
        for proxy in engine.configuration.proxies {
            if proxy.capability.contains(.frontend) {
                let counters = engine.live.frontend(proxy.name).counters
                for kind in [CounterKind.sessions, .connections, .requests, .bytesOut] {
                    rates.follow(counters, kind)
                }
            }
            if proxy.capability.contains(.backend) {
                let backend = engine.live.backend(proxy.name)
                rates.follow(backend.counters, .sessions)
                for server in backend.order.withLock({ $0.live }) {
                    rates.follow(server.counters, .sessions)
                }
            }
        }
        rates.tick(nowMilliseconds: Clock.monotonic().milliseconds)
    }

    /// The rows for the Runtime API.
    public var commands: [Command] {
        [
            Command(
                ["show", "stat"], level: .user, arguments: "[desc|json|no-maint|typed|up]*",
                "show the counters of proxies and servers"
            ) { [self] in .text(showStat($0)) },
            Command(
                ["show", "info"], level: .user, arguments: "[desc|json|typed|float]*",
                "show facts about the process"
            ) { [self] in .text(showInfo($0)) },
            Command(
                ["show", "version"], level: .user, "show the version of this process"
            ) { [self] _ in .text(product.version + "\n") },
            Command(
                ["clear", "counters"], level: .operator_, arguments: "[all]",
                "begin the largest values anew, or all counters"
            ) { [self] in .text(clearCounters($0)) },
            Command(
                ["show", "schema", "json"], level: .user, "show the schema of the JSON statistics",
                run: nil),
        ]
    }

    // MARK: show stat

    private func showStat(_ request: CommandRequest) -> String {
        let query: StatQuery
        do throws(StatQuery.Refusal) {
            query = try StatQuery(request.arguments, request.engine.configuration)
        } catch {
            return error.text
        }
        let snapshot = StatSnapshot(
            request.engine, rates: rates, showsDetails: request.level >= .operator_)
        var rows: [StatRow] = []
        for index in snapshot.configuration.proxies.indices
        where query.proxyID == nil || query.proxyID == snapshot.proxyID(index) {
            rows += snapshot.rows(of: index).filter(query.wants)
        }
        switch query.format {
        case .csv: return StatField.header + rows.map(\.csv).joined()
        case .typed: return rows.map { $0.typed(described: query.isDescribed) }.joined()
        case .json: return "[" + rows.map(\.json).joined(separator: ",") + "]\n"
        }
    }

    // MARK: clear counters

    private func clearCounters(_ request: CommandRequest) -> String {
        let isAll = request.arguments.first == "all"
        if isAll && request.level < .admin { return "Permission denied\n" }
        let live = request.engine.live
        rates.clearMost()
        for proxy in request.engine.configuration.proxies {
            if proxy.capability.contains(.frontend) {
                live.frontend(proxy.name).clear(isAll: isAll)
            }
            if proxy.capability.contains(.backend) {
                let backend = live.backend(proxy.name)
                backend.connectionsMax.store(
                    backend.connections.load(ordering: .relaxed), ordering: .relaxed)
                if isAll { backend.counters.clear() }
                let servers = backend.order.withLock { order in
                    order.clearMaxima()
                    return order.live
                }
                if isAll { servers.forEach { $0.counters.clear() } }
            }
        }
        if isAll { live.process.counters.clear() }
        return ""
    }
}

/// What the words after `show stat` ask for.
struct StatQuery {
    enum Format { case csv, typed, json }

    /// An answer instead of statistics.
    struct Refusal: Error {
        let text: String
    }

    var format = Format.csv
    var isDescribed = false
    var onlyUp = false
    var noMaintenance = false
    /// nil: all proxies.
    var proxyID: Int?
    /// Bits: 1 frontends, 2 backends, 4 servers, 8 listeners.
    var objects = -1
    /// nil: all of the proxy.
    var objectID: Int?

    /// Reads the words; unknown ones are ignored, as haproxy does.
    init(_ words: [String], _ configuration: Configuration) throws(Refusal) {
        var words = words[...]
        if words.first == "domain" {
            words.removeFirst()
            switch words.popFirst() {
            case "proxy": break
            case "resolvers": throw Refusal(text: "# id,pid,\n")
            default: throw Refusal(text: "Invalid statistics domain.\n")
            }
        }
        if words.count >= 3, let kinds = Int(words[words.startIndex + 1]),
            let object = Int(words[words.startIndex + 2])
        {
            try select(words[words.startIndex], configuration)
            objects = kinds
            objectID = object == -1 ? nil : object
        }
        for word in words {
            switch word {
            case "typed": format = .typed
            case "json": format = .json
            case "desc": isDescribed = true
            case "up": onlyUp = true
            case "no-maint": noMaintenance = true
            default: break
            }
        }
    }

    private mutating func select(
        _ proxy: String, _ configuration: Configuration
    ) throws(Refusal) {
        if let number = Int(proxy) {
            proxyID = number == -1 ? nil : number
            return
        }
        guard let index = configuration.proxies.firstIndex(where: { $0.name == proxy }) else {
            throw Refusal(text: "No such proxy.\n")
        }
        let given = configuration.proxies[index].id
        proxyID = given != 0 ? given : index + 2
    }

    /// Whether a row is to be shown.
    func wants(_ row: StatRow) -> Bool {
        let bit =
            switch row.object {
            case .frontend: 1
            case .backend: 2
            case .server: 4
            case .listener: 8
            }
        if objects & bit == 0 { return false }
        if let objectID, row.object == .server || row.object == .listener,
            row.objectID != objectID
        {
            return false
        }
        guard row.object == .server, let status = row[.status]?.plain else { return true }
        let isMaintenance = status == ServerStatus.maintenance.rawValue
        if noMaintenance && isMaintenance { return false }
        return !onlyUp || !isMaintenance && status != ServerStatus.down.rawValue
    }
}
