// One proxy: a frontend, a backend, or both at once (`listen`).

import Kernel

/// What a proxy can do.
public struct ProxyCapability: OptionSet, BitwiseCopyable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let frontend = ProxyCapability(rawValue: 1)
    public static let backend = ProxyCapability(rawValue: 2)
    public static let listen: ProxyCapability = [.frontend, .backend]
}

/// `mode`.
public enum ProxyMode: UInt8, Sendable {
    case tcp, http
}

/// `option …` switches that are plain on/off.
public struct ProxyOptions: OptionSet, BitwiseCopyable, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// `option httplog`.
    public static let httpLog = bit(0)
    /// `option tcplog`.
    public static let tcpLog = bit(1)
    /// `option dontlognull`: connections without a byte are not logged.
    public static let dontLogNull = bit(2)
    /// `option dontlog-normal`: only what went wrong is logged.
    public static let dontLogNormal = bit(3)
    /// `option log-separate-errors`: what went wrong is logged at level err.
    public static let logSeparateErrors = bit(4)
    /// `option logasap`: lines are written before the stream has ended.
    public static let logASAP = bit(5)
    /// `option redispatch`: retries may go to another server.
    public static let redispatch = bit(6)
    /// `option abortonclose`: a waiting request ends with its client.
    public static let abortOnClose = bit(7)
    /// `option allbackups`: all backups are used, not only the first.
    public static let allBackups = bit(8)
    /// `option httpclose`: both sides close after each exchange.
    public static let httpClose = bit(9)
    /// `option http-server-close`: the server side closes after each exchange.
    public static let httpServerClose = bit(10)
    /// `option clitcpka`.
    public static let clientTCPKeepAlive = bit(11)
    /// `option srvtcpka`.
    public static let serverTCPKeepAlive = bit(12)
    /// `option nolinger` on the client side.
    public static let noLingerClient = bit(13)
    /// `option nolinger` on the server side.
    public static let noLingerServer = bit(14)
    /// `option splice-auto`.
    public static let spliceAuto = bit(15)
    /// `option splice-request`.
    public static let spliceRequest = bit(16)
    /// `option splice-response`.
    public static let spliceResponse = bit(17)
    /// `option prefer-last-server`.
    public static let preferLastServer = bit(18)
    /// `option http-ignore-probes`.
    public static let ignoreProbes = bit(19)
    /// `option accept-unsafe-violations-in-http-request`.
    public static let acceptUnsafeRequest = bit(20)
    /// `option accept-unsafe-violations-in-http-response`.
    public static let acceptUnsafeResponse = bit(21)
    /// `option contstats`: bytes are counted while streams run.
    public static let continuousStats = bit(22)
    /// `option socket-stats`.
    public static let socketStats = bit(23)
    /// `option tcp-smart-accept`.
    public static let tcpSmartAccept = bit(24)
    /// `option tcp-smart-connect`.
    public static let tcpSmartConnect = bit(25)
    /// `option http-no-delay`.
    public static let httpNoDelay = bit(26)
    /// `option independent-streams`: what is sent does not extend the wait for what comes.
    public static let independentStreams = bit(27)
    /// `option http-pretend-keepalive`.
    public static let httpPretendKeepAlive = bit(28)
    /// `option idle-close-on-response`.
    public static let idleCloseOnResponse = bit(31)
    /// `option disable-h2-upgrade`.
    public static let disableH2Upgrade = bit(33)
    /// `option transparent`.
    public static let transparent = bit(34)
    /// `clf` behind `option httplog` or `option tcplog`.
    public static let clfLog = bit(37)
    /// `option http-buffer-request`: a request's body is awaited before rules look at it.
    public static let httpBufferRequest = bit(38)
    /// `option http-use-proxy-header`: who asks for a proxy is asked for a name by proxies' fields.
    public static let httpUseProxyHeader = bit(39)
    /// `option persist`: a server that something binds a stream to is taken whatever its state.
    public static let persist = bit(40)
    /// `option httpslog`, beside `httpLog`.
    public static let httpsLog = bit(41)

    private static func bit(_ position: UInt64) -> ProxyOptions {
        ProxyOptions(rawValue: 1 << position)
    }
}

