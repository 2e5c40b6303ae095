// Partial sums of weights (a Fenwick tree): change a weight, or find the element that a point of
// the whole falls on, in O(log n).

/// Weights of the elements `0 ..< count`, all zero at first.
@safe @frozen
public struct WeightTree: ~Copyable, Sendable {
    /// Node `i` (from 1) sums the weights of the `i & -i` elements that end with element `i - 1`.
    @usableFromInline var sums: FixedArray<UInt64>
    @usableFromInline var weights: FixedArray<UInt32>
    @usableFromInline var whole: UInt64

    /// A tree of `count` elements of weight zero.
    public init(count: Int) {
        sums = FixedArray(zeroed: count + 1)
        weights = FixedArray(zeroed: count)
        whole = 0
    }

    /// The sum of all weights.
    @inlinable public var total: UInt64 { whole }

    /// The weight of `element`; writing costs O(log n).
    @inlinable
    public subscript(element: Int) -> UInt32 {
        get { weights[element] }
        set {
            let change = UInt64(newValue) &- UInt64(weights[element])
            weights[element] = newValue
            whole &+= change
            var node = element &+ 1
            while node < sums.count {
                sums[node] &+= change
                node &+= node & -node
            }
        }
    }

    /// The sum of the weights before `element`.
    @inlinable
    public func sum(before element: Int) -> UInt64 {
        var result: UInt64 = 0
        var node = element
        while node > 0 {
            result &+= sums[node]
            node &-= node & -node
        }
        return result
    }

    /// The element whose share of `0 ..< total` holds `point`.
    @inlinable
    public func element(at point: UInt64) -> Int {
        precondition(point < whole)
        var rest = point
        var node = 0
        var step = 1 &<< (Int.bitWidth &- 1 &- sums.count.leadingZeroBitCount)
        while step > 0 {
            let next = node &+ step
            if next < sums.count && sums[next] <= rest {
                rest &-= sums[next]
                node = next
            }
            step &>>= 1
        }
        return node
    }
}
