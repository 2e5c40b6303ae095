// A generation compiled for one worker: flat tables of plain values, so that the data path looks
// nothing up by name, copies nothing and counts no references.

import Addresses
import HTTP
import Kernel
import Samples
import StickTables
import Structures

/// A proxy as a worker uses it.
///
/// Safety: the unmanaged references point at objects of the `LiveState`, which outlives every
/// worker; the counter slices point into tables those objects own.
@safe
struct ProxyEntry: BitwiseCopyable {
    /// Index in the program's proxies.
    let index: Int32
    /// `id`.
    let id: Int32
    /// Whether it serves clients, uses servers, or both.
    let capability: ProxyCapability
    /// `mode http`; else `mode tcp`.
    let isHTTP: Bool
    /// `option` switches.
    let options: ProxyOptions
    /// Milliseconds; 0 means none.
    var client, connect, server, queue, httpRequest, httpKeepAlive, tunnel: UInt32
    /// As those above, once a direction is closed.
    let clientFin, serverFin: UInt32
    /// Tries after the first.
    let retries: Int32
    /// What a request is tried again for.
    let retryOn: RetryCauses
    /// Requests are kept after they were sent, because `retry-on` may want them again.
    let keepsRequests: Bool
    /// `option redispatch N`.
    let redispatchAfter: Int32
    /// `http-reuse`.
    let reuse: ReusePolicy
    /// Index in the program's proxies; -1 none.
    let defaultBackend: Int32
    /// Index of its first server in the program's servers.
    let firstServer: Int32
    /// How many servers follow there.
    let serverCount: Int32
    /// Index of its first `bind` line in the program's lines.
    let firstBind: Int32
    /// How many lines follow there.
    let bindCount: Int32
    /// Its name, kept by the program.
    let name: KeptBytes
    /// Lines are written when streams end.
    let isLogged: Bool
    /// What every stream of the frontend begins with.
    let streamFlags: StreamFlags
    /// The line is written when the connection is accepted (no log format option was given).
    let isLoggedAtAccept: Bool
    /// `log-steps`; nil leaves one line at the end.
    let logSteps: LogSteps?
    /// The format of its lines.
    let line: Unmanaged<LogFormat>?
    /// The format of their structured data.
    let structuredData: Unmanaged<LogFormat>?
    /// The format of lines about what never became a request; as `line` where there is none.
    let errorLine: Unmanaged<LogFormat>?
    /// Lines are counted, because a format shows how many there were.
    let countsLines: Bool
    /// The request line is needed beyond the rules of the request.
    let keepsRequestLine: Bool
    /// `unique-id-format`.
    let uniqueID: Unmanaged<LogFormat>?
    /// `unique-id-header`.
    let hasUniqueIDField: Bool
    /// How many slots for captured texts requests and responses have.
    let captureCounts: (request: UInt16, response: UInt16)
    /// `rate-limit sessions`, sessions a second; 0 means no limit.
    let sessionRate: UInt32
    /// The frontend over generations.
    let frontend: Unmanaged<FrontendLive>
    /// The backend over generations.
    let backend: Unmanaged<BackendLive>
    /// This worker's counters of the frontend.
    let frontendCounters: CounterSlice
    /// This worker's counters of the backend.
    let backendCounters: CounterSlice
    /// The number of the frontend over generations.
    let frontendIdentity: UInt32
    /// `option forwardfor`.
    let hasForwardFor: Bool
    /// `option originalto`.
    let hasOriginalTo: Bool
    /// `option forwarded`.
    let hasForwarded: Bool
    /// `monitor-uri`.
    let hasMonitorURI: Bool
    /// The lists of rules that are not empty, as bits of ``RuleStep``.
    let ruleSteps: UInt16
    /// The stages of requests and responses at which it does something, as ``StageSet/init(_:)``
    /// has it.
    let stages: StageSet
    /// `tcp-request inspect-delay`, milliseconds.
    let inspectDelay: UInt32
    /// `tcp-response inspect-delay`, milliseconds.
    let inspectResponseDelay: UInt32
    /// `timeout tarpit`, milliseconds.
    var tarpit: UInt32
    /// `option http-buffer-request`.
    let buffersRequests: Bool
    /// `option http-restrict-req-hdr-names`.
    let unusualNames: UnusualNames
    /// `http-send-name-header`.
    let hasServerNameField: Bool
}