/// `timeout …` in milliseconds; 0 means none.
public struct Timeouts: Sendable {
    /// `timeout client`: silence of the client.
    public var client = 0
    /// `timeout connect`: one attempt to connect.
    public var connect = 0
    /// `timeout server`: silence of the server.
    public var server = 0
    /// `timeout queue`: waiting for a server; 0 means `timeout connect`.
    public var queue = 0
    /// `timeout http-request`: the arrival of a whole head.
    public var httpRequest = 0
    /// `timeout http-keep-alive`: waiting for the next request.
    public var httpKeepAlive = 0
    /// `timeout tunnel`: silence of both sides of a tunnel.
    public var tunnel = 0
    /// `timeout client-fin`: silence of a client once a direction is closed.
    public var clientFin = 0
    /// `timeout server-fin`: silence of a server once a direction is closed.
    public var serverFin = 0
    /// `timeout tarpit`: how long a client waits for its refusal; 0 means `timeout connect`.
    public var tarpit = 0

    public init() {}
}

/// `option http-restrict-req-hdr-names`: what becomes of request fields whose names have other
/// characters than letters, digits and hyphens.
public enum UnusualNames: UInt8, BitwiseCopyable, Sendable {
    case passed, removed, refused
}

/// `http-reuse`.
public enum ReusePolicy: UInt8, BitwiseCopyable, Sendable {
    case never, safe, aggressive, always
}

/// `option forwardfor`, `option originalto`.
public struct ForwardHeader: Sendable {
    /// The field's name as it is to be sent.
    public var name: String
    /// `if-none`.
    public var onlyIfMissing = false
    /// `except`: networks (address, mask) for which nothing is added. IPv4 or IPv6.
    public var exceptNetwork: String?

    public init(name: String) { self.name = name }
}

/// `option forwarded` (RFC 7239): which parameters are sent.
public struct ForwardedHeader: Sendable {
    /// The source of `for` and `by` parameters.
    public enum Node: Sendable { case none, address }
    /// `proto`.
    public var sendsProtocol = true
    /// `host`.
    public var sendsHost = false
    /// `for`: the client.
    public var forNode: Node = .address
    /// `for_port`.
    public var forPort = false
    /// `by`: the address the client came to.
    public var byNode: Node = .none
    /// `by_port`.
    public var byPort = false

    public init() {}
}

