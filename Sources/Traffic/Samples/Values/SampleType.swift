// The types a sample can have (configuration manual: sample types), and what converts into what.
// The matrix says which casts exist; the casts themselves are in `SampleScratch+Cast.swift`.

/// What kind of value a sample holds, or what a converter takes and gives.
public enum SampleType: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    /// Anything; only in rows, for converters that read every type or whose result varies.
    case any
    /// True or false, kept as the integers 1 and 0.
    case boolean
    /// A signed 64-bit integer.
    case integer
    /// An address of either family; only in rows, a sample is `ipv4` or `ipv6`.
    case address
    /// An IPv4 address.
    case ipv4
    /// An IPv6 address.
    case ipv6
    /// Text.
    case string
    /// Bytes that are not text.
    case binary
    /// An HTTP method, kept as its text.
    case method
    /// What came in; only as the output of a row.
    case same

    /// The word messages use.
    public var name: StaticString {
        switch self {
        case .any: "any type"
        case .boolean: "a boolean"
        case .integer: "an integer"
        case .address: "an address"
        case .ipv4: "an IPv4 address"
        case .ipv6: "an IPv6 address"
        case .string: "a string"
        case .binary: "a binary"
        case .method: "a method"
        case .same: "the same type"
        }
    }

    /// Whether the value is a range of bytes in a scratch.
    @inlinable @inline(__always)
    public var isBytes: Bool { self == .string || self == .binary || self == .method }

    /// Whether a value of this type can become one of `target`, as far as the types alone say.
    ///
    /// A cast that exists may still fail for one value: the text `x` is no address.
    public func canBecome(_ target: SampleType) -> Bool {
        if self == .any || target == .any || self == target { return true }
        return switch self {
        case .boolean: target == .integer || target == .string || target == .binary
        case .integer: target != .method
        // One of the fourth version can be a number, and which it is shows when it is there.
        case .address: target != .boolean && target != .method
        case .ipv4: target != .boolean && target != .method
        case .ipv6:
            target == .address || target == .ipv4 || target == .string || target == .binary
        case .string: true
        case .binary: target == .string || target == .method
        case .method: target == .string || target == .binary
        case .any, .same: true
        }
    }

    /// The word that the Runtime API and `debug` use.
    public var shortName: StaticString {
        switch self {
        case .any, .same: "any"
        case .boolean: "bool"
        case .integer: "sint"
        case .address: "addr"
        case .ipv4: "ipv4"
        case .ipv6: "ipv6"
        case .string: "str"
        case .binary: "bin"
        case .method: "meth"
        }
    }
}
