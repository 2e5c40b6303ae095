// What rules have changed about a head's start line. New bytes lie in a buffer of their own, the
// edits, so that what was parsed stays as it came.

/// A range of the edits; an empty place at 0 means none.
@frozen
public struct EditedRange: BitwiseCopyable, Sendable {
    /// First byte among the edits.
    public var start: UInt32 = 0
    /// Bytes.
    public var length: UInt32 = 0
    /// Whether it replaces what was parsed.
    public var isSet = false

    /// Nothing is replaced.
    @inlinable
    public init() {}

    /// Replaces what was parsed by a range of the edits.
    @inlinable
    public init(_ range: Range<Int>) {
        start = UInt32(truncatingIfNeeded: range.lowerBound)
        length = UInt32(truncatingIfNeeded: range.count)
        isSet = true
    }

    /// The bytes as a range of the edits.
    @inlinable
    public var range: Range<Int> { Int(start)..<Int(start &+ length) }
}

/// Changes of a start line.
@frozen
public struct StartLineEdits: BitwiseCopyable, Sendable {
    /// Another method.
    public var method = EditedRange()
    /// Another target.
    public var target = EditedRange()
    /// Where path and query begin in the edits, when the target is another one.
    public var pathStart: UInt32 = 0
    /// Another reason phrase.
    public var reason = EditedRange()
    /// Another status; 0 means the one that came.
    public var status: UInt16 = 0

    /// No change.
    @inlinable
    public init() {}

    /// Path and query of another target, as a range of the edits.
    @inlinable
    public var pathAndQuery: Range<Int> {
        Int(pathStart)..<Int(target.start &+ target.length)
    }
}
