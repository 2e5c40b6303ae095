// What instances and sync groups follow: scripts, files, processes, BFD, the proxy's health and
// built-in checks, and the references that give each a weight.

import Addresses

/// The kinds of things that are followed, by the word of the language.
public enum TrackKind: String, Equatable, Sendable, CaseIterable {
    case interface, script, file, process, bfd, martlet, check

    /// The block that lists references: `track_interface` and so on.
    public var keyword: String { "track_\(rawValue)" }
}

/// A weight on the priority. 0 means a fault instead of a change of priority.
public struct TrackWeight: Equatable, Sendable {
    /// -253 to 253; up to 254 for files and processes.
    public var value: Int
    /// `reverse`: the change has the other direction.
    public var isReversed: Bool

    /// A weight.
    public init(_ value: Int = 0, isReversed: Bool = false) {
        self.value = value
        self.isReversed = isReversed
    }
}

/// A line of `track_script` and its kin: a name with the weight that counts.
public struct TrackReference: Equatable, Sendable {
    /// The definition's or the interface's name.
    public var name: String
    /// The weight, resolved with the definition's default.
    public var weight: TrackWeight

    /// A reference.
    public init(name: String, weight: TrackWeight = TrackWeight()) {
        self.name = name
        self.weight = weight
    }
}

/// Everything an instance or a sync group follows.
public struct TrackReferences: Equatable, Sendable {
    /// `track_interface`.
    public var interfaces: [TrackReference] = []
    /// `track_script`.
    public var scripts: [TrackReference] = []
    /// `track_file`.
    public var files: [TrackReference] = []
    /// `track_process`.
    public var processes: [TrackReference] = []
    /// `track_bfd`.
    public var bfdInstances: [TrackReference] = []
    /// `track_martlet`.
    public var martlets: [TrackReference] = []
    /// `track_check`.
    public var checks: [TrackReference] = []

    /// Nothing.
    public init() {}

    /// The references of a kind.
    public func references(_ kind: TrackKind) -> [TrackReference] {
        switch kind {
        case .interface: interfaces
        case .script: scripts
        case .file: files
        case .process: processes
        case .bfd: bfdInstances
        case .martlet: martlets
        case .check: checks
        }
    }

    /// Whether nothing is followed.
    public var isEmpty: Bool { self == TrackReferences() }
}

/// `vrrp_script`.
public struct ScriptDefinition: Equatable, Sendable {
    /// The script's name.
    public var name: String
    /// What runs.
    public var command = ScriptCommand(arguments: [])
    /// `interval`, in steps of a millisecond.
    public var intervalNanoseconds: UInt64 = 1_000_000_000
    /// `timeout`, resolved: `interval` by default.
    public var timeoutNanoseconds: UInt64 = 1_000_000_000
    /// `weight`.
    public var weight = TrackWeight()
    /// `rise`: successes in a row until it counts as good.
    public var rise = 1
    /// `fall`: failures in a row until it counts as bad.
    public var fall = 1
    /// `init_fail`: bad until the first success.
    public var beginsFailed = false
    /// Where the block begins.
    public var place = DefinitionPlace()

    /// A script without a command yet.
    public init(name: String) { self.name = name }
}

/// `track_file` (`vrrp_track_file`).
public struct TrackFileDefinition: Equatable, Sendable {
    /// What `init_file` asks for.
    public struct Initialization: Equatable, Sendable {
        /// The value written.
        public var value: Int
        /// Whether a file that exists is written over.
        public var overwrites: Bool

        /// A value to begin with.
        public init(value: Int = 0, overwrites: Bool = false) {
            self.value = value
            self.overwrites = overwrites
        }
    }

    /// The definition's name.
    public var name: String
    /// `file`: the path.
    public var path = ""
    /// `weight`: the factor of the number in the file; 1 by default.
    public var weight = TrackWeight(1)
    /// `init_file`.
    public var initialization: Initialization?
    /// Where the block begins.
    public var place = DefinitionPlace()

    /// A definition without a path yet.
    public init(name: String) { self.name = name }
}

/// `vrrp_track_process`.
public struct TrackProcessDefinition: Equatable, Sendable {
    /// `param_match`.
    public enum ParameterMatch: Equatable, Sendable {
        /// All parameters are equal.
        case exact
        /// The first parameters are equal.
        case partial
        /// As `partial`, and the last may go on.
        case initial
    }

    /// The definition's name.
    public var name: String
    /// `process`: the name or path.
    public var process = ""
    /// The parameters behind it.
    public var parameters: [String] = []
    /// `param_match`; nil: parameters count only when there are some.
    public var parameterMatch: ParameterMatch?
    /// `full_command`: the command line is compared even without parameters.
    public var comparesCommandLine = false
    /// `weight`.
    public var weight = TrackWeight()
    /// `quorum`: the fewest processes that are good.
    public var quorum = 1
    /// `quorum_max`: the most; nil: any number.
    public var quorumLimit: Int?
    /// `fork_delay`: how long a gained quorum must last.
    public var forkDelayNanoseconds: UInt64 = 0
    /// `terminate_delay`: how long a lost quorum must last.
    public var terminateDelayNanoseconds: UInt64 = 0
    /// Where the block begins.
    public var place = DefinitionPlace()

    /// A definition without a process yet.
    public init(name: String) { self.name = name }
}

