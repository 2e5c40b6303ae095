// Bytes of a span as an array, for the control path and for what outlives the span.

extension Span where Element == UInt8 {
    /// A copy of the bytes.
    public var array: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for index in 0..<count { bytes.append(self[index]) }
        return bytes
    }
}
