// Byte strings of any length in one block, named by where they begin. Space of strings that were
// removed is not used again: who edits counts the waste and builds anew.

import Bytes

/// Where a byte string stands in a ``TextStore``.
@frozen
public struct TextRange: BitwiseCopyable, Hashable, Sendable {
    /// The first byte's place.
    public var start: UInt32
    /// How many bytes.
    public var count: UInt32

    /// A string of `count` bytes from `start` on.
    @inlinable
    public init(start: UInt32, count: UInt32) {
        self.start = start
        self.count = count
    }

    /// The empty string.
    @inlinable public static var empty: TextRange { TextRange(start: 0, count: 0) }
}

/// Owns byte strings, four gigabytes at most.
@frozen
public struct TextStore: ~Copyable, Sendable {
    @usableFromInline var bytes: FlatList<UInt8>

    /// A store without strings.
    public init() {
        bytes = FlatList()
    }

    /// Bytes of all strings that were ever added.
    public var count: Int { bytes.count }

    /// Keeps a copy of `text`.
    public mutating func add(_ text: Span<UInt8>) -> TextRange {
        precondition(bytes.count + text.count <= Int(UInt32.max))
        let start = bytes.append(text)
        return TextRange(start: UInt32(start), count: UInt32(text.count))
    }

    /// Keeps a copy of `text` with its ASCII capitals made small.
    public mutating func addFolded(_ text: Span<UInt8>) -> TextRange {
        precondition(bytes.count + text.count <= Int(UInt32.max))
        let start = bytes.count
        for index in 0..<text.count { bytes.append(text[index].asciiLowercased) }
        return TextRange(start: UInt32(start), count: UInt32(text.count))
    }

    /// Keeps a copy of `text` with its bytes in the opposite order.
    public mutating func addReversed(_ text: Span<UInt8>, folded: Bool) -> TextRange {
        precondition(bytes.count + text.count <= Int(UInt32.max))
        let start = bytes.count
        var index = text.count
        while index > 0 {
            index -= 1
            bytes.append(folded ? text[index].asciiLowercased : text[index])
        }
        return TextRange(start: UInt32(start), count: UInt32(text.count))
    }

    /// The bytes of a string.
    @inlinable
    public subscript(range: TextRange) -> Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let start = Int(range.start)
            return bytes.span.extracting(start..<start + Int(range.count))
        }
    }
}
