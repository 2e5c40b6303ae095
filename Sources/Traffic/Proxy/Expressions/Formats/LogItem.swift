// How one item of a format is written: its flags, and the type it was given.
// Source: configuration manual, "Custom log format".

/// Flags of an item.
public struct LogFlags: OptionSet, BitwiseCopyable, Sendable {
    /// The bits.
    public let rawValue: UInt16

    /// Flags from their bits.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// `Q`: quotes around strings.
    public static let quoted = LogFlags(rawValue: 1 << 0)
    /// `X`: addresses, ports and counters in hexadecimal.
    public static let hexadecimal = LogFlags(rawValue: 1 << 1)
    /// `E`: a backslash before quotes, backslashes and closing brackets.
    public static let escaped = LogFlags(rawValue: 1 << 2)
    /// `M`: a dash in place of a text that is empty, as log lines have it.
    public static let mandatory = LogFlags(rawValue: 1 << 3)
    /// `bin`: bytes as they are, zeroes included.
    public static let binary = LogFlags(rawValue: 1 << 4)
    /// `json`.
    public static let json = LogFlags(rawValue: 1 << 5)
    /// `utf8`: with `json`, characters of several bytes as they are.
    public static let utf8 = LogFlags(rawValue: 1 << 6)
    /// `cbor`.
    public static let cbor = LogFlags(rawValue: 1 << 7)
    /// The value becomes a part of an HTTP message: bytes that no field can hold are encoded.
    static let http = LogFlags(rawValue: 1 << 8)
    /// The value is wanted as it is, to be encoded by somebody else.
    static let bare = LogFlags(rawValue: 1 << 9)

    /// The encodings, of which an item has one at most.
    static let encodings: LogFlags = [.json, .cbor]

    /// The flags by the names that formats use.
    static let names: [(name: String, flag: LogFlags)] = [
        ("Q", .quoted), ("X", .hexadecimal), ("E", .escaped), ("M", .mandatory), ("bin", .binary),
        ("json", .json), ("utf8", .utf8), ("cbor", .cbor),
    ]
}

/// The type that a name asks for, as in `%(name:sint)`; it matters to encodings only.
enum LogItemType: UInt8, BitwiseCopyable, Sendable {
    /// What the value is by itself.
    case own
    /// `str`.
    case text
    /// `sint`.
    case integer
    /// `bool`.
    case boolean

    /// The types by the words that formats use.
    static let names: [(name: String, type: LogItemType)] = [
        ("str", .text), ("sint", .integer), ("bool", .boolean),
    ]
}

/// How one item is written.
public struct LogItem: BitwiseCopyable, Sendable {
    /// The flags in force.
    public var flags: LogFlags
    /// The type it was given.
    var type: LogItemType

    init(_ flags: LogFlags, _ type: LogItemType = .own) {
        self.flags = flags
        self.type = type
    }

    /// A value as it is, to be encoded later.
    static let bare = LogItem(.bare)

    /// Whether the value is wanted as it is.
    var isBare: Bool { flags.contains(.bare) }
}

/// What a format is for, which decides about blanks, empty values and encoding.
public enum LogFormatStyle: Sendable {
    /// A log line: blanks are merged, a dash stands for what is empty.
    case line
    /// A unique identifier: blanks are merged, values are encoded as for HTTP.
    case identifier
    /// A part of the head of an HTTP message: a field's value, a location.
    case message
    /// A value that nothing has to be kept out of: a variable, a name, a key, a reply's body.
    case plain

    /// The flags that every item begins with.
    var flags: LogFlags {
        switch self {
        case .line: .mandatory
        case .identifier, .message: .http
        case .plain: []
        }
    }

    /// Whether blanks at the begin, and several in a row, become none, or one.
    var mergesBlanks: Bool { self == .line || self == .identifier }
}
