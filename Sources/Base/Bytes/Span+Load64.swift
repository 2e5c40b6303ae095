// Eight or sixteen bytes at a time over a span: the audited unaligned loads of the project.

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

    /// Loads the sixteen bytes at `index ..< index + 16` as two little-endian words.
    ///
    /// Traps when the range is not inside the span.
    @inlinable @inline(__always)
    public func load128(_ index: Int) -> SIMD2<UInt64> {
        precondition(index >= 0 && index <= count &- 16)
        // Safety: the precondition keeps all sixteen bytes inside the span.
        let words = unsafe bytes.unsafeLoadUnaligned(
            fromUncheckedByteOffset: index, as: SIMD2<UInt64>.self)
        #if _endian(little)
            return words
        #else
            return SIMD2(words[0].byteSwapped, words[1].byteSwapped)
        #endif
    }
}
