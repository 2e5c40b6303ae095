// When `set-var` sets (configuration manual: set-var).

/// Conditions of `set-var`; all that are given must hold.
public struct VariableCondition: OptionSet, Sendable, BitwiseCopyable, Hashable {
    /// The bits.
    public let rawValue: UInt8

    /// Conditions from their bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The variable exists; those of the process always do.
    public static let exists = VariableCondition(rawValue: 1)
    /// The variable does not exist.
    public static let doesNotExist = VariableCondition(rawValue: 2)
    /// The new value is an empty text.
    public static let isEmpty = VariableCondition(rawValue: 4)
    /// The new value is no empty text.
    public static let isNotEmpty = VariableCondition(rawValue: 8)
    /// The variable has a value.
    public static let isSet = VariableCondition(rawValue: 16)
    /// The variable has no value.
    public static let isNotSet = VariableCondition(rawValue: 32)
    /// The variable's number is greater than the new one; holds unless both are numbers.
    public static let isGreater = VariableCondition(rawValue: 64)
    /// The variable's number is less than the new one; holds unless both are numbers.
    public static let isLess = VariableCondition(rawValue: 128)

    private static let words: [(word: String, condition: VariableCondition)] = [
        ("ifexists", .exists), ("ifnotexists", .doesNotExist), ("ifempty", .isEmpty),
        ("ifnotempty", .isNotEmpty), ("ifset", .isSet), ("ifnotset", .isNotSet),
        ("ifgt", .isGreater), ("iflt", .isLess),
    ]

    /// What the conditions are called.
    public static let names = words.map(\.word)

    /// The condition of that name.
    public init?(name: String) {
        guard let row = Self.words.first(where: { $0.word == name }) else { return nil }
        self = row.condition
    }

    /// Whether a variable may be set.
    func allow(_ new: Sample, over old: Sample?, exists: Bool) -> Bool {
        if contains(.exists) && !exists || contains(.doesNotExist) && exists { return false }
        if contains(.isSet) && old == nil || contains(.isNotSet) && old != nil { return false }
        let isEmpty = new.type.isBytes && new.byteCount == 0
        if contains(.isEmpty) && !isEmpty || contains(.isNotEmpty) && isEmpty { return false }
        guard let old, old.type == .integer, new.type == .integer else { return true }
        if contains(.isGreater) && old.integer <= new.integer { return false }
        return !(contains(.isLess) && old.integer >= new.integer)
    }
}
