// The scenarios of the bench. One description each; the configurations of all proxies, and what
// the generator sends, are made from it, so that everybody does the same work.

/// A proxy that the bench runs.
public enum Peer: String, Sendable, CaseIterable {
    case martlet, haproxy, nginx
}

/// One kind of traffic and what is measured under it.
public struct BenchScenario: Sendable {
    /// What the proxy is told to be.
    public enum Mode: String, Sendable { case http, tcp }

    /// What the table shows.
    public enum Figure: Sendable, Equatable {
        /// Microseconds of CPU for each request.
        case timePerRequest
        /// Seconds of CPU for each 10^9 bytes of bodies.
        case timePerGigabyte
        /// Bytes of memory for each idle client connection.
        case memoryPerConnection
    }

    /// At most this ratio of our figure to a peer's is what we aim for.
    public struct Aim: Sendable, Equatable {
        /// Beside whom.
        public let peer: Peer
        /// At most.
        public let ratio: Double
    }

    /// The word that `--scenario` takes.
    public let name: String
    /// The words of the table.
    public let title: String
    /// What the proxy is told to be.
    public var mode = Mode.http
    /// What is asked for.
    public var path = "/bytes/64"
    /// Field lines that the client sends.
    public var fields: [String] = []
    /// Bytes of the answer's body.
    public var bodyBytes = 64
    /// Client connections.
    public var connections = 64
    /// Whether a client connection carries more than one request.
    public var keepsAlive = true
    /// Whether every request is logged over UDP.
    public var logs = false
    /// How many request rules are evaluated, none of which applies.
    public var rules = 0
    /// Whether every request is counted in a stick table, under one of a million keys.
    public var tracks = false
    /// What is measured.
    public var figure = Figure.timePerRequest
    /// Whether all idle connections had their request under way at once.
    public var isBurst = false
    /// What we aim for.
    public var aims: [Aim] = []
    /// What we aim for where instructions are counted.
    public var instructionAims: [Aim] = []

    /// A scenario like `small` until changed.
    init(_ name: String, _ title: String, _ change: (inout BenchScenario) -> Void = { _ in }) {
        self.name = name
        self.title = title
        change(&self)
    }
}

extension BenchScenario {
    /// Every scenario, in the order of the table.
    public static let all: [BenchScenario] = [
        BenchScenario("small", "small keep-alive") {
            $0.aims = [Aim(peer: .haproxy, ratio: 0.75), Aim(peer: .nginx, ratio: 1)]
            $0.instructionAims = [Aim(peer: .nginx, ratio: 0.6)]
        },
        BenchScenario("browser", "browser-size head") { $0.fields = browserFields },
        BenchScenario("10k", "10 kB bodies") {
            $0.path = "/10k"
            $0.bodyBytes = 10_000
            $0.aims = [Aim(peer: .haproxy, ratio: 0.85)]
        },
        BenchScenario("1m", "1 MB bodies") {
            $0.path = "/1m"
            $0.bodyBytes = 1_000_000
            $0.connections = 8
            $0.figure = .timePerGigabyte
            $0.aims = [Aim(peer: .haproxy, ratio: 0.6)]
        },
        BenchScenario("connection", "connection per request") {
            $0.keepsAlive = false
            $0.aims = [Aim(peer: .haproxy, ratio: 0.85)]
        },
        BenchScenario("tcp-small", "TCP, small messages") {
            $0.mode = .tcp
            $0.aims = [Aim(peer: .haproxy, ratio: 0.9)]
        },
        BenchScenario("tcp-1m", "TCP, 1 MB messages") {
            $0.mode = .tcp
            $0.path = "/1m"
            $0.bodyBytes = 1_000_000
            $0.connections = 8
            $0.figure = .timePerGigabyte
            $0.aims = [Aim(peer: .haproxy, ratio: 0.5)]
        },
        BenchScenario("tcp-connection", "TCP, connection per message") {
            $0.mode = .tcp
            $0.keepsAlive = false
        },
        BenchScenario("rules", "20 rules and header edits") {
            $0.fields = browserFields
            $0.rules = 20
            $0.aims = [Aim(peer: .haproxy, ratio: 0.8)]
        },
        BenchScenario("tracking", "a stick table with a million keys") {
            $0.tracks = true
            $0.aims = [Aim(peer: .haproxy, ratio: 1)]
        },
        BenchScenario("log", "logging on") { $0.logs = true },
        BenchScenario("idle", "idle connection, after requests in turn") {
            $0.connections = 4000
            $0.figure = .memoryPerConnection
        },
        BenchScenario("idle-burst", "idle connection, after requests at once") {
            $0.path = "/delay/1000"
            $0.connections = 4000
            $0.figure = .memoryPerConnection
            $0.isBurst = true
        },
    ]

    /// What a browser sends along: about 600 bytes.
    static let browserFields = [
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
        "Accept-Language: en-GB,en;q=0.7,de;q=0.3",
        "Accept-Encoding: gzip, deflate, br, zstd",
        "Referer: https://www.example.org/catalogue/items?page=3&sort=price",
        "Cookie: session=0f5f7a3b9c1d4e6f8a0b2c4d6e8f0a1b; theme=dark; consent=yes",
        "Upgrade-Insecure-Requests: 1",
        "Sec-Fetch-Dest: document",
        "Sec-Fetch-Mode: navigate",
        "Sec-Fetch-Site: same-origin",
        "Cache-Control: max-age=0",
    ]
}
