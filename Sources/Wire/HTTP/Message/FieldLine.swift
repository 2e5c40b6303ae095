// Where one field line lies in the bytes its head was parsed from. Sixteen bytes, no ownership.

/// Marks on a field line.
@frozen
public struct FieldFlags: OptionSet, Sendable {
    public let rawValue: UInt8
    @inlinable @inline(__always)
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The line is not forwarded.
    public static var removed: FieldFlags { @inlinable get { FieldFlags(rawValue: 1) } }
    /// The line belongs to one connection: always so by its name, or nominated by `Connection`.
    public static var hopByHop: FieldFlags { @inlinable get { FieldFlags(rawValue: 2) } }
    /// The line came as `name: value`, with one space and nothing after the value.
    public static var canonical: FieldFlags { @inlinable get { FieldFlags(rawValue: 4) } }
    /// The value is written anew from the framing facts (a repaired `Content-Length`).
    public static var rewritten: FieldFlags { @inlinable get { FieldFlags(rawValue: 8) } }
    /// The line lies among the edits of its head as `name: value` with its line end, and not in the
    /// bytes that were parsed.
    public static var edited: FieldFlags { @inlinable get { FieldFlags(rawValue: 16) } }
    /// A rule has taken the line out: it is neither forwarded nor seen by further rules.
    public static var takenOut: FieldFlags { @inlinable get { FieldFlags(rawValue: 32) } }
}

/// One field line: offsets into the bytes that were parsed, name and value without blanks.
@frozen
public struct FieldLine: Sendable {
    /// First byte of the name.
    public var nameStart: UInt32
    /// First byte of the value after leading blanks.
    public var valueStart: UInt32
    /// Bytes of the value without trailing blanks.
    public var valueLength: UInt32
    /// Bytes of the name.
    public var nameLength: UInt16
    /// The name by number.
    public var known: KnownField
    /// Marks.
    public var flags: FieldFlags

    @inlinable @inline(__always)
    public init(
        nameStart: UInt32, valueStart: UInt32, valueLength: UInt32, nameLength: UInt16,
        known: KnownField, flags: FieldFlags
    ) {
        self.nameStart = nameStart
        self.valueStart = valueStart
        self.valueLength = valueLength
        self.nameLength = nameLength
        self.known = known
        self.flags = flags
    }

    /// The name as a range of the parsed bytes.
    @inlinable @inline(__always)
    public var name: Range<Int> {
        Int(nameStart)..<(Int(nameStart) &+ Int(nameLength))
    }

    /// The value as a range of the parsed bytes.
    @inlinable @inline(__always)
    public var value: Range<Int> {
        Int(valueStart)..<(Int(valueStart) &+ Int(valueLength))
    }

    /// Whether the line is not forwarded.
    @inlinable @inline(__always)
    public var isRemoved: Bool { flags.contains(.removed) }
}
