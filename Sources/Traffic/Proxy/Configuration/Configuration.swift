// The configuration as values: what the sections of the files say, checked and resolved, with
// nothing left to look up by name at run time. Built by ProxyConfig, compiled by each worker.

import Kernel
import Samples
import StickTables

/// One generation of the whole configuration. Immutable once built.
public struct Configuration: Sendable {
    public var global = GlobalConfiguration()
    /// Frontends, backends and listens, in the order of the files.
    public var proxies: [ProxyConfiguration] = []
    /// `ring` sections, and one ring for each stream that a `log` line names.
    public var rings: [RingConfiguration] = []
    /// Event sinks that expressions report to, by number.
    public var sinks: [LogConfiguration.Target] = []
    /// The expressions of access lists.
    public var expressions = ExpressionTable()
    /// What rules want to be kept of streams.
    public var needs: LogNeeds = []
    /// Stick tables.
    public var tables: [DeclaredTable] = []
    /// The names of variables, the same over all generations.
    public var variableNames = VariableNames()
    /// Some expression asks how long streams are worked on.
    public var measuresStreams = false
    /// A log line asks for the connection to the server.
    public var logsServerConnections = false
    /// `userlist` sections.
    public var userLists: [UserList] = []
    /// Variables of the process as the configuration sets them.
    public var startVariables: [StartVariable] = []
    /// Lists of patterns that access lists and maps use.
    public var patterns: PatternStore?

    public init() {}

    /// `fullconn` of a backend, or a tenth of what the frontends before it may hold together.
    public func fullConnections(of backend: Int) -> Int {
        if proxies[backend].fullConnections != 0 { return proxies[backend].fullConnections }
        var sum = 0
        for (index, proxy) in proxies.enumerated() where proxy.capability.contains(.frontend) {
            let leadsHere =
                proxy.defaultBackend == backend || index == backend && proxy.defaultBackend == nil
            if leadsHere {
                sum += proxy.maxConnections != 0 ? proxy.maxConnections : global.maxConnections
            }
        }
        return max((sum + 9) / 10, 1)
    }
}

/// `global`: what belongs to the process.
public struct GlobalConfiguration: Sendable {
    /// `nbthread`; 0 means the usable cores.
    public var threads = 0
    /// `cpu-map`: for each thread number (from 1) the cores it may run on; empty means any.
    public var coresOfThread: [Int: [Int]] = [:]
    /// `maxconn`; 0 means computed from the descriptor limit.
    public var maxConnections = 0
    /// `ulimit-n`; 0 means computed.
    public var descriptorLimit = 0
    /// `fd-hard-limit`; 0 means none.
    public var descriptorHardLimit = 0
    /// `user`; nil where none is given.
    public var userName: String?
    /// `group`; nil where none is given.
    public var groupName: String?
    /// `uid`, or that of `user`.
    public var userID: UInt32?
    /// `gid`, or that of `group`.
    public var groupID: UInt32?
    /// `chroot`.
    public var chrootPath: String?
    /// `pidfile`.
    public var pidFilePath: String?
    /// `daemon`.
    public var isDaemon = false
    /// `quiet`.
    public var isQuiet = false
    /// `node` and `description`, shown by `show info`.
    public var node: String?
    /// `description`, shown by `show info`.
    public var describedAs: String?
    /// `localpeer`.
    public var localPeer: String?
    /// `log` lines in their order.
    public var logs: [LogConfiguration] = []
    /// `log-tag`; nil means the program's name.
    public var logTag: String?
    /// `log-send-hostname`: nil not sent, empty the system's name.
    public var logSendHostname: String?
    /// `stats socket` lines in their order.
    public var statsSockets: [StatsSocketConfiguration] = []
    /// `stats timeout`, milliseconds.
    public var statsTimeoutMilliseconds = 10_000
    /// `stats maxconn`.
    public var statsMaxConnections = 10
    /// `hard-stop-after`, milliseconds; 0 means never.
    public var hardStopAfterMilliseconds = 0
    /// `close-spread-time`, milliseconds over which a soft stop closes clients; 0 means at once,
    /// `.max` not at all.
    public var closeSpreadMilliseconds = 0
    /// `grace`, milliseconds.
    public var graceMilliseconds = 0
    /// `tune.vars.*-max-size`.
    public var variableLimits = VariableLimits()
    /// `http-err-codes`: statuses that stick tables count as errors of clients.
    public var errorStatuses = StatusSet(400...499)
    /// `http-fail-codes`: statuses that stick tables count as failures of servers.
    public var failureStatuses = StatusSet(500...500, 502...504, 506...599)
    /// `tune.*` and its kin.
    public var tuning = Tuning()
    /// `-dS` or `nosplice`: splice(2) is not used.
    public var usesSplice = true
    /// `noreuseport`.
    public var usesReusePort = true
    /// `maxconnrate`, `maxsessrate`, `maxpipes`; 0 means no limit.
    public var maxConnectionRate = 0
    /// `maxsessrate`, a second; 0 means no limit.
    public var maxSessionRate = 0
    /// `maxpipes`; 0 means no limit.
    public var maxPipes = 0
    /// `setenv` and its kin were applied while reading; the names to show in `show env` follow.
    public var environment: [String: String] = [:]
    /// `strict-limits`.
    public var strictLimits = true
    /// `zero-warning`.
    public var zeroWarning = false

