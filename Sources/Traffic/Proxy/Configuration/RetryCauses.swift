// Which failures a request is tried again for.
// configuration manual: retry-on.

/// `retry-on`: the failures after which a request is tried again, as far as `retries` goes.
public struct RetryCauses: OptionSet, BitwiseCopyable, Sendable, Equatable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// `conn-failure`: no connection, so that nothing of the request was sent.
    public static let connectionFailure = RetryCauses(rawValue: 1 << 0)
    /// `empty-response`: the server left without a byte of a response.
    public static let emptyResponse = RetryCauses(rawValue: 1 << 1)
    /// `junk-response`: what came is no whole head of a response.
    public static let junkResponse = RetryCauses(rawValue: 1 << 2)
    /// `response-timeout`: `timeout server` passed before a response.
    public static let responseTimeout = RetryCauses(rawValue: 1 << 3)
    /// `0rtt-rejected`: early data was refused. Nothing does that while servers are reached in
    /// clear text.
    public static let earlyDataRejected = RetryCauses(rawValue: 1 << 4)

    /// `all-retryable-errors`.
    public static let allRetryable: RetryCauses = [
        .connectionFailure, .emptyResponse, .junkResponse, .responseTimeout, .earlyDataRejected,
        status(500), status(502), status(503), status(504),
    ]

    /// What needs the request to be kept after it was sent.
    public static let afterSending: RetryCauses = [
        .emptyResponse, .junkResponse, .responseTimeout,
        RetryCauses(rawValue: .max << firstStatusBit),
    ]

    /// The statuses that can be retried, in the order of their bits.
    public static let statuses = [401, 403, 404, 408, 421, 425, 429, 500, 501, 502, 503, 504]

    /// The bit of a status; empty for one that cannot be retried.
    public static func status(_ status: Int) -> RetryCauses {
        let position: UInt32
        switch status {
        case 401: position = 0
        case 403: position = 1
        case 404: position = 2
        case 408: position = 3
        case 421: position = 4
        case 425: position = 5
        case 429: position = 6
        case 500: position = 7
        case 501: position = 8
        case 502: position = 9
        case 503: position = 10
        case 504: position = 11
        default: return []
        }
        return RetryCauses(rawValue: 1 << (firstStatusBit + position))
    }

    private static let firstStatusBit: UInt32 = 8
}