/// A `bind` line as expressions see it.
struct BindEntry {
    /// `id`.
    let id: Int32
    /// `name`, kept by the program; nil where none is given.
    let name: KeptBytes?
}

/// A server as a worker uses it.
@safe
struct ServerEntry: BitwiseCopyable {
    /// Index of its backend in the program's proxies.
    let proxy: Int32
    /// Position in the configuration's list of servers.
    let position: Int32
    /// Position in the backend's order, stable over generations.
    let ordinal: Int32
    /// `id`, by which stick tables know it, too.
    let id: Int32
    /// Its number over generations, which also names its idle pools.
    let identity: UInt32
    /// The server over generations.
    let live: Unmanaged<ServerLive>
    /// This worker's counters of the server.
    let counters: CounterSlice
    /// Its name, kept by the program.
    let name: KeptBytes
    /// `non-stick`: stick tables do not store it.
    let isNotStored: Bool
    /// Address and port as text, kept by the program.
    let addressText: KeptBytes
    /// A UNIX socket.
    let isLocal: Bool
    /// The port is the one the client came to.
    let usesClientPort: Bool
    /// What is added to the port the client came to.
    let portOffset: Int32
    /// The address is the one the client came to.
    let usesClientAddress: Bool
    /// A source address or socket options of its own.
    let hasSocketOptions: Bool
    /// `pool-max-conn`; -1 means no limit.
    let poolMaxConnections: Int32
    /// `pool-purge-delay`, milliseconds.
    let poolPurgeDelay: UInt32
    /// `max-reuse`; -1 means no limit.
    let maxReuse: Int32
}

/// A field of ours that carries an address (`option forwardfor`, `option originalto`), ready to
/// be written.
struct AddressField {
    /// The name with colon and blank.
    var prefix: [UInt8]
    /// The name in small letters.
    var name: [UInt8]
    /// `if-none`.
    var onlyIfMissing: Bool
    /// `except`: clients for whom nothing is added.
    var except: Prefix?
}

/// A generation compiled for one worker.
///
/// Safety: the generation, which the program holds, keeps the tables.
@safe
struct Program: ~Copyable {
    /// What it was compiled from.
    let generation: Generation
    /// Writes the log lines of this worker.
    let logger: any StreamLogger
    /// By the index in the configuration.
    let proxies: FixedArray<ProxyEntry>
    /// The servers of all proxies, one proxy behind the other.
    let servers: FixedArray<ServerEntry>
    /// Where they are, with what was changed at run time. Not among the entries, which are taken
    /// up for every request.
    let serverAddresses: [RawSocketAddress]
    /// The `bind` lines of all proxies, one proxy behind the other.
    let binds: [BindEntry]
    /// By proxy index.
    let forwardFor: [AddressField?]
    /// As `forwardFor`, for `option originalto`.
    let originalTo: [AddressField?]
    /// By proxy index: `option forwardfor` without any of its words.
    let isPlainForwardFor: [Bool]
    /// Index of the proxy whose frontend has that identity; -1 where there is none.
    let frontendOfIdentity: [Int32]
    /// Backends with servers that start slowly; the first worker lets their limits grow.
    let slowStarters: [BackendLive]
    /// Whether some frontend counts while its streams run (`option contstats`).
    let countsContinuously: Bool
    /// By proxy index: `monitor-uri`; empty where there is none.
    let monitorURIs: [[UInt8]]
    /// By proxy index: the replies of `errorfile`, by status.
    let errorReplies: [[Int: ErrorReply]]
    /// Our own replies by status, where no file replaces them.
    let standardReplies: [Int: ErrorReply]
    /// The rules of all proxies.
    let rules: RuleProgram
    /// Backends by name, for rules that make the name of one.
    let backendNames: NameTable
    /// Keeps the names of proxies and servers.
    let names: ConstantBlock
    /// By proxy index: the name of `http-send-name-header`; empty where there is none.
    let serverNameFields: [[UInt8]]
    /// The name of this host.
    let hostName: KeptBytes
    /// The most bytes that a log line can have.
    let longestLine: Int
    /// By proxy index: the name of `unique-id-header` with colon and blank; empty where there is
    /// none.
    let uniqueIDFields: [[UInt8]]
    /// By proxy index: how many bytes each slot of captured request texts keeps.
    let requestCaptures: [[Int]]
    /// As `requestCaptures`, of responses.
    let responseCaptures: [[Int]]
    /// By proxy index: replies that are made by formats, by status.
    let replyMakers: [[Int: ReplyMaker]]
    /// The live tables, in the order of the configuration.
    let tables: [Unmanaged<StickTable>]
    /// `http-err-codes`.
    let errorStatuses: StatusSet
    /// `http-fail-codes`.
    let failureStatuses: StatusSet
    /// No status below is of either.
    let leastCountedStatus: Int
    /// Sessions and streams that use it.
    var users = 0
    /// `tune.bufsize`.
    let bufferBytes: Int
    /// `tune.http.logurilen`.
    let logURIBytes: Int
    /// `maxconnrate` or `maxsessrate`, whichever is less; 0 means no limit.
    let sessionRate: UInt32

