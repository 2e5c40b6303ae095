// Bytes that whatever was compiled at load keeps, read at run time without counting references.

/// Bytes in a ``ConstantBlock``.
///
/// A trivial value, valid while whoever made it keeps the block.
@safe
public struct KeptBytes: BitwiseCopyable, Sendable {
    @usableFromInline let arguments: ConverterArguments

    /// Copies bytes into a block.
    public init(_ bytes: some Sequence<UInt8>, in block: ConstantBlock) {
        arguments = block.place([.bytes(Array(bytes))])
    }

    /// The bytes. Copy the value out of an object first, so that there is something to borrow.
    public var span: Span<UInt8> {
        @inlinable @inline(__always)
        @_lifetime(borrow self)
        get {
            // Safety: the block outlives this value; the span is tied to the borrow of it.
            let span = arguments.bytes(0)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }
}
