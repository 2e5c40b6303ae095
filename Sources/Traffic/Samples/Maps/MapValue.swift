// The values of maps: the text of the file as one of the types that `map_*` converters give.

import Addresses

/// What a map gives for a key.
public enum MapValue: Sendable, Hashable {
    /// Nothing: the patterns of an access list.
    case none
    /// Text.
    case text([UInt8])
    /// A number.
    case integer(Int64)
    /// An address.
    case address(IPAddress)
}

/// The type of a map's values.
public enum MapValueType: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    /// No values are kept.
    case none
    /// Text as it stands in the file.
    case string
    /// Decimal numbers; an empty text is 0.
    case integer
    /// Addresses.
    case address
    /// The key's text as it stands in the file.
    case key

    /// What the converter's name ends with.
    public var suffix: String {
        switch self {
        case .none: ""
        case .string: "str"
        case .integer: "int"
        case .address: "ip"
        case .key: "key"
        }
    }

    /// Reads a value; nil when the text is none of this type.
    public func read(_ text: [UInt8], key: [UInt8]) -> MapValue? {
        switch self {
        case .none: return MapValue.none
        case .string: return .text(text)
        case .integer: return text.isEmpty ? .integer(0) : wholeInteger(text).map { .integer($0) }
        case .address: return IPAddress(text: text.span).map { .address($0) }
        case .key: return .text(key)
        }
    }

    /// What a value of this type should have been, for messages.
    public var expectation: String {
        switch self {
        case .none, .string, .key: "text"
        case .integer: "a number"
        case .address: "an address"
        }
    }
}