    init(_ generation: Generation, engine: Engine, worker: Int) {
        self.generation = generation
        let configuration = generation.configuration
        let logger = engine.logging.makeLogger(for: configuration, worker: worker)
        self.logger = logger
        errorStatuses = configuration.global.errorStatuses
        failureStatuses = configuration.global.failureStatuses
        leastCountedStatus = min(errorStatuses.least, failureStatuses.least)
        bufferBytes = configuration.global.tuning.bufferBytes
        logURIBytes = configuration.global.tuning.logURIBytes
        longestLine = logger.longestLine
        let rates = [
            configuration.global.maxConnectionRate, configuration.global.maxSessionRate,
        ].filter { $0 > 0 }
        sessionRate = UInt32(clamping: rates.min() ?? 0)
        var proxies: [ProxyEntry] = []
        var servers: [ServerEntry] = []
        var addresses: [RawSocketAddress] = []
        var binds: [BindEntry] = []
        let names = ConstantBlock()
        for (index, proxy) in configuration.proxies.enumerated() {
            proxies.append(
                Self.entry(
                    proxy, index: index, firstServer: servers.count, firstBind: binds.count,
                    configuration: configuration, engine: engine, worker: worker, logger: logger,
                    names))
            binds += proxy.binds.map { bind in
                BindEntry(
                    id: Int32(clamping: bind.id),
                    name: bind.name.map { KeptBytes($0.anyBytes, in: names) })
            }
            Self.append(
                proxy, index: index, to: &servers, &addresses,
                live: engine.live.backend(proxy.name), worker: worker, names)
        }
        var ofIdentity = [Int32](repeating: -1, count: engine.live.identities)
        for proxy in configuration.proxies.indices
        where configuration.proxies[proxy].capability.contains(.frontend) {
            ofIdentity[Int(proxies[proxy].frontendIdentity)] = Int32(proxy)
        }
        self.proxies = FixedArray(proxies)
        self.servers = FixedArray(servers)
        serverAddresses = addresses
        self.binds = binds
        frontendOfIdentity = ofIdentity
        monitorURIs = configuration.proxies.map { ($0.monitorURI ?? "").anyBytes }
        countsContinuously = configuration.proxies.contains {
            $0.options.contains(.continuousStats)
        }
        slowStarters = configuration.proxies.filter { proxy in
            proxy.capability.contains(.backend)
                && proxy.servers.contains { $0.slowStartMilliseconds > 0 }
        }.map { engine.live.backend($0.name) }
        forwardFor = configuration.proxies.map { $0.forwardFor.map(Self.addressField) }
        rules = RuleProgram(configuration)
        // Safety: as the type says.
        unsafe tables = generation.tables.map { unsafe Unmanaged.passUnretained($0) }
        self.names = names
        hostName = KeptBytes(Host.name.utf8, in: names)
        uniqueIDFields = configuration.proxies.map { proxy in
            guard proxy.uniqueIDFormat != nil else { return [] }
            return proxy.uniqueIDHeader.map { Array("\($0.lowercased()): ".utf8) } ?? []
        }
        var backendNames = NameTable()
        for (index, proxy) in configuration.proxies.enumerated()
        where proxy.capability.contains(.backend) && !proxy.isDisabled {
            backendNames.insert(proxy.name, index)
        }
        self.backendNames = backendNames
        serverNameFields = configuration.proxies.map { Array(($0.serverNameField ?? "").utf8) }
        requestCaptures = configuration.proxies.map(\.requestCaptures)
        responseCaptures = configuration.proxies.map(\.responseCaptures)
        replyMakers = configuration.proxies.map(\.replyMakers)
        errorReplies = configuration.proxies.map { proxy in
            // Contents that do not parse were refused when the configuration was read.
            proxy.errorReplies.compactMapValues { try? ErrorReply(parsing: $0) }
        }
        standardReplies = Self.standard()
        isPlainForwardFor = configuration.proxies.map {
            guard let header = $0.forwardFor else { return false }
            return header.name.lowercased() == "x-forwarded-for" && !header.onlyIfMissing
                && header.exceptNetwork == nil
        }
        originalTo = configuration.proxies.map { $0.originalTo.map(Self.addressField) }
    }

