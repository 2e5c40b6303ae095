// `show info`: the process in lines of name and value. Positions never change; holes stay holes.
// Source: management manual, `show info`.

import Glibc
import Kernel
import Proxy

/// One field of `show info`.
struct InfoField {
    let position: Int
    let name: String
    let value: StatValue
    /// One line of manual.
    let sentence: String
}

/// Gathers the fields.
struct InfoSnapshot {
    let engine: Engine
    let product: ProductFacts
    let rates: RateBook
    let droppedLogs: UInt64

    /// All fields in the order of their positions.
    func fields() -> [InfoField] {
        productFields() + limitFields() + connectionFields() + rateFields() + secureFields()
            + workFields() + lateFields()
    }

    private var settings: GlobalConfiguration { engine.configuration.global }
    private var process: ProcessLive { engine.live.process }

    private func productFields() -> [InfoField] {
        let seconds = Int(
            (Clock.monotonic().nanoseconds - process.started.nanoseconds) / 1_000_000_000)
        let days = seconds / 86_400
        let rest = "\(padded(seconds / 60 % 60))m\(padded(seconds % 60))s"
        let uptime = "\(days)d \(seconds / 3600 % 24)h\(rest)"
        return [
            field(0, "Name", .text(.product, product.name), "Name of the product"),
            field(1, "Version", .text(.product, product.version), "Version of the product"),
            field(2, "Release_date", .text(.product, product.releaseDate), "Date of this version"),
            field(3, "Nbthread", .u32(.config, engine.workers), "Worker threads"),
            field(4, "Nbproc", .u32(.config, 1), "Worker processes, always 1"),
            field(5, "Process_num", .u32(.keyProcess, 1), "Number of the process, always 1"),
            field(6, "Pid", .u32(.status, getpid()), "Process id"),
            field(7, "Uptime", .text(.duration, uptime), "Time since the start"),
            field(8, "Uptime_sec", .u32(.duration, seconds), "Seconds since the start"),
        ]
    }

    private func limitFields() -> [InfoField] {
        let descriptors = ResourceLimit(of: .descriptors).soft
        let connections = process.maxConnections.load(ordering: .relaxed)
        return [
            field(9, "Memmax_MB", .u32(.limit, 0), "Limit of memory in MB, 0 for none"),
            field(10, "PoolAlloc_MB", .u32(.gauge, 0), "MB held by pools"),
            field(11, "PoolUsed_MB", .u32(.gauge, 0), "MB of pools in use"),
            field(12, "PoolFailed", .u32(.counter, 0), "Times a pool got no memory"),
            field(13, "Ulimit-n", .u32(.limit, descriptors), "Limit of descriptors"),
            field(14, "Maxsock", .u32(.limit, descriptors), "Limit of sockets"),
            field(15, "Maxconn", .u32(.limit, connections), "Limit of client connections"),
            field(
                16, "Hard_maxconn", .u32(.limit, max(settings.maxConnections, connections)),
                "Limit of client connections as configured"),
        ]
    }

    private func connectionFields() -> [InfoField] {
        [
            field(
                17, "CurrConns", .u32(.gauge, process.connections.load(ordering: .relaxed)),
                "Client connections now"),
            field(18, "CumConns", .u32(.counter, sum(.connections)), "Client connections so far"),
            field(
                19, "CumReq", .u32(.counter, process.streams.load(ordering: .relaxed)),
                "Requests and TCP sessions so far"),
            field(20, "MaxSslConns", .u32(.maximum, 0), "Limit of TLS connections, 0 for none"),
            field(21, "CurrSslConns", .u32(.gauge, 0), "TLS connections now"),
            field(22, "CumSslConns", .u32(.counter, 0), "TLS connections so far"),
            field(23, "Maxpipes", .u32(.limit, settings.maxPipes), "Limit of pipes for splicing"),
            field(24, "PipesUsed", .u32(.gauge, 0), "Pipes in use"),
            field(25, "PipesFree", .u32(.gauge, 0), "Pipes kept for later"),
        ]
    }

