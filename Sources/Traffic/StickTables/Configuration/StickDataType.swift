// What an entry of a stick table can hold (configuration manual 11.1: data types), in the order in
// which `show table` writes it.

/// A kind of data that `store` names.
public enum StickDataType: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    /// The number of the server that stick rules chose.
    case serverID
    /// The first general purpose tag.
    case gpt0
    /// The first general purpose counter.
    case gpc0
    /// How often the first general purpose counter is increased.
    case gpc0Rate
    /// Connections so far.
    case connectionCount
    /// How often connections come.
    case connectionRate
    /// Connections that are there now.
    case currentConnections
    /// Sessions so far.
    case sessionCount
    /// How often sessions come.
    case sessionRate
    /// HTTP requests so far.
    case requestCount
    /// How often HTTP requests come.
    case requestRate
    /// HTTP requests so far that were the client's mistakes.
    case requestErrorCount
    /// How often a client makes such mistakes.
    case requestErrorRate
    /// Bytes from clients so far.
    case bytesInCount
    /// How many bytes come from clients.
    case bytesInRate
    /// Bytes to clients so far.
    case bytesOutCount
    /// How many bytes go to clients.
    case bytesOutRate
    /// The second general purpose counter.
    case gpc1
    /// How often the second general purpose counter is increased.
    case gpc1Rate
    /// The name or the address of the server that stick rules chose.
    case serverKey
    /// HTTP responses so far that were the server's failures.
    case responseFailureCount
    /// How often servers fail so.
    case responseFailureRate
    /// An array of general purpose tags.
    case gpt
    /// An array of general purpose counters.
    case gpc
    /// How often each general purpose counter of an array is increased.
    case gpcRate
    /// Glitches on connections so far.
    case glitchCount
    /// How often glitches happen.
    case glitchRate

    /// How one element is kept.
    public enum Kind: Sendable, BitwiseCopyable {
        /// 32 bits without a sign, which start again at 0 behind the largest.
        case number
        /// 32 bits with a sign.
        case signed
        /// 64 bits without a sign.
        case wide
        /// Events in a sliding period.
        case rate
        /// A name, kept as its number in the table's ``StickServerNames``.
        case name
    }

    /// How one element is kept.
    public var kind: Kind {
        switch self {
        case .serverID: .signed
        case .serverKey: .name
        case .bytesInCount, .bytesOutCount: .wide
        case .gpc0Rate, .gpc1Rate, .gpcRate, .connectionRate, .sessionRate, .requestRate,
            .requestErrorRate, .responseFailureRate, .bytesInRate, .bytesOutRate, .glitchRate:
            .rate
        default: .number
        }
    }

    /// Whether it counts events in a period, which `store` must then name.
    public var isRate: Bool { kind == .rate }

    /// Whether it is an array, whose size `store` must then name.
    public var isArray: Bool { self == .gpt || self == .gpc || self == .gpcRate }

    /// Whether it counts blocks of bytes when the table has a `brates-factor`.
    public var isBytesRate: Bool { self == .bytesInRate || self == .bytesOutRate }

    /// The word of the configuration and of `show table`.
    public var name: String {
        switch self {
        case .serverID: "server_id"
        case .gpt0: "gpt0"
        case .gpc0: "gpc0"
        case .gpc0Rate: "gpc0_rate"
        case .connectionCount: "conn_cnt"
        case .connectionRate: "conn_rate"
        case .currentConnections: "conn_cur"
        case .sessionCount: "sess_cnt"
        case .sessionRate: "sess_rate"
        case .requestCount: "http_req_cnt"
        case .requestRate: "http_req_rate"
        case .requestErrorCount: "http_err_cnt"
        case .requestErrorRate: "http_err_rate"
        case .bytesInCount: "bytes_in_cnt"
        case .bytesInRate: "bytes_in_rate"
        case .bytesOutCount: "bytes_out_cnt"
        case .bytesOutRate: "bytes_out_rate"
        case .gpc1: "gpc1"
        case .gpc1Rate: "gpc1_rate"
        case .serverKey: "server_key"
        case .responseFailureCount: "http_fail_cnt"
        case .responseFailureRate: "http_fail_rate"
        case .gpt: "gpt"
        case .gpc: "gpc"
        case .gpcRate: "gpc_rate"
        case .glitchCount: "glitch_cnt"
        case .glitchRate: "glitch_rate"
        }
    }

    /// The type with that name; `server_name` is an older word for `server_key`.
    public init?(name: String) {
        if name == "server_name" {
            self = .serverKey
            return
        }
        guard let type = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = type
    }

    /// The array that holds the same thing, and at which index: what is said of `gpc0` holds for
    /// the first element of `gpc` where a table stores that instead.
    public var element: (array: StickDataType, index: Int)? {
        switch self {
        case .gpt0: (.gpt, 0)
        case .gpc0: (.gpc, 0)
        case .gpc1: (.gpc, 1)
        case .gpc0Rate: (.gpcRate, 0)
        case .gpc1Rate: (.gpcRate, 1)
        default: nil
        }
    }
}

/// One thing a table stores.
public struct StickStoredData: Hashable, Sendable {
    /// The most elements of an array.
    public static let largestArray = 100

    /// What it is.
    public var type: StickDataType
    /// How many elements; 1 unless it is an array.
    public var count: Int
    /// The period of a rate; 0 for what is none.
    public var periodMilliseconds: Int

    /// Something stored, with the size of an array and the period of a rate.
    public init(_ type: StickDataType, count: Int = 1, periodMilliseconds: Int = 0) {
        precondition(count >= 1 && count <= Self.largestArray && (type.isArray || count == 1))
        precondition(type.isRate == (periodMilliseconds > 0))
        precondition(periodMilliseconds <= Int(Int32.max))
        self.type = type
        self.count = count
        self.periodMilliseconds = periodMilliseconds
    }
}