    private static func standard() -> [Int: ErrorReply] {
        let statuses = [
            200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 414, 421, 422, 425, 429, 431, 500,
            501, 502, 503, 504, 505,
        ]
        var replies: [Int: ErrorReply] = [:]
        for status in statuses { replies[status] = ErrorReply.standard(status) }
        return replies
    }

    private static func entry(
        _ proxy: ProxyConfiguration, index: Int, firstServer: Int, firstBind: Int,
        configuration: Configuration, engine: Engine, worker: Int, logger: any StreamLogger,
        _ names: ConstantBlock
    ) -> ProxyEntry {
        let frontend = engine.live.frontend(proxy.name)
        let backend = engine.live.backend(proxy.name)
        func milliseconds(_ value: Int) -> UInt32 { UInt32(clamping: value) }
        let timeouts = proxy.timeouts
        var target = proxy.defaultBackend
        if target == nil && proxy.capability == .listen { target = index }
        // Differs: HAProxy 2.6 obeys `retry-on` without `conn-failure` in `mode tcp`, too, where
        // the manual says that it is ignored.
        let retryOn = proxy.mode == .http ? proxy.retryOn : .connectionFailure
        let isLogged = logger.logs(frontend: index) && proxy.logFormat != nil
        var needs = configuration.needs
        if isLogged {
            for format in [
                proxy.logFormat, proxy.errorLogFormat, proxy.structuredDataFormat,
            ] {
                needs.formUnion(format?.needs ?? [])
            }
        }
        // Safety: the live state keeps both objects for the life of the process.
        return unsafe ProxyEntry(
            index: Int32(index), id: Int32(clamping: proxy.id), capability: proxy.capability,
            isHTTP: proxy.mode == .http, options: proxy.options,
            client: milliseconds(timeouts.client), connect: milliseconds(timeouts.connect),
            server: milliseconds(timeouts.server),
            queue: milliseconds(timeouts.queue == 0 ? timeouts.connect : timeouts.queue),
            httpRequest: milliseconds(timeouts.httpRequest),
            httpKeepAlive: milliseconds(timeouts.httpKeepAlive),
            tunnel: milliseconds(timeouts.tunnel), clientFin: milliseconds(timeouts.clientFin),
            serverFin: milliseconds(timeouts.serverFin), retries: Int32(clamping: proxy.retries),
            retryOn: retryOn,
            keepsRequests: proxy.retries > 0 && !retryOn.isDisjoint(with: .afterSending),
            redispatchAfter: Int32(clamping: proxy.redispatchAfter), reuse: proxy.reuse,
            defaultBackend: target.map { Int32($0) } ?? -1, firstServer: Int32(firstServer),
            serverCount: Int32(proxy.servers.count), firstBind: Int32(firstBind),
            bindCount: Int32(proxy.binds.count),
            name: KeptBytes(proxy.name.utf8, in: names), isLogged: isLogged && !proxy.logsAtAccept,
            streamFlags: streamFlags(of: proxy, isLogged: isLogged && !proxy.logsAtAccept),
            isLoggedAtAccept: isLogged && proxy.logsAtAccept, logSteps: proxy.logSteps,
            line: proxy.logFormat.map { unsafe Unmanaged.passUnretained($0) },
            structuredData: proxy.structuredDataFormat.map {
                unsafe Unmanaged.passUnretained($0)
            },
            errorLine: (proxy.errorLogFormat ?? proxy.logFormat).map {
                unsafe Unmanaged.passUnretained($0)
            }, countsLines: needs.contains(.lineCount),
            keepsRequestLine: needs.contains(.requestLine),
            uniqueID: proxy.uniqueIDFormat.map { unsafe Unmanaged.passUnretained($0) },
            hasUniqueIDField: proxy.uniqueIDHeader != nil && proxy.uniqueIDFormat != nil,
            captureCounts: (
                UInt16(clamping: proxy.requestCaptures.count),
                UInt16(clamping: proxy.responseCaptures.count)
            ),
            sessionRate: UInt32(clamping: proxy.sessionRateLimit),
            frontend: Unmanaged.passUnretained(frontend),
            backend: Unmanaged.passUnretained(backend),
            frontendCounters: frontend.counters.slice(worker: worker),
            backendCounters: backend.counters.slice(worker: worker),
            frontendIdentity: frontend.identity, hasForwardFor: proxy.forwardFor != nil,
            hasOriginalTo: proxy.originalTo != nil, hasForwarded: proxy.forwarded != nil,
            hasMonitorURI: proxy.monitorURI != nil,
            ruleSteps: RuleStep.allCases.reduce(0) { bits, step in
                proxy.rules[Int(step.rawValue)].isEmpty ? bits : bits | step.bit
            }, stages: StageSet(proxy), inspectDelay: milliseconds(proxy.inspectDelay),
            inspectResponseDelay: milliseconds(proxy.inspectResponseDelay),
            tarpit: milliseconds(timeouts.tarpit == 0 ? timeouts.connect : timeouts.tarpit),
            buffersRequests: proxy.mode == .http && proxy.options.contains(.httpBufferRequest),
            unusualNames: proxy.mode == .http ? proxy.unusualNames : .passed,
            hasServerNameField: proxy.mode == .http && proxy.serverNameField != nil)
    }