/// A frontend, a backend, or both.
public struct ProxyConfiguration: Sendable {
    /// Its name.
    public var name: String
    /// Whether it serves clients, uses servers, or both.
    public var capability: ProxyCapability
    /// Where it stands in the files.
    public var place: SourcePlace
    /// `id`; 0 until numbered.
    public var id = 0
    /// `guid` (of a bind line `guid-prefix`); nil where none is given.
    public var guid: String?
    /// `description`.
    public var describedAs: String?
    /// `mode`.
    public var mode: ProxyMode = .tcp
    /// `disabled`.
    public var isDisabled = false
    /// `maxconn` of the frontend side; 0 means the global limit.
    public var maxConnections = 0
    /// `fullconn`.
    public var fullConnections = 0
    /// `backlog`; 0 means maxconn.
    public var backlog = 0
    /// `option` switches.
    public var options: ProxyOptions = []
    /// `timeout` settings.
    public var timeouts = Timeouts()
    /// `retries`: attempts to connect after the first.
    public var retries = 3
    /// `retry-on`; outside of `mode http` it says nothing.
    public var retryOn: RetryCauses = .connectionFailure
    /// `option redispatch N`: every N retries (negative: counted from the end); 0 never, -1 the
    /// default of the option.
    public var redispatchAfter = 0
    /// `http-reuse`.
    public var reuse: ReusePolicy = .safe
    /// `option forwardfor`; nil where it is off.
    public var forwardFor: ForwardHeader?
    /// `option originalto`; nil where it is off.
    public var originalTo: ForwardHeader?
    /// `option forwarded`; nil where it is off.
    public var forwarded: ForwardedHeader?
    /// `errorfile`: status code to complete reply bytes.
    public var errorReplies: [Int: [UInt8]] = [:]
    /// `log` lines in their order.
    public var logs: [LogConfiguration] = []
    /// `log-tag`; nil means that of the global section.
    public var logTag: String?
    /// The format of log lines, chosen by `log-format` or an option; nil where nothing is logged.
    public var logFormat: LogFormat?
    /// `log-steps`; nil leaves one line at the end.
    public var logSteps: LogSteps?
    /// Lines are written when a connection is accepted, not when a stream ends: no format was
    /// chosen.
    public var logsAtAccept = false
    /// `log-format-sd`: the structured data of lines (RFC 5424).
    public var structuredDataFormat: LogFormat?
    /// `error-log-format`: the format of lines about connections that fail before there is a
    /// request to log; nil where they are written as others are.
    public var errorLogFormat: LogFormat?
    /// `monitor-uri`: requests for it are answered here and not logged.
    public var monitorURI: String?
    /// `rate-limit sessions`; 0 none.
    public var sessionRateLimit = 0
    /// Rules, by the raw value of ``RuleStep``.
    public var rules = [[Rule]](repeating: [], count: RuleStep.allCases.count)
    /// `tcp-request inspect-delay`, milliseconds.
    public var inspectDelay = 0
    /// `tcp-response inspect-delay`, milliseconds.
    public var inspectResponseDelay = 0
    /// Replies that formats make (`http-error`), by status.
    public var replyMakers: [Int: ReplyMaker] = [:]
    /// How many bytes each slot of captured request texts keeps.
    public var requestCaptures: [Int] = []
    /// As `requestCaptures`, of responses.
    public var responseCaptures: [Int] = []
    /// `unique-id-format`.
    public var uniqueIDFormat: LogFormat?
    /// `unique-id-header`.
    public var uniqueIDHeader: String?
    /// `option http-restrict-req-hdr-names`.
    public var unusualNames = UnusualNames.passed
    /// `http-send-name-header`, in small letters.
    public var serverNameField: String?

    // Frontend side.
    /// `bind` lines, one for each address.
    public var binds: [BindConfiguration] = []
    /// `default_backend`; index into ``Configuration/proxies``, resolved after parsing.
    public var defaultBackend: Int?

    // Backend side.
    /// `server` lines in their order.
    public var servers: [ServerConfiguration] = []
    /// `balance` algorithm name and its arguments.
    public var balance = ["roundrobin"]
    /// `source` of the backend.
    public var source: SourceConfiguration?
    /// `hash-balance-factor`, `balance` details of later issues are kept with the algorithm.
    public var dispatch: RawSocketAddress?

    public init(name: String, capability: ProxyCapability, place: SourcePlace = SourcePlace()) {
        self.name = name
        self.capability = capability
        self.place = place
    }
}

/// One `bind` line (one per address; a port range stays together).
public struct BindConfiguration: Sendable {
    /// The address as written.
    public var addressText: String
    /// What the address stands for; nil only until the line has been read.
    public var target: BindTarget?
    /// Where it stands in the files.
    public var place: SourcePlace
    /// Its name.
    public var name: String?
    /// `id`; 0 until numbered.
    public var id = 0
    /// `guid` (of a bind line `guid-prefix`); nil where none is given.
    public var guid: String?
    public var maxConnections = 0
    public var backlog = 0
    /// `interface`; nil means any.
    public var interface: String?
    /// `transparent`: addresses of others may be bound.
    public var isTransparent = false
    /// `v4v6` / `v6only`.
    public var isV6Only: Bool?
    /// `tcp-ut`, milliseconds; 0 leaves it to the system.
    public var tcpUserTimeoutMilliseconds = 0
    /// `mss`, bytes; 0 leaves it to the system.
    public var mss = 0
    /// `defer-accept`.
    public var defersAccept = false
    /// `tfo`.
    public var usesFastOpen = false
    public var mode: UInt32?
    /// `uid` or `user` of a UNIX socket; nil keeps the process's.
    public var userID: UInt32?
    /// `gid` or `group` of a UNIX socket; nil keeps the process's.
    public var groupID: UInt32?
    /// `level` of a command socket.
    public var level: StatsSocketConfiguration.Level?
    /// `thread`: workers (from 1) that accept; empty means all.
    public var threads: [Int] = []

