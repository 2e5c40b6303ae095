// The contract of aliases: one row says the name, where it can be used, what it needs, the manual's
// sentence, and the function that gives its value. The rows are in `Features/Logs/Aliases.swift`.

import Addresses
import Kernel
import Samples

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

/// What an alias stands for: a kind of value, and the function that gets it.
///
/// Functions allocate nothing and capture nothing. Those that write put out the bare value: quotes,
/// dashes for what is empty, and encodings are added by the kind.
public enum LogValue: Sendable {
    /// Writes the bare value.
    public typealias Writer =
        @Sendable (_ subject: Subject, _ item: LogItem, _ output: inout OutputBytes) -> Void
    /// Writes one value of several, counted from 0.
    public typealias PartWriter =
        @Sendable (
            _ subject: Subject, _ index: Int, _ item: LogItem, _ output: inout OutputBytes
        ) -> Void

    /// A text of ours.
    case text(Writer)
    /// A text of ours that never gets quotes, such as a date.
    case plain(Writer)
    /// A text that a peer has sent; the writer encodes it by `append(foreign:_:)`.
    case foreign(Writer)
    /// A number.
    case number(@Sendable (Subject) -> Int64)
    /// A number with a plus sign before it under a condition.
    case marked(@Sendable (Subject) -> Int64, if: @Sendable (Subject) -> Bool)
    /// A number that `X` shows in at least four hexadecimal digits.
    case counter(@Sendable (Subject) -> Int64)
    /// Thousandths of a second, in three digits, or with `X` in at least two hexadecimal ones.
    case thousandths(@Sendable (Subject) -> Int64)
    /// An address.
    case address(@Sendable (Subject) -> LogEnd)
    /// The port of an address.
    case port(@Sendable (Subject) -> LogEnd)
    /// Texts that a peer has sent, as `{a|b}`; nothing where there is no place for any.
    case braced(count: @Sendable (Subject) -> Int, PartWriter)
    /// The same, one behind the other with blanks between them.
    case list(count: @Sendable (Subject) -> Int, PartWriter)
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
