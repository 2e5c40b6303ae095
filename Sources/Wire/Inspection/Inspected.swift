// What the first bytes of a stream say about a protocol. Pure: the caller brings all bytes that
// have come so far, again and again, until the answer is final.

/// The answer of a look at the first bytes of a stream.
///
/// A final answer stays the same whatever comes behind the bytes it was given for, so that it does
/// not matter how the bytes were split on their way. Who waits has a bound of his own: a delay and
/// the size of a buffer.
@frozen
public enum Inspected<Value> {
    /// The bytes are of the protocol and hold the value.
    case value(Value)
    /// The bytes are not of the protocol, or do not hold the value.
    case other
    /// The bytes are a beginning only.
    case needsMore
}

extension Inspected: Equatable where Value: Equatable {}
extension Inspected: Sendable where Value: Sendable {}

extension Span where Element == UInt8 {
    /// The big-endian number in the two bytes at `index`, which are inside.
    @inline(__always)
    func number16(_ index: Int) -> Int {
        Int(self[index]) &<< 8 | Int(self[index &+ 1])
    }

    /// The big-endian number in the three bytes at `index`, which are inside.
    @inline(__always)
    func number24(_ index: Int) -> Int {
        number16(index) &<< 8 | Int(self[index &+ 2])
    }
}
