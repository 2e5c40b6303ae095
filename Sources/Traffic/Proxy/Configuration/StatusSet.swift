// Sets of HTTP statuses (configuration manual: http-err-codes, http-fail-codes).

/// Statuses from 100 to 599.
public struct StatusSet: Sendable, BitwiseCopyable {
    /// The statuses there are.
    public static let all = 100...599

    /// A bit for each status.
    private var words = InlineArray<8, UInt64>(repeating: 0)

    /// Statuses of ranges, which must be of ``all``.
    public init(_ ranges: ClosedRange<Int>...) {
        for range in ranges { insert(range) }
    }

    /// Whether a status is one of them.
    @inline(__always)
    public func contains(_ status: Int) -> Bool {
        let place = status &- 100
        guard place >= 0, place < 500 else { return false }
        return words[place &>> 6] & (1 &<< UInt64(place & 63)) != 0
    }

    /// The least of them; a number above all statuses where there are none.
    var least: Int { Self.all.first { contains($0) } ?? 600 }

    /// Adds the statuses of a range.
    public mutating func insert(_ range: ClosedRange<Int>) {
        for status in range {
            precondition(Self.all.contains(status))
            words[(status - 100) >> 6] |= 1 << UInt64((status - 100) & 63)
        }
    }

    /// Takes the statuses of a range out.
    public mutating func remove(_ range: ClosedRange<Int>) {
        for status in range {
            precondition(Self.all.contains(status))
            words[(status - 100) >> 6] &= ~(1 << UInt64((status - 100) & 63))
        }
    }
}
