// One value on its way through an expression: small, trivial, free of references. Bytes of strings
// live in a `SampleScratch`; the sample keeps where.

import Addresses

/// A value with its type.
///
/// Samples of bytes are ranges of the scratch they were made in and mean nothing elsewhere or after
/// its reset.
public struct Sample: Sendable, BitwiseCopyable {
    /// What is known of a value beside itself.
    public struct Flags: OptionSet, Sendable, BitwiseCopyable {
        /// The bits.
        public let rawValue: UInt8

        /// Flags from their bits.
        @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// More bytes may still arrive and change the value.
        public static var mayChange: Flags { @inlinable get { Flags(rawValue: 1) } }
        /// The next evaluation may give another value, such as a date or a counter.
        public static var isVolatile: Flags { @inlinable get { Flags(rawValue: 2) } }
        /// Further values follow for the same fetch.
        public static var hasMore: Flags { @inlinable get { Flags(rawValue: 4) } }
    }

    /// What the value is; never `any`, `address` or `same`.
    public internal(set) var type: SampleType
    /// What is known beside the value.
    public var flags: Flags
    @usableFromInline var high: UInt64
    @usableFromInline var low: UInt64

    @usableFromInline init(type: SampleType, flags: Flags = [], high: UInt64, low: UInt64) {
        self.type = type
        self.flags = flags
        self.high = high
        self.low = low
    }

    /// A signed integer.
    @inlinable public static func integer(_ value: Int64) -> Sample {
        Sample(type: .integer, high: 0, low: UInt64(bitPattern: value))
    }

    /// True or false.
    @inlinable public static func boolean(_ value: Bool) -> Sample {
        Sample(type: .boolean, high: 0, low: value ? 1 : 0)
    }

    /// An address, typed by its family.
    @inlinable public static func address(_ value: IPAddress) -> Sample {
        Sample(
            type: value.family == .v4 ? .ipv4 : .ipv6, high: value.high, low: value.low)
    }

    /// Bytes of a scratch as a string, a binary or a method.
    @inlinable public static func bytes(_ range: Range<Int>, as type: SampleType) -> Sample {
        precondition(type.isBytes)
        return Sample(
            type: type, high: UInt64(truncatingIfNeeded: range.lowerBound),
            low: UInt64(truncatingIfNeeded: range.count))
    }

    /// The number of an integer or a boolean; traps for other types.
    @inlinable @inline(__always) public var integer: Int64 {
        precondition(type == .integer || type == .boolean)
        return Int64(bitPattern: low)
    }

    /// Whether an integer or a boolean is not zero; traps for other types.
    @inlinable @inline(__always) public var isTrue: Bool { integer != 0 }

    /// The address of an IPv4 or IPv6 sample; traps for other types.
    @inlinable @inline(__always) public var address: IPAddress {
        precondition(type == .ipv4 || type == .ipv6)
        return type == .ipv4
            ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : IPAddress(v6High: high, low: low)
    }

    /// Where the bytes of a string, binary or method are; traps for other types.
    @inlinable @inline(__always) public var range: Range<Int> {
        precondition(type.isBytes)
        let start = Int(truncatingIfNeeded: high)
        return start..<start &+ Int(truncatingIfNeeded: low)
    }

    /// How many bytes a string, binary or method has; traps for other types.
    @inlinable @inline(__always) public var byteCount: Int {
        precondition(type.isBytes)
        return Int(truncatingIfNeeded: low)
    }

    /// The part of the bytes that begins `offset` behind their start; traps unless it is inside.
    @inlinable public func part(_ offset: Int, _ count: Int) -> Sample {
        let whole = range
        precondition(offset >= 0 && count >= 0 && offset <= whole.count - count)
        var part = self
        part.high = UInt64(truncatingIfNeeded: whole.lowerBound &+ offset)
        part.low = UInt64(truncatingIfNeeded: count)
        return part
    }

    /// Replaces the value and its type, keeping the flags.
    @inlinable public mutating func become(_ value: Sample) {
        let kept = flags
        self = value
        flags = flags.union(kept)
    }

    /// Replaces the number of an integer or a boolean, whose type stays; traps for other types.
    @inlinable public mutating func setNumber(_ value: Int64) {
        precondition(type == .integer || type == .boolean)
        low = UInt64(bitPattern: value)
    }

    /// The same bytes under another of the three types of bytes.
    @inlinable public mutating func retype(_ type: SampleType) {
        become(.bytes(range, as: type))
    }
}
