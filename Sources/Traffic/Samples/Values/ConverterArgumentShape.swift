// The shapes a converter's arguments can have. A row lists them; reading, checking and the messages
// about wrong arguments follow from the list.

import Addresses
import ConfigLanguage

/// What one argument of a converter looks like.
public struct ConverterArgumentShape: Sendable {
    /// How the text is read.
    public enum Kind: Sendable {
        /// A signed decimal number.
        case integer
        /// Any text, which may be empty.
        case text
        /// As `text`, but to leave it out and to leave it empty are two things.
        case emptiableText
        /// An IPv4 mask in dotted form or as a length of 0 to 32.
        case mask4
        /// An IPv6 mask as an address or as a length of 0 to 128.
        case mask6
        /// A variable's name with its scope.
        case variable
        /// A number or a variable's name.
        case integerOrVariable
        /// A variable's name, or any other text.
        case textOrVariable
        /// A condition of `set-var`.
        case condition
    }

    /// How the text is read.
    public let kind: Kind
    /// What the manual calls it, without brackets.
    public let label: String
    /// Whether it may be left out.
    public let isOptional: Bool

    /// A shape from its parts.
    public init(_ kind: Kind, _ label: String, isOptional: Bool = false) {
        self.kind = kind
        self.label = label
        self.isOptional = isOptional
    }

    /// The same shape, allowed to be left out.
    public var optional: ConverterArgumentShape {
        ConverterArgumentShape(kind, label, isOptional: true)
    }

    /// A signed number.
    public static func integer(_ label: String) -> Self { Self(.integer, label) }
    /// Any text.
    public static func text(_ label: String) -> Self { Self(.text, label) }
    /// Any text where an empty one is not the same as none.
    public static func emptiableText(_ label: String) -> Self { Self(.emptiableText, label) }
    /// A mask of IPv4 addresses.
    public static func mask4(_ label: String) -> Self { Self(.mask4, label) }
    /// A mask of IPv6 addresses.
    public static func mask6(_ label: String) -> Self { Self(.mask6, label) }
    /// A variable's name.
    public static func variable(_ label: String) -> Self { Self(.variable, label) }
    /// A number or a variable's name.
    public static func integerOrVariable(_ label: String) -> Self {
        Self(.integerOrVariable, label)
    }
    /// Text or a variable's name.
    public static func textOrVariable(_ label: String) -> Self { Self(.textOrVariable, label) }

    /// A condition of `set-var`, which may be left out, but not be empty.
    public static var condition: Self { Self(.condition, "cond", isOptional: true) }

    /// Whether nothing between two commas means that the argument is left out.
    var skipsEmpty: Bool { isOptional && kind != .condition && kind != .emptiableText }

    /// What a message says was expected.
    var expectation: String {
        switch kind {
        case .integer: "an integer"
        case .text, .emptiableText: "text"
        case .mask4: "an IPv4 mask or a length from 0 to 32"
        case .mask6: "an IPv6 mask or a length from 0 to 128"
        case .variable: "a variable with its scope, such as txn.name"
        case .integerOrVariable: "an integer or a variable"
        case .textOrVariable: "text or a variable"
        case .condition: "a condition: \(VariableCondition.names.joined(separator: ", "))"
        }
    }

    /// What `text` is under this shape.
    func read(_ text: [UInt8], _ loading: ExpressionLoading) throws(ArgumentMistake)
        -> ConverterConstant
    {
        switch kind {
        case .text, .emptiableText: return .bytes(text)
        case .integer:
            guard let value = wholeInteger(text) else {
                throw ArgumentMistake(expected: expectation)
            }
            return .integer(value)
        case .integerOrVariable:
            if let value = wholeInteger(text) { return .integer(value) }
            return .variable(try loading.variable(text))
        case .variable: return .variable(try loading.variable(text))
        case .textOrVariable:
            guard ExpressionLoading.looksLikeVariable(text) else { return .bytes(text) }
            return .variable(try loading.variable(text))
        case .condition:
            guard let condition = VariableCondition(name: shown(text)) else {
                throw ArgumentMistake(
                    expected: expectation,
                    suggestion: Spelling.nearest(
                        to: shown(text), among: VariableCondition.names))
            }
            return .integer(Int64(condition.rawValue))
        case .mask4:
            guard let mask = mask(text, .v4) else { throw ArgumentMistake(expected: expectation) }
            return .address(mask)
        case .mask6:
            guard let mask = mask(text, .v6) else { throw ArgumentMistake(expected: expectation) }
            return .address(mask)
        }
    }
}

/// The number a text is as a whole; nil when it is none or too large.
public func wholeInteger(_ text: [UInt8]) -> Int64? {
    let digits = text.first == 0x2D || text.first == 0x2B ? text.dropFirst() : text[...]
    guard !digits.isEmpty, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
    return Int64(String(decoding: text, as: UTF8.self))
}

/// A mask as an address of that family or as a length.
private func mask(_ text: [UInt8], _ family: IPAddress.Family) -> IPAddress? {
    if let length = wholeInteger(text) {
        guard length >= 0, length <= family.bitCount else { return nil }
        let ones =
            family == .v4 ? IPAddress(v4: .max) : IPAddress(v6High: .max, low: .max)
        return Prefix(ones, length: Int(length))?.address
    }
    guard let address = IPAddress(text: text.span), address.family == family else { return nil }
    return address
}