    private static func streamFlags(of proxy: ProxyConfiguration, isLogged: Bool) -> StreamFlags {
        var flags: StreamFlags = isLogged ? .isLogged : []
        if proxy.options.contains(.logASAP) { flags.insert(.isPartial) }
        if !proxy.requestCaptures.isEmpty || !proxy.responseCaptures.isEmpty {
            flags.insert(.hasCaptures)
        }
        return flags
    }

    private static func append(
        _ proxy: ProxyConfiguration, index: Int, to servers: inout [ServerEntry],
        _ addresses: inout [RawSocketAddress], live backend: BackendLive, worker: Int,
        _ names: ConstantBlock
    ) {
        guard proxy.capability.contains(.backend) else { return }
        let byName = backend.order.withLock { order in
            var byName: [String: ServerLive] = [:]
            for server in order.live { byName[server.name] = server }
            return byName
        }
        for (position, server) in proxy.servers.enumerated() {
            guard let live = byName[server.name] else {
                preconditionFailure("the live state was adopted before")
            }
            let address = live.addressOverride.withLock { $0 } ?? server.address
            addresses.append(address)
            // Safety: the live state keeps the server's object for the life of the process.
            unsafe servers.append(
                ServerEntry(
                    proxy: Int32(index), position: Int32(position), ordinal: Int32(live.ordinal),
                    id: Int32(clamping: server.id),
                    identity: live.identity, live: Unmanaged.passUnretained(live),
                    counters: live.counters.slice(worker: worker),
                    name: KeptBytes(server.name.utf8, in: names),
                    isNotStored: server.isNotStored,
                    addressText: KeptBytes(address.keyText.utf8, in: names),
                    isLocal: !address.isIP, usesClientPort: server.usesClientPort,
                    portOffset: Int32(server.portOffset ?? 0),
                    usesClientAddress: server.usesClientAddress,
                    hasSocketOptions: server.source != nil || proxy.source != nil
                        || server.tcpUserTimeoutMilliseconds > 0 || server.usesFastOpen,
                    poolMaxConnections: Int32(clamping: server.poolMaxConnections),
                    poolPurgeDelay: UInt32(clamping: server.poolPurgeDelayMilliseconds),
                    maxReuse: Int32(clamping: server.maxReuse)))
        }
    }

    private static func addressField(_ header: ForwardHeader) -> AddressField {
        let name = Array(header.name.lowercased().utf8)
        return AddressField(
            prefix: name + [0x3a, 0x20], name: name, onlyIfMissing: header.onlyIfMissing,
            except: header.exceptNetwork.flatMap { Prefix($0) })
    }
}

extension RawSocketAddress {
    /// Whether it is an IPv4 or IPv6 address.
    var isIP: Bool {
        family == Int32(SocketFamily.inet) || family == Int32(SocketFamily.inet6)
    }

    /// The text by which stick tables know a server (`srvkey addr`), as HAProxy writes it: without
    /// brackets, and the path of a UNIX socket.
    var keyText: String {
        if let ip { return "\(ip.address):\(ip.port)" }
        return unix.map { "\($0)" } ?? ""
    }
}