/// `bfd_instance`. RFC 5880 to 5883.
public struct BFDDefinition: Equatable, Sendable {
    /// The definition's name.
    public var name: String
    /// `neighbor_ip`.
    public var neighbour = IPAddress.anyV4
    /// `source_ip`; nil: the kernel's choice.
    public var source: IPAddress?
    /// `min_rx`.
    public var minimumReceiveNanoseconds: UInt64 = 10_000_000
    /// `min_tx`.
    public var minimumTransmitNanoseconds: UInt64 = 10_000_000
    /// `idle_tx`.
    public var idleTransmitNanoseconds: UInt64 = 1_000_000_000
    /// `multiplier`, 1 to 255.
    public var multiplier = 5
    /// `passive`.
    public var isPassive = false
    /// `ttl` or `hoplimit`, resolved: 255 for IPv4, 64 for IPv6.
    public var hopLimit: UInt8 = 255
    /// `max_hops`: how much less a received packet may have; 255: not checked.
    public var allowedHops: UInt8 = 0
    /// `multihop`: port 4784 instead of 3784.
    public var isMultihop = false
    /// `weight`.
    public var weight = TrackWeight()
    /// Where the block begins.
    public var place = DefinitionPlace()

    /// A session without a neighbour yet.
    public init(name: String) { self.name = name }
}

/// `track_martlet`: the health of a proxy, asked over its admin socket.
public struct MartletDefinition: Equatable, Sendable {
    /// `backend NAME min_percent N [weight W]`.
    public struct Backend: Equatable, Sendable {
        /// The backend's name in the proxy's configuration.
        public var name: String
        /// Failing when fewer percent of its servers are usable, 1 to 100.
        public var minimumPercent: Int
        /// `by_weight`: servers count by their weights.
        public var countsWeights: Bool
        /// Weight while it fails; nil: the definition's own result.
        public var weight: Int?

        /// A backend.
        public init(
            name: String, minimumPercent: Int, countsWeights: Bool = false, weight: Int? = nil
        ) {
            self.name = name
            self.minimumPercent = minimumPercent
            self.countsWeights = countsWeights
            self.weight = weight
        }
    }

    /// The definition's name.
    public var name: String
    /// `socket`: path of the proxy's admin socket.
    public var socketPath = ""
    /// `pid_file`: whose process is followed; nil: the number that the socket tells.
    public var pidFile: String?
    /// `interval`: time between questions.
    public var intervalNanoseconds: UInt64 = 1_000_000_000
    /// `timeout`: how long an answer may take, resolved: `interval` by default.
    public var timeoutNanoseconds: UInt64 = 1_000_000_000
    /// `loop_delay`: failing when an answer, or a turn of a worker's loop, takes longer; nil: not
    /// looked at.
    public var loopDelayNanoseconds: UInt64?
    /// Weight of `loop_delay`; nil: the definition's own result.
    public var loopDelayWeight: Int?
    /// `listeners`: frontends that must be open; empty: none is looked at.
    public var listeners: [String] = []
    /// `listeners all`: every frontend must be open.
    public var needsAllListeners = false
    /// Weight of each frontend; nil: the definition's own result.
    public var listenersWeight: Int?
    /// `accepts`: addresses that must accept connections.
    public var acceptingAddresses: [IPSocketAddress] = []
    /// Weight of each address; nil: the definition's own result.
    public var acceptsWeight: Int?
    /// `backend`.
    public var backends: [Backend] = []
    /// `rise`: good answers in a row until it counts as good.
    public var rise = 1
    /// `fall`: bad answers in a row until it counts as bad; the proxy's death counts at once.
    public var fall = 1
    /// `weight`.
    public var weight = TrackWeight()
    /// `init_fail`: bad until the first good answer.
    public var beginsFailed = false
    /// Where the block begins.
    public var place = DefinitionPlace()

    /// A definition without a socket yet.
    public init(name: String) { self.name = name }
}

/// `track_check`: a built-in check without a process of its own.
public struct CheckDefinition: Equatable, Sendable {
    /// Whom the check asks.
    public enum Target: Equatable, Sendable {
        /// `tcp ADDR PORT`: a connection is made.
        case tcp(IPSocketAddress)
        /// `unix PATH`: a connection to a socket is made.
        case unix(String)
        /// `http http://ADDR[:PORT]/PATH [expect 200-399] [host NAME]`.
        case http(HTTPRequest)
    }

    /// What an HTTP check asks for.
    public struct HTTPRequest: Equatable, Sendable {
        /// Where the server is.
        public var address: IPSocketAddress
        /// Path and query, with the slash.
        public var target: String
        /// `host`; nil: the address and port as written in the URL.
        public var host: String?
        /// `expect`: the good statuses.
        public var expected: ClosedRange<Int>

        /// A request.
        public init(
            address: IPSocketAddress, target: String = "/", host: String? = nil,
            expected: ClosedRange<Int> = 200...399
        ) {
            self.address = address
            self.target = target
            self.host = host
            self.expected = expected
        }
    }

    /// The definition's name.
    public var name: String
    /// `tcp`, `unix` or `http`.
    public var target = Target.unix("")
    /// `interval`.
    public var intervalNanoseconds: UInt64 = 1_000_000_000
    /// `timeout`, resolved: `interval` by default.
    public var timeoutNanoseconds: UInt64 = 1_000_000_000
    /// `rise`.
    public var rise = 1
    /// `fall`.
    public var fall = 1
    /// `weight`.
    public var weight = TrackWeight()
    /// `init_fail`: bad until the first success.
    public var beginsFailed = false
    /// Where the block begins.
    public var place = DefinitionPlace()

    /// A check without a target yet.
    public init(name: String) { self.name = name }
}
