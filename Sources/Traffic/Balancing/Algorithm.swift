// The rows of `balance`: every algorithm the manual names, its arguments and its sentence.
// Source: configuration manual, `balance`.

/// How a backend chooses among its servers.
public enum Algorithm: Equatable, Sendable {
    case roundRobin
    case staticRoundRobin
    case leastConnections
    case first
    /// The best of so many random draws.
    case random(draws: Int)

    /// The name as the configuration and the statistics spell it.
    public var name: String {
        switch self {
        case .roundRobin: "roundrobin"
        case .staticRoundRobin: "static-rr"
        case .leastConnections: "leastconn"
        case .first: "first"
        case .random: "random"
        }
    }

    /// Whether something about the request decides which server is chosen.
    public var dependsOnRequest: Bool {
        switch self {
        case .roundRobin, .staticRoundRobin, .leastConnections, .first, .random: false
        }
    }

    /// Whether weights may change while running; a static algorithm knows only 0 and 100 %.
    public var hasDynamicWeights: Bool { self != .staticRoundRobin && self != .first }
}

/// One algorithm as the user names it.
public struct AlgorithmRow: Sendable {
    /// The word after `balance`.
    public let name: String
    /// What may follow the word, as the manual writes it; empty when nothing may.
    public let arguments: String
    /// One line of manual.
    public let sentence: String
    /// What the word stands for; nil for what is known but not supported yet.
    public let algorithm: Algorithm?

    init(
        _ name: String, takes arguments: String = "", _ sentence: String,
        _ algorithm: Algorithm? = nil
    ) {
        self.name = name
        self.arguments = arguments
        self.sentence = sentence
        self.algorithm = algorithm
    }
}

extension Algorithm {
    /// What the words after `balance` mean.
    public enum Meaning: Equatable, Sendable {
        case algorithm(Algorithm)
        /// A name of the manual that is not supported yet.
        case notSupported(name: String)
        /// No such algorithm.
        case unknown(name: String)
        /// The algorithm exists, its argument is wrong; the text says what was expected.
        case badArgument(expected: String)
    }

    /// Every algorithm of the manual, in its order.
    public static let rows = [
        AlgorithmRow(
            "roundrobin", "Each server in turn, as often as its weight says; weights may change.",
            .roundRobin),
        AlgorithmRow(
            "static-rr", "Each server in turn; weights stay as configured.", .staticRoundRobin),
        AlgorithmRow(
            "leastconn", "The server with the fewest connections for its weight.",
            .leastConnections),
        AlgorithmRow(
            "first", "The server with the lowest id that has a connection slot left.", .first),
        AlgorithmRow(
            "hash", takes: "<expr>", "The server that the hash of an expression points to."),
        AlgorithmRow("source", "The server that the hash of the client's address points to."),
        AlgorithmRow(
            "uri", takes: "[whole] [len <len>] [depth <depth>] [path-only]",
            "The server that the hash of the URI points to."),
        AlgorithmRow(
            "url_param", takes: "<param> [check_post]",
            "The server that the hash of a URL parameter points to."),
        AlgorithmRow(
            "hdr", takes: "(<name>) [use_domain_only]",
            "The server that the hash of a header field points to."),
        AlgorithmRow(
            "random", takes: "[(<draws>)]",
            "The least loaded of several servers drawn at random (2 unless told).",
            .random(draws: 2)),
        AlgorithmRow(
            "rdp-cookie", takes: "[(<name>)]",
            "The server that the hash of an RDP cookie points to."),
        AlgorithmRow(
            "log-hash", takes: "<converters>", "The server that the hash of a log line points to."),
        AlgorithmRow("sticky", "The same server for every log line while it is up."),
    ]

    /// Reads the words that follow `balance`.
    public static func meaning(of words: [String]) -> Meaning {
        guard let word = words.first else { return .unknown(name: "") }
        let name = String(word.prefix { $0 != "(" })
        guard let row = rows.first(where: { $0.name == name }) else { return .unknown(name: word) }
        guard let algorithm = row.algorithm else { return .notSupported(name: name) }
        let parenthesis = word.dropFirst(name.count)
        if case .random = algorithm, !parenthesis.isEmpty {
            guard parenthesis.hasSuffix(")"), let draws = Int(parenthesis.dropFirst().dropLast()),
                (1...1000).contains(draws)
            else { return .badArgument(expected: "a number of draws from 1 to 1000") }
            return words.count > 1
                ? .badArgument(expected: "nothing after '\(word)'")
                : .algorithm(.random(draws: draws))
        }
        if !parenthesis.isEmpty { return .unknown(name: word) }
        if words.count > 1 { return .badArgument(expected: "nothing after '\(word)'") }
        return .algorithm(algorithm)
    }
}
