// Names of entries, and what callers ask and learn about them: small trivial values.

/// Names one entry of a table: its shard, its slot there, and which of the entries that had the
/// slot one after the other it is.
///
/// A reference that counts as a use (``StickTable/track(_:_:now:)``) names a living entry until it
/// is released. Any other may outlive its entry, and the functions of the table then say so.
public struct StickReference: Hashable, Sendable, BitwiseCopyable {
    let slot: UInt32
    let generation: UInt32
    let shard: UInt8

    init(slot: UInt32, generation: UInt32, shard: UInt8) {
        self.slot = slot
        self.generation = generation
        self.shard = shard
    }

    /// One number for people and commands, never 0: `show table` writes it in front of an entry.
    ///
    ///     | generation, 24 bits | shard, 8 bits | slot, 32 bits |
    public var word: UInt64 {
        UInt64(generation & 0xFF_FFFF) << 40 | UInt64(shard) << 32 | UInt64(slot)
    }
}

/// What is done to one element of an entry's data.
///
/// Elements that a table does not store are passed over, so that one list serves all tables.
/// `gpc0`, `gpc1`, their rates and `gpt0` mean the first elements of an array where a table stores
/// that instead.
public struct StickUpdate: Sendable, BitwiseCopyable {
    /// What is done with the amount.
    enum Operation: UInt8, BitwiseCopyable { case add, subtract, set }

    let type: StickDataType
    let index: UInt8
    let operation: Operation
    let amount: Int64

    /// Counts so many more: events of a rate, bytes, or increments of a number, which starts again
    /// at 0 behind the largest. Negative amounts are none.
    public static func add(_ amount: Int64 = 1, to type: StickDataType, index: Int = 0)
        -> StickUpdate
    {
        StickUpdate(
            type: type, index: UInt8(exactly: index) ?? .max, operation: .add,
            amount: max(0, amount))
    }

    /// Counts so many less, 0 at the least; for rates this does nothing.
    public static func subtract(_ amount: Int64 = 1, from type: StickDataType, index: Int = 0)
        -> StickUpdate
    {
        StickUpdate(
            type: type, index: UInt8(exactly: index) ?? .max, operation: .subtract,
            amount: max(0, amount))
    }

    /// Sets a value, cut to the size of the type; a rate then has so many events in a period that
    /// begins now. Server keys are set to their number in the table's ``StickServerNames``.
    public static func set(_ type: StickDataType, index: Int = 0, to value: Int64) -> StickUpdate {
        StickUpdate(
            type: type, index: UInt8(exactly: index) ?? .max, operation: .set, amount: value)
    }
}

/// What an operation with updates did.
public struct StickChange: Sendable, BitwiseCopyable {
    /// The entry.
    public let reference: StickReference
    /// Whether it was made by the operation.
    public let isNew: Bool
    /// The value that the first update's element had; nil when the table does not store it, or
    /// when there was no update.
    public let before: Int64?
    /// The value that it has now.
    public let after: Int64?

    init(
        _ reference: StickReference, isNew: Bool,
        _ values: (before: Int64?, after: Int64?) = (nil, nil)
    ) {
        self.reference = reference
        self.isNew = isNew
        before = values.before
        after = values.after
    }
}

/// What is known of an entry beside its data.
public struct StickEntryFacts: Sendable, BitwiseCopyable {
    /// How many trackers use it.
    public let useCount: Int
    /// Milliseconds until it expires, counted without regard to its uses; nil when the table's
    /// entries live for ever.
    public let expiresInMilliseconds: Int?
    /// Milliseconds since it was last touched.
    public let idleMilliseconds: Int
}

/// The server that stick rules stored.
public struct StickServer: Sendable, BitwiseCopyable {
    /// The number of the server; nil when none is stored.
    public let id: Int?
    /// Its key as a number of the table's ``StickServerNames``; nil when none is stored.
    public let key: Int64?
}

/// How much of a thing the users of an entry have had in a period.
public struct StickUsage: Sendable, BitwiseCopyable {
    /// The counts.
    public let rate: StickRate
    /// The period in milliseconds.
    public let period: UInt32
    /// How many things one count stands for.
    public let factor: UInt32
    /// How many use the entry.
    public let useCount: UInt32
}
