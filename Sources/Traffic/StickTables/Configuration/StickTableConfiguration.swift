// What the configuration says of one stick table (configuration manual 11.1). Control path.

/// A stick table as it was declared.
///
/// Two generations of a configuration may share a table when their values are equal.
public struct StickTableConfiguration: Hashable, Sendable {
    /// How servers are named in `server_key`.
    public enum ServerKey: String, Hashable, Sendable, CaseIterable {
        /// By the name in the configuration.
        case name
        /// By address and port.
        case address = "addr"
    }

    /// The most entries a table may be declared with.
    public static let largestSize = Int(UInt32.max)

    /// The name of the section, or the table's own in a `peers` section.
    public var name: String
    /// The type of its keys.
    public var keyType: StickKeyType
    /// The most entries, at least 1.
    public var size: Int
    /// How long an entry lives that nobody touches; 0 is for ever.
    public var expireMilliseconds = 0
    /// `nopurge`: when the table is full, new entries are refused and old ones kept.
    public var refusesWhenFull = false
    /// `recv-only`: nothing is counted here, everything comes from peers.
    public var receivesOnly = false
    /// `srvkey`.
    public var serverKey = ServerKey.name
    /// `write-to`: the table that gets what peers send for this one.
    public var writeTo: String?
    /// `peers`: the section with whose peers entries are shared.
    public var peers: String?
    /// `brates-factor`: how many bytes one unit of `bytes_in_rate` and `bytes_out_rate` stands for.
    public var bytesRateFactor = 1
    /// What entries hold, each type at most once.
    public private(set) var data: [StickStoredData] = []

    /// A table without data.
    public init(name: String, keyType: StickKeyType, size: Int) {
        precondition(size >= 1 && size <= Self.largestSize)
        self.name = name
        self.keyType = keyType
        self.size = size
    }

    /// Adds something to store; false, and nothing happens, when its type is stored already.
    ///
    /// Stick rules add `serverID` and `serverKey` to the tables they use.
    @discardableResult
    public mutating func store(_ added: StickStoredData) -> Bool {
        if stores(added.type) { return false }
        data.append(added)
        return true
    }

    /// Whether a type is stored under its own name.
    public func stores(_ type: StickDataType) -> Bool { data.contains { $0.type == type } }

    /// Bytes of memory that one entry takes, exactly: its node (16), its share of the index (8),
    /// generation, use count and time (16), the key and the data, each in whole 32-bit words.
    ///
    /// A rate takes 16 bytes, a 64-bit count 8, everything else 4; a string has 4 more than its
    /// longest text. An IPv4 table with `gpc0,http_req_rate(10s)` has 64 bytes an entry. Memory
    /// is reserved for `size` entries (and a few percent more for tables of 2048 and above), and
    /// its pages are only taken as entries come.
    public var bytesPerEntry: Int { StickRecordLayout.bytesPerEntry(self) }
}
