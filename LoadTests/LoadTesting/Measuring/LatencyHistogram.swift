// Counts of latencies in log-linear cells, so that millions of requests take a few kilobytes and a
// percentile is exact below 128 microseconds and at most 1/64 too high above.

/// How often each latency was seen, in microseconds.
public struct LatencyHistogram: Sendable, Equatable {
    /// Values below this are counted one by one.
    private static let exactLimit = 128
    /// Cells for each doubling above `exactLimit`.
    private static let cellsPerDoubling = 64

    private var counts: [UInt64] = []

    /// How many latencies were recorded.
    public private(set) var count: UInt64 = 0
    /// Sum of all latencies, for the mean.
    public private(set) var totalMicroseconds: UInt64 = 0
    /// The smallest latency, or zero when nothing was recorded.
    public private(set) var minimumMicroseconds: UInt64 = 0
    /// The largest latency, exactly, or zero when nothing was recorded.
    public private(set) var maximumMicroseconds: UInt64 = 0

    /// An empty histogram.
    public init() {}

    /// Counts one latency.
    public mutating func record(_ microseconds: UInt64) {
        let cell = Self.cell(of: microseconds)
        if cell >= counts.count {
            counts.append(contentsOf: repeatElement(0, count: cell + 1 - counts.count))
        }
        counts[cell] += 1
        minimumMicroseconds = count == 0 ? microseconds : min(minimumMicroseconds, microseconds)
        maximumMicroseconds = max(maximumMicroseconds, microseconds)
        totalMicroseconds += microseconds
        count += 1
    }

    /// Adds everything that another histogram counted.
    public mutating func merge(_ histogram: LatencyHistogram) {
        guard histogram.count > 0 else { return }
        if histogram.counts.count > counts.count {
            let missing = histogram.counts.count - counts.count
            counts.append(contentsOf: repeatElement(0, count: missing))
        }
        for (cell, value) in histogram.counts.enumerated() { counts[cell] += value }
        minimumMicroseconds =
            count == 0
            ? histogram.minimumMicroseconds
            : min(minimumMicroseconds, histogram.minimumMicroseconds)
        maximumMicroseconds = max(maximumMicroseconds, histogram.maximumMicroseconds)
        totalMicroseconds += histogram.totalMicroseconds
        count += histogram.count
    }

    /// The smallest recorded value that at least `percent` per cent of all values do not exceed
    /// (nearest rank), rounded up to the edge of its cell, or `nil` when nothing was recorded.
    public func percentile(_ percent: Double) -> UInt64? {
        guard count > 0 else { return nil }
        let rank = (percent / 100 * Double(count)).rounded(.up)
        let wanted = min(max(UInt64(rank), 1), count)
        var seen: UInt64 = 0
        for (cell, value) in counts.enumerated() {
            seen += value
            if seen >= wanted { return min(Self.upperEdge(of: cell), maximumMicroseconds) }
        }
        return maximumMicroseconds
    }

    /// Mean latency in microseconds, or zero when nothing was recorded.
    public var meanMicroseconds: Double {
        count == 0 ? 0 : Double(totalMicroseconds) / Double(count)
    }

    private static func cell(of value: UInt64) -> Int {
        if value < UInt64(exactLimit) { return Int(value) }
        let doubling = 63 - value.leadingZeroBitCount - 7
        let withinDoubling = Int(value >> UInt64(doubling + 1)) - cellsPerDoubling
        return exactLimit + doubling * cellsPerDoubling + withinDoubling
    }

    private static func upperEdge(of cell: Int) -> UInt64 {
        if cell < exactLimit { return UInt64(cell) }
        let doubling = (cell - exactLimit) / cellsPerDoubling
        let withinDoubling = (cell - exactLimit) % cellsPerDoubling
        return (UInt64(withinDoubling + cellsPerDoubling + 1) << UInt64(doubling + 1)) - 1
    }
}
