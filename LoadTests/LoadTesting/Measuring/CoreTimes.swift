// Time of one core, from /proc/stat (proc(5)): how much of a slice the hypervisor took away.

/// The counters of one `cpuN` line of `/proc/stat`, in clock ticks.
public struct CoreTimes: Sendable, Equatable {
    /// All ticks, whatever they were spent on.
    public let totalTicks: UInt64
    /// Ticks that the hypervisor gave to somebody else while this core wanted to run.
    public let stolenTicks: UInt64
    /// Ticks with nothing to do.
    public let idleTicks: UInt64

    /// Reads the line of `core` out of the whole file; `nil` when there is none.
    public init?(core: Int, statFile: String) {
        let prefix = "cpu\(core)"
        for line in statFile.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.first.map(String.init) == prefix else { continue }
            let ticks = words.dropFirst().compactMap { UInt64($0) }
            guard ticks.count >= 8 else { return nil }
            // user nice system idle iowait irq softirq steal; guest time is within user time.
            totalTicks = ticks[..<8].reduce(0, +)
            idleTicks = ticks[3] + ticks[4]
            stolenTicks = ticks[7]
            return
        }
        return nil
    }

    /// The part of the time since `earlier` that somebody on this machine used, 0 to 1.
    public func busyFraction(since earlier: CoreTimes) -> Double {
        let total = totalTicks - earlier.totalTicks
        let unused = idleTicks - earlier.idleTicks + stolenTicks - earlier.stolenTicks
        return total == 0 ? 0 : 1 - Double(min(unused, total)) / Double(total)
    }

    /// The part of the time since `earlier` that was stolen, 0 to 1.
    public func stolenFraction(since earlier: CoreTimes) -> Double {
        let total = totalTicks - earlier.totalTicks
        return total == 0 ? 0 : Double(stolenTicks - earlier.stolenTicks) / Double(total)
    }
}
