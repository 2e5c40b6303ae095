// The ways to compare a sample with patterns (configuration manual: matching methods).

/// A `-m` method, or one that only a fetch implies.
public enum MatchMethod: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    /// Whether there is a sample at all.
    case found
    /// Whether the sample is true; no pattern.
    case bool
    /// Integers and ranges of them.
    case int
    /// Addresses and networks.
    case ip
    /// Bytes, written in hexadecimal.
    case bin
    /// The number of bytes, as integers and ranges of them.
    case len
    /// The whole text.
    case str
    /// The text's beginning.
    case beg
    /// Any part of the text.
    case sub
    /// One or more parts between slashes.
    case dir
    /// One or more parts between dots, colons, slashes and question marks.
    case dom
    /// The text's end.
    case end
    /// A regular expression.
    case reg
    /// HTTP methods; what fetches of methods imply.
    case method
    /// The groups of a user; what fetches of users imply.
    case group

    /// What `-m` calls it; nil for what `-m` cannot name.
    public var name: String? {
        switch self {
        case .found: "found"
        case .bool: "bool"
        case .int: "int"
        case .ip: "ip"
        case .bin: "bin"
        case .len: "len"
        case .str: "str"
        case .beg: "beg"
        case .sub: "sub"
        case .dir: "dir"
        case .dom: "dom"
        case .end: "end"
        case .reg: "reg"
        case .method, .group: nil
        }
    }

    /// The method of that name.
    public init?(name: String) {
        guard let method = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = method
    }

    /// All names that `-m` takes.
    public static var names: [String] { allCases.compactMap(\.name) }

    /// What a sample is cast to before it is compared.
    public var input: SampleType {
        switch self {
        case .found: .any
        case .bool, .int: .integer
        case .ip: .address
        case .bin: .binary
        case .len, .str, .beg, .sub, .dir, .dom, .end, .reg, .group: .string
        case .method: .method
        }
    }

    /// What compares samples of a type when nothing else is said; nil when it must be said.
    public static func implied(by type: SampleType) -> MatchMethod? {
        switch type {
        case .boolean: .bool
        case .integer: .int
        case .address, .ipv4, .ipv6: .ip
        case .string: .str
        case .method: .method
        case .any, .binary, .same: nil
        }
    }

    /// Whether the method reads patterns at all.
    public var takesPatterns: Bool { self != .found && self != .bool }

    /// Whether samples of that type can be compared by this method.
    public func takes(_ type: SampleType) -> Bool { self == .found || type.canBecome(input) }
}
