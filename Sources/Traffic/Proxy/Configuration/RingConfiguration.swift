// One `ring` section, or the ring behind a `log` line whose target is a stream.
// configuration manual: 12.5 Rings.

/// A ring: log lines kept in memory and perhaps sent on to servers.
public struct RingConfiguration: Sendable {
    /// How lines are told apart on a connection (RFC 6587).
    public enum Framing: Sendable {
        /// A line feed behind each line.
        case lineFeed
        /// The number of bytes before each line.
        case octetCount
    }

    /// The name behind `ring` and in `ring@name`.
    public var name: String
    /// `description`, for `show events`.
    public var describedAs: String
    /// `format`: how lines begin; raw where nothing is said. Nil is the default of `log`, for the
    /// ring of a `log` line.
    public var format: String? = "raw"
    /// `maxlen`: bytes of a line with its header.
    public var maxBytes = 1024
    /// `size`, bytes.
    public var bytes = 16384
    /// `timeout connect`, milliseconds; 0 means none.
    public var connectMilliseconds = 0
    /// `timeout server`: how long lines may wait for a server to take them, milliseconds; 0 means
    /// for ever.
    public var serverMilliseconds = 0
    /// Servers that get every line.
    public var servers: [ServerConfiguration] = []

    /// The ring that is always there.
    public static var buf0: RingConfiguration {
        var ring = RingConfiguration(name: "buf0")
        ring.describedAs = "in-memory ring buffer"
        ring.format = "timed"
        ring.bytes = 1 << 20
        return ring
    }

    /// A ring of the usual size.
    public init(name: String) {
        self.name = name
        describedAs = name
    }
}