    public init() {}
}

/// `tune.*` values with HAProxy's defaults.
public struct Tuning: Sendable {
    /// `tune.bufsize`, bytes.
    public var bufferBytes = 16384
    /// `tune.maxrewrite`, bytes kept free for rewriting heads.
    public var maxRewriteBytes = 1024
    /// `tune.stick-counters`, entries of tables that a stream can track.
    public var stickCounters = 3
    /// `tune.http.maxhdr`, header fields a message may have.
    public var maxHeaderFields = 101
    /// `tune.http.logurilen`, bytes of a request line kept for the log.
    public var logURIBytes = 1023
    /// `tune.maxaccept`, connections accepted in a row; -1 unlimited.
    public var maxAccept = 4
    /// `tune.maxpollevents`.
    public var maxPollEvents = 200
    /// `tune.runqueue-depth`.
    public var runQueueDepth = 40
    /// `tune.idletimer`, milliseconds.
    public var idleTimerMilliseconds = 1000
    /// `tune.pipesize`, bytes; 0 means our default of 1 MiB.
    public var pipeBytes = 0
    /// `tune.rcvbuf.client` and its kin, bytes; 0 means the kernel's.
    public var receiveBufferClientBytes = 0
    /// `tune.rcvbuf.server`, bytes; 0 means the kernel's.
    public var receiveBufferServerBytes = 0
    /// `tune.sndbuf.client`, bytes; 0 means the kernel's.
    public var sendBufferClientBytes = 0
    /// `tune.sndbuf.server`, bytes; 0 means the kernel's.
    public var sendBufferServerBytes = 0
    /// `h1-accept-payload-with-any-method`.
    public var acceptsAnyPayload = false
    /// `h1-do-not-close-on-insecure-transfer-encoding`.
    public var keepsAfterRepair = false

    public init() {}
}

/// One `log` line.
public struct LogConfiguration: Sendable {
    /// Where lines go.
    public enum Target: Sendable {
        case datagram(RawSocketAddress)
        case descriptor(Int32)
        case stdout
        case stderr
        /// A ring of ``Configuration/rings`` by its name.
        case ring(String)
        /// `log global` in a proxy: the lines of the global section.
        case global
    }
    /// Where lines go.
    public var target: Target
    /// The address as written, for messages.
    public var targetText: String
    /// Where the line stands; nil for `log global` and where none was read.
    public var place: SourcePlace?
    /// `format` keyword: local, rfc3164, rfc5424, priority, short, timed, iso, raw; nil is the
    /// target's default.
    public var format: String?
    /// `len`, bytes of a message including its header.
    public var maxBytes = 1024
    /// Facility number 0...23.
    public var facility = 0
    /// Highest level number sent (7 debug).
    public var maxLevel = 7
    /// Levels below this number are sent as this.
    public var minLevel = 0
    /// `sample <ranges>:<size>`: which of each `size` messages are sent (1-based closed ranges).
    public var sampleRanges: [ClosedRange<Int>] = []
    /// How many messages a sample has; 0 sends all.
    public var sampleSize = 0

    public init(target: Target, targetText: String) {
        self.target = target
        self.targetText = targetText
    }

    /// Whether it stands for the lines of the global section.
    public var isGlobal: Bool {
        if case .global = target { true } else { false }
    }
}

extension LogConfiguration.Target {
    /// What the program's own output streams are called where event sinks are named.
    static let streamNames = ["stdout", "stderr"]

    /// The event sink of that name: an output stream of the program, or a ring.
    init(sink name: String) {
        switch name {
        case "stdout": self = .stdout
        case "stderr": self = .stderr
        default: self = .ring(name)
        }
    }
}

/// One `stats socket` line.
public struct StatsSocketConfiguration: Sendable {
    /// How much a client of the socket may do.
    public enum Level: Int, Sendable, Comparable {
        case user, operator_, admin
        /// Whether the left level may do less.
        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }
    /// Where it listens.
    public var bind: BindConfiguration
    /// How much a client may do.
    public var level: Level = .operator_
    /// `expose-fd listeners`.
    public var exposesListeners = false

    public init(bind: BindConfiguration) { self.bind = bind }
}

/// A stick table and where it is declared.
public struct DeclaredTable: Sendable {
    /// What it is.
    public var configuration: StickTableConfiguration
    /// Where it stands.
    public var place: SourcePlace

    /// The name of its proxy.
    public var name: String { configuration.name }

    /// A table from its parts.
    public init(_ configuration: StickTableConfiguration, place: SourcePlace) {
        self.configuration = configuration
        self.place = place
    }
}

/// Where something stands in the configuration files.
public struct SourcePlace: Sendable, Hashable {
    /// The file as named on the command line.
    public var file: String
    /// The line, from 1.
    public var line: Int

    public init(file: String = "", line: Int = 0) {
        self.file = file
        self.line = line
    }
}
