// Eight bytes at a time over a span: the one audited unaligned load of the project.

extension Span where Element == UInt8 {
    /// Loads the eight bytes at `index ..< index + 8` as a little-endian word.
    ///
    /// Traps when the range is not inside the span.
    @inlinable @inline(__always)
    public func load64(_ index: Int) -> UInt64 {
        precondition(index >= 0 && index <= count &- 8)
        // Safety: the precondition keeps all eight bytes inside the span.
        return unsafe UInt64(
            littleEndian: bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: index, as: UInt64.self))
    }
}