    private func rateFields() -> [InfoField] {
        let connections = rate(.connections)
        let sessions = rate(.sessions)
        return [
            field(26, "ConnRate", .u32(.rate, connections.now), "Connections in the last second"),
            field(
                27, "ConnRateLimit", .u32(.limit, settings.maxConnectionRate),
                "Limit of connections per second"),
            field(
                28, "MaxConnRate", .u32(.maximum, connections.most), "Most connections in a second"),
            field(29, "SessRate", .u32(.rate, sessions.now), "Sessions in the last second"),
            field(
                30, "SessRateLimit", .u32(.limit, settings.maxSessionRate),
                "Limit of sessions per second"),
            field(31, "MaxSessRate", .u32(.rate, sessions.most), "Most sessions in a second"),
        ]
    }

    private func secureFields() -> [InfoField] {
        [
            field(32, "SslRate", .u32(.rate, 0), "TLS connections in the last second"),
            field(33, "SslRateLimit", .u32(.limit, 0), "Limit of TLS connections per second"),
            field(34, "MaxSslRate", .u32(.maximum, 0), "Most TLS connections in a second"),
            field(35, "SslFrontendKeyRate", .u32(.gauge, 0), "New client keys in the last second"),
            field(36, "SslFrontendMaxKeyRate", .u32(.maximum, 0), "Most new client keys a second"),
            field(
                37, "SslFrontendSessionReuse_pct", .u32(.gauge, 0), "Percentage of resumed sessions"
            ),
            field(38, "SslBackendKeyRate", .u32(.rate, 0), "New server keys in the last second"),
            field(39, "SslBackendMaxKeyRate", .u32(.maximum, 0), "Most new server keys a second"),
            field(40, "SslCacheLookups", .u32(.counter, 0), "Sessions looked up"),
            field(41, "SslCacheMisses", .u32(.counter, 0), "Sessions looked up and not found"),
            field(42, "CompressBpsIn", .u32(.rate, 0), "Bytes a second into compression"),
            field(43, "CompressBpsOut", .u32(.rate, 0), "Bytes a second out of compression"),
            field(44, "CompressBpsRateLim", .u32(.limit, 0), "Limit of compressed bytes a second"),
        ]
    }

    private func workFields() -> [InfoField] {
        let connections = process.connections.load(ordering: .relaxed)
        let listeners = engine.generation.listeners.count + settings.statsSockets.count
        let idle = process.idlePercent(at: Clock.monotonic().nanoseconds)
        var fields = [
            field(47, "Tasks", .u32(.gauge, connections), "Sessions being looked after"),
            field(48, "Run_queue", .u32(.gauge, 0), "Sessions that wait for their turn"),
            field(49, "Idle_pct", .u32(.average, idle), "Percentage of time spent waiting"),
            field(50, "node", .text(.configOutput, settings.node ?? Host.name), "Name of the node"),
        ]
        if let text = settings.describedAs {
            fields.append(field(51, "description", .text(.configOutput, text), "Text of the node"))
        }
        return fields + [
            field(52, "Stopping", .u32(.gauge, engine.isStoppingNow ? 1 : 0), "1 while stopping"),
            field(53, "Jobs", .u32(.gauge, connections + listeners), "Connections and listeners"),
            field(54, "Unstoppable Jobs", .u32(.gauge, 0), "Connections that do not end at a stop"),
            field(55, "Listeners", .u32(.gauge, listeners), "Open listeners"),
            field(56, "ActivePeers", .u32(.gauge, 0), "Peers in exchange"),
            field(57, "ConnectedPeers", .u32(.gauge, 0), "Peers connected"),
            field(58, "DroppedLogs", .u32(.gauge, droppedLogs), "Log lines not delivered"),
            field(59, "BusyPolling", .u32(.gauge, 0), "1 with busy polling"),
            field(60, "FailedResolutions", .u32(.gauge, 0), "Names that could not be resolved"),
        ]
    }