    public init(addressText: String, place: SourcePlace = SourcePlace()) {
        self.addressText = addressText
        self.place = place
    }
}

/// `source …`: where connections to servers come from.
public struct SourceConfiguration: Sendable {
    /// The address.
    public var address: RawSocketAddress
    /// First and last port of a range; nil means any port.
    public var ports: ClosedRange<UInt16>?
    /// `interface`; nil means any.
    public var interface: String?

    public init(address: RawSocketAddress) { self.address = address }
}

/// What a state file says of a server (`load-server-state-from-file`).
public struct SavedServerState: Sendable, Equatable {
    /// Why it gets no new streams.
    public var admin: ServerAdminState
    /// The weight in force.
    public var weight: Int
    /// The weight that was configured then.
    public var initialWeight: Int
    /// Since its state has changed.
    public var secondsSinceChange: Int64

    public init(
        admin: ServerAdminState, weight: Int, initialWeight: Int, secondsSinceChange: Int64
    ) {
        self.admin = admin
        self.weight = weight
        self.initialWeight = initialWeight
        self.secondsSinceChange = secondsSinceChange
    }
}

/// One `server` line.
public struct ServerConfiguration: Sendable {
    /// Its name.
    public var name: String
    /// Where it stands in the files.
    public var place: SourcePlace
    /// `id`; 0 until numbered.
    public var id = 0
    /// `guid` (of a bind line `guid-prefix`); nil where none is given.
    public var guid: String?
    /// `non-stick`: stick tables do not store it.
    public var isNotStored = false
    /// The host as written, for display and later resolution.
    public var hostText: String
    /// The host where it is a name; nil where an address is written.
    public var hostName: String?
    /// The address in a state file goes before what the name stands for (`init-addr last`).
    public var keepsSavedAddress = false
    /// What a state file says; taken over when the server is new to the process.
    public var savedState: SavedServerState?
    /// The address.
    public var address: RawSocketAddress
    /// A port given as `+N`/`-N` is added to the port the client came to.
    public var portOffset: Int?
    /// No port given: the client's destination port is used.
    public var usesClientPort = false
    /// `*` or `0.0.0.0`: the client's destination address is used.
    public var usesClientAddress = false
    /// `weight`, 0 ... 256.
    public var weight = 1
    /// `backup`.
    public var isBackup = false
    /// `disabled`.
    public var isDisabled = false
    /// `maxconn`, streams served at once; 0 means no limit.
    public var maxConnections = 0
    /// `minconn`: the limit without load; 0 means that the limit stands still.
    public var minConnections = 0
    /// `maxqueue`; 0 means no limit.
    public var maxQueue = 0
    /// `pool-max-conn`; -1 unlimited.
    public var poolMaxConnections = -1
    /// `pool-purge-delay`: half of the idle connections close each time this has passed.
    public var poolPurgeDelayMilliseconds = 5000
    /// `max-reuse`: how often a connection is used again; -1 without limit.
    public var maxReuse = -1
    /// `source`; nil leaves the choice to the system.
    public var source: SourceConfiguration?
    /// `tcp-ut`, milliseconds; 0 leaves it to the system.
    public var tcpUserTimeoutMilliseconds = 0
    /// `tfo`.
    public var usesFastOpen = false
    /// `cookie` value, kept for statistics.
    public var cookie: String?
    /// `description`.
    public var describedAs: String?
    /// `log-proto`: how lines are told apart where this is a server of a ring.
    public var logFraming = RingConfiguration.Framing.lineFeed
    /// `slowstart`, milliseconds.
    public var slowStartMilliseconds = 0

    public init(name: String, place: SourcePlace, hostText: String, address: RawSocketAddress) {
        self.name = name
        self.place = place
        self.hostText = hostText
        self.address = address
    }
}
