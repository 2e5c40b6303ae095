// What a fetch needs to be there, and what is there where an expression stands (configuration
// manual: fetching samples). Compared once, at load.

/// Parts of a stream that a fetch reads.
public struct FetchNeeds: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: UInt32

    /// Needs from their bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The client's connection: addresses and sockets.
    public static let client = FetchNeeds(rawValue: 1 << 0)
    /// The client's session, once its connection has been set up.
    public static let session = FetchNeeds(rawValue: 1 << 1)
    /// Bytes that the client has sent.
    public static let requestBuffer = FetchNeeds(rawValue: 1 << 2)
    /// The request's head.
    public static let requestHead = FetchNeeds(rawValue: 1 << 3)
    /// The request's body, as far as it has come.
    public static let requestBody = FetchNeeds(rawValue: 1 << 4)
    /// Facts of the request that are kept, such as its method.
    public static let requestFacts = FetchNeeds(rawValue: 1 << 5)
    /// The backend, once it is chosen.
    public static let backend = FetchNeeds(rawValue: 1 << 6)
    /// The server and the connection to it.
    public static let server = FetchNeeds(rawValue: 1 << 7)
    /// Bytes that the server has sent.
    public static let responseBuffer = FetchNeeds(rawValue: 1 << 8)
    /// The response's head.
    public static let responseHead = FetchNeeds(rawValue: 1 << 9)
    /// The response's body, as far as it has come.
    public static let responseBody = FetchNeeds(rawValue: 1 << 10)
    /// Facts of the response that are kept, such as its status.
    public static let responseFacts = FetchNeeds(rawValue: 1 << 11)
    /// A stream, such as its captures and its queue.
    public static let stream = FetchNeeds(rawValue: 1 << 12)
    /// The head of the message that is judged, be it a request or a response.
    public static let messageHead = FetchNeeds(rawValue: 1 << 13)
    /// The request line as it came, which is kept only where something needs it.
    public static let requestLine = FetchNeeds(rawValue: 1 << 14)
    /// The process at work: proxies, servers, tables and streams, which the lines that begin it
    /// cannot ask.
    public static let running = FetchNeeds(rawValue: 1 << 15)

    private static let words: [(FetchNeeds, String)] = [
        (.client, "a client's connection"), (.session, "a client's session"),
        (.requestBuffer, "request bytes"), (.requestHead, "request headers"),
        (.requestBody, "a request body"), (.requestFacts, "a request"),
        (.backend, "a backend"), (.server, "a server's connection"),
        (.responseBuffer, "response bytes"), (.responseHead, "response headers"),
        (.responseBody, "a response body"), (.responseFacts, "a response"),
        (.stream, "a stream"), (.messageHead, "headers"), (.requestLine, "a request line"),
        (.running, "the process at work"),
    ]

    /// What messages call these parts.
    public var names: String {
        Self.words.filter { contains($0.0) }.map(\.1).joined(separator: " and ")
    }
}

/// Where an expression stands: which parts of a stream are there, and what messages call the place.
public struct ExpressionPlace: Sendable, Hashable {
    /// What messages call it, such as `http-request rules`.
    public let name: String
    /// What is there.
    public let available: FetchNeeds

    /// A place from its parts.
    ///
    /// - Parameter isRunning: whether it is worked out while the process serves.
    public init(_ name: String, _ available: FetchNeeds, isRunning: Bool = true) {
        self.name = name
        self.available = isRunning ? available.union(.running) : available
    }

    private static let accepted: FetchNeeds = [.client]
    private static let begun: FetchNeeds = [.client, .session]
    private static let streaming: FetchNeeds = [.client, .session, .stream]

    /// The configuration's own lines, worked out before anything serves.
    public static let start = ExpressionPlace("lines of the global section", [], isRunning: false)
    /// No stream at all: the command line.
    public static let process = ExpressionPlace("lines without a stream", [])
    /// `tcp-request connection`.
    public static let connection = ExpressionPlace("tcp-request connection rules", accepted)
    /// `tcp-request session`.
    public static let session = ExpressionPlace("tcp-request session rules", begun)
    /// `tcp-request content`.
    public static let contentRequest = ExpressionPlace(
        "tcp-request content rules",
        [
            .client, .session, .stream, .requestBuffer, .requestHead, .messageHead, .requestBody,
            .requestFacts, .requestLine, .backend,
        ])
    /// `http-request`.
    public static let httpRequest = ExpressionPlace(
        "http-request rules",
        [
            .client, .session, .stream, .requestBuffer, .requestHead, .messageHead, .requestBody,
            .requestFacts, .requestLine, .backend,
        ])
    /// `use_backend`, `use-server`, `redirect`, `stick match` and their kin.
    public static let switching = ExpressionPlace(
        "switching rules",
        [
            .client, .session, .stream, .requestBuffer, .requestHead, .messageHead, .requestBody,
            .requestFacts, .requestLine, .backend,
        ])
    /// `tcp-response content`.
    public static let contentResponse = ExpressionPlace(
        "tcp-response content rules",
        [
            .client, .session, .stream, .requestFacts, .requestLine, .backend, .server,
            .responseBuffer, .responseHead, .messageHead, .responseBody, .responseFacts,
        ])
    /// `http-response`, `http-after-response`, `stick store-response`.
    public static let httpResponse = ExpressionPlace(
        "http-response rules",
        [
            .client, .session, .stream, .requestFacts, .requestLine, .backend, .server,
            .responseBuffer, .responseHead, .messageHead, .responseBody, .responseFacts,
        ])
    /// `log-format` and its kin.
    public static let log = ExpressionPlace(
        "log lines",
        [
            .client, .session, .stream, .requestFacts, .requestLine, .backend, .server,
            .responseFacts,
        ])
    /// `unique-id-format`.
    public static let uniqueID = ExpressionPlace(
        "unique-id-format",
        [
            .client, .session, .stream, .requestBuffer, .requestHead, .messageHead, .requestBody,
            .requestFacts, .requestLine,
        ])

    /// The key of a shared bandwidth limit: what the rules that enable it have.
    public static let bandwidthKey = ExpressionPlace(
        "keys of bandwidth limits", httpRequest.available.union(httpResponse.available))

    /// Whether a fetch with these needs can be used here.
    ///
    /// A fetch of one direction's buffer or head cannot be used in the other.
    public func allows(_ needs: FetchNeeds) -> Bool { missing(of: needs).isEmpty }

    /// What of a fetch's needs is not here.
    ///
    /// A fetch that needs the buffers of both directions reads the one that is there.
    public func missing(of needs: FetchNeeds) -> FetchNeeds {
        let buffers: FetchNeeds = [.requestBuffer, .responseBuffer]
        let missing = needs.subtracting(available)
        if needs.isSuperset(of: buffers) && !available.isDisjoint(with: buffers) {
            return missing.subtracting(buffers)
        }
        return missing
    }
}
