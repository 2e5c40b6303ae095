// The contract of aliases: one row says the name, where it can be used, what it needs, the manual's
// sentence, and the function that gives its value. The rows are in `Features/Logs/Aliases.swift`.

import Addresses
import Kernel

/// One end of a connection, as log lines show it.
@frozen
public enum LogEnd: Sendable {
    /// There is no connection.
    case none
    /// A UNIX socket, and the number that stands for its port.
    case local(number: Int)
    /// An IP address and a port.
    case ip(IPSocketAddress)

    /// The end that the kernel's form of an address means.
    init(_ address: borrowing RawSocketAddress, number: Int = 0) {
        if let ip = address.ip {
            self = .ip(ip)
        } else {
            let isLocal = address.family == Int32(SocketFamily.unix)
            self = isLocal ? .local(number: number) : .none
        }
    }
}

/// What has to be kept of a stream for a format.
public struct LogNeeds: OptionSet, Sendable {
    /// The bits.
    public let rawValue: UInt8

    /// Needs from their bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The request line, beyond the end of the request's rules.
    public static let requestLine = LogNeeds(rawValue: 1)
    /// The number of lines that the frontend has logged.
    public static let lineCount = LogNeeds(rawValue: 2)
    /// Our address in the connection to the server, beyond that connection's end.
    public static let serverConnection = LogNeeds(rawValue: 4)
}

/// One `%` alias.
public struct LogAlias: Sendable {
    /// The name behind `%`.
    public let name: String
    /// Only for proxies in HTTP mode.
    public let isHTTPOnly: Bool
    /// What has to be kept for it.
    public let needs: LogNeeds
    /// One sentence of manual.
    public let sentence: String
    /// What it stands for.
    public let value: LogValue

    /// A row.
    public init(
        _ name: String, http isHTTPOnly: Bool = false, needs: LogNeeds = [], _ sentence: String,
        _ value: LogValue
    ) {
        self.name = name
        self.isHTTPOnly = isHTTPOnly
        self.needs = needs
        self.sentence = sentence
        self.value = value
    }
}

/// All aliases by name.
public struct LogAliasCatalog: Sendable {
    /// The rows in the manual's order.
    public let rows: [LogAlias]
    private let byName: [String: LogAlias]

    /// A catalog; traps when two rows have one name.
    public init(_ rows: [LogAlias]) {
        self.rows = rows
        byName = Dictionary(uniqueKeysWithValues: rows.map { ($0.name, $0) })
    }

    /// The row with that name.
    public subscript(name: String) -> LogAlias? { byName[name] }
}