    private func lateFields() -> [InfoField] {
        let spliced = process.counters.value(.splicedBytes)
        let delay = Int(process.loopDelay(at: Clock.monotonic().nanoseconds) / 1000)
        return [
            field(61, "TotalBytesOut", .u64(.gauge, sum(.bytesOut)), "Bytes sent to clients"),
            field(62, "TotalSplicedBytesOut", .u64(.gauge, spliced), "Bytes moved in the kernel"),
            field(63, "BytesOutRate", .u64(.rate, rate(.bytesOut).now), "Bytes sent a second"),
            field(64, "DebugCommandsIssued", .u32(.gauge, 0), "Debug commands used"),
            field(65, "CumRecvLogs", .u32(.counter, 0), "Log messages received"),
            field(66, "Build info", .text(.product, product.version), "What was built"),
            field(67, "Memmax_bytes", .u64(.limit, 0), "Limit of memory in bytes, 0 for none"),
            field(68, "PoolAlloc_bytes", .u64(.gauge, 0), "Bytes held by pools"),
            field(69, "PoolUsed_bytes", .u64(.gauge, 0), "Bytes of pools in use"),
            field(
                70, "Start_time_sec",
                .u32(.duration, process.startedCalendarMicroseconds / 1_000_000),
                "Second of the start"),
            field(71, "Tainted", .text(.status, "0"), "Unusual features used"),
            field(72, "TotalWarnings", .u32(.counter, 0), "Warnings since the start"),
            field(
                73, "MaxconnReached", .u32(.counter, process.counters.value(.refusedByLimit)),
                "Times the limit of connections was reached"),
            field(74, "BootTime_ms", .u32(.duration, 0), "Milliseconds the start took"),
            field(75, "Niced_tasks", .u32(.gauge, 0), "Sessions of another priority"),
            // What is ours alone, far from positions that are taken elsewhere.
            field(
                1000, "LoopDelay_us", .u32(.maximum, delay),
                "Longest turn of a worker's loop lately, in microseconds"),
        ]
    }

    // MARK: Sums over frontends

    private var frontends: [FrontendLive] {
        engine.configuration.proxies.filter { $0.capability.contains(.frontend) }
            .map { engine.live.frontend($0.name) }
    }

    private func sum(_ kind: CounterKind) -> UInt64 {
        frontends.reduce(process.counters.value(kind)) { $0 + $1.counters.value(kind) }
    }

    private func rate(_ kind: CounterKind) -> Rate {
        let now = Clock.monotonic().milliseconds
        return frontends.reduce(into: Rate()) { sum, frontend in
            let rate = rates.rate(frontend.counters, kind, nowMilliseconds: now)
            sum.now += rate.now
            sum.most += rate.most
        }
    }

    private func field(
        _ position: Int, _ name: String, _ value: StatValue, _ sentence: String
    ) -> InfoField {
        InfoField(position: position, name: name, value: value, sentence: sentence)
    }

    private func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

extension Statistics {
    /// The answer to `show info`.
    func showInfo(_ request: CommandRequest) -> String {
        let words = Set(request.arguments)
        let fields = InfoSnapshot(
            engine: request.engine, product: product, rates: rates, droppedLogs: droppedLogs()
        ).fields()
        let isDescribed = words.contains("desc")
        if words.contains("json") {
            let objects = fields.map { field in
                """
                {"field":{"pos":\(field.position),"name":\(jsonString(field.name))},\
                "processNum":1,\(field.value.json)}
                """
            }
            return "[" + objects.joined(separator: ",") + "]\n"
        }
        var text = ""
        for field in fields {
            text +=
                words.contains("typed")
                ? "\(field.position).\(field.name).1:\(field.value.typed)"
                : "\(field.name): \(field.value.plain)"
            if isDescribed { text += ":\"\(field.sentence)\"" }
            text += "\n"
        }
        return text
    }
}
